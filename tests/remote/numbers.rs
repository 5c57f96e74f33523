//! What operators watch, and who may.

use super::*;

#[test]
fn numbers_tell_what_happened_to_whom_they_are_for() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    let metrics = |server: &Server, token: &str| {
        let (status, text) = server.asked(token, "/metrics", &[]);
        (status, text.as_str().unwrap_or_default().to_owned())
    };
    let (status, text) = metrics(&scene.server, "");
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("gate_requests{state=\"waiting\"} 1\n"), "{text}");
    wait_until("the host that waits", || metrics(&scene.server, "").1.contains("gate_waiting 1\n").then_some(()));
    assert_eq!(scene.approver.answer("deny", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(77));
    let (_, text) = metrics(&scene.server, "");
    for line in [
        "gate_requests{state=\"denied\"} 1\n",
        "gate_answers{decision=\"deny\"} 1\n",
        "gate_waiting 0\n",
        "gate_http_responses_total{status=\"201\"} 2\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("alice") && !text.contains("build01"));
    // Behind a proxy everybody comes from this host.
    let server = Server::with(On::Sqlite, &["--behind-proxy"]);
    let (eve, host) = (server.token("auditor", "eve"), server.token("host", "build01"));
    for (token, status) in [("", 401), (host.as_str(), 403), (eve.as_str(), 200)] {
        assert_eq!(metrics(&server, token).0, status);
    }
}
