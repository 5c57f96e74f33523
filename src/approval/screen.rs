//! A request as people see it before they sign: everything that was asked, made visible and never cut. What is shown comes
//! from the bytes whose digest is signed, and from nothing else.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use super::judge::Received;
use super::refusal::apart_name;
use super::roster::is_unclaimed;
use crate::model::{
    Apart, BoundFile, Clause, Finding, Grade, Request, Seen, SeenCommand, Shown, Span, StdinKind, Text, Timestamp,
    lookalikes, quoted_word,
};

/// A request in lines that are safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// The request's id.
    pub id: String,
    /// The first 8 hex digits of the digest that is signed, for comparing by word of mouth.
    pub digest: String,
    /// Who asks, one line for each principal it may be, with the source that named it.
    pub requester: Vec<String>,
    /// The reason they give.
    pub reason: Option<String>,
    /// The full command, each word as a shell would read it; a secret is `‹KIND hidden›`.
    pub command: String,
    /// The directory it runs in.
    pub directory: String,
    /// The file that is executed, its digest, and whether the hashed bytes are what runs.
    pub executable: Vec<String>,
    /// Scripts and input files, as the executable.
    pub files: Vec<String>,
    /// What it reads as standard input.
    pub stdin: String,
    /// The variables that matter, `NAME=value`.
    pub environment: Vec<String>,
    /// The commands found in it.
    pub commands: Vec<String>,
    /// The rules that fired and why they exist.
    pub findings: Vec<String>,
    /// What gate could not find out.
    pub unresolved: Vec<String>,
    /// The labels of the data it touches.
    pub labels: Vec<String>,
    /// Where it lands.
    pub environments: Vec<String>,
    /// Who must answer, one line for each clause.
    pub requirement: Vec<String>,
    /// How many secrets are hidden, and where.
    pub hidden: Option<String>,
    /// When it dies.
    pub expires: Timestamp,
    /// How long that is from now; none if it is over.
    pub left: Option<Span>,
    /// What the approver should think of.
    pub cautions: Vec<String>,
}

impl Screen {
    /// The lines for a request of which so much time is over.
    #[must_use]
    pub fn of(received: &Received, elapsed: Duration) -> Self {
        let request = received.request();
        let subject = &request.subject;
        let (invocation, seen) = (&subject.invocation, &subject.seen);
        let who = |claim: &crate::model::Claim| format!("{} ({})", show(&claim.principal), show(&claim.source));
        let left = request.expires.since(request.created.plus(elapsed)).as_secs();
        Self {
            id: request.id.to_string(),
            digest: received.digest().short(),
            requester: subject.requester.principals.iter().map(who).collect(),
            reason: subject.requester.reason.as_deref().map(show),
            command: words(&invocation.arguments),
            directory: word(&invocation.directory.path),
            executable: bound(&invocation.executable),
            files: invocation.files.iter().flat_map(bound).collect(),
            stdin: stdin(request),
            environment: invocation
                .environment
                .shown
                .iter()
                .map(|var| format!("{}={}", var.name, word(&var.value)))
                .collect(),
            commands: seen.commands.iter().map(command).collect(),
            findings: seen.findings.iter().map(finding).collect(),
            unresolved: seen
                .unresolved
                .iter()
                .map(|open| format!("{}: {}", open.kind.name(), show(&open.why)))
                .collect(),
            labels: seen.labels.iter().map(|label| label.name().to_owned()).collect(),
            environments: seen.environments.iter().map(|name| show(name)).collect(),
            requirement: subject.requirement.iter().map(clause).collect(),
            hidden: hidden(request),
            expires: request.expires,
            left: (left > 0).then(|| Span::from_secs(left)),
            cautions: cautions(request, seen),
        }
    }
}

fn show(text: &str) -> String {
    Shown::text(text).to_string()
}

fn words(all: &[Text]) -> String {
    all.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A word as a shell would read it. Only a secret stands outside of quotes, so that no word can look like one.
fn word(text: &Text) -> String {
    match text {
        Text::Plain(text) => quoted_word(OsStr::new(text)),
        Text::Bytes(bytes) => quoted_word(OsStr::from_bytes(bytes)),
        Text::Masked { .. } => text.to_string(),
        Text::Parts(parts) => parts.iter().map(word).collect(),
    }
}

/// A file, its digest, and in a line of its own that it can still change.
fn bound(file: &BoundFile) -> Vec<String> {
    let digest = file.digest.map_or_else(|| "not hashed".to_owned(), |digest| digest.to_string());
    let mut lines = vec![format!("{} ({digest})", word(&file.path))];
    if !file.held {
        let why = file.why.as_deref().map_or_else(|| "it can still be changed before it runs".to_owned(), show);
        lines.push(format!("not held: {why}"));
    }
    lines
}

fn stdin(request: &Request) -> String {
    let stdin = &request.subject.invocation.stdin;
    match stdin.kind {
        StdinKind::Terminal => "the terminal, and whatever is typed".to_owned(),
        StdinKind::Null => "nothing".to_owned(),
        StdinKind::Spooled => {
            let length = stdin.length.map_or_else(|| "an unknown number of".to_owned(), |length| length.to_string());
            format!("{length} bytes that were read before asking")
        }
        StdinKind::Inherited => "whatever gate was given, unread".to_owned(),
    }
}

fn command(command: &SeenCommand) -> String {
    let mut line = String::new();
    for via in &command.via {
        let _ = write!(line, "{} › ", show(&via.to_string()));
    }
    line.push_str(&words(&command.arguments));
    line
}

fn finding(finding: &Finding) -> String {
    let mut line = format!(
        "{} ({}, {}): {}",
        show(&finding.rule),
        finding.class.name(),
        finding.effect.name(),
        show(&finding.why)
    );
    if let Some(instead) = &finding.instead {
        let _ = write!(line, "; safer: {}", show(instead));
    }
    if let Some(waived) = &finding.waived {
        let _ = write!(line, "; waived: {}", show(waived));
    }
    line
}

/// Who must answer by one clause.
fn clause(clause: &Clause) -> String {
    let groups = clause.from.iter().map(|group| show(group)).collect::<Vec<_>>().join(", ");
    let each = if clause.each { "each of " } else { "" };
    let mut line = format!("{} of {each}{groups}", clause.count);
    if clause.grade > Grade::Signed {
        let _ = write!(line, ", graded {}", clause.grade.word());
    }
    if clause.apart > Apart::Key {
        let _ = write!(line, ", from {}", apart_name(clause.apart));
    }
    line
}

/// How many secrets are hidden, and where: in which arguments (counted from 0), variables and paths.
fn hidden(request: &Request) -> Option<String> {
    let invocation = &request.subject.invocation;
    let mut places: Vec<(usize, String)> = Vec::new();
    let arguments = invocation.arguments.iter().enumerate();
    places.extend(arguments.map(|(at, text)| (text.hidden(), format!("argument {at}"))));
    let variables = invocation.environment.shown.iter();
    places.extend(variables.map(|variable| (variable.value.hidden(), format!("variable {}", variable.name))));
    places.push((invocation.directory.path.hidden(), "the directory".to_owned()));
    places.push((invocation.executable.path.hidden(), "the executable".to_owned()));
    places.extend(invocation.files.iter().map(|file| (file.path.hidden(), "the name of a file".to_owned())));
    places.retain(|(count, _)| *count > 0);
    let count: usize = places.iter().map(|(count, _)| count).sum();
    let places = places.into_iter().map(|(_, place)| place).collect::<Vec<_>>().join(", ");
    let noun = if count == 1 { "secret is" } else { "secrets are" };
    (count > 0).then(|| format!("{count} {noun} hidden: {places}"))
}

fn cautions(request: &Request, seen: &Seen) -> Vec<String> {
    let mut cautions = Vec::new();
    let requester = &request.subject.requester;
    for claim in requester.principals.iter().filter(|claim| is_unclaimed(&claim.principal)) {
        cautions.push(format!("nobody claims {}: make sure that it is not you who asks", show(&claim.principal)));
    }
    for (at, argument) in request.subject.invocation.arguments.iter().enumerate() {
        let remarks = lookalikes(&plain(argument)).into_iter();
        cautions.extend(remarks.map(|what| format!("argument {at} is not what it looks like: {what}")));
    }
    let files = std::iter::once(&request.subject.invocation.executable).chain(&request.subject.invocation.files);
    if files.into_iter().any(|file| !file.held) {
        cautions.push("some of what runs can still be changed".to_owned());
    }
    if !seen.unresolved.is_empty() {
        cautions.push("gate could not find out everything that would happen".to_owned());
    }
    cautions
}

/// What is known of a text.
fn plain(text: &Text) -> String {
    match text {
        Text::Plain(text) => text.clone(),
        Text::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Text::Masked { .. } => String::new(),
        Text::Parts(parts) => parts.iter().map(plain).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::encoding::json::canonical;
    use crate::model::{Digest, Variable};

    fn screen(change: impl FnOnce(&mut Request)) -> Screen {
        let asks = trial::requester(&[("account:shared@build01", "uid")]);
        let mut request = trial::request(asks, vec![trial::clause(&["approvers"], 1)], "rm -rf /srv/data");
        change(&mut request);
        Screen::of(&Received::read(&canonical(&request).unwrap()).unwrap(), Duration::from_secs(60))
    }

    #[test]
    fn everything_that_was_asked_is_shown() {
        let screen = screen(|_| {});
        assert_eq!(screen.command, "rm -rf /srv/data");
        assert_eq!(screen.requester, ["account:shared@build01 (uid)"]);
        assert_eq!(screen.executable, [format!("/bin/rm ({})", Digest::of(b"rm"))]);
        assert_eq!((screen.directory.as_str(), screen.stdin.as_str()), ("/srv", "nothing"));
        assert_eq!(screen.requirement, ["1 of approvers"]);
        assert_eq!((screen.left, screen.hidden), (Some(Span::from_secs(840)), None));
        assert_eq!(screen.cautions, ["nobody claims account:shared@build01: make sure that it is not you who asks"]);
        assert_eq!(screen.digest.len(), 8);
    }

    #[test]
    fn a_long_command_is_never_cut_and_nothing_in_it_acts_on_the_terminal() {
        let long = format!("{}\x1b[2J\u{202e}", "x".repeat(100_000));
        let screen = screen(|request| {
            request.subject.invocation.arguments.push(Text::Plain(long));
            request.subject.requester.reason = Some("ok\r\x1b[1A".into());
        });
        assert!(screen.command.ends_with(&format!("{}\\e[2J\\u{{202E}}'", "x".repeat(100_000))));
        assert_eq!(screen.reason.as_deref(), Some("ok\\r\\e[1A"));
    }

    #[test]
    fn a_hidden_word_is_counted_placed_and_cannot_be_imitated() {
        let secret = Text::Masked { kind: "flag".into(), commit: Digest::of(b"x") };
        let screen = screen(|request| {
            let invocation = &mut request.subject.invocation;
            invocation.arguments.push(Text::Parts(vec![Text::Plain("--password=".into()), secret.clone()]));
            invocation.arguments.push(Text::Plain("‹flag hidden›".into()));
            invocation.environment.shown.push(Variable { name: Text::Plain("TOKEN".into()), value: secret });
        });
        assert_eq!(screen.command, "rm -rf /srv/data --password=‹flag hidden› '‹flag hidden›'");
        assert_eq!(screen.hidden.as_deref(), Some("2 secrets are hidden: argument 3, variable TOKEN"));
        assert_eq!(screen.environment, ["TOKEN=‹flag hidden›"]);
    }

    #[test]
    fn a_word_that_is_not_what_it_looks_like_is_pointed_out() {
        let screen = screen(|request| {
            let arguments = &mut request.subject.invocation.arguments;
            arguments.push(Text::Plain("s3://аcme/x\u{200b}".into()));
        });
        let said = |what: &str| screen.cautions.iter().any(|caution| caution.contains(what));
        assert!(said("argument 3 is not what it looks like: `аcme` has letters of another script"), "{screen:?}");
        assert!(said("argument 3 is not what it looks like: characters that nobody sees: U+200B"), "{screen:?}");
    }

    #[test]
    fn what_can_still_change_is_said_aloud() {
        let screen = screen(|request| {
            request.subject.invocation.executable.held = false;
            request.subject.invocation.executable.why = Some("can still be changed by deploy".into());
        });
        assert_eq!(screen.executable.last().unwrap(), "not held: can still be changed by deploy");
        assert!(screen.cautions.contains(&"some of what runs can still be changed".to_owned()));
    }
}
