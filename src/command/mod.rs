//! Text and arguments in, simple commands out; what it cannot see it calls unresolved, and never safe.

pub mod shell;
