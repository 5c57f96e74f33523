//! Every error as people and scripts see it: one message, hints, and the exit code. One file, so that no error is told in
//! two ways.

use crate::actions::enrolment::Unenrolled;
use crate::actions::run::Stop;
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
            Stop::Unenrolled(Unenrolled::Failed(failure)) => Self::failure(exit::LOG, failure),
            Stop::Unenrolled(Unenrolled::Wider(_)) => Self::new(exit::CONFIGURATION, message)
                .hint("nothing ran; somebody who was enrolled before accepts it with `gate key accept`"),
            Stop::Unenrolled(Unenrolled::Nothing | Unenrolled::Refused(_)) => Self::new(exit::CONFIGURATION, message),
            Stop::Configuration(failure) | Stop::Binding(failure) => Self::failure(exit::CONFIGURATION, failure),
            Stop::Approvals(failure) => Self::failure(exit::CONFIGURATION, failure),
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
