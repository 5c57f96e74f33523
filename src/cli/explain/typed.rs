//! The command line as it was typed, folded to the terminal, with marks under the bytes that a rule is about. Nothing in it
//! acts on the terminal, and nothing of it is left out without saying how much.

use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;

use crate::actions::explain::Typed;
use crate::model::{Origin, Shown, quoted_word};

use super::super::screen::columns_of;

/// Rows that are always shown, from the start and to the end.
const FIRST: usize = 6;
const LAST: usize = 2;
/// Rows with marks that are shown elsewhere.
const MARKED: usize = 4;

/// What one character, or one hidden secret, is shown as.
struct Cell {
    shown: String,
    /// Where it comes from; empty for quotes and the blanks between words.
    argument: usize,
    bytes: Range<usize>,
    /// Whether the next one stands in a new row.
    breaks: bool,
}

impl Cell {
    fn columns(&self) -> usize {
        self.shown.chars().map(columns_of).sum()
    }

    fn is_in(&self, mark: &Origin) -> bool {
        self.argument == mark.argument && self.bytes.start < mark.end && mark.start < self.bytes.end
    }
}

/// A row: what is shown, and the marks below it, if there are any.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    /// A piece of the command line, and where it is marked.
    Piece(String, Option<String>),
    /// So many characters are not shown, of which so many are marked.
    Left(usize, usize),
}

/// The rows of at most `width` columns.
pub fn rows(typed: &[Typed], marks: &[Origin], width: usize) -> Vec<Row> {
    let cells: Vec<Cell> = typed.iter().enumerate().flat_map(|(index, argument)| cells(index, argument)).collect();
    let mut lines: Vec<Vec<&Cell>> = vec![Vec::new()];
    let (mut columns, mut broken) = (0, false);
    for cell in &cells {
        let own = cell.columns();
        if broken || (columns + own > width && columns > 0) {
            lines.push(Vec::new());
            columns = 0;
        }
        columns += own;
        broken = cell.breaks;
        if let Some(line) = lines.last_mut() {
            line.push(cell);
        }
    }
    let is_marked = |cell: &Cell| marks.iter().any(|mark| cell.is_in(mark));
    let count = lines.len();
    let (mut rows, mut marked, mut left) = (Vec::new(), 0, (0, 0));
    for (at, line) in lines.into_iter().enumerate() {
        let has_marks = line.iter().any(|cell| is_marked(cell));
        let near = at < FIRST || at + LAST >= count;
        if !near && (!has_marks || marked >= MARKED) {
            left.0 += line.len();
            left.1 += line.iter().filter(|cell| is_marked(cell)).count();
            continue;
        }
        marked += usize::from(has_marks && !near);
        if left.0 > 0 {
            rows.push(Row::Left(left.0, left.1));
            left = (0, 0);
        }
        let text: String = line.iter().map(|cell| cell.shown.as_str()).collect();
        let under: String =
            line.iter().map(|cell| if is_marked(cell) { "^" } else { " " }.repeat(cell.columns())).collect();
        let under = under.trim_end();
        rows.push(Row::Piece(text.trim_end().to_owned(), (!under.is_empty()).then(|| under.to_owned())));
    }
    rows
}

/// How the word is quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Plain,
    Escaped,
}

/// One argument, quoted as a shell would read it; a secret stands outside of the quotes, so that no word looks like one.
fn cells(argument: usize, typed: &Typed) -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add =
        |shown: String, bytes: Range<usize>, breaks: bool| cells.push(Cell { shown, argument, bytes, breaks });
    if argument > 0 {
        add(" ".to_owned(), 0..0, false);
    }
    let whole = quoted_word(&typed.text);
    let quotes = match (whole.starts_with("$'"), whole.starts_with('\'')) {
        (true, _) => Quotes::Escaped,
        (false, true) => Quotes::Plain,
        (false, false) => Quotes::None,
    };
    let open = match quotes {
        Quotes::None => "",
        Quotes::Plain => "'",
        Quotes::Escaped => "$'",
    };
    let mut inside = false;
    let mut at = 0;
    let mut secrets = typed.secrets.iter().peekable();
    for chunk in typed.text.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            let bytes = at..at + character.len_utf8();
            at = bytes.end;
            while secrets.next_if(|secret| secret.range.end <= bytes.start).is_some() {}
            if let Some(secret) = secrets.peek().filter(|secret| secret.range.start <= bytes.start) {
                if secret.range.start == bytes.start {
                    if inside {
                        add("'".to_owned(), 0..0, false);
                        inside = false;
                    }
                    add(format!("‹{} hidden›", secret.kind), secret.range.clone(), false);
                }
                continue;
            }
            if !inside && quotes != Quotes::None {
                add(open.to_owned(), 0..0, false);
                inside = true;
            }
            let shown = match (quotes, character) {
                (Quotes::Escaped, '\'') => "\\'".to_owned(),
                _ => Shown::text(character.encode_utf8(&mut [0; 4])).to_string(),
            };
            add(shown, bytes, character == '\n');
        }
        for byte in chunk.invalid() {
            add(format!("\\x{byte:02X}"), at..at + 1, false);
            at += 1;
        }
    }
    if typed.text.is_empty() {
        add("''".to_owned(), 0..1, false);
    } else if inside {
        add("'".to_owned(), 0..0, false);
    }
    cells
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::secrets::Secret;

    fn typed(words: &[&str]) -> Vec<Typed> {
        words.iter().map(|word| Typed { text: OsString::from(word), secrets: Vec::new() }).collect()
    }

    fn mark(argument: usize, start: usize, end: usize) -> Origin {
        Origin { argument, start, end }
    }

    fn shown(words: &[Typed], marks: &[Origin], width: usize) -> String {
        let line = |row: Row| match row {
            Row::Piece(text, None) => format!("{text}\n"),
            Row::Piece(text, Some(under)) => format!("{text}\n{under}\n"),
            Row::Left(count, marked) => format!("[{count}, {marked}]\n"),
        };
        rows(words, marks, width).into_iter().map(line).collect()
    }

    #[test]
    fn the_marks_stand_under_the_bytes_whatever_stands_before() {
        let words = typed(&["sh", "-c", "echo 漢字 | xargs rm"]);
        let text = shown(&words, &[mark(2, 20, 22)], 80);
        assert_eq!(text, "sh -c 'echo 漢字 | xargs rm'\n                         ^^\n");
        let words = typed(&["sh", "-c", "a\tb'c\u{202e}d; rm"]);
        let text = shown(&words, &[mark(2, 11, 13)], 80);
        assert_eq!(text, "sh -c $'a\\tb\\'c\\u{202E}d; rm'\n                          ^^\n");
    }

    #[test]
    fn a_script_of_lines_is_shown_line_by_line() {
        let text = shown(&typed(&["sh", "-c", "a\nrm -rf /\nb"]), &[mark(2, 2, 10)], 80);
        assert_eq!(text, "sh -c $'a\\n\nrm -rf /\\n\n^^^^^^^^\nb'\n");
    }

    #[test]
    fn a_secret_is_hidden_and_can_be_marked() {
        let secret = Secret { range: 7..10, kind: "flag" };
        let words = vec![
            Typed { text: "x y".into(), secrets: Vec::new() },
            Typed { text: "--pass=abc".into(), secrets: vec![secret] },
        ];
        assert_eq!(shown(&words, &[mark(1, 7, 10)], 80), "'x y' --pass=‹flag hidden›\n             ^^^^^^^^^^^^^\n");
    }

    #[test]
    fn what_is_left_out_is_counted_and_marks_are_still_shown() {
        let long = format!("{}X{}", "a".repeat(50_000), "b".repeat(1_000_000));
        let text = shown(&typed(&["echo", &long, "end"]), &[mark(1, 50_000, 50_001)], 40);
        assert!(text.lines().count() < 20, "{}", text.len());
        let left: usize =
            text.lines().filter_map(|line| line.strip_prefix('[')?.split(',').next()?.parse::<usize>().ok()).sum();
        let visible = text.matches(['a', 'b']).count();
        assert_eq!(left + visible, 1_050_000, "every character is shown or counted");
        assert!(text.contains('X') && text.contains('^') && text.ends_with("end\n"), "{text}");
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        let words = typed(&["x", &"漢".repeat(100), &"\u{200b}".repeat(100), "''"]);
        for width in [20, 33, 80] {
            for row in rows(&words, &[mark(1, 0, 300)], width) {
                let Row::Piece(text, under) = row else { continue };
                assert!(text.chars().map(columns_of).sum::<usize>() <= width, "{text}");
                assert!(under.is_none_or(|under| under.len() <= width));
            }
        }
    }
}
