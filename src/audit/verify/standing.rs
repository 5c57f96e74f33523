//! A verification that goes on where another ended, as records arrive a batch at a time. Refuses to stand behind a fault that
//! nobody gave up on: what follows one could not be judged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Known, Place, Verifier};
use crate::audit::{Fault, Pin, Tree};
use crate::model::{Digest, LogHead, LogId, PublicKey, RequestId, Timestamp};

/// What a verification knows of the lines it has read; the rest of the log is judged with it, and with nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// Log and key, which every line was held against.
    pin: Pin,
    /// The segment of the last line, and how many lines and bytes of it were read.
    segment: (u64, u64, u64),
    /// Whether the last line closed it.
    closed: bool,
    /// Segments, lines and heads so far.
    counts: (u64, u64, u64),
    /// The number of the next record.
    next: u64,
    /// Leaf hash of the last line.
    last: Digest,
    /// The time of the last record.
    time: Option<Timestamp>,
    tree: Tree,
    policies: BTreeSet<Digest>,
    used: BTreeSet<RequestId>,
}

impl Standing {
    /// The key that signs every record.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.pin.key
    }

    /// The head of what was read.
    #[must_use]
    pub fn head(&self) -> LogHead {
        LogHead { log: self.pin.log, size: self.tree.size(), root: self.tree.root() }
    }

    /// Leaf hash of the last line.
    #[must_use]
    pub const fn last(&self) -> Digest {
        self.last
    }

    /// The segment of the last line.
    #[must_use]
    pub const fn segment(&self) -> u64 {
        self.segment.0
    }
}

impl Verifier {
    /// Goes on from there, with heads that are known of what follows.
    #[must_use]
    pub fn resumed(standing: Standing, known: Vec<Known>) -> Self {
        let Standing { pin, segment, closed, counts, next, last, time, tree, policies, used } = standing;
        let mut verifier = Self::new(Some(pin), known);
        let (first, line, offset) = segment;
        verifier.place = Place { segment: first, line, offset, seq: next, closed, unfinished: false };
        let report = &mut verifier.report;
        report.log = verifier.pin.as_ref().map(|pin| pin.log);
        (report.segments, report.records, report.heads) = counts;
        (report.next, report.last) = (next, last);
        Self { policies, used, tree, time, ..verifier }
    }

    /// Where it stands, if there is anything and nothing is wrong with it but what a person gave up on.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let Self { place, report, .. } = self;
        let pin = self.key.as_ref().zip(report.log).map(|((key, _), log)| Pin { key: key.clone(), log })?;
        (report.is_consistent() && report.records > 0).then(|| Standing {
            pin,
            segment: (place.segment, place.line, place.offset),
            closed: place.closed,
            counts: (report.segments, report.records, report.heads),
            next: report.next,
            last: report.last,
            time: self.time,
            tree: self.tree.clone(),
            policies: self.policies.clone(),
            used: self.used.clone(),
        })
    }

    /// The head of what was read so far.
    #[must_use]
    pub fn size_and_root(&self) -> (u64, Digest) {
        (self.tree.size(), self.tree.root())
    }

    /// The log that its first record named.
    #[must_use]
    pub const fn log(&self) -> Option<LogId> {
        self.report.log
    }

    /// The first thing that is wrong so far and that nobody gave up on.
    #[must_use]
    pub fn first_fault(&self) -> Option<&Fault> {
        self.report.first()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::history::History;
    use super::*;
    use crate::audit::Report;

    fn lines(history: &History) -> Vec<(u64, bool, Vec<u8>)> {
        let mut all = Vec::new();
        for (first, lines) in &history.segments {
            all.extend(lines.iter().enumerate().map(|(at, line)| (*first, at == 0, line.clone())));
        }
        all
    }

    fn read(verifier: &mut Verifier, history: &History, lines: &[(u64, bool, Vec<u8>)]) {
        for (segment, opens, line) in lines {
            if *opens {
                verifier.segment(*segment);
            }
            let _ = verifier.line(line, &mut |digest| history.blobs.get(digest).cloned());
        }
    }

    fn in_two(history: &History, at: usize) -> Report {
        let lines = lines(history);
        let mut first = Verifier::new(None, Vec::new());
        read(&mut first, history, &lines[..at]);
        let kept = crate::encoding::json::canonical(&first.standing().unwrap()).unwrap();
        let standing: Standing = crate::encoding::json::strict(&kept).unwrap();
        assert_eq!(standing.head().size, u64::try_from(at).unwrap());
        let mut second = Verifier::resumed(standing, Vec::new());
        read(&mut second, history, &lines[at..]);
        second.finish()
    }

    #[test]
    fn in_two_parts_a_log_is_judged_as_in_one() {
        let history = History::usual();
        let whole = history.report();
        assert!(whole.is_consistent());
        for at in 1..=14 {
            assert_eq!(in_two(&history, at), whole, "{at}");
        }
    }

    #[test]
    fn what_is_wrong_behind_the_seam_is_found() {
        for bad in 1..14 {
            let mut history = History::usual();
            let line = history.line(bad);
            let middle = line.len() / 2;
            line[middle] ^= 1;
            for at in 1..=bad {
                assert!(!in_two(&history, at).is_consistent(), "{bad} behind {at}");
            }
        }
    }

    #[test]
    fn nobody_stands_behind_a_fault() {
        let mut history = History::usual();
        history.line(3)[200] ^= 1;
        let mut verifier = Verifier::new(None, Vec::new());
        assert!(verifier.standing().is_none());
        let lines = lines(&history);
        read(&mut verifier, &history, &lines[..3]);
        assert!(verifier.standing().is_some());
        read(&mut verifier, &history, &lines[3..]);
        assert!(verifier.standing().is_none());
    }
}
