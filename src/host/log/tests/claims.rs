//! One request, one run.

use super::super::disk::Step;
use super::super::*;
use super::support::{Faulty, Home, Meanwhile, Mishap, asked, id, members, outcome, request, run};
use crate::audit::What;
use crate::encoding::json::json;

fn asking(records: u64) -> (Home, AuditLog) {
    let (home, mut log) = Home::with(records);
    let _ = log.append_with_head(request).unwrap();
    (home, log)
}

#[test]
fn a_request_clears_one_run() {
    let (home, mut log) = asking(1);
    let _ = log.append_with_head(|head| asked(id(2), head)).unwrap();
    let receipt = log.claim(id(1), run()).unwrap();
    assert!(receipt.written().cleared);
    assert!(matches!(home.log().claim(id(1), run()), Err(ClaimError::AlreadyUsed(_))));
    let _ = log.claim(id(2), run()).unwrap();
    assert!(matches!(log.claim(id(1), outcome("x")), Err(ClaimError::NotRun)));
    home.assert_whole(6);
}

#[test]
fn two_gates_that_resume_one_request_run_it_once() {
    let (home, _) = asking(1);
    let logs: Vec<_> = (0..6).map(|_| home.log()).collect();
    let claims: Vec<_> =
        logs.into_iter().map(|mut log| std::thread::spawn(move || log.claim(id(1), run()).is_ok())).collect();
    assert_eq!(claims.into_iter().map(|claim| claim.join().unwrap()).filter(|won| *won).count(), 1);
    home.assert_whole(4);
}

#[test]
fn a_claim_without_a_run_stays_used() {
    for step in [Step::Claimed, Step::Written, Step::Unlocked] {
        let (home, mut log) = asking(1);
        let mut dying = home.log_on(Box::new(Faulty::new(Some(Mishap::Stop(step))))).unwrap();
        assert!(matches!(dying.claim(id(1), run()), Err(ClaimError::Log(_))));
        assert!(matches!(log.claim(id(1), run()), Err(ClaimError::AlreadyUsed(_))), "{step:?}");
        assert_eq!(log.request(id(1)).unwrap().unwrap().ended.as_deref(), Some("used"));
        assert!(home.report().is_consistent());
    }
}

#[test]
fn a_claim_counts_only_records_that_are_as_durable_as_itself() {
    let (home, _) = asking(1);
    home.tamper(0, |bytes| bytes.extend_from_slice(b"torn"));
    let disk = Faulty::new(None);
    let mut dying = home.log_on(Box::new(disk.clone())).unwrap();
    let before = disk.syncs.load(std::sync::atomic::Ordering::Relaxed);
    disk.set(Mishap::Stop(Step::Claimed));
    assert!(dying.claim(id(1), run()).is_err());
    // The torn bytes, the repair record, the claim.
    assert_eq!(disk.syncs.load(std::sync::atomic::Ordering::Relaxed), before + 3);
    home.assert_whole(4);
}

#[test]
fn a_lost_claim_is_restored_from_the_log() {
    let (home, mut log) = asking(1);
    let _ = log.claim(id(1), run()).unwrap();
    let file = home.audit().join("used").join(id(1).to_string());
    let claim = std::fs::read(&file).unwrap();
    std::fs::remove_dir_all(home.audit().join("used")).unwrap();
    assert!(matches!(log.claim(id(1), run()), Err(ClaimError::AlreadyUsed(_))));
    assert_eq!(std::fs::read(&file).unwrap(), claim);
    home.assert_whole(4);
}

#[test]
fn a_request_that_was_denied_or_is_of_another_log_is_not_claimed() {
    let (home, mut log) = asking(1);
    assert!(matches!(log.claim(id(2), run()), Err(ClaimError::Unknown(_))));
    assert_eq!(log.request(id(2)).unwrap(), None);
    let refuse = Entry::new(Kind::Refuse, members(json!({"id": id(1), "why": "denied"}))).unwrap();
    let _ = log.append(&[refuse]).unwrap();
    assert!(matches!(log.claim(id(1), run()), Err(ClaimError::Ended(_, why)) if why == "denied"));
    assert_eq!(log.request(id(1)).unwrap().unwrap().ended.as_deref(), Some("denied"));
    home.assert_whole(4);
}

#[test]
fn a_denial_that_comes_while_the_claim_is_prepared_is_seen() {
    let (home, mut log) = asking(1);
    let deny = Entry::new(Kind::Refuse, members(json!({"id": id(1), "why": "denied"}))).unwrap();
    let meanwhile = Meanwhile::new(Step::Looked, move || drop(log.append(&[deny]).unwrap()));
    let mut claiming = home.log_on(Box::new(meanwhile)).unwrap();
    assert!(matches!(claiming.claim(id(1), run()), Err(ClaimError::Ended(_, why)) if why == "denied"));
    home.assert_whole(4);
}

#[test]
fn a_record_that_only_talks_about_a_request_does_not_use_it_up() {
    let (_home, mut log) = asking(1);
    let _ = log.append(&[outcome(&format!("\"used\":\"{}\"", id(1)))]).unwrap();
    let _ = log.claim(id(1), run()).unwrap();
}

#[test]
fn a_request_is_found_with_its_bytes_however_far_back_and_large_it_is() {
    let mut home = Home::new();
    home.limits.segment = 3000;
    let mut log = home.log();
    let text = "x".repeat(70_000);
    let mut bytes = Vec::new();
    let large = |head: &LogHead| -> Result<Entry, LogError> {
        let request = json!({"head": head, "id": id(1), "text": text});
        bytes = crate::encoding::json::canonical(&request)?;
        let digest = Digest::of(&bytes);
        Ok(Entry::new(Kind::Request, members(json!({"digest": digest, "id": id(1), "request": request}))).unwrap())
    };
    let _ = log.append_with_head(large).unwrap();
    for _ in 0..20 {
        let _ = log.append(&[run()]).unwrap();
    }
    let found = log.request(id(1)).unwrap().unwrap();
    assert_eq!((found.bytes, found.ended), (bytes, None));
    assert!(home.report().is_consistent() && home.report().segments > 2);
    let _ = log.claim(id(1), run()).unwrap();
}

#[test]
fn an_edited_request_record_is_not_believed() {
    let (home, mut log) = asking(1);
    let _ = log.append(&[run()]).unwrap();
    home.tamper(0, |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let at = text.find("\"size\":2").unwrap() + 7;
        bytes[at] = b'1';
    });
    assert!(matches!(log.request(id(1)), Err(LogError::Damaged { .. })));
    assert!(matches!(log.claim(id(1), run()), Err(ClaimError::Log(LogError::Damaged { .. }))));
}

#[test]
fn a_claim_knows_when_the_log_was_cut_before_its_run() {
    let (home, mut log) = asking(1);
    let _ = log.append(&[run()]).unwrap();
    let _ = log.claim(id(1), run()).unwrap();
    home.tamper(0, |bytes| {
        let second = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
        bytes.truncate(second + 1);
    });
    assert!(matches!(home.report().first().unwrap().what, What::Truncated(_, 4)));
}
