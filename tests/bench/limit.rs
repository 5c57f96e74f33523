//! What the worst inputs cost: shell code, arguments, code and statements that are made to be slow, read and judged by the
//! built-in policy, and policies and catalogs that are made so, read. Prints the time on a processor of each, the slowest
//! first, and marks those that are over the 50 ms that hold for inputs of 8 KiB: most here are eight times as large.
//! `cargo bench --bench limit [-- WORD]` takes only those whose name holds the word.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark says what it measured, or where it failed")]

#[path = "../fuzz/hostile/mod.rs"]
mod hostile;

use std::ffi::OsString;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::time::Duration;

use gate::command::{Around, Asked, Tools, read};
use gate::host::data::catalog::checked;
use gate::model::{Answers, Timestamp, Tool};
use gate::policy::{Circumstances, Layer, Policy, Source};

use hostile::{Input, inputs};

/// How long one input may take.
const LIMIT: Duration = Duration::from_millis(50);
/// Each input is measured so often, and the least counts: what others do to the caches is not its fault.
const TIMES: usize = 3;
struct Shelf<'a>(&'a Policy);

impl Tools for Shelf<'_> {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.tool(file_name)
    }

    fn looks_at(&self, _: &str) -> bool {
        true
    }
}

fn main() {
    let wanted = std::env::args().skip(1).find(|word| word != "--bench").unwrap_or_default();
    let policy = Policy::built_in();
    let _ = policy.rules().count();
    let mut measured = Vec::new();
    for (name, input) in inputs().into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let took = (0..TIMES).map(|_| cost(&input, &policy)).min().unwrap_or_default();
        measured.push((took, name));
    }
    measured.sort();
    for (took, name) in measured.iter().rev() {
        let over = if *took > LIMIT { "  OVER" } else { "" };
        println!("{:>9.2} ms  {name}{over}", took.as_secs_f64() * 1000.0);
    }
    let over = measured.iter().filter(|(took, _)| *took > LIMIT).count();
    println!("{} inputs, {over} over {} ms", measured.len(), LIMIT.as_millis());
}

/// The time on a processor that one input takes.
fn cost(input: &Input, policy: &Policy) -> Duration {
    match input {
        Input::Script(text) => {
            let asked = Asked::Script { text, index: 2, shell: "bash", positional: &[] };
            timed(|| decided(asked, policy))
        }
        Input::Arguments(words) => {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            timed(|| decided(Asked::Arguments(&words), policy))
        }
        Input::Policy(text) => timed(|| {
            let source = Source { layer: Layer::User, file: "limit.yaml".to_owned(), text: text.clone() };
            if let Ok(own) = Policy::load(vec![source]) {
                let words = ["rm", "-rf", "/srv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/a/a/a/a/a/a/a/a/a"];
                decided(Asked::Arguments(&words.map(OsString::from)), &own);
            }
        }),
        Input::Catalog(text) => {
            let memory = rustix::fs::memfd_create("limit", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
            let mut file = std::fs::File::from(memory);
            file.write_all(text.as_bytes()).unwrap();
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            timed(|| drop(checked(path.as_ref())))
        }
    }
}

fn decided(asked: Asked<'_>, policy: &Policy) {
    let around = Around { directory: Path::new("/work"), environment: &[] };
    let circumstances = Circumstances {
        requester: &[],
        directory: Path::new("/work"),
        home: Some(Path::new("/home/alice")),
        today: Timestamp::EPOCH,
        host: "build01",
    };
    let reading = read(asked, &around, &Shelf(policy), &Answers::default());
    let _ = policy.judge(&reading.commands, &reading.unresolved, &circumstances);
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = thread_time();
    run();
    thread_time().saturating_sub(start)
}

fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
