//! Everybody who would approve what they asked for themselves, or let a verdict do more than it says. Each is refused in
//! its own words, by the host that runs, whatever put the answer into its queue.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use super::{Scene, request, rule};
use crate::support::{Key, Running, Sandbox, Status, program};

/// A verdict as somebody makes it by hand: with OpenSSH, and not with gate.
struct Forged<'a> {
    scene: &'a Scene,
    key: &'a Key,
    namespace: &'static str,
    statement: Value,
}

impl<'a> Forged<'a> {
    /// As Alice would sign it for this request, only by another hand.
    fn new(scene: &'a Scene, id: &str, key: &'a Key) -> Self {
        let shown = scene.sandbox.gate(["show", id, "--json"]).run();
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        let statement = json!({
            "approver": "alice",
            "at": shown["request"]["created"],
            "decision": "approve",
            "expires": shown["request"]["expires"],
            "key": fingerprint(scene, key),
            "reason": "",
            "request": shown["digest"],
            "type": "gate.verdict.v1",
        });
        Self { scene, key, namespace: "gate-verdict", statement }
    }

    fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.statement[member] = value.into();
        self
    }

    /// Signed by `ssh-keygen -Y sign`.
    fn bytes(&self) -> String {
        let statement = self.scene.sandbox.write("statement", self.statement.to_string());
        let signature = statement.with_extension("sig");
        let _ = fs::remove_file(&signature);
        let call = self.scene.sandbox.call(program("ssh-keygen"), ["-q", "-Y", "sign", "-n", self.namespace, "-f"]);
        let ran = call.arg(&self.key.private).arg(&statement).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        let signature = fs::read_to_string(signature).unwrap();
        json!({"proof": {"kind": "sshsig", "signature": signature}, "statement": self.statement}).to_string()
    }
}

fn fingerprint(scene: &Scene, key: &Key) -> String {
    let ran = scene.sandbox.call(program("ssh-keygen"), ["-l", "-f"]).arg(&key.public).run();
    ran.stdout.split(' ').nth(1).unwrap().to_owned()
}

/// Puts bytes into the queue as gate would, whole and at once.
fn put(scene: &Scene, id: &str, name: &str, bytes: &str) {
    let folder = scene.sandbox.gate_home().join("requests");
    let staged = folder.join(format!(".new.{name}"));
    fs::write(&staged, bytes).unwrap();
    fs::rename(staged, folder.join(format!("{id}.verdict.{name}"))).unwrap();
}

/// The answer does not count, in these words; the command still waits.
fn refused(scene: &Scene, gate: &Running, id: &str, bytes: &str, words: &str) {
    let name = format!("{:016x}", gate.stderr().len());
    put(scene, id, &name, bytes);
    gate.wait_for_stderr(&format!("an answer does not count: {words}"));
    assert!(scene.stands(), "{words}");
}

#[test]
fn no_forged_verdict_counts_and_each_is_refused_in_its_own_words() {
    let scene = Scene::new();
    let (mallory, bob) = (scene.sandbox.ssh_key("mallory", ""), scene.sandbox.ssh_key("bob", ""));
    scene.enrol("bob", &bob, &["--group", "observers"]);
    let (gate, id) = scene.ask(&[]);
    let alices = || Forged::new(&scene, &id, &scene.alice);
    let unknown = Forged::new(&scene, &id, &mallory);
    let unknown_words = format!("the key {} is not enrolled here", fingerprint(&scene, &mallory));
    let outsider = Forged::new(&scene, &id, &bob).with("approver", "bob");
    let foreign = Forged { key: &mallory, ..alices() };
    let early = "2020-01-01T00:00:00.000000Z";
    let swapped =
        alices().with("decision", "deny").bytes().replace("\"decision\":\"deny\"", "\"decision\":\"approve\"");
    let spaced = alices().bytes().replace("{\"proof\"", "{ \"proof\"");
    let table = [
        (unknown.bytes(), unknown_words.as_str()),
        (outsider.bytes(), "`bob` is in none of the groups that may answer: approvers"),
        (alices().with("approver", "bob").bytes(), "the statement is by `bob`, but the key belongs to `alice`"),
        (foreign.bytes(), "the statement names the key "),
        (Forged { namespace: "gate-grant", ..alices() }.bytes(), "the signature was made for `gate-grant`"),
        (alices().with("type", "gate.grant.v1").bytes(), "not a verdict: the statement's type is `gate.grant.v1`"),
        (swapped, "the signature is not one of SHA256:"),
        (alices().with("request", format!("sha256:{}", "0".repeat(64))).bytes(), "the verdict answers another request"),
        (alices().with("expires", early).bytes(), "the verdict expired at 2020-01-01"),
        (alices().with("at", early).bytes(), "the verdict says it was made at 2020-01-01"),
        (alices().with("admin", true).bytes(), "the verdict cannot be read: "),
        (spaced, "the verdict cannot be read: not canonical"),
    ];
    for (bytes, words) in &table {
        refused(&scene, &gate, &id, bytes, words);
    }
    // What all of them were a change of does count.
    put(&scene, &id, "ffffffffffffffff", &alices().bytes());
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!scene.stands());
}

#[test]
fn a_verdict_for_another_request_of_the_same_command_is_not_used_again() {
    let scene = Scene::new();
    let (first, one) = scene.ask(&[]);
    let verdict = Forged::new(&scene, &one, &scene.alice).bytes();
    put(&scene, &one, "0000000000000001", &verdict);
    assert_eq!(first.wait().status, Status::Exited(0));
    scene.victim();
    let (second, two) = scene.ask(&[]);
    refused(&scene, &second, &two, &verdict, "the verdict answers another request");
}

#[test]
fn nobody_approves_what_an_account_of_theirs_asked_with_any_key() {
    let scene = Scene::new();
    let (bob, second) = (scene.sandbox.ssh_key("bob", ""), scene.sandbox.ssh_key("second", ""));
    let config = scene.sandbox.read("gate/config.yaml");
    let both = format!(
        "{config}  bob:\n    keys:\n      - {}\n      - {}\n    groups: [approvers]\n    accounts: [root]\n",
        without_comment(&bob),
        without_comment(&second)
    );
    scene.sandbox.write("gate/config.yaml", both);
    let (gate, id) = scene.ask(&[]);
    assert_eq!(scene.requests()[0]["requester"]["principals"][0]["principal"], "bob");
    for key in [&bob, &second] {
        let early = scene.answer("approve", &id, key, "mine");
        assert_eq!(early.status, Status::Exited(77), "{early:?}");
        assert!(early.stderr.contains("nobody approves their own request"), "{early:?}");
        let forged = Forged::new(&scene, &id, key).with("approver", "bob").bytes();
        let waits = gate.stderr().matches("nobody approves their own request").count();
        put(&scene, &id, &format!("{waits:016}"), &forged);
        crate::support::wait_until("the host's own refusal", || {
            (gate.stderr().matches("nobody approves their own request").count() > waits).then_some(())
        });
    }
    assert!(scene.stands());
    assert_eq!(scene.answer("approve", &id, &scene.alice, "somebody else").status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
}

#[test]
fn the_machine_approves_nothing() {
    let scene = Scene::new();
    let (gate, id) = scene.ask(&[]);
    let record = scene.sandbox.gate_home().join("keys/record");
    let ran = scene.alone(&["approve", &id, "--key", record.to_str().unwrap(), "--reason", "x", "--yes"]).run();
    assert_eq!(ran.status, Status::Exited(64), "not a key file of OpenSSH: {ran:?}");
    // As whoever reads the key would make one of it.
    let (key, line) = openssh_form(&scene, &record);
    assert!(!line.is_empty());
    let early = scene.answer("approve", &id, &key, "x");
    assert_eq!(early.status, Status::Exited(77), "{early:?}");
    assert!(early.stderr.contains("is this machine's record key: a machine approves nothing"), "{early:?}");
    let forged = Forged::new(&scene, &id, &key).bytes();
    let words =
        format!("the key {} is this machine's record key: a machine approves nothing", fingerprint(&scene, &key));
    refused(&scene, &gate, &id, &forged, &words);
}

/// The record key as a key file of OpenSSH.
fn openssh_form(scene: &Scene, record: &std::path::Path) -> (Key, String) {
    use gate::encoding::openssh::PrivateKey;
    let text = fs::read_to_string(record).unwrap();
    let seed = gate::encoding::unpadded::decoded(text.trim_end().rsplit(' ').next().unwrap().as_bytes()).unwrap();
    let key = PrivateKey::from_seed(seed.as_slice().try_into().unwrap(), "record").unwrap();
    let private = scene.sandbox.write("keys/record", key.write(None, &[7; 20]).unwrap().as_bytes());
    fs::set_permissions(&private, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let line = key.public().to_string();
    let public = scene.sandbox.write("keys/record.pub", format!("{line}\n"));
    (Key { private, public, line: line.clone() }, line)
}

#[test]
fn what_was_shown_and_not_what_waits_is_what_was_approved() {
    let scene = Scene::new();
    let (gate, id) = scene.ask(&[]);
    let file = scene.sandbox.gate_home().join(format!("requests/{id}.request"));
    let text = fs::read_to_string(&file).unwrap();
    // In place, so that the waiting process still holds its lock on it.
    let edited = text.replace("\"victim\"", "\"shadow\"");
    assert_ne!(text, edited);
    fs::OpenOptions::new().write(true).open(&file).unwrap().write_all(edited.as_bytes()).unwrap();
    assert_eq!(scene.requests()[0]["command"], "rm -rf shadow");
    assert_eq!(scene.answer("approve", &id, &scene.alice, "that one").status, Status::Exited(0));
    gate.wait_for_stderr("an answer does not count: the verdict answers another request");
    assert!(scene.stands());
}

#[test]
fn a_key_that_enrols_itself_while_the_command_waits_ends_the_wait() {
    let scene = Scene::new();
    let mallory = scene.sandbox.ssh_key("mallory", "");
    let (gate, id) = scene.ask(&[]);
    scene.enrol("mallory", &mallory, &[]);
    let forged = Forged::new(&scene, &id, &mallory).with("approver", "mallory").bytes();
    let words = format!("the key {} is not enrolled here", fingerprint(&scene, &mallory));
    refused(&scene, &gate, &id, &forged, &words);
    // And under such a configuration nothing runs, whoever approves, until an enrolled person has accepted it.
    assert_eq!(scene.answer("approve", &id, &scene.alice, "fine").status, Status::Exited(0));
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(78), "{ran:?}");
    assert!(ran.stderr.contains("`mallory` is a new member of `approvers`"), "{ran:?}");
    assert!(ran.stderr.contains("`gate key accept`"), "{ran:?}");
    assert!(scene.stands());
    // Nobody lets themselves in.
    let accept = |key: &Key| {
        let key = key.private.to_str().unwrap();
        scene.alone(&["key", "accept", "--key", key, "--reason", "welcome", "--yes"]).run()
    };
    let own = accept(&mallory);
    assert_eq!(own.status, Status::Exited(77), "{own:?}");
    assert!(own.stderr.contains("was not enrolled before the change, so it cannot accept it"), "{own:?}");
    let alices = accept(&scene.alice);
    assert!(alices.stdout.starts_with("accepted by alice:\n  `mallory` has the new key SHA256:"), "{alices:?}");
    assert_eq!(accept(&scene.alice).status, Status::Exited(64), "there is nothing more to accept");
    let (gate, id) = scene.ask(&[]);
    assert_eq!(scene.answer("approve", &id, &mallory, "mine now").status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
}

#[test]
fn a_revoked_key_approves_nothing_even_while_the_command_waits() {
    let scene = Scene::new();
    let bob = scene.sandbox.ssh_key("bob", "");
    scene.enrol("bob", &bob, &[]);
    let key = fingerprint(&scene, &scene.alice);
    let revoke = || scene.alone(&["key", "revoke", &key, "--yes"]).run();
    assert_eq!(revoke().status, Status::Exited(64), "nobody is pinned yet");
    let (gate, id) = scene.ask(&[]);
    let unasked = scene.alone(&["key", "revoke", &key]).run();
    assert_eq!(unasked.status, Status::Exited(64), "{unasked:?}");
    let revoked = revoke();
    assert_eq!((revoked.stdout, revoked.status), (format!("revoked {key}, of alice\n"), Status::Exited(0)));
    let early = scene.answer("approve", &id, &scene.alice, "still me");
    assert_eq!(early.status, Status::Exited(77), "{early:?}");
    assert!(early.stderr.contains(&format!("the key {key} is revoked")), "{early:?}");
    put(&scene, &id, "0000000000000001", &Forged::new(&scene, &id, &scene.alice).bytes());
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(75), "{ran:?}");
    assert!(ran.stderr.contains(&format!("the command changed while it waited: the key {key}")), "{ran:?}");
    assert!(scene.stands());
}

#[test]
fn another_home_does_not_replace_who_may_answer_on_this_host() {
    let scene = Scene::new();
    let etc = scene.sandbox.root().join("etc");
    let system = format!(
        "host: build01\nprincipals:\n  alice:\n    keys: [{}]\n    groups: [approvers]\n",
        without_comment(&scene.alice)
    );
    scene.sandbox.write("etc/config.yaml", system);
    fs::set_permissions(&etc, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // A home of the requester's own, in which they are the approver.
    let other = Sandbox::new();
    rule(&other);
    let mallory = other.ssh_key("mallory", "");
    let own = other.gate(["init", "--principal", "mallory", "--key"]).arg(&mallory.public).run();
    assert_eq!(own.status, Status::Exited(0), "{own:?}");
    let call = |words: &[&str]| other.gate(words).etc_gate(&etc);
    let asked = call(&["--", "rm", "-rf", "victim"]).run();
    assert_eq!(asked.status, Status::Exited(78), "{asked:?}");
    assert!(asked.stderr.contains("which this file cannot replace"), "{asked:?}");
    // Nor by taking its own principals out: then Alice alone may answer.
    fs::remove_file(other.gate_home().join("config.yaml")).unwrap();
    let again = call(&["init", "--principal", "mallory", "--key", mallory.public.to_str().unwrap()]).run();
    assert_eq!(again.status, Status::Exited(78), "{again:?}");
    assert!(again.stderr.contains("says who may answer on this host"), "{again:?}");
    let parked = call(&["--no-wait", "--", "rm", "-rf", "victim"]).run();
    let id = request(&parked.stderr);
    let key = mallory.private.to_str().unwrap();
    let answered = call(&["approve", &id, "--key", key, "--reason", "x", "--yes"]).run();
    assert_eq!(answered.status, Status::Exited(77), "{answered:?}");
    assert!(answered.stderr.contains("is not enrolled here"), "{answered:?}");
}

fn without_comment(key: &Key) -> String {
    key.line.rsplit_once(' ').unwrap().0.to_owned()
}
