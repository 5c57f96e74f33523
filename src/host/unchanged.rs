//! What tells that files have not changed since they were read, without reading them again. Refuses to tell where a change
//! could leave no trace: in files that were written a moment ago, and where the kernel does not number mounts for good.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, statx};

use crate::model::{Digest, Digesting};

/// The number of the mount, never given to another within one boot (statx(2), since Linux 6.8).
const MOUNT: StatxFlags = StatxFlags::from_bits_retain(0x4000);
/// Within this a file may have been written twice at what the file system calls one time: it counts in ticks, of 10 ms at
/// most.
const MOMENT: Duration = Duration::from_millis(100);

/// What the kernel says of files: which they are, how long, and when their content or anything else of them last changed.
/// The last of these no call can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    digest: Digest,
    /// When the youngest of them was changed.
    changed: SystemTime,
}

impl State {
    /// The state of these files; none where it would not tell a change.
    #[must_use]
    pub fn of<'a>(boot: &str, files: impl IntoIterator<Item = &'a Path>) -> Option<Self> {
        let mut digesting = Digesting::default();
        let mut changed = UNIX_EPOCH;
        digesting.add(boot.as_bytes());
        for file in files {
            let path = file.as_os_str().as_encoded_bytes();
            let state = statx(CWD, file, AtFlags::empty(), StatxFlags::BASIC_STATS | MOUNT).ok()?;
            let told = StatxFlags::from_bits_retain(state.stx_mask);
            if !told.contains(StatxFlags::BASIC_STATS | MOUNT) {
                return None;
            }
            digesting.add(&u64::try_from(path.len()).ok()?.to_be_bytes());
            digesting.add(path);
            numbers(&state).into_iter().for_each(|number| digesting.add(&number.to_be_bytes()));
            let time = Duration::new(u64::try_from(state.stx_ctime.tv_sec).ok()?, state.stx_ctime.tv_nsec);
            changed = changed.max(UNIX_EPOCH.checked_add(time)?);
        }
        Some(Self { digest: digesting.digest(), changed })
    }

    /// What tells this state from others.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether a change from now on would make another state.
    #[must_use]
    pub fn is_settled(&self, now: SystemTime) -> bool {
        now.duration_since(self.changed).is_ok_and(|age| age > MOMENT)
    }
}

fn numbers(state: &Statx) -> [u64; 10] {
    let time = |seconds: i64, nanoseconds: u32| [seconds.cast_unsigned(), u64::from(nanoseconds)];
    let [modified, fraction] = time(state.stx_mtime.tv_sec, state.stx_mtime.tv_nsec);
    let [changed, part] = time(state.stx_ctime.tv_sec, state.stx_ctime.tv_nsec);
    let owner = u64::from(state.stx_uid) << 32 | u64::from(state.stx_gid);
    let device = u64::from(state.stx_dev_major) << 32 | u64::from(state.stx_dev_minor);
    let mode = u64::from(state.stx_mode);
    [device, state.stx_mnt_id, state.stx_ino, state.stx_size, mode, owner, modified, fraction, changed, part]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{FileExt as _, PermissionsExt as _};

    use super::*;

    fn state(path: &Path) -> Digest {
        State::of("boot", [path]).unwrap().digest()
    }

    /// Waits until a change would be seen.
    fn settled(path: &Path) -> Digest {
        while !State::of("boot", [path]).unwrap().is_settled(SystemTime::now()) {
            std::thread::yield_now();
        }
        state(path)
    }

    #[test]
    fn every_change_makes_another_state_even_one_that_hides_its_time_and_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme.yaml");
        fs::write(&path, "ask ").unwrap();
        let first = settled(&path);
        assert_eq!(first, state(&path));
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(b"deny", 0).unwrap();
        file.set_modified(modified).unwrap();
        let second = settled(&path);
        assert_ne!(first, second);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        let third = settled(&path);
        assert_ne!(second, third);
        // A file of the same size and time put in its place.
        fs::write(folder.path().join("other"), "ask ").unwrap();
        fs::File::options().write(true).open(folder.path().join("other")).unwrap().set_modified(modified).unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        assert_ne!(third, state(&path));
    }

    #[test]
    fn another_boot_another_name_and_a_missing_file_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        fs::write(&one, "x").unwrap();
        fs::hard_link(&one, &two).unwrap();
        assert_ne!(state(&one), state(&two));
        assert_ne!(State::of("another boot", [one.as_path()]).unwrap().digest(), state(&one));
        fs::remove_file(&two).unwrap();
        assert_eq!(State::of("boot", [one.as_path(), &two]), None);
    }

    #[test]
    fn what_was_written_a_moment_ago_or_in_the_future_is_not_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one");
        fs::write(&path, "x").unwrap();
        let state = State::of("boot", [path.as_path()]).unwrap();
        assert!(!state.is_settled(state.changed));
        assert!(!state.is_settled(state.changed + MOMENT));
        assert!(!state.is_settled(state.changed - Duration::from_secs(9)), "a clock that was set back");
        assert!(state.is_settled(state.changed + MOMENT * 2));
    }
}
