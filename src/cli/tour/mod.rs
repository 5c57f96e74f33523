//! `gate tour`: shows what gate does, with real processes in a home that is thrown away. Every step is checked; a tour
//! that could not show what it says ends there and says so.

mod home;

use std::io::{self, Write as _};

use clap::Args;

use crate::host::launch::{Again, Started};
use crate::host::signals::{Interrupts, reraise};
use crate::model::quoted;
use crate::ports::Interrupt;

use super::exit;
use super::failure::Complaint;
use home::Home;

/// See gate at work, in a home of its own that is removed again
///
/// Makes a key, enrols it, and runs, refuses, approves and verifies real commands. Nothing outside a temporary folder is
/// touched.
#[derive(Debug, Args)]
pub struct Arguments {}

/// What gate says once a request waits.
const WAITS: &str = "gate: waiting until";

const NEXT: &str = "\
Next, as yourself:
  gate init               enrol a first person, with a key that a passphrase protects
  gate explain -- CMD     see what gate would decide about a command; it runs nothing
  man gate, gate --help   everything else
";

/// Shows everything, and removes what it made also where it fails.
pub fn run(_: &Arguments) -> Result<(), Complaint> {
    // Ctrl-C ends the command that is shown; the folder still goes.
    let interrupts = Interrupts::watch().map_err(|error| unstarted(&error))?;
    let result = told();
    if let Some(Interrupt(signal)) = interrupts.restore() {
        reraise(signal);
    }
    result
}

fn told() -> Result<(), Complaint> {
    let home = Home::new().map_err(|error| unmade(&error))?;
    let tour = Tour { again: home.again() };
    tour.enrolled(&home)?;
    tour.judged(&home)?;
    tour.approved(&home)?;
    tour.verified(&home)?;
    home.remove()
        .map_err(|error| Complaint::new(exit::CONFIGURATION, format!("the tour's folder is not removed: {error}")))?;
    say(&format!("\nThe folder of the tour is gone again.\n\n{NEXT}"))
}

struct Tour {
    again: Again,
}

impl Tour {
    fn enrolled(&self, home: &Home) -> Result<(), Complaint> {
        let root = crate::model::quoted_word(home.root().as_os_str());
        say(&format!(
            "All of this happens in a folder that is removed at the end:\n\n\
             $ cd {root}; export GATE_HOME=$PWD/gate\n"
        ))?;
        say(
            "\n1. Alice makes a key. A real one gets a passphrase; this one has none so that the tour need not ask.\n\n",
        )?;
        self.shows(&["key", "new", "--name", "alice", "--no-passphrase"], 0, "made ")?;
        say("\nShe is enrolled: her signature counts for the group `approvers`.\n\n")?;
        let enrol =
            ["init", "--principal", "alice@example.com", "--key", "gate/keys/alice.pub", "--group", "approvers"];
        self.shows(&enrol, 0, "alice@example.com may answer for approvers")?;
        Ok(())
    }

    fn judged(&self, home: &Home) -> Result<(), Complaint> {
        say("\n2. No rule speaks of this command, so it runs at once.\n\n")?;
        self.shows(&["--", "echo", "hello"], 0, "hello\n")?;
        say(
            "\n3. A rule denies this one: nothing runs, and gate exits with 77. (Should this machine's rules allow it, the\n\
             tour has put a harmless stand-in for rm in its way.)\n\n",
        )?;
        let harmless = Tour { again: home.harmless() };
        harmless.shows(&["--", "rm", "-rf", "/"], i32::from(exit::DENIED), "denied by policy")?;
        Ok(())
    }

    fn approved(&self, home: &Home) -> Result<(), Complaint> {
        say(&format!(
            "\n4. This rule, in gate/policies/tour.yaml, makes somebody else decide about reports:\n\n{}",
            home::POLICY.lines().map(|line| format!("    {line}\n")).collect::<String>()
        ))?;
        say("\nSo this command waits. Here one account plays both people; only alice's key can answer.\n\n")?;
        let asks = ["--", "rm", "-r", "reports"];
        let mut waits = self.start(&asks)?;
        let id = waiting(&mut waits, &asks)?;
        say("\nMeanwhile, in alice's terminal:\n\n")?;
        self.shows(&["requests"], 0, &id)?;
        if !home.root().join("reports").exists() {
            return Err(otherwise("the folder went before anybody approved that"));
        }
        say("\nShe signs that exactly this may run.\n\n")?;
        let approve = ["approve", &id, "--key", "gate/keys/alice", "--yes", "--reason", "old reports"];
        self.shows(&approve, 0, "approved ")?;
        say("\nAnd back in the first terminal it goes on:\n\n")?;
        finished(waits, &asks, 0, "approved by alice@example.com: old reports")?;
        if home.root().join("reports").exists() {
            return Err(otherwise("the approved command did not remove the folder"));
        }
        say("\nThe folder `reports` is removed.\n")
    }

    fn verified(&self, home: &Home) -> Result<(), Complaint> {
        say(
            "\n5. What ran was recorded before it ran, and so was the refusal. Alice's signature also vouches for the log\n\
             as it was when she was asked.\n\n",
        )?;
        let said = self.shows(&["audit", "verify"], 0, "\nconsistent: ")?;
        expect(&said, &["audit", "verify"], "by `alice@example.com`")?;
        home.forge().map_err(|error| unmade(&error))?;
        say(
            "\n6. Somebody copies the log and changes one letter: `hello` becomes `jello`. gate names the line and exits\n\
             with 65.\n\n",
        )?;
        let verify = ["audit", "verify", "copy"];
        let said = self.shows(&verify, i32::from(exit::EVIDENCE), "NOT consistent")?;
        expect(&said, &verify, ", line ")
    }

    /// Types a command, and holds what comes back against what the tour says of it.
    fn shows(&self, words: &[&str], code: i32, part: &str) -> Result<String, Complaint> {
        finished(self.start(words)?, words, code, part)
    }

    fn start(&self, words: &[&str]) -> Result<Started, Complaint> {
        say(&format!("$ {}\n", typed(words)))?;
        self.again.start(words).map_err(|error| unstarted(&error))
    }
}

/// Shows what the command says until it waits; the request's id.
fn waiting(command: &mut Started, words: &[&str]) -> Result<String, Complaint> {
    let mut id = None;
    while let Some(line) = command.line().map_err(|error| unstarted(&error))? {
        say(&line)?;
        let named = line.split_once("gate approve ").map(|(_, id)| id.trim().to_owned());
        id = id.or(named);
        if line.contains(WAITS)
            && let Some(id) = id.take()
        {
            return Ok(id);
        }
    }
    Err(otherwise(&format!("`{}` did not wait", typed(words))))
}

/// Shows the rest of what a command says. Nobody would answer one that waits here.
fn finished(mut command: Started, words: &[&str], code: i32, part: &str) -> Result<String, Complaint> {
    let mut text = String::new();
    while let Some(line) = command.line().map_err(|error| unstarted(&error))? {
        say(&line)?;
        if line.contains(WAITS) {
            return Err(otherwise(&format!("`{}` waits for an answer", typed(words))));
        }
        text.push_str(&line);
    }
    let ended = command.ended().map_err(|error| unstarted(&error))?;
    if ended != code {
        return Err(otherwise(&format!("`{}` ended with {ended}, not {code}", typed(words))));
    }
    expect(&text, words, part)?;
    Ok(text)
}

fn expect(said: &str, words: &[&str], part: &str) -> Result<(), Complaint> {
    if said.contains(part) {
        return Ok(());
    }
    Err(otherwise(&format!("`{}` did not say `{}`", typed(words), part.trim())))
}

fn typed(words: &[&str]) -> String {
    format!("gate {}", quoted(words))
}

fn say(text: &str) -> Result<(), Complaint> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| Complaint::output(&error))
}

fn otherwise(what: &str) -> Complaint {
    Complaint::new(exit::EVIDENCE, format!("the tour went otherwise: {what}"))
        .hint("rules or people in /etc/gate hold for the tour too")
}

fn unmade(error: &io::Error) -> Complaint {
    Complaint::new(exit::CONFIGURATION, format!("the tour's folder cannot be made: {error}"))
        .hint("TMPDIR names where it is made")
}

fn unstarted(error: &io::Error) -> Complaint {
    Complaint::new(exit::CONFIGURATION, format!("gate cannot be started: {error}"))
}
