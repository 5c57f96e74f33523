//! Tables as resources: `postgres://HOST/DATABASE/TABLE`, and `postgres://HOST/TABLE` for a table in whatever database.
//! Refuses to take a host or a database that is not known for another one than a pattern names.

use super::load::pattern::{self, Step};
use super::seen::{Whereabouts, absolute, is_path_pattern};
use crate::model::{Command, Database, Role, Table};

/// What the resources of databases begin with; a table that may be in any of them is looked up in each.
const SCHEMES: [&str; 7] = ["postgres", "mysql", "sqlite", "duckdb", "mongodb", "clickhouse", "mssql"];

/// A table, in each form that it is looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    forms: Vec<Vec<Step>>,
    /// Whether upper and lower case count.
    exact: bool,
}

impl Looked {
    pub(super) fn forms(&self) -> &[Vec<Step>] {
        &self.forms
    }

    /// Whether a pattern of resources may mean it.
    pub(super) fn may_match(&self, text: &str) -> bool {
        if is_path_pattern(text) {
            return false;
        }
        let text = super::resource::scheme(text);
        let text = if self.exact { text.into_owned() } else { text.to_lowercase() };
        pattern::steps(&text).is_ok_and(|pattern| self.forms.iter().any(|form| pattern::overlap(&pattern, form)))
    }
}

/// Whether a pattern may mean tables at all.
pub(super) fn may_mean(pattern: &str) -> bool {
    let text = super::resource::scheme(pattern);
    let any = |scheme: &&str| {
        let table = [bytes(scheme), bytes("://"), vec![Step::All]].concat();
        pattern::steps(&text).is_ok_and(|pattern| pattern::overlap(&pattern, &table))
    };
    !is_path_pattern(pattern) && SCHEMES.iter().any(any)
}

/// The tables that a command names, as they are looked up.
pub(super) fn looked(command: &Command, at: Whereabouts<'_>) -> Vec<Looked> {
    let one = |table: &Table| {
        let schemes: Vec<&str> = table.scheme.map_or_else(|| SCHEMES.to_vec(), |scheme| vec![scheme]);
        let forms = schemes.into_iter().flat_map(|scheme| forms(command, table, scheme, at));
        Looked { forms: forms.collect(), exact: table.exact }
    };
    command.tables.iter().map(one).collect()
}

fn forms(command: &Command, table: &Table, scheme: &str, at: Whereabouts<'_>) -> Vec<Vec<Step>> {
    let databases = match (&table.database, scheme) {
        (Database::Any, _) => vec![(vec![Step::Part], vec![Step::All])],
        (Database::Connected | Database::Named(_), "sqlite" | "duckdb") => vec![file(command, at)],
        (database, _) => served(command, database),
    };
    let mut forms = Vec::new();
    for (place, database) in databases {
        let start = [bytes(scheme), bytes("://")].concat();
        for name in names(table) {
            // A table in whatever database.
            forms.push([&start[..], &place, &bytes("/"), &name].concat());
            forms.push([&start[..], &database, &bytes("/"), &name].concat());
        }
        // All that is in a database is in it.
        if !database.iter().any(|step| matches!(step, Step::All | Step::Part)) {
            forms.push([start, database].concat());
        }
    }
    forms
}

/// The names of a table: alone, and behind its schema.
fn names(table: &Table) -> Vec<Vec<Step>> {
    match (&table.name, &table.schema) {
        (None, _) => vec![vec![Step::Part]],
        (Some(name), Some(schema)) => vec![bytes(name), bytes(format!("{schema}.{name}"))],
        // Which schema that is depends on settings.
        (Some(name), None) => vec![bytes(name), [vec![Step::Part], bytes(format!(".{name}"))].concat()],
    }
}

/// The hosts that a client may be connected to, as far as they are known, and each with its database.
fn served(command: &Command, database: &Database) -> Vec<(Vec<Step>, Vec<Step>)> {
    let contexts = || command.contexts.iter().filter(|context| context.kind == "database");
    let open = contexts().any(|context| context.name.is_none());
    let names = || contexts().filter_map(|context| context.name.as_deref());
    // Where it runs elsewhere, the host it runs on is not this one.
    let far = |host: &&str| command.remote.is_some() && matches!(*host, "localhost" | "127.0.0.1" | "::1");
    let hosts: Vec<&str> = names().filter(|name| !name.contains('/')).collect();
    let hosts: Vec<Vec<Step>> = if open || hosts.is_empty() || hosts.iter().any(far) {
        vec![vec![Step::Part]]
    } else {
        let port = Step::Run(false, vec![(b':', b':'), (b'0', b'9')]);
        hosts.iter().map(|host| [bytes(host.to_lowercase()), vec![port.clone()]].concat()).collect()
    };
    let databases: Vec<&str> = match database {
        Database::Named(name) => vec![name.as_str()],
        Database::Connected if !open => names().filter_map(|name| name.strip_prefix("name/")).collect(),
        Database::Connected | Database::Any => Vec::new(),
    };
    let databases: Vec<Vec<Step>> =
        if databases.is_empty() { vec![vec![Step::Part]] } else { databases.into_iter().map(bytes).collect() };
    let place = |host: &[Step], database: &[Step]| (host.to_vec(), [host, &bytes("/"), database].concat());
    hosts.iter().flat_map(|host| databases.iter().map(move |database| place(host, database))).collect()
}

/// The name of a database's file, and its path.
fn file(command: &Command, at: Whereabouts<'_>) -> (Vec<Step>, Vec<Step>) {
    let target = command.touches.iter().find(|touch| touch.role == Role::Target).map(|touch| &touch.word);
    let Some(word) = target.filter(|_| command.remote.is_none()) else {
        return (vec![Step::Part], vec![Step::All]);
    };
    let path = absolute(word, at);
    let name = word.text().and_then(|text| text.rsplit('/').next()).map_or_else(|| vec![Step::Part], bytes);
    (name, path)
}

fn bytes(text: impl AsRef<str>) -> Vec<Step> {
    text.as_ref().bytes().map(Step::Byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patterns_that_may_mean_tables_have_databases_looked_at() {
        for pattern in ["postgres://*/customers", "postgresql://**", "mysql://db/shop/*", "**", "*://db/**"] {
            assert!(may_mean(pattern), "{pattern}");
        }
        for pattern in ["s3://acme/**", "/srv/exports/**", "**/customers", "db*.acme.com", "~/x", "https://**"] {
            assert!(!may_mean(pattern), "{pattern}");
        }
    }
}
