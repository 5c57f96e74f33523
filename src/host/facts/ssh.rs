//! Which hosts ssh and its like reach: the name that is given, what the configuration makes of it, and the hosts between.

use std::path::{Path, PathBuf};

use super::{Found, file, uri};
use crate::model::{ContextName, Landing};

/// Most files that are read, and how deep they include one another.
const MAX_FILES: usize = 64;
const MAX_DEPTH: usize = 16;

/// Which words name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// The first operand.
    Destination,
    /// Every operand with a host before its path.
    Paths,
}

pub(super) fn found(landing: &Landing, words: Words) -> Found {
    let operands = landing.all("operands").iter().map(String::as_str);
    let hosts: Vec<&str> = match words {
        Words::Destination => operands.take(1).map(destination).collect(),
        Words::Paths => operands.filter_map(of_path).collect(),
    };
    let mut names = Vec::new();
    for host in hosts {
        names.push(ContextName::of("host", host));
        names.extend(behind(landing, host)?);
    }
    for jump in landing.all("jump").iter().flat_map(|jumps| jumps.split(',')) {
        names.push(ContextName::of("host", format!("jump/{}", destination(jump))));
    }
    Ok(names)
}

/// The host in `user@host`, `ssh://user@host:22`.
fn destination(word: &str) -> &str {
    if word.contains("://") {
        return uri::host(word).unwrap_or(word);
    }
    uri::without_port(word.rsplit_once('@').map_or(word, |(_, host)| host))
}

/// The host in `user@host:path`; `None` for a local path.
fn of_path(word: &str) -> Option<&str> {
    if word.contains("://") {
        return uri::host(word);
    }
    let (host, _) = word.split_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'))?;
    Some(destination(host))
}

/// What the configuration makes of a host's name.
pub(super) fn behind(landing: &Landing, host: &str) -> Found {
    let mut reading = Reading { host, left: MAX_FILES, hostname: None, jump: None, maybe: Vec::new() };
    for option in landing.all("option") {
        let (name, value) = option.split_once(['=', ' ']).unwrap_or((option, ""));
        reading.set(&name.to_ascii_lowercase(), value.trim().trim_start_matches('=').trim(), true);
    }
    match landing.setting("file") {
        Some("none") => {}
        Some(path) => reading.read(&file::expanded(landing, path)?, Path::new("/etc/ssh"), 0)?,
        None => {
            let own = home()?.join(".ssh");
            reading.read(&own.join("config"), &own, 0)?;
            reading.read(Path::new("/etc/ssh/ssh_config"), Path::new("/etc/ssh"), 0)?;
        }
    }
    let known = reading.hostname.iter().chain(&reading.maybe);
    let mut names: Vec<ContextName> =
        known.map(|name| ContextName::of("host", name.replace("%h", host).replace("%%", "%"))).collect();
    let jumps = reading.jump.as_deref().filter(|jump| *jump != "none").unwrap_or_default();
    names.extend(
        jumps
            .split(',')
            .map(destination)
            .filter(|jump| !jump.is_empty())
            .map(|jump| ContextName::of("host", format!("jump/{jump}"))),
    );
    Ok(names)
}

/// ssh asks the password file for the home, whatever HOME says.
fn home() -> Result<PathBuf, String> {
    let account = crate::host::config::accounts::account(crate::host::uid());
    account.map(|account| account.home).ok_or_else(|| "a home directory that is not known".to_owned())
}

struct Reading<'a> {
    host: &'a str,
    left: usize,
    /// The first value counts.
    hostname: Option<String>,
    jump: Option<String>,
    /// Names that count only under conditions that are not looked into.
    maybe: Vec<String>,
}

/// Whether the lines of a block count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Counts,
    Maybe,
    Silent,
}

impl Reading<'_> {
    fn set(&mut self, name: &str, value: &str, certain: bool) {
        match name {
            "hostname" if certain => {
                self.hostname.get_or_insert_with(|| value.to_owned());
            }
            "hostname" if self.hostname.is_none() => self.maybe.push(value.to_owned()),
            "proxyjump" => {
                self.jump.get_or_insert_with(|| value.to_owned());
            }
            _ => {}
        }
    }

    fn read(&mut self, path: &Path, folder: &Path, depth: usize) -> Result<(), String> {
        self.read_in(path, folder, depth, Block::Counts)
    }

    fn read_in(&mut self, path: &Path, folder: &Path, depth: usize, outer: Block) -> Result<(), String> {
        if depth > MAX_DEPTH || self.left == 0 {
            return Err("more ssh configuration files than gate reads".to_owned());
        }
        self.left -= 1;
        let Some(text) = file::config(path)? else { return Ok(()) };
        let mut block = outer;
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
            let value = value.trim_start_matches([' ', '\t', '=']).trim().trim_matches('"');
            match (name.to_ascii_lowercase().as_str(), block) {
                ("host", _) => block = within(outer, listed(value, &[' ', '\t'], self.host)),
                ("match", _) => block = self.matching(outer, value),
                (_, Block::Silent) => {}
                ("include", _) => {
                    for path in included(value, folder)? {
                        self.read_in(&path, folder, depth + 1, block)?;
                    }
                }
                (name, block) => self.set(name, value, block == Block::Counts),
            }
        }
        Ok(())
    }

    /// `Match host PATTERN`, `originalhost`, `all`; other conditions may hold.
    fn matching(&self, outer: Block, conditions: &str) -> Block {
        let mut words = conditions.split_whitespace();
        let mut block = outer;
        while let Some(word) = words.next() {
            let (negated, word) = word.strip_prefix('!').map_or((false, word), |word| (true, word));
            let (word, joined) = word.split_once('=').map_or((word, None), |(word, value)| (word, Some(value)));
            let holds = match word.to_ascii_lowercase().as_str() {
                "all" => Some(true),
                "host" if self.hostname.is_none() => {
                    Some(listed(joined.or_else(|| words.next()).unwrap_or_default(), &[','], self.host))
                }
                "originalhost" => Some(listed(joined.or_else(|| words.next()).unwrap_or_default(), &[','], self.host)),
                "final" | "canonical" => None,
                _ => {
                    if joined.is_none() {
                        words.next();
                    }
                    None
                }
            };
            block = match holds {
                Some(holds) => within(block, holds != negated),
                None if block == Block::Counts => Block::Maybe,
                None => block,
            };
        }
        block
    }
}

const fn within(outer: Block, holds: bool) -> Block {
    if holds { outer } else { Block::Silent }
}

/// Whether a name is in a list of patterns, none of which excludes it.
fn listed(patterns: &str, blanks: &[char], host: &str) -> bool {
    let mut found = false;
    for pattern in patterns.split(blanks).map(|pattern| pattern.trim().trim_matches('"')).filter(|one| !one.is_empty())
    {
        match pattern.strip_prefix('!') {
            Some(pattern) if is_like(pattern, host) => return false,
            Some(_) => {}
            None => found |= is_like(pattern, host),
        }
    }
    found
}

/// `*` and `?`, in whatever case.
pub(super) fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of, mut star, mut mark) = (0, 0, None, 0);
    while let Some(own) = name.get(at) {
        match pattern.get(of) {
            Some('*') => {
                star = Some(of);
                mark = at;
                of += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == own => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some(before) => {
                    of = before + 1;
                    mark += 1;
                    at = mark;
                }
                None => return false,
            },
        }
    }
    pattern.get(of..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

/// The files that an `Include` names; a pattern in the last part of a path is looked up.
fn included(value: &str, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for word in value.split_whitespace().map(|word| word.trim_matches('"')) {
        let home = folder.parent().filter(|_| folder.ends_with(".ssh"));
        let path = match (word.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) => return Err("an include of a home that is not known".to_owned()),
            (None, _) => folder.join(word),
        };
        let (parent, last) = (path.parent().map(Path::to_owned), path.file_name().and_then(|last| last.to_str()));
        let (Some(parent), Some(last)) = (parent, last) else { continue };
        if parent.to_string_lossy().contains(['*', '?', '[']) || last.contains('[') {
            return Err("an include by a pattern that gate does not look up".to_owned());
        }
        if !last.contains(['*', '?']) {
            paths.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(&parent).into_iter().flatten().flatten().take(4 * MAX_FILES);
        let mut found: Vec<PathBuf> = entries
            .filter(|entry| {
                let name = entry.file_name();
                name.to_str()
                    .is_some_and(|name| is_like(last, name) && (!name.starts_with('.') || last.starts_with('.')))
            })
            .map(|entry| entry.path())
            .collect();
        found.sort();
        paths.extend(found);
    }
    Ok(paths)
}
