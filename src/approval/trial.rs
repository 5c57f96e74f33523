//! What the tests of this floor share: people, a request, and an approval that an attack can spoil.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::encoding::json::canonical;
use crate::encoding::openssh::PrivateKey;
use crate::encoding::sshsig::sign;
use crate::model::{
    Answer, Apart, BoundFile, Claim, Clause, Digest, Directory, EnrolledKey, Environment, Grade, Invocation, LogHead,
    LogId, Principal, Proof, Request, RequestId, RequestType, Requester, Seen, SelfApproval, Statement, StdinBinding,
    StdinKind, Subject, SubjectType, Text, Timestamp, Verdict, VerdictType,
};

pub(crate) const CREATED: &str = "2026-11-22T10:00:00.000000Z";

pub(crate) fn log() -> LogId {
    LogId::new([7; 16])
}

pub(crate) fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(&[seed; 32], "test").unwrap()
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn after(seconds: u64) -> Timestamp {
    time(CREATED).plus(Duration::from_secs(seconds))
}

pub(crate) fn clause(from: &[&str], count: u32) -> Clause {
    let from = from.iter().map(|group| (*group).to_owned()).collect();
    Clause { from, count, each: false, grade: Grade::Signed, apart: Apart::Key }
}

pub(crate) fn person(keys: &[u8], groups: &[&str], accounts: &[&str]) -> Principal {
    let enrolled = |seed: &u8| EnrolledKey::from(key(*seed).public().clone());
    Principal {
        keys: keys.iter().map(enrolled).collect(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        accounts: accounts.iter().map(|account| account.parse().unwrap()).collect(),
        owner: None,
    }
}

pub(crate) fn roster(principals: &[(&str, Principal)]) -> Roster {
    Roster::new(people(principals), SelfApproval::Never).unwrap()
}

pub(crate) fn people(principals: &[(&str, Principal)]) -> BTreeMap<String, Principal> {
    principals.iter().map(|(name, principal)| ((*name).to_owned(), principal.clone())).collect()
}

pub(crate) fn requester(claims: &[(&str, &str)]) -> Requester {
    let claim =
        |(principal, source): &(&str, &str)| Claim { principal: (*principal).to_owned(), source: (*source).to_owned() };
    Requester { principals: claims.iter().map(claim).collect(), uid: 1000, reason: None }
}

pub(crate) fn request(requester: Requester, requirement: Vec<Clause>, command: &str) -> Request {
    let file = BoundFile {
        argument: None,
        path: Text::Plain("/bin/rm".into()),
        digest: Some(Digest::of(b"rm")),
        held: true,
        why: None,
    };
    let invocation = Invocation {
        arguments: command.split(' ').map(|word| Text::Plain(word.to_owned())).collect(),
        directory: Directory { path: Text::Plain("/srv".into()), device: "1".into(), inode: "2".into() },
        executable: file,
        files: Vec::new(),
        environment: Environment { shown: Vec::new(), rest: None },
        stdin: StdinBinding { kind: StdinKind::Null, commit: None, length: None },
    };
    let seen = Seen {
        commands: Vec::new(),
        findings: Vec::new(),
        labels: BTreeSet::new(),
        environments: BTreeSet::new(),
        unresolved: Vec::new(),
        answers: Vec::new(),
    };
    let subject =
        Subject { kind: SubjectType::V1, requester, invocation, seen, requirement, policy: Digest::of(b"policy") };
    Request {
        kind: RequestType::V1,
        subject,
        id: RequestId::new(time(CREATED), &[1; 10]),
        created: time(CREATED),
        expires: after(900),
        nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into(),
        head: LogHead { log: log(), size: 5, root: Digest::of(b"root") },
    }
}

pub(crate) fn received(request: &Request) -> Received {
    Received::read(&canonical(request).unwrap()).unwrap()
}

/// Changes a verdict's text.
pub(super) type Edit = fn(String) -> String;

/// An attempt at an approval; the attacks change one thing each.
pub(super) struct Attempt {
    pub(super) request: Request,
    pub(super) statement: Statement,
    pub(super) signer: u8,
    pub(super) namespace: &'static str,
    pub(super) roster: Roster,
    pub(super) revoked: BTreeSet<crate::model::Fingerprint>,
    pub(super) record_key: u8,
    pub(super) log: LogId,
    pub(super) elapsed: u64,
    pub(super) apart: Apart,
    pub(super) passphrase: bool,
    pub(super) earlier: Vec<Accepted>,
    pub(super) edit: Edit,
}

/// The agent's account asks, alice (key 1) approves.
pub(super) fn attempt() -> Attempt {
    let request = request(requester(&[("agent:claude", "uid")]), vec![clause(&["approvers"], 1)], "rm -rf /srv/data");
    let statement = Statement {
        kind: VerdictType::V1,
        request: received(&request).digest(),
        decision: Answer::Approve,
        approver: "alice".into(),
        key: key(1).public().fingerprint(),
        at: after(30),
        expires: after(600),
        reason: "old data".into(),
    };
    let agent = Principal { owner: Some("bob".into()), ..person(&[9], &["approvers"], &["claude"]) };
    let roster = roster(&[
        ("alice", person(&[1, 2], &["approvers"], &["alice"])),
        ("bob", person(&[3], &["approvers", "sre"], &["bob@build01"])),
        ("carol", person(&[4], &["sre"], &[])),
        ("agent:claude", agent),
    ]);
    Attempt {
        request,
        statement,
        signer: 1,
        namespace: "gate-verdict",
        roster,
        revoked: BTreeSet::new(),
        record_key: 200,
        log: log(),
        elapsed: 60,
        apart: Apart::Key,
        passphrase: false,
        earlier: Vec::new(),
        edit: |verdict| verdict,
    }
}

impl Attempt {
    pub(crate) fn by(mut self, approver: &str, seed: u8) -> Self {
        self.statement.approver = approver.into();
        self.statement.key = key(seed).public().fingerprint();
        self.signer = seed;
        self
    }

    /// Lets somebody else ask, and alice answer that very request.
    pub(crate) fn asked_by(mut self, claims: &[(&str, &str)]) -> Self {
        self.request.subject.requester = requester(claims);
        self.statement.request = received(&self.request).digest();
        self
    }

    pub(crate) fn needing(mut self, clauses: Vec<Clause>) -> Self {
        self.request.subject.requirement = clauses;
        self.statement.request = received(&self.request).digest();
        self
    }

    pub(crate) fn verdict(&self) -> Vec<u8> {
        let signature = sign(&key(self.signer), self.namespace, &canonical(&self.statement).unwrap());
        let verdict = Verdict { statement: self.statement.clone(), proof: Proof::Sshsig { signature } };
        (self.edit)(String::from_utf8(canonical(&verdict).unwrap()).unwrap()).into_bytes()
    }

    pub(crate) fn judged(&self) -> Result<Accepted, Refusal> {
        self.with(|received, circumstances| judge(received, &self.verdict(), circumstances, &self.earlier))
    }

    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Received, &Circumstances<'_>) -> T) -> T {
        let record_key = key(self.record_key).public().fingerprint();
        let circumstances = Circumstances {
            roster: &self.roster,
            revoked: &self.revoked,
            record_key: &record_key,
            log: self.log,
            elapsed: Duration::from_secs(self.elapsed),
            apart: self.apart,
            passphrase: self.passphrase,
        };
        ask(&received(&self.request), &circumstances)
    }
}
