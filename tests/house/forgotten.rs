//! Nothing under `tests/` is forgotten: a file that is not a module of the suite would compile never and fail never.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are built on their own; what is in them must be named in Cargo.toml, or have a Cargo.toml.
const APART: &[&str] = &["tests/bench", "tests/fuzz", "tests/load"];

#[test]
fn every_test_file_is_a_module_of_the_suite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let forgotten = forgotten(root);
    assert!(forgotten.is_empty(), "no `mod` leads to {forgotten:?}");
}

#[test]
fn every_folder_of_data_is_read_by_someone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = String::new();
    for file in files(&root.join("src")).into_iter().chain(files(&root.join("tests"))) {
        if file.extension().is_some_and(|ending| ending == "rs") {
            texts.push_str(&fs::read_to_string(file).unwrap());
        }
    }
    for entry in fs::read_dir(root.join("tests")).unwrap() {
        let folder = entry.unwrap().path();
        let name = format!("tests/{}", folder.file_name().unwrap().to_str().unwrap());
        let data = folder.is_dir() && !folder.join("mod.rs").exists() && !APART.contains(&name.as_str());
        assert!(!data || texts.contains(&name), "{name} is read by no test");
    }
}

#[test]
fn a_forgotten_file_or_folder_is_found() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "path = \"tests/bench/start.rs\"\npath = \"tests/load/main.rs\"");
    write("tests/suite.rs", "//! x\nmod a;\n// mod b;\n");
    write("tests/a/mod.rs", "mod c;");
    write("tests/a/c.rs", "");
    write("tests/a/d.rs", "");
    write("tests/b/mod.rs", "");
    write("tests/b.rs", "");
    write("tests/bench/start.rs", "");
    write("tests/bench/stop.rs", "");
    write("tests/load/main.rs", "mod one;\n");
    write("tests/load/one.rs", "");
    write("tests/load/two.rs", "");
    let found: Vec<String> = forgotten(root.path()).into_iter().collect();
    assert_eq!(found, ["tests/a/d.rs", "tests/b.rs", "tests/b/mod.rs", "tests/bench/stop.rs", "tests/load/two.rs"]);
}

fn forgotten(root: &Path) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut reached = BTreeSet::new();
    reach(&root.join("tests/suite.rs"), &root.join("tests"), &mut reached);
    for folder in APART.iter().filter(|folder| manifest.contains(&format!("\"{folder}/main.rs\""))) {
        // A program of several files.
        reach(&root.join(folder).join("main.rs"), &root.join(folder), &mut reached);
    }
    let mut left = BTreeSet::new();
    for file in files(&root.join("tests")) {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let apart = APART.iter().find(|folder| name.starts_with(&format!("{folder}/")));
        let built = apart.is_some_and(|folder| {
            manifest.contains(&format!("\"{name}\"")) || root.join(folder).join("Cargo.toml").exists()
        });
        if name.ends_with(".rs") && !reached.contains(&file) && !built {
            left.insert(name);
        }
    }
    left
}

/// Follows `mod x;` from `file`, whose modules lie in `folder`.
fn reach(file: &Path, folder: &Path, reached: &mut BTreeSet<PathBuf>) {
    reached.insert(file.to_owned());
    let text = fs::read_to_string(file).unwrap();
    for line in text.lines() {
        let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        let inner = folder.join(name);
        for module in [folder.join(format!("{name}.rs")), inner.join("mod.rs")] {
            if module.exists() {
                reach(&module, &inner, reached);
            }
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
