//! The server under load, its database, and what both use of the machine as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gate::server::tokens::Role;
use gate::server::{Form, Serving, Settings};

use crate::caller::Caller;
use crate::postgres::Postgres;

/// Where the server keeps what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A server with hosts and one approver who may call.
pub struct Served {
    pub address: SocketAddr,
    pub hosts: Vec<Arc<str>>,
    pub approver: Arc<str>,
    server: Child,
    database: Option<Postgres>,
    _folder: tempfile::TempDir,
}

impl Served {
    /// Starts both, and lets so many hosts in.
    pub fn start(on: On, hosts: usize, approver: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("gate-load-").tempdir_in("/var/tmp").unwrap();
        let database = (on == On::Postgres).then(Postgres::start);
        let data = folder.path().join("server");
        let url = database.as_ref().map(Postgres::url);
        let (approver, hosts) = tokens(data.clone(), url.clone(), hosts, approver);
        let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        // The one approver answers for everybody.
        command.args(["--rate", "10000"]).env_clear().stdin(Stdio::null()).stderr(Stdio::piped());
        command.envs(url.iter().map(|url| ("GATE_DATABASE", url)));
        let mut server = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(server.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().rsplit("://").next().unwrap();
        let address = address.parse().unwrap_or_else(|_| panic!("the server says: {said}"));
        Self { address, hosts, approver, server, database, _folder: folder }
    }

    /// What the server counts of itself.
    pub async fn counted(&self) -> BTreeMap<String, f64> {
        let mut caller = Caller::new(self.address, &self.approver);
        let (_, text) = caller.get("/metrics").await.unwrap();
        let text = String::from_utf8(text).unwrap();
        let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        pairs.map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
    }

    /// What everybody has used so far.
    pub async fn used(&self) -> Used {
        let counted = self.counted().await;
        let batches = counted["gate_write_seconds_count"];
        Used {
            at: Instant::now(),
            server: processor(self.server.id()),
            database: self.database.as_ref().map(|database| tree(database.pid()).into_iter().map(processor).sum()),
            generator: processor(std::process::id()),
            batches,
            batch_seconds: counted["gate_write_seconds_sum"],
            changes: counted["gate_changes_total"],
        }
    }

    /// The server's memory that is its own or mapped, now and at most, in MiB.
    pub fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let kib = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        (kib("VmRSS:") / 1024.0, kib("VmHWM:") / 1024.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Lets callers in before the server starts, several at a time so that they share what is made durable.
fn tokens(data: PathBuf, database: Option<String>, hosts: usize, approver: &str) -> (Arc<str>, Vec<Arc<str>>) {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let settings = Settings {
        listen,
        data,
        tls: None,
        behind_proxy: false,
        rate: 1,
        waits: 1,
        files: 1024,
        database,
        page: None,
        keep: None,
        log: Form::Failures,
        say: |_| {},
        traces: None,
        oidc: None,
    };
    let serving = Serving::open(settings).unwrap();
    let made = |role, name: &str| -> Arc<str> { serving.token(role, name, None).unwrap().text.into() };
    let hosts = std::thread::scope(|scope| {
        let part = hosts.div_ceil(32).max(1);
        let parts: Vec<_> = (0..hosts)
            .step_by(part)
            .map(|first| {
                let numbers = first..(first + part).min(hosts);
                scope
                    .spawn(move || numbers.map(|number| made(Role::Host, &format!("host{number}"))).collect::<Vec<_>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    (made(Role::Approver, approver), hosts)
}

/// What was used until a moment.
pub struct Used {
    at: Instant,
    server: Duration,
    database: Option<Duration>,
    generator: Duration,
    batches: f64,
    batch_seconds: f64,
    changes: f64,
}

impl Used {
    /// Says what was used since an earlier moment, and what there was least of.
    pub fn since(&self, earlier: &Self) -> String {
        let seconds = self.at.duration_since(earlier.at).as_secs_f64();
        let share = |now: Duration, before: Duration| (now - before).as_secs_f64() / seconds * 100.0;
        let server = share(self.server, earlier.server);
        let generator = share(self.generator, earlier.generator);
        let database = self.database.zip(earlier.database).map(|(now, before)| share(now, before));
        let batches = self.batches - earlier.batches;
        let each = if batches > 0.0 { (self.changes - earlier.changes) / batches } else { 0.0 };
        let writing = (self.batch_seconds - earlier.batch_seconds) / seconds * 100.0;
        let cores = f64::from(u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap());
        let all = server + generator + database.unwrap_or(0.0);
        let parts = [("the server", server), ("the database", database.unwrap_or(0.0)), ("the generator", generator)];
        let most = parts.iter().max_by(|one, other| one.1.total_cmp(&other.1)).unwrap().0;
        let least = if all > cores * 85.0 {
            format!("processors, and most of them goes to {most}")
        } else if writing > 85.0 {
            "one writer at a time, which waits for the database and its disk".to_owned()
        } else {
            "nothing: there was some of everything left (or others kept the machine busy)".to_owned()
        };
        format!(
            "processors of {:.0} %: server {server:.0} %, database {}, generator {generator:.0} %\n  writing {writing:.0} % \
             of the time, {:.0} commits/s of {each:.1} changes; {:.2} ms of the server's processor a change\n  scarce: {least}",
            cores * 100.0,
            database.map_or("inside".to_owned(), |share| format!("{share:.0} %")),
            batches / seconds,
            (self.server - earlier.server).as_secs_f64() * 1000.0 / (self.changes - earlier.changes).max(1.0),
        )
    }
}

/// The time that a process has had on processors; its children's are not in it.
fn processor(id: u32) -> Duration {
    // It may be over.
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A process and what it started.
fn tree(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|word| word.parse().ok()).flat_map(tree);
    std::iter::once(id).chain(children).collect()
}
