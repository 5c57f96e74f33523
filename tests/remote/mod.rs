//! A host, a server and an approver, each a process with a home of its own; on SQLite and on a real PostgreSQL.

mod accessible;
mod auditor;
mod browser;
mod carried;
mod chaos;
mod clock;
mod deployment;
mod described;
mod doctor;
mod encrypted;
mod interface;
mod journal;
mod limits;
mod numbers;
mod oidc;
mod operations;
mod pages;
mod postgres;
mod records;
mod reports;
mod several;
mod similar;
mod tls;
mod wire;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use serde_json::Value;

use crate::support::{Call, Key, Running, Sandbox, Status, program, wait_until};
use postgres::Postgres;

/// Where a server keeps what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Sqlite,
    Postgres,
}

const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

/// One server.
struct Server {
    sandbox: Sandbox,
    running: Option<Running>,
    address: String,
    database: Option<Arc<Postgres>>,
    /// More options of `gate serve`.
    options: Vec<String>,
}

impl Server {
    fn new(on: On) -> Self {
        Self::with(on, &[])
    }

    fn with(on: On, options: &[&str]) -> Self {
        let database = (on == On::Postgres).then(|| Arc::new(Postgres::start()));
        Self::started(Sandbox::new(), database, options)
    }

    fn started(sandbox: Sandbox, database: Option<Arc<Postgres>>, options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { sandbox, running: None, address: "127.0.0.1:0".to_owned(), database, options };
        server.start();
        server
    }

    /// Another server on the same database, with the same key for what is stored.
    fn beside(&self) -> Self {
        let sandbox = Sandbox::new();
        let key = fs::read(self.sandbox.gate_home().join("server/sealing.key")).unwrap();
        let file = sandbox.write("gate/server/sealing.key", key);
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        Self::started(sandbox, self.database.clone(), &[])
    }

    fn call(&self, words: &[&str]) -> Call {
        let call = self.sandbox.gate(["serve"]).args(words);
        match &self.database {
            Some(database) => call.env("GATE_DATABASE", database.url()),
            None => call,
        }
    }

    /// Starts it, at the same address as before if it ran.
    fn start(&mut self) {
        let running = self.call(&["--listen", &self.address]).args(&self.options).start();
        running.wait_for_stderr("gate serves at http");
        let said = running.stderr();
        let address = said.split("://").nth(1).unwrap().lines().next().unwrap();
        self.address = address.to_owned();
        self.running = Some(running);
    }

    /// Kills it as a crash would.
    fn kill(&mut self) {
        let running = self.running.take().unwrap();
        running.signal(rustix::process::Signal::KILL);
        running.wait();
    }

    fn token(&self, role: &str, name: &str) -> String {
        let ran = self.call(&["token", role, name]).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        ran.stdout.trim().to_owned()
    }

    /// What an address answers to `curl` with these options: the status and the body.
    fn asked(&self, token: &str, path: &str, options: &[&str]) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address);
        let mut call = self.sandbox.call(program("curl"), ["-s", "-w", "\n%{http_code}"]).arg(url).args(options);
        if !token.is_empty() {
            call = call.arg("-H").arg(format!("Authorization: Bearer {token}"));
        }
        let ran = call.run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        let (body, status) = ran.stdout.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())))
    }
}

/// Somebody who uses a server: a host, or an approver at another machine.
struct User {
    sandbox: Sandbox,
}

impl User {
    fn new(server: &Server, token: &str, alice: &Key, more: &str) -> Self {
        let sandbox = Sandbox::new();
        let ran = sandbox.gate(["init", "--principal", "alice", "--key"]).arg(&alice.public).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        let config = sandbox.read("gate/config.yaml");
        sandbox.write("gate/config.yaml", format!("{config}remote: {{url: \"http://{}\"{more}}}\n", server.address));
        let file = sandbox.write("gate/keys/remote.token", format!("{token}\n"));
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        sandbox.write("work/victim/file", "");
        Self { sandbox }
    }

    fn ask(&self) -> (Running, String) {
        let gate = self.sandbox.gate(["--", "rm", "-rf", "victim"]).start();
        gate.wait_for_stderr("waiting until");
        let said = gate.stderr();
        let id = said.split("(request ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        (gate, id)
    }

    fn stands(&self) -> bool {
        self.sandbox.work().join("victim").exists()
    }

    fn answer(&self, verb: &str, id: &str, key: &Key) -> Call {
        let words = ["--wait", env!("CARGO_BIN_EXE_gate"), verb, id, "--reason", "because", "--yes", "--key"];
        self.sandbox.call(program("setsid"), words).arg(&key.private)
    }

    fn requests(&self) -> Vec<Value> {
        let ran = self.sandbox.gate(["requests", "--json"]).run();
        assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)));
        serde_json::from_str(&ran.stdout).unwrap()
    }
}

/// A server, a host, and Alice at her own machine.
struct Scene {
    server: Server,
    host: User,
    approver: User,
    alice: Key,
    keys: Sandbox,
}

impl Scene {
    fn new(on: On, more: &str) -> Self {
        let (server, keys) = (Server::new(on), Sandbox::new());
        let alice = keys.ssh_key("alice", "");
        let host = User::new(&server, &server.token("host", "build01"), &alice, more);
        let approver = User::new(&server, &server.token("approver", "alice"), &alice, "");
        Self { server, host, approver, alice, keys }
    }

    /// Waits until a request lies at the server.
    fn arrived(&self, id: &str) {
        wait_until("the request at the server", || {
            let token = fs::read_to_string(self.host.sandbox.gate_home().join("keys/remote.token")).unwrap();
            let (status, _) = self.server.asked(token.trim(), &format!("/v1/requests/{id}"), &[]);
            (status == 200).then_some(())
        });
    }
}
