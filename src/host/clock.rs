//! The clocks of this host.

use std::fs;
use std::sync::OnceLock;

use rustix::time::{ClockId, clock_gettime};

use crate::model::{Moment, Timestamp};
use crate::ports::Clock;

/// The wall clock and CLOCK_BOOTTIME of this host.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> Moment {
        let (wall, boottime) = (clock_gettime(ClockId::Realtime), clock_gettime(ClockId::Boottime));
        let micros = wall.tv_sec.saturating_mul(1_000_000).saturating_add(wall.tv_nsec / 1000);

        let millis = boottime.tv_sec.saturating_mul(1000).saturating_add(boottime.tv_nsec / 1_000_000);
        Moment { wall: within(micros), boottime: u64::try_from(millis).unwrap_or(0), boot: boot() }
    }
}

/// Which boot this is; each process that can't read it has one of its own, so that it trusts the wall clock alone.
fn boot() -> String {
    boot_id().map_or_else(|| format!("unknown, process {}", std::process::id()), str::to_owned)
}

/// Which boot this is (`/proc/sys/kernel/random/boot_id`), where that can be read.
pub(super) fn boot_id() -> Option<&'static str> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|text| text.trim().to_owned());
    BOOT.get_or_init(read).as_deref()
}

/// A wall clock beyond the years that can be written is taken for the nearest one: what expires has expired.
fn within(micros: i64) -> Timestamp {
    let mut length = micros;
    loop {
        match Timestamp::from_micros(length) {
            Some(time) => return time,
            None => length /= 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_on() {
        let first = HostClock.now();
        let mut second = HostClock.now();
        while second.wall == first.wall || second.boottime == first.boottime {
            second = HostClock.now();
        }
        assert!(second.wall > first.wall && second.boottime > first.boottime && second.boot == first.boot);
        assert_eq!(first.boot.len(), 36);
    }

    #[test]
    fn a_clock_that_is_far_off_still_says_something() {
        assert!(within(i64::MAX) > within(0) && within(i64::MIN) < within(0));
    }
}
