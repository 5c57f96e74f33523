//! Words to fields, as the shell does it: braces, tildes, parameters, splitting, globs. What is not constant becomes a
//! hole; commands inside words are walked on the way.

use std::rc::Rc;

use shuck_ast::{LiteralText, Span, Word as Node, WordPart, WordPartNode};

use super::brace::{self, Token};
use super::quote::{self, Run};
use super::reread;
use super::scope::{Text, Value};
use super::tree::{Hole, Known, Piece, UnresolvedKind, Word};
use super::unit::Unit;
use super::walk::{Choice, Walker};
use super::{Dialect, MAX_ALTERNATIVES};

/// A part of a word after quote removal.
#[derive(Debug, Clone)]
pub(super) enum Atom<'a> {
    Run(Run),
    Part(&'a WordPartNode, bool),
    /// Quoted, and expanded already.
    Done(Expansion),
    /// Braces that make more words than are followed.
    TooMany,
}

/// What a parameter or substitution expands to.
#[derive(Debug, Clone)]
pub(super) enum Expansion {
    Text(Text),
    /// One field each when quoted, as `"$@"`.
    List(Vec<Text>),
    /// Fields that were split already, each with whether it may be several.
    Split(Vec<(Text, bool)>),
    /// Any number of fields.
    Many(Hole),
}

/// Bytes that expansions may make of one script; a variable that doubles itself soon makes more than there is room for.
const MAX_EXPANDED: usize = 1 << 20;
/// What it costs to keep one piece of a text or one word, however short it is, in bytes.
const PIECE: usize = 32;

impl Expansion {
    fn bytes(&self) -> usize {
        let of = |text: &Text| {
            text.iter()
                .map(|piece| if let Piece::Text(text) = piece { text.len() + PIECE } else { PIECE })
                .sum::<usize>()
        };
        match self {
            Self::Text(text) => of(text),
            Self::List(list) => list.iter().map(of).sum(),
            Self::Split(list) => list.iter().map(|(text, _)| of(text)).sum(),
            Self::Many(_) => PIECE,
        }
    }
}

/// Fields under construction.
#[derive(Default)]
struct Fields {
    done: Vec<(Text, bool)>,
    text: Text,
    open: bool,
    many: bool,
}

impl Fields {
    fn end(&mut self) {
        if self.open {
            self.done.push((std::mem::take(&mut self.text), self.many));
        }
        self.text.clear();
        self.open = false;
        self.many = false;
    }

    fn constant(&mut self, text: &str) {
        self.open = true;
        self.text.push(Piece::Text(text.to_owned()));
    }

    fn hole(&mut self, hole: Hole, many: bool) {
        self.open = true;
        self.many |= many;
        self.text.push(Piece::Hole(hole));
    }

    /// Unquoted constant text, in which patterns are live.
    fn bare(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if text.contains('(') && text.contains(['*', '?', '@', '+', '!']) {
            return self.hole(Hole::Glob(text.to_owned()), true);
        }
        let mut rest = text;
        while let Some(at) = rest.find(['*', '?', '[']) {
            let (before, glob) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let length = if glob.starts_with('[') {
                match glob.get(2..).and_then(|inner| inner.find(']')) {
                    Some(end) => end + 3,
                    None => break,
                }
            } else {
                glob.len() - glob.trim_start_matches(['*', '?']).len()
            };
            if !before.is_empty() {
                self.constant(before);
            }
            let (pattern, after) = glob.split_at_checked(length).unwrap_or((glob, ""));
            self.hole(Hole::Glob(pattern.to_owned()), true);
            rest = after;
        }
        if !rest.is_empty() {
            self.constant(rest);
        }
    }
}

impl Walker {
    /// Counts what following the script costs, in bytes; over the limit nothing more of it is followed, and that is said.
    pub(super) fn charge(&mut self, bytes: usize) -> bool {
        self.expanded = self.expanded.saturating_add(bytes);
        let copied = self.scope.vars.copied().saturating_mul(PIECE);
        let over = self.expanded.saturating_add(copied) > MAX_EXPANDED;
        if over && !self.spent {
            self.spent = true;
            self.unresolved(UnresolvedKind::Cap, 0..0, "more text than is followed");
        }
        !over
    }

    /// The same for so many words or names.
    pub(super) fn charge_for(&mut self, many: usize) -> bool {
        self.charge(many.saturating_mul(PIECE))
    }

    /// Runs `pass` once for every combination of the alternatives it meets; only the first pass walks what it contains.
    pub(super) fn alternatives(&mut self, mut pass: impl FnMut(&mut Self)) {
        let outer = std::mem::take(&mut self.choices);
        let was_quiet = self.quiet;
        for _ in 0..MAX_ALTERNATIVES {
            pass(self);
            if self.spent {
                break;
            }
            self.quiet = true;
            while self.choices.last().is_some_and(|choice| choice.taken + 1 >= choice.of) {
                self.choices.pop();
            }
            match self.choices.last_mut() {
                Some(choice) => choice.taken += 1,
                None => break,
            }
        }
        self.quiet = was_quiet;
        self.choices = outer;
    }

    /// Which of `of` values stands for `name` in this round; `None` when there would be too many rounds.
    pub(super) fn choose(&mut self, name: &str, of: usize) -> Option<usize> {
        if let Some(choice) = self.choices.iter().find(|choice| choice.name == name && choice.of == of) {
            return Some(choice.taken);
        }
        let combinations = self.choices.iter().fold(1usize, |all, choice| all.saturating_mul(choice.of));
        if combinations.saturating_mul(of) > MAX_ALTERNATIVES {
            return None;
        }
        self.choices.push(Choice { name: name.to_owned(), taken: 0, of });
        Some(0)
    }

    /// The text of a word without expansions.
    pub(super) fn constant(&self, unit: &Rc<Unit>, word: &Node) -> Option<String> {
        fn gather(unit: &Unit, parts: &[WordPartNode], quoted: bool, text: &mut String) -> Option<()> {
            for part in parts {
                match &part.kind {
                    WordPart::Literal(literal) if quoted => {
                        text.push_str(&quote::double_quoted(raw(unit, literal, part.span), false));
                    }
                    WordPart::Literal(literal) => {
                        quote::unquoted(raw(unit, literal, part.span)).iter().for_each(|run| text.push_str(&run.text));
                    }
                    WordPart::SingleQuoted { value, dollar: false } => text.push_str(value.slice(&unit.text)),
                    WordPart::SingleQuoted { value, dollar: true } => {
                        text.push_str(&quote::ansi_c(ansi_body(unit.slice(value.span())))?);
                    }
                    WordPart::DoubleQuoted { parts, .. } => gather(unit, parts, true, text)?,
                    _ => return None,
                }
            }
            Some(())
        }
        let mut text = String::new();
        gather(unit, &word.parts, false, &mut text)?;
        Some(text)
    }

    /// Every field the words become.
    pub(super) fn fields(&mut self, unit: &Rc<Unit>, words: &[&Node]) -> Vec<Word> {
        // What stands in the text costs no more than the text; once more for another alternative it does.
        if self.quiet && !self.charge_for(words.len()) {
            return vec![Word { text: Known::Pattern(vec![Piece::Hole(Hole::TooMany)]), many: true, span: None }];
        }
        let mut all = Vec::with_capacity(words.len());
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            self.see(unit, word.span);
            let place = unit.place(word.span);
            let mut end = word.span.end.offset();
            let joined = words.peek().is_some_and(|next| next.span.start.offset() == end && end > 0);
            if let [WordPartNode { kind: WordPart::Literal(LiteralText::Source), span }] = word.parts.as_slice()
                && !joined
            {
                let text = unit.slice(*span);
                if !text.bytes().any(|byte| b"\\{*?[~($`\"'<>=".contains(&byte)) && !text.is_empty() {
                    all.push(Word { text: Known::Exact(text.to_owned()), many: false, span: place });
                    continue;
                }
            }
            self.doubt_extent(unit, word);
            let mut atoms = Vec::with_capacity(word.parts.len());
            self.atoms(unit, &word.parts, false, &mut atoms);
            // `a<(b)c` is one word to the shell.
            while let Some(next) = words.next_if(|next| next.span.start.offset() == end && end > 0) {
                self.see(unit, next.span);
                self.doubt_extent(unit, next);
                self.atoms(unit, &next.parts, false, &mut atoms);
                end = next.span.end.offset();
            }
            let braced =
                atoms.iter().any(|atom| matches!(atom, Atom::Run(run) if !run.quoted && run.text.contains('{')));
            let lists = if braced { self.unbraced(unit, atoms) } else { vec![atoms] };
            for atoms in lists {
                let mut fields = Fields::default();
                self.build(unit, &atoms, true, &mut fields);
                fields.end();
                all.extend(fields.done.into_iter().map(|(pieces, many)| Word {
                    text: Known::from_pieces(pieces),
                    many,
                    span: place.clone(),
                }));
            }
        }
        all
    }

    /// The operand of an unquoted `${...}`: its own quotes keep its text together.
    pub(super) fn split_operand(&mut self, unit: &Rc<Unit>, word: &Node) -> Expansion {
        let mut atoms = Vec::with_capacity(word.parts.len());
        self.atoms(unit, &word.parts, false, &mut atoms);
        let mut fields = Fields::default();
        for (position, atom) in atoms.into_iter().enumerate() {
            match atom {
                Atom::Run(mut run) if !run.quoted => {
                    if position == 0 {
                        tilde(&mut run, &mut fields);
                    }
                    self.split(vec![Piece::Text(run.text)], &mut fields);
                }
                atom => self.build(unit, &[atom], true, &mut fields),
            }
        }
        fields.end();
        Expansion::Split(fields.done)
    }

    /// A word that stays one field: an assigned value, a here-string, an operand.
    pub(super) fn single(&mut self, unit: &Rc<Unit>, word: &Node, assigned: bool) -> Word {
        self.see(unit, word.span);
        let mut atoms = Vec::with_capacity(word.parts.len());
        self.atoms(unit, &word.parts, false, &mut atoms);
        let mut fields = Fields::default();
        if assigned && let Some(Atom::Run(run)) = atoms.first_mut() {
            tilde(run, &mut fields);
        }
        self.build(unit, &atoms, false, &mut fields);
        Word { text: Known::from_pieces(fields.text), many: false, span: unit.place(word.span) }
    }

    /// Flags a word that cannot be one word as it is written.
    pub(super) fn doubt_extent(&mut self, unit: &Rc<Unit>, word: &Node) {
        let mut literals = word.parts.iter().filter(|part| matches!(&part.kind, WordPart::Literal(_)));
        let outgrown = literals.any(|part| quote::outgrown(unit.slice(part.span)));
        let (start, end) = (word.span.start.offset(), word.span.end.offset());
        if outgrown || end > start && !reread::tiled(unit, &word.parts, start, end) {
            let origin = unit.origin(word.span);
            self.code(origin, "a word the parser placed wrongly");
        }
    }

    fn unbraced<'a>(&mut self, unit: &Rc<Unit>, atoms: Vec<Atom<'a>>) -> Vec<Vec<Atom<'a>>> {
        let mut tokens = Vec::new();
        for atom in atoms {
            match atom {
                Atom::Run(run) if !run.quoted => tokens.extend(run.text.chars().map(Token::Bare)),
                atom => tokens.push(Token::Opaque(atom)),
            }
        }
        let Some(words) = brace::expanded(&tokens) else {
            // What stands in the braces still has to be walked.
            let opaque: Vec<Atom<'a>> = tokens
                .into_iter()
                .filter_map(|token| match token {
                    Token::Opaque(atom) => Some(atom),
                    Token::Bare(_) => None,
                })
                .collect();
            self.build(unit, &opaque, false, &mut Fields::default());
            return vec![vec![Atom::TooMany]];
        };
        words
            .into_iter()
            .map(|word| {
                let mut atoms: Vec<Atom<'a>> = Vec::new();
                for token in word {
                    match (atoms.last_mut(), token) {
                        (Some(Atom::Run(run)), Token::Bare(c)) if !run.quoted => run.text.push(c),
                        (_, Token::Bare(c)) => atoms.push(Atom::Run(Run { text: c.to_string(), quoted: false })),
                        (_, Token::Opaque(atom)) => atoms.push(atom),
                    }
                }
                atoms
            })
            .collect()
    }

    /// Quote removal over the parts of a word.
    pub(super) fn atoms<'a>(
        &mut self,
        unit: &Rc<Unit>,
        parts: &'a [WordPartNode],
        quoted: bool,
        atoms: &mut Vec<Atom<'a>>,
    ) {
        let mut parts = parts.iter().peekable();
        while let Some(part) = parts.next() {
            match &part.kind {
                WordPart::Literal(literal) => {
                    // The parser may divide a literal between a backslash and what it escapes.
                    let mut span = part.span;
                    while let Some(next) = parts.next_if(|next| {
                        matches!(&next.kind, WordPart::Literal(_))
                            && next.span.start.offset() == span.end.offset()
                            && span.end.offset() > span.start.offset()
                    }) {
                        span = span.merge(next.span);
                    }
                    let raw = raw(unit, literal, span);
                    if quote::suspicious(raw, quoted, false) {
                        let origin = unit.origin(part.span);
                        self.code(origin, "a substitution or quote the parser took for text");
                    }
                    if quoted {
                        atoms.push(Atom::Run(Run { text: quote::double_quoted(raw, false), quoted }));
                    } else {
                        atoms.extend(quote::unquoted(raw).into_iter().map(Atom::Run));
                    }
                }
                WordPart::SingleQuoted { value, dollar } => {
                    let text =
                        if *dollar { self.ansi_c(unit, value.span()) } else { value.slice(&unit.text).to_owned() };
                    atoms.push(Atom::Run(Run { text, quoted: true }));
                }
                WordPart::DoubleQuoted { parts, dollar } => {
                    // `""` is a field; `"$@"` without arguments is none.
                    if parts.is_empty() {
                        atoms.push(Atom::Run(Run { text: String::new(), quoted: true }));
                    }
                    let (start, end) = (part.span.start.offset() + 1 + usize::from(*dollar), part.span.end.offset());
                    let sound = parts.is_empty() || reread::tiled(unit, parts, start, end.saturating_sub(1));
                    if !sound && self.reread(unit, part.span, atoms) {
                        continue;
                    }
                    if !sound {
                        let origin = unit.origin(part.span);
                        self.code(origin, "quoted text the parser placed wrongly");
                    }
                    self.atoms(unit, parts, true, atoms);
                }
                _ => atoms.push(Atom::Part(part, quoted)),
            }
        }
    }

    fn ansi_c(&mut self, unit: &Rc<Unit>, span: Span) -> String {
        let raw = ansi_body(unit.slice(span));
        quote::ansi_c(raw).unwrap_or_else(|| {
            let origin = unit.origin(span);
            self.code(origin, "an escape in `$'` that is not followed");
            raw.to_owned()
        })
    }

    fn build(&mut self, unit: &Rc<Unit>, atoms: &[Atom<'_>], split: bool, fields: &mut Fields) {
        for (position, atom) in atoms.iter().enumerate() {
            match atom {
                Atom::Run(run) if run.quoted || !split => fields.constant(&run.text),
                Atom::Run(run) if position == 0 => {
                    let mut run = run.clone();
                    if self.dialect == Dialect::Zsh && run.text.len() > 1 && run.text.starts_with('=') {
                        run.text.remove(0);
                    }
                    tilde(&mut run, fields);
                    fields.bare(&run.text);
                }
                Atom::Run(run) => fields.bare(&run.text),
                Atom::Done(expansion) => self.place_expansion(expansion.clone(), true, split, fields),
                Atom::TooMany => fields.hole(Hole::TooMany, true),
                Atom::Part(part, quoted) => {
                    let expansion = self.expansion(unit, part, *quoted);
                    self.place_expansion(expansion, *quoted || !split, *quoted && split, fields);
                }
            }
        }
    }

    /// Adds an expansion to the fields: `whole` keeps its text from splitting, `apart` gives each of a list its own field.
    fn place_expansion(&mut self, expansion: Expansion, whole: bool, apart: bool, fields: &mut Fields) {
        if !self.charge(expansion.bytes()) {
            return fields.hole(Hole::TooMany, true);
        }
        match expansion {
            Expansion::Text(text) if whole => {
                fields.open = true;
                fields.text.extend(text);
            }
            Expansion::Text(text) => self.split(text, fields),
            Expansion::List(list) => {
                let last = list.len().saturating_sub(1);
                for (position, text) in list.into_iter().enumerate() {
                    if whole {
                        fields.open = true;
                        fields.text.extend(text);
                    } else {
                        self.split(text, fields);
                    }
                    if position < last {
                        if whole && !apart {
                            fields.constant(" ");
                        } else {
                            fields.end();
                        }
                    }
                }
            }
            Expansion::Split(list) => {
                for (position, (text, many)) in list.into_iter().enumerate() {
                    if position > 0 {
                        if whole {
                            fields.constant(" ");
                        } else {
                            fields.end();
                        }
                    }
                    fields.open = true;
                    fields.many |= many && !whole;
                    fields.text.extend(text);
                }
            }
            Expansion::Many(hole) => fields.hole(hole, apart || !whole),
        }
    }

    fn split(&mut self, text: Text, fields: &mut Fields) {
        let separators = match self.scope.vars.get("IFS") {
            Some(Value::Scalar(pieces)) => match Known::from_pieces(pieces.clone()) {
                Known::Exact(text) => Some(text),
                Known::Pattern(_) => None,
            },
            Some(Value::Unset) => Some(" \t\n".to_owned()),
            None if !self.ifs_touched => Some(" \t\n".to_owned()),
            _ => None,
        };
        let Some(separators) = separators else {
            if !text.is_empty() {
                fields.hole(Hole::Variable("IFS".to_owned()), true);
            }
            return;
        };
        for piece in text {
            match piece {
                Piece::Hole(hole @ Hole::Arithmetic) => fields.hole(hole, false),
                Piece::Hole(hole) => fields.hole(hole, true),
                // A separator that is no blank makes an empty field of nothing before it.
                Piece::Text(text) if empties(&text, &separators) => {
                    fields.hole(Hole::Variable("IFS".to_owned()), true);
                }
                Piece::Text(text) => {
                    for (position, chunk) in text.split(|c| separators.contains(c)).enumerate() {
                        if position > 0 {
                            fields.end();
                        }
                        fields.bare(chunk);
                    }
                }
            }
        }
    }

    /// Flags a literal the parser should have looked into.
    pub(super) fn doubt_literal(&mut self, unit: &Rc<Unit>, span: Span, quoted: bool, pattern: bool) {
        let raw = unit.slice(span);
        let live =
            if pattern { raw.contains('`') || raw.contains("$(") } else { quote::suspicious(raw, quoted, false) };
        if live {
            let origin = unit.origin(span);
            self.unresolved(UnresolvedKind::Code, origin, "a substitution the parser took for text");
        }
    }
}

/// Whether splitting a text may leave empty fields.
fn empties(text: &str, separators: &str) -> bool {
    let odd = |c: char| separators.contains(c) && !matches!(c, ' ' | '\t' | '\n');
    let mut chunks: Vec<&str> = text.split(|c| separators.contains(c)).collect();
    chunks.pop();
    text.contains(odd) && chunks.iter().any(|chunk| chunk.is_empty())
}

/// A literal as written; text the parser made up stands for itself.
pub(super) fn raw<'a>(unit: &'a Unit, literal: &'a LiteralText, span: Span) -> &'a str {
    match literal {
        LiteralText::Source | LiteralText::CookedSource(_) => unit.slice(span),
        LiteralText::Owned(text) => {
            let written = unit.slice(span);
            if written.is_empty() { text } else { written }
        }
    }
}

/// What stands between the quotes of `$'...'`; in arrays the parser's span has the quotes in it.
fn ansi_body(raw: &str) -> &str {
    raw.strip_prefix("$'").and_then(|raw| raw.strip_suffix('\'')).unwrap_or(raw)
}

fn tilde(run: &mut Run, fields: &mut Fields) {
    if run.quoted || !run.text.starts_with('~') {
        return;
    }
    let end = run.text.find('/').unwrap_or(run.text.len());
    let name = run.text.get(1..end).unwrap_or_default().to_owned();
    if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.')) {
        fields.hole(Hole::Tilde(name), false);
        run.text = run.text.get(end..).unwrap_or_default().to_owned();
    }
}
