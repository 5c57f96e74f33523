//! Signals that gate catches: while it waits for an answer, and while a command runs as its child. Refuses to catch one
//! that was ignored when gate was started, so that `nohup` and `&` in a script keep their meaning.

use std::io;
use std::os::fd::BorrowedFd;

use super::raw::{self, Disposition};
use crate::ports::Interrupt;

/// What ends a wait: the terminal went away, Ctrl-C, a request to end.
const ENDING: [i32; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM];

/// Catches what would end gate while it waits for an answer. Ctrl-Z and `fg` work as ever. There is one at a time.
///
/// It may be kept until a command is supervised: what came in between then stops the command before it starts.
pub struct Interrupts {
    caught: Caught,
}

impl Interrupts {
    /// Begins to catch, in whatever thread a signal arrives.
    ///
    /// # Errors
    /// When the kernel has no pipe left.
    pub fn watch() -> io::Result<Self> {
        Ok(Self { caught: Caught::these(&ENDING)? })
    }

    /// The next signal that came, without waiting.
    #[must_use]
    pub fn take(&self) -> Option<Interrupt> {
        interrupt()
    }

    /// Signals act as before from here on; one that came and was not taken is given back.
    #[must_use]
    pub fn restore(self) -> Option<Interrupt> {
        drop(self.caught);
        interrupt()
    }
}

fn interrupt() -> Option<Interrupt> {
    std::iter::from_fn(next).map(|event| event.signal).find(|signal| ENDING.contains(signal)).map(Interrupt)
}

impl Interrupts {
    /// Readable when `take` may have something to give.
    ///
    /// # Errors
    /// None once `watch` succeeded.
    pub fn readable(&self) -> io::Result<BorrowedFd<'static>> {
        raw::events()
    }
}

/// A caught signal and who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) signal: i32,
    pub(super) sender: Sender,
}

/// Where a signal came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// The kernel, for the terminal or a child.
    Kernel,
    /// A process; 0 is one in another namespace.
    Process(i32),
}

/// Signals whose handler writes to the pipe; they act as before once it is dropped.
pub(super) struct Caught {
    before: Vec<(i32, Disposition)>,
}

impl Caught {
    /// Catches those of the signals that are not ignored.
    pub(super) fn these(signals: &[i32]) -> io::Result<Self> {
        let mut caught = Self { before: Vec::new() };
        for signal in signals.iter().filter(|signal| !raw::ignored(**signal)) {
            caught.always(*signal)?;
        }
        Ok(caught)
    }

    /// Catches a signal even if it is ignored.
    pub(super) fn always(&mut self, signal: i32) -> io::Result<()> {
        self.before.push((signal, raw::catch(signal)?));
        Ok(())
    }

    /// What each caught signal did before.
    pub(super) fn before(&self) -> &[(i32, Disposition)] {
        &self.before
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        for (signal, before) in self.before.iter().rev() {
            // It was valid when it was read.
            let _ = before.set(*signal);
        }
    }
}

/// The next caught signal, without waiting.
pub(super) fn next() -> Option<Event> {
    let mut bytes = [0; raw::EVENT_SIZE];
    let events = raw::events().ok()?;
    let read = rustix::io::retry_on_intr(|| rustix::io::read(events, &mut bytes)).ok()?;
    if read != bytes.len() {
        return None;
    }
    let mut numbers = bytes.chunks_exact(4).map(|chunk| chunk.try_into().map_or(0, i32::from_ne_bytes));
    let (signal, code, pid) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(Event { signal, sender: if code <= 0 { Sender::Process(pid) } else { Sender::Kernel } })
}

/// Ends gate by the signal that ended the command, so that whoever waits for gate sees the same. The command has left
/// its core file; gate leaves none, and where the signal does not end it, it exits with 128 and the number.
pub fn reraise(signal: i32) -> ! {
    // If the limit cannot be lowered, the signal still says the truth.
    let _ = raw::undumpable();
    let _ = Disposition::default().set(signal);
    raw::unblock(signal);
    raw::raise(signal);
    raw::end(128_i32.saturating_add(signal))
}
