//! Every attack on a log that keeps its signatures plausible, and the fault each must be found by, with its place.

use super::history::{History, members};
use super::seal::tests::{KEY, stamp};
use super::*;
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::{Map, json};
use crate::model::{Digest, LogHead, LogId, RequestId, Timestamp};

fn replaced(line: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(line.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *line = text.replacen(from, to, 1).into_bytes();
}

fn flipped(line: &mut [u8], at: usize) {
    line[at] = if line[at] == b'A' { b'B' } else { b'A' };
}

#[test]
fn an_honest_history_is_consistent() {
    let history = History::usual();
    let report = history.report();
    assert_eq!(report.faults, []);
    assert!(report.is_consistent() && report.is_pinned());
    assert_eq!((report.records, report.next, report.segments, report.heads), (14, 14, 2, 3));
    assert_eq!((report.root, report.last), (history.tree.root(), history.tip.prev));
    assert_eq!(report.unanchored(12), 2);
}

#[test]
fn without_a_pin_the_log_vouches_for_itself_and_that_is_said() {
    let report = History::usual().report_with(None, Vec::new());
    assert!(report.is_consistent() && !report.is_pinned());
}

type Attack = (&'static str, fn(&mut History), u64, fn(&What) -> bool);

const ATTACKS: &[Attack] = &[
    ("a byte of the body", |h| replaced(h.line(3), "wrapper", "account"), 3, |w| *w == What::Signature),
    (
        "a byte of the signature",
        |h| {
            let l = h.line(3);
            let at = l.len() - 40;
            flipped(l, at)
        },
        3,
        |w| *w == What::Signature,
    ),
    (
        "the end of the signature",
        |h| {
            let l = h.line(3);
            let at = l.len() - 3;
            l[at] = b'B'
        },
        3,
        |w| *w == What::Line(LineFault::Signature),
    ),
    (
        "a byte of prev",
        |h| {
            let l = h.line(3);
            let at = String::from_utf8_lossy(l).find("prev").unwrap() + 20;
            l[at] = if l[at] == b'0' { b'1' } else { b'0' }
        },
        3,
        |w| *w == What::Signature,
    ),
    ("the last record's body", |h| replaced(h.line(13), "wrapper", "account"), 13, |w| *w == What::Signature),
    ("a record deleted", |h| drop(h.segments[0].1.remove(3)), 3, |w| *w == What::Missing(3, 3)),
    ("several deleted", |h| drop(h.segments[0].1.drain(2..5)), 2, |w| *w == What::Missing(2, 4)),
    ("the genesis deleted", |h| drop(h.segments[0].1.remove(0)), 0, |w| *w == What::NoGenesis),
    ("the first segment deleted", |h| drop(h.segments.remove(0)), 0, |w| *w == What::NoGenesis),
    ("the end of a closed segment cut", |h| h.segments[0].1.truncate(5), 5, |w| *w == What::Missing(5, 7)),
    (
        "a duplicated line",
        |h| {
            let l = h.line(3).clone();
            h.segments[0].1.insert(4, l)
        },
        4,
        |w| *w == What::Duplicate(3),
    ),
    (
        "a line inserted again",
        |h| {
            let l = h.line(2).clone();
            h.segments[0].1.insert(5, l)
        },
        5,
        |w| *w == What::Inserted(2),
    ),
    ("two lines swapped", |h| h.segments[0].1.swap(3, 4), 3, |w| *w == What::Swapped(4)),
    (
        "all signatures dropped",
        |h| {
            for (_, lines) in &mut h.segments {
                for l in lines {
                    let n = l.len();
                    l.truncate(n - 96);
                    l.push(b'}');
                }
            }
        },
        0,
        |w| *w == What::NoGenesis,
    ),
    (
        "one signature dropped",
        |h| {
            let l = h.line(3);
            let n = l.len();
            l.truncate(n - 96);
            l.push(b'}')
        },
        3,
        |w| *w == What::Line(LineFault::Form),
    ),
    (
        "a key nobody knows",
        |h| {
            let other = SigningKey::from_seed(&[9; 32]).unwrap();
            let (record, _) = Record::read(&h.line(3).clone()).map(|(r, _)| (r, ())).unwrap();
            let tip = Tip { log: record.log, seq: 3, prev: record.prev };
            let mut line = sealed(&Entry::new(Kind::Run, record.members).unwrap(), &tip, &stamp(0), &other).unwrap();
            line.bytes.pop();
            *h.line(3) = line.bytes;
        },
        3,
        |w| matches!(w, What::UnknownKey(_)),
    ),
    (
        "a record of another log",
        |h| {
            let l = History::usual_of(2).line(3).clone();
            *h.line(3) = l
        },
        3,
        |w| matches!(w, What::OtherLog(_)),
    ),
    (
        "history rewritten with the stolen key from a record on",
        |h| {
            let mut fork = History::begun(1, &KEY);
            fork.micros += 7;
            fork.push(&Entry::new(Kind::Outcome, Map::new()).unwrap(), &KEY);
            let line = fork.line(1).clone();
            *h.line(1) = line;
        },
        2,
        |w| *w == What::Chain,
    ),
    (
        "a segment's first line duplicated into the segment before",
        |h| {
            let l = h.segments[1].1[0].clone();
            h.segments[0].1.push(l)
        },
        8,
        |w| *w == What::AfterClose,
    ),
    ("a segment renamed", |h| h.segments[1].0 = 9, 8, |w| *w == What::SegmentName(9)),
    (
        "segments joined",
        |h| {
            let (_, lines) = h.segments.remove(1);
            h.segments[0].1.extend(lines)
        },
        8,
        |w| *w == What::AfterClose,
    ),
    (
        "a segment split",
        |h| {
            let rest = h.segments[1].1.split_off(2);
            h.segments.push((10, rest))
        },
        10,
        |w| *w == What::NotClosed,
    ),
    ("a blob deleted", |h| h.blobs.clear(), 1, |w| matches!(w, What::MissingBlob(_))),
    ("a blob changed", |h| h.blobs.values_mut().for_each(|b| b[9] = b'y'), 1, |w| matches!(w, What::OtherBlob(_))),
    ("a carriage return", |h| h.line(3).push(b'\r'), 3, |w| *w == What::Line(LineFault::Form)),
    ("a NUL", |h| h.line(3).push(0), 3, |w| *w == What::Line(LineFault::Form)),
    ("a byte order mark", |h| drop(h.line(0).splice(0..0, *b"\xef\xbb\xbf")), 0, |w| *w == What::NoGenesis),
    ("a line without bytes", |h| h.segments[0].1.insert(3, Vec::new()), 3, |w| *w == What::Line(LineFault::Form)),
    ("a line too long", |h| h.line(3).extend([b' '; 70_000]), 3, |w| *w == What::Line(LineFault::Long)),
    (
        "a duplicate member",
        |h| replaced(h.line(3), "\"v\":1", "\"v\":1,\"v\":1"),
        3,
        |w| matches!(w, What::Line(LineFault::Body(_))),
    ),
    (
        "a float",
        |h| replaced(h.line(3), "\"seq\":3", "\"seq\":3e0"),
        3,
        |w| matches!(w, What::Line(LineFault::Body(_))),
    ),
    (
        "an integer that readers differ on",
        |h| replaced(h.line(3), "\"seq\":3", "\"seq\":9007199254740993"),
        3,
        |w| matches!(w, What::Line(LineFault::Body(_))),
    ),
    (
        "white space in the body",
        |h| replaced(h.line(3), "\"seq\":3", "\"seq\": 3"),
        3,
        |w| matches!(w, What::Line(LineFault::Body(_))),
    ),
    ("everything deleted", |h| h.segments.clear(), 0, |w| *w == What::NoGenesis),
];

#[test]
fn every_attack_on_the_bytes_is_found_and_placed() {
    for (name, attack, seq, expected) in ATTACKS {
        let mut history = History::usual();
        attack(&mut history);
        let report = history.report();
        let Some(first) = report.first() else { panic!("{name}: not found") };
        assert!(first.seq == *seq && expected(&first.what), "{name}: {first}\n{:#?}", report.faults);
        assert!(!report.is_consistent());
    }
}

#[test]
fn one_edit_is_one_fault() {
    let mut history = History::usual();
    replaced(history.line(3), "wrapper", "account");
    assert_eq!(history.report().faults.len(), 1);
    let mut history = History::usual();
    history.segments[0].1.remove(3);
    assert_eq!(history.report().faults.len(), 1);
}

#[test]
fn a_whole_other_log_is_found_by_the_pin_alone() {
    let other = History::usual_of(2);
    assert!(matches!(other.report().first().unwrap().what, What::PinnedLog(_)));
    assert!(other.report_with(None, Vec::new()).is_consistent());
    let key = SigningKey::from_seed(&[9; 32]).unwrap();
    let same_id = History::begun(1, &key);
    assert_eq!(same_id.report().first().unwrap().what, What::PinnedKey);
}

#[test]
fn a_cut_tail_is_found_by_every_kind_of_known_head_and_by_nothing_else() {
    for cut in [1, 4, 13] {
        let whole = History::usual();
        let mut history = History::usual();
        let last = history.segments[1].1.len();
        if cut < last {
            history.segments[1].1.truncate(last - cut)
        } else {
            history.segments[0].1.truncate(1)
        }
        if cut > last {
            history.segments.truncate(1);
        }
        assert!(history.report().is_consistent(), "nothing in the file alone shows a cut of {cut}");
        for mark in [Mark::Root(whole.tree.root()), Mark::Last(whole.tip.prev)] {
            let known = Known { size: 14, mark, source: "a checkpoint".to_owned() };
            assert!(whole.report_with(None, vec![known.clone()]).is_consistent());
            let report = history.report_with(None, vec![known]);
            assert_eq!(report.first().unwrap().what, What::Truncated("a checkpoint".to_owned(), 14));
        }
    }
}

#[test]
fn a_tail_that_was_cut_and_written_anew_is_found_by_a_known_head() {
    let mut whole = History::usual();
    let mut fork = whole.clone();
    whole.run();
    fork.push(&Entry::new(Kind::Outcome, Map::new()).unwrap(), &KEY);
    fork.run();
    assert!(fork.report().is_consistent());
    for mark in [Mark::Root(whole.tree.root()), Mark::Last(whole.tip.prev)] {
        let known = Known { size: 15, mark, source: "a checkpoint".to_owned() };
        let report = fork.report_with(None, vec![known]);
        assert_eq!(report.first().unwrap().what, What::Head("a checkpoint".to_owned(), 15));
    }
}

#[test]
fn a_signed_head_with_a_wrong_root_size_or_log_is_found() {
    let good = History::usual();
    let bads = [
        LogHead { root: Digest::of(b"other"), ..good.head() },
        LogHead { size: 13, ..good.head() },
        LogHead { log: LogId::new([9; 16]), ..good.head() },
    ];
    for bad in bads {
        let mut history = good.clone();
        history.request(&bad);
        let first = history.report().first().cloned().unwrap();
        assert_eq!((first.seq, matches!(first.what, What::Head(..))), (14, true), "{first}");
    }
    let mut history = good;
    history.push(&Entry::new(Kind::Request, Map::new()).unwrap(), &KEY);
    assert!(matches!(history.report().first().unwrap().what, What::Shape(_)));
}

#[test]
fn a_closing_record_that_miscounts_or_names_another_root_is_found() {
    for (count, root, found) in [(13, Digest::ZERO, "head"), (5, Digest::of(b""), "count")] {
        let mut history = History::usual();
        let root = if root == Digest::ZERO { root } else { history.tree.root() };
        let count = if found == "head" { history.segments[1].1.len() as u64 } else { count };
        history.push(&closing(count, &root), &KEY);
        let what = history.report().first().unwrap().what.clone();
        assert_eq!(matches!(what, What::Head(..)), found == "head", "{what}");
        assert_eq!(matches!(what, What::Count(5)), found == "count", "{what}");
    }
}

#[test]
fn a_request_that_cleared_two_runs_and_a_policy_nobody_recorded_are_found() {
    let id = RequestId::new(Timestamp::from_micros(1).unwrap(), &[1; 10]);
    let mut history = History::usual();
    history.push(&Entry::new(Kind::Run, Map::new()).unwrap().using(id), &KEY);
    assert!(history.report().is_consistent());
    history.push(&Entry::new(Kind::Run, Map::new()).unwrap().using(id), &KEY);
    assert_eq!(history.report().first().unwrap().what, What::UsedTwice(id));
    let mut history = History::usual();
    let policy = Digest::of(b"another");
    history.push(&Entry::new(Kind::Run, members(json!({"policy": policy}))).unwrap(), &KEY);
    assert_eq!(history.report().first().unwrap().what, What::UnknownPolicy(policy));
}

#[test]
fn a_clock_that_goes_back_is_a_note_and_no_fault() {
    let mut history = History::usual();
    history.micros -= 3_600_000_000;
    history.run();
    history.micros += 7_200_000_000;
    history.run();
    let report = history.report();
    assert!(report.is_consistent());
    assert!(matches!(report.notes.as_slice(), [Note::TimeBackwards { seq: 14, .. }]), "{:?}", report.notes);
}

#[test]
fn what_a_person_gave_up_on_stays_visible_and_everything_else_counts_again() {
    let mut history = History::usual();
    let bad = history.segments[1].1.len() - 1;
    let last_good = leaf(&history.segments[1].1[bad - 1]);
    let offset = history.segments[1].1[..bad].iter().map(|line| line.len() as u64 + 1).sum();
    history.segments[1].1[bad][60] ^= 1;
    let bytes = history.segments[1].1[bad].clone();
    // The chain and the tree go on from the bytes as they are.
    history.tip.prev = leaf(&bytes);
    let mut tree = Tree::default();
    history.segments.iter().flat_map(|(_, lines)| lines).for_each(|line| tree.push(leaf(line)));
    history.tree = tree;
    history.segments.push((14, Vec::new()));
    let what = "the signature does not fit".to_owned();
    history.push(&Opening::Repair { segment: 8, offset, what, last_good }.entry(), &KEY);
    history.request(&history.head());
    let report = history.report();
    assert!(report.is_consistent(), "{:#?}", report.faults);
    assert_eq!((report.acknowledged(), report.faults[0].seq, report.faults[0].acknowledged), (1, 13, Some(14)));
    assert!(matches!(report.notes.as_slice(), [Note::GivenUp { seq: 14, .. }]));
    // Giving up on the end excuses nothing before it.
    replaced(history.line(3), "wrapper", "account");
    assert_eq!(history.report().first().unwrap().seq, 3);
    assert!(!history.report().is_consistent());
}

#[test]
fn a_torn_end_is_a_note_and_a_torn_middle_a_fault() {
    let history = History::usual();
    for (segment, consistent) in [(0, false), (1, true)] {
        let mut verifier = Verifier::new(None, Vec::new());
        for (at, (first, lines)) in history.segments.iter().enumerate() {
            verifier.segment(*first);
            for line in lines {
                verifier.line(line, &mut |digest| history.blobs.get(digest).cloned());
            }
            if at == segment {
                verifier.unfinished(17);
            }
        }
        let report = verifier.finish();
        assert_eq!(report.is_consistent(), consistent, "{:?}", report.faults);
        assert!(report.notes.iter().any(|note| matches!(note, Note::Torn { length: 17, .. })));
    }
}
