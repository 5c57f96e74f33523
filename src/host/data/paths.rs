//! Where a path leads once every link is followed; what does not exist yet lies where its folder leads.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Most links and missing parts that are followed.
const MAX_STEPS: usize = 64;

/// The real path.
pub fn real(path: &Path) -> Result<PathBuf, String> {
    let mut now = path.to_owned();
    // The parts that do not exist, the last first.
    let mut missing: Vec<OsString> = Vec::new();
    for _ in 0..MAX_STEPS {
        if let Ok(found) = std::fs::canonicalize(&now) {
            return Ok(missing.iter().rev().fold(found, with));
        }
        let Some(folder) = now.parent().map(Path::to_owned) else { break };
        // A link to what does not exist leads there.
        if let Ok(target) = std::fs::read_link(&now) {
            now = folder.join(target);
            continue;
        }
        let Some(last) = now.components().next_back() else { break };
        missing.push(last.as_os_str().to_owned());
        now = folder;
    }
    Err("where the path leads cannot be found out".to_owned())
}

fn with(mut path: PathBuf, part: &OsString) -> PathBuf {
    match part.as_os_str() {
        part if part == "." => {}
        part if part == ".." => {
            path.pop();
        }
        part => path.push(part),
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_dots_are_followed_as_the_kernel_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        std::fs::create_dir_all(root.join("data/deep")).unwrap();
        std::fs::write(root.join("data/x"), "").unwrap();
        symlink(root.join("data/deep"), root.join("link")).unwrap();
        symlink("data/x", root.join("file")).unwrap();
        symlink("data/later", root.join("dangling")).unwrap();
        symlink("dangling", root.join("twice")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        for (path, expected) in [
            ("file", "data/x"),
            ("link/../x", "data/x"),
            ("link/new/file", "data/deep/new/file"),
            ("link/new/../y", "data/deep/y"),
            ("dangling", "data/later"),
            ("twice", "data/later"),
            ("./data/./x", "data/x"),
        ] {
            assert_eq!(real(&root.join(path)), Ok(root.join(expected)), "{path}");
        }
        assert!(real(&root.join("loop")).is_err());
    }
}
