//! A program in the background, and a guard that ends it with everything it started.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use rustix::process::{Signal, kill_process};

use super::wait::Guarded;
use super::{DEADLINE, Ran};

/// What a stream has said so far; its reader announces every piece.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    closed: bool,
}

impl Heard {
    /// Reads until the end in a thread of its own.
    pub(super) fn from(mut stream: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let writer = heard.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                // A terminal whose last program has gone gives EIO.
                let read = stream.read(&mut piece).unwrap_or(0);
                let (said, news) = &*writer.0;
                let mut said = said.lock().unwrap();
                said.bytes.extend_from_slice(&piece[..read]);
                said.closed = read == 0;
                news.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        heard
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.0.lock().unwrap().bytes).into_owned()
    }

    /// Waits until `look` finds what it wants in the text, or the stream ends.
    pub(super) fn until<T>(&self, what: &str, look: impl Fn(&str) -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        let (said, news) = &*self.0;
        let mut said = said.lock().unwrap();
        loop {
            let text = String::from_utf8_lossy(&said.bytes).into_owned();
            if let Some(found) = look(&text) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!said.closed && !left.is_zero(), "waited for {what}; closed: {}; so far:\n{text}", said.closed);
            said = news.wait_timeout(said, left).unwrap().0;
        }
    }

    /// Everything, once the stream has ended.
    pub(super) fn whole(&self) -> String {
        let (said, news) = &*self.0;
        let said = said.lock().unwrap();
        let (said, late) = news.wait_timeout_while(said, DEADLINE, |said| !said.closed).unwrap();
        assert!(!late.timed_out(), "a process left behind holds the output open");
        String::from_utf8_lossy(&said.bytes).into_owned()
    }
}

/// A program that runs. Dropped, it is killed with its process group.
pub struct Running {
    process: Guarded,
    stdin: Option<ChildStdin>,
    stdout: Heard,
    stderr: Heard,
}

impl Running {
    /// With these bytes on stdin, or with a stdin that stays open.
    pub(super) fn start(command: &mut Command, stdin: Option<Vec<u8>>) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = Heard::from(child.stdout.take().unwrap());
        let stderr = Heard::from(child.stderr.take().unwrap());
        let mut pipe = child.stdin.take().unwrap();
        let pipe = match stdin {
            None => Some(pipe),
            Some(bytes) => {
                // The program may leave without reading it; that is not what a test is about.
                thread::spawn(move || pipe.write_all(&bytes));
                None
            }
        };
        Self { process: Guarded::new(child), stdin: pipe, stdout, stderr }
    }

    pub fn id(&self) -> u32 {
        self.process.child.id()
    }

    /// Stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for this text on stdout.
    pub fn wait_for_stdout(&self, text: &str) {
        self.stdout.until(text, |said| said.contains(text).then_some(()));
    }

    /// Waits for this text on stderr.
    pub fn wait_for_stderr(&self, text: &str) {
        self.stderr.until(text, |said| said.contains(text).then_some(()));
    }

    /// Writes to an open stdin.
    pub fn write(&mut self, text: &str) {
        self.stdin.as_mut().expect("stdin is open").write_all(text.as_bytes()).unwrap();
    }

    /// Ends an open stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal to this process alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.process.pid(), signal).unwrap();
    }

    /// Waits for its end, and for the end of all that holds its outputs.
    pub fn wait(mut self) -> Ran {
        self.stdin = None;
        let Some(status) = self.process.ended() else {
            panic!("still running; stdout:\n{}\nstderr:\n{}", self.stdout(), self.stderr());
        };
        Ran { stdout: self.stdout.whole(), stderr: self.stderr.whole(), status: status.into() }
    }
}
