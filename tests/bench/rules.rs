//! What rules cost at the start of a command: gate decides with 100, 1,000 and 10,000 rules of the user's own, on a program
//! without rules of its own and on one with its share of them. Every round starts each contestant once, in turn; medians
//! are printed and nothing is judged: a test never looks at a clock.
//!
//! ```text
//! cargo bench --bench rules -- [--rounds 200] [--gate FILE]
//! ```
//!
//! The first start after a change reads the YAML and writes the compiled form; it is timed apart.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for the people who build gate"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const COUNTS: [usize; 4] = [0, 100, 1_000, 10_000];
/// Rules in one file.
const FILE: usize = 1_000;
/// Programs that the rules are about: with 10,000 rules each has 50.
const PROGRAMS: usize = 200;
const WARM_UPS: usize = 5;

fn main() {
    let (mut rounds, mut gate) = (200, PathBuf::from(env!("CARGO_BIN_EXE_gate")));
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => rounds = words.next().unwrap().parse().unwrap(),
            "--gate" => gate = words.next().unwrap().into(),
            // cargo bench says this to every bench
            "--bench" => {}
            _ => return eprintln!("unknown option `{word}`"),
        }
    }
    let base = if Path::new("/dev/shm").is_dir() { Path::new("/dev/shm") } else { Path::new("/tmp") };
    let memory = tempfile::Builder::new().prefix("gate-bench-").tempdir_in(base).unwrap();
    let homes: Vec<PathBuf> = COUNTS.iter().map(|count| home(memory.path(), *count)).collect();
    println!(
        "{:>7} {:>10} {:>12} {:>12}   first start, reading YAML and running examples",
        "rules", "YAML", "compiled", "ms"
    );
    for (count, home) in COUNTS.iter().zip(&homes) {
        let took = run(&gate, home, "/bin/true");
        let (yaml, compiled) = (size(&home.join("gate/policies")), size(&home.join("gate/cache/policies")));
        println!("{count:>7} {yaml:>10} {compiled:>12} {:>12.1}", millis(took));
    }
    // The second program stands in the sandbox of no one: it is a link to /bin/true under a name that rules are about.
    let program = memory.path().join("p0");
    fs::copy("/bin/true", &program).unwrap();
    let lines = ["/bin/true", program.to_str().unwrap()];
    let mut times = vec![vec![Vec::new(); lines.len()]; COUNTS.len()];
    for round in 0..rounds + WARM_UPS {
        for turn in 0..COUNTS.len() {
            let at = (turn + round) % COUNTS.len();
            for (line, program) in lines.iter().enumerate() {
                let took = run(&gate, &homes[at], program);
                if round >= WARM_UPS {
                    times[at][line].push(took);
                }
            }
        }
    }
    println!("\n{rounds} rounds, in turn; median milliseconds of a whole run");
    println!("{:>7} {:>14} {:>18}", "rules", "no own rules", "own rules too");
    for (count, times) in COUNTS.iter().zip(times) {
        println!("{count:>7} {:>14.3} {:>18.3}", millis(median(&times[0])), millis(median(&times[1])));
    }
}

/// A home with so many rules.
fn home(under: &Path, count: usize) -> PathBuf {
    let home = under.join(count.to_string());
    let policies = home.join("gate/policies");
    fs::create_dir_all(&policies).unwrap();
    fs::set_permissions(home.join("gate"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut tools = "gate: 1\nname: tools\ntools:\n".to_owned();
    for program in 0..PROGRAMS {
        writeln!(tools, "  - {{program: p{program}, value-flags: [-o, --output], operands: [target...], depth: 2}}")
            .unwrap();
    }
    if count > 0 {
        fs::write(policies.join("tools.yaml"), tools).unwrap();
    }
    for file in 0..count.div_ceil(FILE) {
        let mut text = format!("gate: 1\nname: acme{file}\nrules:\n");
        for rule in file * FILE..count.min((file + 1) * FILE) {
            let (program, verb) = (rule % PROGRAMS, rule / PROGRAMS);
            writeln!(
                text,
                "  - id: p{program}.verb{verb}\n    when: {{tool: p{program}, command: [verb{verb} *, do verb{verb}], flags: [--force, -f]}}\n    \
                 unless: {{target: [\"/tmp/**\", \"**/target/**\"]}}\n    class: destroy\n    \
                 why: verb {verb} of program {program} cannot be undone\n    instead: p{program} show\n    \
                 examples: {{match: [p{program} verb{verb} x --force], skip: [p{program} show x]}}"
            )
            .unwrap();
        }
        fs::write(policies.join(format!("rules-{file}.yaml")), text).unwrap();
    }
    home
}

fn run(gate: &Path, home: &Path, program: &str) -> Duration {
    let mut command = Command::new(gate);
    command.args(["--", program]).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("HOME", home).env("GATE_HOME", home.join("gate"));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().unwrap();
    let took = start.elapsed();
    assert!(status.success(), "{status}");
    took
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
