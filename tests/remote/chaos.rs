//! Everything breaks at once and by chance: servers and their database are killed and started again, connections are cut,
//! answers of the server get lost, and hosts, approvers and servers have clocks that are minutes apart. Meanwhile people ask
//! and answer. Whatever happens, no answer is lost that was acknowledged, none counts twice, and no command runs without the
//! signature of somebody who is enrolled.
//!
//! It takes 8 seconds, and as many to start and to end; `GATE_CHAOS_SECONDS=600 cargo test --locked --test suite chaos --
//! --nocapture` takes ten minutes.
//! `GATE_CHAOS_SEED` throws the dice of an earlier run again: the same breaks, though the machine is never the same.

#![allow(clippy::print_stdout, reason = "whoever lets it run for ten minutes wants to know what happened")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::wire::Wire;
use super::{clock, *};

/// How many hosts ask at the same time.
const HOSTS: usize = 3;
/// How far the clocks of hosts, approvers and servers are off, in seconds. An approver's may be 5 minutes from a host's; a
/// server's does not matter.
const HOST: [i64; HOSTS] = [0, 100, -80];
const APPROVER: i64 = -130;
const SERVERS: [i64; 2] = [1500, 1380];
/// How long a host may need for one request when all is well again; nobody gives up before.
const PATIENCE: &str = "100";

/// How a host ends whose request may not have arrived (`REACH` in `src/remote/waiting.rs`).
const UNHEARD: &str = "nothing in 20 seconds";

/// What is to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Alice approves it.
    Approved,
    /// Alice denies it.
    Denied,
    /// Mallory, who is enrolled nowhere and has a token in Alice's name, approves it; then Alice denies it.
    Forged,
}

/// What all threads know.
#[derive(Default)]
struct Known {
    fates: Mutex<BTreeMap<u32, Fate>>,
    /// The answers by Alice that the server acknowledged, by the number in the command, with the id of the request.
    acknowledged: Mutex<BTreeMap<u32, String>>,
    ended: AtomicBool,
    asking: AtomicU32,
}

/// Says that it is over when it goes.
struct Ends<'a>([&'a AtomicBool; 2]);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|over| over.store(true, SeqCst));
    }
}

/// Chance, the same for the same seed.
struct Dice(u64);

impl Dice {
    /// A number below another.
    fn below(&mut self, end: u64) -> u64 {
        // xorshift64*: nothing here must be hard to foretell.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }
}

/// Servers, and the wires that lead to them.
struct Town {
    servers: Vec<Server>,
    wires: Vec<Wire>,
}

impl Town {
    fn new(on: On) -> Self {
        let first = Server::new(on);
        // Two servers want PostgreSQL.
        let mut servers = if on == On::Postgres { vec![first.beside(), first] } else { vec![first] };
        for (server, seconds) in servers.iter_mut().zip(SERVERS) {
            server.kill();
            server.start_off(seconds);
        }
        let wires = servers.iter().map(|server| Wire::to(&server.address)).collect();
        Self { servers, wires }
    }

    fn user(&self, at: usize, token: &str, alice: &Key) -> User {
        let user = User::new(&self.servers[at], token, alice, "");
        let config = user.sandbox.read("gate/config.yaml");
        user.sandbox.write("gate/config.yaml", config.replace(&self.servers[at].address, &self.wires[at].address));
        user
    }

    /// Breaks one thing; says which.
    fn breaks(&mut self, dice: &mut Dice) -> &'static str {
        let at = usize::try_from(dice.below(self.servers.len() as u64)).unwrap();
        let pause = Duration::from_millis(dice.below(1500));
        let database = self.servers[at].database.clone();
        match (dice.below(6), database) {
            (0 | 1, _) => {
                self.servers[at].kill();
                std::thread::sleep(pause);
                self.servers[at].start_off(SERVERS[at]);
                "a server"
            }
            (2, Some(database)) => {
                database.crash();
                std::thread::sleep(pause);
                database.again();
                "the database"
            }
            (3, Some(database)) => {
                let others = "pid <> pg_backend_pid() AND backend_type = 'client backend'";
                database.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"));
                "connections to the database"
            }
            (2 | 4, _) => {
                self.wires[at].lose(1 + u32::try_from(dice.below(4)).unwrap());
                "answers on their way"
            }
            _ => {
                self.wires[at].cut();
                "connections"
            }
        }
    }
}

impl Postgres {
    /// Ends all its processes at once and without a word, as when the machine stops.
    fn crash(&self) {
        let first = self.pid();
        let pid = |pid: i32| Pid::from_raw(pid).unwrap();
        // So that it has no more children than these.
        kill_process(pid(i32::try_from(first).unwrap()), Signal::STOP).unwrap();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
        let all = children.split_whitespace().map(|word| word.parse().unwrap());
        let all: Vec<i32> = std::iter::once(i32::try_from(first).unwrap()).chain(all).collect();
        for one in &all {
            // One that has ended meanwhile needs none.
            let _ = kill_process(pid(*one), Signal::KILL);
        }
        // Nobody may wait for them here, so that they stay dead bodies.
        let stands = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|it| !it.contains(") Z "));
        wait_until("the end of the database", || (!all.iter().any(stands)).then_some(()));
        // Another of its processes would take the dead body for one that lives.
        self.lock_files().iter().for_each(|file| fs::remove_file(file).unwrap());
    }
}

/// One host: asks for one command after the other. Each appends its number to a file, so that a run cannot be hidden.
fn ask(host: &User, seconds: i64, known: &Known, dice: &mut Dice) -> BTreeMap<u32, (i32, String)> {
    let mut ended = BTreeMap::new();
    while !known.ended.load(SeqCst) {
        let number = known.asking.fetch_add(1, SeqCst);
        let fates = [Fate::Forged, Fate::Denied, Fate::Approved, Fate::Approved];
        // However little happens: one of each.
        let fate = fates[usize::try_from(number).ok().filter(|first| *first < HOSTS).unwrap_or(dice.below(4) as usize)];
        known.fates.lock().unwrap().insert(number, fate);
        host.sandbox.write("work/victim/file", "");
        let script = format!("echo {number} >> ran && rm -rf victim");
        let call = clock::gate(&host.sandbox, seconds, ["-c", &script]);
        let output = patiently(&call);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ended.insert(number, (output.status.code().unwrap_or(-1), said));
    }
    ended
}

/// Runs it for longer than tests otherwise wait, without a terminal.
fn patiently(call: &Call) -> Output {
    let inner = call.command();
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", PATIENCE]).arg(program("setsid")).arg("--wait");
    command.arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(inner.get_current_dir().unwrap()).stdin(Stdio::null()).output().unwrap()
}

/// Somebody with a token in Alice's name, and the key they sign with.
struct Approver {
    user: User,
    key: PathBuf,
}

impl Approver {
    /// Whether the server acknowledged their answer.
    fn answers(&self, verb: &str, id: &str) -> bool {
        let gate = clock::gate(&self.user.sandbox, APPROVER, [verb, id, "--reason", "because", "--yes", "--key"]);
        patiently(&gate.arg(&self.key)).status.success()
    }

    fn sees(&self) -> Vec<Value> {
        let listed = patiently(&clock::gate(&self.user.sandbox, APPROVER, ["requests", "--json"]));
        serde_json::from_slice(&listed.stdout).unwrap_or_default()
    }
}

/// Alice looks at what waits, at one server or another, and answers it as fate has it; so does Mallory, as Alice.
fn answer(alice: &[Approver], mallory: &Approver, known: &Known, over: &AtomicBool, dice: &mut Dice) {
    let mut forged = BTreeSet::new();
    while !over.load(SeqCst) {
        let her = &alice[dice.below(alice.len() as u64) as usize];
        for request in her.sees() {
            let (id, command) = (request["id"].as_str().unwrap(), request["command"].as_str().unwrap());
            let number = command.split("echo ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            let fate = known.fates.lock().unwrap()[&number];
            if known.acknowledged.lock().unwrap().contains_key(&number) {
                continue;
            }
            if fate == Fate::Forged && !forged.contains(&number) {
                if mallory.answers("approve", id) {
                    forged.insert(number);
                }
                continue;
            }
            if her.answers(if fate == Fate::Approved { "approve" } else { "deny" }, id) {
                known.acknowledged.lock().unwrap().insert(number, id.to_owned());
            }
        }
    }
    println!("Mallory approved {} requests", forged.len());
}

fn chaos(on: On) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    let seed = number("GATE_CHAOS_SEED").unwrap_or(since.as_nanos() as u64 | 1);
    let lasts = Duration::from_secs(number("GATE_CHAOS_SECONDS").unwrap_or(8));
    println!("{on:?}: GATE_CHAOS_SEED={seed} for {lasts:?}");
    let (keys, mut town, known) = (Sandbox::new(), Town::new(on), Known::default());
    let (alice, mallory) = (keys.ssh_key("alice", ""), keys.ssh_key("mallory", ""));
    let all = town.servers.len();
    let approver = |at, key: &Key| {
        let token = town.servers[0].token("approver", "alice");
        Approver { user: town.user(at, &token, key), key: key.private.clone() }
    };
    let answering: Vec<Approver> = (0..all).map(|at| approver(at, &alice)).collect();
    let forging = approver(0, &mallory);
    let auditor = town.servers[0].token("auditor", "eve");
    let hosts: Vec<User> = (0..HOSTS)
        .map(|at| town.user(at % all, &town.servers[0].token("host", &format!("host{at}")), &alice))
        .collect();
    let (hosts_ended, mut broken) = (AtomicBool::new(false), BTreeMap::<&str, u32>::new());
    let ended: Vec<BTreeMap<u32, (i32, String)>> = std::thread::scope(|scope| {
        let asking: Vec<_> = hosts
            .iter()
            .zip(HOST)
            .zip(1..)
            .map(|((host, off), salt)| {
                let known = &known;
                scope.spawn(move || ask(host, off, known, &mut Dice(seed ^ salt << 32)))
            })
            .collect();
        scope.spawn(|| answer(&answering, &forging, &known, &hosts_ended, &mut Dice(seed ^ 9 << 32)));
        // Also where something fails here: nobody is left who answers, and nobody who asks.
        let _ends = Ends([&known.ended, &hosts_ended]);
        let (begun, mut dice) = (Instant::now(), Dice(seed));
        while begun.elapsed() < lasts {
            std::thread::sleep(Duration::from_millis(100 + dice.below(900)));
            *broken.entry(town.breaks(&mut dice)).or_default() += 1;
        }
        known.ended.store(true, SeqCst);
        asking.into_iter().map(|host| host.join().unwrap()).collect()
    });
    println!("broken: {broken:?}");
    judged(&hosts, &ended, &known);
    kept(&town, &auditor, &known);
}

/// Every command ran as often as it was approved, which is once or never.
fn judged(hosts: &[User], ended: &[BTreeMap<u32, (i32, String)>], known: &Known) {
    let (fates, acknowledged) = (known.fates.lock().unwrap(), known.acknowledged.lock().unwrap());
    let (mut counted, mut wrong) = (BTreeMap::<(Fate, i32), usize>::new(), Vec::new());
    for (host, ended) in hosts.iter().zip(ended) {
        let path = host.sandbox.work().join("ran");
        let ran = fs::read_to_string(path).unwrap_or_default();
        let mut times = BTreeMap::<u32, u32>::new();
        ran.lines().for_each(|line| *times.entry(line.parse().unwrap()).or_default() += 1);
        for (number, (code, said)) in ended {
            let (fate, ran) = (fates[number], times.remove(number).unwrap_or(0));
            let expected = match (fate, acknowledged.contains_key(number)) {
                // It never heard that its request had arrived, and ended before the answer came.
                (_, true) if said.contains(UNHEARD) => (69, 0),
                (Fate::Approved, true) => (0, 1),
                (Fate::Denied | Fate::Forged, true) => (77, 0),
                // The acknowledgement was lost on its way, or the request never came to the server.
                (Fate::Approved, false) if *code == 0 => (0, 1),
                (_, false) if *code == 77 && fate != Fate::Approved => (77, 0),
                (_, false) => (69, 0),
            };
            if (*code, ran) != expected {
                wrong.push(format!("{number} {fate:?}: {code}, ran {ran} times, instead of {expected:?}\n{said}"));
            }
            *counted.entry((fate, *code)).or_default() += 1;
        }
        assert!(times.is_empty(), "nobody asked for {times:?}");
        let verified = host.sandbox.gate(["audit", "verify"]).run();
        assert_eq!(verified.status, Status::Exited(0), "{verified:?}");
    }
    println!("ended: {counted:?}; {} answers acknowledged", acknowledged.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unheard: usize = counted.iter().filter(|((_, code), _)| *code == 69).map(|(_, count)| count).sum();
    assert!(unheard * 2 < fates.len(), "too little happened to say anything");
}

/// What was acknowledged is there, and every answer stands in the journal once.
fn kept(town: &Town, auditor: &str, known: &Known) {
    let server = &town.servers[0];
    for id in known.acknowledged.lock().unwrap().values() {
        let (status, whole) = server.asked(auditor, &format!("/v1/requests/{id}"), &[]);
        assert_eq!(status, 200, "{id}");
        assert!(!whole["answers"].as_array().unwrap().is_empty(), "{whole}");
    }
    let (mut answers, mut after) = (BTreeSet::new(), -1);
    loop {
        let (status, page) = server.asked(auditor, &format!("/v1/log?limit=1000&after={after}"), &[]);
        assert_eq!(status, 200, "{page}");
        for entry in page["entries"].as_array().unwrap() {
            let entry: Value = serde_json::from_str(entry["entry"].as_str().unwrap()).unwrap();
            let what = &entry["what"];
            if what["kind"] == "answered" {
                assert!(answers.insert((what["request"].to_string(), what["verdict"].to_string())), "twice: {what}");
            }
        }
        let Some(next) = page["next"].as_i64() else { break };
        after = next;
    }
    assert!(answers.len() >= known.acknowledged.lock().unwrap().len());
}

#[test]
fn nothing_is_lost_doubled_or_run_unsigned_when_everything_breaks_on_one_file() {
    chaos(On::Sqlite);
}

#[test]
fn nothing_is_lost_doubled_or_run_unsigned_when_everything_breaks_on_two_servers() {
    chaos(On::Postgres);
}
