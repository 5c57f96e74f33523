//! Programs with another wall clock (`skew.c`), without a word about it in gate.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::*;

/// `gate` whose wall clock is so many seconds before or behind the machine's.
pub fn gate<'a>(sandbox: &Sandbox, seconds: i64, words: impl IntoIterator<Item = &'a str>) -> Call {
    // What is put into the vDSO is code of one machine.
    if seconds == 0 || !cfg!(target_arch = "x86_64") {
        return sandbox.gate(words);
    }
    sandbox.call(skew(), [&seconds.to_string(), env!("CARGO_BIN_EXE_gate")]).args(words)
}

fn skew() -> PathBuf {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = MADE.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("gate-skew-").tempdir().unwrap();
        let mut command = Command::new(program("cc"));
        command.args(["-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(folder.path().join("skew"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/remote/skew.c"));
        assert!(command.status().unwrap().success());
        folder
    });
    folder.path().join("skew")
}

impl Server {
    /// Starts it again with its clock so many seconds off.
    pub(super) fn start_off(&mut self, seconds: i64) {
        // What was killed may still be going.
        wait_until("the end of a server", || std::net::TcpStream::connect(&self.address).is_err().then_some(()));
        let call = gate(&self.sandbox, seconds, ["serve", "--listen", &self.address]);
        let call = self.database.iter().fold(call, |call, database| call.env("GATE_DATABASE", database.url()));
        let running = call.start();
        running.wait_for_stderr("gate serves at http");
        self.running = Some(running);
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_program_can_have_another_clock() {
    let sandbox = Sandbox::new();
    let year = |seconds| {
        let ran = gate(&sandbox, seconds, ["--", "true"]).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        let log = sandbox.read("gate/audit/000000000000.jsonl");
        log.rsplit("\"time\":\"").next().unwrap()[..4].parse::<u32>().unwrap()
    };
    let now = year(0);
    assert_eq!(year(10 * 366 * 86_400), now + 10);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_request_lives_as_long_at_a_server_whose_clock_is_hours_ahead_or_behind() {
    for seconds in [7200, -7200] {
        let mut scene = Scene::new(On::Sqlite, "");
        scene.server.kill();
        scene.server.start_off(seconds);
        let (gate, id) = scene.host.ask();
        scene.arrived(&id);
        assert_eq!(scene.approver.requests().len(), 1, "{seconds}");
        let ran = scene.approver.answer("approve", &id, &scene.alice).run();
        assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
        assert_eq!(gate.wait().status, Status::Exited(0), "{seconds}");
    }
}
