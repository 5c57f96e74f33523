//! Compiled policies in the user's cache. Takes none that somebody else could have written, and minds nothing that goes
//! wrong: what cannot be taken is read from its sources again.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::Write as _;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use crate::model::Digest;
use crate::policy::Reading;

/// More than this many policies are not kept: each change of a rule leaves one behind.
const MOST: usize = 16;

/// The place of one compiled policy.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    name: String,
}

impl Kept {
    /// The place of the policy with this digest.
    #[must_use]
    pub fn of(cache: &Path, policy: &Digest) -> Self {
        Self { folder: cache.join("policies"), name: format!("{}.compiled", policy.hex()) }
    }

    /// The place of the digest of the policy whose files were once in a state.
    #[must_use]
    pub fn seen(cache: &Path, state: &Digest) -> Self {
        Self { folder: cache.join("policies"), name: format!("{}.seen", state.hex()) }
    }

    /// What is kept there, part by part; none where anybody but this user and root could have written it.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        let folder = fs::symlink_metadata(&self.folder).ok()?;
        if !folder.is_dir() || !is_own(&folder) {
            return None;
        }
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits()).ok()?;
        let file = File::options().read(true).custom_flags(flags).open(self.folder.join(&self.name)).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.nlink() != 1 || !is_own(&metadata) {
            return None;
        }
        let size = usize::try_from(metadata.len()).ok()?;
        Some(Arc::new(move |range: Range<usize>| {
            let length = range.end.checked_sub(range.start).filter(|_| range.end <= size)?;
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, u64::try_from(range.start).ok()?).ok()?;
            Some(bytes)
        }))
    }

    /// Keeps it there, if that can be done.
    pub fn write(&self, bytes: &[u8]) {
        // A cache that cannot be written costs the next run the same work.
        let _ = self.written(bytes);
    }

    fn written(&self, bytes: &[u8]) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let staged = self.folder.join(format!(".{}.{}", self.name, std::process::id()));
        // What a process of this number left behind is nobody's any more.
        let _ = fs::remove_file(&staged);
        let put = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
            file.write_all(bytes)?;
            fs::rename(&staged, self.folder.join(&self.name))
        };
        let put = put();
        if put.is_err() {
            let _ = fs::remove_file(&staged);
        }
        self.tidy()?;
        put
    }

    /// Removes the oldest of too many of a kind.
    fn tidy(&self) -> std::io::Result<()> {
        let mut files = Vec::new();
        let kind = Path::new(&self.name).extension();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let other = entry.file_name();
            if other != self.name.as_str() && Path::new(&other).extension() == kind {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort();
        let spare = files.len().saturating_sub(MOST - 1);
        files.into_iter().take(spare).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

/// Whether nobody but this user and root can write it.
fn is_own(metadata: &Metadata) -> bool {
    let owned = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
    owned && metadata.mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    impl Kept {
        fn read(&self) -> Option<Vec<u8>> {
            let reading = self.reading()?;
            (0..=9).rev().find_map(|length| reading(0..length))
        }
    }

    fn kept() -> (tempfile::TempDir, Kept, PathBuf) {
        let cache = tempfile::tempdir().unwrap();
        let kept = Kept::of(cache.path(), &Digest::of(b"x"));
        let file = kept.folder.join(&kept.name);
        kept.write(b"rules");
        assert_eq!(kept.read().as_deref(), Some(b"rules".as_slice()));
        (cache, kept, file)
    }

    #[test]
    fn what_somebody_else_could_have_written_is_not_taken() {
        let (_cache, kept, file) = kept();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for (path, own, others) in [(file.as_path(), 0o600, [0o620, 0o602]), (&kept.folder, 0o700, [0o770, 0o1777])] {
            for other in others {
                mode(path, other);
                assert_eq!(kept.read(), None, "{} {other:o}", path.display());
            }
            mode(path, own);
            assert!(kept.read().is_some());
        }
    }

    #[test]
    fn another_owner_is_not_believed() {
        let (_cache, kept, file) = kept();
        for path in [file.as_path(), &kept.folder] {
            chown(path, Some(65_534), None).unwrap();
            assert_eq!(kept.read(), None, "{}", path.display());
            chown(path, Some(0), None).unwrap();
            assert!(kept.read().is_some());
        }
    }

    #[test]
    fn only_a_plain_file_with_one_name_is_taken() {
        let (cache, kept, file) = kept();
        fs::hard_link(&file, cache.path().join("other")).unwrap();
        assert_eq!(kept.read(), None, "a second name");
        fs::remove_file(&file).unwrap();
        assert_eq!(kept.read(), None, "nothing");
        symlink(cache.path().join("other"), &file).unwrap();
        assert_eq!(kept.read(), None, "a link");
        fs::remove_file(&file).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        assert_eq!(kept.read(), None, "a pipe that nobody writes to");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!(kept.read(), None, "a directory");
        kept.write(b"rules");
        assert_eq!(kept.read(), None, "and nothing fails where it cannot be written");
    }

    #[test]
    fn what_is_kept_does_not_grow_without_end() {
        let (cache, newest, _) = kept();
        for index in 0..40_u32 {
            Kept::of(cache.path(), &Digest::of(&index.to_be_bytes())).write(b"old");
        }
        newest.write(b"new");
        assert_eq!(fs::read_dir(cache.path().join("policies")).unwrap().count(), MOST);
        assert_eq!(newest.read().as_deref(), Some(b"new".as_slice()));
    }
}
