//! Salts and values of what was masked: one file a request, for this account only, deletable at any time.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::model::{RequestId, Shown};
use crate::ports::{Disclosures, Failure};

/// Largest file that is read back.
const MAX: u64 = 8 << 20;

/// A folder of disclosures.
#[derive(Debug)]
pub struct DisclosureFolder {
    path: PathBuf,
}

impl DisclosureFolder {
    /// The folder at this path; made (0700) when something is kept.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn file(&self, request: RequestId) -> PathBuf {
        self.path.join(format!("{request}.json"))
    }
}

impl Disclosures for DisclosureFolder {
    fn keep(&mut self, request: RequestId, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.file(request);
        let failed = |error: std::io::Error| failure("cannot keep", &path, &error);
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path).map_err(failed)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    fn kept(&mut self, request: RequestId) -> Result<Vec<u8>, Failure> {
        let path = self.file(request);
        let failed = |error: std::io::Error| {
            failure("cannot read", &path, &error).hint("only the account that asked can resume its request")
        };
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() || metadata.nlink() != 1 || metadata.len() > MAX {
            let message = format!("`{}` is not a file of disclosures", Shown::os(path.as_os_str()));
            return Err(Failure { message, hint: None });
        }
        let mut bytes = Vec::new();
        file.take(MAX).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}

/// Deletes what was kept for a request; what is already gone is no error.
///
/// # Errors
/// When the file is there and cannot be deleted.
pub fn forget(folder: &Path, request: RequestId) -> std::io::Result<()> {
    match fs::remove_file(folder.join(format!("{request}.json"))) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn failure(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure { message: format!("{what} `{}`: {}", Shown::os(path.as_os_str()), super::plain(error)), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn what_is_kept_is_for_this_account_alone_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disclosures");
        let mut disclosures = DisclosureFolder::new(path.clone());
        let id = RequestId::new(Timestamp::from_micros(1).unwrap(), &[1; 10]);
        disclosures.keep(id, b"[]").unwrap();
        assert_eq!(disclosures.kept(id).unwrap(), b"[]");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(disclosures.file(id)).unwrap().mode() & 0o777, 0o600);
        assert!(disclosures.keep(id, b"[]").is_err());
        forget(&path, id).unwrap();
        forget(&path, id).unwrap();
        assert!(disclosures.kept(id).is_err());
    }
}
