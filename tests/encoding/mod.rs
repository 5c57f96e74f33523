//! Encodings held against the programs they come from.

mod ssh_keygen;
