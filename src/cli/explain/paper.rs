//! What an explanation is written on: how wide it is, and whether it takes colour.

use std::io::IsTerminal as _;

use crate::model::Effect;

/// Wider lines than this are hard to read.
const WIDEST: usize = 120;
/// Narrower terminals are left to fold the lines themselves.
const NARROWEST: usize = 40;
/// Where there is no terminal.
const PLAIN: usize = 100;

/// A terminal, or a file.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// How many columns it has.
    pub width: usize,
    /// Whether it takes colour.
    pub colour: bool,
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy)]
pub enum Ink {
    /// A decision, and what it is about.
    Effect(Effect),
    /// What holds the rest together.
    Frame,
    /// A safer form.
    Help,
}

impl Paper {
    /// Standard output as it is: in colour only on a terminal that can show it, and where nobody says `NO_COLOR`.
    pub fn stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        let said = |name: &str| super::super::surroundings::variable(name).filter(|value| !value.is_empty());
        let dumb = said("TERM").is_none_or(|term| term == "dumb");
        let width = crate::host::terminal::width().filter(|_| terminal).unwrap_or(PLAIN);
        let colour = terminal && !dumb && said("NO_COLOR").is_none();
        Self { width: width.clamp(NARROWEST, WIDEST), colour }
    }

    /// Text in its colour.
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Effect(Effect::Deny) => "1;31",
            Ink::Effect(Effect::Ask) => "1;33",
            Ink::Effect(Effect::Allow) => "1;32",
            Ink::Frame => "34",
            Ink::Help => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
