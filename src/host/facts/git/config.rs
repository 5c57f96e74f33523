//! git's configuration files: sections, quoting and includes, as git-config(1) has them.

use std::path::{Path, PathBuf};

use super::super::ssh::is_like;
use super::file;

/// Most files that are read, and how deep they include one another.
const MAX_FILES: usize = 64;
const MAX_DEPTH: usize = 10;

/// All settings, in the order they were read.
#[derive(Debug)]
pub(super) struct Config<'a> {
    settings: Vec<(String, String)>,
    folder: &'a Path,
    branch: Option<&'a str>,
    home: Option<&'a str>,
    left: usize,
}

impl<'a> Config<'a> {
    pub(super) const fn new(folder: &'a Path, branch: Option<&'a str>, home: Option<&'a str>) -> Self {
        Self { settings: Vec::new(), folder, branch, home, left: MAX_FILES }
    }

    /// The last value of a setting; section and key are in lower case.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.all(name).last().copied()
    }

    /// All values of a setting.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let own = self.settings.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    /// The middle parts and values of all settings `section.*.key`.
    pub(super) fn named<'c>(&'c self, section: &'c str, key: &'c str) -> impl Iterator<Item = (&'c str, &'c str)> {
        self.settings.iter().filter_map(move |(name, value)| {
            let middle = name.strip_prefix(section)?.strip_prefix('.')?.strip_suffix(key)?.strip_suffix('.')?;
            Some((middle, value.as_str()))
        })
    }

    /// A setting by its dotted name.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let Some((section, rest)) = name.split_once('.') else { return };
        let (middle, key) = rest.rsplit_once('.').map_or((None, rest), |(middle, key)| (Some(middle), key));
        let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
        let name = middle.map_or_else(|| format!("{section}.{key}"), |middle| format!("{section}.{middle}.{key}"));
        self.settings.push((name, value.to_owned()));
    }

    /// Reads a file and what it includes.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), String> {
        self.read_at(path, 0)
    }

    fn read_at(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH || self.left == 0 {
            return Err("more configuration files of git than gate reads".to_owned());
        }
        self.left -= 1;
        let Some(text) = file::config(path)? else { return Ok(()) };
        let mut section = String::new();
        let mut lines = text.trim_start_matches('\u{feff}').lines();
        while let Some(line) = lines.next() {
            let mut line = line.trim().to_owned();
            while line.ends_with('\\') && !line.ends_with("\\\\") {
                line.pop();
                line.push_str(lines.next().unwrap_or_default());
            }
            let mut rest = line.as_str();
            if rest.is_empty() || rest.starts_with(['#', ';']) {
                continue;
            }
            if let Some(header) = rest.strip_prefix('[') {
                let Some((name, after)) = header_of(header) else {
                    return Err("a configuration file of git that cannot be read".to_owned());
                };
                section = name;
                rest = after.trim();
                if rest.is_empty() || rest.starts_with(['#', ';']) {
                    continue;
                }
            }
            let (key, value) = rest.split_once('=').map_or((rest, "true".to_owned()), |(key, text)| (key, plain(text)));
            let name = format!("{section}.{}", key.trim());
            if name.eq_ignore_ascii_case("include.path") || self.includes(&name) {
                if let Some(path) = self.included(path, &value) {
                    self.read_at(&path, depth + 1)?;
                }
                continue;
            }
            self.set(&name, &value);
        }
        Ok(())
    }

    /// Whether this is a conditional include whose condition holds, or may hold.
    fn includes(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        if !lower.starts_with("includeif.") || !lower.ends_with(".path") {
            return false;
        }
        let condition = name.get("includeif.".len()..name.len() - ".path".len()).unwrap_or_default();
        match condition.split_once(':') {
            Some(("gitdir" | "gitdir/i", pattern)) => {
                let mut pattern = match (pattern.strip_prefix("~/"), self.home) {
                    (Some(rest), Some(home)) => format!("{home}/{rest}"),
                    _ => pattern.to_owned(),
                };
                if !pattern.starts_with(['/', '*', '.']) {
                    pattern.insert_str(0, "*/");
                }
                if pattern.ends_with('/') {
                    pattern.push('*');
                }
                let given = self.folder.to_string_lossy();
                let real = std::fs::canonicalize(self.folder);
                let real = real.as_ref().map(|path| path.to_string_lossy());
                pattern.starts_with('.') || is_like(&pattern, &given) || real.is_ok_and(|real| is_like(&pattern, &real))
            }
            Some(("onbranch", pattern)) => {
                let pattern = if pattern.ends_with('/') { format!("{pattern}*") } else { pattern.to_owned() };
                self.branch.is_some_and(|branch| is_like(&pattern, branch))
            }
            // Whether another condition holds is not looked into.
            _ => true,
        }
    }

    fn included(&self, from: &Path, path: &str) -> Option<PathBuf> {
        match path.strip_prefix("~/") {
            Some(rest) => Some(Path::new(self.home?).join(rest)),
            None => Some(from.parent()?.join(path)),
        }
    }
}

/// `section "middle"]`, and what follows it.
fn header_of(header: &str) -> Option<(String, &str)> {
    let Some((name, quoted)) = header.split_once('"').filter(|(name, _)| !name.contains(']')) else {
        let (name, rest) = header.split_once(']')?;
        return Some((name.trim().to_owned(), rest));
    };
    let mut middle = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => middle.push(characters.next()?.1),
            '"' => {
                let rest = quoted.get(at + 1..)?.trim_start().strip_prefix(']')?;
                return Some((format!("{}.{middle}", name.trim()), rest));
            }
            other => middle.push(other),
        }
    }
    None
}

/// A value without its quotes, escapes and comment.
fn plain(text: &str) -> String {
    let mut value = String::new();
    let mut quoted = false;
    let mut characters = text.trim().chars();
    // Blanks at the end count only inside quotes.
    let mut kept = 0;
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some(other) => value.push(other),
                None => {}
            },
            '#' | ';' if !quoted => break,
            other => value.push(other),
        }
        if quoted || !character.is_whitespace() {
            kept = value.len();
        }
    }
    value.truncate(kept);
    value
}
