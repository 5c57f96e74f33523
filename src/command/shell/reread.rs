//! Double-quoted text with escapes, written anew. After an expansion the parser loses count of the escapes that follow,
//! and then places everything after them wrongly. Text this cannot rewrite with certainty it leaves alone.

use std::rc::Rc;

use shuck_ast::{Command, Span, Word as Node, WordPart, WordPartNode};

use super::expand::{Atom, Expansion};
use super::tree::Piece;
use super::unit::Unit;
use super::walk::Walker;

/// The same word with every escape between segments of double quotes instead of within one: `"a\"b"` as `"a"\""b"`.
fn apart(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len() + 16);
    text.push('"');
    let mut chars = inner.chars().peekable();
    // What closes each open `$(`, `${` or backtick, and `"` for quotes within them.
    let mut open: Vec<char> = Vec::new();
    while let Some(c) = chars.next() {
        match (open.last().copied(), c) {
            (None, '\\') => match chars.next()? {
                '\n' => {}
                escaped @ ('$' | '`' | '"' | '\\') => {
                    text.push_str("\"\\");
                    text.push(escaped);
                    text.push('"');
                }
                other => {
                    text.push('\\');
                    text.push(other);
                }
            },
            (None, '"') => return None,
            // Quoting this deep is not followed.
            (Some(_), '\\' | '\'' | '#') => return None,
            (_, '$') => {
                text.push(c);
                if let Some(bracket) = chars.next_if(|next| matches!(next, '(' | '{')) {
                    text.push(bracket);
                    open.push(if bracket == '(' { ')' } else { '}' });
                }
            }
            (Some(closing), _) if c == closing => {
                text.push(c);
                open.pop();
            }
            (Some(')' | '}' | '`'), '"') => {
                text.push(c);
                open.push('"');
            }
            (Some(')'), '(') => {
                text.push(c);
                open.push(')');
            }
            (_, '`') => {
                text.push(c);
                open.push('`');
            }
            _ => text.push(c),
        }
    }
    text.push('"');
    open.is_empty().then_some(text)
}

/// Whether the parts follow one another from `start` to `end` with nothing but line continuations between them.
pub(super) fn tiled(unit: &Unit, parts: &[WordPartNode], start: usize, end: usize) -> bool {
    let blank = |from: usize, to: usize| {
        unit.text.get(from..to).is_some_and(|gap| gap.is_empty() || gap.replace("\\\n", "").is_empty())
    };
    let mut at = start;
    for part in parts {
        if !blank(at, part.span.start.offset()) {
            return false;
        }
        at = part.span.end.offset();
    }
    blank(at, end)
}

impl Walker {
    /// The atoms of a double-quoted part whose inner parts the parser placed wrongly.
    pub(super) fn reread<'a>(&mut self, unit: &Rc<Unit>, span: Span, atoms: &mut Vec<Atom<'a>>) -> bool {
        let raw = unit.slice(span);
        let inner = raw.strip_prefix('$').unwrap_or(raw);
        let Some(inner) = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) else { return false };
        let Some(text) = apart(inner) else { return false };
        let origin = unit.origin(span);
        let Ok(again) = Unit::parse(format!(": {text}"), self.dialect, Some(origin.clone())) else { return false };
        let again = Rc::new(again);
        let [stmt] = again.file.body.stmts.as_slice() else { return false };
        let Command::Simple(command) = &stmt.command else { return false };
        let [Node { parts, span: whole, .. }] = command.args.as_slice() else { return false };
        let sound = whole.start.offset() == 2
            && tiled(&again, parts, 2, again.text.len())
            && parts.iter().all(|part| match &part.kind {
                WordPart::DoubleQuoted { parts, .. } => {
                    tiled(&again, parts, part.span.start.offset() + 1, part.span.end.offset().saturating_sub(1))
                }
                WordPart::Literal(_) => true,
                _ => false,
            });
        if !sound {
            return false;
        }
        again.see_bytes(0..again.text.len());
        let mut inner_atoms = Vec::new();
        self.atoms(&again, parts, true, &mut inner_atoms);
        for atom in inner_atoms {
            let expansion = match atom {
                Atom::Run(run) => Expansion::Text(vec![Piece::Text(run.text)]),
                Atom::Part(part, quoted) => self.expansion(&again, part, quoted),
                Atom::Done(expansion) => expansion,
                Atom::TooMany => return false,
            };
            atoms.push(Atom::Done(expansion));
        }
        if !self.quiet && again.unaccounted().is_some() {
            self.code(origin, "text the parser did not account for");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn escapes_stand_between_the_segments() {
        assert_eq!(apart(r#"a \"$b\" \$c"#).as_deref(), Some(r#""a "\""$b"\"" "\$"c""#));
        assert_eq!(apart(r#"$(a "b (c") \\"#).as_deref(), Some(r#""$(a "b (c") "\\"""#));
        assert_eq!(apart("a\\\nb\\q").as_deref(), Some(r#""ab\q""#));
        assert_eq!(apart(r"$(a \)) \$"), None);
        assert_eq!(apart("$(a"), None);
    }
}
