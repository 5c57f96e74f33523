//! A sample of what local files hold, looked at by the detectors: the head, some blocks and the tail of a few files, in
//! bounded time. Refuses pipes, devices and whatever else is no regular file, and keeps nothing but counts.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::files;
use crate::model::{Detector, Extent, Found};
use crate::secrets::detect::counted;

/// Bytes at the head of a file.
const HEAD: u64 = 64 * 1024;
/// Bytes of a block further on.
const BLOCK: u64 = 16 * 1024;
/// Blocks between head and tail.
const BLOCKS: u64 = 4;
/// Most files of one name.
const MAX_FILES: usize = 64;
/// How long files of one name are looked at.
const MAX_TIME: Duration = Duration::from_millis(300);

/// What each detector finds, in the file that has most of it.
pub fn contents(path: &Path, extent: &Extent) -> Result<Vec<Found>, String> {
    let metadata = std::fs::metadata(path).map_err(|error| crate::host::plain(&error))?;
    let files = if metadata.is_dir() { files::meant(path, extent).all } else { vec![path.to_owned()] };
    let until = Instant::now() + MAX_TIME;
    let mut most: BTreeMap<Detector, (u32, PathBuf)> = BTreeMap::new();
    let mut refused = None;
    let mut looked = 0;
    for file in files {
        if looked == MAX_FILES || Instant::now() >= until {
            break;
        }
        match sampled(&file) {
            Ok(sample) => {
                looked += 1;
                for (detector, count) in counted(&sample) {
                    let best = most.entry(detector).or_insert_with(|| (0, file.clone()));
                    if count > best.0 {
                        *best = (count, file.clone());
                    }
                }
            }
            Err(why) => {
                refused.get_or_insert(why);
            }
        }
    }
    match refused {
        Some(why) if looked == 0 && !metadata.is_dir() => Err(why),
        _ => Ok(most.into_iter().map(|(detector, (count, file))| Found { detector, count, file }).collect()),
    }
}

/// Some bytes of a regular file, its parts on lines of their own.
fn sampled(path: &Path) -> Result<Vec<u8>, String> {
    let no_file = || "no regular file".to_owned();
    let said = |error: std::io::Error| crate::host::plain(&error);
    // To open some devices is to do something; only then is it opened, and looked at again.
    if !std::fs::metadata(path).map_err(said)?.is_file() {
        return Err(no_file());
    }
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(said)?;
    let metadata = file.metadata().map_err(said)?;
    if !metadata.is_file() {
        return Err(no_file());
    }
    // Files without a size, as in /proc, may never end.
    let size = metadata.len();
    let mut sample = Vec::new();
    let mut part = |offset: u64, length: u64| -> Result<(), String> {
        let length = usize::try_from(length.min(size.saturating_sub(offset))).unwrap_or(0);
        let mut bytes = vec![0; length];
        let mut read = 0;
        while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + read as u64).map_err(said)? {
                0 => break,
                count => read += count,
            }
        }
        bytes.truncate(read);
        if !sample.is_empty() && !bytes.is_empty() {
            sample.push(b'\n');
        }
        sample.extend(bytes);
        Ok(())
    };
    let all = HEAD + (BLOCKS + 1) * BLOCK;
    if size <= all {
        part(0, size)?;
        return Ok(sample);
    }
    part(0, HEAD)?;
    // The last block ends where the file does.
    let apart = (size - HEAD - BLOCK) / (BLOCKS + 1);
    for block in 0..=BLOCKS {
        part(size - BLOCK - apart * block, BLOCK)?;
    }
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const CARDS: &str = "4526018159083012\n4661318609139090\n4960308246281940\n4821993518190934\n";

    fn cards(path: &Path, extent: &Extent) -> Option<(u32, PathBuf)> {
        let found = contents(path, extent).unwrap();
        found.into_iter().find(|one| one.detector == Detector::PaymentCard).map(|one| (one.count, one.file))
    }

    #[test]
    fn a_file_of_cards_is_counted_wherever_they_stand_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, CARDS).unwrap();
        assert_eq!(cards(&path, &Extent::Itself), Some((4, path.clone())));
        let filler = "nothing to see here\n".repeat(100_000);
        std::fs::write(&path, format!("{filler}{CARDS}")).unwrap();
        assert_eq!(cards(&path, &Extent::Itself).map(|(count, _)| count), Some(4), "the tail is looked at");
    }

    #[test]
    fn a_folder_and_a_pattern_stand_for_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("cards.csv"), CARDS).unwrap();
        std::fs::write(folder.path().join("plain.txt"), "plain").unwrap();
        let expected = Some((4, deep.join("cards.csv")));
        assert_eq!(cards(folder.path(), &Extent::Below), expected);
        assert_eq!(cards(&deep, &Extent::Matching("c*.csv".into())), expected);
        assert_eq!(cards(&deep, &Extent::Matching("d*.csv".into())), None);
    }

    #[test]
    fn what_is_no_regular_file_or_cannot_be_read_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        let shut = folder.path().join("shut");
        std::fs::write(&shut, CARDS).unwrap();
        std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o000)).unwrap();
        let is_root = crate::host::uid() == 0;
        let begun = Instant::now();
        for path in [pipe.as_path(), Path::new("/dev/zero"), Path::new("/dev/tty"), &folder.path().join("none")] {
            assert!(contents(path, &Extent::Itself).is_err(), "{}", path.display());
        }
        assert_eq!(contents(&shut, &Extent::Itself).is_err(), !is_root, "root reads everything");
        assert_eq!(contents(Path::new("/proc/kmsg"), &Extent::Itself).unwrap_or_default(), []);
        assert_eq!(
            contents(folder.path(), &Extent::Below).unwrap().len(),
            usize::from(is_root),
            "a folder is not refused for one file"
        );
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_file_of_any_size_costs_one_sample() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        file.write_at(CARDS.as_bytes(), (1 << 40) - 80).unwrap();
        assert!(sampled(&path).unwrap().len() <= 150 * 1024);
        assert_eq!(cards(&path, &Extent::Itself).map(|(count, _)| count), Some(4));
    }
}
