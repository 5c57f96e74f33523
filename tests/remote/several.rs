//! Several servers on one database, and news that gets lost between them.

use std::time::{Duration, Instant};

use super::*;

/// A wait at a server for news that are some, on a thread of its own, and how long it took from a moment on.
fn waited(
    server: &Server,
    (token, path): (&str, &str),
    some: impl Fn(&Value) -> bool + Sync,
    meanwhile: impl FnOnce(),
) -> (Value, Duration) {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                let (status, news) = server.asked(token, path, &["-b", "jar"]);
                assert_eq!(status, 200, "{news}");
                if some(&news) {
                    break (news, Instant::now());
                }
            }
        });
        meanwhile();
        let since = Instant::now();
        let (news, ended) = waiting.join().unwrap();
        (news, ended.saturating_duration_since(since))
    })
}

#[test]
fn an_answer_given_at_one_server_wakes_a_host_at_another() {
    let scene = Scene::new(On::Postgres, "");
    let other = scene.server.beside();
    let approver = User::new(&other, &scene.server.token("approver", "alice"), &scene.alice, "");
    let host = scene.server.token("host", "build01");
    let path = |id: &str| format!("/v1/requests/{id}/answers?wait=25");
    for broken in [false, true] {
        let (gate, id) = scene.host.ask();
        scene.arrived(&id);
        if broken {
            // The ears of both servers are cut off, and grow again.
            let database = scene.server.database.as_ref().unwrap();
            database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        }
        let (news, late) = waited(
            &scene.server,
            (&host, &path(&id)),
            |news| news["answers"][0].is_object(),
            || {
                let ran = approver.answer("approve", &id, &scene.alice).run();
                assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
            },
        );
        assert_eq!(news["answers"][0]["approver"], "alice");
        // Far from the time after which it looks by itself.
        assert!(late < Duration::from_secs(1), "{late:?}");
        println!("woken {late:?} after the approver was done");
        let ran = gate.wait();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        scene.host.sandbox.write("work/victim/file", "");
    }
}

/// Denies a request as another server does whose notice does not arrive.
fn deny_silently(server: &Server, id: &str) {
    server.meddle("UPDATE requests SET state = 'denied'");
    server.meddle(&format!(
        "INSERT INTO journal SELECT number + 1, 0, json_object('number', number + 1, 'prev', digest, \
         'time', '2026-12-01T00:00:00.000000Z', 'v', 1, 'what', json_object('kind', 'closed', 'request', '{id}')), digest \
         FROM journal ORDER BY number DESC LIMIT 1"
    ));
}

#[test]
fn a_host_whose_news_got_lost_is_woken_by_what_the_journal_says() {
    let scene = Scene::new(On::Sqlite, "");
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    let (host, path) = (scene.server.token("host", "build01"), format!("/v1/requests/{id}/answers?wait=25"));
    let denied = |news: &Value| news["state"] == "denied";
    let (_, late) = waited(&scene.server, (&host, &path), denied, || deny_silently(&scene.server, &id));
    assert!(late < Duration::from_secs(6), "{late:?}");
}

#[test]
fn a_page_whose_news_got_lost_is_told_by_what_the_journal_says() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    // So that it does not say what becomes of the request.
    gate.signal(rustix::process::Signal::KILL);
    gate.wait();
    let origin = format!("Origin: http://localhost:{}", scene.server.address.rsplit(':').next().unwrap());
    let form = format!("token={}", scene.server.token("auditor", "eve"));
    assert_eq!(scene.server.asked("", "/enter", &["-c", "jar", "-d", &form, "-H", &origin]).0, 303);
    for page in ["/requests".to_owned(), format!("/requests/{id}")] {
        scene.server.meddle("UPDATE requests SET state = 'waiting'");
        let (_, shown) = scene.server.asked("", &format!("{page}/news?seen="), &["-b", "jar"]);
        let version = shown["version"].as_str().unwrap();
        let path = format!("{page}/news?seen={version}");
        let other = |news: &Value| news["version"] != version;
        let (_, late) = waited(&scene.server, ("", &path), other, || deny_silently(&scene.server, &id));
        // A page looks by itself after 20 seconds.
        assert!(late < Duration::from_secs(6), "{page}: {late:?}");
    }
}
