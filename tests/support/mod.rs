//! What end-to-end tests share. A sandbox has an empty environment and a home of its own; a call is one run of a program
//! in it, with what stands on its terminal, in `/etc/gate` or on a small disk; what it did is compared as one whole.
//!
//! Nothing here sleeps for a fixed time: every wait is for an event, with a deadline that fails the test.

mod call;
mod keys;
mod programs;
mod ran;
mod running;
mod sandbox;
mod terminal;
mod wait;

pub use call::Call;
pub use keys::Key;
pub use programs::{missing, program};
pub use ran::{Ran, Status};
pub use running::Running;
pub use sandbox::Sandbox;
pub use terminal::Terminal;
pub use wait::{DEADLINE, wait_until};
