//! Locks that are held, unlinked or exchanged, and directories that are not ours alone.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::super::*;
use super::support::{Home, Meanwhile, run};

#[test]
fn a_holder_that_stopped_is_waited_for_no_longer_than_the_limit() {
    let (mut home, _) = Home::with(1);
    home.limits.patience = Duration::from_millis(200);
    let mut log = home.log();
    let held = Lock::exclusive(&log.dir, Duration::ZERO).unwrap();
    let start = Instant::now();
    assert!(matches!(log.append(&[run()]), Err(LogError::Busy(_))));
    assert!(start.elapsed() >= Duration::from_millis(200));
    drop(held);
    let _ = log.append(&[run()]).unwrap();
    home.assert_whole(3);
}

#[test]
fn readers_wait_for_a_writer_in_the_middle_of_its_turn() {
    let (home, log) = Home::with(1);
    let held = Lock::exclusive(&log.dir, Duration::ZERO).unwrap();
    let reading = |patience| verify(&home.audit(), None, Vec::new(), patience, &mut |_| ());
    assert!(matches!(reading(Duration::from_millis(50)), Err(LogError::Busy(_))));
    drop(held);
    assert!(reading(Duration::ZERO).unwrap().is_consistent());
}

#[test]
fn a_directory_anybody_can_write_holds_no_pin() {
    let (home, _) = Home::with(1);
    let config = home.paths().pin.parent().unwrap().to_owned();
    for (mode, fine) in [(0o775, true), (0o777, false)] {
        std::fs::set_permissions(&config, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(home.try_log().is_ok(), fine);
    }
}

#[test]
fn an_unlinked_lock_is_noticed_by_whoever_waited_for_it() {
    let (home, mut log) = Home::with(1);
    let path = home.audit().join("lock");
    let held = Lock::exclusive(&log.dir, Duration::ZERO).unwrap();
    let mut other = home.log();
    let writer = std::thread::spawn(move || other.append(&[run()]));
    // Give the writer the time to open the old file; whichever it opens, it must end up with the path's.
    std::thread::sleep(Duration::from_millis(50));
    std::fs::remove_file(&path).unwrap();
    drop(held);
    let _ = writer.join().unwrap().unwrap();
    let _ = log.append(&[run()]).unwrap();
    home.assert_whole(4);
}

#[test]
fn a_lock_exchanged_during_the_turn_gives_no_receipt() {
    let (home, _) = Home::with(1);
    let lock = home.audit().join("lock");
    let meanwhile = Meanwhile::new(Step::TailRead, move || std::fs::remove_file(lock).unwrap());
    let mut log = home.log_on(Box::new(meanwhile)).unwrap();
    assert!(matches!(log.append(&[run()]), Err(LogError::LockReplaced(_))));
    let _ = home.log().append(&[run()]).unwrap();
    home.assert_whole(4);
}

#[test]
fn a_symbolic_link_in_place_of_lock_segment_or_directory_is_refused() {
    for name in ["lock", "000000000000.jsonl"] {
        let (home, mut log) = Home::with(1);
        let path = home.audit().join(name);
        let aside = home.root.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert!(matches!(log.append(&[run()]), Err(LogError::Io { .. })), "{name}");
    }
    let (home, _) = Home::with(1);
    let aside = home.root.path().join("aside");
    std::fs::rename(home.audit(), &aside).unwrap();
    std::os::unix::fs::symlink(&aside, home.audit()).unwrap();
    assert!(home.try_log().is_err());
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    let (home, _) = Home::with(1);
    std::fs::set_permissions(home.audit(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(home.try_log(), Err(LogError::Unfit { .. })));
}

#[test]
fn descriptors_are_closed_on_exec() {
    let (_home, log) = Home::with(1);
    let turn = Turn::taken(&log).unwrap();
    for fd in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let ours = std::fs::read_link(fd.path()).is_ok_and(|target| target.to_string_lossy().contains("/audit"));
        if ours {
            let number = fd.file_name().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { continue };
            let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
            assert_ne!(u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000, 0, "{fd:?}");
        }
    }
    drop(turn);
}
