//! One person asks, another answers: real processes, a real queue, real terminals.

mod attacks;
mod keys;
mod shown;
mod waiting;

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Call, Key, Ran, Running, Sandbox, Status, program};

/// A sandbox in which Alice, who claims no account, may answer.
struct Scene {
    sandbox: Sandbox,
    alice: Key,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let alice = sandbox.ssh_key("alice", "");
        Self::of(sandbox, alice)
    }

    fn of(sandbox: Sandbox, alice: Key) -> Self {
        let scene = Self { sandbox, alice };
        scene.enrol("alice", &scene.alice, &[]);
        rule(&scene.sandbox);
        scene.victim();
        scene
    }

    fn enrol(&self, name: &str, key: &Key, more: &[&str]) {
        let call = self.sandbox.gate(["init", "--principal", name, "--key"]).arg(&key.public);
        let ran = more.iter().fold(call, |call, word| call.arg(word)).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    }

    /// A folder that only an approved command takes away.
    fn victim(&self) -> PathBuf {
        let folder = self.sandbox.work().join("victim");
        self.sandbox.write("work/victim/file", "");
        folder
    }

    fn stands(&self) -> bool {
        self.sandbox.work().join("victim").exists()
    }

    /// What needs approval, with these options.
    fn asking(&self, options: &[&str]) -> Call {
        self.sandbox.gate(options.iter().chain(&["--", "rm", "-rf", "victim"]))
    }

    /// Asks, and waits until the request waits.
    fn ask(&self, options: &[&str]) -> (Running, String) {
        let gate = self.asking(options).start();
        gate.wait_for_stderr("waiting until");
        let id = request(&gate.stderr());
        (gate, id)
    }

    /// `gate` without any terminal.
    fn alone(&self, words: &[&str]) -> Call {
        self.sandbox.call(program("setsid"), ["--wait", env!("CARGO_BIN_EXE_gate")]).args(words)
    }

    fn answer(&self, verb: &str, id: &str, key: &Key, reason: &str) -> Ran {
        let key = key.private.to_str().unwrap();
        self.alone(&[verb, id, "--key", key, "--reason", reason, "--yes"]).run()
    }

    fn requests(&self) -> Vec<Value> {
        let ran = self.sandbox.gate(["requests", "--json"]).run();
        assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)));
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

/// Whatever the built-in rules say, here `rm` is asked about.
fn rule(sandbox: &Sandbox) {
    let rule = "gate: 1\nname: test\nrules:\n  - id: rm\n    when: {tool: rm}\n    class: destroy\n    \
                effect: ask\n    why: it cannot be undone\n";
    sandbox.write("gate/policies/test.yaml", rule);
}

/// The id in what gate says when it asks.
fn request(said: &str) -> String {
    let at = said.find("(request ").unwrap_or_else(|| panic!("no request in {said}")) + "(request ".len();
    said[at..at + 36].to_owned()
}
