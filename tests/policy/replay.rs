//! `gate policy replay` and `gate policy list --unused --noisy`: what the audit log says about rules, offline.

use gate::model::Answer;

use crate::approval::desk::Desk;
use crate::support::{Ran, Sandbox, Status};

const POLICY: &str = "gate: 1\nname: acme\ntools:\n  - {program: frob, depth: 1, value-flags: [--password]}\nrules:\n  \
    - {id: wipe, when: {tool: frob, command: wipe}, class: destroy, effect: deny, why: it wipes}\n  \
    - {id: never, when: {tool: frob, command: explode}, class: destroy, effect: deny, why: it explodes}\n";

fn site() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("gate/policies/acme.yaml", POLICY);
    sandbox.script("frob", "#!/bin/sh\n");
    let status = |words: &[&str]| sandbox.gate([&["--", "./frob"], words].concat()).run().status;
    assert_eq!(status(&["wipe", "x"]), Status::Exited(77));
    assert_eq!(status(&["show", "x"]), Status::Exited(0));
    assert_eq!(status(&["show", "--password", "hunter2hunter2"]), Status::Exited(0));
    sandbox
}

fn replayed(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.gate(["policy", "replay"].iter().chain(arguments)).run()
}

#[test]
fn the_same_policy_changes_nothing() {
    let ran = replayed(&site(), &["--fail-on-change"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (Status::Exited(0), "3 decisions replayed, 0 would change\n"),
        "{ran:?}"
    );
}

#[test]
fn every_decision_that_flips_is_listed_with_the_rules_that_came_and_went() {
    let sandbox = site();
    let changed = POLICY.replace("command: wipe", "command: show, flags: --password").replace("id: wipe", "id: shown");
    sandbox.write("work/new/a.yaml", changed);
    let ran = replayed(&sandbox, &["--policy", "new"]);
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].ends_with("refuse   deny → allow   ./frob wipe x"), "{ran:?}");
    assert_eq!(lines[1], "        lost acme/wipe");
    assert!(lines[2].ends_with("run      allow → deny   ./frob show --password ‹flag hidden›"), "{ran:?}");
    assert_eq!(lines[3], "        gained acme/shown");
    assert_eq!(lines[4], "3 decisions replayed, 2 would change (1 allow → deny, 1 deny → allow)");
    let ran = replayed(&sandbox, &["--policy", "new/a.yaml", "--json", "--fail-on-change"]);
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["flips"][1]["gained"], serde_json::json!(["acme/shown"]));
    let ran = replayed(&sandbox, &["--policy", "new", "--since", "2100-01-01"]);
    assert_eq!(ran.stdout, "0 decisions replayed, 0 would change\n");
}

#[test]
fn a_policy_on_top_joins_the_users_own() {
    let sandbox = site();
    let other = "gate: 1\nname: other\nrules:\n  - {id: show, when: {tool: frob, command: show}, class: read, effect: ask, why: x}\n";
    sandbox.write("work/other.yaml", other);
    let ran = replayed(&sandbox, &["--policy", "other.yaml", "--on-top"]);
    assert!(ran.stdout.ends_with("3 decisions replayed, 2 would change (2 allow → ask)\n"), "{ran:?}");
    let alone = replayed(&sandbox, &["--policy", "other.yaml"]);
    assert_eq!(alone.status, Status::Exited(78), "frob is described by the user's own: {alone:?}");
    assert!(alone.stderr.contains("no tool describes `frob`"), "{alone:?}");
}

#[test]
fn what_the_log_does_not_hold_is_not_guessed() {
    let sandbox = site();
    sandbox.write("work/inner.sh", "./frob show\n");
    assert_eq!(sandbox.gate(["--", "sh", "inner.sh"]).run().status, Status::Exited(0));
    let strict = POLICY.replace("tools:", "matrix: {execute: deny}\ntools:");
    sandbox.write("work/new.yaml", strict);
    let ran = replayed(&sandbox, &["--policy", "new.yaml"]);
    assert!(ran.stdout.contains("not replayed: record"), "{ran:?}");
    assert!(ran.stdout.contains("it depends on what a file held"), "{ran:?}");
}

#[test]
fn rules_that_never_fired_and_rules_that_cry_wolf_are_listed_with_counts() {
    let desk = Desk::new();
    let policy = "gate: 1\nname: acme\nrules:\n  - {id: wolf, when: {tool: sh}, class: destroy, why: it is a shell}\n  \
                  - {id: never, when: {tool: git, command: push}, class: publish, why: others see it}\n";
    desk.sandbox.write("gate/policies/acme.yaml", policy);
    let list = |arguments: &[&str]| desk.sandbox.gate(["policy", "list"].iter().chain(arguments)).run().stdout;
    for answer in [Answer::Approve, Answer::Approve, Answer::Approve] {
        assert!(!desk_noisy(&list), "too few to say");
        let waiting = desk.start();
        desk.answers("alice", answer).unwrap();
        waiting.wait();
    }
    let noisy = list(&["--noisy"]);
    assert!(noisy.contains("fired 3, asked 3, approved 3, denied 0, waived 0"), "{noisy}");
    assert_eq!(noisy.lines().count(), 1, "{noisy}");
    let unused = list(&["--unused"]);
    assert!(unused.contains("acme/never") && !unused.contains("acme/wolf"), "{unused}");
    let waiting = desk.start();
    desk.answers("alice", Answer::Deny).unwrap();
    waiting.wait();
    assert!(!desk_noisy(&list), "one of four was denied");
    let counts: serde_json::Value = serde_json::from_str(&list(&["--since", "1d", "--json"])).unwrap();
    let wolf = counts.as_array().unwrap().iter().find(|rule| rule["id"] == "acme/wolf").unwrap();
    assert_eq!((&wolf["counts"]["asked"], &wolf["counts"]["denied"]), (&4.into(), &1.into()));
}

fn desk_noisy(list: &dyn Fn(&[&str]) -> String) -> bool {
    list(&["--noisy"]).contains("acme/wolf")
}

const STAGING: &str =
    "environments:\n  - {name: staging, contexts: [\"kube:test\", \"aws:test\", \"git:test\", \"terraform:test\"]}\n";

/// A log of commands that landed somewhere, decided by a policy that looks at where.
fn landed() -> Sandbox {
    let sandbox = Sandbox::new();
    let programs = ["kubectl", "helm", "aws", "git", "terraform"];
    sandbox.write("gate/policies/acme.yaml", format!("gate: 1\nname: acme\n{STAGING}"));
    for (name, context) in [("live", "prod, eu"), ("test", "test")] {
        sandbox.write(format!("home/{name}"), format!("current-context: \"{context}\"\n"));
    }
    sandbox.write("home/.aws/config", "[profile ops]\nrole_arn = arn:aws:iam::111122223333:role/Ops\n[profile dev]\n");
    sandbox.write("work/.git/HEAD", "ref: refs/heads/main\n");
    sandbox.write("work/.terraform/environment", "live");
    for program in programs {
        sandbox.script(&format!("bin/{program}"), "#!/bin/sh\n");
    }
    sandbox
}

/// What `gate policy replay` flips, with what an environment called production is made of.
fn flipped(sandbox: &Sandbox, contexts: &str) -> Vec<String> {
    let production = format!("  - {{name: production, contexts: [{contexts}]}}\n");
    let classes = ["read", "write", "destroy", "infra", "publish"];
    let cells = classes.map(|class| format!("  {class}: {{environments: {{production: deny, otherwise: allow}}}}\n"));
    let rules = "rules:\n  - {id: any, when: {tool: [kubectl, helm, aws, git, terraform]}, class: write, why: x}\n";
    let policy = format!("gate: 1\nname: acme\n{STAGING}{production}{rules}matrix:\n{}", cells.concat());
    sandbox.write("work/new.yaml", policy);
    let ran = replayed(sandbox, &["--policy", "new.yaml", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(value["unreplayed"], serde_json::json!([]), "{ran:?}");
    let flips = value["flips"].as_array().unwrap().iter();
    flips.map(|flip| format!("{} {}", flip["after"].as_str().unwrap(), flip["command"].as_str().unwrap())).collect()
}

#[test]
fn where_a_command_landed_is_recalled_from_the_record() {
    let sandbox = landed();
    let path = format!("{}:/usr/bin:/bin", sandbox.work().join("bin").display());
    let home = sandbox.home();
    let run = |variables: &[(&str, &str)], words: &[&str]| {
        let mut call = sandbox.gate([&["--"], words].concat()).env("PATH", &path);
        for (name, value) in variables {
            call = call.env(name, value.replace('~', home.to_str().unwrap()));
        }
        let ran = call.run();
        assert_eq!(ran.status, Status::Exited(0), "{words:?}: {ran:?}");
    };
    run(&[("KUBECONFIG", "~/live")], &["kubectl", "get", "pods"]);
    run(&[("KUBECONFIG", "~/test")], &["kubectl", "get", "pods"]);
    run(&[("KUBECONFIG", "~/test")], &["sh", "-c", "kubectl --kubeconfig ~/live get nodes"]);
    run(&[("KUBECONFIG", "~/test"), ("HELM_KUBECONTEXT", "prod, eu")], &["helm", "list"]);
    run(&[("AWS_PROFILE", "ops")], &["aws", "s3", "ls"]);
    run(&[("AWS_PROFILE", "dev")], &["aws", "s3", "ls"]);
    run(&[], &["aws", "--profile", "ops", "s3", "ls", "s3://b"]);
    run(&[], &["git", "fetch"]);
    run(&[], &["terraform", "plan"]);
    run(&[("TF_WORKSPACE", "other")], &["terraform", "plan"]);
    // One command, two places.
    run(&[], &["sh", "-c", "KUBECONFIG=$HOME/test kubectl get a; KUBECONFIG=$HOME/live kubectl get b"]);
    // What is there now counts no more.
    for file in ["home/live", "home/test", "home/.aws/config", "work/.git/HEAD", "work/.terraform/environment"] {
        std::fs::remove_file(sandbox.root().join(file)).unwrap();
    }
    let kube = [
        "deny kubectl get pods",
        "deny sh -c 'kubectl --kubeconfig ~/live get nodes'",
        "deny helm list",
        "deny sh -c 'KUBECONFIG=$HOME/test kubectl get a; KUBECONFIG=$HOME/live kubectl get b'",
    ];
    assert_eq!(flipped(&sandbox, "\"kube:prod, eu\""), kube);
    let aws = ["deny aws s3 ls", "deny aws --profile ops s3 ls s3://b"];
    assert_eq!(flipped(&sandbox, "\"aws:ops\""), aws);
    assert_eq!(flipped(&sandbox, "\"aws:account/111122223333\""), aws);
    assert_eq!(flipped(&sandbox, "\"git:current/main\""), ["deny git fetch"]);
    assert_eq!(flipped(&sandbox, "\"terraform:live\""), ["deny terraform plan"]);
    assert_eq!(flipped(&sandbox, "\"kube:else\", \"aws:else\", \"git:else\", \"terraform:else\"").len(), 0);
}

#[test]
fn where_nothing_asked_where_a_command_landed_nothing_is_guessed() {
    let sandbox = landed();
    sandbox.write("gate/policies/acme.yaml", "gate: 1\nname: acme\n");
    let path = format!("{}:/usr/bin:/bin", sandbox.work().join("bin").display());
    let ran = sandbox.gate(["--", "kubectl", "get", "pods"]).env("PATH", &path).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let new = "gate: 1\nname: acme\nenvironments:\n  - {name: production, contexts: [\"kube:prod\"]}\nrules:\n  \
               - {id: any, when: {tool: kubectl}, class: write, why: x}\n\
               matrix: {write: {environments: {production: deny, otherwise: allow}}}\n";
    sandbox.write("work/new.yaml", new);
    let ran = replayed(&sandbox, &["--policy", "new.yaml"]);
    assert!(
        ran.stdout.contains("it depends on where it lands, and nothing asked for that when it was decided"),
        "{ran:?}"
    );
    sandbox.write(
        "work/new.yaml",
        new.replace("production: deny, otherwise: allow", "production: allow, otherwise: allow"),
    );
    let ran = replayed(&sandbox, &["--policy", "new.yaml"]);
    assert_eq!(ran.stdout, "1 decision replayed, 0 would change\n", "whatever it is, it is allowed");
}
