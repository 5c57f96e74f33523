//! A catalog, or a list that another scanner wrote, as the first byte chooses. Refused is fine; of one that is taken, every
//! line counts.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use gate::host::data::catalog::import::{Form, imported};
use gate::host::data::catalog::{Catalogs, Line, checked};
use gate::model::Extent;

use super::{chosen, within};

/// Looked up in a catalog, at most.
const LOOKUPS: usize = 8;

/// A file that is nowhere but in memory.
struct Paper {
    _file: File,
    path: PathBuf,
}

impl Paper {
    fn of(text: &str) -> Self {
        let memory = rustix::fs::memfd_create("fuzz", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let mut file = File::from(memory);
        file.write_all(text.as_bytes()).unwrap();
        Self { path: format!("/proc/self/fd/{}", file.as_raw_fd()).into(), _file: file }
    }
}

/// Reads the rest as a catalog, or imports it and reads what comes out.
pub fn read(bytes: &[u8]) {
    let (form, text) = chosen(bytes, [None, Some(Form::Csv), Some(Form::Macie)]);
    let paper = Paper::of(&text);
    let Some(form) = form else {
        return looked_up(&text, &paper.path, bytes);
    };
    if let Ok(imported) = within(bytes, || imported(form, &paper.path)) {
        let paper = Paper::of(&imported.text);
        assert_eq!(checked(&paper.path), Ok(imported.lines as u64), "what was imported is a catalog");
        looked_up(&imported.text, &paper.path, bytes);
    }
}

/// Every line of a catalog that can be read is found again.
fn looked_up(text: &str, path: &Path, bytes: &[u8]) {
    let read = within(bytes, || checked(path));
    // There is no such folder, so that no index is kept.
    let mut catalogs = Catalogs::new("/dev/null/cache".into());
    let Ok(count) = read else {
        assert!(catalogs.labels(path, "s3://a", &Extent::Itself).is_err(), "a catalog that is refused says nothing");
        return;
    };
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    assert_eq!(lines.len() as u64, count, "a line is lost");
    for line in lines.iter().take(LOOKUPS) {
        let entry = serde_json::from_str::<Line>(line).unwrap().entry().unwrap();
        for extent in [Extent::Itself, Extent::Below, Extent::Beginning] {
            let found = within(bytes, || catalogs.labels(path, &entry.resource, &extent)).unwrap();
            let says = found.iter().any(|one| one.label == entry.label && one.tags == entry.tags);
            assert!(says, "{line} is not found as {extent:?}");
        }
    }
}
