//! What people who are new to gate meet first.

mod tour;
