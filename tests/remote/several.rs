//! Several servers on one database, and news that gets lost between them.

use std::time::{Duration, Instant};

use super::*;

/// A wait at a server for an answer, on a thread of its own, and how long it took from a moment on.
fn waited(server: &Server, token: &str, id: &str, meanwhile: impl FnOnce()) -> (Value, Duration) {
    let path = format!("/v1/requests/{id}/answers?wait=25");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let (status, news) = server.asked(token, &path, &[]);
            assert_eq!(status, 200, "{news}");
            (news, Instant::now())
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
    for broken in [false, true] {
        let (gate, id) = scene.host.ask();
        scene.arrived(&id);
        if broken {
            // The ears of both servers are cut off, and grow again.
            let database = scene.server.database.as_ref().unwrap();
            database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        }
        let (news, late) = waited(&scene.server, &host, &id, || {
            let ran = approver.answer("approve", &id, &scene.alice).run();
            assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        });
        assert_eq!(news["answers"][0]["approver"], "alice");
        // Far from the time after which it looks by itself.
        assert!(late < Duration::from_secs(1), "{late:?}");
        println!("woken {late:?} after the approver was done");
        let ran = gate.wait();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        scene.host.sandbox.write("work/victim/file", "");
    }
}

#[test]
fn a_host_that_nobody_wakes_looks_for_itself() {
    let scene = Scene::new(On::Sqlite, "");
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    let host = scene.server.token("host", "build01");
    let (news, late) = waited(&scene.server, &host, &id, || {
        let sql = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"update requests set state='denied'\"); c.commit()";
        let database = scene.server.sandbox.gate_home().join("server/gate.db");
        let ran = scene.server.sandbox.call(program("python3"), ["-c", sql]).arg(database).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    });
    assert_eq!(news["state"], "denied");
    assert!(late < Duration::from_secs(6), "{late:?}");
}
