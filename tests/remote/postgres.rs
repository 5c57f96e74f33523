//! A PostgreSQL server of the test's own, on a Unix socket in a folder that is removed with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A cluster, and the server on it.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("gate-postgres-").tempdir_in("/tmp").unwrap();
        let started = Self { folder, programs: programs() };
        // It refuses to run as root.
        let owned = Command::new("chown").arg("nobody").arg(started.folder.path()).status().unwrap();
        assert!(owned.success());
        started.run(&format!("{}/initdb -D {}/data -A trust -U gate -N", started.programs.display(), started.path()));
        started.control("start");
        started
    }

    pub fn url(&self) -> String {
        format!("host={} user=gate dbname=postgres", self.path())
    }

    /// Where it says which process all others of it come from, for its data and for its socket.
    pub fn lock_files(&self) -> [PathBuf; 2] {
        ["data/postmaster.pid", ".s.PGSQL.5432.lock"].map(|file| self.folder.path().join(file))
    }

    /// That process.
    pub fn pid(&self) -> u32 {
        let [file, _] = self.lock_files();
        let told = std::fs::read_to_string(file).unwrap();
        told.lines().next().unwrap().parse().unwrap()
    }

    /// Kills it as a crash would.
    pub fn kill(&self) {
        self.control("-m immediate stop");
    }

    pub fn again(&self) {
        self.control("start");
    }

    /// Has a statement carried out.
    pub fn sql(&self, statement: &str) {
        let line = format!("{}/psql -qtX '{}' -c \"{statement}\"", self.programs.display(), self.url());
        self.run(&line);
    }

    fn control(&self, what: &str) {
        let path = self.path();
        let options = format!("-c listen_addresses= -k {path} -c max_connections=60");
        let program = self.programs.display();
        self.run(&format!("{program}/pg_ctl -D {path}/data -o '{options}' -l {path}/log -w {what}"));
    }

    fn path(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    fn run(&self, line: &str) {
        let mut command = Command::new("su");
        command.args(["-s", "/bin/sh", "nobody", "-c", line]).current_dir(self.folder.path());
        let ran = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).status().unwrap();
        assert!(ran.success(), "{line}");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let path = self.path();
        let line = format!("{}/pg_ctl -D {path}/data -m immediate stop", self.programs.display());
        let mut command = Command::new("su");
        let _ =
            command.args(["-s", "/bin/sh", "nobody", "-c", &line]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Where Debian has the programs of the newest version that is installed.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("tests/run --programs installs postgresql");
    let newest = versions.map(|entry| entry.unwrap().path()).max().unwrap();
    Path::new(&newest).join("bin")
}
