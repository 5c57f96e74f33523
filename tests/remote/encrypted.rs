//! A database on the net: reached encrypted, by its certificate, or not at all.

use super::tls::certificate;
use super::*;

/// A call of `gate serve` on a database at this address.
fn on(sandbox: &Sandbox, address: &str, words: &[&str]) -> crate::support::Ran {
    sandbox.gate(["serve"]).args(words).env("GATE_DATABASE", address).run()
}

#[test]
fn a_database_on_the_net_is_known_by_its_certificate() {
    let sandbox = Sandbox::new();
    certificate(&sandbox, "one", "DNS:localhost");
    certificate(&sandbox, "two", "IP:127.0.0.1");
    let at = |name: &str| sandbox.work().join(name).to_str().unwrap().to_owned();
    let mut database = Postgres::start();
    let port = database.encrypt(&sandbox.work().join("one.crt"), &sandbox.work().join("one.key"));
    let address = |host: &str, more: &str| format!("postgres://gate@{host}:{port}/postgres?{more}");
    let token = ["token", "host", "build01"];
    for (host, more, why) in [
        // libpq would have tried without first.
        ("localhost", "sslmode=require".to_owned(), "certificate"),
        ("localhost", format!("sslmode=verify-full&sslrootcert={}", at("two.ca")), "certificate"),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={}", at("one.ca")), "certificate"),
        ("localhost", format!("sslmode=require&sslrootcert={}", at("one.key")), "no certificate stands in it"),
        ("localhost", "sslmode=disable".to_owned(), "no encryption"),
        ("nowhere.invalid", String::new(), "there is no host `nowhere.invalid`"),
    ] {
        let ran = on(&sandbox, &address(host, &more), &token);
        assert!(ran.status == Status::Exited(78) && ran.stderr.contains(why), "{host} {more}: {ran:?}");
    }
    let known = address("localhost", &format!("sslmode=verify-full&sslrootcert={}", at("one.ca")));
    let ran = on(&sandbox, &known, &token);
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    // And what the system believes, where nothing is named.
    let plain = address("localhost", "sslmode=require");
    let ran = sandbox.gate(["serve", "token", "host", "build02"]).env("GATE_DATABASE", plain);
    let ran = ran.env("SSL_CERT_FILE", at("one.ca")).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");

    // While it serves, all of it is encrypted, and what listens for news, too.
    let running = sandbox.gate(["serve", "--listen", "127.0.0.1:0"]).env("GATE_DATABASE", &known).start();
    running.wait_for_stderr("gate serves at http");
    let plain =
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'gate' AND ssl";
    wait_until("connections", || (database.told(plain).parse::<u32>().unwrap() >= 2).then_some(()));
}

#[test]
fn nothing_falls_back_to_plain_text() {
    let sandbox = Sandbox::new();
    let mut database = Postgres::start();
    let port = database.listen();
    let address = |more: &str| format!("postgres://gate@127.0.0.1:{port}/postgres?{more}");
    let ran = on(&sandbox, &address("sslmode=require"), &["token", "host", "build01"]);
    assert!(ran.status == Status::Exited(78) && ran.stderr.contains("TLS"), "{ran:?}");
    let ran = on(&sandbox, &address("sslmode=prefer"), &["token", "host", "build01"]);
    assert_eq!(ran.status, Status::Exited(0), "on this machine nobody reads along: {ran:?}");
}
