//! Waiting with a deadline: for the end of a process, and for a condition that nothing announces.

use std::os::fd::AsFd;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// Far longer than anything here takes on a busy machine; reaching it is a failure.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Looks until `look` gives something. For events that nothing announces, such as a file written by another process: it
/// looks often at first and at most every 20 ms later.
pub fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < end, "waited {DEADLINE:?} for {what}");
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A process that is killed with its group when it goes out of sight.
pub struct Guarded {
    pub child: Child,
    /// Once it has been waited for, its number may belong to another process.
    reaped: bool,
}

impl Guarded {
    pub fn new(child: Child) -> Self {
        Self { child, reaped: false }
    }

    pub fn pid(&self) -> Pid {
        assert!(!self.reaped);
        Pid::from_child(&self.child)
    }

    /// Waits for its end through a pidfd; none when the deadline passes first.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        let end = Instant::now() + DEADLINE;
        let handle = pidfd_open(self.pid(), PidfdFlags::empty()).unwrap();
        loop {
            let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap();
            match poll(&mut [PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN)], Some(&left)) {
                Ok(0) => return None,
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("poll: {error}"),
            }
        }
        self.reaped = true;
        Some(self.child.wait().unwrap())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !self.reaped {
            // Nobody may be left in the group, or nobody who may be killed; either way there is nothing more to do.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
