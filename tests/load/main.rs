//! Load on `gate serve`: hosts that wait, requests that come, answers that go out. Figures are printed and nothing is judged:
//! a test never looks at a clock. What the figures were, and on which machine, stands in the README beside this file.
//!
//! ```text
//! cargo load [--on sqlite|postgres] [--hosts 10000] [--rate 500] [--seconds 20] [--waiting 1000] [--answers 1000]
//! ```
//!
//! The generator runs on the same machine as what it measures; its share of the processors is told too.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program for the people who build gate"
)]

mod answers;
mod caller;
mod idle;
mod papers;
#[path = "../remote/postgres.rs"]
#[allow(dead_code, reason = "tests do more with it")]
mod postgres;
mod served;
mod stream;
mod times;

use papers::Approver;
use served::On;

/// What is measured.
struct Plan {
    on: Vec<On>,
    hosts: usize,
    rate: u32,
    seconds: u32,
    waiting: usize,
    answers: usize,
}

fn main() {
    let mut plan = Plan {
        on: vec![On::Sqlite, On::Postgres],
        hosts: 10_000,
        rate: 500,
        seconds: 20,
        waiting: 1000,
        answers: 1000,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<u32>().ok()).expect("a number after the option");
        match word.as_str() {
            "--hosts" => plan.hosts = number() as usize,
            "--rate" => plan.rate = number(),
            "--seconds" => plan.seconds = number(),
            "--waiting" => plan.waiting = number() as usize,
            "--answers" => plan.answers = number() as usize,
            "--on" => {
                plan.on = match words.next().as_deref() {
                    Some("sqlite") => vec![On::Sqlite],
                    Some("postgres") => vec![On::Postgres],
                    _ => return eprintln!("--on sqlite, or --on postgres"),
                }
            }
            // cargo bench says this to every bench
            "--bench" => {}
            _ => return eprintln!("unknown option `{word}`"),
        }
    }
    // Each host that waits is a connection here too.
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    let all = rustix::process::Rlimit { current: most, maximum: most };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, all).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::Builder::new().prefix("gate-load-model-").tempdir().unwrap();
    let approver = Approver::new("alice");
    let model = approver.model(folder.path());
    for on in &plan.on {
        println!("{on:?}");
        runtime.block_on(async {
            idle::measure(*on, &plan, &model).await;
            stream::measure(*on, &plan, &model).await;
            answers::measure(*on, &plan, &model, &approver).await;
        });
    }
}
