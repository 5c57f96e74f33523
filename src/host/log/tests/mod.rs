//! The log's rules of writing and repair, each with the fault that shows why it is there.

mod begin;
mod claims;
mod disk;
mod faults;
mod heads;
mod processes;
mod rotation;
mod support;
mod torn;
