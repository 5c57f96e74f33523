//! The tables, step by step. A step that has been released is never changed: the next one is added. Each statement is one
//! that SQLite and PostgreSQL both read.

/// The statements of each version, from 1 on.
pub const STEPS: &[&[&str]] = &[&[
    "CREATE TABLE tokens (
        id TEXT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, digest BYTEA NOT NULL UNIQUE,
        created BIGINT NOT NULL, expires BIGINT, revoked BIGINT)",
    "CREATE TABLE hosts (
        name TEXT PRIMARY KEY, record_key TEXT NOT NULL, log TEXT NOT NULL, first BIGINT NOT NULL)",
    "CREATE TABLE requests (
        id TEXT PRIMARY KEY, host TEXT NOT NULL, digest TEXT NOT NULL, created BIGINT NOT NULL, expires BIGINT NOT NULL,
        arrived BIGINT NOT NULL, state TEXT NOT NULL, closed BIGINT, sealed BYTEA NOT NULL)",
    "CREATE INDEX requests_by_state ON requests (state, created, id)",
    "CREATE INDEX requests_by_host ON requests (host, created, id)",
    "CREATE TABLE answers (
        request TEXT NOT NULL REFERENCES requests (id), number BIGINT NOT NULL, digest TEXT NOT NULL, approver TEXT NOT NULL,
        decision TEXT NOT NULL, arrived BIGINT NOT NULL, by_token TEXT NOT NULL, sealed BYTEA NOT NULL,
        PRIMARY KEY (request, number), UNIQUE (request, digest))",
    "CREATE TABLE heads (
        host TEXT NOT NULL, log TEXT NOT NULL, size BIGINT NOT NULL, root TEXT NOT NULL, seen BIGINT NOT NULL,
        PRIMARY KEY (log, size))",
    "CREATE TABLE journal (
        number BIGINT PRIMARY KEY, time BIGINT NOT NULL, entry TEXT NOT NULL, digest TEXT NOT NULL)",
], &[
    "CREATE TABLE invitations (
        digest TEXT PRIMARY KEY, principal TEXT NOT NULL, created BIGINT NOT NULL, expires BIGINT NOT NULL, used BIGINT)",
    "CREATE TABLE passkeys (
        fingerprint TEXT PRIMARY KEY, credential TEXT NOT NULL UNIQUE, principal TEXT NOT NULL, key TEXT NOT NULL,
        created BIGINT NOT NULL, revoked BIGINT)",
    "CREATE INDEX passkeys_by_principal ON passkeys (principal, created)",
    // `entrance` is the id of a token or the fingerprint of a passkey; `once` is what was shown to come in, if that may be
    // shown one time only.
    "CREATE TABLE sessions (
        digest TEXT PRIMARY KEY, principal TEXT NOT NULL, role TEXT NOT NULL, entrance TEXT NOT NULL, once TEXT UNIQUE,
        created BIGINT NOT NULL, expires BIGINT NOT NULL, ended BIGINT)",
], &[
    // What hosts ship of their logs. `sealed` holds what the verifier knows after `size` records.
    "CREATE TABLE logs (
        log TEXT PRIMARY KEY, host TEXT NOT NULL, size BIGINT NOT NULL, last TEXT NOT NULL, root TEXT NOT NULL,
        arrived BIGINT NOT NULL, sealed BYTEA NOT NULL)",
    "CREATE INDEX logs_by_host ON logs (host)",
    // `rules` has a space before and behind each; `digest` is the leaf hash of the line, `root` that of the tree it ends.
    "CREATE TABLE records (
        log TEXT NOT NULL, number BIGINT NOT NULL, host TEXT NOT NULL, segment BIGINT NOT NULL, time BIGINT NOT NULL,
        kind TEXT NOT NULL, rules TEXT NOT NULL, outcome TEXT, request TEXT, digest TEXT NOT NULL, root TEXT NOT NULL,
        arrived BIGINT NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (log, number))",
    "CREATE INDEX records_by_time ON records (time, log, number)",
    "CREATE INDEX records_by_host ON records (host, time, log, number)",
    "CREATE INDEX records_by_request ON records (log, request)",
    "CREATE TABLE blobs (log TEXT NOT NULL, digest TEXT NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (log, digest))",
    "CREATE TABLE conflicts (
        log TEXT NOT NULL, number BIGINT NOT NULL, digest TEXT NOT NULL, host TEXT NOT NULL, why TEXT NOT NULL,
        seen BIGINT NOT NULL, sealed BYTEA NOT NULL, PRIMARY KEY (log, number, digest))",
], &[
    "CREATE INDEX requests_by_time ON requests (created, id)",
    // What statistics read, so that they read nothing that is encrypted.
    "CREATE INDEX requests_by_arrival ON requests (arrived, state)",
    "CREATE INDEX answers_first ON answers (arrived, request) WHERE number = 1",
    "CREATE INDEX records_by_rules ON records (time, rules)",
]];

/// The newest version.
pub fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}
