//! Parameter expansions and substitutions: their value where the script itself makes it constant, else a hole.

use std::rc::Rc;

use shuck_ast::{
    BourneParameterExpansion, CommandSubstitutionSyntax, ParameterExpansion, ParameterExpansionSyntax, ParameterOp,
    SourceText, Span, StmtSeq, SubscriptSelector, VarRef, Word as Node, WordPart, WordPartNode,
};

use super::expand::Expansion;
use super::names::{PROCESS_NUMBER, holds_a_path, is_the_shells};
use super::quote;
use super::residual;
use super::scope::{Text, Value};
use super::tree::{Hole, Known, Piece, Via};
use super::trim;
use super::unit::Unit;
use super::walk::Walker;

/// What is known of a variable.
enum Lookup {
    Value(Text),
    Unset,
    Unknown,
}

fn hole(name: &str) -> Text {
    vec![Piece::Hole(Hole::Variable(name.to_owned()))]
}

impl Expansion {
    fn text(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            Self::Split(fields) => {
                let mut all = Vec::new();
                for (position, (text, _)) in fields.iter().enumerate() {
                    if position > 0 {
                        all.push(Piece::Text(" ".to_owned()));
                    }
                    all.extend(text.iter().cloned());
                }
                all
            }
            Self::List(list) => list.concat(),
            Self::Many(hole) => vec![Piece::Hole(hole.clone())],
        }
    }
}

const fn is_text(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(text) if !text.is_empty())
}

fn exact(text: &Text) -> Option<String> {
    match Known::from_pieces(text.clone()) {
        Known::Exact(text) => Some(text),
        Known::Pattern(_) => None,
    }
}

impl Walker {
    pub(super) fn expansion(&mut self, unit: &Rc<Unit>, part: &WordPartNode, quoted: bool) -> Expansion {
        match &part.kind {
            WordPart::Literal(_) | WordPart::SingleQuoted { .. } | WordPart::DoubleQuoted { .. } => {
                Expansion::Text(Vec::new())
            }
            WordPart::Variable(name) => self.variable(name.as_str()),
            WordPart::CommandSubstitution { body, syntax } => {
                self.substitution(unit, body, *syntax, part.span, quoted);
                match syntax {
                    // Escapes in backticks were taken off before the body was read.
                    CommandSubstitutionSyntax::Backtick if unit.slice(part.span).contains('\\') => {
                        Expansion::Text(vec![Piece::Hole(Hole::Substitution)])
                    }
                    CommandSubstitutionSyntax::Backtick | CommandSubstitutionSyntax::DollarParen => {
                        self.output(unit, body)
                    }
                }
            }
            WordPart::ProcessSubstitution { body, .. } => {
                if !self.quiet {
                    let (start, length) = (part.span.start.offset(), unit.slice(part.span).trim_end().len());
                    unit.look_again(start + 2..start + length.max(3) - 1);
                    self.isolated(Via::Process, |walker| walker.seq(unit, body));
                }
                Expansion::Text(vec![Piece::Hole(Hole::Process)])
            }
            WordPart::ArithmeticExpansion { expression, expression_ast, expression_word_ast, .. } => {
                self.arithmetic(unit, expression, expression_ast.as_deref(), expression_word_ast, part.span);
                Expansion::Text(vec![Piece::Hole(Hole::Arithmetic)])
            }
            WordPart::Parameter(parameter) => {
                let raw = unit.slice(part.span);
                if !raw.starts_with("${") || !raw.ends_with('}') {
                    let origin = unit.origin(part.span);
                    self.code(origin, "a parameter the parser placed elsewhere");
                }
                self.parameter(unit, parameter, quoted)
            }
            WordPart::ParameterExpansion { reference, operator, operand_word_ast, colon_variant, .. } => {
                self.operation(unit, reference, operator, operand_word_ast.as_deref(), *colon_variant, quoted)
            }
            WordPart::ArrayAccess(reference) => self.access(unit, reference),
            WordPart::Length(reference) | WordPart::ArrayLength(reference) => {
                self.visit_reference(unit, reference);
                Expansion::Text(vec![Piece::Hole(Hole::Arithmetic)])
            }
            WordPart::ArrayIndices(reference) => {
                self.visit_reference(unit, reference);
                Expansion::Many(Hole::Variable(reference.name.as_str().to_owned()))
            }
            WordPart::Substring { reference, offset_word_ast, length_word_ast, .. }
            | WordPart::ArraySlice { reference, offset_word_ast, length_word_ast, .. } => {
                self.slice(unit, reference, offset_word_ast, length_word_ast.as_deref())
            }
            WordPart::IndirectExpansion { reference, operator, operand_word_ast, .. } => {
                self.indirect(unit, reference, operator.as_deref(), operand_word_ast.as_deref(), quoted)
            }
            WordPart::PrefixMatch { prefix, .. } => Expansion::Many(Hole::Variable(prefix.as_str().to_owned())),
            WordPart::Transformation { reference, operator } => {
                self.transformation(unit, reference, *operator, part.span)
            }
            WordPart::ZshQualifiedGlob(_) => {
                let raw = unit.slice(part.span).to_owned();
                // The `e` and `+` qualifiers run code for every file.
                let qualifiers = raw.rsplit_once('(').map_or("", |(_, qualifiers)| qualifiers);
                if qualifiers.contains(['e', '+', '$', '`']) || raw.contains("$(") {
                    let origin = unit.origin(part.span);
                    self.code(origin, "a glob that may run code");
                }
                Expansion::Many(Hole::Glob(raw))
            }
        }
    }

    /// Walks in a copy of the shell, outside the choices of the word around it.
    fn isolated(&mut self, via: Via, walk: impl FnOnce(&mut Self)) {
        let choices = std::mem::take(&mut self.choices);
        self.apart(via, walk);
        self.choices = choices;
    }

    pub(super) fn substitution(
        &mut self,
        unit: &Rc<Unit>,
        body: &StmtSeq,
        syntax: CommandSubstitutionSyntax,
        span: Span,
        quoted: bool,
    ) {
        if self.quiet {
            return;
        }
        let raw = unit.slice(span).trim();
        match syntax {
            CommandSubstitutionSyntax::DollarParen => {
                if !raw.starts_with("$(") || !raw.ends_with(')') {
                    let origin = unit.origin(span);
                    self.code(origin, "a substitution the parser placed elsewhere");
                }
                let (start, length) = (span.start.offset(), raw.len());
                unit.look_again(start + 2..start + length.max(3) - 1);
                self.isolated(Via::Substitution, |walker| walker.seq(unit, body));
            }
            CommandSubstitutionSyntax::Backtick => {
                let origin = unit.origin(span);
                let Some(inner) = raw.strip_prefix('`').and_then(|raw| raw.strip_suffix('`')) else {
                    self.code(origin, "a substitution the parser placed elsewhere");
                    return self.isolated(Via::Substitution, |walker| walker.seq(unit, body));
                };
                if !inner.contains('\\') {
                    let start = span.start.offset();
                    unit.look_again(start + 1..start + 1 + inner.len());
                    return self.isolated(Via::Substitution, |walker| walker.seq(unit, body));
                }
                if inner.contains("\\`") {
                    self.code(origin.clone(), "backticks within backticks");
                }
                let text = quote::backtick_body(inner, quoted);
                self.isolated(Via::Substitution, |walker| walker.text(text, origin));
            }
        }
    }

    pub(super) fn arithmetic(
        &mut self,
        unit: &Rc<Unit>,
        expression: &SourceText,
        tree: Option<&shuck_ast::ArithmeticExprNode>,
        word: &Node,
        span: Span,
    ) {
        let raw = unit.slice(span).trim();
        if residual::doubtful_arithmetic(raw) || !(raw.starts_with("$((") || raw.starts_with("$[")) {
            let origin = unit.origin(span);
            self.code(origin, "arithmetic that reads like commands");
        }
        // A value that is no number, or a division by zero, makes the shell give up the rest of the line.
        let plain = expression.slice(&unit.text).bytes().all(|byte| byte.is_ascii_digit() || b" +-*".contains(&byte));
        self.hazard |= !plain;
        match tree {
            Some(tree) => self.visit_arithmetic(unit, tree),
            None => {
                self.single(unit, word, false);
                if expression.slice(&unit.text).contains(['=', '+', '-']) {
                    self.forget_all();
                }
            }
        }
    }

    pub(super) fn variable(&mut self, name: &str) -> Expansion {
        match name {
            "@" | "*" => match &self.scope.positional {
                Some(words) => Expansion::List(words.iter().map(|word| word.text.pieces()).collect()),
                None => Expansion::Many(Hole::Variable(name.to_owned())),
            },
            "#" => match &self.scope.positional {
                Some(words) => Expansion::Text(vec![Piece::Text(words.len().to_string())]),
                None => Expansion::Text(hole(name)),
            },
            // Processes of the script's own: never the first one, nor all.
            "!" | "$" => Expansion::Text(vec![Piece::Hole(Hole::Fitting(PROCESS_NUMBER.to_owned()))]),
            "?" => Expansion::Text(vec![Piece::Hole(Hole::Fitting("[0-9]*".to_owned()))]),
            "0" => Expansion::Text(self.scope.zero.clone().unwrap_or_else(|| hole(name))),
            _ => match self.lookup(name) {
                Lookup::Value(text) => Expansion::Text(text),
                Lookup::Unset => Expansion::Text(Vec::new()),
                Lookup::Unknown => Expansion::Text(hole(name)),
            },
        }
    }

    fn lookup(&mut self, name: &str) -> Lookup {
        if let Ok(position) = name.parse::<usize>() {
            return match (&self.scope.positional, position.checked_sub(1)) {
                (Some(words), Some(at)) => {
                    words.get(at).map_or(Lookup::Unset, |word| Lookup::Value(word.text.pieces()))
                }
                (None, Some(_)) => Lookup::Unknown,
                (_, None) => self.scope.zero.clone().map_or(Lookup::Unknown, Lookup::Value),
            };
        }
        let of = match self.scope.vars.get(name) {
            Some(Value::Scalar(text)) => return Lookup::Value(text.clone()),
            Some(Value::Array(list)) => return list.first().cloned().map_or(Lookup::Unset, Lookup::Value),
            Some(Value::Choice(texts)) => texts.len(),
            Some(Value::Unset) => return Lookup::Unset,
            None => return Lookup::Unknown,
        };
        match (self.choose(name, of), self.scope.vars.get(name)) {
            (Some(taken), Some(Value::Choice(texts))) => {
                texts.get(taken).cloned().map_or(Lookup::Unknown, Lookup::Value)
            }
            _ => Lookup::Value(vec![Piece::Hole(Hole::TooMany)]),
        }
    }

    /// What a name that the script never set inherits.
    fn inherited(&self, name: &str, colon: bool) -> Lookup {
        let Some(inherited) = &self.inherited else { return Lookup::Unknown };
        if self.forgotten > 0 || self.assigned.iter().any(|assigned| assigned == name) || is_the_shells(name) {
            return Lookup::Unknown;
        }
        match inherited.iter().find(|(known, _)| known == name) {
            None => Lookup::Unset,
            Some((_, Some(value))) if value.is_empty() && colon => Lookup::Unset,
            Some((_, Some(value))) => Lookup::Value(vec![Piece::Text(value.clone())]),
            Some((_, None)) => Lookup::Unknown,
        }
    }

    pub(super) fn parameter(&mut self, unit: &Rc<Unit>, parameter: &ParameterExpansion, quoted: bool) -> Expansion {
        match &parameter.syntax {
            ParameterExpansionSyntax::Bourne(bourne) => self.bourne(unit, bourne, parameter.span, quoted),
            ParameterExpansionSyntax::Zsh(zsh) => self.zsh(unit, zsh, parameter.span),
        }
    }

    fn bourne(&mut self, unit: &Rc<Unit>, syntax: &BourneParameterExpansion, span: Span, quoted: bool) -> Expansion {
        match syntax {
            BourneParameterExpansion::Access { reference } => self.access(unit, reference),
            BourneParameterExpansion::Length { reference } => {
                self.visit_reference(unit, reference);
                if reference.subscript.is_none()
                    && let Lookup::Value(text) = self.lookup(reference.name.as_str())
                    && let Some(text) = exact(&text)
                {
                    return Expansion::Text(vec![Piece::Text(text.chars().count().to_string())]);
                }
                Expansion::Text(vec![Piece::Hole(Hole::Arithmetic)])
            }
            BourneParameterExpansion::Indices { reference } => {
                self.visit_reference(unit, reference);
                Expansion::Many(Hole::Variable(reference.name.as_str().to_owned()))
            }
            BourneParameterExpansion::Indirect { reference, operator, operand_word_ast, .. } => {
                self.indirect(unit, reference, operator.as_deref(), operand_word_ast.as_deref(), quoted)
            }
            BourneParameterExpansion::PrefixMatch { prefix, .. } => {
                Expansion::Many(Hole::Variable(prefix.as_str().to_owned()))
            }
            BourneParameterExpansion::Slice { reference, offset_word_ast, length_word_ast, .. } => {
                self.slice(unit, reference, offset_word_ast, length_word_ast.as_deref())
            }
            BourneParameterExpansion::Operation { reference, operator, operand_word_ast, colon_variant, .. } => {
                self.operation(unit, reference, operator, operand_word_ast.as_deref(), *colon_variant, quoted)
            }
            BourneParameterExpansion::Transformation { reference, operator } => {
                self.transformation(unit, reference, *operator, span)
            }
        }
    }

    fn access(&mut self, unit: &Rc<Unit>, reference: &VarRef) -> Expansion {
        let name = reference.name.as_str();
        let Some(subscript) = &reference.subscript else { return self.variable(name) };
        self.visit_subscript(unit, subscript);
        let known = self.scope.vars.get(name).cloned();
        match (subscript.selector(), known) {
            (Some(_), Some(Value::Array(list))) => Expansion::List(list),
            (Some(SubscriptSelector::At | SubscriptSelector::Star), None) => {
                Expansion::Many(Hole::Variable(name.to_owned()))
            }
            (Some(_), Some(Value::Unset)) => Expansion::List(Vec::new()),
            (Some(_), Some(_)) => self.variable(name),
            (None, known) => {
                let index = subscript.syntax_text(&unit.text).trim().parse::<usize>();
                // The first element is number 1 to zsh.
                let zsh = self.dialect == super::Dialect::Zsh;
                match (known, index) {
                    (Some(Value::Array(list)), Ok(index)) if !zsh => {
                        Expansion::Text(list.get(index).cloned().unwrap_or_default())
                    }
                    (Some(Value::Scalar(text)), Ok(0)) if !zsh => Expansion::Text(text),
                    _ => Expansion::Text(hole(name)),
                }
            }
        }
    }

    fn slice(&mut self, unit: &Rc<Unit>, reference: &VarRef, offset: &Node, length: Option<&Node>) -> Expansion {
        self.visit_reference(unit, reference);
        let number = |text: &str| if text.trim().is_empty() { Some(0) } else { text.trim().parse::<usize>().ok() };
        let offset = self.single(unit, offset, false).exact().and_then(number);
        let length = length
            .map(|length| self.single(unit, length, false).exact().and_then(|text| text.trim().parse::<usize>().ok()));
        let name = reference.name.as_str();
        let (Some(offset), Some(length)) = (offset, length.unwrap_or(Some(usize::MAX))) else {
            return Expansion::Many(Hole::Variable(name.to_owned()));
        };
        let listed = matches!(name, "@" | "*") || reference.has_array_selector();
        if matches!(name, "@" | "*")
            && offset > 0
            && let Some(words) = &self.scope.positional
        {
            return Expansion::List(
                words.iter().skip(offset - 1).take(length).map(|word| word.text.pieces()).collect(),
            );
        }
        if !listed
            && reference.subscript.is_none()
            && let Lookup::Value(text) = self.lookup(name)
            && let Some(text) = exact(&text)
        {
            return Expansion::Text(vec![Piece::Text(text.chars().skip(offset).take(length).collect())]);
        }
        match (listed, offset, length) {
            (true, ..) => Expansion::Many(Hole::Variable(name.to_owned())),
            (false, 0, 1..) if self.is_absolute(name) => {
                let rest = if length > 1 { hole(name) } else { Vec::new() };
                Expansion::Text(std::iter::once(Piece::Text("/".to_owned())).chain(rest).collect())
            }
            (false, ..) => Expansion::Text(hole(name)),
        }
    }

    /// Whether a variable that the script does not set holds an absolute path, so that its first character is known.
    fn is_absolute(&mut self, name: &str) -> bool {
        let own = match self.lookup(name) {
            Lookup::Unknown => true,
            Lookup::Value(text) => matches!(text.as_slice(), [Piece::Hole(Hole::Start)]),
            Lookup::Unset => false,
        };
        own && holds_a_path(name)
    }

    fn indirect(
        &mut self,
        unit: &Rc<Unit>,
        reference: &VarRef,
        operator: Option<&ParameterOp>,
        operand: Option<&Node>,
        quoted: bool,
    ) -> Expansion {
        let named = match self.access(unit, reference) {
            Expansion::Text(text) => exact(&text),
            Expansion::List(_) | Expansion::Split(_) | Expansion::Many(_) => None,
        };
        if let Some(operand) = operand {
            self.operand(unit, operand, quoted);
        }
        // Without a name to follow the shell gives up the rest of the line.
        self.hazard = true;
        match (named, operator) {
            (Some(name), None) if shuck_ast::is_shell_variable_name(&name) => self.variable(&name),
            (Some(name), _) if residual::live_subscript(&name) => {
                let origin = unit.origin(reference.span);
                self.code(origin, "a substitution in a subscript");
                Expansion::Many(Hole::Variable(reference.name.as_str().to_owned()))
            }
            _ => Expansion::Many(Hole::Variable(reference.name.as_str().to_owned())),
        }
    }

    fn transformation(&mut self, unit: &Rc<Unit>, reference: &VarRef, operator: char, span: Span) -> Expansion {
        self.visit_reference(unit, reference);
        if operator == 'P' {
            let origin = unit.origin(span);
            self.code(origin, "a value expanded as a prompt");
        }
        Expansion::Many(Hole::Variable(reference.name.as_str().to_owned()))
    }

    /// An operand within `${...}`; between double quotes its single quotes are plain characters.
    fn operand(&mut self, unit: &Rc<Unit>, operand: &Node, quoted: bool) -> Expansion {
        for part in &operand.parts {
            // The parser counts braces here, and the shell does not.
            if matches!(&part.kind, WordPart::Literal(_)) && unit.slice(part.span).contains('{') {
                let origin = unit.origin(part.span);
                self.code(origin, "a brace within a parameter");
            }
        }
        if quoted {
            for part in &operand.parts {
                if let WordPart::SingleQuoted { value, .. } = &part.kind
                    && value.slice(&unit.text).contains(['$', '`'])
                {
                    let origin = unit.origin(part.span);
                    self.code(origin, "a substitution the parser took for text");
                }
            }
        }
        if quoted {
            return Expansion::Text(self.single(unit, operand, false).text.pieces());
        }
        self.split_operand(unit, operand)
    }

    fn operation(
        &mut self,
        unit: &Rc<Unit>,
        reference: &VarRef,
        operator: &ParameterOp,
        operand: Option<&Node>,
        colon: bool,
        quoted: bool,
    ) -> Expansion {
        let name = reference.name.as_str();
        self.visit_reference(unit, reference);
        let operand =
            operand.map_or_else(|| Expansion::Text(Vec::new()), |operand| self.operand(unit, operand, quoted));
        if reference.subscript.is_some() || matches!(name, "@" | "*") {
            self.operator_words(unit, operator);
            if matches!(operator, ParameterOp::AssignDefault) {
                self.assign(name, None);
            }
            return Expansion::Many(Hole::Variable(name.to_owned()));
        }
        let mut maybe = hole(name);
        let known = match self.lookup(name) {
            // A text of nothing but holes may be empty, and then counts as unset.
            Lookup::Value(text) if colon && exact(&text).is_none() && !text.iter().any(is_text) => {
                maybe = text;
                Lookup::Unknown
            }
            Lookup::Value(text) if colon && exact(&text).is_some_and(|text| text.is_empty()) => Lookup::Unset,
            Lookup::Unknown => self.inherited(name, colon),
            known => known,
        };
        if matches!(name, "TMPDIR" | "TMP" | "TEMP" | "TEMPDIR") && matches!(known, Lookup::Unknown) {
            maybe = vec![Piece::Hole(Hole::Temporary)];
        }
        match operator {
            ParameterOp::UseDefault | ParameterOp::AssignDefault => {
                let unset = matches!(known, Lookup::Unset);
                let text = operand.text();
                let result = match known {
                    Lookup::Value(text) => return Expansion::Text(text),
                    Lookup::Unset => operand,
                    Lookup::Unknown => match self.choose(&format!("${{{name}:-"), 2) {
                        Some(0) => operand,
                        Some(_) => Expansion::Text(maybe.clone()),
                        None => Expansion::Text(hole(name)),
                    },
                };
                if matches!(operator, ParameterOp::AssignDefault) {
                    let value = if unset { Value::Scalar(text) } else { Value::Choice(vec![text, maybe]) };
                    self.assign(name, Some(value));
                }
                result
            }
            ParameterOp::UseReplacement => match known {
                Lookup::Value(_) => operand,
                Lookup::Unset => Expansion::Text(Vec::new()),
                Lookup::Unknown => match self.choose(&format!("${{{name}:+"), 2) {
                    Some(0) => operand,
                    Some(_) => Expansion::Text(Vec::new()),
                    None => Expansion::Text(hole(name)),
                },
            },
            ParameterOp::Error => self.variable(name),
            ParameterOp::UpperAll | ParameterOp::LowerAll => match known {
                Lookup::Value(text) => match exact(&text) {
                    Some(text) if matches!(operator, ParameterOp::UpperAll) => {
                        Expansion::Text(vec![Piece::Text(text.to_uppercase())])
                    }
                    Some(text) => Expansion::Text(vec![Piece::Text(text.to_lowercase())]),
                    None => Expansion::Text(hole(name)),
                },
                Lookup::Unset => Expansion::Text(Vec::new()),
                Lookup::Unknown => Expansion::Text(hole(name)),
            },
            ParameterOp::RemovePrefixShort { pattern }
            | ParameterOp::RemovePrefixLong { pattern }
            | ParameterOp::RemoveSuffixShort { pattern }
            | ParameterOp::RemoveSuffixLong { pattern } => {
                self.operator_words(unit, operator);
                let Lookup::Value(text) = known else { return Expansion::Text(hole(name)) };
                let raw = unit.slice(pattern.span).to_owned();
                Expansion::Text(trim::trimmed(&text, operator, &raw).unwrap_or_else(|| hole(name)))
            }
            ParameterOp::UpperFirst
            | ParameterOp::LowerFirst
            | ParameterOp::ReplaceFirst { .. }
            | ParameterOp::ReplaceAll { .. } => {
                self.operator_words(unit, operator);
                Expansion::Text(hole(name))
            }
        }
    }

    fn operator_words(&mut self, unit: &Rc<Unit>, operator: &ParameterOp) {
        match operator {
            ParameterOp::RemovePrefixShort { pattern }
            | ParameterOp::RemovePrefixLong { pattern }
            | ParameterOp::RemoveSuffixShort { pattern }
            | ParameterOp::RemoveSuffixLong { pattern } => self.visit_pattern(unit, pattern),
            ParameterOp::ReplaceFirst { pattern, replacement_word_ast, .. }
            | ParameterOp::ReplaceAll { pattern, replacement_word_ast, .. } => {
                self.visit_pattern(unit, pattern);
                self.single(unit, replacement_word_ast, false);
            }
            ParameterOp::UseDefault
            | ParameterOp::AssignDefault
            | ParameterOp::UseReplacement
            | ParameterOp::Error
            | ParameterOp::UpperFirst
            | ParameterOp::UpperAll
            | ParameterOp::LowerFirst
            | ParameterOp::LowerAll => {}
        }
    }
}
