//! A command that runs as gate's child, with terminal, signals and job control as if gate were not there. Refuses to
//! return while the child lives.
//!
//! The child stays in gate's process group, so what the terminal sends reaches both. What a process sent to gate is
//! passed on, even if it lies in the same group: in a script everything does, and `kill $!` or `timeout --foreground`
//! mean the command. Only what the command itself sends (`kill 0`) is not sent back to it.

use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, getpgid, getpgrp, getpid, kill_process, waitpid};

use super::{LaunchError, Launcher, failure};
use crate::clearance::Clearance;
use crate::host::raw::{self, Disposition};
use crate::host::signals::{self, Caught, Event, Sender};
use crate::model::{Ended, Launch};

/// What is passed on. SIGCHLD and SIGCONT are caught too, even if they are ignored: the loop lives by them.
const PASSED: &[Signal] = &[
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::TERM,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::WINCH,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
];

/// Any of these that came before the child was there ends the attempt.
const ENDING: &[Signal] = &[Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM];

impl Launcher {
    /// Runs the command as a child and waits for its end. Of gate's descriptors it gets 0, 1, 2 and held inputs. While
    /// it is stopped gate is stopped too. Keep `Interrupts` until then, so that no signal is lost in between.
    ///
    /// # Errors
    /// When it did not run.
    pub fn supervise(&self, clearance: Clearance) -> Result<(Ended, Duration), LaunchError> {
        let launch = clearance.redeem();
        let exec = self.ready(&launch)?;
        let refused = |error| LaunchError::refused(&error);
        let passed: Vec<i32> = PASSED.iter().map(|signal| signal.as_raw()).collect();
        let mut caught = Caught::these(&passed).map_err(refused)?;
        caught.always(Signal::CHILD.as_raw()).map_err(refused)?;
        caught.always(Signal::CONT.as_raw()).map_err(refused)?;
        while let Some(event) = signals::next() {
            if ENDING.iter().any(|signal| signal.as_raw() == event.signal) {
                return Err(LaunchError::Interrupted(event.signal));
            }
        }
        let (report, reporter) =
            pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|errno| refused(errno.into()))?;
        let begun = Instant::now();
        let number = exec.fork(caught.before(), reporter.as_fd()).map_err(refused)?;
        drop(reporter);
        let pid = Pid::from_raw(number).ok_or(LaunchError::Refused(libc::EIO))?;
        let child = Child { pid, report: Some(report), failed: None, stopped: false };
        let ended = child.wait(&launch)?;
        Ok((ended, begun.elapsed()))
    }
}

struct Child {
    pid: Pid,
    /// Open until the program runs: the child writes here why it could not.
    report: Option<OwnedFd>,
    failed: Option<i32>,
    stopped: bool,
}

impl Child {
    fn wait(mut self, launch: &Launch) -> Result<Ended, LaunchError> {
        loop {
            let events = raw::events().map_err(|error| LaunchError::refused(&error))?;
            let mut watched = vec![PollFd::new(&events, PollFlags::IN)];
            watched.extend(self.report.as_ref().map(|report| PollFd::new(report, PollFlags::IN)));
            // A signal interrupts it: then too there is something to look at.
            let _ = poll(&mut watched, None);
            self.hear();
            while let Some(event) = signals::next() {
                self.pass(event);
            }
            if let Some(ended) = self.look()? {
                self.hear();
                return match self.failed {
                    Some(errno) => Err(failure(launch, &std::io::Error::from_raw_os_error(errno))),
                    None => Ok(ended),
                };
            }
        }
    }

    /// Reads why the child could not become the program; an end without a word means that it did.
    fn hear(&mut self) {
        let mut errno = [0; 4];
        let Some(report) = &self.report else {
            return;
        };
        match rustix::io::retry_on_intr(|| rustix::io::read(report, &mut errno)) {
            Err(Errno::AGAIN) => return,
            Ok(4) => self.failed = Some(i32::from_ne_bytes(errno)),
            Ok(_) | Err(_) => (),
        }
        self.report = None;
    }

    /// Sees how the child fares; while it is stopped, gate is stopped.
    fn look(&mut self) -> Result<Option<Ended>, LaunchError> {
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED | WaitOptions::CONTINUED;
        loop {
            let waited = rustix::io::retry_on_intr(|| waitpid(Some(self.pid), options));
            let Some((_, status)) = waited.map_err(|errno| LaunchError::refused(&errno.into()))? else {
                return Ok(None);
            };
            if let Some(code) = status.exit_status() {
                return Ok(Some(Ended::Code(code)));
            }
            if let Some(signal) = status.terminating_signal() {
                return Ok(Some(Ended::Signal(signal)));
            }
            if status.continued() {
                self.stopped = false;
            }
            if let Some(signal) = status.stopping_signal() {
                self.stopped = true;
                self.stop_too(signal);
            }
        }
    }

    /// Stops gate as the child was stopped, so that the shell sees it, and continues the child once gate goes on.
    fn stop_too(&mut self, signal: i32) {
        if signal == Signal::STOP.as_raw() {
            raw::raise(signal);
        } else {
            let before = Disposition::default().set(signal);
            raw::unblock(signal);
            raw::raise(signal);
            if let Ok(before) = before {
                let _ = before.set(signal);
            }
        }
        // In a process group without a shell only SIGSTOP stops. A child that wants the terminal stays stopped then,
        // since it would be stopped again at once, and again.
        let mut woken = signal == Signal::STOP.as_raw() || signal == Signal::TSTP.as_raw();
        while let Some(event) = signals::next() {
            if event.signal == Signal::CONT.as_raw() {
                woken = true;
            } else {
                self.pass(event);
            }
        }
        if woken {
            // A shell's `fg` continues the whole group; once more does no harm, and `kill -CONT` may have meant gate only.
            self.send(Signal::CONT);
        }
    }

    fn pass(&mut self, event: Event) {
        let Some(signal) = Signal::from_named_raw(event.signal) else {
            return;
        };
        let due = match (signal, event.sender) {
            (Signal::CHILD, _) | (Signal::TTIN | Signal::TTOU, Sender::Kernel) => false,
            (Signal::CONT, _) if self.stopped => true,
            // The terminal signals gate's group. Until the program runs the child may have missed it, and a program
            // that left the group (`timeout`) has.
            (_, Sender::Kernel) => self.report.is_some() || getpgid(Some(self.pid)) != Ok(getpgrp()),
            (_, Sender::Process(sender)) => !self.comes_from_command(sender),
        };
        if due {
            self.send(signal);
        }
    }

    fn send(&self, signal: Signal) {
        // The child is not reaped yet, so its number is still its own. One that took other rights (sudo) can refuse.
        let _ = kill_process(self.pid, signal);
    }

    /// Whether the sender is the command or a process that it started. One that has ended already is not known.
    fn comes_from_command(&self, sender: i32) -> bool {
        let (child, own) = (self.pid.as_raw_pid(), getpid().as_raw_pid());
        let mut at = sender;
        // Deeper than this nobody looks; the signal is then passed on.
        for _ in 0..64 {
            if at == child || sender == own {
                return true;
            }
            match parent(at) {
                Some(above) if above > 1 && above != own => at = above,
                _ => return false,
            }
        }
        false
    }
}

/// The parent of a process, from /proc/PID/stat (proc_pid_stat(5)).
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, after) = stat.rsplit_once(") ")?;
    after.split(' ').nth(1)?.parse().ok()
}
