//! `man/` and `completions/` are made from the definitions that read the command line: made again here, they must be the
//! files that are committed, and the shells themselves must take the completions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Ran, Sandbox};

/// How each file is made anew.
const HINT: &str = "gate pages man; gate completions bash > completions/gate.bash; gate completions zsh > completions/_gate; \
                    gate completions fish > completions/gate.fish";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The pages of section 1 in a folder, by name.
fn pages(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let first = entries.filter(|path| path.extension().is_some_and(|section| section == "1"));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    first.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn the_pages_of_the_commands_are_those_that_the_commands_give() {
    let sandbox = Sandbox::new();
    let folder = tempfile::tempdir().unwrap();
    let made = sandbox.gate(["pages", folder.path().to_str().unwrap()]).run();
    assert_eq!(made.status, Ran::exited(0).status, "{made:?}");
    let (made, kept) = (pages(folder.path()), pages(&root().join("man")));
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>(), "{HINT}");
    for (name, page) in made {
        assert_eq!(page, kept[&name], "man/{name} is old: {HINT}");
    }
}

#[test]
fn the_completions_are_those_that_the_commands_give() {
    let sandbox = Sandbox::new();
    for (shell, file) in [("bash", "gate.bash"), ("zsh", "_gate"), ("fish", "gate.fish")] {
        let made = sandbox.gate(["completions", shell]).run();
        let kept = fs::read_to_string(root().join("completions").join(file)).unwrap();
        assert_eq!(made.stdout, kept, "completions/{file} is old: {HINT}");
    }
}

#[test]
fn the_shells_take_the_completions() {
    let folder = root().join("completions");
    let folder = folder.to_str().unwrap();
    let scripts = [
        ("bash", vec!["--norc", "-c"], format!("source {folder}/gate.bash && complete -p gate")),
        (
            "zsh",
            vec!["-f", "-c"],
            format!("fpath=({folder} $fpath); autoload -Uz compinit && compinit -u -D && print -r -- $_comps[gate]"),
        ),
        ("fish", vec!["--no-config", "-c"], format!("source {folder}/gate.fish; complete -C 'gate po'")),
    ];
    let home = tempfile::tempdir().unwrap();
    for (shell, flags, script) in scripts {
        let mut command = Command::new(crate::support::program(shell));
        let ran = command.args(flags).arg(script).env("HOME", home.path()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        let knows = out.contains("_gate") || out.contains("policy");
        assert!(ran.status.success() && err.is_empty() && knows, "{shell}: {out}{err}");
    }
}
