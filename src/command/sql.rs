//! What SQL text does, by its statements' verbs. It reads keywords, not meaning: comments and strings are taken out, and
//! what begins with no verb it knows counts as a write.

use crate::model::Word;

/// What the statements of a text do, as words that policies use.
pub(super) fn verbs(word: &Word) -> Vec<&'static str> {
    let Some(text) = word.text() else { return vec!["unknown"] };
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start).filter(|line| line.starts_with('\\')) {
        found.extend(meta(line));
    }
    let tokens = tokens(text);
    for statement in tokens.split(|token| token == ";") {
        found.extend(statement_verbs(statement));
    }
    found
}

/// A client's own commands (`psql`, `mysql`): `\!` runs a program, `\copy` moves data.
fn meta(line: &str) -> Vec<&'static str> {
    let lower = line.to_ascii_lowercase();
    if lower.starts_with("\\!") || lower.contains("program") || lower.starts_with("\\o |") || lower.starts_with("\\g |")
    {
        return vec!["program"];
    }
    match lower.strip_prefix("\\copy") {
        Some(rest) if rest.contains(" to ") => vec!["dump"],
        Some(_) => vec!["write"],
        None => Vec::new(),
    }
}

fn statement_verbs(tokens: &[String]) -> Vec<&'static str> {
    let has = |word: &str| tokens.iter().any(|token| token == word);
    let mut rest = tokens.iter().map(String::as_str);
    let Some(mut verb) = rest.next() else { return Vec::new() };
    if verb.starts_with('\\') {
        return Vec::new();
    }
    if verb == "explain" {
        if !has("analyze") && !has("analyse") {
            return vec!["read"];
        }
        verb = rest.find(|token| STATEMENTS.contains(token)).unwrap_or("select");
    }
    if verb == "with" {
        verb = tokens
            .iter()
            .map(String::as_str)
            .find(|token| ["delete", "update", "insert", "merge"].contains(token))
            .unwrap_or("select");
    }
    match verb {
        "select" | "values" | "table" if has("into") => vec!["write"],
        "select" | "show" | "describe" | "desc" | "values" | "table" | "use" | "set" | "begin" | "commit"
        | "rollback" | "start" | "help" | "pragma" | "analyze" | "fetch" | "declare" | "savepoint" | "release" => {
            vec!["read"]
        }
        "drop" => vec!["drop"],
        "truncate" => vec!["truncate"],
        "delete" if !has("where") => vec!["delete-all"],
        "update" if !has("where") => vec!["update-all"],
        "grant" | "revoke" | "reassign" => vec!["grant"],
        "create" | "alter" if has("role") || has("user") || has("privileges") => vec!["grant"],
        "alter" if has("drop") => vec!["ddl", "drop"],
        "create" | "alter" | "rename" | "comment" | "reindex" | "vacuum" | "cluster" => vec!["ddl"],
        "copy" if has("program") => vec!["program"],
        "copy" if has("to") => vec!["dump"],
        "system" => vec!["program"],
        _ => vec!["write"],
    }
}

const STATEMENTS: [&str; 6] = ["select", "delete", "update", "insert", "merge", "with"];

/// Words in lower case and `;`; comments gone, strings and quoted names replaced by `?`.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    let mut word = String::new();
    while let Some(character) = characters.next() {
        if character.is_alphanumeric() || character == '_' || (character == '\\' && word.is_empty()) {
            word.extend(character.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        match (character, characters.peek()) {
            ('-', Some('-')) | ('#', _) => {
                characters.by_ref().find(|&next| next == '\n');
            }
            ('/', Some('*')) => {
                let mut last = ' ';
                // A `/*! … */` comment is code to MySQL, so its text stays.
                characters.next();
                if characters.peek() == Some(&'!') {
                    characters.next();
                    while characters.peek().is_some_and(char::is_ascii_digit) {
                        characters.next();
                    }
                    continue;
                }
                for next in characters.by_ref() {
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            (quote @ ('\'' | '"' | '`'), _) => {
                characters.by_ref().find(|&next| next == quote);
                tokens.push("?".to_owned());
            }
            (';', _) => tokens.push(";".to_owned()),
            _ => {}
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart_by_what_they_do() {
        for (text, expected) in [
            ("SHOW server_version", &["read"][..]),
            ("select * from t -- drop table t", &["read"]),
            ("select 'drop table x'; DROP TABLE t", &["read", "drop"]),
            ("DELETE FROM t", &["delete-all"]),
            ("delete from t where id = 1", &["write"]),
            ("/* x */ TRUNCATE t;", &["truncate"]),
            ("/*!50000 DROP */ TABLE t", &["drop"]),
            ("update t set a = 'where'", &["update-all"]),
            ("with x as (delete from t returning *) select * from x", &["delete-all"]),
            ("explain delete from t", &["read"]),
            ("explain analyze delete from t", &["delete-all"]),
            ("copy t to program 'sh'", &["program"]),
            ("copy t to stdout", &["dump"]),
            ("\\! rm -rf /", &["program"]),
            ("grant all on t to x", &["grant"]),
            ("call refresh()", &["write"]),
            ("", &[]),
        ] {
            assert_eq!(verbs(&Word::exact(text)), expected, "{text}");
        }
    }
}
