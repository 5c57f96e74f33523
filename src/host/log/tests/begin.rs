//! First use, and what must never be taken for it.

use std::os::unix::fs::PermissionsExt as _;

use super::super::disk::Step;
use super::super::*;
use super::support::{Faulty, Home, Mishap, origin, run};
use crate::audit::Note;

#[test]
fn first_use_makes_key_pin_and_genesis_for_this_account_alone() {
    let home = Home::new();
    let log = home.log();
    let report = home.whole(1);
    assert_eq!(report.log, Some(log.id()));
    assert!(report.is_pinned());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&home.audit()), mode(&home.paths().key)), (0o700, 0o600));
    assert_eq!(mode(&home.segment(0)), 0o600);
    assert_eq!(home.log().id(), log.id());
}

#[test]
fn a_missing_log_key_or_pin_never_begins_another_log() {
    let (home, _) = Home::with(2);
    let Paths { audit, pin, key, .. } = home.paths();
    for (missing, found) in [(&audit, "missing"), (&key, "missing"), (&pin, "should name the log is missing")] {
        let aside = missing.with_extension("aside");
        std::fs::rename(missing, &aside).unwrap();
        let fault = match home.try_log() {
            Ok(mut log) => log.append(&[run()]).unwrap_err(),
            Err(fault) => fault,
        };
        assert!(fault.to_string().contains(found), "{fault}");
        std::fs::rename(&aside, missing).unwrap();
    }
    // The segments alone.
    std::fs::rename(home.segment(0), home.root.path().join("aside")).unwrap();
    assert!(matches!(home.log().append(&[run()]), Err(LogError::Missing(_))));
    std::fs::rename(home.root.path().join("aside"), home.segment(0)).unwrap();
    let _ = home.log().append(&[run()]).unwrap();
    home.assert_whole(4);
}

#[test]
fn a_key_alone_is_the_trace_of_a_log_and_begins_none() {
    let (home, _) = Home::with(1);
    std::fs::remove_file(home.paths().pin).unwrap();
    std::fs::remove_dir_all(home.audit()).unwrap();
    assert!(matches!(home.try_log(), Err(LogError::NotPinned { .. })));
}

#[test]
fn another_key_or_another_log_is_refused() {
    let (home, _) = Home::with(1);
    let (other, _) = Home::with(1);
    std::fs::copy(other.segment(0), home.segment(0)).unwrap();
    assert!(matches!(home.log().append(&[run()]), Err(LogError::Damaged { .. })));
    std::fs::copy(other.paths().key, home.paths().key).unwrap();
    assert!(matches!(home.try_log(), Err(LogError::OtherLog { .. })));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let (home, _) = Home::with(1);
    std::fs::set_permissions(home.paths().key, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(home.try_log(), Err(LogError::Unfit { .. })));
}

#[test]
fn a_first_use_that_dies_anywhere_is_taken_up_and_yields_one_log() {
    for step in [Step::Locked, Step::Prepared, Step::Pinned, Step::KeyPlaced] {
        let home = Home::new();
        assert!(home.log_on(Box::new(Faulty::new(Some(Mishap::Stop(step))))).is_err(), "{step:?}");
        let mut log = home.try_log().unwrap_or_else(|fault| panic!("{step:?}: {fault}"));
        let _ = log.append(&[run()]).unwrap();
        assert_eq!(home.whole(2).log, Some(log.id()), "{step:?}");
    }
}

#[test]
fn a_first_use_on_a_disk_that_fails_leaves_no_log() {
    let home = Home::new();
    assert!(home.log_on(Box::new(Faulty::new(Some(Mishap::Sync)))).is_err());
    assert!(!home.paths().pin.exists() && !home.paths().key.exists());
    let _ = home.log().append(&[run()]).unwrap();
    home.assert_whole(2);
}

#[test]
fn a_new_log_is_a_persons_act_that_keeps_the_old_one_and_names_its_head() {
    let (home, log) = Home::with(3);
    let (old, tip) = (log.id(), home.report());
    drop(log);
    std::fs::remove_file(home.paths().key).unwrap();
    assert!(home.try_log().is_err());
    let now = Timestamp::from_micros(1_700_000_100_000_000).unwrap();
    let mut anew = AuditLog::anew(home.paths(), origin("boot-1"), Box::new(move || now)).unwrap();
    assert_ne!(anew.id(), old);
    let _ = anew.append(&[run()]).unwrap();
    home.assert_whole(2);
    let text = std::fs::read_to_string(home.segment(0)).unwrap();
    assert!(text.contains(&format!("\"last\":\"{}\"", tip.last)) && text.contains("\"size\":4"), "{text}");
    let aside = home.audit().with_extension(old.to_string());
    let report = verify(&aside, None, Vec::new(), home.limits.patience, &mut |_| ()).unwrap();
    assert!(report.is_consistent() && report.notes == [Note::NotPinned]);
    assert_eq!((report.log, report.records), (Some(old), 4));
}
