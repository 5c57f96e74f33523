//! Every error as people and scripts see it: one message, hints, and the exit code. One file, so that no error is told in
//! two ways.

use crate::actions::answer::AnswerError;
use crate::actions::enrolment::Unenrolled;
use crate::actions::run::Stop;
use crate::approval::Refusal;
use crate::host::config::InitError;
use crate::host::keys::KeyError;
use crate::host::queue::QueueError;
use crate::ports::{Failure, Unfound};

use super::exit;

/// What goes to stderr, and the exit code.
#[derive(Debug)]
pub struct Complaint {
    /// One line, or for a fault in a file its lines.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The exit code.
    pub code: u8,
}

impl Complaint {
    /// A complaint without a hint.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Standard output or a file of ours cannot be written.
    pub fn output(error: &std::io::Error) -> Self {
        Self::new(exit::LOG, format!("cannot write: {error}"))
    }

    /// The terminal went away while somebody was asked.
    pub fn terminal(error: &std::io::Error) -> Self {
        Self::new(exit::USAGE, format!("the terminal cannot be used: {error}"))
    }

    /// An adapter's failure.
    pub fn failure(code: u8, failure: Failure) -> Self {
        Self { message: failure.message, hint: failure.hint, code }
    }

    /// As it is printed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("gate: {}\n", self.message.trim_end());
        if let Some(hint) = &self.hint {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
}

impl From<Stop> for Complaint {
    fn from(stop: Stop) -> Self {
        let message = stop.to_string();
        match stop {
            Stop::DeniedByPolicy(_) => Self::new(exit::DENIED, message)
                .hint("this is final; `gate explain -- …` shows the rule and what to do instead"),
            Stop::DeniedByPerson { .. } => {
                Self::new(exit::DENIED, message).hint("this is final; do not retry it unchanged")
            }
            Stop::Withdrawn(_) => Self::new(exit::DENIED, message),
            Stop::Expired { .. } => Self::new(exit::AGAIN, message).hint("nothing ran; run it again to ask again"),
            Stop::Waiting(id) => Self::new(exit::AGAIN, message)
                .hint(format!("once it is approved: gate --resume {id} -- …the same command")),
            Stop::Changed(_) => {
                Self::new(exit::AGAIN, message).hint("nothing ran; run it again to ask about what it is now")
            }
            Stop::Resume(_) => {
                Self::new(exit::USAGE, message).hint("nothing ran; run it without --resume to ask again")
            }
            Stop::Interrupted { .. } => Self::new(exit::AGAIN, message),
            Stop::Unmeetable(_) => Self::new(exit::CONFIGURATION, message).hint(
                "nothing ran; `gate init --principal NAME --key FILE.pub --group GROUP` enrols somebody who can answer",
            ),
            Stop::Unenrolled(unenrolled) => Self::from(unenrolled),
            Stop::Configuration(failure) | Stop::Binding(failure) => Self::failure(exit::CONFIGURATION, failure),
            Stop::Approvals(failure) => Self::failure(exit::CONFIGURATION, failure),
            Stop::Unreachable(failure) => Self::failure(exit::UNREACHABLE, failure),
            Stop::Log(failure) => Self::failure(exit::LOG, failure),
            Stop::Unfound(Unfound::NotFound(_)) => Self::new(exit::NOT_FOUND, message),
            Stop::Unfound(Unfound::NotExecutable(_)) => Self::new(exit::NOT_EXECUTABLE, message),
            Stop::Unfound(Unfound::Changed(_)) => {
                Self::new(exit::AGAIN, message).hint("nothing ran; run it again to ask about what it is now")
            }
            Stop::Unfound(Unfound::Interrupted(_)) => Self::new(exit::AGAIN, message),
        }
    }
}

impl From<Unenrolled> for Complaint {
    fn from(error: Unenrolled) -> Self {
        let message = error.to_string();
        match error {
            Unenrolled::Failed(failure) => Self::failure(exit::LOG, failure),
            Unenrolled::Wider(_) => Self::new(exit::CONFIGURATION, message)
                .hint("nothing ran; somebody who was enrolled before accepts it with `gate key accept`"),
            Unenrolled::Unvouched { .. } => Self::new(exit::CONFIGURATION, message).hint(
                "leave `hardware: vouched` out at first; add it later, and somebody else signs it with `gate key accept`",
            ),
            Unenrolled::Nothing => Self::new(exit::USAGE, message),
            Unenrolled::Refused(_) => Self::new(exit::DENIED, message),
        }
    }
}

impl From<AnswerError> for Complaint {
    fn from(error: AnswerError) -> Self {
        let message = error.to_string();
        match error {
            AnswerError::Refused(refusal) => Self::refused(&refusal, message),
            AnswerError::Left => Self::new(exit::AGAIN, message),
            AnswerError::Failed(failure) => Self::failure(exit::CONFIGURATION, failure),
            AnswerError::Request(_) | AnswerError::OtherRequest(_) | AnswerError::Unwritten(_) => {
                Self::new(exit::CONFIGURATION, message)
            }
        }
    }
}

impl Complaint {
    /// The host that runs would not count the answer.
    fn refused(refusal: &Refusal, message: String) -> Self {
        match refusal {
            Refusal::RequestExpired(_) | Refusal::Expired(_) => {
                Self::new(exit::AGAIN, message).hint("whoever asks has to ask again")
            }
            Refusal::UnknownKey(_) => Self::new(exit::DENIED, message)
                .hint("`gate key list` shows the keys of this user, `gate init` enrols somebody"),
            Refusal::OwnRequest(_) | Refusal::OwnAccount { .. } => Self::new(exit::DENIED, message)
                .hint("somebody else has to answer; `gate withdraw` takes a request of your own back"),
            Refusal::AgentUnproven(_) => {
                Self::new(exit::DENIED, message).hint("`ssh-keygen -p -f FILE` protects a key with a passphrase")
            }
            Refusal::TooLarge { .. }
            | Refusal::Form(_)
            | Refusal::Type(_)
            | Refusal::ProofKind(_)
            | Refusal::Namespace { .. }
            | Refusal::Webauthn(_)
            | Refusal::Passkey(_)
            | Refusal::NoWitness
            | Refusal::OtherWitness(_)
            | Refusal::OtherStatement
            | Refusal::NotEnrolled(_)
            | Refusal::Proof(_)
            | Refusal::Signature(_)
            | Refusal::OtherKey { .. }
            | Refusal::RecordKey(_)
            | Refusal::RevokedKey(_)
            | Refusal::NotTheirKey { .. }
            | Refusal::NotAPerson(_)
            | Refusal::OtherLog { .. }
            | Refusal::OtherRequest
            | Refusal::Moment { .. }
            | Refusal::NotEntitled { .. }
            | Refusal::Grade { .. }
            | Refusal::Apart { .. }
            | Refusal::Repeated(_)
            | Refusal::SecondKey(_) => Self::new(exit::DENIED, message),
        }
    }
}

impl From<QueueError> for Complaint {
    fn from(error: QueueError) -> Self {
        let message = error.to_string();
        match error {
            QueueError::NoRequest(_) => Self::new(exit::USAGE, message).hint("`gate requests` lists what waits"),
            QueueError::NotYours(_) => Self::new(exit::DENIED, message),
            QueueError::Gone(_) => Self::new(exit::AGAIN, message),
            QueueError::Io { .. }
            | QueueError::Unfit { .. }
            | QueueError::Missing(_)
            | QueueError::Unusable { .. }
            | QueueError::TooLarge { .. }
            | QueueError::NoEntropy => Self::new(exit::CONFIGURATION, message),
        }
    }
}

impl From<KeyError> for Complaint {
    fn from(error: KeyError) -> Self {
        let message = error.to_string();
        match error {
            KeyError::Name(_) | KeyError::NoFile(_) => Self::new(exit::USAGE, message),
            KeyError::Exists(_) => Self::new(exit::USAGE, message).hint("--name gives the new key another name"),
            KeyError::Private { fault, .. } => {
                Self { message, hint: fault.hint().map(str::to_owned), code: exit::CONFIGURATION }
            }
            KeyError::File(_)
            | KeyError::Open(_)
            | KeyError::Owner { .. }
            | KeyError::Public { .. }
            | KeyError::OtherHalf(_)
            | KeyError::Write { .. }
            | KeyError::NoEntropy
            | KeyError::NoPassphrase(_) => Self::new(exit::CONFIGURATION, message),
        }
    }
}

impl From<InitError> for Complaint {
    fn from(error: InitError) -> Self {
        let message = error.to_string();
        match error {
            InitError::Host(_) => Self::new(exit::USAGE, message),
            InitError::Config(_)
            | InitError::Roster(_)
            | InitError::Other { .. }
            | InitError::Written { .. }
            | InitError::Write { .. } => Self::new(exit::CONFIGURATION, message),
        }
    }
}
