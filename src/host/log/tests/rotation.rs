//! From one segment to the next, whatever happens in between.

use super::super::disk::Step;
use super::super::*;
use super::support::{Faulty, Home, Meanwhile, Mishap, request, run};

fn small() -> Home {
    let mut home = Home::new();
    home.limits.segment = 3000;
    home
}

#[test]
fn segments_follow_each_other_without_a_gap() {
    let home = small();
    let mut log = home.log();
    for _ in 0..40 {
        let _ = log.append(&[run()]).unwrap();
    }
    let _ = log.append_with_head(request).unwrap();
    let report = home.report();
    assert!(report.is_consistent(), "{:#?}", report.faults);
    assert!(report.segments > 5 && report.records == report.next, "{report:#?}");
    // A fresh process, and one that has no hint where to look.
    let _ = home.log().append(&[run()]).unwrap();
    std::fs::write(home.audit().join("lock"), b"").unwrap();
    let _ = home.log().append(&[run()]).unwrap();
    assert!(home.report().is_consistent());
}

#[test]
fn a_rotation_that_dies_anywhere_is_taken_up() {
    for step in [Step::SegmentClosed, Step::SegmentCreated, Step::SegmentOpened, Step::Written, Step::Unlocked] {
        let home = small();
        let disk = Faulty::new(None);
        let mut log = home.log_on(Box::new(disk.clone())).unwrap();
        while std::fs::metadata(home.segment(0)).unwrap().len() < 3000 {
            let _ = log.append(&[run()]).unwrap();
        }
        disk.set(Mishap::Stop(step));
        assert!(log.append(&[run()]).is_err(), "{step:?}");
        for _ in 0..3 {
            let _ = home.log().append(&[run()]).unwrap();
        }
        let report = home.report();
        assert!(report.is_consistent() && report.segments == 2, "{step:?}: {:#?}", report.faults);
    }
}

#[test]
fn a_successors_first_line_that_was_torn_is_written_anew() {
    for keep in [0, 1, 100] {
        let home = small();
        let mut log = home.log();
        while std::fs::read_dir(home.audit())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().extension().is_some())
            .count()
            < 2
        {
            let _ = log.append(&[run()]).unwrap();
        }
        let last = segment::all(&log.dir).unwrap().pop().unwrap();
        home.tamper(last, |bytes| bytes.truncate(keep));
        let _ = home.log().append(&[run()]).unwrap();
        let report = home.report();
        assert!(report.is_consistent(), "{keep}: {:#?}", report.faults);
        assert_eq!(report.repairs(), usize::from(keep > 0));
    }
}

#[test]
fn a_rotation_between_a_write_and_its_sync_does_not_lose_the_record() {
    let home = small();
    let mut other = home.log();
    let rotate = move || (0..10).for_each(|_| drop(other.append(&[run()]).unwrap()));
    let mut log = home.log_on(Box::new(Meanwhile::new(Step::Unlocked, rotate))).unwrap();
    let receipt = log.append(&[run()]).unwrap();
    assert_eq!(receipt.written().seq, 1);
    let report = home.report();
    assert!(report.is_consistent() && report.segments > 1);
}
