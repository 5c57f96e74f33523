//! Hostile words: nothing a command says may harm the terminal it is shown on, hide what would run, or bring gate down.

mod environment;
mod shell;
mod shown;
