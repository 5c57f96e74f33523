//! The audit sink: records go from a host to the server as they are, resume where they were left, and are found again; and
//! every way in which a host, or whoever has its token, could make the server keep something else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::*;

pub(super) const SEGMENT: &str = "gate/audit/000000000000.jsonl";

impl User {
    pub(super) fn ship(&self) -> (Status, String) {
        let ran = self.sandbox.gate(["audit", "ship"]).run();
        (ran.status, if ran.status == Status::Exited(0) { ran.stdout } else { ran.stderr })
    }

    pub(super) fn runs(&self, words: &[&str]) {
        let ran = self.sandbox.gate(["--"]).args(words).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    }

    fn lines(&self) -> Vec<String> {
        self.sandbox.read(SEGMENT).lines().map(str::to_owned).collect()
    }

    fn token(&self) -> String {
        self.sandbox.read("gate/keys/remote.token").trim().to_owned()
    }

    /// A shipment of its lines from a number on, with all its blobs.
    fn shipment(&self, lines: &[String], from: usize) -> Value {
        let encoded = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        let first: Value = serde_json::from_str(&self.lines()[0]).unwrap();
        let folder = self.sandbox.gate_home().join("audit/blobs");
        let blobs = fs::read_dir(folder).map_or_else(
            |_| Vec::new(),
            |entries| entries.map(|entry| encoded(&fs::read(entry.unwrap().path()).unwrap())).collect(),
        );
        let lines =
            lines[from..].iter().map(|line| serde_json::json!({"line": encoded(line.as_bytes()), "segment": 0}));
        serde_json::json!({"blobs": blobs, "from": from, "lines": lines.collect::<Vec<_>>(), "log": first["body"]["log"]})
    }
}

impl Server {
    fn posted(&self, token: &str, body: &Value) -> (u16, Value) {
        let file = self.sandbox.write("shipment", serde_json::to_vec(body).unwrap());
        let data = format!("@{}", file.display());
        self.asked(token, "/v1/records", &["-X", "POST", "--data-binary", &data])
    }

    fn host(&self, auditor: &str, name: &str) -> Value {
        let (status, told) = self.asked(auditor, "/v1/hosts", &[]);
        assert_eq!(status, 200, "{told}");
        let hosts = told["hosts"].as_array().unwrap();
        hosts.iter().find(|host| host["host"] == name).cloned().unwrap_or(Value::Null)
    }

    fn found(&self, auditor: &str, query: &str) -> Vec<Value> {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.asked(auditor, &format!("/v1/records?limit=3&after={after}&{query}"), &[]);
            assert_eq!(status, 200, "{page}");
            found.extend(page["records"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { return found };
            after = next.to_owned();
        }
    }

    pub(super) fn journal(&self, auditor: &str, kind: &str) -> Vec<Value> {
        let (_, page) = self.asked(auditor, "/v1/log?limit=1000", &[]);
        let entries = page["entries"].as_array().unwrap().iter();
        let entries = entries.map(|entry| serde_json::from_str::<Value>(entry["entry"].as_str().unwrap()).unwrap());
        entries.map(|entry| entry["what"].clone()).filter(|what| what["kind"] == kind).collect()
    }
}

/// A request that Alice approved, and a command that nobody was asked about.
pub(super) fn history(scene: &Scene) -> String {
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
    scene.host.runs(&["echo", "allowed"]);
    id
}

#[test]
fn a_log_is_shipped_resumed_and_found() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let id = history(&scene);
        let eve = scene.server.token("auditor", "eve");
        let before = scene.server.host(&eve, "build01");
        assert_eq!((&before["verified"], &before["consistent"]), (&0.into(), &true.into()), "{before}");
        assert!(before["ahead"]["size"].as_u64().unwrap() > 0, "a head was shown, and no record: {before}");
        let count = scene.host.lines().len();
        let said = format!("shipped {count} records; the approval server has {count}\n");
        assert_eq!(scene.host.ship(), (Status::Exited(0), said), "{on:?}");
        let said = format!("shipped 0 records; the approval server has {count}\n");
        assert_eq!(scene.host.ship(), (Status::Exited(0), said), "again");
        scene.host.runs(&["echo", "later"]);
        let more = scene.host.lines().len();
        let said = format!(
            "shipped {} record{}; the approval server has {more}\n",
            more - count,
            if more - count == 1 { "" } else { "s" }
        );
        assert_eq!(scene.host.ship(), (Status::Exited(0), said));
        let host = scene.server.host(&eve, "build01");
        assert_eq!((&host["verified"], &host["consistent"]), (&more.into(), &true.into()), "{host}");
        assert_eq!((&host["anchored"]["size"], &host["ahead"]), (&more.into(), &Value::Null), "{host}");
        // What is kept is what was written, byte for byte.
        let kept = scene.server.found(&eve, "");
        let mut lines: Vec<&str> = kept.iter().map(|one| one["line"].as_str().unwrap()).collect();
        lines.sort_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["body"]["seq"].as_u64());
        assert_eq!(lines, scene.host.lines());
        for (query, kinds) in [
            ("kind=verdict", "verdict"),
            ("outcome=approve", "verdict"),
            ("rule=gate/fs.delete&kind=request", ""),
            ("kind=run&outcome=approved", "run"),
            ("kind=run&outcome=approved&text=VICTIM", "run"),
            ("kind=verdict&principal=alice", "verdict"),
            ("host=build01&text=rm%20-rf%20victim&kind=request", "request"),
            ("principal=nobody", ""),
            ("rule=gate/fs.delete%25", ""),
            ("host=build02", ""),
            ("until=2020-01-01", ""),
            ("since=2999-01-01T00:00:00Z", ""),
            ("outcome=exit-0", "outcome"),
        ] {
            let found = scene.server.found(&eve, query);
            let found: Vec<&str> = found.iter().map(|one| one["kind"].as_str().unwrap()).collect();
            let wanted: Vec<&str> = if kinds.is_empty() { Vec::new() } else { vec![kinds] };
            assert_eq!(found, wanted, "{on:?} {query}");
        }
        let rule = kept.iter().find(|one| one["kind"] == "request").unwrap()["rules"][0].as_str().unwrap().to_owned();
        let found = scene.server.found(&eve, &format!("rule={rule}"));
        assert_eq!(found.len(), 1, "{rule}: {found:?}");
        assert!(found[0]["said"].as_str().unwrap().contains(&id));
        // What is encrypted is nowhere to be read.
        let raw = fs::read(scene.server.sandbox.gate_home().join("server/gate.db")).unwrap_or_default();
        assert!(!raw.windows(6).any(|part| part == b"victim"));
        let verified = scene.host.sandbox.gate(["audit", "verify", "--against-server"]).run();
        assert_eq!(verified.status, Status::Exited(0), "{verified:?}");
    }
}

#[test]
fn pages_of_records_follow_one_another_from_either_end() {
    let scene = Scene::new(On::Sqlite, "");
    for _ in 0..4 {
        scene.host.runs(&["true"]);
    }
    assert_eq!(scene.host.ship().0, Status::Exited(0));
    let eve = scene.server.token("auditor", "eve");
    let numbers = |query: &str| -> Vec<u64> {
        scene.server.found(&eve, query).iter().map(|one| one["number"].as_u64().unwrap()).collect()
    };
    let count = u64::try_from(scene.host.lines().len()).unwrap();
    assert_eq!(numbers(""), (0..count).collect::<Vec<_>>());
    assert_eq!(numbers("order=newest"), (0..count).rev().collect::<Vec<_>>());
    for bad in ["order=up", "kind=x", "since=yesterday", "after=1.2.3", "limit=0", "limit=201", "host=%00", "more=1"] {
        assert_eq!(scene.server.asked(&eve, &format!("/v1/records?{bad}"), &[]).0, 400, "{bad}");
    }
}

#[test]
fn the_same_again_has_no_second_effect() {
    let scene = Scene::new(On::Sqlite, "");
    scene.host.runs(&["true"]);
    let (token, eve) = (scene.host.token(), scene.server.token("auditor", "eve"));
    let shipment = scene.host.shipment(&scene.host.lines(), 0);
    let (status, first) = scene.server.posted(&token, &shipment);
    assert_eq!(status, 201, "{first}");
    assert_eq!(scene.server.posted(&token, &shipment), (200, first.clone()));
    assert_eq!(scene.server.asked(&token, "/v1/records/end", &[]), (200, first));
    assert_eq!(scene.server.journal(&eve, "shipped").len(), 1);
    // All at once, the same and half of it: as if one had come.
    scene.host.runs(&["true"]);
    let lines = scene.host.lines();
    let (whole, part) = (scene.host.shipment(&lines, 0), scene.host.shipment(&lines[..lines.len() - 1], 1));
    let file = |name: &str, body: &Value| scene.server.sandbox.write(name, serde_json::to_vec(body).unwrap());
    let files = [file("whole", &whole), file("part", &part)];
    std::thread::scope(|scope| {
        for at in 0..8 {
            let data = format!("@{}", files[at % 2].display());
            let (token, server) = (&token, &scene.server);
            scope.spawn(move || {
                let (status, told) = server.asked(token, "/v1/records", &["-X", "POST", "--data-binary", &data]);
                assert!(status == 200 || status == 201, "{status} {told}");
            });
        }
    });
    assert_eq!(scene.server.host(&eve, "build01")["verified"], lines.len());
}

/// A change of the lines, what the server answers, and a word of it.
type Attack = (&'static str, fn(&mut Vec<String>), u16, &'static str);

const ATTACKS: &[Attack] = &[
    ("a changed body", |lines| lines[2] = lines[2].replacen("wrapper", "account", 1), 422, "signature"),
    (
        "a forged signature",
        |lines| {
            let at = lines[2].len() - 40;
            let other = if &lines[2][at..=at] == "A" { "B" } else { "A" };
            lines[2].replace_range(at..=at, other);
        },
        422,
        "signature",
    ),
    ("a record left out", |lines| drop(lines.remove(2)), 422, "missing"),
    ("two that changed places", |lines| lines.swap(2, 3), 422, "record 2"),
    ("one twice", |lines| lines.insert(2, lines[1].clone()), 422, "second time"),
    ("no genesis", |lines| drop(lines.remove(0)), 422, "genesis"),
    ("not a record", |lines| lines[2] = "{}".to_owned(), 422, "form"),
    ("a blob that is missing", |lines| lines.truncate(4), 422, "blob"),
];

#[test]
fn what_does_not_hold_is_not_kept() {
    let scene = Scene::new(On::Sqlite, "");
    for _ in 0..3 {
        scene.host.runs(&["true"]);
    }
    let (token, eve) = (scene.host.token(), scene.server.token("auditor", "eve"));
    for (name, attack, status, word) in ATTACKS {
        let mut lines = scene.host.lines();
        attack(&mut lines);
        let mut shipment = scene.host.shipment(&lines, 0);
        if word == &"blob" {
            shipment["blobs"] = serde_json::json!([]);
        }
        let (said, told) = scene.server.posted(&token, &shipment);
        assert_eq!(said, *status, "{name}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(word), "{name}: {told}");
        assert_eq!(scene.server.asked(&token, "/v1/records/end", &[]).1["head"], Value::Null, "{name}");
    }
    let lines = scene.host.lines();
    let mut renumbered = scene.host.shipment(&lines, 0);
    renumbered["from"] = 1.into();
    assert_eq!(scene.server.posted(&token, &renumbered).0, 409, "a gap");
    let mut elsewhere = scene.host.shipment(&lines, 0);
    elsewhere["log"] = "01010101-0101-4101-8101-010101010101".into();
    assert_eq!(scene.server.posted(&token, &elsewhere).0, 422, "another log");
    let mut segment = scene.host.shipment(&lines, 0);
    segment["lines"][2]["segment"] = 2.into();
    assert_eq!(scene.server.posted(&token, &segment).0, 422, "a segment that nobody began");
    for (body, status) in [
        (serde_json::json!({"blobs": [], "from": 0, "lines": [], "log": elsewhere["log"]}), 400),
        (serde_json::json!({"blobs": ["!"], "from": 0, "lines": segment["lines"], "log": elsewhere["log"]}), 400),
        (serde_json::json!([]), 400),
    ] {
        assert_eq!(scene.server.posted(&token, &body).0, status, "{body}");
    }
    let huge = scene.server.sandbox.write("huge", vec![b'a'; 13 << 20]);
    let data = format!("@{}", huge.display());
    assert_eq!(scene.server.asked(&token, "/v1/records", &["-X", "POST", "--data-binary", &data]).0, 413);
    let mut many = scene.host.shipment(&lines, 0);
    many["lines"] = vec![many["lines"][0].clone(); 1001].into();
    assert_eq!(scene.server.posted(&token, &many).0, 400, "too many lines");
    assert_eq!(scene.server.host(&eve, "build01"), Value::Null, "no host is known by what does not hold");
    assert_eq!(scene.host.ship().0, Status::Exited(0), "and what holds is taken");
}

#[test]
fn the_records_of_one_host_are_not_taken_from_another() {
    let scene = Scene::new(On::Sqlite, "");
    scene.host.runs(&["true"]);
    let own = scene.host.sandbox.read("gate/config.yaml");
    let named = own.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().trim().to_owned();
    let shipment = scene.host.shipment(&scene.host.lines(), 0);
    let mallory = scene.server.token("host", "mallory");
    // Before its owner shipped anything, where the name in the records has a token.
    let owner = scene.server.token("host", &named);
    let (status, told) = scene.server.posted(&mallory, &shipment);
    assert!(status == 422 && told["detail"].as_str().unwrap().contains(&named), "{status} {told}");
    assert_eq!(scene.server.posted(&owner, &shipment).0, 201);
    let (status, told) = scene.server.posted(&mallory, &shipment);
    assert_eq!(status, 422, "{told}");
    // And once it did, whatever the records call themselves.
    assert_eq!(scene.server.call(&["revoke", owner.split('_').nth(2).unwrap()]).run().status, Status::Exited(0));
    let (status, told) = scene.server.posted(&mallory, &shipment);
    assert!(status == 422 && told["detail"].as_str().unwrap().contains("showed it before"), "{status} {told}");
    assert_eq!(scene.server.asked(&mallory, "/v1/records/end", &[]).1["head"], Value::Null);
    assert_eq!(scene.server.asked(&mallory, "/v1/records", &[]).0, 403, "a host reads no records");
}

/// The host goes back to an older copy of its log, and writes another history with its own key.
#[test]
fn a_record_that_was_replaced_is_found_and_kept_as_proof() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        scene.host.runs(&["echo", "one"]);
        let old = scene.host.sandbox.read(SEGMENT);
        scene.host.runs(&["echo", "two"]);
        assert_eq!(scene.host.ship().0, Status::Exited(0));
        let kept = scene.host.lines();
        scene.host.sandbox.write(SEGMENT, &old);
        let (status, said) = scene.host.ship();
        assert!(status == Status::Exited(65) && said.contains("truncated"), "{said}");
        let verified = scene.host.sandbox.gate(["audit", "verify", "--against-server"]).run();
        assert_eq!(verified.status, Status::Exited(65), "the shipped end is a head too: {verified:?}");
        scene.host.runs(&["echo", "never mind"]);
        assert_eq!(
            scene.host.sandbox.gate(["audit", "verify"]).run().status,
            Status::Exited(0),
            "alone it looks whole"
        );
        let (status, said) = scene.host.ship();
        assert!(status == Status::Exited(65) && said.contains("both"), "{said}");
        let eve = scene.server.token("auditor", "eve");
        let host = scene.server.host(&eve, "build01");
        assert_eq!((&host["consistent"], host["conflicts"].as_array().unwrap().len()), (&false.into(), 1), "{host}");
        assert_eq!(host["conflicts"][0]["number"], kept.len() - 1);
        let _ = scene.host.ship();
        assert_eq!(scene.server.journal(&eve, "conflict").len(), 1, "the same proof is kept once");
        // Longer than what the server has: the seam does not fit.
        scene.host.runs(&["echo", "more"]);
        let lines = scene.host.lines();
        let shipment = scene.host.shipment(&lines, kept.len());
        let (status, told) = scene.server.posted(&scene.host.token(), &shipment);
        assert!(status == 409 && told["detail"].as_str().unwrap().contains("another history"), "{status} {told}");
        assert_eq!(scene.server.journal(&eve, "conflict").len(), 2);
        assert_eq!(scene.server.found(&eve, "").len(), kept.len(), "the first history stays");
    }
}

#[test]
fn a_head_that_contradicts_shipped_records_asks_nobody() {
    let scene = Scene::new(On::Sqlite, "");
    scene.host.runs(&["echo", "one"]);
    let old = scene.host.sandbox.read(SEGMENT);
    scene.host.runs(&["echo", "two"]);
    scene.host.runs(&["echo", "three"]);
    assert_eq!(scene.host.ship().0, Status::Exited(0));
    scene.host.sandbox.write(SEGMENT, &old);
    scene.host.runs(&["echo", "never mind"]);
    let ran = scene.host.sandbox.gate(["--", "rm", "-rf", "victim"]).run();
    assert_eq!(ran.status, Status::Exited(69), "{ran:?}");
    assert!(ran.stderr.contains("is not the one it showed before"), "{ran:?}");
    assert!(scene.host.stands());
}

#[test]
fn a_copy_of_the_database_cannot_be_changed_unseen() {
    let scene = Scene::new(On::Sqlite, "");
    scene.host.runs(&["true"]);
    assert_eq!(scene.host.ship().0, Status::Exited(0));
    let eve = scene.server.token("auditor", "eve");
    scene.server.meddle("CREATE TABLE kept AS SELECT sealed FROM records WHERE number = 0");
    // Another record's text in its place does not open there.
    scene.server.meddle("UPDATE records SET sealed = (SELECT sealed FROM records WHERE number = 1) WHERE number = 0");
    assert_eq!(scene.server.asked(&eve, "/v1/records", &[]).0, 503);
    scene.server.meddle("UPDATE records SET sealed = (SELECT sealed FROM kept) WHERE number = 0");
    assert_eq!(scene.server.asked(&eve, "/v1/records", &[]).0, 200);
    // Nor is a line told under the digest of another.
    scene.server.meddle("UPDATE records SET digest = (SELECT digest FROM records WHERE number = 1) WHERE number = 0");
    assert_eq!(scene.server.asked(&eve, "/v1/records", &[]).0, 503);
    scene.server.meddle("UPDATE logs SET size = 1");
    scene.host.runs(&["true"]);
    let (status, said) = scene.host.ship();
    assert_ne!(status, Status::Exited(0), "{said}");
}

#[test]
fn nothing_is_shipped_where_there_is_nothing_to_ship_or_nobody_to_ship_to() {
    let mut scene = Scene::new(On::Sqlite, "");
    let (status, said) = scene.host.ship();
    assert!(status == Status::Exited(74) && said.contains("no audit log"), "{said}");
    scene.host.runs(&["true"]);
    scene.server.kill();
    let (status, said) = scene.host.ship();
    assert!(status == Status::Exited(69) && said.contains("cannot be reached"), "{said}");
    scene.server.start();
    let (status, _) = scene.approver.ship();
    assert_ne!(status, Status::Exited(0), "an approver has no log to ship");
    assert_eq!(scene.host.ship().0, Status::Exited(0));
    let alone = Sandbox::new();
    let ran = alone.gate(["audit", "ship"]).run();
    assert_eq!(ran.status, Status::Exited(78), "{ran:?}");
}
