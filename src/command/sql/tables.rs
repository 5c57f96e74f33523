//! The tables that the clients of databases are told to read or write: by the statements they are given, by options and by
//! operands. Refuses to take a client whose statements come from elsewhere for one that touches no table.

use super::lexer::{Token, tokens};
use super::{names, text};
use crate::model::{Command, Database, Role, Table, Word};

/// How the tables of a client are found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// By statements.
    Statements,
    /// By `--table`, or all of one database.
    Tables,
    /// By the operands: a database and its tables.
    Operands,
    /// By `--collection`.
    Collection,
    /// By code.
    Code,
    /// All of all databases.
    All,
}

/// The clients whose tables are looked for, and what the resources of theirs begin with.
const CLIENTS: [(&[&str], Option<&str>, Told); 15] = [
    (&["psql", "pgcli", "ysqlsh"], Some("postgres"), Told::Statements),
    (&["pg_dump", "pg_restore"], Some("postgres"), Told::Tables),
    (&["pg_dumpall", "pg_basebackup"], Some("postgres"), Told::All),
    (&["mysql", "mariadb", "mycli"], Some("mysql"), Told::Statements),
    (&["mysqldump", "mariadb-dump"], Some("mysql"), Told::Operands),
    (&["mysqlpump", "mydumper", "xtrabackup", "mariabackup", "mysqlimport"], Some("mysql"), Told::All),
    (&["sqlite3", "litecli"], Some("sqlite"), Told::Statements),
    (&["duckdb"], Some("duckdb"), Told::Statements),
    (&["mongoexport", "mongoimport", "mongodump", "mongorestore"], Some("mongodb"), Told::Collection),
    (&["mongosh", "mongo"], Some("mongodb"), Told::Code),
    (&["clickhouse-client", "clickhouse", "clickhouse-local"], Some("clickhouse"), Told::Statements),
    (&["sqlcmd", "mssql-cli"], Some("mssql"), Told::Statements),
    (&["bcp"], Some("mssql"), Told::All),
    (&["cockroach"], Some("postgres"), Told::Statements),
    (
        &[
            "cqlsh",
            "snowsql",
            "usql",
            "trino",
            "presto",
            "hive",
            "beeline",
            "impala-shell",
            "spark-sql",
            "isql",
            "vsql",
        ],
        None,
        Told::Statements,
    ),
];

/// The tables that a command touches, given the words that are its statements.
pub(in crate::command) fn touched(command: &Command, program: &str, statements: &[Word]) -> Vec<Table> {
    let client = CLIENTS.iter().find(|(programs, ..)| programs.contains(&program));
    let Some(&(_, scheme, told)) = client.filter(|_| !command.help) else { return Vec::new() };
    let given = |name: &'static str| command.flags.iter().filter(move |flag| flag.name == name);
    if matches!(scheme, Some("sqlite" | "duckdb")) && !command.touches.iter().any(|touch| touch.role == Role::Target) {
        // Without a file it is in memory.
        return Vec::new();
    }
    let mut tables = match told {
        Told::Statements if given("--list").next().is_some() => Vec::new(),
        Told::Statements => {
            let mut tables: Vec<Table> = statements.iter().flat_map(|word| stated(word, scheme)).collect();
            let reads = command.touches.iter().any(|touch| touch.role == Role::Input);
            if reads || statements.is_empty() {
                tables.push(Table::any(scheme, Database::Connected));
            }
            tables
        }
        Told::Tables if given("--schema-only").next().is_some() => Vec::new(),
        Told::Tables => {
            let named: Vec<Table> = given("--table").map(|flag| pattern(flag.value.as_ref(), scheme)).collect();
            if named.is_empty() { vec![Table::any(scheme, Database::Connected)] } else { named }
        }
        Told::Operands if given("--no-data").next().is_some() => Vec::new(),
        Told::Operands => operands(command, scheme),
        Told::Collection => {
            let database = match given("--db").next_back().map(|flag| flag.value.as_ref().and_then(Word::text)) {
                None => Database::Connected,
                Some(Some(name)) => Database::Named(name.to_owned()),
                Some(None) => Database::Any,
            };
            let collection = given("--collection").next_back().and_then(|flag| flag.value.as_ref());
            let name = collection.and_then(Word::text).map(str::to_owned);
            vec![Table { scheme, database, schema: None, name, exact: true }]
        }
        Told::Code => {
            let code: Vec<&Word> = given("--eval").filter_map(|flag| flag.value.as_ref()).collect();
            let mut tables: Vec<Table> = code.iter().flat_map(|word| collections(word, scheme)).collect();
            if code.is_empty() || command.touches.iter().any(|touch| touch.role == Role::Input) {
                tables.push(Table::any(scheme, Database::Connected));
            }
            tables
        }
        Told::All => vec![Table::any(scheme, Database::Any)],
    };
    tables.sort();
    tables.dedup();
    tables
}

/// The tables that statements name, of one engine or of any.
pub(in crate::command) fn stated(word: &Word, scheme: Option<&'static str>) -> Vec<Table> {
    let Some(text) = text(word) else { return vec![Table::any(scheme, Database::Any)] };
    let named = names::named(&text);
    let connected = if named.moved || scheme.is_none() { Database::Any } else { Database::Connected };
    let mut tables: Vec<Table> = named.tables.iter().filter_map(|name| table(name, scheme, &connected)).collect();
    if named.open {
        tables.push(Table::any(scheme, connected));
    }
    tables
}

fn table(name: &names::Name, scheme: Option<&'static str>, connected: &Database) -> Option<Table> {
    let (last, before) = name.split_last()?;
    // PostgreSQL takes a quoted name as it is written; whether others do depends on where they run.
    let exact = last.1 && scheme == Some("postgres");
    let spelled = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    let outer: Vec<String> = before.iter().map(|(text, _)| spelled(text)).collect();
    let (database, schema) = match (scheme, outer.as_slice()) {
        (_, []) => (connected.clone(), None),
        (Some("mysql" | "clickhouse" | "mongodb"), [.., database]) => (Database::Named(database.clone()), None),
        (Some("sqlite" | "duckdb"), [.., schema]) if schema == "main" => (connected.clone(), None),
        (Some("sqlite" | "duckdb"), _) => (Database::Any, None),
        (_, [schema]) => (connected.clone(), Some(schema.clone())),
        (_, [.., database, schema]) => (Database::Named(database.clone()), Some(schema.clone())),
    };
    Some(Table { scheme, database, schema, name: Some(spelled(&last.0)), exact })
}

/// `-t TABLE` of `pg_dump`, which may be a pattern.
fn pattern(value: Option<&Word>, scheme: Option<&'static str>) -> Table {
    let any = Table::any(scheme, Database::Connected);
    let Some(text) = value.and_then(Word::text).filter(|text| !text.contains(['*', '?', '[', '|', '+'])) else {
        return any;
    };
    let parts = tokens(text).into_iter().filter(|token| *token != Token::Mark('.'));
    let name: Option<names::Name> = parts
        .map(|token| match token {
            Token::Word(word) => Some((word, false)),
            Token::Name(text) => Some((text, true)),
            Token::Text(_) | Token::Number(_) | Token::Mark(_) => None,
        })
        .collect();
    name.and_then(|name| table(&name, scheme, &Database::Connected)).unwrap_or(any)
}

/// `mysqldump DATABASE [TABLE]...`, `mysqldump --databases NAME...`, `mysqldump --all-databases`.
fn operands(command: &Command, scheme: Option<&'static str>) -> Vec<Table> {
    let given = |names: &[&str]| command.flags.iter().any(|flag| names.contains(&flag.name.as_str()));
    let words: Vec<Option<&str>> =
        command.operands.iter().map(|&index| command.words.get(index).and_then(Word::text)).collect();
    let named = |word: &Option<&str>| word.map_or(Database::Any, |name| Database::Named(name.to_lowercase()));
    if given(&["--all-databases", "-A"]) || words.is_empty() {
        return vec![Table::any(scheme, Database::Any)];
    }
    if given(&["--databases", "-B"]) {
        let mut all: Vec<Table> = words.iter().map(|word| Table::any(scheme, named(word))).collect();
        // The value of `-B` is the first of them.
        let first = command.flags.iter().filter(|flag| flag.name == "-B").filter_map(|flag| flag.value.as_ref());
        all.extend(first.map(|word| Table::any(scheme, named(&word.text()))));
        return all;
    }
    let Some((first, tables)) = words.split_first() else { return Vec::new() };
    let database = named(first);
    if tables.is_empty() {
        return vec![Table::any(scheme, database)];
    }
    let one = |word: &Option<&str>| Table { name: word.map(str::to_lowercase), ..Table::any(scheme, database.clone()) };
    tables.iter().map(one).collect()
}

/// The collections that code of the MongoDB shell names: `db.NAME.find()`, `db.getCollection('NAME')`.
fn collections(word: &Word, scheme: Option<&'static str>) -> Vec<Table> {
    let Some(code) = word.text() else { return vec![Table::any(scheme, Database::Any)] };
    let tokens = tokens(code);
    let raw = |name: &str| {
        // Case counts, and the tokens are in lower case.
        let at = code.to_ascii_lowercase().find(&format!("db.{name}"))?;
        code.get(at + 3..at + 3 + name.len()).map(str::to_owned)
    };
    let moved = tokens.iter().any(|token| {
        token
            .word()
            .is_some_and(|word| matches!(word, "getsiblingdb" | "getmongo" | "mongo" | "connect" | "load" | "use"))
    });
    let database = if moved { Database::Any } else { Database::Connected };
    let collection = |name: String| Table { name: Some(name), exact: true, ..Table::any(scheme, database.clone()) };
    let any = || Table::any(scheme, database.clone());
    let mut tables = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is("db")) {
        match tokens.get(at + 1..).unwrap_or_default() {
            [Token::Mark('.'), method, Token::Mark('('), Token::Text(name) | Token::Name(name), ..]
                if method.is("getcollection") =>
            {
                tables.push(collection(name.clone()));
            }
            [Token::Mark('['), Token::Text(name) | Token::Name(name), ..] => tables.push(collection(name.clone())),
            // A method of the database itself.
            [Token::Mark('.'), Token::Word(method), Token::Mark('('), ..]
                if !matches!(
                    method.as_str(),
                    "getcollection" | "getsiblingdb" | "aggregate" | "runcommand" | "eval"
                ) => {}
            [Token::Mark('.'), Token::Word(name), Token::Mark('.'), ..] => {
                tables.push(raw(name).map_or_else(any, collection));
            }
            _ => tables.push(any()),
        }
    }
    if moved && tables.is_empty() {
        tables.push(any());
    }
    tables
}
