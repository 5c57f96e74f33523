//! A request as people read it on a terminal: one field to a line, nothing cut, and what does not fit goes on below its own
//! field, so that no text of the requester can look like another field.

use crate::approval::Screen;

/// How many columns the names of the fields take.
const GUTTER: usize = 15;
/// Narrower terminals are left to fold the lines themselves.
const NARROWEST: usize = 40;
/// A command of more lines than this is pointed out at the end, since its start may be out of sight.
const LONG: usize = 12;

/// The request in lines of at most `width` columns; `host` is where it would run.
#[must_use]
pub fn lines(screen: &Screen, host: &str, width: usize) -> Vec<String> {
    let mut sheet = Sheet { width: width.max(NARROWEST), lines: Vec::new() };
    sheet.lines.push(format!("Request {}", screen.id));
    sheet.lines.push(String::new());
    sheet.field("digest", &format!("{}   the requester's screen shows the same", screen.digest));
    sheet.all("requester", &screen.requester);
    sheet.all("reason", screen.reason.as_slice());
    let before = sheet.lines.len();
    sheet.field("command", &screen.command);
    let long = sheet.lines.len() - before;
    sheet.field("directory", &format!("{} on {host}", screen.directory));
    sheet.all("executable", &screen.executable);
    sheet.all("files", &screen.files);
    sheet.field("standard input", &screen.stdin);
    sheet.all("environment", &screen.environment);
    if screen.commands.as_slice() != std::slice::from_ref(&screen.command) {
        sheet.all("would run", &screen.commands);
    }
    sheet.all("findings", &screen.findings);
    sheet.all("not known", &screen.unresolved);
    sheet.all("data", &listed(&screen.labels));
    sheet.all("environments", &listed(&screen.environments));
    sheet.all("hidden", screen.hidden.as_slice());
    sheet.all("needs", &screen.requirement);
    let left = screen.left.map_or_else(|| "over".to_owned(), |left| format!("{left} left"));
    sheet.field("expires", &format!("{} ({left})", seconds(&screen.expires.to_string())));
    if long > LONG {
        sheet.caution(&format!("the command takes {long} lines; scroll up to read all of it"));
    }
    for caution in &screen.cautions {
        sheet.caution(caution);
    }
    sheet.lines
}

fn listed(words: &[String]) -> Vec<String> {
    if words.is_empty() { Vec::new() } else { vec![words.join(", ")] }
}

/// A time without its fraction.
pub(super) fn seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

struct Sheet {
    width: usize,
    lines: Vec<String>,
}

impl Sheet {
    fn all(&mut self, name: &str, texts: &[String]) {
        let mut name = name;
        for text in texts {
            self.field(name, text);
            name = "";
        }
    }

    fn field(&mut self, name: &str, text: &str) {
        let mut head = format!("  {name:GUTTER$}");
        for piece in folded(text, self.width.saturating_sub(GUTTER + 2)) {
            self.lines.push(format!("{head}{piece}"));
            head = " ".repeat(GUTTER + 2);
        }
    }

    fn caution(&mut self, text: &str) {
        if !self.lines.last().is_some_and(|line| line.starts_with('!') || line.starts_with("  ! ")) {
            self.lines.push(String::new());
        }
        let mut head = "  ! ";
        for piece in folded(text, self.width.saturating_sub(4)) {
            self.lines.push(format!("{head}{piece}"));
            head = "    ";
        }
    }
}

/// Text in pieces of at most `width` columns, broken behind a blank, or within a word that is too long for a line of its
/// own. The pieces together are the text.
pub(super) fn folded(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(end) = overflow(rest, width) {
        let blank = rest.get(..end).and_then(|fits| fits.rfind(' ')).map(|at| at + 1);
        let word = blank.and_then(|at| rest.get(at..)?.split(' ').next());
        let whole = word.is_some_and(|word| overflow(word, width).is_none());
        let (piece, tail) = rest.split_at_checked(blank.filter(|_| whole).unwrap_or(end)).unwrap_or((rest, ""));
        pieces.push(piece.to_owned());
        rest = tail;
    }
    pieces.push(rest.to_owned());
    pieces
}

/// Where the first character begins that does not fit any more; never at the start.
fn overflow(text: &str, width: usize) -> Option<usize> {
    let mut columns = 0;
    text.char_indices().find_map(|(at, letter)| {
        columns += columns_of(letter);
        (columns > width && at > 0).then_some(at)
    })
}

/// How many columns a visible character takes (Unicode annex 11, wide and full width).
pub(super) const fn columns_of(letter: char) -> usize {
    match letter as u32 {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1_f300..=0x1_faff | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn screen() -> Screen {
        let created: Timestamp = "2026-07-01T10:00:00.000000Z".parse().unwrap();
        Screen {
            id: "01980f3a-0000-7000-8000-000000000001".into(),
            digest: "1a2b3c4d".into(),
            requester: vec!["account:ci@build01 (uid)".into(), "bob (SUDO_UID)".into()],
            reason: Some("nightly".into()),
            command: "rm -rf /srv/data".into(),
            directory: "/srv".into(),
            executable: vec!["/bin/rm (sha256:00)".into(), "not held: can be changed by deploy".into()],
            files: Vec::new(),
            stdin: "nothing".into(),
            environment: Vec::new(),
            commands: vec!["rm -rf /srv/data".into()],
            findings: vec!["files/remove (destroy, ask): it cannot be undone".into()],
            unresolved: Vec::new(),
            labels: vec!["restricted".into()],
            environments: vec!["production".into(), "staging".into()],
            requirement: vec!["1 of approvers".into()],
            hidden: None,
            expires: created,
            left: None,
            cautions: vec!["look twice".into()],
        }
    }

    #[test]
    fn a_request_is_shown_field_by_field() {
        let expected = "\
Request 01980f3a-0000-7000-8000-000000000001

  digest         1a2b3c4d   the requester's screen shows the same
  requester      account:ci@build01 (uid)
                 bob (SUDO_UID)
  reason         nightly
  command        rm -rf /srv/data
  directory      /srv on build01
  executable     /bin/rm (sha256:00)
                 not held: can be changed by deploy
  standard input nothing
  findings       files/remove (destroy, ask): it cannot be undone
  data           restricted
  environments   production, staging
  needs          1 of approvers
  expires        2026-07-01T10:00:00Z (over)

  ! look twice";
        assert_eq!(lines(&screen(), "build01", 80).join("\n"), expected);
    }

    #[test]
    fn nothing_is_lost_where_lines_are_folded() {
        for text in ["", "a", "rm -rf  /srv   /data", &"x".repeat(300), &"漢字 ".repeat(40), "a\u{1f600}b c"] {
            for width in [1, 2, 7, 40, 80] {
                let pieces = folded(text, width);
                assert_eq!(pieces.concat(), text);
                let fits = |piece: &String| piece.chars().map(columns_of).sum::<usize>() <= width.max(2);
                assert!(pieces.iter().all(fits), "{width}: {pieces:?}");
            }
        }
        assert_eq!(folded("one two three", 8), ["one two ", "three"]);
    }

    #[test]
    fn a_folded_command_cannot_look_like_another_field() {
        let mut shown = screen();
        shown.command = format!("echo '{}expires        never'", " ".repeat(120));
        let lines = lines(&shown, "build01", 80);
        assert_eq!(lines.iter().filter(|line| line.starts_with("  expires")).count(), 1);
        assert!(lines.iter().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_command_whose_start_may_be_out_of_sight_is_pointed_out() {
        let mut shown = screen();
        shown.command = "x".repeat(100_000);
        let lines = lines(&shown, "build01", 80);
        let caution = lines.iter().position(|line| line.contains("scroll up to read all of it")).unwrap();
        assert!(lines.len() - caution <= 2, "right above the question");
        assert_eq!(
            lines.join("").matches('x').count(),
            100_000 + "executable".matches('x').count() + "expires".matches('x').count()
        );
    }
}
