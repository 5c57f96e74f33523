//! What people who are new to gate meet first.

mod remote;
mod tour;
