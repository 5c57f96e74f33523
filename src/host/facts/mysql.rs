//! Where the clients of MySQL and MariaDB land: options, option files with what they include, and the environment.

use std::path::{Path, PathBuf};

use super::uri::Uri;
use super::{Found, database, file, ini};
use crate::model::{ContextName, Landing};

/// Groups of an option file that clients read.
const GROUPS: [&str; 10] = [
    "client",
    "client-server",
    "client-mariadb",
    "mysql",
    "mariadb",
    "mariadb-client",
    "mysqldump",
    "mariadb-dump",
    "mysqladmin",
    "mysqlimport",
];
/// Most files that are read, and how deep they include one another.
const MAX_FILES: usize = 32;
const MAX_DEPTH: usize = 8;

pub(super) fn found(landing: &Landing) -> Found {
    let mut names = Vec::new();
    let operands = landing.all("operands");
    if let Some(uri) = landing.setting("uri").or(operands.first().map(String::as_str)).and_then(Uri::of) {
        database::uri(&mut names, &uri);
        return Ok(names);
    }
    let suffix = landing.setting("suffix").or_else(|| landing.variable("MYSQL_GROUP_SUFFIX")).unwrap_or_default();
    let mut files = Files { left: MAX_FILES, hosts: Vec::new(), databases: Vec::new(), suffix };
    let own = if landing.all("no-defaults").is_empty() { paths(landing)? } else { Vec::new() };
    for path in own {
        files.read(&path, 0)?;
    }
    let told = landing.setting("name").filter(|host| !host.is_empty());
    match told {
        Some(host) => database::host(&mut names, host),
        None => {
            let variable = landing.variable("MYSQL_HOST").map(str::to_owned);
            // Which group is the client's own depends on its name: each of their hosts may be meant.
            let hosts = if files.hosts.is_empty() { variable.into_iter().collect() } else { files.hosts };
            for host in &hosts {
                database::host(&mut names, host);
            }
            if hosts.is_empty() {
                database::host(&mut names, "");
            }
            // The login path file is made unreadable on purpose.
            let login = file::home(landing)?.join(".mylogin.cnf");
            if landing.setting("login").is_some() || std::fs::symlink_metadata(login).is_ok() {
                names.push(ContextName { kind: "database".to_owned(), name: None });
            }
        }
    }
    match landing.setting("database").or(operands.first().map(String::as_str)) {
        Some(name) => database::name(&mut names, name),
        None => files.databases.iter().for_each(|name| database::name(&mut names, name)),
    }
    Ok(names)
}

/// The option files, in the order they are read.
fn paths(landing: &Landing) -> Result<Vec<PathBuf>, String> {
    if let Some(only) = landing.setting("defaults") {
        return Ok(vec![file::expanded(landing, only)?]);
    }
    let mut paths: Vec<PathBuf> = vec!["/etc/my.cnf".into(), "/etc/mysql/my.cnf".into()];
    paths.extend(landing.variable("MYSQL_HOME").map(|folder| Path::new(folder).join("my.cnf")));
    if let Some(extra) = landing.setting("extra") {
        paths.push(file::expanded(landing, extra)?);
    }
    paths.push(file::home(landing)?.join(".my.cnf"));
    Ok(paths)
}

struct Files<'a> {
    left: usize,
    hosts: Vec<String>,
    databases: Vec<String>,
    suffix: &'a str,
}

impl Files<'_> {
    fn read(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH || self.left == 0 {
            return Err("more option files than gate reads".to_owned());
        }
        self.left -= 1;
        let Some(text) = file::config(path)? else { return Ok(()) };
        for line in text.lines().map(str::trim) {
            if let Some(included) = line.strip_prefix("!includedir ") {
                let entries = std::fs::read_dir(included.trim()).into_iter().flatten().flatten().take(MAX_FILES + 1);
                let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
                paths.retain(|path| path.extension().is_some_and(|end| end == "cnf"));
                paths.sort();
                for path in paths {
                    self.read(&path, depth + 1)?;
                }
            } else if let Some(included) = line.strip_prefix("!include ") {
                self.read(Path::new(included.trim()), depth + 1)?;
            }
        }
        for section in ini::sections(&text) {
            let name = section.name.strip_suffix(self.suffix).unwrap_or(&section.name);
            if !GROUPS.contains(&name) && !GROUPS.contains(&section.name.as_str()) {
                continue;
            }
            let plain = |value: &str| value.trim_matches(['"', '\'']).to_owned();
            self.hosts.extend(section.value("host").map(plain));
            self.databases.extend(section.value("database").map(plain));
        }
        Ok(())
    }
}
