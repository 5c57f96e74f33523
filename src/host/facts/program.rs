//! What a program's file is also called: the file that links lead to, the names of the same file among the system's
//! programs, and the program that it is a copy of. Opens only what has the size of such a program: a name that is not
//! found is no name.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// Where the system's programs lie.
const SYSTEM: [&str; 6] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];
/// How many names are looked at in one directory.
const MOST: usize = 20_000;
/// The programs whose copies are looked for: what deletes, writes, sends, runs code or changes rights. To ask for a
/// handful of files costs less than to ask for the size of all.
const COPIED: &str = "rm dd shred unlink truncate mv cp ln install tee find xargs env sed awk gawk mawk perl python3 ruby node php \
    bash sh dash zsh ksh fish busybox toybox curl wget nc ncat nc.openbsd nc.traditional socat ssh scp sftp rsync tar zip \
    openssl base64 chmod chown chattr setfacl kill pkill killall mount umount mkfs wipefs fdisk parted systemctl shutdown \
    reboot iptables nft ip useradd usermod userdel passwd chpasswd visudo sudo su doas setpriv chroot nsenter unshare crontab \
    at git docker podman kubectl helm terraform tofu aws gcloud az gh psql pg_dump mysql mysqldump mongosh redis-cli \
    sqlite3 dropdb vault gpg make gdb strace vim ed";
/// The largest program that is compared byte by byte.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The other names of the file at this path, the likeliest first.
pub fn names(path: &Path) -> Vec<String> {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let own = name(path);
    let Ok(real) = fs::canonicalize(path) else { return Vec::new() };
    let mut names: Vec<String> = name(&real).into_iter().collect();
    let file = fs::metadata(&real).ok().filter(fs::Metadata::is_file);
    if let Some(file) = file.as_ref().filter(|_| !is_systems(&real)) {
        names.extend(original(&real, file));
    }
    if let Some(file) = file.filter(|file| file.nlink() > 1) {
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

/// Whether a file lies where only the system's own programs do.
fn is_systems(real: &Path) -> bool {
    SYSTEM.iter().any(|directory| real.parent() == Some(Path::new(directory)))
}

/// The program of the system that a file is a copy of.
fn original(real: &Path, file: &fs::Metadata) -> Option<String> {
    if file.len() == 0 || file.len() > LARGEST || file.mode() & 0o111 == 0 {
        return None;
    }
    // Where one directory is another by a link, its programs are asked for once.
    let directories = SYSTEM.iter().map(Path::new).filter(|path| !path.is_symlink());
    let candidates = directories.flat_map(|path| COPIED.split_whitespace().map(move |name| (name, path.join(name))));
    let same_size = |path: &PathBuf| fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == file.len());
    let mut found = candidates.filter(|(_, path)| same_size(path) && is_same(real, path));
    found.next().map(|(name, _)| name.to_owned())
}

/// Whether two files hold the same bytes; what cannot be read is no copy.
fn is_same(one: &Path, other: &Path) -> bool {
    let (Ok(mut one), Ok(mut other)) = (fs::File::open(one), fs::File::open(other)) else { return false };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        let chunk = |file: &mut fs::File, into: &mut Vec<u8>| file.take(64 * 1024).read_to_end(into);
        match (chunk(&mut one, &mut left), chunk(&mut other, &mut right)) {
            (Ok(_), Ok(_)) if left != right => return false,
            (Ok(0), Ok(_)) => return true,
            (Ok(_), Ok(_)) => {}
            _ => return false,
        }
    }
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

    #[test]
    fn a_copy_of_a_known_program_has_its_name() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("tidy");
        fs::copy("/usr/bin/env", &copy).unwrap();
        assert_eq!(names(&copy), ["env"]);
        // One byte less, one changed, and one that is no program.
        let bytes = fs::read(&copy).unwrap();
        let other = |name: &str, bytes: &[u8], mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            names(&path)
        };
        let changed: Vec<u8> = bytes.iter().rev().copied().collect();
        assert!(other("short", &bytes[1..], 0o755).is_empty() && other("changed", &changed, 0o755).is_empty());
        assert!(other("data", &bytes, 0o644).is_empty());
    }
}
