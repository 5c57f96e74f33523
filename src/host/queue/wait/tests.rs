//! Tests of waiting: what wakes it, how fast, and what does not mislead it.

use std::fs;
use std::os::unix::fs::chown;
use std::time::{Duration, Instant};

use super::super::tests::{World, asked, bytes, own, shared};
use super::*;

fn soon(length: Duration) -> Moment {
    let now = HostClock.now();
    let boottime = now.boottime + u64::try_from(length.as_millis()).unwrap();
    Moment { wall: now.wall.plus(length), boottime, boot: now.boot }
}

fn late() -> Moment {
    soon(Duration::from_secs(60))
}

/// Does something from another thread once the wait has begun; says what it led to, and how long after it.
fn while_waiting(world: &World, act: impl FnOnce() + Send) -> (Event, Duration) {
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    let thread = rustix::thread::gettid().as_raw_nonzero();
    std::thread::scope(|scope| {
        let acting = scope.spawn(|| {
            // Until the thread that waits is asleep.
            let deadline = Instant::now() + Duration::from_secs(20);
            let stat = format!("/proc/self/task/{thread}/stat");
            while !fs::read_to_string(&stat).unwrap().contains(") S ") {
                assert!(Instant::now() < deadline, "it never waits");
                std::thread::yield_now();
            }
            let start = Instant::now();
            act();
            start
        });
        let event = waiting.next(request.id, &late()).unwrap();
        let end = Instant::now();
        (event, end.duration_since(acting.join().unwrap()))
    })
}

#[test]
fn an_answer_wakes_it_within_50_milliseconds() {
    let world = own();
    let mut fastest = Duration::MAX;
    // The machine may be busy; the wait itself must not be what takes time.
    for _ in 0..5 {
        let (event, took) = while_waiting(&world, || world.queue().answer(asked(1).id, b"yes").unwrap());
        assert_eq!(event, Event::Answer { bytes: b"yes".to_vec(), apart: Apart::Key });
        fastest = fastest.min(took);
        world.waiting().close(asked(1).id, "");
    }
    assert!(fastest < Duration::from_millis(50), "{fastest:?}");
}

#[test]
fn a_withdrawal_wakes_it() {
    let world = own();
    let (event, _) = while_waiting(&world, || {
        world.queue().withdraw(asked(1).id).unwrap();
    });
    assert_eq!(event, Event::Withdrawn);
}

#[test]
fn an_answer_that_came_before_the_first_look_is_not_lost() {
    let world = own();
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    world.queue().answer(request.id, b"early").unwrap();
    let past = Moment { wall: request.created, boottime: 0, ..HostClock.now() };
    let event = waiting.next(request.id, &past).unwrap();
    assert_eq!(
        event,
        Event::Answer { bytes: b"early".to_vec(), apart: Apart::Key },
        "before the deadline is looked at"
    );
    assert_eq!(waiting.next(request.id, &past).unwrap(), Event::Deadline, "and each answer once");
}

#[test]
fn the_deadline_holds_by_either_clock() {
    let request = asked(1);
    let world = own();
    let mut waiting = world.published(&request, false);
    let length = Duration::from_millis(80);
    let moments: [fn(Moment) -> Moment; 4] = [
        |soon| soon,
        |soon| Moment { wall: late().wall, ..soon },
        |soon| Moment { boottime: late().boottime, ..soon },
        |soon| Moment { boot: "another".into(), boottime: 0, ..soon },
    ];
    for changed in moments {
        let (start, until) = (Instant::now(), changed(soon(length)));
        assert_eq!(waiting.next(request.id, &until).unwrap(), Event::Deadline);
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(70) && took < Duration::from_secs(20), "{until:?}: {took:?}");
    }
}

#[test]
fn a_parked_request_is_waited_for_by_another_process() {
    let world = own();
    let request = asked(1);
    drop(world.published(&request, true));
    world.queue().answer(request.id, b"yes").unwrap();
    let mut resumed = world.waiting();
    assert!(matches!(resumed.next(request.id, &late()).unwrap(), Event::Answer { .. }));
    resumed.close(request.id, "answered");
    assert_eq!(fs::read_dir(world.place.path()).unwrap().count(), 0);
}

#[test]
fn a_parked_request_that_was_withdrawn_is_not_resumed() {
    let world = own();
    let request = asked(1);
    drop(world.published(&request, true));
    world.queue().withdraw(request.id).unwrap();
    assert_eq!(world.waiting().next(request.id, &late()).unwrap(), Event::Withdrawn);
}

#[test]
fn in_a_shared_queue_the_owner_of_an_answer_says_how_far_it_came() {
    let world = shared();
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    world.queue().answer(request.id, b"near").unwrap();
    assert_eq!(
        waiting.next(request.id, &late()).unwrap(),
        Event::Answer { bytes: b"near".to_vec(), apart: Apart::Key }
    );
    let path = world.file(&format!("{}.verdict.0123456789abcdef", request.id));
    fs::write(&path, "far").unwrap();
    chown(&path, Some(12345), None).expect("the tests run as root");
    let far = Event::Answer { bytes: b"far".to_vec(), apart: Apart::Account };
    assert_eq!(waiting.next(request.id, &late()).unwrap(), far);
    let mark = world.file(&format!("{}.withdrawn", request.id));
    fs::write(&mark, "").unwrap();
    chown(&mark, Some(12345), None).expect("the tests run as root");
    let Event::Notice(notice) = waiting.next(request.id, &late()).unwrap() else { panic!() };
    assert!(notice.ends_with("it belongs to uid 12345, who has no business here"), "{notice}");
}

#[test]
fn a_bad_answer_is_a_notice_and_the_wait_goes_on() {
    let world = own();
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    std::os::unix::fs::symlink("/etc/passwd", world.file(&format!("{}.verdict.a", request.id))).unwrap();
    fs::write(world.file(&format!("{}.verdict.b", request.id)), vec![b'x'; LARGEST_VERDICT + 1]).unwrap();
    fs::write(world.file(&format!("{}.verdict.c\x1b[2J", request.id)), "x").unwrap();
    world.queue().answer(asked(2).id, b"of another request").unwrap();
    for words in ["it is not a regular file", "it is larger than 65536 bytes"] {
        let Event::Notice(notice) = waiting.next(request.id, &late()).unwrap() else { panic!() };
        assert!(notice.ends_with(words), "{notice}");
    }
    assert!(matches!(waiting.next(request.id, &late()).unwrap(), Event::Answer { .. }));
    assert_eq!(waiting.next(request.id, &soon(Duration::ZERO)).unwrap(), Event::Deadline);
}

#[test]
fn a_request_that_somebody_takes_away_is_put_back_a_few_times() {
    let world = own();
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    let file = world.file(&format!("{}.request", request.id));
    for _ in 1..MOST_TIMES {
        fs::remove_file(&file).unwrap();
        assert!(matches!(waiting.next(request.id, &late()).unwrap(), Event::Notice(_)));
        assert_eq!(fs::read(&file).unwrap(), bytes(&request));
        assert_eq!(world.queue().read(request.id).unwrap().state, super::super::State::Waiting);
    }
    fs::remove_file(&file).unwrap();
    let Event::Notice(notice) = waiting.next(request.id, &late()).unwrap() else { panic!() };
    assert!(notice.ends_with("it stays away"), "{notice}");
    assert_eq!(waiting.next(request.id, &soon(Duration::ZERO)).unwrap(), Event::Deadline);
}

#[test]
fn a_queue_that_is_removed_ends_the_wait() {
    let world = own();
    let (request, mut waiting) = (asked(1), world.published(&asked(1), false));
    fs::remove_dir_all(world.place.path()).unwrap();
    assert!(waiting.next(request.id, &late()).unwrap_err().message.ends_with("does not exist"));
}

#[test]
fn a_flood_of_answers_is_cut_off() {
    let world = own();
    let request = asked(1);
    let mut waiting = world.published(&request, false);
    for at in 0..=MOST_ANSWERS {
        fs::write(world.file(&format!("{}.verdict.{at:08}", request.id)), "x").unwrap();
    }
    for _ in 0..MOST_ANSWERS {
        assert!(matches!(waiting.next(request.id, &late()).unwrap(), Event::Answer { .. }));
    }
    assert!(matches!(waiting.next(request.id, &late()).unwrap(), Event::Notice(_)));
    assert_eq!(waiting.next(request.id, &soon(Duration::ZERO)).unwrap(), Event::Deadline);
}
