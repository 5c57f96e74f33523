//! Where PostgreSQL's clients land: as libpq puts together options, connection strings, a service and the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::uri::Uri;
use super::{Found, database, file, ini};
use crate::model::{ContextName, Landing};

/// Connection parameters; the first value that is set stays.
#[derive(Debug, Default)]
struct Parameters(BTreeMap<&'static str, String>);

const NAMES: [&str; 4] = ["host", "hostaddr", "dbname", "service"];

impl Parameters {
    fn set(&mut self, name: &str, value: &str) {
        if let Some(name) = NAMES.iter().find(|own| **own == name).filter(|_| !value.is_empty()) {
            self.0.entry(name).or_insert_with(|| value.to_owned());
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A database's name, which may be a whole connection string.
    fn connection(&mut self, text: &str) -> Result<(), String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let Some(uri) = Uri::of(text) else { return Ok(()) };
            for name in NAMES {
                self.set(name, uri.query(name).unwrap_or_default());
            }
            self.set("host", &uri.hosts().collect::<Vec<_>>().join(","));
            self.set("dbname", uri.path);
        } else if text.contains('=') {
            for (name, value) in pairs(text).ok_or("a connection string that cannot be read")? {
                self.set(&name, &value);
            }
        } else {
            self.set("dbname", text);
        }
        Ok(())
    }
}

pub(super) fn found(landing: &Landing) -> Found {
    let mut parameters = Parameters::default();
    // What a connection string says counts before the option.
    let first = landing.all("operands").first().map(String::as_str);
    for text in landing.setting("database").or(first).into_iter() {
        parameters.connection(text)?;
    }
    parameters.set("host", landing.setting("name").unwrap_or_default());
    let service = parameters.value("service").or_else(|| landing.variable("PGSERVICE")).map(str::to_owned);
    if let Some(service) = &service {
        for (name, value) in settings(landing, service)? {
            parameters.set(&name, &value);
        }
    }
    for (name, variable) in [("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"), ("dbname", "PGDATABASE")] {
        parameters.set(name, landing.variable(variable).unwrap_or_default());
    }
    let mut names = Vec::new();
    let hosts = [parameters.value("host"), parameters.value("hostaddr")];
    for host in hosts.into_iter().flatten().flat_map(|hosts| hosts.split(',')) {
        database::host(&mut names, host);
    }
    if names.is_empty() {
        database::host(&mut names, "");
    }
    database::name(&mut names, parameters.value("dbname").unwrap_or_default());
    names.extend(service.map(|service| ContextName::of("database", format!("service/{service}"))));
    Ok(names)
}

/// What the first service file that knows a service says about it.
fn settings(landing: &Landing, service: &str) -> Result<Vec<(String, String)>, String> {
    let own = match landing.variable("PGSERVICEFILE") {
        Some(path) => file::from_directory(landing, path)?,
        None => file::home(landing)?.join(".pg_service.conf"),
    };
    let folders = match landing.variable("PGSYSCONFDIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => vec!["/etc/postgresql-common".into(), "/etc/sysconfig/pgsql".into(), "/etc".into()],
    };
    let shared = folders.into_iter().map(|folder| folder.join("pg_service.conf"));
    for path in std::iter::once(own).chain(shared) {
        let Some(text) = file::config(&path)? else { continue };
        if let Some(section) = ini::sections(&text).into_iter().find(|section| section.name == service) {
            return Ok(section.settings);
        }
    }
    Ok(Vec::new())
}

/// `name = value` pairs of a connection string, where quotes and backslashes may stand.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let mut value = String::new();
        let mut characters = after.char_indices().skip(usize::from(quoted));
        let mut end = None;
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => value.push(characters.next()?.1),
                '\'' if quoted => {
                    end = Some(at + 1);
                    break;
                }
                blank if blank.is_whitespace() && !quoted => {
                    end = Some(at);
                    break;
                }
                other => value.push(other),
            }
        }
        if quoted && end.is_none() {
            return None;
        }
        pairs.push((name.trim().to_owned(), value));
        rest = end.and_then(|end| after.get(end..)).unwrap_or_default().trim_start();
    }
    Some(pairs)
}
