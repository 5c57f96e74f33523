//! What gate adds to the start of a command. Every round starts each contestant once, in turn, so that a busy machine is
//! busy for all of them; medians and ratios are printed and nothing is judged: a test never looks at a clock.
//!
//! gate runs twice in each round: with its log on tmpfs, where `fdatasync` is free, which is gate without the price of the
//! durable write; and with it on the disk of the target directory, which is mostly the price of that disk.
//!
//! ```text
//! cargo start [--rounds 500] [--gate FILE] [--also 'gate … -- /bin/true']...
//! ```
//!
//! Cargo builds gate as for a release first; `--gate` takes another build.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program for the people who build gate"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const WARM_UPS: usize = 20;

/// One command line and how long its runs took.
struct Contestant {
    /// Its line in the report.
    place: usize,
    name: String,
    words: Vec<String>,
    /// The durable log of gate: on tmpfs its price is gate's own, on a disk mostly the disk's.
    home: PathBuf,
    times: Vec<Duration>,
}

impl Contestant {
    fn new(place: usize, line: &str, note: &str, gate: &Path, home: &Path) -> Self {
        let words = line.split_whitespace().map(|word| match word {
            "gate" => gate.to_str().unwrap().to_owned(),
            "env" => "/usr/bin/env".to_owned(),
            "sudo" => "/usr/bin/sudo".to_owned(),
            other => other.to_owned(),
        });
        Self { place, name: format!("{line}{note}"), words: words.collect(), home: home.to_owned(), times: Vec::new() }
    }

    /// Whether it runs what it is given: what ends well without running anything is quick and worth nothing.
    fn proven(&self) -> Result<(), String> {
        let Some((last, before)) = self.words.split_last() else { return Err("no words".to_owned()) };
        if last != "/bin/true" {
            return Err("a line ends with /bin/true".to_owned());
        }
        let mut words = before.to_vec();
        words.extend(["/bin/echo".to_owned(), "it ran".to_owned()]);
        if before.is_empty() {
            return Ok(());
        }
        let output = self.command(&words).output().map_err(|error| error.to_string())?;
        if output.stdout == b"it ran\n" { Ok(()) } else { Err(format!("it does not run the command: {output:?}")) }
    }

    fn command(&self, words: &[String]) -> Command {
        let mut words = words.iter();
        let mut command = Command::new(words.next().map_or("", String::as_str));
        command.args(words).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("HOME", &self.home).env("GATE_HOME", self.home.join("gate"));
        command.stdin(Stdio::null());
        command
    }

    /// One run by `posix_spawn`, which is what the standard library uses where nothing hinders it.
    fn run(&self) -> Result<Duration, String> {
        let mut command = self.command(&self.words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.spawn().and_then(|mut child| child.wait()).map_err(|error| error.to_string())?;
        let took = start.elapsed();
        if status.success() { Ok(took) } else { Err(status.to_string()) }
    }

    fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn quickest(&self) -> Duration {
        self.times.iter().min().copied().unwrap_or_default()
    }
}

struct Options {
    rounds: usize,
    gate: PathBuf,
    also: Vec<String>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { rounds: 500, gate: env!("CARGO_BIN_EXE_gate").into(), also: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--rounds" => options.rounds = value()?.parse().map_err(|error| format!("--rounds: {error}"))?,
            "--gate" => options.gate = value()?.into(),
            "--also" => options.also.push(value()?),
            // cargo bench says this to every bench
            "--bench" => {}
            _ => return Err(format!("unknown option `{word}`")),
        }
    }
    let gate = options.gate.canonicalize();
    options.gate = gate.map_err(|error| format!("{}: {error}", options.gate.display()))?;
    Ok(options)
}

fn main() -> ExitCode {
    let Options { rounds, gate, also } = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(64);
        }
    };
    let memory = tempfile::Builder::new().prefix("gate-bench-").tempdir_in("/dev/shm").unwrap();
    let disk = tempfile::Builder::new().prefix("gate-bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // Copied as an installation would: the kernel keeps what a linker wrote in smaller pieces, which take longer to map.
    let installed = disk.path().join("installed");
    std::fs::copy(&gate, &installed).unwrap();
    for home in [&memory, &disk] {
        let builder = &mut std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(builder, 0o700).create(home.path().join("gate")).unwrap();
    }
    let lines = [
        ("/bin/true", "", memory.path()),
        ("env /bin/true", "", memory.path()),
        ("gate -- /bin/true", " (log on tmpfs: without the price of a durable write)", memory.path()),
        ("gate -- /bin/true", " (log on disk: durable)", disk.path()),
        ("sudo -n /bin/true", "", memory.path()),
    ];
    let lines = lines.into_iter().chain(also.iter().map(|line| (line.as_str(), "", memory.path())));
    let mut contestants = Vec::new();
    let mut left_out = 0;
    for (place, (line, note, home)) in lines.enumerate() {
        let contestant = Contestant::new(place, line, note, &installed, home);
        match contestant.proven().and_then(|()| (0..WARM_UPS).try_for_each(|_| contestant.run().map(drop))) {
            Ok(()) => contestants.push(contestant),
            Err(error) => {
                eprintln!("left out: {}: {error}", contestant.name);
                left_out += 1;
            }
        }
    }
    for round in 0..rounds {
        // Each round starts with another one, so that none always follows the same neighbour.
        if !contestants.is_empty() {
            contestants.rotate_left(1);
        }
        for contestant in &mut contestants {
            match contestant.run() {
                Ok(took) => contestant.times.push(took),
                Err(error) => {
                    eprintln!("error: {}: {error} in round {round}", contestant.name);
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    contestants.sort_by_key(|contestant| contestant.place);
    report(&contestants, rounds);
    if left_out == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(contestants: &[Contestant], rounds: usize) {
    let median_of = |start: &str| contestants.iter().find(|one| one.name.starts_with(start)).map(Contestant::median);
    let (env, sudo) = (median_of("env "), median_of("sudo "));
    println!("{rounds} rounds, in turn; milliseconds");
    println!("{:>8} {:>8} {:>7} {:>7}  command", "median", "quickest", "× env", "× sudo");
    for one in contestants {
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let ratio = |to: Option<Duration>| match to {
            Some(to) if !to.is_zero() => format!("{:.2}", one.median().as_secs_f64() / to.as_secs_f64()),
            _ => "-".to_owned(),
        };
        println!(
            "{:>8.3} {:>8.3} {:>7} {:>7}  {}",
            millis(one.median()),
            millis(one.quickest()),
            ratio(env),
            ratio(sudo),
            one.name
        );
    }
}
