//! One request, one run.

use super::super::disk::Step;
use super::super::*;
use super::support::{Faulty, Home, Mishap, outcome, request, run};
use crate::audit::What;
use crate::model::RequestId;

fn id(byte: u8) -> RequestId {
    RequestId::new(Timestamp::from_micros(1_700_000_000_000_000).unwrap(), &[byte; 10])
}

#[test]
fn a_request_clears_one_run() {
    let (home, mut log) = Home::with(1);
    let (_, head) = log.append_with_head(request).unwrap();
    let receipt = log.claim(id(1), &head, run()).unwrap();
    assert!(receipt.written().cleared);
    assert!(matches!(home.log().claim(id(1), &head, run()), Err(ClaimError::AlreadyUsed(_))));
    let _ = log.claim(id(2), &head, run()).unwrap();
    assert!(matches!(log.claim(id(3), &head, outcome("x")), Err(ClaimError::NotRun)));
    home.assert_whole(5);
}

#[test]
fn a_claim_without_a_run_stays_used() {
    for step in [Step::Claimed, Step::Written, Step::Unlocked] {
        let (home, mut log) = Home::with(1);
        let (_, head) = log.append_with_head(request).unwrap();
        let mut dying = home.log_on(Box::new(Faulty::new(Some(Mishap::Stop(step))))).unwrap();
        assert!(matches!(dying.claim(id(1), &head, run()), Err(ClaimError::Log(_))));
        assert!(matches!(log.claim(id(1), &head, run()), Err(ClaimError::AlreadyUsed(_))), "{step:?}");
        assert!(home.report().is_consistent());
    }
}

#[test]
fn a_lost_claim_is_restored_from_the_log() {
    let (home, mut log) = Home::with(1);
    let (_, head) = log.append_with_head(request).unwrap();
    let _ = log.claim(id(1), &head, run()).unwrap();
    let file = home.audit().join("used").join(id(1).to_string());
    let claim = std::fs::read(&file).unwrap();
    std::fs::remove_dir_all(home.audit().join("used")).unwrap();
    assert!(matches!(log.claim(id(1), &head, run()), Err(ClaimError::AlreadyUsed(_))));
    assert_eq!(std::fs::read(&file).unwrap(), claim);
    home.assert_whole(4);
}

#[test]
fn a_record_that_only_talks_about_a_request_does_not_use_it_up() {
    let (_home, mut log) = Home::with(1);
    let (_, head) = log.append_with_head(request).unwrap();
    let _ = log.append(&[outcome(&format!("\"used\":\"{}\"", id(1)))]).unwrap();
    let _ = log.claim(id(1), &head, run()).unwrap();
}

#[test]
fn a_claim_knows_when_the_log_was_cut_before_its_run() {
    let (home, mut log) = Home::with(1);
    let (_, head) = log.append_with_head(request).unwrap();
    let _ = log.append(&[run()]).unwrap();
    let _ = log.claim(id(1), &head, run()).unwrap();
    home.tamper(0, |bytes| {
        let second = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
        bytes.truncate(second + 1);
    });
    assert!(matches!(home.report().first().unwrap().what, What::Truncated(_, 4)));
}
