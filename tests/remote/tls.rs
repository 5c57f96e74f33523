//! Encrypted connections: a certificate of the test's own authority, exchanged while the server runs.

use super::*;

/// Makes an authority `NAME.ca` and a certificate of it for a host.
pub fn certificate(sandbox: &Sandbox, name: &str, host: &str) {
    let script = format!(
        "set -e; exec 2>/dev/null
         openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name}-ca -days 2 \
             -keyout {name}.ca.key -out {name}.ca
         openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} \
             -keyout {name}.key -out {name}.csr
         printf 'subjectAltName={host}\nbasicConstraints=CA:FALSE\n' > {name}.ext
         openssl x509 -req -in {name}.csr -CA {name}.ca -CAkey {name}.ca.key -CAcreateserial -days 2 \
             -extfile {name}.ext -out {name}.crt"
    );
    let ran = sandbox.call(program("bash"), ["-c", &script]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
}

#[test]
fn an_encrypted_server_is_used_by_those_who_know_its_authority() {
    let sandbox = Sandbox::new();
    certificate(&sandbox, "one", "IP:127.0.0.1");
    certificate(&sandbox, "two", "IP:127.0.0.1");
    let work = sandbox.work();
    let at = |name: &str| work.join(name).to_str().unwrap().to_owned();
    fs::copy(at("one.crt"), at("crt")).unwrap();
    fs::copy(at("one.key"), at("key")).unwrap();
    let server = Server::started(sandbox, None, &["--tls-cert", &at("crt"), "--tls-key", &at("key")]);
    let keys = Sandbox::new();
    let alice = keys.ssh_key("alice", "");
    let user = |token: &str| {
        let user = User::new(&server, token, &alice, "");
        let config = user.sandbox.read("gate/config.yaml").replace("http://", "https://");
        user.sandbox.write("gate/config.yaml", config);
        user
    };
    let (host, approver) = (user(&server.token("host", "build01")), user(&server.token("approver", "alice")));
    let ran = approver.sandbox.gate(["requests"]).run();
    assert!(ran.status == Status::Exited(69) && ran.stderr.contains("certificate"), "{ran:?}");
    let gate = host.sandbox.gate(["--", "rm", "-rf", "victim"]).env("SSL_CERT_FILE", at("one.ca")).start();
    gate.wait_for_stderr("waiting until");
    let said = gate.stderr();
    let id = said.split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let ran = approver.answer("approve", &id, &alice).env("SSL_CERT_FILE", at("one.ca")).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert_eq!(gate.wait().status, Status::Exited(0));

    let url = format!("https://{}/healthz", server.address);
    let asked = |authority: &str, version: &str| {
        let words = ["-s", "-w", "%{http_version}", version, "--cacert", &at(authority), &url];
        server.sandbox.call(program("curl"), words).run().stdout
    };
    assert_eq!((asked("one.ca", "--http2"), asked("one.ca", "--http1.1")), ("ok\n2".to_owned(), "ok\n1.1".to_owned()));
    assert!(!asked("two.ca", "--http2").starts_with("ok"));
    let running = server.running.as_ref().unwrap();
    // Key and certificate do not belong together for a moment.
    fs::copy(at("two.crt"), at("crt")).unwrap();
    running.wait_for_stderr("goes on with the certificate from before");
    assert!(asked("one.ca", "--http2").starts_with("ok"));
    fs::copy(at("two.key"), at("key")).unwrap();
    running.wait_for_stderr("uses the new certificate");
    assert!(asked("two.ca", "--http2").starts_with("ok"));
    assert!(!asked("one.ca", "--http2").starts_with("ok"));
}

#[test]
fn a_certificate_that_is_none_serves_nobody() {
    let server = Server::new(On::Sqlite);
    certificate(&server.sandbox, "one", "IP:127.0.0.1");
    certificate(&server.sandbox, "two", "IP:127.0.0.1");
    for (certificate, key) in [("one.crt", "two.key"), ("one.csr", "one.key"), ("missing", "one.key")] {
        let ran = server.call(&["--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key]).run();
        assert_eq!(ran.status, Status::Exited(78), "{certificate} {key} {ran:?}");
    }
    let ran = server.call(&["--tls-cert", "one.crt"]).run();
    assert_eq!(ran.status, Status::Exited(64), "{ran:?}");
}
