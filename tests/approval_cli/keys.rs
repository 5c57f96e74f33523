//! Keys and the first configuration.

use crate::support::{Ran, Sandbox, Status, program};

#[test]
fn init_on_a_terminal_makes_a_key_that_can_answer() {
    let sandbox = Sandbox::new();
    let terminal = sandbox.gate(["init"]).on_terminal();
    terminal.wait_for("Name [root]: ");
    terminal.write("alice@acme.com\r");
    terminal.wait_for("New passphrase: ");
    terminal.write("\r");
    terminal.wait_for("An empty passphrase protects nothing.");
    terminal.wait_for("New passphrase: ");
    terminal.write("correct horse\r");
    terminal.wait_for("Once more: ");
    terminal.write("correct house\r");
    terminal.wait_for("They differ.");
    terminal.wait_for("New passphrase: ");
    terminal.write("correct horse\r");
    terminal.wait_for("Once more: ");
    terminal.write("correct horse\r");
    let (screen, status) = terminal.wait();
    assert_eq!(status, Status::Exited(0), "{screen}");
    assert!(screen.contains("alice@acme.com may answer for approvers"), "{screen}");
    assert!(screen.contains("gate approve"), "{screen}");
    let config = sandbox.read("gate/config.yaml");
    assert!(config.contains("groups: [approvers]") && !config.contains("accounts"), "{config}");

    // OpenSSH opens it with that passphrase and no other.
    let public = sandbox.read("gate/keys/alice@acme.com.pub");
    let key = sandbox.gate_home().join("keys/alice@acme.com");
    let opened = |passphrase: &str| sandbox.call(program("ssh-keygen"), ["-y", "-P", passphrase, "-f"]).arg(&key).run();
    assert_eq!(opened("correct horse").stdout.split(' ').nth(1), public.split(' ').nth(1));
    assert_ne!(opened("").status, Status::Exited(0));
    let listed = sandbox.gate(["key", "list"]).run().stdout;
    assert!(listed.contains("alice@acme.com (approvers)") && !listed.contains("no passphrase"), "{listed}");
}

#[test]
fn init_by_flags_may_be_repeated_and_never_overwrites() {
    let sandbox = Sandbox::new();
    let (alice, other) = (sandbox.ssh_key("alice", ""), sandbox.ssh_key("other", ""));
    let init = |key: &crate::support::Key, more: &[&str]| {
        sandbox.gate(["init", "--principal", "alice", "--key"]).arg(&key.public).args(more).run()
    };
    let first = init(&alice, &["--group", "sre", "--group", "approvers", "--account", "alice"]);
    assert_eq!(first.status, Status::Exited(0), "{first:?}");
    let config = sandbox.read("gate/config.yaml");
    let again = init(&alice, &["--group", "sre"]);
    assert!(again.stdout.starts_with("nothing to do: "), "{again:?}");
    let another = init(&other, &[]);
    assert_eq!(another.status, Status::Exited(78), "{another:?}");
    assert!(another.stderr.contains("`alice` is enrolled in"), "{another:?}");
    let missing = sandbox.gate(["init", "--principal", "bob", "--key", "nothing.pub"]).run();
    assert_eq!(missing, Ran::exited(64).err("gate: there is no key `nothing.pub`\n"));
    assert_eq!(sandbox.read("gate/config.yaml"), config);
}

#[test]
fn init_without_a_terminal_says_what_it_needs() {
    let sandbox = Sandbox::new();
    let ran = sandbox.call(program("setsid"), ["--wait", env!("CARGO_BIN_EXE_gate"), "init"]).stdin("alice\n").run();
    assert_eq!(ran.status, Status::Exited(64));
    assert!(ran.stderr.contains("hint: gate init --principal NAME --key FILE.pub"), "{ran:?}");
}

#[test]
fn keys_are_made_listed_shown_and_imported_but_never_written_over() {
    let sandbox = Sandbox::new();
    let made = sandbox.gate(["key", "new", "--name", "ci", "--no-passphrase", "--comment", "ci@host"]).run();
    assert_eq!(made.status, Status::Exited(0), "{made:?}");
    assert!(made.stdout.contains("not protected by a passphrase"), "{made:?}");
    let again = sandbox.gate(["key", "new", "--name", "ci", "--no-passphrase"]).run();
    assert_eq!(again.status, Status::Exited(64), "{again:?}");
    let shown = sandbox.gate(["key", "show", "ci"]).run().stdout;
    assert_eq!(shown, sandbox.read("gate/keys/ci.pub"));
    let outside = sandbox.ssh_key("laptop", "secret");
    assert_eq!(sandbox.gate(["key", "import"]).arg(&outside.private).run().status, Status::Exited(0));
    let list = sandbox.gate(["key", "list", "--json"]).run().stdout;
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let facts: Vec<_> = list.iter().map(|key| (key["name"].as_str().unwrap(), key["encrypted"].as_bool())).collect();
    assert_eq!(facts, [("ci", Some(false)), ("laptop", Some(true))]);
    let prints = list[0]["fingerprint"].as_str().unwrap();
    assert_eq!(sandbox.gate(["key", "show", prints]).run().stdout, shown);
    for (name, code) in [("../x", 64), ("record", 64), ("", 64)] {
        let ran = sandbox.gate(["key", "new", "--no-passphrase", "--name", name]).run();
        assert_eq!(ran.status, Status::Exited(code), "{name}: {ran:?}");
    }
}

#[test]
fn a_new_log_is_begun_only_by_a_person_and_names_the_old_one() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.gate(["--", "true"]).run().status, Status::Exited(0));
    let pin = sandbox.read("gate/log");
    let alone = sandbox.call(program("setsid"), ["--wait", env!("CARGO_BIN_EXE_gate"), "init", "--new-log"]);
    assert_eq!(alone.stdin("y\n").run().status, Status::Exited(64));
    assert_eq!(sandbox.read("gate/log"), pin);
    let terminal = sandbox.gate(["init", "--new-log"]).on_terminal();
    terminal.wait_for("Begin a new log? [y/N] ");
    terminal.write("y\r");
    let (screen, status) = terminal.wait();
    assert_eq!(status, Status::Exited(0), "{screen}");
    assert_ne!(sandbox.read("gate/log"), pin);
    let old: serde_json::Value = serde_json::from_str(&pin).unwrap();
    let genesis = sandbox.read("gate/audit/000000000000.jsonl");
    assert!(genesis.contains(old["log"].as_str().unwrap()), "{genesis}");
    assert_eq!(sandbox.gate(["--", "true"]).run().status, Status::Exited(0));
}
