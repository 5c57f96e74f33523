//! Catalogs as scanners write them, and indexes as an enemy would.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, Instant};

use super::*;
use crate::model::Digest;

const LINES: &str = r#"{"resource":"s3://acme-prod-hr/","label":"confidential","tags":["hr"],"source":"macie"}
{"source": "macie", "tags": ["pii","eu"], "label": "restricted", "resource": "s3://acme-prod-hr/2026/salaries.csv"}

{"resource":"/srv/exports","label":"internal","tags":[],"source":"scan"}
{"resource":"/srv/exports/customers.csv","tags":["pii"],"source":"scan"}
{"resource":"postgres://DB1.acme.com/shop/customers","label":"restricted"}
{"resource":"arn:aws:s3:::acme-public/index.html","label":"public"}
"#;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(text: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(place.catalog(), text).unwrap();
        place
    }

    fn catalog(&self) -> PathBuf {
        self.folder.path().join("c.jsonl")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn labels(&self, resource: &str, extent: &Extent) -> Result<Vec<String>, String> {
        let found = Catalogs::new(self.cache()).labels(&self.catalog(), resource, extent)?;
        let shown = found.into_iter().map(|one| {
            let words = one.label.map(DataLabel::name).into_iter().chain(one.tags.iter().map(String::as_str));
            words.collect::<Vec<_>>().join(" ")
        });
        Ok(shown.collect())
    }

    /// The files of the cache, once there is one: a catalog that changed just now is not indexed for later.
    fn indexes(&self) -> Vec<PathBuf> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            self.labels("/", &Extent::Itself).unwrap();
            let found = std::fs::read_dir(self.cache()).into_iter().flatten().map(|entry| entry.unwrap().path());
            let found: Vec<PathBuf> = found.collect();
            if !found.is_empty() {
                return found;
            }
        }
        panic!("no index was kept");
    }

    fn index(&self) -> PathBuf {
        let all = self.indexes();
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    }
}

#[test]
fn a_resource_has_its_label_and_that_of_what_it_is_in() {
    let place = Place::new(LINES);
    for (resource, extent, expected) in [
        ("s3://acme-prod-hr/2026/salaries.csv", Extent::Itself, &["confidential hr", "restricted eu pii"][..]),
        ("s3://acme-prod-hr/2026", Extent::Itself, &["confidential hr"]),
        ("s3://acme-prod-hr/2026", Extent::Below, &["confidential hr", "restricted eu pii"]),
        ("s3://acme-prod", Extent::Below, &[]),
        ("s3://acme-prod-hr-old/x", Extent::Itself, &[]),
        ("s3://acme-prod", Extent::Beginning, &["confidential hr", "restricted eu pii"]),
        ("s3://acme-prod-hr/2026/s", Extent::Beginning, &["confidential hr", "restricted eu pii"]),
        ("/srv/exports/customers.csv", Extent::Itself, &["internal", "pii"]),
        ("/srv/exports/other", Extent::Itself, &["internal"]),
        ("/srv/exports/c", Extent::Beginning, &["internal", "pii"]),
        ("/", Extent::Below, &["internal", "pii"]),
        ("/srv", Extent::Itself, &[]),
        ("postgres://db1.acme.com/shop/customers", Extent::Itself, &["restricted"]),
        ("postgres://db1.acme.com", Extent::Below, &["restricted"]),
        ("s3://acme-public/index.html", Extent::Itself, &["public"]),
        ("", Extent::Beginning, &["confidential hr", "internal", "pii", "public", "restricted", "restricted eu pii"]),
    ] {
        let mut found = place.labels(resource, &extent).unwrap();
        found.sort();
        assert_eq!(found, expected, "{resource} {extent:?}");
    }
}

#[test]
fn many_pages_give_what_a_look_at_every_line_gives() {
    let name = |index: usize| format!("s3://b{}/k{:05}/x{}", index % 7, index / 3, index % 3);
    let label = |index: usize| if index.is_multiple_of(11) { "restricted" } else { "internal" };
    let line =
        |index| format!("{{\"resource\":\"{}\",\"label\":\"{}\",\"source\":\"s\"}}\n", name(index), label(index));
    let place = Place::new(&(0..20_000).map(line).collect::<String>());
    let mut catalogs = Catalogs::new(place.cache());
    for index in (0..20_000).step_by(371) {
        let found = catalogs.labels(&place.catalog(), &name(index), &Extent::Itself).unwrap();
        assert_eq!(found.len(), 1, "{}", name(index));
        assert_eq!(found[0].label, label_named(label(index)));
        let below = name(index).rsplit_once('/').unwrap().0.to_owned();
        let found = catalogs.labels(&place.catalog(), &below, &Extent::Below).unwrap();
        let expected = (0..20_000).filter(|other| name(*other).starts_with(&format!("{below}/"))).count();
        assert_eq!(found.len(), expected, "{below}");
    }
    for bucket in ["s3://b0", "s3://b6", "s3://b7"] {
        let found = catalogs.labels(&place.catalog(), bucket, &Extent::Below).unwrap();
        let labels: BTreeSet<_> = found.iter().map(|one| one.label).collect();
        assert_eq!(labels.len(), if bucket == "s3://b7" { 0 } else { 2 }, "a whole bucket has the labels of all in it");
        assert!(found.iter().all(|one| one.resource.is_none()), "and names none of thousands");
    }
}

#[test]
fn one_resource_on_many_lines_has_all_their_labels() {
    let line = |tag: usize| format!("{{\"resource\":\"/a/b\",\"label\":\"internal\",\"tags\":[\"t{tag}\"]}}\n");
    let place = Place::new(&(0..200).map(line).collect::<String>());
    assert_eq!(place.labels("/a/b", &Extent::Itself).unwrap().len(), 200);
    assert_eq!(place.labels("/a", &Extent::Below).unwrap().len(), 200);
}

#[test]
fn a_line_that_is_not_understood_makes_the_catalog_unusable_and_is_named() {
    for (line, said) in [
        ("{\"resource\":\"/a\",\"lable\":\"internal\"}", "line 2: unknown field `lable`"),
        ("{\"resource\":\"/a\",\"label\":\"secret\"}", "line 2: `secret` is not a label"),
        ("{\"resource\":\"/a\"}", "line 2: neither a label nor tags"),
        ("{\"resource\":\"\",\"label\":\"public\"}", "line 2: `` names no resource"),
        ("{\"resource\":\"/a\\u0000b\",\"label\":\"public\"}", "line 2: `/a\\x00b` names no resource"),
        ("{\"resource\":\"/a\",\"label\":\"public\",\"tags\":[\"a b\"]}", "line 2: `a b` is not a tag"),
        ("{\"resource\":\"/a\",\"label\":\"public\"} {}", "line 2: trailing characters"),
        ("[]", "line 2: "),
        ("\u{feff}", "line 2: "),
    ] {
        let place = Place::new(&format!("{{\"resource\":\"/x\",\"label\":\"public\"}}\n{line}\n"));
        let why = place.labels("/x", &Extent::Itself).unwrap_err();
        assert!(why.contains(said), "{line}: {why}");
        assert!(checked(&place.catalog()).unwrap_err().contains(said));
    }
    let long = format!("{{\"resource\":\"/{}\",\"label\":\"public\"}}", "x".repeat(70_000));
    assert!(Place::new(&long).labels("/x", &Extent::Itself).unwrap_err().contains("line 1: longer than 64 KiB"));
    assert_eq!(checked(&Place::new(LINES).catalog()), Ok(6));
}

#[test]
fn a_catalog_that_is_no_file_or_is_gone_is_unusable() {
    let place = Place::new("");
    assert_eq!(place.labels("/x", &Extent::Below), Ok(Vec::new()), "an empty catalog says nothing");
    std::fs::remove_file(place.catalog()).unwrap();
    assert!(place.labels("/x", &Extent::Itself).unwrap_err().contains("no such file"));
    rustix::fs::mknodat(rustix::fs::CWD, place.catalog(), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    assert!(place.labels("/x", &Extent::Itself).unwrap_err().contains("no regular file"));
}

#[test]
fn an_index_is_kept_and_used_until_the_catalog_changes() {
    let place = Place::new(LINES);
    let index = place.index();
    assert_eq!(std::fs::metadata(&index).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(place.cache()).unwrap().permissions().mode() & 0o777, 0o700);
    let written = std::fs::metadata(&index).unwrap().modified().unwrap();
    assert_eq!(place.labels("/srv/exports", &Extent::Itself).unwrap(), ["internal"]);
    assert_eq!(std::fs::metadata(&index).unwrap().modified().unwrap(), written, "it was used, not made again");
    std::fs::write(place.catalog(), LINES.replace("\"internal\"", "\"restricted\"")).unwrap();
    assert_eq!(
        place.labels("/srv/exports", &Extent::Itself).unwrap(),
        ["restricted"],
        "it is not used for another state"
    );
    let until = Instant::now() + Duration::from_secs(20);
    while index.exists() && Instant::now() < until {
        place.labels("/", &Extent::Itself).unwrap();
    }
    assert_ne!(place.index(), index, "the new index took the old one's place");
}

#[test]
fn an_index_that_was_tampered_with_is_never_believed() {
    let place = Place::new(LINES);
    let index = place.index();
    let whole = std::fs::read(&index).unwrap();
    let expected = place.labels("s3://acme-prod-hr/2026/salaries.csv", &Extent::Itself).unwrap();
    // Every byte in turn, and every length: what the catalog says is said all the same.
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&index, &bytes).unwrap();
        assert_eq!(
            place.labels("s3://acme-prod-hr/2026/salaries.csv", &Extent::Itself).unwrap(),
            expected,
            "byte {at}"
        );
        std::fs::write(&index, &whole[..at]).unwrap();
        assert_eq!(
            place.labels("s3://acme-prod-hr/2026/salaries.csv", &Extent::Itself).unwrap(),
            expected,
            "length {at}"
        );
    }
}

#[test]
fn an_index_that_somebody_else_could_have_written_is_never_believed() {
    // The index of a catalog that says nothing stands in place of the real one.
    let place = Place::new(LINES);
    let index = place.index();
    let real = std::fs::read(&index).unwrap();
    let state = Digest::of(b"another");
    let forged = |bytes: &[u8]| {
        let _ = std::fs::remove_file(&index);
        std::fs::write(&index, bytes).unwrap();
        std::fs::set_permissions(&index, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let restricted = || place.labels("/srv/exports", &Extent::Itself).unwrap() == ["internal"];
    forged(&tree::image(Vec::new(), &state).unwrap());
    assert!(restricted(), "the index of another state");
    // From here on what stands there is well formed and says nothing of the real resources.
    let mut head = [0; 32];
    head.copy_from_slice(&real[8..40]);
    let empty = tree::image(Vec::new(), &Digest::from_bytes(head)).unwrap();
    forged(&empty);
    assert!(!restricted(), "this user's own file is believed, so the rest of this test says something");
    std::fs::set_permissions(&index, std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(restricted(), "writable by a group");
    forged(&empty);
    let elsewhere = place.folder.path().join("elsewhere");
    std::fs::rename(&index, &elsewhere).unwrap();
    symlink(&elsewhere, &index).unwrap();
    assert!(restricted(), "a link");
    forged(&empty);
    std::fs::remove_file(&elsewhere).unwrap();
    std::fs::hard_link(&index, &elsewhere).unwrap();
    assert!(restricted(), "a file of two names");
    forged(&empty);
    std::fs::set_permissions(place.cache(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(restricted(), "in a folder that anybody may write");
    std::fs::set_permissions(place.cache(), std::fs::Permissions::from_mode(0o700)).unwrap();
    // Only root can give a file away.
    if crate::host::uid() == 0 {
        forged(&empty);
        std::os::unix::fs::chown(&index, Some(65_534), None).unwrap();
        assert!(restricted(), "somebody else's file");
        forged(&empty);
        std::os::unix::fs::chown(place.cache(), Some(65_534), None).unwrap();
        assert!(restricted(), "in somebody else's folder");
    }
}

#[test]
fn a_cache_that_cannot_be_written_costs_time_and_no_label() {
    let place = Place::new(LINES);
    std::fs::write(place.cache(), "in the way").unwrap();
    assert_eq!(place.labels("/srv/exports", &Extent::Itself).unwrap(), ["internal"]);
}
