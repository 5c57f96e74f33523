//! A point in time by two clocks, so that setting one of them back prolongs nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What the clocks of the host that runs say at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// The wall clock.
    pub wall: Timestamp,
    /// CLOCK_BOOTTIME in milliseconds: since the start of this boot, sleep included.
    pub boottime: u64,
    /// Which boot (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

impl Moment {
    /// How long after `earlier` this is: the larger of what the two clocks say, where both can be asked. The second
    /// clock means nothing across a boot.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        let wall = self.wall.since(earlier.wall);
        if self.boot == earlier.boot {
            wall.max(Duration::from_millis(self.boottime.saturating_sub(earlier.boottime)))
        } else {
            wall
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64, boottime: u64, boot: &str) -> Moment {
        Moment { wall: Timestamp::from_micros(seconds * 1_000_000).unwrap(), boottime, boot: boot.into() }
    }

    #[test]
    fn the_clock_that_went_further_counts() {
        let start = moment(1000, 5000, "a");
        assert_eq!(moment(1060, 6000, "a").since(&start), Duration::from_secs(60));
        assert_eq!(moment(1001, 65_000, "a").since(&start), Duration::from_secs(60));
    }

    #[test]
    fn a_wall_clock_set_back_prolongs_nothing() {
        assert_eq!(moment(0, 905_000, "a").since(&moment(1000, 5000, "a")), Duration::from_secs(900));
    }

    #[test]
    fn boottime_means_nothing_across_a_boot() {
        assert_eq!(moment(1001, 900_000, "b").since(&moment(1000, 5000, "a")), Duration::from_secs(1));
    }
}
