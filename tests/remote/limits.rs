//! Callers who ask too much, too slowly, or from elsewhere without encryption; and servers that end while others wait.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::*;

/// The status, and after how many seconds one may come again.
fn told(server: &Server, token: &str, path: &str, options: &[&str]) -> (u16, Option<u64>) {
    let mut all = vec!["-D", "headers"];
    all.extend(options);
    let (status, _) = server.asked(token, path, &all);
    let headers = fs::read_to_string(server.sandbox.work().join("headers")).unwrap();
    let after = headers.lines().find_map(|line| line.strip_prefix("retry-after: ")?.trim().parse().ok());
    (status, after)
}

#[test]
fn one_caller_who_asks_too_much_is_held_back() {
    let server = Server::with(On::Sqlite, &["--rate", "1", "--waits", "0"]);
    let (eve, bob, host) = (server.token("auditor", "eve"), server.token("auditor", "bob"), server.token("host", "h"));
    let (status, after) = (0..20)
        .map(|_| told(&server, &eve, "/v1/requests", &[]))
        .find(|(status, _)| *status != 200)
        .expect("somebody who asks without a pause is held back");
    assert_eq!((status, after), (429, Some(1)));
    assert_eq!(told(&server, &bob, "/v1/requests", &[]).0, 200);
    let path = "/v1/requests/01a22ede-abf1-7ed7-86b5-f0bb1e50202c/answers?wait=1";
    assert_eq!(told(&server, &host, path, &[]), (429, Some(25)), "nobody may wait");
    wait_until("the next call", || (told(&server, &eve, "/v1/requests", &[]).0 == 200).then_some(()));
}

#[test]
fn guesses_are_counted_by_address_and_keep_nobody_else_out() {
    let server = Server::with(On::Sqlite, &["--behind-proxy"]);
    let eve = server.token("auditor", "eve");
    let from = |address: &str| format!("X-Forwarded-For: 192.0.2.{}, {address}", address.len());
    // One process asks it all: curl asks again for each number.
    let url = format!("http://{}/v1/requests?limit=[1-75]", server.address);
    let words = ["-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-H", &from("198.51.100.1"), &url];
    let ran = server.sandbox.call(program("curl"), words).run();
    let statuses: Vec<&str> = ran.stdout.lines().collect();
    assert!(statuses[..60].iter().all(|status| *status == "401"), "{statuses:?}");
    assert!(statuses.last() == Some(&"429"), "{statuses:?}");
    let (same, other) = (from("198.51.100.1"), from("198.51.100.2"));
    assert_eq!(told(&server, "", "/v1/requests", &["-H", &other]).0, 401, "another address");
    assert_eq!(told(&server, &eve, "/v1/requests", &["-H", &same]).0, 200, "a token that counts");
}

#[test]
fn guesses_at_the_door_are_counted_by_address_too() {
    for path in ["enter", "enter/passkey", "enrol/invitation", "enrol/passkey"] {
        let server = Server::new(On::Sqlite);
        let url = format!("http://{}/{path}?[1-70]", server.address);
        let own = format!("Origin: http://{}", server.address);
        let words = ["-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-H", &own, "-d", "token=gate_wrong", &url];
        let ran = server.sandbox.call(program("curl"), words).run();
        let statuses: Vec<&str> = ran.stdout.lines().collect();
        assert!(
            statuses[..60].iter().all(|status| status.starts_with('4') && *status != "429"),
            "{path}: {statuses:?}"
        );
        assert!(statuses.last() == Some(&"429"), "{path}: {statuses:?}");
    }
}

#[test]
fn whoever_does_not_say_what_they_want_is_hung_up_on() {
    let server = Server::new(On::Sqlite);
    let host = server.token("host", "build01");
    let post = format!(
        "POST /v1/requests HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {host}\r\ncontent-length: 1000\r\n\r\n"
    );
    let slow = |head: &'static [u8]| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        std::thread::spawn(move || dripped(&mut stream, head))
    };
    let nothing = slow(b"");
    let half = slow(b"GET /healthz HTTP/1.1\r\nx-a: ");
    let body = slow(Box::leak(post.into_bytes().into_boxed_slice()));
    // Meanwhile it serves others.
    assert_eq!(server.asked("", "/healthz", &[]).0, 200);
    for (what, thread) in [("nothing", nothing), ("half a head", half)] {
        let (_, lasted) = thread.join().unwrap();
        assert!(lasted < Duration::from_secs(20), "{what}: {lasted:?}");
    }
    let (answer, lasted) = body.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && lasted < Duration::from_secs(45), "{lasted:?} {answer}");
}

/// Says something, then a letter from time to time until the other side has enough; what it answered, and after how long.
fn dripped(stream: &mut TcpStream, head: &[u8]) -> (String, Duration) {
    let since = Instant::now();
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    let drips = !head.is_empty();
    stream.write_all(head).unwrap();
    while since.elapsed() < Duration::from_secs(60) {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if drips && stream.write_all(b"a").is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), since.elapsed())
}

#[test]
fn a_server_takes_as_many_connections_as_the_system_lets_it() {
    let words =
        ["-c", "ulimit -Sn 48; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_gate"), "serve", "--listen", "127.0.0.1:0"];
    let sandbox = Sandbox::new();
    let running = sandbox.call("/bin/sh", words).start();
    running.wait_for_stderr("gate serves at http");
    let address = running.stderr().split("://").nth(1).unwrap().trim().to_owned();
    let open: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let ran = sandbox.call(program("curl"), ["-s", "-m", "5", &format!("http://{address}/healthz")]).run();
    assert_eq!(ran.status, Status::Exited(0), "{} others are connected: {ran:?}", open.len());
}

#[test]
fn a_server_ends_at_once_though_hosts_wait() {
    let mut scene = Scene::new(On::Sqlite, "");
    let (_gate, id) = scene.host.ask();
    scene.arrived(&id);
    let running = scene.server.running.take().unwrap();
    let since = Instant::now();
    running.signal(rustix::process::Signal::TERM);
    let ran = running.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[test]
fn nothing_is_served_to_elsewhere_in_the_clear() {
    let server = Server::new(On::Sqlite);
    let ran = server.call(&["--listen", "0.0.0.0:0"]).run();
    assert_eq!(ran.status, Status::Exited(64), "{ran:?}");
    assert!(ran.stderr.contains("--behind-proxy"), "{ran:?}");
    let running = server.call(&["--listen", "0.0.0.0:0", "--behind-proxy"]).start();
    running.wait_for_stderr("gate serves at http://0.0.0.0:");
}
