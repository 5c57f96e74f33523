//! What is fuzzed, each as one function of bytes: it must not panic, must be done within `LIMIT`, and over a cap it must say
//! that something stayed unresolved. The suite replays the kept corpus through them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use gate::command::{Around, Asked, MAX_COMMANDS, MAX_DEPTH, Reading, Tools, read};
use gate::model::{Answers, Tool};
use gate::policy::{Layer, Policy, Source};

/// How long one input may take.
pub const LIMIT: Duration = Duration::from_millis(50);

/// What is given bytes.
pub type Target = fn(&[u8]);

/// The targets by name; each has a folder of this name in the corpus.
pub const TARGETS: [(&str, Target); 3] = [("script", script), ("arguments", arguments), ("policy", policy)];

/// Longest input: what is longer is cut, so that time says something of the code and not of the size.
const LONGEST: usize = 8 << 10;

struct Shelf<'a>(&'a Policy);

impl Tools for Shelf<'_> {
    fn tool(&self, file_name: &str) -> Option<&Tool> {
        self.0.tool(file_name)
    }

    fn looks_at(&self, _: &str) -> bool {
        false
    }
}

/// The reading of an invocation with the built-in tools.
pub fn reading(asked: Asked<'_>, policy: &Policy) -> Reading {
    let around = Around { directory: Path::new("/work"), environment: &[] };
    let reading = read(asked, &around, &Shelf(policy), &Answers::default());
    let deep = reading.commands.iter().any(|command| command.via.len() > MAX_DEPTH + 1);
    assert!(reading.commands.len() <= MAX_COMMANDS && !deep, "a cap is passed");
    let full = reading.commands.len() == MAX_COMMANDS;
    assert!(!full || !reading.unresolved.is_empty(), "at a cap nothing is unresolved");
    reading
}

/// Shell code, in the dialect that the first byte chooses.
pub fn script(bytes: &[u8]) {
    let (dialect, text) = bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest));
    let text = String::from_utf8_lossy(cut(text));
    let shells = ["sh", "bash", "zsh", "mksh"];
    let shell = shells[usize::from(dialect) % shells.len()];
    let positional = ["zero", "one"].map(OsString::from);
    let policy = Policy::built_in();
    let asked = Asked::Script { text: &text, index: 0, shell, positional: &positional };
    let _ = within(|| reading(asked, &policy), bytes);
}

/// An argument list, a word a line.
pub fn arguments(bytes: &[u8]) {
    let words: Vec<OsString> =
        cut(bytes).split(|byte| *byte == b'\n').map(|word| OsStr::from_bytes(word).into()).collect();
    let policy = Policy::built_in();
    let _ = within(|| reading(Asked::Arguments(&words), &policy), bytes);
}

/// A policy of the user; that it is refused is fine.
pub fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(cut(bytes)).into_owned();
    let source = Source { layer: Layer::User, file: "fuzz.yaml".to_owned(), text };
    let _ = within(|| Policy::load(vec![source]).is_ok(), bytes);
}

fn cut(bytes: &[u8]) -> &[u8] {
    bytes.get(..LONGEST).unwrap_or(bytes)
}

/// Runs it and fails over the limit. On a busy machine one slow run says nothing: the thread's own time is what counts.
fn within<T>(run: impl FnOnce() -> T, bytes: &[u8]) -> T {
    let start = (Instant::now(), thread_time());
    let result = run();
    let took = thread_time().checked_sub(start.1).map_or_else(|| start.0.elapsed(), |own| own.min(start.0.elapsed()));
    // Built without optimisation it is slower by about twenty times.
    let limit = if cfg!(debug_assertions) { LIMIT * 20 } else { LIMIT };
    assert!(took < limit, "{took:?} for {:?}", String::from_utf8_lossy(bytes));
    result
}

/// The time this thread has had on a processor.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
