//! A repository's folder, its checked-out branch and the names of its references.

use std::path::{Path, PathBuf};

use super::file;

/// What is known of a repository.
#[derive(Debug)]
pub(super) struct Repository {
    /// The folder of this working tree.
    pub folder: PathBuf,
    /// The folder that all working trees share.
    pub common: PathBuf,
    /// The branch that is checked out; none where none is.
    pub branch: Option<String>,
}

impl Repository {
    pub(super) fn of(folder: &Path) -> Result<Self, String> {
        let common = match file::config(&folder.join("commondir"))? {
            Some(path) => folder.join(path.trim()),
            None => folder.to_owned(),
        };
        let head = file::config(&folder.join("HEAD"))?.ok_or("a repository without a head")?;
        let reference = head.trim().strip_prefix("ref:").map(str::trim);
        let branch = reference.and_then(|name| name.strip_prefix("refs/heads/"));
        if branch == Some(".invalid") {
            return Err("a repository whose references gate cannot read".to_owned());
        }
        Ok(Self { folder: folder.to_owned(), common, branch: branch.map(str::to_owned) })
    }

    /// Whether there is such a reference (`refs/tags/v1`).
    pub(super) fn has(&self, reference: &str) -> Result<bool, String> {
        if reference.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Ok(false);
        }
        if self.common.join(reference).is_file() {
            return Ok(true);
        }
        let packed = file::text(&self.common.join("packed-refs"), 4 * file::MAX_CONFIG)
            .map_err(|why| format!("a list of references {why}"))?;
        let packed = packed.unwrap_or_default();
        Ok(packed.lines().any(|line| line.split_once(' ').is_some_and(|(_, name)| name == reference)))
    }
}
