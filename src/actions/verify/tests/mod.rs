//! Logs as an attacker with the record key could write them: every line in order and signed, the papers not.

mod forged;
mod honest;
mod ledger;
mod proofs;
