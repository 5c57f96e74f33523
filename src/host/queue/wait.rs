//! Waiting for answers: the directory is watched before it is first looked at, and nothing is polled for. Deadlines hold
//! by the wall clock and by CLOCK_BOOTTIME, through suspends and clocks that are set.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::dir::{Dir, Place, Unfit};
use super::{Kind, LARGEST_REQUEST, LARGEST_VERDICT, MOST_ANSWERS, QueueError, clean, is_answer, skipped};
use crate::host::clock::HostClock;
use crate::host::signals::Interrupts;
use crate::model::{Apart, Moment, RequestId};
use crate::ports::{Approvals, Carrier, Clock as _, Event, Failure, Publication, Unpublished};

/// How often a request that others take away is put back.
const MOST_TIMES: usize = 16;

/// The local queue as the waiting gate uses it. Nothing is opened before something is asked.
pub struct LocalApprovals<'a> {
    place: Place,
    interrupts: Option<&'a Interrupts>,
    carrier: Option<&'a mut dyn Carrier>,
    waiting: Option<Waiting>,
}

/// One request that is waited for.
#[derive(Debug)]
struct Waiting {
    id: RequestId,
    dir: Dir,
    watch: OwnedFd,
    own: Own,
    seen: BTreeSet<String>,
    pending: VecDeque<Event>,
}

/// What this process has in the queue.
#[derive(Debug)]
enum Own {
    /// Its request: the locked file, its bytes, and how often it was put there.
    Published { lock: File, bytes: Vec<u8>, times: usize },
    /// Nothing: the request was put there by another process, or stays without one.
    Nothing,
}

impl<'a> LocalApprovals<'a> {
    /// The queue at this place; the signals end a wait.
    #[must_use]
    pub const fn new(place: Place, interrupts: Option<&'a Interrupts>) -> Self {
        Self { place, interrupts, carrier: None, waiting: None }
    }

    /// The same, with another way to approvers besides.
    #[must_use]
    pub fn and(self, carrier: Option<&'a mut dyn Carrier>) -> Self {
        Self { carrier, ..self }
    }

    fn waiting(&mut self, id: RequestId) -> Result<&mut Waiting, QueueError> {
        if self.waiting.as_ref().is_none_or(|waiting| waiting.id != id) {
            self.waiting = Some(Waiting::watch(&self.place, id)?);
        }
        self.waiting.as_mut().ok_or(QueueError::NoRequest(id))
    }

    fn wait(&mut self, id: RequestId, until: &Moment) -> Result<Event, QueueError> {
        let interrupts = self.interrupts;
        self.waiting(id)?;
        let Self { carrier, waiting: Some(waiting), .. } = self else { return Err(QueueError::NoRequest(id)) };
        let timers =
            Timers::set(until).map_err(|fault| QueueError::of("time", waiting.dir.path("").as_path(), fault))?;
        loop {
            if let Some(signal) = interrupts.and_then(Interrupts::take) {
                return Ok(Event::Interrupted(signal));
            }
            if waiting.pending.is_empty() {
                waiting.look()?;
                waiting.pending.extend(carrier.as_mut().and_then(|carrier| carrier.take()));
            }
            if let Some(event) = waiting.pending.pop_front() {
                return Ok(event);
            }
            if is_over(&HostClock.now(), until) {
                return Ok(Event::Deadline);
            }
            waiting.sleep(&timers, interrupts, carrier.as_deref())?;
        }
    }
}

/// Puts a request there that stays. Whoever resumes finds it there already; what lies there is not what is asked, so
/// something else is replaced.
fn park(dir: &Dir, id: RequestId, bytes: &[u8]) -> Result<(), QueueError> {
    let name = Kind::Parked.name(id);
    if dir.content(&name, LARGEST_REQUEST).is_ok_and(|lies| lies.bytes == bytes) {
        return Ok(());
    }
    dir.remove(&name);
    match dir.put(&name, bytes, |_| Ok(())) {
        // Another process resumes it as well.
        Err(QueueError::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        put => put.map(drop),
    }
}

impl Approvals for LocalApprovals<'_> {
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), Unpublished> {
        let Publication { id, bytes, stays, .. } = *publication;
        let mut publish = || {
            if bytes.len() > LARGEST_REQUEST {
                return Err(QueueError::TooLarge { what: "request", limit: LARGEST_REQUEST });
            }
            let waiting = self.waiting(id)?;
            waiting.own = if stays {
                park(&waiting.dir, id, bytes)?;
                Own::Nothing
            } else {
                Own::Published { lock: put_locked(&waiting.dir, id, bytes)?, bytes: bytes.to_vec(), times: 1 }
            };
            Ok(())
        };
        publish().map_err(|fault: QueueError| Unpublished::Failed(Failure::of(&fault)))?;
        match &mut self.carrier {
            Some(carrier) => carrier.publish(publication).map_err(Unpublished::Unreachable),
            None => Ok(()),
        }
    }

    fn close(&mut self, id: RequestId, why: &str) {
        if let Some(carrier) = &mut self.carrier {
            carrier.close(id, why);
        }
        if let Ok(waiting) = self.waiting(id) {
            clean(&waiting.dir, id);
        }
        self.waiting = None;
    }

    fn next(&mut self, id: RequestId, until: &Moment) -> Result<Event, Failure> {
        self.wait(id, until).map_err(|fault| Failure::of(&fault))
    }
}

impl Waiting {
    /// Begins to watch, before anything is put there or looked at.
    fn watch(place: &Place, id: RequestId) -> Result<Self, QueueError> {
        let dir = Dir::made(place)?;
        let fault = |fault: Errno| QueueError::of("watch", place.path(), fault);
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(fault)?;
        // By its descriptor: another directory may have taken the path since.
        let path = format!("/proc/self/fd/{}", dir.fd().as_raw_fd());
        let changes = WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::DELETE | WatchFlags::DELETE_SELF;
        inotify::add_watch(&watch, path, changes | WatchFlags::ONLYDIR).map_err(fault)?;
        Ok(Self { id, dir, watch, own: Own::Nothing, seen: BTreeSet::new(), pending: VecDeque::new() })
    }

    /// Looks at everything that is new. Which event woke us does not matter, so none can be lost.
    fn look(&mut self) -> Result<(), QueueError> {
        let id = self.id;
        let names = self.dir.names()?;
        for name in names.iter().filter(|name| is_answer(name, id)) {
            if self.seen.len() >= MOST_ANSWERS {
                break;
            }
            if self.seen.insert(name.clone()) {
                self.pending.extend(self.answer(name));
                if self.seen.len() == MOST_ANSWERS {
                    let notice = format!("more than {MOST_ANSWERS} answers to one request: the rest is not looked at");
                    self.pending.push_back(Event::Notice(notice));
                }
            }
        }
        let mark = Kind::Withdrawn.name(id);
        if names.contains(&mark) && !self.seen.contains(&mark) {
            self.pending.extend(self.mark(&mark));
            self.seen.insert(mark);
        }
        self.put_back()
    }

    fn answer(&self, name: &str) -> Option<Event> {
        match self.dir.content(name, LARGEST_VERDICT) {
            Ok(content) => {
                let apart = if content.owner == self.dir.uid() { Apart::Key } else { Apart::Account };
                Some(Event::Answer { bytes: content.bytes, apart })
            }
            Err(Unfit::Gone) => None,
            Err(why) => Some(Event::Notice(skipped(name, &why.to_string()))),
        }
    }

    fn mark(&self, name: &str) -> Option<Event> {
        match self.dir.content(name, 0) {
            Ok(content) if content.owner == self.dir.uid() => Some(Event::Withdrawn),
            Ok(content) => Some(Event::Notice(skipped(name, &Unfit::Owner(content.owner).to_string()))),
            Err(Unfit::Gone) => None,
            Err(why) => Some(Event::Notice(skipped(name, &why.to_string()))),
        }
    }

    /// A request that somebody took away without withdrawing it is put back, so that approvers see it.
    fn put_back(&mut self) -> Result<(), QueueError> {
        let Own::Published { lock, bytes, times } = &mut self.own else {
            return Ok(());
        };
        if self.dir.has(&Kind::Request.name(self.id)) || *times > MOST_TIMES {
            return Ok(());
        }
        if self.dir.is_removed() {
            return Err(QueueError::Missing(self.dir.path("")));
        }
        let notice = if *times == MOST_TIMES {
            "the request was taken from the queue again and again: it stays away"
        } else {
            *lock = put_locked(&self.dir, self.id, bytes)?;
            "the request was taken from the queue: it was put back"
        };
        *times += 1;
        self.pending.push_back(Event::Notice(notice.to_owned()));
        Ok(())
    }

    /// Until something happens.
    fn sleep(
        &self,
        timers: &Timers,
        interrupts: Option<&Interrupts>,
        carrier: Option<&dyn Carrier>,
    ) -> Result<(), QueueError> {
        let path = self.dir.path("");
        let signals = interrupts.map(Interrupts::readable).transpose();
        let signals = signals.map_err(|fault| QueueError::io("hear signals in", &path, fault))?;
        let mut sources = vec![
            PollFd::new(&self.watch, PollFlags::IN),
            PollFd::new(&timers.wall, PollFlags::IN),
            PollFd::new(&timers.boot, PollFlags::IN),
        ];
        sources.extend(signals.iter().map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
        let carried = carrier.and_then(Carrier::readable);
        sources.extend(carried.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        match poll(&mut sources, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(fault) => return Err(QueueError::of("wait for", &path, fault)),
        }
        // Everything is looked at afterwards, so that what the events say is not needed.
        let mut bytes = [MaybeUninit::uninit(); 4096];
        while rustix::io::read(&self.watch, &mut bytes).is_ok_and(|(read, _)| !read.is_empty()) {}
        timers.clear();
        Ok(())
    }
}

/// Puts a request there, locked from before it has its name, so that it never looks abandoned.
fn put_locked(dir: &Dir, id: RequestId, bytes: &[u8]) -> Result<File, QueueError> {
    dir.put(&Kind::Request.name(id), bytes, |file| flock(file, FlockOperation::NonBlockingLockExclusive))
}

/// Whether a moment is reached by either clock; the second means nothing across a boot.
fn is_over(now: &Moment, until: &Moment) -> bool {
    now.wall >= until.wall || (now.boot == until.boot && now.boottime >= until.boottime)
}

/// One timer for each clock. The wall clock's also goes off when it is set.
#[derive(Debug)]
struct Timers {
    wall: OwnedFd,
    boot: OwnedFd,
}

impl Timers {
    fn set(until: &Moment) -> Result<Self, Errno> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let wall = timerfd_create(TimerfdClockId::Realtime, flags)?;
        let boot = timerfd_create(TimerfdClockId::Boottime, flags)?;
        // A timer at zero is switched off; what is that long ago is over anyway.
        let at = |seconds: i64, nanos: i64| Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: seconds.max(0), tv_nsec: nanos.max(1) },
        };
        let micros = until.wall.micros();
        let wall_at = at(micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000).saturating_mul(1000));
        timerfd_settime(&wall, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &wall_at)?;
        if until.boot == HostClock.now().boot {
            let seconds = i64::try_from(until.boottime / 1000).unwrap_or(i64::MAX);
            let nanos = i64::try_from(until.boottime % 1000).unwrap_or(0).saturating_mul(1_000_000);
            timerfd_settime(&boot, TimerfdTimerFlags::ABSTIME, &at(seconds, nanos))?;
        }
        Ok(Self { wall, boot })
    }

    /// So that one that went off, or was cancelled because the clock was set, does not wake again.
    fn clear(&self) {
        let mut bytes = [0; 8];
        for timer in [&self.wall, &self.boot] {
            let _ = rustix::io::read(timer, &mut bytes);
        }
    }
}

#[cfg(test)]
mod tests;
