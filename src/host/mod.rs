//! This machine: files, locks, clock, keys, facts, launching.
