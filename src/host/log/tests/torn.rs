//! Lines that were cut by a kill or a power cut, and finished lines that do not verify.

use super::super::*;
use super::support::{Home, run};
use crate::audit::Note;

fn last_line(bytes: &[u8]) -> usize {
    bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1
}

#[test]
fn a_cut_newline_completes_a_line_that_verifies() {
    let (home, mut log) = Home::with(2);
    home.tamper(0, |bytes| bytes.truncate(bytes.len() - 1));
    let report = home.report();
    assert!(report.is_consistent() && report.notes.iter().any(|note| matches!(note, Note::Torn { .. })));
    let _ = log.append(&[run()]).unwrap();
    assert_eq!(home.whole(4).repairs(), 0);
}

#[test]
fn a_line_cut_anywhere_is_kept_aside_cut_off_and_noted() {
    let (home, _) = Home::with(3);
    let whole = std::fs::read(home.segment(0)).unwrap();
    let begin = last_line(&whole);
    for cut in [begin + 1, begin + 9, begin + 200, whole.len() - 97, whole.len() - 2] {
        std::fs::write(home.segment(0), &whole[..cut]).unwrap();
        let _ = home.log().append(&[run()]).unwrap();
        let report = home.whole(5);
        assert_eq!(report.repairs(), 1);
        let torn = &whole[begin..cut];
        let name = format!("{:012}-{}", 3, Digest::of(torn).hex());
        assert_eq!(std::fs::read(home.audit().join("torn").join(name)).unwrap(), torn);
    }
}

#[test]
fn a_torn_line_that_only_looks_complete_is_not_completed() {
    let (home, _) = Home::with(3);
    // A whole line of this log, but not the one that belongs here.
    home.tamper(0, |bytes| {
        let begin = last_line(bytes);
        let copy = bytes[begin..bytes.len() - 1].to_vec();
        bytes.extend(copy);
    });
    let _ = home.log().append(&[run()]).unwrap();
    assert_eq!(home.whole(6).repairs(), 1);
}

#[test]
fn a_repair_that_dies_anywhere_is_taken_up_and_loses_nothing() {
    use super::support::{Faulty, Mishap};
    for step in [Step::TailRead, Step::TornKept, Step::TornCut, Step::Written, Step::Unlocked] {
        let (home, _) = Home::with(2);
        home.tamper(0, |bytes| bytes.extend_from_slice(b"{\"body\":{"));
        let mut log = home.log_on(Box::new(Faulty::new(Some(Mishap::Stop(step))))).unwrap();
        assert!(log.append(&[run()]).is_err(), "{step:?}");
        let _ = home.log().append(&[run()]).unwrap();
        let report = home.report();
        assert!(report.is_consistent(), "{step:?}: {:#?}", report.faults);
        assert_eq!(std::fs::read_dir(home.audit().join("torn")).unwrap().count(), 1, "{step:?}");
    }
}

#[test]
fn a_finished_line_that_does_not_verify_stops_everything_until_a_person_gives_up_on_it() {
    let (home, mut log) = Home::with(3);
    home.tamper(0, |bytes| {
        let begin = last_line(bytes);
        bytes[begin + 40] ^= 1;
    });
    let before = std::fs::read(home.segment(0)).unwrap();
    assert!(matches!(log.append(&[run()]), Err(LogError::Damaged { seq: 3, .. })));
    assert_eq!(home.report().first().unwrap().seq, 3);
    let repaired = log.repair().unwrap().unwrap();
    assert_eq!((repaired.seq, repaired.bad.0), (4, 0));
    assert_eq!(std::fs::read(home.segment(0)).unwrap(), before, "not a byte is changed");
    let (_, head) = log.append_with_head(super::support::request).unwrap();
    assert_eq!(head.size, 5);
    let _ = log.append(&[run()]).unwrap();
    let report = home.report();
    assert!(report.is_consistent(), "{:#?}", report.faults);
    assert_eq!((report.acknowledged(), report.next), (1, 7));
    assert_eq!(report.faults[0].after, repaired.last_good);
}

#[test]
fn a_power_cut_that_wrote_lines_out_of_order_is_found_at_the_next_start() {
    let (mut home, _) = Home::with(4);
    // The third line's block never reached the disk, the fourth's did.
    home.tamper(0, |bytes| {
        let lines: Vec<usize> =
            bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        bytes[lines[2] + 1..lines[3]].fill(0);
    });
    home.boot = "boot-2";
    assert!(matches!(home.log().append(&[run()]), Err(LogError::Damaged { .. })));
    assert_eq!(home.report().first().unwrap().seq, 3);
    let _ = home.log().repair().unwrap().unwrap();
    let _ = home.log().append(&[run()]).unwrap();
    assert!(home.report().is_consistent());
}

#[test]
fn a_power_cut_that_left_zeros_at_the_end_is_a_torn_line() {
    let (mut home, _) = Home::with(2);
    home.tamper(0, |bytes| bytes.extend([0; 9000]));
    home.boot = "boot-2";
    let _ = home.log().append(&[run()]).unwrap();
    assert_eq!(home.whole(5).repairs(), 1);
}

#[test]
fn deleted_lines_that_a_person_gave_up_on_leave_the_numbers_unique_and_the_tree_whole() {
    let (home, mut log) = Home::with(5);
    home.tamper(0, |bytes| {
        let lines: Vec<usize> =
            bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
        drop(bytes.drain(lines[1] + 1..=lines[3]));
    });
    assert_eq!(home.report().first().unwrap().what, crate::audit::What::Missing(2, 3));
    let repaired = log.repair().unwrap().unwrap();
    assert_eq!(repaired.seq, 6);
    let (_, head) = log.append_with_head(super::support::request).unwrap();
    assert_eq!(head.size, 7);
    let report = home.report();
    assert!(report.is_consistent(), "{:#?}", report.faults);
    assert_eq!((report.records, report.size), (6, 8));
}
