//! What a program's file is also called: the file that links lead to, and the names of the same file among the system's
//! programs. Refuses to open anything: a name that is not found is no name.

use std::fs;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};
use std::path::Path;

/// Where the system's programs lie.
const SYSTEM: [&str; 6] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];
/// How many names are looked at in one directory.
const MOST: usize = 20_000;

/// The other names of the file at this path, the likeliest first.
pub fn names(path: &Path) -> Vec<String> {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let own = name(path);
    let Ok(real) = fs::canonicalize(path) else { return Vec::new() };
    let mut names: Vec<String> = name(&real).into_iter().collect();
    if let Ok(file) = fs::metadata(&real)
        && file.is_file()
        && file.nlink() > 1
    {
        for directory in SYSTEM {
            let entries = fs::read_dir(directory).into_iter().flatten().flatten().take(MOST);
            // The number of a file is that of one file system only.
            let same = |entry: &fs::DirEntry| {
                entry.ino() == file.ino() && entry.metadata().is_ok_and(|found| found.dev() == file.dev())
            };
            names.extend(entries.filter(same).filter_map(|entry| entry.file_name().into_string().ok()));
        }
    }
    names.retain(|found| Some(found) != own.as_ref());
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_both_kinds_lead_to_the_systems_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("/usr/bin/env", place("a")).unwrap();
        std::os::unix::fs::symlink(place("a"), place("b")).unwrap();
        assert_eq!(names(&place("b")), ["env"]);
        fs::write(place("c"), "").unwrap();
        assert!(names(&place("c")).is_empty() && names(&place("not there")).is_empty());
        assert!(names(Path::new("/usr/bin/env")).is_empty());
        // A second name of one file, beside the first.
        let system = tempfile::tempdir_in("/usr/local/bin").unwrap();
        let (one, other) = (system.path().join("one"), system.path().join("other"));
        fs::write(&one, "").unwrap();
        fs::hard_link(&one, &other).unwrap();
        assert!(names(&one).is_empty(), "only the system's own directories are looked at");
    }
}
