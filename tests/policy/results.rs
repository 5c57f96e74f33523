//! `gate policy test`: what holds and what does not, with its place, in each of the forms that other programs read.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Ran, Sandbox, Status, program};

const POLICY: &str = "gate: 1\nname: acme\nrules:\n\
    - id: a\n  when: {tool: git, command: push}\n  class: publish\n  why: seen by others\n\
    \x20 examples:\n    match:\n    - \"git push # 'x' <&>\"\n    - git pull\n    skip: [git fetch]\n";

const CASES: &str = "{\"id\":\"one\",\"argv\":[\"git\",\"push\"],\"expect\":\"approve\",\"rules\":[\"acme/a\"]}\n\
    {\"id\":\"two & <three>\",\"line\":\"ls; \\u0001\\u202e ]]>\",\"expect\":\"deny\",\"why\":\"a \\\"reason\\\"\"}\n";

fn tested(arguments: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/acme.yaml", POLICY);
    sandbox.write("work/cases.jsonl", CASES);
    let rule = ["policy", "test", "--rule", "acme/", "cases.jsonl"];
    sandbox.gate(rule.into_iter().chain(arguments.iter().copied())).run()
}

#[test]
fn people_see_place_expected_and_got_of_what_fails() {
    let ran = tested(&[]);
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    for said in [
        "policies/acme.yaml:11: acme/a: expected fires, got does not fire\n  git pull\n",
        "cases.jsonl:2: two & <three>: expected deny, got ask\n  ls; \\x01\\u{202E} ]]>\n",
        "  why: a \"reason\"\n",
        "1 rules with 3 examples, 2 cases: 3 of 5 hold\n",
    ] {
        assert!(ran.stdout.contains(said), "{ran:?}");
    }
    assert!(ran.stderr.contains("2 of them do not hold"), "{ran:?}");
}

#[test]
fn what_holds_exits_with_zero() {
    let sandbox = Sandbox::new();
    sandbox.write("work/cases.yaml", "- {id: a, argv: [ls, -l], expect: allow}\n");
    let ran = sandbox.gate(["policy", "test", "--rule", "gate/git.", "cases.yaml"]).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{ran:?}");
    let missing = sandbox.gate(["policy", "test", "--rule", "gate/git.", "nosuch.yaml"]).run();
    assert_eq!(missing.status, Status::Exited(64), "{missing:?}");
}

#[test]
fn json_names_every_result() {
    let ran = tested(&["--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&value["failed"], &value["held"]), (&2.into(), &3.into()));
    let results = value["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    assert_eq!(results[4]["line"], 2);
    assert_eq!(results[3]["rules"], serde_json::json!(["acme/a"]));
}

#[test]
fn tap_has_version_plan_and_a_block_for_each_failure() {
    let ran = tested(&["--format", "tap"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(&lines[..3], ["TAP version 13", "1..5", "ok 1 - acme/a match: git push \\# 'x' <&>"]);
    let points = lines.iter().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    for (index, point) in points.clone().enumerate() {
        let after = point.trim_start_matches("not ").trim_start_matches("ok ");
        assert!(after.starts_with(&format!("{} - ", index + 1)), "{point}");
        assert!(!point.replace("\\#", "").contains('#'), "a bare # would be a directive: {point}");
    }
    assert_eq!(points.count(), 5);
    let blocks: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| **line == "  ---").map(|(at, _)| at).collect();
    assert_eq!(blocks.len(), 2);
    for at in blocks {
        assert!(lines[at - 1].starts_with("not ok "), "{}", lines[at - 1]);
        let end = lines[at..].iter().position(|line| *line == "  ...").unwrap();
        for entry in &lines[at + 1..at + end] {
            let (name, value) = entry.trim_start().split_once(": ").unwrap();
            let inner = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')).unwrap();
            assert!(["at", "command", "expected", "got", "rules"].contains(&name), "{entry}");
            assert!(!inner.replace("''", "").contains('\''), "{entry}");
        }
    }
}

/// An element of XML: its name, attributes, elements and text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    inside: Vec<Element>,
    text: String,
}

/// Reads XML of elements, attributes, text and the five entities, and nothing else.
fn parsed(xml: &str) -> Element {
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let mut open = vec![Element::default()];
    while let Some(at) = rest.find('<') {
        open.last_mut().unwrap().text += &unescaped(&rest[..at]);
        let end = at + rest[at..].find('>').unwrap();
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let done = open.pop().unwrap();
            assert_eq!(done.name, name);
            open.last_mut().unwrap().inside.push(done);
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut written) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        while !written.trim().is_empty() {
            let (name, after) = written.trim_start().split_once("=\"").unwrap();
            let (value, after) = after.split_once('"').unwrap();
            assert!(element.attributes.insert(name.to_owned(), unescaped(value)).is_none(), "{name} twice");
            written = after;
        }
        if empty { open.last_mut().unwrap().inside.push(element) } else { open.push(element) }
    }
    assert_eq!((open.len(), rest.trim()), (1, ""));
    let mut document = open.pop().unwrap().inside;
    assert_eq!(document.len(), 1);
    document.pop().unwrap()
}

fn unescaped(text: &str) -> String {
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (entity, after) = piece.split_once(';').unwrap();
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => panic!("&{other};"),
        });
        plain += after;
    }
    plain
}

/// What a program of the tests says of a file, and whether it is content.
fn says(name: &str, arguments: &[&str], file: &Path) -> (bool, String) {
    let ran = Command::new(program(name)).args(arguments).arg(file).stdin(Stdio::null()).output().unwrap();
    (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

/// Whether a report is valid by the schema that Jenkins' xunit plugin publishes; `tests/run` fetches it.
fn valid(report: &str) -> (bool, String) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/junit/junit-10.xsd");
    assert!(schema.is_file(), "{} is missing: use tests/run --programs", schema.display());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    std::fs::write(&file, report).unwrap();
    says("xmllint", &["--nonet", "--noout", "--schema", schema.to_str().unwrap()], &file)
}

#[test]
fn junit_is_valid_by_the_published_schema() {
    let reports = [tested(&["--format", "junit"]).stdout, {
        let sandbox = Sandbox::new();
        sandbox.gate(["policy", "test", "--rule", "gate/git.", "--format", "junit"]).run().stdout
    }];
    for report in &reports {
        assert!(report.contains("<testcase "), "{report}");
        let (valid, said) = valid(report);
        assert!(valid, "{said}\n{report}");
    }
    for (from, to) in [("<testcase name", "<testcase line"), ("<failure ", "<fail "), ("tests=", "test=")] {
        assert!(!valid(&reports[0].replace(from, to)).0, "the schema says nothing of {to}");
    }
}

#[test]
fn a_tap_consumer_counts_what_holds_and_what_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.tap");
    std::fs::write(&file, tested(&["--format", "tap"]).stdout).unwrap();
    let (content, said) = says("prove", &["--nocolor", "-e", "/bin/cat"], &file);
    assert!(!content && said.contains("Failed 2/5 subtests") && said.contains("Failed tests:  2, 5"), "{said}");
    assert!(!said.contains("Parse errors"), "{said}");
    let sandbox = Sandbox::new();
    let ran = sandbox.gate(["policy", "test", "--rule", "gate/git.", "--format", "tap"]).run();
    std::fs::write(&file, ran.stdout).unwrap();
    let (content, said) = says("prove", &["--nocolor", "-e", "/bin/cat"], &file);
    assert!(content && said.contains("Result: PASS"), "{said}");
}

#[test]
fn junit_counts_right_and_says_why() {
    let document = parsed(&tested(&["--format", "junit"]).stdout);
    let number = |element: &Element, name: &str| element.attributes[name].parse::<usize>().unwrap();
    assert_eq!((number(&document, "tests"), number(&document, "failures")), (5, 2));
    for suite in &document.inside {
        assert_eq!(number(suite, "tests"), suite.inside.len());
        let failed = suite.inside.iter().filter(|case| !case.inside.is_empty()).count();
        assert_eq!(number(suite, "failures"), failed);
    }
    let case = &document.inside[1].inside[1];
    assert_eq!(case.attributes["name"], "two & <three>");
    assert!(document.inside[1].attributes["file"].ends_with("cases.jsonl"), "{document:?}");
    assert_eq!(case.inside[0].attributes["message"], "expected deny, got ask");
    assert!(case.inside[0].text.contains("cases.jsonl:2\n"), "{}", case.inside[0].text);
    assert!(case.inside[0].text.contains("ls; \\x01\\u{202E} ]]>"), "{}", case.inside[0].text);
}
