//! What commands of Redis do: the first word says it, whatever its case.

/// What lines of commands do, in the words that statements of SQL are told apart by.
pub(super) fn verbs(text: &str) -> Vec<&'static str> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<&'static str> {
    let mut words = line.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_ascii_lowercase());
    let mut verb = words.next()?;
    // `redis-cli 5 INCR x` repeats.
    if verb.chars().all(|letter| letter.is_ascii_digit()) {
        verb = words.next()?;
    }
    let mut operand = || words.next().unwrap_or_default();
    Some(match verb.as_str() {
        "flushall" | "flushdb" | "swapdb" => "truncate",
        "del" | "unlink" | "restore" | "move" | "rename" | "renamenx" => match (operand(), words.next()) {
            // One key by its name is a write like any other.
            (key, None) if !key.contains(['*', '\u{fffd}', '$', '{']) => "write",
            _ => "delete-all",
        },
        "shutdown" | "debug" | "failover" | "replicaof" | "slaveof" | "migrate" | "sync" | "psync" | "monitor"
        | "replconf" | "readwrite" => "ddl",
        "config" if !matches!(operand().as_str(), "get" | "help" | "resetstat") => "grant",
        "acl"
            if !matches!(
                operand().as_str(),
                "list" | "whoami" | "cat" | "users" | "log" | "help" | "getuser" | "dryrun" | "genpass"
            ) =>
        {
            "grant"
        }
        "cluster"
            if !matches!(
                operand().as_str(),
                "info"
                    | "nodes"
                    | "slots"
                    | "shards"
                    | "keyslot"
                    | "myid"
                    | "countkeysinslot"
                    | "help"
                    | "links"
                    | "replicas"
            ) =>
        {
            "ddl"
        }
        "client" if matches!(operand().as_str(), "kill" | "pause" | "no-evict") => "ddl",
        "script" if !matches!(operand().as_str(), "exists" | "help" | "show") => "program",
        "function" if !matches!(operand().as_str(), "list" | "stats" | "help" | "dump") => "program",
        "module" if !matches!(operand().as_str(), "list" | "help") => "program",
        "eval" | "evalsha" | "fcall" | "eval_ro" | "evalsha_ro" | "fcall_ro" => "program",
        "xtrim" | "ltrim" | "zremrangebyrank" | "zremrangebyscore" | "xgroup" => "write",
        "set" | "setex" | "hset" | "lpush" | "rpush" | "sadd" | "zadd" | "incr" | "expire" | "persist" | "append"
        | "hdel" | "srem" | "zrem" | "publish" => "write",
        unknown if unknown.starts_with('\u{fffd}') => "unknown",
        _ => "read",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_says_what_a_command_does() {
        for (text, expected) in [
            ("FLUSHALL", "truncate"),
            ("fLuShDb async", "truncate"),
            ("GET flushall", "read"),
            ("COMMAND DOCS FLUSHALL", "read"),
            ("cOnFiG get save", "read"),
            ("CONFIG SET dir /root/.ssh", "grant"),
            ("config rewrite", "grant"),
            ("KEYS *", "read"),
            ("DEL a", "write"),
            ("DEL a b", "delete-all"),
            ("unlink \u{fffd}", "delete-all"),
            ("EVAL \"return 1\" 0", "program"),
            ("script load x", "program"),
            ("script exists x", "read"),
            ("module load x.so", "program"),
            ("replicaof 203.0.113.9 6379", "ddl"),
            ("SLAVEOF NO ONE", "ddl"),
            ("shutdown nosave", "ddl"),
            ("acl setuser x", "grant"),
            ("acl whoami", "read"),
            ("cluster info", "read"),
            ("cluster reset hard", "ddl"),
            ("debug sleep 1", "ddl"),
            ("client list", "read"),
            ("client kill x", "ddl"),
            ("3 flushall", "truncate"),
            ("PING", "read"),
        ] {
            assert_eq!(verbs(text), [expected], "{text}");
        }
        assert_eq!(verbs("select 1\nFLUSHALL\n"), ["read", "truncate"]);
    }
}
