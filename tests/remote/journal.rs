//! What the server keeps: a journal that cannot be changed unseen, and heads that find a log cut or exchanged.

use sha2::{Digest as _, Sha256};

use super::*;

impl Server {
    /// Has a statement carried out behind the server's back.
    pub(super) fn meddle(&self, statement: &str) {
        if let Some(database) = &self.database {
            return database.sql(statement);
        }
        let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()";
        let database = self.sandbox.gate_home().join("server/gate.db");
        let ran = self.sandbox.call(program("python3"), ["-c", script]).arg(database).arg(statement).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    }
}

/// One request, denied.
fn denied(scene: &Scene) {
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    assert_eq!(scene.approver.answer("deny", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(77));
}

#[test]
fn an_auditor_can_follow_the_journal() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        denied(&scene);
        let token = scene.server.token("auditor", "eve");
        let (mut entries, mut path) = (Vec::new(), "/v1/log?limit=2".to_owned());
        loop {
            let (status, page) = scene.server.asked(&token, &path, &[]);
            assert_eq!(status, 200, "{page}");
            entries.extend(page["entries"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_i64() else { break };
            path = format!("/v1/log?limit=2&after={next}");
        }
        let mut before = format!("sha256:{}", "0".repeat(64));
        let mut kinds = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            let text = entry["entry"].as_str().unwrap();
            let read: Value = serde_json::from_str(text).unwrap();
            assert_eq!((&read["number"], &read["prev"]), (&number.into(), &before.as_str().into()));
            let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            before = format!("sha256:{digest}");
            assert_eq!(entry["digest"], before.as_str());
            assert!(!text.contains("victim"), "{text}");
            kinds.push(read["what"]["kind"].as_str().unwrap().to_owned());
        }
        for kind in ["token", "published", "answered", "closed"] {
            assert!(kinds.iter().any(|found| found == kind), "{on:?} {kind} in {kinds:?}");
        }
    }
}

#[test]
fn a_journal_that_was_changed_is_not_served() {
    for (on, statement, said) in [
        (
            On::Sqlite,
            "UPDATE journal SET entry = replace(entry, 'alice', 'malle') WHERE number = 1",
            "entry 1: its text",
        ),
        (On::Sqlite, "DELETE FROM journal WHERE number = 0", "entry 0: it is missing"),
        (On::Sqlite, "UPDATE journal SET time = time + 1 WHERE number = 1", "entry 1: it was written as another"),
        (On::Postgres, "DELETE FROM journal WHERE number = 0", "entry 0: it is missing"),
    ] {
        let mut scene = Scene::new(on, "");
        scene.server.kill();
        scene.server.meddle(statement);
        let ran = scene.server.call(&["--listen", "127.0.0.1:0"]).run();
        assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
    }
}

#[test]
fn a_log_that_was_cut_is_found_by_the_heads_at_the_server() {
    let scene = Scene::new(On::Sqlite, "");
    denied(&scene);
    denied(&scene);
    let verify = |words: &[&str]| scene.host.sandbox.gate(["audit", "verify"]).args(words).run();
    let ran = verify(&["--against-server"]);
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let path = "gate/audit/000000000000.jsonl";
    let whole = scene.host.sandbox.read(path);
    // Nothing on this host knows of the second request any more.
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let second = lines.iter().rposition(|line| line.contains("\"type\":\"request\"")).unwrap();
    let first = lines.iter().position(|line| line.contains("\"type\":\"request\"")).unwrap();
    assert!(first < second);
    scene.host.sandbox.write(path, lines[..=first].concat());
    let ran = verify(&["--against-server"]);
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    assert!(ran.stderr.contains("truncated: the approval server"), "{ran:?}");
    let ran = verify(&[]);
    assert_eq!(ran.status, Status::Exited(0), "alone it looks whole: {ran:?}");
}

#[test]
fn a_log_that_was_exchanged_is_found_by_the_heads_at_the_server() {
    let mut scene = Scene::new(On::Sqlite, "");
    denied(&scene);
    let token = fs::read_to_string(scene.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
    let swapped = User::new(&scene.server, token.trim(), &scene.alice, "");
    assert_eq!(swapped.sandbox.gate(["--", "true"]).run().status, Status::Exited(0));
    assert_eq!(swapped.sandbox.gate(["audit", "verify"]).run().status, Status::Exited(0));
    let ran = swapped.sandbox.gate(["audit", "verify", "--against-server"]).run();
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    assert!(ran.stderr.contains("replaced: the approval server knows `build01`"), "{ran:?}");
    scene.server.kill();
    let ran = swapped.sandbox.gate(["audit", "verify", "--against-server"]).run();
    assert_eq!(ran.status, Status::Exited(69), "{ran:?}");
}
