//! Heads that requests name, and the kept tree they come from.

use super::super::*;
use super::support::{Home, request, run};
use crate::audit::{Known, Mark, What};

#[test]
fn every_request_names_the_head_before_itself() {
    let (home, mut log) = Home::with(3);
    for size in [4, 6, 8] {
        let (receipt, head) = log.append_with_head(request).unwrap();
        assert_eq!((head.size, receipt.written().seq, head.log), (size, size, log.id()));
        let _ = log.append(&[run()]).unwrap();
    }
    assert_eq!(home.whole(10).heads, 3);
}

#[test]
fn a_kept_tree_that_is_lost_torn_or_of_another_history_is_computed_anew() {
    let (home, mut log) = Home::with(3);
    let _ = log.append_with_head(request).unwrap();
    let kept = std::fs::read(home.audit().join("tree")).unwrap();
    let (other, mut elsewhere) = Home::with(3);
    let _ = elsewhere.append_with_head(request).unwrap();
    let foreign = std::fs::read(other.audit().join("tree")).unwrap();
    let mut flipped = kept.clone();
    flipped[150] ^= 1;
    for bad in [Vec::new(), kept[..40].to_vec(), flipped, foreign] {
        std::fs::write(home.audit().join("tree"), bad).unwrap();
        let _ = log.append_with_head(request).unwrap();
    }
    std::fs::remove_file(home.audit().join("tree")).unwrap();
    let _ = log.append_with_head(request).unwrap();
    home.assert_whole(10);
}

#[test]
fn a_request_after_a_torn_line_names_the_repair_too() {
    let (home, mut log) = Home::with(1);
    home.tamper(0, |bytes| bytes.extend_from_slice(b"torn"));
    let (_, head) = log.append_with_head(request).unwrap();
    assert_eq!(head.size, 3);
    assert_eq!(home.whole(4).repairs(), 1);
}

#[test]
fn a_cut_tail_is_truncation_where_a_request_knows_better() {
    let (home, mut log) = Home::with(3);
    let (_, head) = log.append_with_head(request).unwrap();
    home.tamper(0, |bytes| {
        let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
        bytes.truncate(third + 1);
    });
    assert!(home.report().is_consistent());
    let known = Known { size: head.size, mark: Mark::Root(head.root), source: "a verdict".to_owned() };
    let report = home.report_knowing(vec![known]);
    assert_eq!(report.first().unwrap().what, What::Truncated("a verdict".to_owned(), 4));
}

#[test]
fn a_log_verifies_wherever_it_is_copied_to() {
    let (home, mut log) = Home::with(3);
    let _ = log.append_with_head(request).unwrap();
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(home.segment(0), copy.path().join(segment::name(0))).unwrap();
    let mut seen = Vec::new();
    let pin = Some(log.pin().clone());
    let report =
        verify(copy.path(), pin, Vec::new(), home.limits.patience, &mut |record| seen.push(record.kind)).unwrap();
    assert!(report.is_consistent() && report.is_pinned());
    assert_eq!(seen, [Kind::Genesis, Kind::Run, Kind::Run, Kind::Run, Kind::Request]);
}
