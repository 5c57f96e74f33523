//! The index of a catalog in the user's cache: found by the catalog's path and state and gate's version, made where there
//! is none that can be trusted. A cache that cannot be written costs time, never a label.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::line;
use super::tree::{Bytes, Tree, image};
use crate::model::Digest;

/// The clock of a file system may stand still for so long: what changed just now may change again unseen.
const UNSETTLED: Duration = Duration::from_millis(50);

/// The index of a catalog: the kept one, or one that is made now.
pub fn tree(catalog: &Path, cache: &Path) -> Result<Tree, String> {
    let (_, metadata) = line::opened(catalog)?;
    let state = state(catalog, &metadata);
    if is_own_folder(cache)
        && let Some(file) = own_file(&place(catalog, &state, cache))
        && let Ok(tree) = Tree::open(Bytes::File(file), &state)
    {
        return Ok(tree);
    }
    built(catalog, cache)
}

/// The index of a catalog, made from the catalog itself and kept if that is possible.
pub fn built(catalog: &Path, cache: &Path) -> Result<Tree, String> {
    let (_, metadata) = line::opened(catalog)?;
    let state = state(catalog, &metadata);
    let entries = line::entries(catalog)?;
    let image = image(entries, &state)?;
    let settled = SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(
            u64::try_from(metadata.ctime()).unwrap_or(0),
            u32::try_from(metadata.ctime_nsec()).unwrap_or(0),
        ))
        .and_then(|changed| SystemTime::now().duration_since(changed).ok())
        .is_some_and(|age| age >= UNSETTLED);
    if settled {
        keep(&image, &place(catalog, &state, cache), cache);
    }
    Tree::open(Bytes::Memory(image), &state).map_err(|wrong| wrong.to_string())
}

/// What identifies a catalog in one state, to one gate.
fn state(catalog: &Path, of: &std::fs::Metadata) -> Digest {
    let mut bytes = env!("CARGO_PKG_VERSION").as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(catalog.as_os_str().as_bytes());
    bytes.push(0);
    for number in [of.dev(), of.ino(), of.len()] {
        bytes.extend(number.to_be_bytes());
    }
    for number in [of.mtime(), of.mtime_nsec(), of.ctime(), of.ctime_nsec()] {
        bytes.extend(number.to_be_bytes());
    }
    Digest::of(&bytes)
}

/// What the names of all indexes of one catalog begin with.
fn beginning(catalog: &Path) -> String {
    let all = Digest::of(catalog.as_os_str().as_bytes()).hex();
    all.get(..16).unwrap_or(&all).to_owned()
}

fn place(catalog: &Path, state: &Digest, cache: &Path) -> PathBuf {
    cache.join(format!("{}-{}", beginning(catalog), state.hex()))
}

/// Whether nobody else can have put something into a folder.
fn is_own_folder(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && found.uid() == crate::host::uid() && found.mode() & 0o022 == 0)
}

/// A file that this user alone can have written.
fn own_file(path: &Path) -> Option<File> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW).bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    let found = file.metadata().ok()?;
    let own = found.is_file() && found.uid() == crate::host::uid() && found.mode() & 0o022 == 0 && found.nlink() == 1;
    own.then_some(file)
}

/// Keeps an index in place of older ones of the same catalog. Failures cost the next run the same work.
fn keep(image: &[u8], path: &Path, cache: &Path) {
    let _ = DirBuilder::new().recursive(true).mode(0o700).create(cache);
    if !is_own_folder(cache) {
        return;
    }
    let new = path.with_extension(std::process::id().to_string());
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
    let kept = written.and_then(|mut file| file.write_all(image)).and_then(|()| std::fs::rename(&new, path));
    if kept.is_err() {
        let _ = std::fs::remove_file(&new);
        return;
    }
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let own = name(path);
    let beginning = own.split('-').next().unwrap_or(&own).to_owned();
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let other = name(&entry.path());
        if other.starts_with(&beginning) && other != own && !other.contains('.') {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
