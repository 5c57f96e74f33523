//! The tables that statements name. Where a table stands is known for the statements that read and write rows; of all others
//! every name counts. Refuses to take a name that is put in at run time, or text put together, for no table.

use super::lexer::{Token, tokens};

/// A table's name as it is written: its parts, and whether each was quoted.
pub(super) type Name = Vec<(String, bool)>;

/// What statements name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The tables.
    pub tables: Vec<Name>,
    /// Whether others may be meant as well.
    pub open: bool,
    /// Whether the client is told to go to another database first.
    pub moved: bool,
}

/// Words behind which a table stands.
const BEFORE: [&str; 11] =
    ["from", "join", "into", "update", "using", "table", "copy", "\\copy", "truncate", "describe", "desc"];
/// Words that may stand between them and the table.
const BETWEEN: [&str; 10] =
    ["only", "lateral", "table", "ignore", "low_priority", "overwrite", "local", "if", "exists", "("];
/// Statements whose tables stand behind such words.
const ROWS: [&str; 18] = [
    "select", "with", "insert", "replace", "update", "delete", "merge", "copy", "\\copy", "truncate", "table",
    "values", "explain", "describe", "desc", "from", "profile", "unload",
];
/// Statements that name no table.
const NONE: [&str; 19] = [
    "set",
    "reset",
    "commit",
    "rollback",
    "start",
    "end",
    "help",
    "savepoint",
    "release",
    "deallocate",
    "listen",
    "notify",
    "unlisten",
    "checkpoint",
    "abort",
    "status",
    "ping",
    "kill",
    "pragma",
];
/// Statements whose text is code that is put together or kept.
const CODE: [&str; 6] = ["do", "execute", "prepare", "exec", "call", "perform"];
/// What a string begins with that is code itself.
const INNER: [&str; 10] =
    ["select", "with", "insert", "update", "delete", "merge", "copy", "truncate", "begin", "declare"];
/// psql's commands that read statements from elsewhere.
const READS: [&str; 9] =
    ["\\i", "\\ir", "\\include", "\\include_relative", "\\gexec", "\\e", "\\edit", "\\ef", "\\source"];
/// Deepest nesting of code in strings that is read.
const MAX_DEPTH: usize = 4;

/// The tables that a text names.
pub(super) fn named(text: &str) -> Named {
    let mut named = Named::default();
    let mut statements = String::new();
    for line in text.lines() {
        let start = line.trim_start();
        let dot = start.strip_prefix('.').filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()));
        if let Some(rest) = dot {
            client(rest, &mut named);
            statements.push_str(";\n");
        } else {
            let own = start.starts_with('\\') || start.to_ascii_lowercase().starts_with("source ");
            statements.push_str(if own { ";\n" } else { "" });
            statements.push_str(line);
            statements.push_str(if own { ";\n" } else { "\n" });
        }
    }
    read(&statements, &mut named, 0);
    named.tables.sort();
    named.tables.dedup();
    named
}

fn read(text: &str, named: &mut Named, depth: usize) {
    let tokens = tokens(text);
    for statement in tokens.split(|token| matches!(token, Token::Mark(';'))) {
        one(statement, named, depth);
    }
}

fn one(statement: &[Token], named: &mut Named, depth: usize) {
    named.open |= statement.iter().any(|token| token.word().is_some_and(|word| READS.contains(&word)));
    let first = statement.iter().find(|token| !matches!(token, Token::Mark('('))).and_then(Token::word);
    match first {
        None if statement.is_empty() => return,
        Some("use" | "\\c" | "\\connect" | "attach" | "\\u" | "\\use") => named.moved = true,
        Some("source") => named.open = true,
        // The beginning of a block, whose first statement this is as well.
        Some("begin" | "declare") => behind(statement, named),
        Some(verb) if NONE.contains(&verb) => {}
        Some(verb) if ROWS.contains(&verb) => behind(statement, named),
        // A verb that is put in at run time may be any.
        Some(verb) if verb.contains('\u{fffd}') => named.open = true,
        Some(verb) => {
            named.open |= CODE.contains(&verb);
            everything(statement, named);
        }
        None => everything(statement, named),
    }
    // A string may be code as well: what functions are given, the body of a block.
    for token in statement {
        if let Token::Text(text) = token
            && let Some(inner) = tokens(text).first().and_then(Token::word)
            && INNER.contains(&inner)
            && text.contains(char::is_whitespace)
        {
            if depth < MAX_DEPTH { read(text, named, depth + 1) } else { named.open = true }
        }
    }
}

/// The tables behind the words that a table stands behind.
fn behind(statement: &[Token], named: &mut Named) {
    for (at, token) in statement.iter().enumerate() {
        let Some(word) = token.word().filter(|word| BEFORE.contains(word)) else { continue };
        let mut rest = statement.get(at + 1..).unwrap_or_default();
        if word == "using" && rest.first() == Some(&Token::Mark('(')) {
            continue;
        }
        loop {
            rest = table(rest, named);
            rest = alias(rest);
            match rest.split_first() {
                Some((Token::Mark(','), after)) => rest = after,
                _ => break,
            }
        }
    }
}

/// One table; what stands behind it.
fn table<'t>(mut rest: &'t [Token], named: &mut Named) -> &'t [Token] {
    while let Some((first, after)) = rest.split_first() {
        let passed = match first {
            Token::Word(word) => BETWEEN.contains(&word.as_str()),
            Token::Mark(mark) => *mark == '(',
            Token::Text(_) | Token::Name(_) | Token::Number(_) => false,
        };
        if !passed {
            break;
        }
        rest = after;
    }
    let before = rest;
    let mut name: Name = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        match first {
            Token::Word(word) => name.push((word.clone(), false)),
            Token::Name(text) | Token::Text(text) => name.push((text.clone(), true)),
            // A variable of the client, or what else stands for a name.
            Token::Mark(':' | '@' | '$' | '&' | '?' | '{' | '%' | '\u{fffd}') | Token::Number(_) => {
                named.open = true;
                return after;
            }
            Token::Mark(_) => return before,
        }
        rest = after;
        match rest.split_first() {
            Some((Token::Mark('.'), after)) => rest = after,
            _ => break,
        }
    }
    // `FROM (SELECT …)` and `FROM f(…)` name no table themselves; `INTO t (a, b)` does.
    let inner = |(word, quoted): &(String, bool)| !quoted && ["select", "values", "with"].contains(&word.as_str());
    if !name.is_empty() && !name.first().is_some_and(inner) {
        keep(name, named);
    }
    rest
}

/// What stands behind a table's other name.
fn alias(rest: &[Token]) -> &[Token] {
    let after = match rest.split_first() {
        Some((token, after)) if token.is("as") => after.get(1..).unwrap_or_default(),
        Some((Token::Word(_) | Token::Name(_), after)) => after,
        Some(_) | None => rest,
    };
    // Only what is followed by a comma goes on.
    if after.first() == Some(&Token::Mark(',')) { after } else { rest }
}

/// Every name of a statement.
fn everything(statement: &[Token], named: &mut Named) {
    let mut name: Name = Vec::new();
    let mut dotted = true;
    for token in statement {
        let part = match token {
            Token::Word(word) => (word.clone(), false),
            Token::Name(text) => (text.clone(), true),
            Token::Mark('.') => {
                dotted = true;
                continue;
            }
            Token::Mark(_) | Token::Text(_) | Token::Number(_) => continue,
        };
        if !dotted {
            keep(std::mem::take(&mut name), named);
        }
        name.push(part);
        dotted = false;
    }
    keep(name, named);
}

fn keep(name: Name, named: &mut Named) {
    if name.iter().any(|(part, _)| part.contains('\u{fffd}')) {
        named.open = true;
    } else if !name.is_empty() {
        named.tables.push(name);
    }
}

/// sqlite's and duckdb's own commands; any beginning of one counts.
fn client(rest: &str, named: &mut Named) {
    let lower = rest.to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let command = words.next().unwrap_or_default();
    let is = |whole: &str| whole.starts_with(command);
    let words: Vec<&str> = words.filter(|word| !word.starts_with('-')).collect();
    if is("open") || is("restore") {
        named.moved = true;
    }
    if ["read", "backup", "clone", "save", "recover", "archive", "session"].iter().any(|whole| is(whole)) {
        named.open = true;
    }
    if is("dump") {
        named.open |= words.is_empty();
    }
    if is("dump") || is("import") {
        for word in words {
            let word = word.trim_matches(['\'', '"', ';']);
            if word.contains(['%', '\u{fffd}']) {
                named.open = true;
            } else {
                named.tables.push(vec![(word.to_owned(), false)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let named = named(text);
        let part = |(text, quoted): &(String, bool)| if *quoted { format!("\"{text}\"") } else { text.clone() };
        let name = |name: &Name| name.iter().map(part).collect::<Vec<_>>().join(".");
        let mut all: Vec<String> = named.tables.iter().map(name).collect();
        all.extend(named.open.then(|| "?".to_owned()));
        all.extend(named.moved.then(|| "→".to_owned()));
        all.join(" ")
    }

    #[test]
    fn tables_stand_where_statements_name_them() {
        for (text, expected) in [
            ("select * from customers", "customers"),
            ("SELECT c.email FROM Customers AS c WHERE orders = 1", "customers"),
            ("select customers from orders", "orders"),
            ("select * from a, b x, (select * from c) y join d on true left join e using (id)", "a b c d e"),
            ("select * from hr.customers, \"Sales\".\"Odd.Name\"", "\"Sales\".\"Odd.Name\" hr.customers"),
            ("select * from `shop`.`customers`", "\"shop\".\"customers\""),
            ("select * from [dbo].[customers]", "\"dbo\".\"customers\""),
            ("table customers", "customers"),
            ("copy customers to stdout", "customers"),
            ("copy customers (a, b) to '/tmp/x'", "customers"),
            ("copy (select * from customers) to stdout", "customers"),
            ("\\copy customers to 'x.csv' csv", "customers"),
            ("\\copy (select * from customers) to 'x.csv'", "customers"),
            ("insert into a select * from b", "a b"),
            ("update only t set x = 1 from u", "t u"),
            ("delete from a using b where a.id = b.id", "a b"),
            ("merge into a using b on a.id = b.id when matched then delete", "a b"),
            ("truncate a, b", "a b"),
            ("with x as (select * from customers) select * from x", "customers x"),
            ("explain analyze select * from t", "t"),
            ("select * from t -- from customers", "t"),
            ("select 'from customers'", ""),
            ("select query_to_xml('select * from customers', true, true, '')", "customers"),
            ("select * from dblink('host=x', 'select * from customers') as t(a int)", "customers dblink"),
            ("do $$ begin perform * from customers; end $$", "customers do ?"),
            ("alter table customers add x int", "add alter customers int table x"),
            ("grant select on customers to eve", "customers eve grant on select to"),
            ("select 1", ""),
            ("set search_path to hr", ""),
            ("use shop; select * from customers", "customers →"),
            ("\\c other\nselect * from t", "t →"),
            ("select * from :t", "?"),
            ("select * from :\"t\" x, u", "?"),
            ("\\i x.sql", "\\i x.sql ?"),
            ("select format('x') from y \\gexec", "y ?"),
            (".dump customers", "customers"),
            (".dump", "?"),
            (".dump c%", "?"),
            (".read x.sql", "?"),
            (".headers on\nselect * from customers;", "customers"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown("select * from \u{fffd}"), "?");
        assert_eq!(shown("select * from hr.\u{fffd}"), "?");
        assert_eq!(shown("\u{fffd}"), "?");
        assert_eq!(shown("select * from t where id = \u{fffd}"), "t");
    }
}
