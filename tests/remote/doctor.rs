//! A machine that is set up, and every way in which it is not.

use super::*;

/// Its exit code, and each check with whether it holds.
fn doctor(user: &User) -> (Status, Vec<(String, bool)>, String) {
    let ran = user.sandbox.gate(["doctor", "--json"]).run();
    let told: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let checks = told["checks"].as_array().unwrap().iter();
    let checks: Vec<_> =
        checks.map(|one| (one["check"].as_str().unwrap().to_owned(), one["ok"].as_bool().unwrap())).collect();
    assert_eq!(told["ok"].as_bool().unwrap(), checks.iter().all(|(_, ok)| *ok));
    for one in told["checks"].as_array().unwrap() {
        assert!(one["ok"] == true || one["hint"].is_string(), "a fault without a next step: {one}");
    }
    (ran.status, checks, ran.stdout)
}

fn last(user: &User) -> (Status, String, bool) {
    let (status, mut checks, _) = doctor(user);
    let (name, ok) = checks.pop().unwrap();
    (status, name, ok)
}

#[test]
fn a_machine_that_is_set_up_is_told_so() {
    let mut scene = Scene::new(On::Sqlite, "");
    let (status, checks, _) = doctor(&scene.host);
    let names = ["configuration", "log", "token", "server", "clock", "caller", "record key"];
    assert_eq!((status, checks), (Status::Exited(0), names.map(|name| (name.to_owned(), true)).to_vec()));
    assert_eq!(last(&scene.approver), (Status::Exited(0), "caller".to_owned(), true));
    let ran = scene.host.sandbox.gate(["doctor"]).run();
    assert!(ran.stdout.lines().all(|line| line.starts_with("ok     ")), "{ran:?}");

    // Each fault, from the last step to the first.
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    assert_eq!(last(&scene.host), (Status::Exited(0), "record key".to_owned(), true));
    let token = fs::read_to_string(scene.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
    let swapped = User::new(&scene.server, token.trim(), &scene.alice, "");
    assert_eq!(swapped.sandbox.gate(["--", "true"]).run().status, Status::Exited(0));
    assert_eq!(last(&swapped), (Status::Exited(78), "record key".to_owned(), false));
    let auditor = User::new(&scene.server, &scene.server.token("auditor", "eve"), &scene.alice, "");
    assert_eq!(last(&auditor), (Status::Exited(78), "caller".to_owned(), false));
    let unknown = User::new(&scene.server, "gate_host_00_x", &scene.alice, "");
    assert_eq!(last(&unknown), (Status::Exited(78), "caller".to_owned(), false));
    fs::remove_file(auditor.sandbox.gate_home().join("keys/remote.token")).unwrap();
    assert_eq!(last(&auditor), (Status::Exited(78), "token".to_owned(), false));
    scene.server.kill();
    assert_eq!(last(&scene.host), (Status::Exited(69), "server".to_owned(), false));
    scene.host.sandbox.write("gate/config.yaml", "remote: 1\n");
    assert_eq!(last(&scene.host), (Status::Exited(78), "configuration".to_owned(), false));
}

#[test]
fn a_token_is_kept_in_a_file_or_a_keyring_and_never_shown() {
    let server = Server::new(On::Sqlite);
    let keys = Sandbox::new();
    let alice = keys.ssh_key("alice", "");
    let user = User::new(&server, "gate_host_0_old", &alice, "");
    let file = user.sandbox.gate_home().join("keys/remote.token");
    // A session keyring of this test's own, which ends with it.
    let script = "printf '%s' \"$T\" | \"$G\" key token && \"$G\" doctor --json";
    let config = user.sandbox.read("gate/config.yaml");
    for (more, kept) in [("", true), ("keys: kernel\n", false)] {
        user.sandbox.write("gate/config.yaml", format!("{config}{more}"));
        let token = server.token("host", "build01");
        let words = ["-", program("bash").to_str().unwrap(), "-c", script].map(str::to_owned);
        let call = user.sandbox.call(program("keyctl"), ["session"]).args(&words);
        let ran = call.env("T", &token).env("G", env!("CARGO_BIN_EXE_gate")).run();
        assert_eq!(ran.status, Status::Exited(0), "{more} {ran:?}");
        let secret = token.split('_').nth(3).unwrap();
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
        assert!(ran.stdout.contains("kept the token in"), "{ran:?}");
        assert_eq!(file.exists(), kept);
        if kept {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            fs::remove_file(&file).unwrap();
        }
    }
    let ran = user.sandbox.gate(["key", "token"]).stdin("two words").run();
    assert_eq!(ran.status, Status::Exited(64), "{ran:?}");
    assert!(!ran.stderr.contains("two words"), "{ran:?}");
}
