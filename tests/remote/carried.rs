//! Requests reach approvers elsewhere and answers come back; servers that die, lie or are gone run nothing.

use super::*;

#[test]
fn an_answer_from_another_machine_runs_the_command() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let (gate, id) = scene.host.ask();
        let [request] = scene.approver.requests().try_into().unwrap();
        assert_eq!(request["id"], id.as_str());
        assert_eq!(request["command"], "rm -rf victim");
        let ran = scene.approver.answer("approve", &id, &scene.alice).run();
        assert_eq!(
            (ran.stdout.as_str(), ran.status),
            (format!("approved {id} as alice\n").as_str(), Status::Exited(0))
        );
        let ran = gate.wait();
        assert_eq!(ran.status, Status::Exited(0), "{on:?} {ran:?}");
        assert!(!scene.host.stands());
        assert_eq!(scene.approver.requests(), Vec::<Value>::new());
        let shown = scene.approver.sandbox.gate(["show", &id]).run();
        assert!(shown.stdout.contains("State: used") && shown.stdout.contains("approved alice"), "{shown:?}");
        let verified = scene.host.sandbox.gate(["audit", "verify"]).run();
        assert_eq!(verified.status, Status::Exited(0), "{verified:?}");
    }
}

#[test]
fn a_denial_from_another_machine_is_final() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    assert_eq!(scene.approver.answer("deny", &id, &scene.alice).run().status, Status::Exited(0));
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(77), "{ran:?}");
    assert!(scene.host.stands());
    let late = scene.approver.answer("approve", &id, &scene.alice).run();
    assert_ne!(late.status, Status::Exited(0), "{late:?}");
}

#[test]
fn a_server_that_must_be_reached_and_is_not_runs_nothing() {
    let mut scene = Scene::new(On::Sqlite, "");
    scene.server.kill();
    // A refused connection is tried again until the host gives up; no address at all is known at once.
    let config = scene.host.sandbox.read("gate/config.yaml");
    scene
        .host
        .sandbox
        .write("gate/config.yaml", config.replace("127.0.0.1:", "no-such-host.invalid:").replace("http:", "https:"));
    let ran = scene.host.sandbox.gate(["--", "rm", "-rf", "victim"]).run();
    assert_eq!(ran.status, Status::Exited(69), "{ran:?}");
    assert!(scene.host.stands());
    let verified = scene.host.sandbox.gate(["audit", "verify"]).run();
    assert!(verified.stdout.contains("1 refused"), "{verified:?}");
}

#[test]
fn a_server_that_need_not_be_reached_leaves_the_local_queue() {
    let mut scene = Scene::new(On::Sqlite, ", unreachable: local");
    scene.server.kill();
    let (gate, id) = scene.host.ask();
    let ran = scene.host.answer("approve", &id, &scene.alice).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let ran = gate.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!scene.host.stands());
}

#[test]
fn an_answer_survives_the_server_and_its_database() {
    for on in BOTH {
        let mut scene = Scene::new(on, "");
        let (gate, id) = scene.host.ask();
        scene.arrived(&id);
        scene.server.kill();
        if let Some(database) = &scene.server.database {
            database.kill();
            database.again();
        }
        scene.server.start();
        let ran = scene.approver.answer("approve", &id, &scene.alice).run();
        assert_eq!(ran.status, Status::Exited(0), "{on:?} {ran:?}");
        let ran = gate.wait();
        assert_eq!(ran.status, Status::Exited(0), "{on:?} {ran:?}");
        assert!(!scene.host.stands());
    }
}

#[test]
fn a_request_that_the_server_lost_is_put_there_again() {
    let mut scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    scene.server.kill();
    // As after a backup from before.
    let path = scene.server.sandbox.gate_home();
    let sql = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('delete from requests'); c.commit()";
    let database = path.join("server/gate.db");
    let ran = scene.server.sandbox.call(program("python3"), ["-c", sql]).arg(database).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    scene.server.start();
    scene.arrived(&id);
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
}

#[test]
fn a_withdrawn_request_can_no_longer_be_answered_there() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    let ran = scene.host.sandbox.gate(["withdraw", &id]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert_eq!(gate.wait().status, Status::Exited(77));
    assert_eq!(scene.approver.requests(), Vec::<Value>::new());
    let ran = scene.approver.answer("approve", &id, &scene.alice).run();
    assert!(ran.status != Status::Exited(0) && ran.stderr.contains("withdrawn"), "{ran:?}");
}

#[test]
fn a_request_left_behind_is_resumed_with_the_answer_that_came_meanwhile() {
    let scene = Scene::new(On::Sqlite, "");
    let left = scene.host.sandbox.gate(["--no-wait", "--", "rm", "-rf", "victim"]).run();
    assert_eq!(left.status, Status::Exited(75), "{left:?}");
    let id = left.stderr.split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    let ran = scene.host.sandbox.gate(["--resume", &id, "--", "rm", "-rf", "victim"]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!scene.host.stands());
}

#[test]
fn what_the_server_makes_up_runs_nothing() {
    let mut scene = Scene::new(On::Sqlite, "");
    let mallory = scene.keys.ssh_key("mallory", "");
    // Mallory has the server, its database and a token in Alice's name; she is enrolled on a machine of her own.
    let token = scene.server.token("approver", "alice");
    let her = User::new(&scene.server, &token, &mallory, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    let ran = her.answer("approve", &id, &mallory).run();
    assert_eq!(ran.status, Status::Exited(0), "it is carried: {ran:?}");
    gate.wait_for_stderr("is not enrolled");
    assert!(scene.host.stands());
    // A true answer afterwards still counts.
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
    scene.server.kill();
}

#[test]
fn what_is_stored_says_nothing_of_what_was_asked() {
    let mut scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
    scene.server.kill();
    let token = fs::read_to_string(scene.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
    let folder = scene.server.sandbox.gate_home().join("server");
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
        let bytes = fs::read(&path).unwrap();
        for secret in ["victim", "because", token.trim()] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
}
