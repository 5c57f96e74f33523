//! Disks that are full, read-only, failing or lying.

use super::super::*;
use super::support::{Faulty, Home, Meanwhile, Mishap, outcome, run};

#[test]
fn a_receipt_names_the_durable_record_and_clears_only_a_run() {
    let (home, mut log) = Home::with(0);
    let receipt = log.append(&[outcome("a"), run()]).unwrap();
    assert!(receipt.written().cleared);
    let report = home.whole(3);
    assert_eq!((receipt.written().seq, receipt.written().digest), (2, report.last));
    assert!(!log.append(&[run(), outcome("b")]).unwrap().written().cleared);
    assert!(matches!(log.append(&[]), Err(LogError::Nothing)));
}

#[test]
fn a_failed_write_gives_no_receipt_and_leaves_the_log_whole() {
    let home = Home::new();
    let disk = Faulty::new(None);
    let mut log = home.log_on(Box::new(disk.clone())).unwrap();
    let _ = log.append(&[run()]).unwrap();
    disk.set(Mishap::Write);
    assert!(matches!(log.append(&[run()]), Err(LogError::Io { .. })));
    let _ = home.log().append(&[run()]).unwrap();
    home.assert_whole(3);
}

#[test]
fn a_short_write_gives_no_receipt_and_is_repaired_by_the_next_writer() {
    for length in [0, 1, 8, 300] {
        let home = Home::new();
        let disk = Faulty::new(None);
        let mut log = home.log_on(Box::new(disk.clone())).unwrap();
        let _ = log.append(&[run()]).unwrap();
        disk.set(Mishap::Short(length));
        assert!(matches!(log.append(&[run()]), Err(LogError::Short(written, _)) if written == length));
        let _ = home.log().append(&[run()]).unwrap();
        let torn = u64::from(length > 0);
        assert_eq!(home.whole(3 + torn).repairs() as u64, torn);
    }
}

#[test]
fn a_failed_sync_is_never_repeated_and_stops_every_writer_until_a_person_looks() {
    let home = Home::new();
    let disk = Faulty::new(None);
    let mut log = home.log_on(Box::new(disk.clone())).unwrap();
    let _ = log.append(&[run()]).unwrap();
    let before = disk.syncs.load(std::sync::atomic::Ordering::Relaxed);
    disk.set(Mishap::Sync);
    assert!(matches!(log.append(&[run()]), Err(LogError::NotDurable(_))));
    assert_eq!(disk.syncs.load(std::sync::atomic::Ordering::Relaxed), before + 1);
    let mut other = home.log();
    assert!(matches!(other.append(&[run()]), Err(LogError::Broken(_))));
    let repaired = other.repair().unwrap().unwrap();
    assert!(repaired.what.contains("sync"), "{repaired:?}");
    let _ = other.append(&[run()]).unwrap();
    assert_eq!(home.whole(5).acknowledged(), 0);
    assert_eq!(other.repair().unwrap(), None);
}

#[test]
fn a_failed_sync_behind_which_a_line_is_torn_is_given_up_on_as_a_whole() {
    let (home, mut log) = Home::with(1);
    home.tamper(0, |bytes| bytes.extend_from_slice(b"torn"));
    std::fs::write(home.audit().join(BROKEN), b"").unwrap();
    let before = std::fs::read(home.segment(0)).unwrap();
    let _ = log.repair().unwrap().unwrap();
    let _ = log.append(&[run()]).unwrap();
    assert_eq!(std::fs::read(home.segment(0)).unwrap(), before);
    assert_eq!(home.whole(4).acknowledged(), 1);
}

#[test]
fn a_policy_is_recorded_again_after_a_person_gave_up_on_records() {
    use super::support::members;
    use crate::encoding::json::json;
    let (home, mut log) = Home::with(0);
    let policy = Digest::of(b"policy");
    let entry = Entry::new(Kind::Policy, members(json!({"policy": policy, "text": "x"}))).unwrap();
    let _ = log.append(&[entry]).unwrap();
    assert!(log.has_policy(&policy).unwrap());
    home.tamper(0, |bytes| *bytes.last_mut().unwrap() = b'x');
    home.tamper(0, |bytes| bytes.push(b'\n'));
    let _ = log.repair().unwrap().unwrap();
    assert!(!log.has_policy(&policy).unwrap());
}

#[test]
fn a_writer_whose_sync_worked_still_looks_whether_anothers_failed() {
    let (home, _) = Home::with(1);
    let broken = home.audit().join(BROKEN);
    let meanwhile = Meanwhile::new(Step::Unlocked, move || std::fs::write(broken, b"").unwrap());
    let mut log = home.log_on(Box::new(meanwhile)).unwrap();
    assert!(matches!(log.append(&[run()]), Err(LogError::Broken(_))));
}

#[test]
fn large_members_are_durable_in_blobs_before_the_record_that_names_them() {
    use super::support::members;
    use crate::encoding::json::json;
    let home = Home::new();
    let disk = Faulty::new(None);
    let mut log = home.log_on(Box::new(disk.clone())).unwrap();
    let policy = Digest::of(b"policy");
    let entry = || Entry::new(Kind::Policy, members(json!({"policy": policy, "text": "x".repeat(70_000)}))).unwrap();
    assert!(!log.has_policy(&policy).unwrap());
    disk.set(Mishap::Stop(Step::BlobsKept));
    assert!(log.append(&[entry()]).is_err());
    home.assert_whole(1);
    assert!(!log.has_policy(&policy).unwrap());
    let mut log = home.log();
    let _ = log.append(&[entry()]).unwrap();
    assert!(log.has_policy(&policy).unwrap());
    home.assert_whole(2);
    let blob = std::fs::read_dir(home.audit().join("blobs")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(blob).unwrap();
    assert_eq!(home.report().first().unwrap().seq, 1);
}

#[test]
fn a_clock_that_stepped_back_is_recorded() {
    let (home, mut log) = Home::with(1);
    home.clock.fetch_sub(3_600_000_000, std::sync::atomic::Ordering::Relaxed);
    let _ = log.append(&[run()]).unwrap();
    let report = home.whole(4);
    assert!(report.notes.iter().any(|note| matches!(note, crate::audit::Note::TimeBackwards { seq: 2, .. })));
}
