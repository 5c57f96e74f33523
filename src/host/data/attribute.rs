//! Labels in extended attributes: `user.gate.label` holds `LABEL` or `LABEL;TAG,TAG`, on a file or on a folder for all in
//! it. What is there and says nothing that gate understands counts as the strictest label.

use std::collections::BTreeSet;
use std::path::Path;

use rustix::io::Errno;

use super::files;
use crate::model::{DataLabel, Extent, Labelled, Shown};

/// The attribute.
const NAME: &str = "user.gate.label";
/// Longest value.
const LONGEST: usize = 1024;

/// The labels of what a path stands for.
pub fn labels(path: &Path, extent: &Extent) -> Vec<Labelled> {
    let mut all = BTreeSet::new();
    // A label of a folder is a label of what it holds.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    for folder in real.ancestors().skip(1) {
        all.extend(label(folder));
    }
    let found = match extent {
        Extent::Itself => vec![path.to_owned()],
        Extent::Below | Extent::Beginning | Extent::Matching(_) => files::meant(path, extent).all,
    };
    all.extend(found.iter().filter_map(|path| label(path)));
    if let Extent::Matching(_) = extent {
        all.extend(label(path));
    }
    all.into_iter().collect()
}

fn label(path: &Path) -> Option<Labelled> {
    let mut value = [0_u8; LONGEST];
    let read = match rustix::fs::getxattr(path, NAME, &mut value) {
        Ok(length) => value.get(..length).and_then(|value| std::str::from_utf8(value).ok()).and_then(parsed),
        Err(Errno::RANGE) => None,
        // No such attribute, file or right, or a file system without attributes.
        Err(_) => return None,
    };
    let resource = Some(Shown::os(path.as_os_str()).to_string());
    Some(match read {
        Some((label, tags)) => Labelled { resource, label: Some(label), tags, source: "attribute".to_owned() },
        None => {
            let source = "attribute that says no label".to_owned();
            Labelled { resource, label: Some(DataLabel::Restricted), tags: BTreeSet::new(), source }
        }
    })
}

fn parsed(value: &str) -> Option<(DataLabel, BTreeSet<String>)> {
    let value = value.trim_end_matches(['\0', '\n']);
    let (label, tags) = value.split_once(';').unwrap_or((value, ""));
    let label = super::catalog::label_named(label.trim())?;
    let tags: BTreeSet<String> =
        tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    tags.iter().all(|tag| super::catalog::is_tag(tag)).then_some((label, tags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use rustix::fs::{XattrFlags, setxattr};

    fn set(path: &PathBuf, value: &str) {
        setxattr(path, NAME, value.as_bytes(), XattrFlags::empty()).unwrap_or_else(|error| {
            panic!("this file system keeps no user attributes ({error}): set TMPDIR to one that does")
        });
    }

    #[test]
    fn a_file_has_the_labels_that_its_attribute_and_its_folders_say() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inner/a.csv");
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        std::fs::write(&file, "x").unwrap();
        assert_eq!(labels(&file, &Extent::Itself), []);
        let said = |path: &Path, extent: &Extent| {
            let all = labels(path, extent);
            all.into_iter()
                .map(|one| (one.label.unwrap(), one.tags.into_iter().collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        };
        set(&file, "restricted;pii, eu");
        let own = (DataLabel::Restricted, vec!["eu".to_owned(), "pii".to_owned()]);
        let only = std::slice::from_ref(&own);
        assert_eq!(said(&file, &Extent::Itself), only);
        assert_eq!(said(folder.path(), &Extent::Itself), []);
        assert_eq!(said(folder.path(), &Extent::Below), only);
        let matching = |pattern: &str| said(&folder.path().join("inner"), &Extent::Matching(pattern.to_owned()));
        assert_eq!(matching("*.csv"), only);
        assert_eq!(matching("*.txt"), []);
        set(&folder.path().join("inner"), "internal");
        assert_eq!(said(&file, &Extent::Itself), [(DataLabel::Internal, Vec::new()), own]);
    }

    #[test]
    fn an_attribute_that_says_no_label_counts_as_the_strictest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "x").unwrap();
        let long = "x".repeat(LONGEST + 1);
        for value in ["secret", "", "restricted;a b", "public;\u{202e}x", long.as_str()] {
            set(&file, value);
            assert_eq!(labels(&file, &Extent::Itself)[0].label, Some(DataLabel::Restricted), "{value:?}");
        }
    }
}
