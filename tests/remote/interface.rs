//! The interface as hostile callers use it: every route by every role, forged and foreign bodies, what is too large.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::*;

const ROLES: [&str; 4] = ["host", "approver", "auditor", "admin"];

/// A request that waits at the server, the publication of it, and what one needs to do it again.
fn published(scene: &Scene) -> (Running, String, Value) {
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    let token = fs::read_to_string(scene.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
    let (status, whole) = scene.server.asked(token.trim(), &format!("/v1/requests/{id}"), &[]);
    assert_eq!(status, 200);
    (gate, id, whole["publication"].clone())
}

fn post(scene: &Scene, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = serde_json::to_string(body).unwrap();
    scene.server.asked(token, path, &["-X", "POST", "-d", &body])
}

#[test]
fn every_route_is_for_its_roles_alone() {
    let scene = Scene::new(On::Sqlite, "");
    let (_gate, id, publication) = published(&scene);
    let (one, answers, close) =
        (format!("/v1/requests/{id}"), format!("/v1/requests/{id}/answers"), format!("/v1/requests/{id}/close"));
    let none = serde_json::json!({});
    let routes: [(&str, &str, &Value, &[&str]); 12] = [
        ("GET", "/v1/requests", &none, &["host", "approver", "auditor"]),
        ("GET", &one, &none, &["host", "approver", "auditor"]),
        ("GET", &answers, &none, &["host"]),
        ("GET", "/v1/log", &none, &["auditor"]),
        ("GET", "/v1/heads", &none, &["host", "auditor"]),
        ("GET", "/v1/hosts", &none, &["auditor"]),
        ("GET", "/v1/records", &none, &["auditor"]),
        ("GET", "/v1/records/end", &none, &["host"]),
        ("POST", "/v1/records", &none, &["host"]),
        ("POST", "/v1/requests", &publication, &["host"]),
        ("POST", &answers, &none, &["approver"]),
        ("POST", &close, &none, &["host"]),
    ];
    let tokens = ROLES.map(|role| (role, scene.server.token(role, if role == "host" { "build01" } else { "bob" })));
    for (method, path, body, allowed) in routes {
        for (role, token) in &tokens {
            let body = serde_json::to_string(body).unwrap();
            let mut options = vec!["-X", method];
            options.extend(if method == "POST" { vec!["-d", &body] } else { Vec::new() });
            let (status, told) = scene.server.asked(token, path, &options);
            let may = allowed.contains(role);
            assert_eq!(status == 403, !may, "{method} {path} as {role}: {status} {told}");
            assert_ne!(status, 401, "{method} {path} as {role}");
        }
        for token in ["", "gate_admin_00_x", "' OR 1=1 --"] {
            let (status, told) = scene.server.asked(token, path, &["-X", method]);
            assert_eq!(status, 401, "{method} {path} {token}: {told}");
            assert_eq!(told["type"], "/problems/caller");
        }
    }
}

#[test]
fn a_revoked_or_old_token_lets_nobody_in() {
    let scene = Scene::new(On::Sqlite, "");
    let token = scene.server.token("auditor", "eve");
    assert_eq!(scene.server.asked(&token, "/v1/requests", &[]).0, 200);
    let id = token.split('_').nth(2).unwrap();
    assert_eq!(scene.server.call(&["revoke", id]).run().status, Status::Exited(0));
    assert_eq!(scene.server.asked(&token, "/v1/requests", &[]).0, 401);
    assert_eq!(scene.server.call(&["revoke", id]).run().status, Status::Exited(64), "there is none to revoke");
    let ran = scene.server.call(&["token", "auditor", "eve", "--within", "1s"]).run();
    wait_until("the end of a token", || {
        (scene.server.asked(ran.stdout.trim(), "/v1/requests", &[]).0 == 401).then_some(())
    });
}

#[test]
fn a_publication_is_taken_once_and_only_from_its_host() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let (_gate, id, publication) = published(&scene);
        let host = scene.server.token("host", "build01");
        assert_eq!(post(&scene, &host, "/v1/requests", &publication).0, 200, "the same again");
        let other = scene.server.token("host", "build02");
        assert_eq!(post(&scene, &other, "/v1/requests", &publication).0, 409, "of another host");
        assert_eq!(scene.server.asked(&other, &format!("/v1/requests/{id}"), &[]).0, 404, "to another host");
        assert_eq!(scene.server.asked(&other, "/v1/requests", &[]).1["requests"], serde_json::json!([]));
        let close = serde_json::json!({"state": "used"});
        assert_eq!(post(&scene, &other, &format!("/v1/requests/{id}/close"), &close).0, 404, "by another host");
        for member in ["request", "signature"] {
            let mut forged = publication.clone();
            let text = forged[member].as_str().unwrap().to_owned();
            let middle = text.len() / 2;
            let letter = if &text[middle..=middle] == "A" { "B" } else { "A" };
            forged[member] = format!("{}{letter}{}", &text[..middle], &text[middle + 1..]).into();
            let (status, told) = post(&scene, &host, "/v1/requests", &forged);
            assert_eq!((status, &told["type"]), (422, &"/problems/evidence".into()), "{on:?} {member} {told}");
        }
        let mut more = publication.clone();
        more["extra"] = 1.into();
        assert_eq!(post(&scene, &host, "/v1/requests", &more).0, 400);
    }
}

#[test]
fn the_log_of_a_host_cannot_be_swapped_for_another() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, ..) = published(&scene);
    drop(gate);
    // Another log and another key, under the same host's token.
    let token = fs::read_to_string(scene.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
    let swapped = User::new(&scene.server, token.trim(), &scene.alice, "");
    let ran = swapped.sandbox.gate(["--", "rm", "-rf", "victim"]).run();
    assert_eq!(ran.status, Status::Exited(69), "{ran:?}");
    assert!(ran.stderr.contains("is known by the key"), "{ran:?}");
    assert!(swapped.stands());
}

#[test]
fn an_answer_is_about_this_request_and_by_its_caller() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    let bob = User::new(&scene.server, &scene.server.token("approver", "bob"), &scene.alice, "");
    let ran = bob.answer("approve", &id, &scene.alice).run();
    assert!(ran.status == Status::Exited(78) && ran.stderr.contains("by another than `bob`"), "{ran:?}");
    let token = scene.server.token("approver", "alice");
    let path = format!("/v1/requests/{id}/answers");
    for (body, status) in [
        (serde_json::json!({"verdict": "e30"}), 400),
        (serde_json::json!({"verdict": "not base64!"}), 400),
        (serde_json::json!({"verdict": "e30", "more": 1}), 400),
        (serde_json::json!([]), 400),
    ] {
        assert_eq!(post(&scene, &token, &path, &body).0, status, "{body}");
    }
    assert_eq!(scene.approver.answer("approve", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(0));
}

#[test]
fn what_is_said_again_has_no_second_effect_and_is_answered_as_the_first() {
    for on in BOTH {
        let scene = Scene::new(on, "");
        let (gate, id, publication) = published(&scene);
        let (host, alice) = (scene.server.token("host", "build01"), scene.server.token("approver", "alice"));
        let eve = scene.server.token("auditor", "eve");
        let again = post(&scene, &host, "/v1/requests", &publication);
        assert_eq!((again.0, scene.server.journal(&eve, "published").len()), (200, 1), "{on:?}");
        let (_, whole) = scene.server.asked(&alice, &format!("/v1/requests/{id}"), &[]);
        let listed = &whole["listed"];
        // The server judges no signature, so that any will do here.
        let verdict = |reason: &str| {
            let statement = serde_json::json!({
                "approver": "alice", "at": listed["created"], "decision": "approve", "expires": listed["expires"],
                "key": "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "reason": reason,
                "request": listed["digest"], "type": "gate.verdict.v1",
            });
            let verdict = serde_json::json!({"proof": {"kind": "sshsig", "signature": "x"}, "statement": statement});
            serde_json::json!({"verdict": STANDARD_NO_PAD.encode(serde_json::to_vec(&verdict).unwrap())})
        };
        let path = format!("/v1/requests/{id}/answers");
        // All at once: one is the first.
        let mut said: Vec<u16> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| post(&scene, &alice, &path, &verdict("once")).0)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        said.sort_unstable();
        assert_eq!(said, [200, 200, 200, 200, 200, 200, 200, 201], "{on:?}");
        assert_eq!(post(&scene, &alice, &path, &verdict("another")).0, 201, "another reason is another answer");
        let (_, whole) = scene.server.asked(&alice, &format!("/v1/requests/{id}"), &[]);
        assert_eq!(whole["answers"].as_array().unwrap().len(), 2, "{on:?} {whole}");
        assert_eq!(scene.server.journal(&eve, "answered").len(), 2, "{on:?}");
        let close = serde_json::json!({"state": "withdrawn"});
        let closed = (0..2).map(|_| post(&scene, &host, &format!("/v1/requests/{id}/close"), &close).0);
        assert_eq!(closed.collect::<Vec<_>>(), [204, 204], "{on:?}");
        assert_eq!(scene.server.journal(&eve, "closed").len(), 1, "{on:?}");
        // Even once it is over.
        assert_eq!(post(&scene, &host, "/v1/requests", &publication).0, 200, "{on:?}");
        assert_eq!(post(&scene, &alice, &path, &verdict("once")).0, 200, "{on:?}");
        drop(gate);
    }
}

#[test]
fn addresses_that_are_none_and_bodies_that_are_too_large_are_refused() {
    let scene = Scene::new(On::Sqlite, "");
    let token = scene.server.token("approver", "alice");
    for path in [
        "/v1/requests/1",
        "/v1/requests/..%2f..%2fetc%2fpasswd",
        "/v1/requests/'%20OR%201=1",
        "/v2/requests",
        "/.git/config",
    ] {
        let (status, told) = scene.server.asked(&token, path, &[]);
        assert_eq!((status, &told["status"]), (404, &404.into()), "{path} {told}");
    }
    for query in ["limit=0", "limit=201", "limit=x", "after=x", "after=1.'--", "state=open", "more=1"] {
        assert_eq!(scene.server.asked(&token, &format!("/v1/requests?{query}"), &[]).0, 400, "{query}");
    }
    assert_eq!(scene.server.asked(&token, "/v1/requests", &["-X", "DELETE"]).0, 405);
    let large = scene.server.sandbox.write("large", vec![b'a'; 200 << 10]);
    let body = format!("@{}", large.display());
    let id = "01a22ede-abf1-7ed7-86b5-f0bb1e50202c";
    let (status, _) = scene.server.asked(&token, &format!("/v1/requests/{id}/answers"), &["--data-binary", &body]);
    assert_eq!(status, 413);
    let host = scene.server.token("host", "build01");
    let huge = scene.server.sandbox.write("huge", vec![b'a'; 13 << 20]);
    let body = format!("@{}", huge.display());
    assert_eq!(scene.server.asked(&host, "/v1/requests", &["--data-binary", &body]).0, 413);
    assert_eq!(scene.server.asked("", "/healthz", &[]).0, 200);
    assert_eq!(scene.server.asked("", "/readyz", &[]).0, 200);
}

#[test]
fn pages_follow_one_another() {
    let scene = Scene::new(On::Sqlite, "");
    let ids: Vec<(Running, String)> = (0..5).map(|_| scene.host.ask()).collect();
    ids.iter().for_each(|(_, id)| scene.arrived(id));
    let token = scene.server.token("auditor", "eve");
    let (mut found, mut path) = (Vec::new(), "/v1/requests?limit=2".to_owned());
    loop {
        let (status, page) = scene.server.asked(&token, &path, &[]);
        assert_eq!(status, 200, "{page}");
        found.extend(page["requests"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/requests?limit=2&after={next}");
    }
    let mut asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
    asked.sort();
    assert_eq!(found, asked, "ids are in order of time");
}
