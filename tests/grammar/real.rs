//! The tools themselves. Each line is given to the tool with one word more, at which its parser must end: `--help`, which
//! prints once everything is parsed, or an option that nothing knows, of which the parser complains if it complains of
//! nothing before it. So nothing a line says is done; and all happens in an empty directory, with a server that is not
//! there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::facts::texts;
use super::line::Line;
use crate::support::program;

const UNKNOWN: &str = "gate-unknown";

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools")
}

/// Where a tool is. What Debian has is a program of the tests; the others may be installed apart, or come with `tests/run`.
pub fn found(tool: &str) -> Option<PathBuf> {
    match tool {
        "docker" | "terraform" => {
            let own = tools().join(tool).join("usr/bin").join(tool);
            [PathBuf::from("/usr/local/bin").join(tool), PathBuf::from("/usr/bin").join(tool), own]
                .into_iter()
                .find(|path| path.is_file())
        }
        _ => Some(program(tool)),
    }
}

/// The lines that the tool takes.
pub fn taken(real: &Path, tool: &str, made: Vec<Line>) -> Vec<Line> {
    let place = tempfile::tempdir().unwrap();
    if tool == "git" {
        let known = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
        assert!(call(real, place.path(), &["init", "-q", "."]).0);
        let commit = [&known[..], &["commit", "-q", "--allow-empty", "-m", "alpha"]].concat();
        assert!(call(real, place.path(), &commit).0);
    }
    let next = AtomicUsize::new(0);
    let takes: Vec<Vec<usize>> = std::thread::scope(|scope| {
        let worker = || {
            let mut own = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                match made.get(index) {
                    Some(line) if takes(real, tool, place.path(), line) => own.push(index),
                    Some(_) => {}
                    None => return own,
                }
            }
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut takes: Vec<usize> = takes.concat();
    takes.sort_unstable();
    made.into_iter().enumerate().filter(|(index, _)| takes.binary_search(index).is_ok()).map(|(_, line)| line).collect()
}

fn takes(real: &Path, tool: &str, place: &Path, line: &Line) -> bool {
    let (word, at) = match tool {
        "kubectl" | "docker" => ("--help".to_owned(), line.head),
        "psql" => ("--help".to_owned(), line.end),
        "curl" => ("--version".to_owned(), line.end),
        "terraform" => (format!("-{UNKNOWN}"), line.end),
        _ => (format!("--{UNKNOWN}"), line.end),
    };
    let unknown = word.contains(UNKNOWN);
    let mut words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    words.insert(at, &word);
    let (succeeded, said) = call(real, place, &words[1..]);
    if !unknown {
        return succeeded;
    }
    let complaint = ["unknown", "unrecognized", "not defined"];
    said.lines()
        .find(|line| complaint.iter().any(|part| line.contains(part)))
        .is_some_and(|line| line.contains(UNKNOWN))
}

fn call(real: &Path, place: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::new(real)
        .args(words)
        .current_dir(place)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", place)
        .env("LC_ALL", "C")
        .env("DOCKER_HOST", "tcp://127.0.0.1:1")
        .env("KUBECONFIG", place.join("none"))
        .env("CHECKPOINT_DISABLE", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Lines of aws as awscli's own parsers read them, and how many they refused.
pub fn aws(seed: u64, lines: usize) -> (Vec<Line>, usize) {
    let python = tools().join("aws/bin/python");
    assert!(python.is_file(), "awscli is missing: use tests/run");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grammar/aws.py");
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(python)
        .arg(script)
        .args([seed.to_string(), lines.to_string()])
        .current_dir(place.path())
        .env_clear()
        .env("HOME", place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut read = Vec::new();
    let mut refused = 0;
    for text in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(text).unwrap();
        match line["refused"].as_u64() {
            Some(count) => refused = usize::try_from(count).unwrap(),
            None => read.push(aws_line(&line)),
        }
    }
    assert_eq!(read.len(), lines);
    (read, refused)
}

fn aws_line(line: &Value) -> Line {
    let mut flags = Vec::new();
    for flag in line["flags"].as_array().unwrap() {
        let name = vec![flag[0].as_str().unwrap().to_owned()];
        let values = texts(&flag[1]);
        if values.is_empty() {
            flags.push((name.clone(), None));
        }
        flags.extend(values.into_iter().map(|value| (name.clone(), Some(value))));
    }
    Line {
        words: texts(&line["words"]),
        head: 0,
        end: 0,
        path: texts(&line["path"]),
        flags,
        operands: texts(&line["operands"]),
    }
}
