//! The local files that a name stands for, bounded in number and time; refuses to follow links out of a folder.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::model::Extent;
use crate::policy::load::pattern;

/// Most entries of folders that are looked at.
const MAX_ENTRIES: usize = 4096;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 16;
/// How long folders are looked into.
const MAX_TIME: Duration = Duration::from_millis(100);

/// Endings of files that mostly hold data rather than code, looked at first.
const DATA: [&str; 28] = [
    "csv",
    "tsv",
    "sql",
    "dump",
    "json",
    "jsonl",
    "ndjson",
    "env",
    "pem",
    "key",
    "ppk",
    "p12",
    "txt",
    "xml",
    "yaml",
    "yml",
    "log",
    "db",
    "sqlite",
    "sqlite3",
    "ini",
    "conf",
    "properties",
    "tfvars",
    "tfstate",
    "mbox",
    "vcf",
    "ldif",
];

/// What was found.
pub struct Files {
    /// Folders and files, the most telling first.
    pub all: Vec<PathBuf>,
}

/// What a path and an extent stand for: the path itself first.
pub fn meant(path: &Path, extent: &Extent) -> Files {
    let mut walk = Walk { all: Vec::new(), until: Instant::now() + MAX_TIME };
    match extent {
        Extent::Itself | Extent::Below | Extent::Beginning => {
            walk.all.push(path.to_owned());
            walk.folder(path, 0, &|_| true);
        }
        Extent::Matching(wanted) => {
            let hidden = wanted.starts_with('.');
            walk.entries(path, &|name| {
                name.to_str().is_some_and(|name| (hidden || !name.starts_with('.')) && pattern::matches(wanted, name))
            });
            for found in walk.all.clone() {
                walk.folder(&found, 1, &|_| true);
            }
        }
    }
    let mut all = walk.all;
    all.sort_by_cached_key(|path| (rank(path), path.clone()));
    Files { all }
}

fn rank(path: &Path) -> u8 {
    let name = path.file_name().map(|name| name.as_bytes().to_ascii_lowercase()).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).unwrap_or_default();
    let telling = DATA.contains(&ending.as_str()) || name.starts_with(b".env") || name.starts_with(b"id_");
    let store = path.components().any(|part| matches!(part.as_os_str().as_bytes(), b".git" | b"node_modules"));
    match (store, telling) {
        (false, true) => 0,
        (false, false) => 1,
        (true, _) => 2,
    }
}

struct Walk {
    all: Vec<PathBuf>,
    until: Instant,
}

impl Walk {
    fn is_over(&self) -> bool {
        self.all.len() >= MAX_ENTRIES || Instant::now() >= self.until
    }

    fn entries(&mut self, folder: &Path, wanted: &dyn Fn(&std::ffi::OsStr) -> bool) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut folders = Vec::new();
        for entry in entries.flatten() {
            if self.is_over() {
                break;
            }
            if !wanted(&entry.file_name()) {
                continue;
            }
            // The type of the entry itself: a link is none of these.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            self.all.push(entry.path());
        }
        folders.sort();
        folders
    }

    fn folder(&mut self, folder: &Path, depth: usize, wanted: &dyn Fn(&std::ffi::OsStr) -> bool) {
        if depth >= MAX_DEPTH || self.is_over() {
            return;
        }
        for inner in self.entries(folder, wanted) {
            self.folder(&inner, depth + 1, wanted);
        }
    }
}
