//! What `gate approve` and `gate deny` have in common: which request, which key, the screen, the question at the terminal
//! itself. Without a terminal nothing is guessed: all of it must be said.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::actions::answer::{AnswerError, Answered, Desk, answer};
use crate::approval::Screen;
use crate::host::clock::HostClock;
use crate::host::keys::{FileSigner, KeyFile, Keys};
use crate::host::queue::{QueueError, Queued, State};
use crate::host::terminal::Terminal;
use crate::model::{Answer, RequestId, Shown};
use crate::ports::{Approver, Failure, Requests, Signer};
use zeroize::Zeroizing;

use super::exit;
use super::failure::Complaint;
use super::inbox::Inbox;
use super::place::{Place, broken, now};
use super::requests::{entry, head};
use super::ring;
use super::screen;

/// How many columns the number takes by which something is picked.
const MARK: usize = 4;

/// What was said on the command line.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Which request.
    pub id: Option<RequestId>,
    /// With which key.
    pub key: Option<PathBuf>,
    /// Why.
    pub reason: Option<String>,
    /// Not to ask.
    pub yes: bool,
}

/// Answers one request.
pub fn run(said: &Said, decision: Answer) -> Result<(), Complaint> {
    // A core file would hold the opened key.
    crate::host::undumpable().map_err(|error| broken(&error))?;
    let terminal = Terminal::open();
    complete(said, decision, terminal.is_some())?;
    let place = Place::read()?;
    let inbox = Inbox::open(&place)?;
    let id = chosen(said.id, &inbox, terminal.as_ref(), decision)?;
    let queue = inbox.desk(id)?;
    let answered = match said.key.as_ref().and_then(|key| ring::named(key)) {
        Some(name) => {
            let mut signer = ring::signer(&place, name)?;
            let answered = signed(said, decision, &place, queue, id, &mut signer, terminal.as_ref());
            answered.map_err(Complaint::from)?
        }
        None => {
            let file = match &said.key {
                Some(path) => Keys::at(path).map_err(|error| Complaint::new(exit::USAGE, error.to_string()))?,
                None => key(&place, terminal.as_ref())?,
            };
            by_file(said, decision, &place, queue, id, file, terminal.as_ref())?
        }
    };
    let verb = past(decision);
    let line = format!("{verb} {id} as {}\n", Shown::text(&answered.approver));
    std::io::stdout().write_all(line.as_bytes()).map_err(|error| Complaint::output(&error))
}

fn by_file(
    said: &Said,
    decision: Answer,
    place: &Place,
    queue: &dyn Requests,
    id: RequestId,
    file: KeyFile,
    terminal: Option<&Terminal>,
) -> Result<Answered, Complaint> {
    let mut typed = false;
    let mut ask = |path: &Path, tries: usize| {
        typed = true;
        passphrase(terminal, path, tries)
    };
    let mut signer = FileSigner { file, ask: &mut ask };
    let answered = signed(said, decision, place, queue, id, &mut signer, terminal);
    answered.map_err(|error| match error {
        // Whoever cannot open the key is not the one who may answer.
        Unsigned::Answer(AnswerError::Failed(failure)) if typed => Complaint::failure(exit::DENIED, failure),
        other => Complaint::from(other),
    })
}

/// Why nothing was signed.
enum Unsigned {
    Answer(AnswerError),
    Around(Complaint),
}

impl From<Unsigned> for Complaint {
    fn from(unsigned: Unsigned) -> Self {
        match unsigned {
            Unsigned::Answer(error) => Self::from(error),
            Unsigned::Around(complaint) => complaint,
        }
    }
}

fn signed(
    said: &Said,
    decision: Answer,
    place: &Place,
    queue: &dyn Requests,
    id: RequestId,
    signer: &mut dyn Signer,
    terminal: Option<&Terminal>,
) -> Result<Answered, Unsigned> {
    let record_key = place.record_key().map_err(Unsigned::Around)?;
    let revoked = place.revoked().map_err(Unsigned::Around)?;
    let mut desk = Desk {
        clock: &HostClock,
        requests: queue,
        approver: &mut AtTerminal { terminal, said, host: &place.config.host },
        signer,
        roster: &place.config.roster,
        revoked: &revoked,
        record_key: record_key.as_ref(),
    };
    answer(&mut desk, id, decision).map_err(Unsigned::Answer)
}

/// Refuses to guess where nobody can be asked.
fn complete(said: &Said, decision: Answer, terminal: bool) -> Result<(), Complaint> {
    let verb = verb(decision);
    let missing = [
        (said.id.is_none(), "ID"),
        (said.key.is_none(), "--key FILE"),
        (said.reason.is_none(), "--reason TEXT"),
        (!said.yes, "--yes"),
    ];
    let missing: Vec<&str> = missing.iter().filter(|(missing, _)| *missing).map(|(_, what)| *what).collect();
    if !terminal && !missing.is_empty() {
        let message = format!("there is no terminal to ask at, and this is not said: {}", missing.join(", "));
        let hint = format!("gate {verb} ID --key FILE --reason TEXT --yes");
        return Err(Complaint::new(exit::USAGE, message).hint(hint));
    }
    let silent = said.reason.as_ref().is_none_or(|reason| reason.trim().is_empty());
    if decision == Answer::Deny && silent && (said.yes || said.reason.is_some()) {
        return Err(Complaint::new(exit::USAGE, "a denial needs a reason").hint("gate deny ID --reason TEXT"));
    }
    Ok(())
}

/// The request that is meant: the named one, the only one, or the one that is picked.
fn chosen(
    named: Option<RequestId>,
    inbox: &Inbox,
    terminal: Option<&Terminal>,
    decision: Answer,
) -> Result<RequestId, Complaint> {
    if let Some(id) = named {
        // Here only to say in time that there is none; what is answered is read once, later.
        return match inbox.find(id)? {
            Some(_) => Ok(id),
            None => Err(QueueError::NoRequest(id).into()),
        };
    }
    let open = |queued: &Queued| queued.state != State::Gone && queued.received.request().expires > now();
    let (waiting, _) = inbox.waiting()?;
    let open: Vec<Queued> = waiting.into_iter().map(|found| found.queued).filter(open).collect();
    let id = |queued: &Queued| queued.received.request().id;
    match (open.as_slice(), terminal) {
        ([], _) => Err(Complaint::new(exit::USAGE, "no request waits for an answer")),
        ([only], _) => Ok(id(only)),
        (several, Some(terminal)) => {
            let width = terminal.columns().saturating_sub(MARK);
            let mut shown = vec![format!("{:MARK$}{}", "", head())];
            for (at, queued) in several.iter().enumerate() {
                let mut mark = format!("{})", at + 1);
                for line in entry(queued, now(), width) {
                    shown.push(format!("{mark:MARK$}{line}"));
                    mark.clear();
                }
            }
            let picked = pick(terminal, &shown, several.len(), &format!("Which one to {}?", verb(decision)))?;
            several.get(picked).map(id).ok_or_else(left)
        }
        (_, None) => Err(Complaint::new(exit::USAGE, "several requests wait, and none is named").hint("gate requests")),
    }
}

/// The key to answer with: the only one that is enrolled, the only one there is, or the one that is picked.
pub fn key(place: &Place, terminal: Option<&Terminal>) -> Result<KeyFile, Complaint> {
    let (keys, skipped) = place.keys().list()?;
    let enrolled = |key: &&KeyFile| place.config.roster.owner_of(&key.public.fingerprint()).is_some();
    let mut usable: Vec<KeyFile> = keys.iter().filter(enrolled).cloned().collect();
    if usable.is_empty() {
        usable = keys;
    }
    match (usable.as_slice(), terminal) {
        ([], _) => {
            let message = skipped
                .first()
                .map_or_else(|| format!("there is no key in `{}`", place.paths.keys().display()), ToString::to_string);
            Err(Complaint::new(exit::CONFIGURATION, message)
                .hint("`gate init` makes and enrols one; --key FILE names one that lies elsewhere"))
        }
        ([only], _) => Ok(only.clone()),
        (several, Some(terminal)) => {
            let line = |(at, key): (usize, &KeyFile)| {
                let owner = place.config.roster.owner_of(&key.public.fingerprint());
                let owner = owner.map_or("not enrolled", |(owner, _)| owner);
                format!("{:MARK$}{}  {}  {}", format!("{})", at + 1), key.public.fingerprint(), owner, name(&key.path))
            };
            let lines: Vec<String> = several.iter().enumerate().map(line).collect();
            let picked = pick(terminal, &lines, several.len(), "Which key?")?;
            several.get(picked).cloned().ok_or_else(left)
        }
        (_, None) => Err(Complaint::new(exit::USAGE, "there are several keys, and none is named").hint("--key FILE")),
    }
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| Shown::os(name).to_string()).unwrap_or_default()
}

fn pick(terminal: &Terminal, lines: &[String], count: usize, question: &str) -> Result<usize, Complaint> {
    let shown = || terminal.show(&format!("{}\n\n", lines.join("\n")));
    shown().map_err(|error| Complaint::terminal(&error))?;
    terminal.forget_typed();
    for _ in 0..3 {
        let said = terminal.line(&format!("{question} [1-{count}] ")).map_err(|error| Complaint::terminal(&error))?;
        let Some(said) = said.filter(|said| !said.is_empty()) else { return Err(left()) };
        if let Some(number) = said.parse().ok().filter(|number| (1..=count).contains(number)) {
            return Ok(number - 1);
        }
    }
    Err(left())
}

fn left() -> Complaint {
    Complaint::from(AnswerError::Left)
}

/// Asks for a passphrase, saying whose it is.
pub fn passphrase(terminal: Option<&Terminal>, path: &Path, tries: usize) -> Option<Zeroizing<String>> {
    let terminal = terminal?;
    if tries > 1 {
        terminal.show("The passphrase is wrong.\n").ok()?;
    }
    terminal.secret(&format!("Passphrase for {}: ", name(path))).ok()?
}

/// The person at the terminal.
struct AtTerminal<'a> {
    terminal: Option<&'a Terminal>,
    said: &'a Said,
    host: &'a str,
}

impl Approver for AtTerminal<'_> {
    fn confirm(&mut self, screen: &Screen, decision: Answer) -> Result<Option<String>, Failure> {
        if self.said.yes {
            return Ok(Some(self.said.reason.clone().unwrap_or_default()));
        }
        let missing = || Failure { message: "there is no terminal to ask at".to_owned(), hint: None };
        let terminal = self.terminal.ok_or_else(missing)?;
        self.asked(terminal, screen, decision).map_err(|error| Failure::of(&error))
    }
}

impl AtTerminal<'_> {
    fn asked(&self, terminal: &Terminal, shown: &Screen, decision: Answer) -> std::io::Result<Option<String>> {
        let lines = screen::lines(shown, self.host, terminal.columns());
        terminal.show(&format!("{}\n\n", lines.join("\n")))?;
        // What was typed before the request stood there is no answer to it.
        terminal.forget_typed();
        let question = match decision {
            Answer::Approve => "Approve it? [y/N] ",
            Answer::Deny => "Deny it? [y/N] ",
        };
        let said = terminal.line(question)?.unwrap_or_default();
        if !["y", "yes"].contains(&said.to_ascii_lowercase().as_str()) {
            return Ok(None);
        }
        if let Some(reason) = &self.said.reason {
            return Ok(Some(reason.clone()));
        }
        match decision {
            Answer::Approve => Ok(terminal.line("Reason (may be empty): ")?),
            Answer::Deny => Ok(terminal.line("Reason: ")?.filter(|reason| !reason.is_empty())),
        }
    }
}

const fn verb(decision: Answer) -> &'static str {
    match decision {
        Answer::Approve => "approve",
        Answer::Deny => "deny",
    }
}

/// What somebody did who answered so.
pub const fn past(decision: Answer) -> &'static str {
    match decision {
        Answer::Approve => "approved",
        Answer::Deny => "denied",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(parts: &[&str]) -> Said {
        let has = |part: &str| parts.contains(&part);
        Said {
            id: has("id").then(|| RequestId::new(now(), &[1; 10])),
            key: has("key").then(|| PathBuf::from("key")),
            reason: has("reason").then(|| "because".to_owned()),
            yes: has("yes"),
        }
    }

    #[test]
    fn without_a_terminal_all_of_it_must_be_said() {
        let all = ["id", "key", "reason", "yes"];
        assert!(complete(&said(&all), Answer::Approve, false).is_ok());
        for missing in all {
            let rest: Vec<&str> = all.into_iter().filter(|part| *part != missing).collect();
            let fault = complete(&said(&rest), Answer::Approve, false).unwrap_err();
            assert_eq!(fault.code, exit::USAGE, "{missing}");
            assert!(complete(&said(&rest), Answer::Approve, true).is_ok(), "a terminal can be asked for {missing}");
        }
    }

    #[test]
    fn a_denial_needs_a_reason() {
        assert_eq!(complete(&said(&["id", "key", "yes"]), Answer::Deny, true).unwrap_err().code, exit::USAGE);
        let blank = Said { reason: Some(" ".to_owned()), ..said(&["id", "key", "yes"]) };
        assert_eq!(complete(&blank, Answer::Deny, false).unwrap_err().code, exit::USAGE);
        assert!(complete(&said(&[]), Answer::Deny, true).is_ok(), "it is asked for");
    }
}
