//! A PostgreSQL server of the test's own, on a Unix socket in a folder that is removed with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A cluster, and the server on it.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    /// How else it is started.
    options: String,
}

impl Postgres {
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("gate-postgres-").tempdir_in("/tmp").unwrap();
        let started = Self { folder, programs: programs(), options: "-c listen_addresses=".to_owned() };
        // It refuses to run as root.
        let owned = Command::new("chown").arg("nobody").arg(started.folder.path()).status().unwrap();
        assert!(owned.success());
        started.run(&format!("{}/initdb -D {}/data -A trust -U gate -N", started.programs.display(), started.path()));
        started.control("start");
        started
    }

    pub fn url(&self) -> String {
        let port = self.options.split("port=").nth(1).map(|rest| rest.split(' ').next().unwrap_or_default());
        format!("host={} port={} user=gate dbname=postgres", self.path(), port.unwrap_or("5432"))
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

    /// What a statement finds: one value.
    pub fn told(&self, statement: &str) -> String {
        let mut command = Command::new(self.programs.join("psql"));
        let told = command.args(["-qtAX", &self.url(), "-c", statement]).stderr(Stdio::inherit()).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().to_owned()
    }

    /// Starts it again, on a port of this machine as well, which is told.
    pub fn listen(&mut self) -> u16 {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.options = format!("-c listen_addresses=127.0.0.1 -c port={free}");
        self.control("restart");
        free
    }

    /// As `listen`, for nobody but who comes encrypted.
    pub fn encrypt(&mut self, certificate: &Path, key: &Path) -> u16 {
        let data = self.folder.path().join("data");
        for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
            std::fs::copy(from, data.join(to)).unwrap();
            self.own(&data.join(to));
        }
        let rules = std::fs::read_to_string(data.join("pg_hba.conf")).unwrap();
        std::fs::write(data.join("pg_hba.conf"), rules.replace("\nhost ", "\nhostssl ")).unwrap();
        let free = self.listen();
        self.options.push_str(" -c ssl=on");
        self.control("restart");
        free
    }

    fn own(&self, file: &Path) {
        let ran = Command::new("chown").arg("nobody").arg(file).status().unwrap();
        assert!(ran.success());
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(file, mode).unwrap();
    }

    fn control(&self, what: &str) {
        let path = self.path();
        let options = format!("{} -k {path} -c max_connections=60", self.options);
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
