//! Commands of the clients themselves: `\copy` and `\!` of psql, `system` of mysql, `.shell` of sqlite, each by its
//! unambiguous beginning where the client takes one.

/// What a client's own command does; `None` where the line is no such command.
pub(super) fn command(line: &str) -> Option<Vec<&'static str>> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix('\\') {
        return Some(backslash(rest));
    }
    if let Some(rest) =
        line.strip_prefix('.').filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()))
    {
        return Some(dot(rest));
    }
    None
}

fn backslash(rest: &str) -> Vec<&'static str> {
    let lower = rest.to_ascii_lowercase();
    if lower.starts_with('!') {
        return vec!["program"];
    }
    let name: String = lower.chars().take_while(char::is_ascii_alphanumeric).collect();
    let argument = lower.get(name.len()..).unwrap_or_default().trim_start_matches('+').trim();
    match name.as_str() {
        "copy" if argument.contains("program") => vec!["program"],
        "copy" if argument.contains(" to ") => vec!["dump"],
        "copy" => vec!["write"],
        "gexec" => vec!["unknown"],
        "o" | "out" | "g" | "gx" | "w" | "write" if argument.starts_with('|') => vec!["program"],
        "o" | "out" | "g" | "gx" | "w" | "write" if !argument.is_empty() => vec!["dump"],
        "i" | "ir" | "include" | "include_relative" | "source" => vec!["unknown"],
        "e" | "edit" | "ef" | "ev" | "system" => vec!["program"],
        "setenv" if argument.contains("pager") || argument.contains("editor") => vec!["program"],
        "set" | "if" | "elif" if argument.contains('`') => vec!["program"],
        "lo_export" => vec!["dump"],
        "lo_import" => vec!["write"],
        "lo_unlink" => vec!["drop"],
        "password" => vec!["grant"],
        _ => Vec::new(),
    }
}

/// sqlite's and duckdb's commands.
const DOTS: [&str; 66] = [
    "archive",
    "ar",
    "auth",
    "backup",
    "bail",
    "cd",
    "changes",
    "check",
    "clone",
    "connection",
    "databases",
    "dbconfig",
    "dbinfo",
    "dump",
    "echo",
    "eqp",
    "excel",
    "exit",
    "expert",
    "explain",
    "filectrl",
    "fullschema",
    "headers",
    "help",
    "import",
    "imposter",
    "indexes",
    "intck",
    "limit",
    "lint",
    "load",
    "log",
    "mode",
    "nonce",
    "nullvalue",
    "once",
    "open",
    "output",
    "parameter",
    "print",
    "progress",
    "prompt",
    "quit",
    "read",
    "recover",
    "restore",
    "save",
    "scanstats",
    "schema",
    "separator",
    "session",
    "sha3sum",
    "shell",
    "show",
    "stats",
    "system",
    "tables",
    "timeout",
    "timer",
    "trace",
    "version",
    "vfsinfo",
    "vfslist",
    "vfsname",
    "width",
    "www",
];

fn dot(rest: &str) -> Vec<&'static str> {
    let lower = rest.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let name = words.next().unwrap_or_default();
    let argument = words.next().unwrap_or_default();
    // The shell takes the first command that begins so; which one that is differs between versions, so each counts.
    let may: Vec<&&str> = DOTS
        .iter()
        .filter(|command| if DOTS.contains(&name) { **command == name } else { command.starts_with(name) })
        .collect();
    let mut found = Vec::new();
    for command in may {
        match *command {
            "shell" | "system" | "load" | "excel" | "www" if name.len() > 1 => found.push("program"),
            "import" | "output" | "once" if lower.contains('|') => found.push("program"),
            "output" | "once" if matches!(argument, "" | "stdout" | "off") => {}
            "output" | "once" | "backup" | "clone" | "save" | "dump" | "recover" | "archive" | "ar"
                if name.len() > 1 =>
            {
                found.push("dump")
            }
            "read" if name.len() > 2 => found.push("unknown"),
            "restore" if name.len() > 2 => found.push("drop"),
            "import" if name.len() > 1 => found.push("write"),
            _ => {}
        }
    }
    found
}
