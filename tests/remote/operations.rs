//! What operators do with a server: copy it, fill a new one, change its key; all while hosts wait.

use super::*;

impl Server {
    /// A server on nothing, with the key of this one; it does not run yet.
    fn empty(&self, on: On) -> Self {
        let sandbox = Sandbox::new();
        let key = fs::read(self.sandbox.gate_home().join("server/sealing.key")).unwrap();
        let file = sandbox.write("gate/server/sealing.key", key);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        let database = (on == On::Postgres).then(|| Arc::new(Postgres::start()));
        Self { sandbox, running: None, address: self.address.clone(), database, options: Vec::new() }
    }

    fn did(&self, words: &[&str]) -> String {
        let ran = self.call(words).run();
        assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)), "{words:?}");
        ran.stdout
    }

    fn copied(&self) -> (std::path::PathBuf, String) {
        let file = self.sandbox.root().join("copy");
        let said = self.did(&["backup", file.to_str().unwrap()]);
        assert!(said.starts_with("copied "), "{said}");
        (file, said)
    }
}

fn ships(scene: &Scene) {
    let ran = scene.host.sandbox.gate(["audit", "ship"]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
}

#[test]
fn a_server_is_copied_while_it_serves_and_goes_on_elsewhere_on_either_database() {
    for (from, to) in [(On::Sqlite, On::Postgres), (On::Postgres, On::Sqlite)] {
        let mut scene = Scene::new(from, "");
        let (gate, id) = scene.host.ask();
        scene.arrived(&id);
        ships(&scene);
        let (file, _) = scene.server.copied();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!String::from_utf8_lossy(&fs::read(&file).unwrap()).contains("victim"));
        scene.server.kill();
        let mut other = scene.server.empty(to);
        let said = other.did(&["restore", file.to_str().unwrap()]);
        assert!(said.starts_with("restored "), "{said}");
        other.start();
        assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(gate.wait().status, Status::Exited(0));
        assert!(!scene.host.stands());
        ships(&scene);
        let (status, log) = other.asked(&other.token("auditor", "eve"), "/v1/log?limit=1000", &[]);
        assert_eq!(status, 200);
        assert!(log.to_string().contains(r#"\"kind\":\"restored\""#), "{log}");
    }
}

#[test]
fn nothing_is_filled_from_a_copy_that_is_not_whole() {
    let scene = Scene::new(On::Sqlite, "");
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    let (file, _) = scene.server.copied();
    let ran = scene.server.call(&["backup", file.to_str().unwrap()]).run();
    assert_eq!(ran.status, Status::Exited(64), "a copy is never written over: {ran:?}");
    let ran = scene.server.call(&["restore", file.to_str().unwrap()]).run();
    assert_eq!(ran.status, Status::Exited(64), "{ran:?}");
    assert!(ran.stderr.contains("the database is not empty"), "{ran:?}");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let all = lines.len();
    let admin = text.replacen("\"host\",\"build01\"", "\"admin\",\"build01\"", 1);
    assert_ne!(admin, text);
    let newer = text.replacen("\"tables\":", "\"tables\":9", 1);
    let journal = lines.iter().rposition(|line| line.contains("\"journal\"")).unwrap();
    let cut = [&lines[..journal], &lines[journal + 1..]].concat().concat();
    let first = lines.iter().position(|line| line.contains("\"journal\"")).unwrap();
    let gone = [&lines[..first], &lines[first + 1..]].concat().concat();
    for (changed, status, said) in [
        (admin, 65, "what stands before it was changed"),
        (lines[..all - 1].concat(), 65, "it ends here"),
        (text[..text.len() - 1].to_owned(), 65, "it ends here"),
        (text.clone() + "{}\n", 65, "something follows"),
        (cut, 65, "what stands before it was changed"),
        (gone, 65, "entry 0: it is missing"),
        (newer, 78, "this gate knows"),
        (lines[1..].concat(), 65, "line 1"),
        (String::new(), 65, "line 1: it ends here"),
    ] {
        let other = scene.server.empty(On::Sqlite);
        let file = other.sandbox.write("copy", changed);
        let ran = other.call(&["restore"]).arg(&file).run();
        assert_eq!(ran.status, Status::Exited(status), "{said}: {ran:?}");
        assert!(ran.stderr.contains(said), "{said}: {ran:?}");
        let whole = other.sandbox.write("whole", &text);
        assert_eq!(
            other.call(&["restore"]).arg(whole).run().status,
            Status::Exited(0),
            "nothing was filled in: {said}"
        );
    }
    let stranger = scene.server.empty(On::Sqlite);
    fs::remove_file(stranger.sandbox.gate_home().join("server/sealing.key")).unwrap();
    let ran = stranger.call(&["restore", file.to_str().unwrap()]).run();
    assert_eq!(ran.status, Status::Exited(78), "{ran:?}");
    assert!(ran.stderr.contains("does not open with this server's `sealing.key`"), "{ran:?}");
}

#[test]
fn the_key_is_changed_while_hosts_wait() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let (before, early) = scene.host.ask();
        scene.arrived(&early);
        let key = || fs::read(scene.server.sandbox.gate_home().join("server/sealing.key")).unwrap();
        let first = key();
        ships(&scene);
        let said = scene.server.did(&["rotate"]);
        assert!(said.starts_with("encrypted ") && !said.starts_with("encrypted 0 "), "{said}");
        assert_ne!(key(), first);
        assert_eq!(scene.approver.answer("deny", &early, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(before.wait().status, Status::Exited(77));
        assert_eq!(scene.server.did(&["rotate", "--finish"]), "encrypted 0 texts anew, and forgot 1 keys\n");
        let names: Vec<_> = fs::read_dir(scene.server.sandbox.gate_home().join("server"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("sealing"))
            .collect();
        assert_eq!(names, ["sealing.key"]);
        ships(&scene);
        let (after, late) = scene.host.ask();
        scene.arrived(&late);
        assert_eq!(scene.approver.answer("approve", &late, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(after.wait().status, Status::Exited(0));
    }
}

#[test]
fn several_servers_change_the_key_one_after_the_other() {
    let scene = Scene::new(On::Postgres, "");
    let other = scene.server.beside();
    let folder = |server: &Server| server.sandbox.gate_home().join("server");
    scene.server.did(&["rotate", "--prepare"]);
    fs::copy(folder(&scene.server).join("sealing.key.next"), folder(&other).join("sealing.key.next")).unwrap();
    scene.server.did(&["rotate"]);
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    // It was encrypted with the key that the other server does not encrypt with yet.
    let (status, shown) = other.asked(&other.token("approver", "alice"), &format!("/v1/requests/{id}"), &[]);
    assert_eq!(status, 200, "{shown}");
    other.did(&["rotate"]);
    for server in [&scene.server, &other] {
        server.did(&["rotate", "--finish"]);
    }
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
}

#[test]
fn what_is_over_is_kept_for_as_long_as_operators_say() {
    for on in BOTH {
        let (server, keys) = (Server::with(on, &["--keep", "1s"]), Sandbox::new());
        let alice = keys.ssh_key("alice", "");
        let host = User::new(&server, &server.token("host", "build01"), &alice, "");
        let approver = User::new(&server, &server.token("approver", "alice"), &alice, "");
        let mut scene = Scene { server, host, approver, alice, keys };
        let (done, over) = scene.host.ask();
        scene.arrived(&over);
        assert_eq!(scene.approver.answer("deny", &over, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(done.wait().status, Status::Exited(77));
        let (gate, waiting) = scene.host.ask();
        scene.arrived(&waiting);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        // It looks when it starts, and every minute.
        scene.server.kill();
        scene.server.start();
        let eve = scene.server.token("auditor", "eve");
        wait_until("the request to be forgotten", || {
            (scene.server.asked(&eve, &format!("/v1/requests/{over}"), &[]).0 == 404).then_some(())
        });
        let (_, log) = scene.server.asked(&eve, "/v1/log?limit=1000", &[]);
        assert!(log.to_string().contains(r#"\"kind\":\"forgotten\""#) && log.to_string().contains(&over), "{log}");
        assert_eq!(scene.approver.answer("approve", &waiting, &scene.alice).run().status, Status::Exited(0));
        assert_eq!(gate.wait().status, Status::Exited(0), "what waits is kept");
    }
}
