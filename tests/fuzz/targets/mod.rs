//! What is fuzzed, each as one function of bytes: it must not panic, must be done within `LIMIT`, and over a cap it must say
//! that something stayed unresolved. The suite replays the kept corpus through them; `tests/fuzz/run` lets libFuzzer try.

pub mod catalog;
pub mod code;
pub mod command;
pub mod policy;
pub mod shell;
pub mod sql;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use gate::command::{Around, Asked, MAX_COMMANDS, MAX_DEPTH, Reading, Tools};
use gate::model::{Answers, Timestamp, Tool};
use gate::policy::{Circumstances, Judgement, Policy};

/// How long one input may take.
pub const LIMIT: Duration = Duration::from_millis(50);

/// What is given bytes.
pub type Target = fn(&[u8]);

/// The targets by name; each has a folder of this name in the corpus.
pub const TARGETS: [(&str, Target); 6] = [
    ("shell", shell::read),
    ("command", command::read),
    ("code", code::read),
    ("sql", sql::read),
    ("policy", policy::read),
    ("catalog", catalog::read),
];

/// Longest input: what is longer is cut, so that time says something of the code and not of the size.
const LONGEST: usize = 8 << 10;

/// The built-in policy; what was read of it once is not read again, and counts for no input.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let policy = Policy::built_in();
    let _ = policy.rules().count();
    policy
});

struct Shelf<'a>(&'a Policy);

impl Tools for Shelf<'_> {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.tool(file_name)
    }

    fn looks_at(&self, _: &str) -> bool {
        false
    }
}

/// What gate sees in an invocation and decides about it, by the built-in policy and within the limit.
fn reading(asked: Asked<'_>, bytes: &[u8]) -> Reading {
    let policy = &*POLICY;
    within(bytes, || decided(asked, policy)).0
}

/// The reading of an invocation, and the judgement of it.
fn decided(asked: Asked<'_>, policy: &Policy) -> (Reading, Judgement) {
    let around = Around { directory: Path::new("/work"), environment: &[] };
    let circumstances = Circumstances {
        requester: &[],
        directory: Path::new("/work"),
        home: Some(Path::new("/home/alice")),
        today: Timestamp::EPOCH,
        host: "build01",
    };
    let reading = gate::command::read(asked, &around, &Shelf(policy), &Answers::default());
    let judgement = policy.judge(&reading.commands, &reading.unresolved, &circumstances);
    let deep = reading.commands.iter().any(|command| command.via.len() > MAX_DEPTH + 1);
    assert!(reading.commands.len() <= MAX_COMMANDS && !deep, "a cap is passed");
    let full = reading.commands.len() == MAX_COMMANDS;
    assert!(!full || !reading.unresolved.is_empty(), "at a cap nothing is unresolved");
    (reading, judgement)
}

/// What the first byte chooses, and the rest as text.
fn chosen<T: Copy, const N: usize>(bytes: &[u8], from: [T; N]) -> (T, String) {
    let (first, rest) = bytes.split_first().map_or((0, bytes), |(first, rest)| (usize::from(*first), rest));
    (from[first % N], String::from_utf8_lossy(cut(rest)).into_owned())
}

fn cut(bytes: &[u8]) -> &[u8] {
    bytes.get(..LONGEST).unwrap_or(bytes)
}

/// Runs it and fails over the limit, in time that this thread has had on a processor: a busy machine fails nothing.
fn within<T>(bytes: &[u8], run: impl FnOnce() -> T) -> T {
    let start = thread_time();
    let result = run();
    let took = thread_time().saturating_sub(start);
    assert!(took < LIMIT * SLOWER, "{took:?} for {:?}", String::from_utf8_lossy(bytes));
    result
}

/// How many times slower this build may be than gate as it is shipped: the suite is built without optimisation.
const SLOWER: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
