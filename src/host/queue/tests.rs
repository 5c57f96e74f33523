//! Tests of the queue: what is believed of its files, and what is not.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::sync::LazyLock;

use super::*;
use crate::approval::trial::{CREATED, clause, request, requester, time};
use crate::encoding::json::canonical;
use crate::model::{PublicKey, Request, Timestamp};
use crate::ports::{Approvals as _, Publication};

pub(super) struct World {
    pub folder: tempfile::TempDir,
    pub place: Place,
}

pub(super) fn own() -> World {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Own(folder.path().join("state/requests"));
    World { folder, place }
}

pub(super) fn shared() -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o1777)).unwrap();
    World { folder, place: Place::Shared(path) }
}

/// A request of this process's account.
pub(super) fn asked(seed: u8) -> Request {
    let mut asked = request(requester(&[("account:x@h", "uid")]), vec![clause(&["approvers"], 1)], "rm -rf /srv");
    asked.id = RequestId::new(time(CREATED), &[seed; 10]);
    asked.subject.requester.uid = rustix::process::geteuid().as_raw();
    asked
}

pub(super) fn bytes(request: &Request) -> Vec<u8> {
    canonical(request).unwrap()
}

/// The queue looks at no signature.
fn publication(id: RequestId, bytes: &[u8], stays: bool) -> Publication<'_> {
    static KEY: LazyLock<PublicKey> = LazyLock::new(|| PublicKey::ed25519(&[9; 32]).unwrap());
    Publication { id, bytes, stays, signed: (&KEY, [0; 64]) }
}

impl World {
    pub fn waiting(&self) -> LocalApprovals<'static> {
        LocalApprovals::new(self.place.clone(), None)
    }

    pub fn published(&self, request: &Request, stays: bool) -> LocalApprovals<'static> {
        let mut waiting = self.waiting();
        waiting.publish(&publication(request.id, &bytes(request), stays)).unwrap();
        waiting
    }

    pub fn queue(&self) -> Queue {
        Queue::existing(&self.place).unwrap().unwrap()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn list(&self) -> Listing {
        self.queue().list(now()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.place.path()).unwrap();
        let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn now() -> Timestamp {
    time("2026-11-22T10:05:00.000000Z")
}

#[test]
fn where_nothing_was_asked_there_is_no_queue_and_looking_makes_none() {
    let world = own();
    assert!(Queue::existing(&world.place).unwrap().is_none());
    assert!(!world.place.path().exists());
}

#[test]
fn a_request_is_listed_while_its_process_waits_and_is_read_as_it_was_written() {
    let world = own();
    let (first, second) = (asked(1), asked(2));
    let (mut waiting, _other) = (world.published(&first, false), world.published(&second, false));
    let listed = world.list();
    assert_eq!(listed.notices, [""; 0]);
    let ids: Vec<_> = listed.requests.iter().map(|queued| (queued.received.request().id, queued.state)).collect();
    assert_eq!(ids, [(first.id, State::Waiting), (second.id, State::Waiting)]);
    assert_eq!(world.queue().read(first.id).unwrap().bytes, bytes(&first));
    let mode = fs::metadata(world.file(&format!("{}.request", first.id))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    waiting.close(first.id, "answered");
    assert!(matches!(world.queue().read(first.id), Err(QueueError::NoRequest(_))));
    assert_eq!(world.names(), [format!("{}.request", second.id)]);
}

#[test]
fn a_request_whose_process_died_is_cleaned_away_and_a_parked_one_stays() {
    let world = own();
    let (dead, parked) = (asked(1), asked(2));
    drop(world.published(&dead, false));
    drop(world.published(&parked, true));
    fs::write(world.file(&format!("{}.verdict.00", dead.id)), "x").unwrap();
    assert_eq!(world.queue().read(dead.id).unwrap().state, State::Gone);
    let fault = world.queue().bytes(dead.id).unwrap_err().message;
    assert_eq!(fault, format!("nobody waits for the request {} any more: its process is gone", dead.id));
    assert_eq!(world.queue().bytes(parked.id).unwrap(), bytes(&parked));
    let listed = world.list();
    assert_eq!(listed.notices, [format!("the request {} was taken away: its process is gone", dead.id)]);
    assert_eq!(listed.requests.len(), 1);
    assert_eq!(listed.requests[0].state, State::Parked);
    assert_eq!(world.names(), [format!("{}.parked", parked.id)]);
}

#[test]
fn every_bad_file_is_reported_and_skipped() {
    type Attack = (&'static str, fn(&World, &Path, &Request));
    let attacks: [Attack; 9] = [
        ("it is not a regular file", |world, path, good| {
            let real = world.folder.path().join("real");
            fs::write(&real, bytes(good)).unwrap();
            symlink(real, path).unwrap();
        }),
        ("it is not a regular file", |_, path, _| fs::create_dir(path).unwrap()),
        ("it is not a regular file", |_, path, _| {
            use rustix::fs::{FileType, Mode, mknodat};
            mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        }),
        ("it has 2 links", |world, path, good| {
            fs::write(path, bytes(good)).unwrap();
            fs::hard_link(path, world.folder.path().join("second")).unwrap();
        }),
        ("it belongs to uid 12345, who has no business here", |_, path, good| {
            fs::write(path, bytes(good)).unwrap();
            chown(path, Some(12345), None).expect("the tests run as root");
        }),
        ("it is larger than 8388608 bytes", |_, path, _| {
            fs::File::create(path).unwrap().set_len(8_388_609).unwrap();
        }),
        ("not canonical JSON", |_, path, good| fs::write(path, [bytes(good), b"\n".to_vec()].concat()).unwrap()),
        ("it holds the request", |_, path, _| fs::write(path, bytes(&asked(77))).unwrap()),
        ("it belongs to uid", |_, path, good| {
            let mut other = good.clone();
            other.subject.requester.uid = 4242;
            fs::write(path, bytes(&other)).unwrap();
        }),
    ];
    for (words, attack) in attacks {
        let world = own();
        let (good, bad) = (asked(1), asked(2));
        let _waiting = world.published(&good, false);
        attack(&world, &world.file(&format!("{}.request", bad.id)), &bad);
        let listed = world.list();
        assert_eq!(listed.requests.len(), 1, "{words}");
        assert_eq!(listed.notices.len(), 1, "{words}");
        assert!(listed.notices[0].contains(words), "{words}: {:?}", listed.notices);
        assert!(matches!(world.queue().read(bad.id), Err(QueueError::Unusable { .. })), "{words}");
    }
}

#[test]
fn names_that_are_no_whole_id_are_not_looked_at() {
    let world = own();
    let good = asked(1);
    let _waiting = world.published(&good, false);
    for name in ["x.request", "..request", &format!("{}.request.bak", good.id), &good.id.to_string()] {
        fs::write(world.file(name), "x").unwrap();
    }
    fs::write(world.file(&format!("{}.request", good.id.to_string().to_uppercase())), "x").unwrap();
    let listed = world.list();
    assert_eq!((listed.requests.len(), listed.notices.len()), (1, 0));
}

#[test]
fn a_queue_that_others_could_change_is_not_used() {
    let refused = |world: &World| Queue::existing(&world.place).unwrap_err().to_string();
    let open = own();
    fs::create_dir_all(open.place.path()).unwrap();
    fs::set_permissions(open.place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&open).ends_with("can be written by others"));
    let others = own();
    fs::create_dir_all(others.place.path()).unwrap();
    chown(others.place.path(), Some(12345), None).expect("the tests run as root");
    assert!(refused(&others).ends_with("belongs to somebody else"));
    let loose = shared();
    fs::set_permissions(loose.place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&loose).ends_with("has no sticky bit (hint: chmod +t)"));
    let theirs = shared();
    chown(theirs.place.path(), Some(12345), None).expect("the tests run as root");
    assert!(refused(&theirs).ends_with("does not belong to root"));
    let linked = own();
    symlink("/tmp", linked.folder.path().join("link")).unwrap();
    assert!(Queue::existing(&Place::Own(linked.folder.path().join("link"))).is_err());
    let missing = Place::Shared("/no/such/queue".into());
    let fault = LocalApprovals::new(missing, None).publish(&publication(asked(1).id, b"x", false)).unwrap_err();
    assert_eq!(fault.to_string(), "the queue `/no/such/queue` does not exist");
}

#[test]
fn an_answer_lies_beside_its_request_and_never_replaces_another() {
    let world = own();
    let good = asked(1);
    let _waiting = world.published(&good, false);
    world.queue().answer(good.id, b"one").unwrap();
    world.queue().answer(good.id, b"two").unwrap();
    let (answers, notices) = world.queue().answers(good.id).unwrap();
    let mut texts: Vec<_> = answers.into_iter().map(|answer| answer.bytes).collect();
    texts.sort();
    assert_eq!((texts, notices.len()), (vec![b"one".to_vec(), b"two".to_vec()], 0));
    assert_eq!(world.list().requests[0].answers, 2);
    let large = vec![0; LARGEST_VERDICT + 1];
    assert!(matches!(world.queue().answer(good.id, &large), Err(QueueError::TooLarge { .. })));
    assert!(world.names().iter().all(|name| !name.starts_with('.')));
}

#[test]
fn only_its_owner_withdraws_a_request() {
    let world = shared();
    let (mine, parked, theirs) = (asked(1), asked(2), asked(3));
    let _waiting = world.published(&mine, false);
    let _parked = world.published(&parked, true);
    let mut other = theirs.clone();
    other.subject.requester.uid = 12345;
    let path = world.file(&format!("{}.parked", theirs.id));
    fs::write(&path, bytes(&other)).unwrap();
    chown(&path, Some(12345), None).expect("the tests run as root");
    assert_eq!(world.list().requests.len(), 3);
    assert!(matches!(world.queue().withdraw(theirs.id), Err(QueueError::NotYours(_))));
    assert_eq!(world.queue().withdraw(mine.id).unwrap(), State::Waiting);
    assert_eq!(world.queue().withdraw(mine.id).unwrap(), State::Waiting, "twice does no harm");
    assert_eq!(world.queue().withdraw(parked.id).unwrap(), State::Parked);
    assert!(matches!(world.queue().withdraw(parked.id), Err(QueueError::NoRequest(_))));
    let mode = fs::metadata(world.file(&format!("{}.request", mine.id))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "approvers of other accounts read it");
}
