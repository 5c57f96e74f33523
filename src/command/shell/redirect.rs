//! Redirections, here-documents, and where standard input comes from. Files named here are not looked at.

use std::ops::Range;
use std::rc::Rc;

use shuck_ast::{
    Heredoc, HeredocBodyMode, HeredocBodyPart, Redirect as RedirectNode, RedirectKind as NodeKind, RedirectTarget,
};

use super::expand::{Expansion, raw};
use super::quote;
use super::scope::Text;
use super::tree::{Hole, Known, Piece, Redirect, RedirectKind, Stdin, Word};
use super::unit::Unit;
use super::walk::Walker;

impl Walker {
    pub(super) fn redirect(&mut self, unit: &Rc<Unit>, redirect: &RedirectNode) -> Redirect {
        self.see(unit, redirect.span);
        if let Some(span) = redirect.fd_var_span {
            // `{name}>` and the braces around the name.
            unit.see_bytes(span.start.offset().saturating_sub(1)..span.end.offset() + 1);
        }
        if let Some(name) = &redirect.fd_var {
            self.assign(name.as_str(), None);
        }
        let kind = match redirect.kind {
            NodeKind::Output | NodeKind::OutputBoth => RedirectKind::Write,
            NodeKind::Clobber => RedirectKind::Clobber,
            NodeKind::Append => RedirectKind::Append,
            NodeKind::Input => RedirectKind::Read,
            NodeKind::ReadWrite => RedirectKind::ReadWrite,
            NodeKind::HereDoc | NodeKind::HereDocStrip => RedirectKind::HereDocument,
            NodeKind::HereString => RedirectKind::HereString,
            NodeKind::DupOutput => RedirectKind::DuplicateOutput,
            NodeKind::DupInput => RedirectKind::DuplicateInput,
        };
        match &redirect.target {
            RedirectTarget::Heredoc(heredoc) => {
                // The parser's own word on this is wrong for the second here-document of a line.
                let live = !unit.slice(heredoc.delimiter.span).contains(['\\', '\'', '"']);
                let target = self.heredoc(unit, heredoc, live);
                Redirect { kind, fd: redirect.fd, target, live }
            }
            RedirectTarget::Word(node) => {
                let target = if kind == RedirectKind::HereString {
                    self.doubt_extent(unit, node);
                    self.single(unit, node, false)
                } else {
                    let mut fields = self.fields(unit, &[node]);
                    match (fields.pop(), fields.is_empty()) {
                        (Some(field), true) => field,
                        _ => Word {
                            text: Known::Pattern(vec![Piece::Hole(Hole::Glob(unit.slice(node.span).to_owned()))]),
                            many: false,
                            span: unit.place(node.span),
                        },
                    }
                };
                let descriptor = target.to_string();
                let descriptor = descriptor.trim_end_matches('-');
                let duplicate = descriptor.bytes().all(|byte| byte.is_ascii_digit()) || target.text.exact().is_none();
                let kind = match kind {
                    // `>&FILE` is `&>FILE`.
                    RedirectKind::DuplicateOutput if !duplicate => RedirectKind::Write,
                    kind => kind,
                };
                Redirect { kind, fd: redirect.fd, target, live: false }
            }
        }
    }

    pub(super) fn stdin(&self, redirects: &[Redirect]) -> Stdin {
        let last = redirects.iter().rev().find(|redirect| match redirect.kind {
            RedirectKind::Read
            | RedirectKind::ReadWrite
            | RedirectKind::HereDocument
            | RedirectKind::HereString
            | RedirectKind::DuplicateInput => redirect.fd.is_none_or(|fd| fd == 0),
            RedirectKind::Write | RedirectKind::Append | RedirectKind::Clobber | RedirectKind::DuplicateOutput => {
                redirect.fd == Some(0)
            }
        });
        let Some(last) = last else { return self.scope.stdin.clone() };
        match last.kind {
            RedirectKind::HereDocument | RedirectKind::HereString => Stdin::Here(last.target.clone()),
            RedirectKind::DuplicateInput | RedirectKind::DuplicateOutput if last.target.exact() == Some("-") => {
                Stdin::Closed
            }
            RedirectKind::DuplicateInput | RedirectKind::DuplicateOutput => Stdin::Descriptor(last.target.clone()),
            RedirectKind::Read
            | RedirectKind::ReadWrite
            | RedirectKind::Write
            | RedirectKind::Append
            | RedirectKind::Clobber => Stdin::File(last.target.clone()),
        }
    }

    /// The body of a here-document, found again line by line: the parser's own limits of it must agree.
    fn heredoc(&mut self, unit: &Rc<Unit>, heredoc: &Heredoc, live: bool) -> Word {
        let delimiter = self.constant(unit, &heredoc.delimiter.raw).unwrap_or_default();
        let delimiter = delimiter.as_str();
        let start = heredoc.body.span.start.offset();
        let (body, end) = body(&unit.text, start, delimiter, heredoc.delimiter.strip_tabs);
        unit.see_bytes(start..end);
        let origin = unit.origin(heredoc.delimiter.span);
        let text = unit.text.get(body.clone()).unwrap_or_default();
        let at_line = start == unit.text.len() || unit.text.get(..start).is_some_and(|before| before.ends_with('\n'));
        let introduced = unit
            .text
            .get(..heredoc.delimiter.span.start.offset())
            .map(|before| before.trim_end_matches([' ', '\t', '-']))
            .is_some_and(|before| before.ends_with("<<"));
        if !at_line || !introduced || delimiter != heredoc.delimiter.cooked.as_str() {
            self.code(origin, "a here-document the parser placed elsewhere");
            return Word::constant(text);
        }
        let span = (unit.place(heredoc.delimiter.span).is_some() && !body.is_empty()).then(|| body.clone());
        let stripped = || text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect::<String>();
        let strips = heredoc.delimiter.strip_tabs && text.contains('\t');
        if !live {
            let text = if strips { stripped() } else { text.to_owned() };
            return Word { text: Known::Exact(text), many: false, span };
        }
        if strips || !heredoc.body.source_backed || !heredoc.delimiter.expands_body {
            let plain = delimiter.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let text = if strips { stripped() } else { text.to_owned() };
            let inner = format!(": <<{delimiter}\n{text}{delimiter}\n");
            if let (true, Ok(inner)) =
                (plain && !delimiter.is_empty(), Unit::parse(inner, self.dialect, Some(origin.clone())))
                && let Some([redirect]) = inner.file.body.stmts.first().map(|stmt| stmt.redirects.as_ref())
                && let RedirectTarget::Heredoc(inner_doc) = &redirect.target
                && inner_doc.body.source_backed
            {
                let inner_doc = inner_doc.clone();
                let word = self.live_body(&Rc::new(inner), &inner_doc);
                return Word { span, ..word };
            }
            if text.contains(['$', '`']) {
                self.code(origin, "a here-document that is not followed");
            }
            return Word { text: Known::Exact(text), many: false, span };
        }
        let parser_end = heredoc.body.parts.last().map_or(start, |part| part.span.end.offset());
        if heredoc.body.mode != HeredocBodyMode::Expanding || parser_end != body.end {
            self.code(origin, "a here-document the parser placed elsewhere");
        }
        let word = self.live_body(unit, heredoc);
        Word { span, ..word }
    }

    fn live_body(&mut self, unit: &Rc<Unit>, heredoc: &Heredoc) -> Word {
        let mut pieces = Vec::new();
        let mut parts = heredoc.body.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match &part.kind {
                HeredocBodyPart::Literal(literal) => {
                    let mut span = part.span;
                    while let Some(next) = parts.next_if(|next| {
                        matches!(&next.kind, HeredocBodyPart::Literal(_))
                            && next.span.start.offset() == span.end.offset()
                    }) {
                        span = span.merge(next.span);
                    }
                    let raw = raw(unit, literal, span);
                    if quote::suspicious(raw, true, true) {
                        let origin = unit.origin(part.span);
                        self.code(origin, "a substitution the parser took for text");
                    }
                    pieces.push(Piece::Text(quote::double_quoted(raw, true)));
                }
                HeredocBodyPart::Variable(name) => {
                    let expansion = self.variable(name.as_str());
                    joined(expansion, &mut pieces);
                }
                HeredocBodyPart::CommandSubstitution { body, syntax } => {
                    self.substitution(unit, body, *syntax, part.span, false);
                    pieces.push(Piece::Hole(Hole::Substitution));
                }
                HeredocBodyPart::ArithmeticExpansion { expression, expression_ast, expression_word_ast, .. } => {
                    self.arithmetic(unit, expression, expression_ast.as_deref(), expression_word_ast, part.span);
                    pieces.push(Piece::Hole(Hole::Arithmetic));
                }
                HeredocBodyPart::Parameter(parameter) => {
                    let expansion = self.parameter(unit, parameter, true);
                    joined(expansion, &mut pieces);
                }
            }
        }
        Word { text: Known::from_pieces(pieces), many: false, span: None }
    }
}

fn joined(expansion: Expansion, pieces: &mut Text) {
    match expansion {
        Expansion::Text(text) => pieces.extend(text),
        Expansion::List(list) => {
            for (position, text) in list.into_iter().enumerate() {
                if position > 0 {
                    pieces.push(Piece::Text(" ".to_owned()));
                }
                pieces.extend(text);
            }
        }
        Expansion::Split(list) => {
            for (position, (text, _)) in list.into_iter().enumerate() {
                if position > 0 {
                    pieces.push(Piece::Text(" ".to_owned()));
                }
                pieces.extend(text);
            }
        }
        Expansion::Many(hole) => pieces.push(Piece::Hole(hole)),
    }
}

/// The bytes of a here-document's body that starts at `start`, and where its closing line ends.
fn body(text: &str, start: usize, delimiter: &str, strip: bool) -> (Range<usize>, usize) {
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = if strip { bare.trim_start_matches('\t') } else { bare };
        if bare == delimiter {
            return (start..at, at + line.len());
        }
        at += line.len();
    }
    (start..at, at)
}
