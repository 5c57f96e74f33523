//! Launching with real processes: the test binary runs itself again as the gate of each test.

mod holding;
mod place;
mod supervised;
mod terminal;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::*;
use crate::clearance::{Receipt, Written};
use crate::host::raw;
use crate::host::signals::{Interrupts, reraise};
use crate::model::{Digest, LogId};

const PLAY: &str = "LAUNCH_PLAY";
const WORDS: &str = "LAUNCH_WORDS";
const MARKS: &str = "LAUNCH_MARKS";
/// What the test harness writes before the play.
const HARNESS: &[u8] = b"\nrunning 1 test\n";

/// A clearance as the run action would earn it.
fn cleared(launch: Launch) -> Clearance {
    let written = Written { log: LogId::new([1; 16]), seq: 1, digest: Digest::of(b"record"), cleared: true };
    Clearance::earned(Receipt::durable(written), launch).unwrap()
}

fn launch(words: &[OsString]) -> Launch {
    let path = std::env::var_os("PATH");
    let executable = found(&words[0], path.as_deref(), &std::env::current_dir().unwrap()).unwrap();
    let environment = std::env::vars_os().filter(|(name, _)| !name.as_bytes().starts_with(b"LAUNCH_")).collect();
    Launch { executable, held: None, arguments: words.to_vec(), inputs: vec![], environment }
}

/// Waits until `look` gives something; fails loudly after a while.
fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Not a test but what the tests below start: the part of gate, in a process of its own. LAUNCH_PLAY says which,
/// LAUNCH_WORDS is a file with the command.
#[test]
fn play() {
    let Some(words) = std::env::var_os(WORDS) else { return };
    let words = fs::read(words).unwrap();
    let words: Vec<OsString> = words.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    let marks = PathBuf::from(std::env::var_os(MARKS).unwrap());
    let mut launcher = Launcher::default();
    let mut launch = launch(&words);
    let play = std::env::var(PLAY).unwrap();
    let mut guard = None;
    for part in play.split(' ') {
        match part {
            "exec" => fail(&launcher.exec(cleared(launch.clone()))),
            "supervise" => end(launcher.supervise(cleared(launch.clone()))),
            "hold" => launch.held = launcher.hold(&launch.executable, Purpose::Executable).unwrap().held.ok(),
            "why" => {
                let file = launcher.hold(&launch.executable, Purpose::Executable).unwrap();
                fs::write(marks.join("why"), format!("{:?} {:?}", file.held, file.digest.is_some())).unwrap();
            }
            "input" => {
                let last = launch.arguments.len() - 1;
                let file = launcher.hold(Path::new(&launch.arguments[last]), Purpose::Input).unwrap();
                launch.inputs = vec![(last, file.held.unwrap())];
            }
            "stdin" => {
                ports::Launcher::standard_input(&mut launcher).unwrap();
            }
            "undumpable" => crate::host::undumpable().unwrap(),
            "leak" => {
                // A descriptor that nobody approved, and that exec would pass on.
                let leaked = fs::File::open("/dev/null").unwrap();
                rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
                std::mem::forget(leaked);
            }
            "meet" => {
                fs::write(marks.join("ready"), "").unwrap();
                eventually("the go of the test", || marks.join("go").exists().then_some(()));
            }
            "thread" => drop(std::thread::spawn(|| std::thread::sleep(Duration::from_secs(60)))),
            "watch" => {
                let interrupts = Interrupts::watch().unwrap();
                fs::write(marks.join("ready"), "").unwrap();
                hear(&interrupts);
                let signal = interrupts.take().unwrap().0;
                assert_eq!(interrupts.restore(), None);
                raw::end(signal);
            }
            // Keeps watching while the command is launched.
            "guard" => guard = Some(Interrupts::watch().unwrap()),
            // The test harness has a thread of its own, which may be given the signal and then be late with it.
            "heard" => hear(guard.as_ref().unwrap()),
            other => panic!("no such part: {other}"),
        }
    }
}

/// Waits until a signal has come.
fn hear(interrupts: &Interrupts) {
    let readable = interrupts.readable().unwrap();
    let mut ready = [rustix::event::PollFd::from_borrowed_fd(readable, rustix::event::PollFlags::IN)];
    while !rustix::event::poll(&mut ready, None).is_ok_and(|ready| ready > 0) {}
}

fn fail(error: &LaunchError) {
    eprintln!("{error}");
    raw::end(match error {
        LaunchError::NotFound(_) | LaunchError::NoInterpreter(_) => 127,
        LaunchError::NotExecutable { .. } | LaunchError::TooLong { .. } => 126,
        LaunchError::Changed(_) => 75,
        LaunchError::Interrupted(signal) => 128 + signal,
        LaunchError::NotHeld | LaunchError::Unfit | LaunchError::Refused(_) => 125,
    });
}

fn end(ended: Result<(Ended, Duration), LaunchError>) {
    match ended {
        Ok((Ended::Code(code), _)) => raw::end(code),
        Ok((Ended::Signal(signal), _)) => reraise(signal),
        Err(error) => fail(&error),
    }
}

/// One play: a directory with what it needs, and the command line that begins it.
struct Stage {
    root: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { root: tempfile::tempdir_in("/tmp").unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    fn copy(&self, from: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::copy(from, &path).unwrap();
        path
    }

    fn play<W: AsRef<OsStr>>(&self, play: &str, words: &[W]) -> Command {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_ref().as_bytes()).collect();
        fs::write(self.path("words"), words.join(&0)).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["-q", "--exact", "host::launch::tests::play", "--nocapture", "--test-threads=1"]);
        command.env(PLAY, play).env(WORDS, self.path("words")).env(MARKS, self.root.path());
        command.current_dir(self.root.path());
        command
    }

    fn run<W: AsRef<OsStr>>(&self, play: &str, words: &[W]) -> Output {
        let mut output = self.play(play, words).output().unwrap();
        output.stdout = output.stdout.strip_prefix(HARNESS).unwrap_or_default().to_vec();
        output
    }

    /// The same line as a word for a shell.
    fn shell<W: AsRef<OsStr>>(&self, play: &str, words: &[W]) -> String {
        let command = self.play(play, words);
        let assigned = command
            .get_envs()
            .map(|(name, value)| format!("{}='{}'", name.to_str().unwrap(), value.unwrap().to_str().unwrap()));
        let words = command.get_args().map(|word| word.to_str().unwrap().to_owned());
        let program = command.get_program().to_str().unwrap().to_owned();
        assigned.chain([program]).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Waits for a mark that the play or the command leaves.
    fn wait_for(&self, mark: &str) -> String {
        eventually(mark, || fs::read_to_string(self.path(mark)).ok().filter(|text| mark == "ready" || !text.is_empty()))
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
