//! What one statement of SQL does, by its verb and what it is applied to.

use super::lexer::{Token, tokens};

/// What statements do, as words that policies use.
pub(super) fn verbs(statement: &[Token]) -> Vec<&'static str> {
    let mut found = main(statement);
    found.extend(functions(statement));
    found
}

/// Verbs that an `EXPLAIN ANALYZE` or a `WITH` may lead to.
const CHANGES: [&str; 5] = ["delete", "update", "insert", "merge", "truncate"];

fn main(statement: &[Token]) -> Vec<&'static str> {
    let has = |word: &str| statement.iter().any(|token| token.is(word));
    let Some(first) = statement.iter().find(|token| !matches!(token, Token::Mark('('))) else { return Vec::new() };
    let Some(verb) = first.word() else { return vec!["write"] };
    let second = statement.iter().filter_map(Token::word).nth(1).unwrap_or_default();
    match verb {
        "explain" | "profile" | "analyze" if has("analyze") || has("analyse") || verb == "profile" => {
            let verb = CHANGES.iter().find(|verb| has(verb));
            verb.map_or_else(|| vec!["read"], |verb| change(verb, statement))
        }
        "explain" => vec!["read"],
        "with" => {
            let mut found: Vec<&str> = Vec::new();
            for verb in CHANGES {
                for (at, _) in statement.iter().enumerate().filter(|(_, token)| token.is(verb)) {
                    found.extend(change(verb, statement.get(at..).unwrap_or_default()));
                }
            }
            if found.is_empty() { select(statement) } else { found }
        }
        "select" | "values" | "table" | "from" => select(statement),
        "show" | "describe" | "desc" | "use" | "set" | "reset" | "begin" | "commit" | "rollback" | "start" | "end"
        | "help" | "fetch" | "declare" | "savepoint" | "release" | "close" | "deallocate" | "discard" | "listen"
        | "notify" | "unlisten" | "check" | "checkpoint" | "exists" | "abort" | "print" | "go" | "status" | "list"
        | "connect" | "consistency" | "tracing" | "paging" | "expand" | "range" | "import" | "import_from" | "ping"
        | "session" | "delimiter" | "pager" | "tee" | "refresh" | "lock" => set(verb, statement),
        "pragma" | "analyze" | "vacuum" if !has("writable_schema") && !has("into") => vec!["read"],
        "drop" => vec!["drop"],
        "truncate" => vec!["truncate"],
        "delete" | "update" | "merge" => change(verb, statement),
        "grant" | "revoke" | "reassign" | "deny" => vec!["grant"],
        "create" | "alter"
            if ["role", "user", "login", "privileges", "principal", "group"].contains(&second)
                || (verb == "alter" && has("privileges")) =>
        {
            vec!["grant"]
        }
        "create"
            if ["function", "procedure", "extension", "language", "trigger", "event", "server"]
                .iter()
                .any(|word| second == *word || (second == "or" && has(word))) =>
        {
            let untrusted = ["plpython3u", "plpythonu", "plperlu", "pltclu", "plsh", "dblink", "file_fdw", "adminpack"]
                .iter()
                .any(|word| has(word));
            if untrusted
                || has("soname")
                || statement
                    .windows(2)
                    .any(|pair| matches!(pair, [language, c] if language.is("language") && c.is("c")))
            {
                vec!["program"]
            } else {
                vec!["ddl"]
            }
        }
        "create" if second == "temp" || second == "temporary" => vec!["write"],
        "alter" if second == "system" => vec!["grant"],
        "alter" if has("drop") || has("delete") => vec!["ddl", "drop"],
        "create" | "alter" | "rename" | "comment" | "reindex" | "cluster" | "vacuum" | "optimize" | "detach"
        | "undrop" | "exchange" | "security" => vec!["ddl"],
        "copy" | "unload" | "export" if has("program") => vec!["program"],
        "copy" | "unload" | "export" if has("to") || verb != "copy" => vec!["dump"],
        "backup" => vec!["dump"],
        "put" | "get" if statement.iter().any(|token| matches!(token, Token::Mark('@'))) => vec!["dump"],
        "restore" | "flashback" => vec!["drop"],
        "do" | "execute" | "prepare" | "exec" | "call"
            if verb == "do" || verb == "execute" || verb == "prepare" || verb == "exec" =>
        {
            block(statement)
        }
        "kill" | "shutdown" | "purge" | "flush" | "install" | "uninstall" | "change" | "stop"
            if second != "tables" || verb != "flush" =>
        {
            vec!["ddl"]
        }
        "system" | "bash" | "xp_cmdshell" | "source" | "load_extension" => vec!["program"],
        "load" if has("infile") => vec!["write"],
        "load" => vec!["program"],
        "attach" => vec!["write"],
        "insert" | "replace" => {
            if has("function") {
                export(statement).into_iter().chain(["write"]).collect()
            } else {
                vec!["write"]
            }
        }
        _ => vec!["write"],
    }
}

/// `SET ROLE`, `SET GLOBAL …`: what reaches beyond this session.
fn set(verb: &str, statement: &[Token]) -> Vec<&'static str> {
    let global = verb == "set"
        && statement.iter().any(|token| token.is("global") || token.is("persist") || token.is("password"));
    if global { vec!["grant"] } else { vec!["read"] }
}

fn select(statement: &[Token]) -> Vec<&'static str> {
    let after = |word: &str| statement.iter().skip_while(|token| !token.is(word)).nth(1).and_then(Token::word);
    match after("into") {
        Some("outfile" | "dumpfile") => vec!["dump"],
        Some(_) => vec!["write"],
        None if statement.iter().any(|token| token.is("into")) => vec!["write"],
        None => vec!["read"],
    }
}

fn change(verb: &str, statement: &[Token]) -> Vec<&'static str> {
    let limited = limits(statement);
    match verb {
        "truncate" => vec!["truncate"],
        "delete" if !limited => vec!["delete-all"],
        "update" if !limited => vec!["update-all"],
        _ => vec!["write"],
    }
}

/// Whether there is a `WHERE` that is not always true; one inside parentheses (a subquery) is not this statement's own.
fn limits(statement: &[Token]) -> bool {
    let mut depth = 0_i32;
    let mut own = None;
    for (at, token) in statement.iter().enumerate() {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => {
                depth -= 1;
                if depth < 0 {
                    break;
                }
            }
            token if depth == 0 && token.is("where") => own = Some(at + 1),
            _ => {}
        }
    }
    let Some(condition) = own.and_then(|from| statement.get(from..)) else { return false };
    let mut depth = 0_i32;
    let condition: Vec<&Token> = condition
        .iter()
        .take_while(|token| {
            depth += match token {
                Token::Mark('(') => 1,
                Token::Mark(')') => -1,
                _ => 0,
            };
            depth >= 0 && !["returning", "limit", "order"].iter().any(|end| token.is(end))
        })
        .filter(|token| !matches!(token, Token::Mark('(' | ')')))
        .collect();
    // Any alternative that is always true makes the whole so.
    !condition.split(|token| token.is("or")).any(always)
}

fn always(condition: &[&Token]) -> bool {
    let value = |token: &Token| match token {
        Token::Number(number) => Some(number.clone()),
        Token::Text(text) => Some(format!("'{text}")),
        Token::Word(word) if matches!(word.as_str(), "true" | "false" | "null") => Some(word.clone()),
        Token::Word(_) | Token::Name(_) | Token::Mark(_) => None,
    };
    match condition {
        [] => true,
        [one] => matches!(value(one).as_deref(), Some(value) if value != "0" && value != "false" && value != "null"),
        [left, Token::Mark('='), right] => {
            value(left).is_some() && value(left) == value(right) || (left == right && left.word().is_some())
        }
        [left, Token::Mark('<'), Token::Mark('>'), right] | [left, Token::Mark('!'), Token::Mark('='), right] => {
            value(left).is_some() && value(right).is_some() && value(left) != value(right)
        }
        [left, Token::Mark('<' | '>'), right] | [left, Token::Mark('<' | '>'), Token::Mark('='), right] => {
            value(left).is_some() && value(right).is_some()
        }
        [not, rest] if not.is("not") => matches!(value(rest).as_deref(), Some("0" | "false")),
        [one, is, not, null] if is.is("is") && not.is("not") && null.is("null") => value(one).is_some(),
        [first, and, rest @ ..] if and.is("and") => always(&[first]) && always(rest),
        other => {
            let parts: Vec<&[&Token]> = other.split(|token| token.is("and")).collect();
            parts.len() > 1 && parts.into_iter().all(always)
        }
    }
}

/// A `DO` block, or `EXECUTE` and `PREPARE` of text: what it does, or that it is put together.
fn block(statement: &[Token]) -> Vec<&'static str> {
    let mut found = Vec::new();
    let texts =
        statement.iter().filter_map(|token| if let Token::Text(text) = token { Some(text.as_str()) } else { None });
    for text in texts {
        let inner = tokens(text);
        if inner.iter().any(|token| token.is("execute") || token.is("dblink_exec") || token.is("perform")) {
            found.push("unknown");
        }
        for part in inner.split(|token| {
            *token == Token::Mark(';') || token.is("begin") || token.is("then") || token.is("loop") || token.is("else")
        }) {
            found.extend(verbs(part).into_iter().filter(|verb| *verb != "write" && *verb != "read"));
        }
    }
    let built = statement.windows(2).any(|pair| {
        matches!(pair, [Token::Mark('|'), Token::Mark('|')])
            || matches!(pair, [immediate, _] if immediate.is("immediate") || immediate.is("concat"))
    });
    if built {
        found.push("unknown");
    }
    if found.is_empty() { vec!["write"] } else { found }
}

/// Functions that reach out of the database, wherever they are called.
fn functions(statement: &[Token]) -> Vec<&'static str> {
    let called = statement.windows(2).filter_map(|pair| match pair {
        [name, Token::Mark('(')] => name.word(),
        _ => None,
    });
    let mut found = Vec::new();
    for name in called {
        match name {
            "writefile"
            | "load_extension"
            | "edit"
            | "sys_eval"
            | "sys_exec"
            | "dblink"
            | "dblink_exec"
            | "lo_import"
            | "pg_file_write"
            | "pg_execute_server_program"
            | "readfile"
            | "executable"
            | "system"
            | "eval"
            | "query_to_xml" => found.push("program"),
            "lo_export"
            | "pg_read_file"
            | "pg_read_binary_file"
            | "load_file"
            | "pg_ls_dir"
            | "pg_stat_file"
            | "pg_read_server_files" => found.push("dump"),
            "pg_terminate_backend"
            | "pg_cancel_backend"
            | "pg_reload_conf"
            | "pg_promote"
            | "pg_switch_wal"
            | "pg_drop_replication_slot"
            | "pg_create_restore_point" => found.push("ddl"),
            _ => {}
        }
    }
    if statement.iter().any(|token| token.is("xp_cmdshell") || token.is("sp_oacreate") || token.is("openrowset")) {
        found.push("program");
    }
    found
}

/// ClickHouse's table functions that stand for other places.
fn export(statement: &[Token]) -> Option<&'static str> {
    let elsewhere = [
        "url",
        "s3",
        "s3cluster",
        "file",
        "remote",
        "remotesecure",
        "hdfs",
        "gcs",
        "azureblobstorage",
        "mysql",
        "postgresql",
        "mongodb",
        "executable",
        "sftp",
        "iceberg",
        "deltalake",
    ];
    statement.iter().any(|token| token.word().is_some_and(|word| elsewhere.contains(&word))).then_some("dump")
}
