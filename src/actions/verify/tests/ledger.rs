//! A log in memory, written line by line with the record key; honest until a test is not.

use std::collections::BTreeMap;

use crate::actions::verify::{Examination, Examined, Expected};
use crate::approval::trial::{CREATED, after, clause, key, person, request, requester, roster, time};
use crate::approval::{Received, Roster};
use crate::audit::{Entry, Genesis, Kind, Mode, Pin, Stamp, Tip, Tree, Verifier, closing, sealed};
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::{Map, Value, canonical, json, strict_value};
use crate::encoding::sshsig::sign;
use crate::model::{
    Answer, Clause, Digest, Grade, LogHead, LogId, Proof, Request, RequestId, Statement, Timestamp, Verdict,
    VerdictType,
};

pub const RECORD_KEY: u8 = 200;

pub fn log() -> LogId {
    LogId::new([7; 16])
}

/// alice and bob approve, the agent asks for bob, carol is somebody else.
pub fn enrolled() -> Roster {
    let agent = crate::model::Principal { owner: Some("bob".into()), ..person(&[9], &["approvers"], &["claude"]) };
    roster(&[
        ("alice", person(&[1, 2], &["approvers"], &["alice"])),
        ("bob", person(&[3], &["approvers"], &["bob"])),
        ("carol", person(&[4], &["sre"], &[])),
        ("agent:claude", agent),
    ])
}

/// Lines in order, and where the next one goes.
pub struct Ledger {
    key: SigningKey,
    pub lines: Vec<Vec<u8>>,
    blobs: BTreeMap<Digest, Vec<u8>>,
    tip: Tip,
    tree: Tree,
    /// The first lines of segments that a repair opens.
    repaired: Vec<usize>,
    /// Seconds since `CREATED`.
    pub now: u64,
    pub policy: Digest,
    /// How well the answers are proven, as the records say.
    pub grade: Grade,
}

/// A request, and the digest people sign.
#[derive(Clone)]
pub struct Question {
    pub request: Request,
    pub digest: Digest,
}

impl Ledger {
    /// Genesis (0) and policy (1).
    pub fn begun() -> Self {
        let mut ledger = Self::bare();
        ledger.policy = ledger.enrol(&enrolled());
        ledger
    }

    pub fn bare() -> Self {
        let key = SigningKey::from_seed(&[RECORD_KEY; 32]).unwrap();
        let tip = Tip { log: log(), seq: 0, prev: Digest::ZERO };
        let genesis = Genesis { public_key: key.public(), machine: None, gate: "0.1.0", follows: None }.entry();
        let (tree, policy) = (Tree::default(), Digest::ZERO);
        let mut ledger = Self {
            key,
            lines: Vec::new(),
            blobs: BTreeMap::new(),
            tip,
            tree,
            repaired: Vec::new(),
            now: 0,
            policy,
            grade: Grade::Signed,
        };
        ledger.write(&genesis);
        ledger
    }

    pub fn write(&mut self, entry: &Entry) -> u64 {
        let stamp = Stamp { host: "build01", mode: Mode::Wrapper, time: after(self.now) };
        let mut line = sealed(entry, &self.tip, &stamp, &self.key).unwrap();
        line.bytes.pop();
        self.blobs.extend(line.blobs.into_iter().map(|blob| (blob.digest, blob.bytes)));
        self.tree.push(line.digest);
        self.tip = self.tip.after(line.digest);
        self.lines.push(line.bytes);
        line.seq
    }

    pub fn push(&mut self, kind: Kind, members: Value) -> u64 {
        self.write(&Entry::new(kind, members.as_object().unwrap().clone()).unwrap())
    }

    /// Like `push`, with a member that only the log itself writes.
    pub fn push_using(&mut self, members: Value, request: RequestId) -> u64 {
        self.write(&Entry::new(Kind::Run, members.as_object().unwrap().clone()).unwrap().using(request))
    }

    /// Records a policy with these principals.
    pub fn enrol(&mut self, roster: &Roster) -> Digest {
        let (digest, text) = policy(roster);
        self.push(Kind::Policy, json!({"policy": digest, "text": text}));
        digest
    }

    pub fn head(&self) -> LogHead {
        LogHead { log: log(), size: self.tree.size(), root: self.tree.root() }
    }

    /// What the agent asks, not yet recorded.
    pub fn question(&self, command: &str, clauses: Vec<Clause>) -> Question {
        let mut request = request(requester(&[("agent:claude", "uid")]), clauses, command);
        request.head = self.head();
        request.subject.policy = self.policy;
        request.id = RequestId::new(time(CREATED), &[u8::try_from(self.lines.len()).unwrap(); 10]);
        Question::of(request)
    }

    pub fn ask(&mut self, question: &Question) -> u64 {
        let Question { request, digest } = question;
        let value = strict_value(&canonical(request).unwrap()).unwrap();
        let policy = request.subject.policy;
        self.push(Kind::Request, json!({"digest": digest, "id": request.id, "policy": policy, "request": value}))
    }

    /// A question for one approver, recorded.
    pub fn asked(&mut self, command: &str) -> Question {
        let question = self.question(command, vec![clause(&["approvers"], 1)]);
        self.ask(&question);
        question
    }

    pub fn hear(&mut self, question: &Question, verdict: &[u8]) -> u64 {
        self.hear_as(question, verdict, &Value::Null)
    }

    pub fn hear_as(&mut self, question: &Question, verdict: &[u8], exception: &Value) -> u64 {
        let members = json!({
            "apart": "key", "digest": Digest::of(verdict), "exception": exception, "grade": self.grade,
            "id": question.request.id, "proof": strict_value(verdict).unwrap()["proof"]["kind"],
            "request": question.digest, "verdict": strict_value(verdict).unwrap(),
        });
        self.push(Kind::Verdict, members)
    }

    pub fn approve(&mut self, question: &Question, verdicts: &[&[u8]]) -> u64 {
        let mut members = question.run(verdicts);
        for named in members["verdicts"].as_array_mut().unwrap() {
            named["grade"] = json!(self.grade);
        }
        self.push_using(members, question.request.id)
    }

    /// The usual end of a question: alice approves, it runs, it ends well.
    pub fn approved(&mut self, question: &Question) -> u64 {
        let verdict = alice(question);
        self.hear(question, &verdict);
        self.approve(question, &[&verdict])
    }

    pub fn ended(&mut self, run: u64) -> u64 {
        let digest = crate::audit::leaf(&self.lines[usize::try_from(run).unwrap()]);
        self.push(Kind::Outcome, json!({"code": 0, "milliseconds": 5, "run": {"digest": digest, "seq": run}}))
    }

    /// Allowed without a question.
    pub fn allowed(&mut self, findings: Value, waived: &[&str]) -> u64 {
        let question = self.question("ls", Vec::new());
        let mut subject = strict_value(&canonical(&question.request.subject).unwrap()).unwrap();
        subject["seen"]["findings"] = findings;
        let policy = self.policy;
        let members = json!({"decision": "allowed", "policy": policy, "subject": subject, "waived": waived});
        self.push(Kind::Run, members)
    }

    pub fn rotate(&mut self) {
        let count = u64::try_from(self.lines.len()).unwrap();
        self.write(&closing(count, &self.tree.root()));
        self.write(&crate::audit::Opening::Plain.entry());
    }

    /// Somebody writes rubbish at the end, and a person goes on behind it.
    pub fn damaged_and_repaired(&mut self) -> u64 {
        let offset = self.lines.iter().map(|line| line.len() + 1).sum::<usize>();
        let last_good = self.tip.prev;
        let rubbish = b"rubbish".to_vec();
        let digest = crate::audit::leaf(&rubbish);
        self.lines.push(rubbish);
        self.tree.push(digest);
        self.tip = self.tip.after(digest);
        self.repaired.push(self.lines.len());
        let offset = u64::try_from(offset).unwrap();
        self.write(&crate::audit::Opening::Repair { segment: 0, offset, what: "rubbish".into(), last_good }.entry())
    }

    /// Leaves a line out and signs all that follow anew, as whoever has the record key can.
    pub fn without(&self, seq: usize) -> Self {
        let mut shorter = Self { lines: Vec::new(), tree: Tree::default(), ..Self::bare() };
        shorter.tip = Tip { log: log(), seq: 0, prev: Digest::ZERO };
        for (_, line) in self.lines.iter().enumerate().filter(|(at, _)| *at != seq) {
            let (record, _) = crate::audit::Record::read(line).unwrap();
            shorter.now = record.time.since(time(CREATED)).as_secs();
            let mut members: Map<String, Value> = record.members.clone();
            let used = record.parsed::<RequestId>("used");
            members.remove("used");
            let entry = Entry::new(record.kind, members).unwrap();
            shorter.write(&used.map_or(entry.clone(), |id| entry.using(id)));
        }
        shorter.blobs.clone_from(&self.blobs);
        shorter
    }

    pub fn examined(&self) -> Examined {
        self.examined_as(Some(Pin { key: self.key.public().clone(), log: log() }), None)
    }

    pub fn examined_as(&self, pin: Option<Pin>, expected: Option<Expected>) -> Examined {
        let mut verifier = Verifier::new(pin, Vec::new());
        let mut examination = Examination::new(expected);
        verifier.segment(0);
        let mut closed = false;
        for (seq, line) in self.lines.iter().enumerate() {
            if closed || self.repaired.contains(&seq) {
                verifier.segment(u64::try_from(seq).unwrap());
            }
            let record = verifier.line(line, &mut |digest| self.blobs.get(digest).cloned());
            closed = record.as_ref().is_some_and(crate::audit::Record::closes_segment);
            if let Some(record) = record {
                examination.record(&record);
            }
        }
        examination.finish(verifier.finish())
    }

    /// The faults as people read them.
    pub fn faults(&self) -> Vec<String> {
        self.examined().faults.iter().map(ToString::to_string).collect()
    }

    /// The one fault, less its place, and the record.
    #[track_caller]
    pub fn only_fault(&self) -> (u64, String) {
        let examined = self.examined();
        let [fault] = examined.faults.as_slice() else { panic!("{:#?}", self.faults()) };
        (fault.seq, fault.what.to_string())
    }
}

impl Question {
    pub fn of(request: Request) -> Self {
        let digest = Received::read(&canonical(&request).unwrap()).unwrap().digest();
        Self { request, digest }
    }

    pub fn run(&self, verdicts: &[&[u8]]) -> Value {
        let named: Vec<Value> = verdicts.iter().map(|verdict| named(verdict)).collect();
        json!({
            "decision": "approved", "id": self.request.id, "policy": self.request.subject.policy,
            "request": self.digest, "verdicts": named, "waived": [],
        })
    }
}

fn named(verdict: &[u8]) -> Value {
    let value = strict_value(verdict).unwrap();
    json!({
        "approver": value["statement"]["approver"], "apart": "key", "grade": "signed",
        "key": value["statement"]["key"], "proof": value["proof"]["kind"], "verdict": Digest::of(verdict),
    })
}

pub fn policy(roster: &Roster) -> (Digest, Value) {
    let roster = strict_value(&canonical(roster).unwrap()).unwrap();
    let settings = json!({"host": "build01", "roster": roster});
    let rules = Digest::of(b"rules");
    let whole = (rules, Digest::of(&canonical(&settings).unwrap()), "0.1.0");
    let text = json!({"gate": "0.1.0", "policy": {"digest": rules, "files": []}, "settings": settings});
    (Digest::of(&canonical(&whole).unwrap()), text)
}

pub fn alice(question: &Question) -> Vec<u8> {
    verdict(question, "alice", 1, Answer::Approve, after(30))
}

pub fn verdict(question: &Question, approver: &str, seed: u8, decision: Answer, at: Timestamp) -> Vec<u8> {
    let statement = Statement {
        kind: VerdictType::V1,
        request: question.digest,
        decision,
        approver: approver.into(),
        key: key(seed).public().fingerprint(),
        at,
        expires: after(600),
        reason: "as agreed".into(),
    };
    let signature = sign(&key(seed), "gate-verdict", &canonical(&statement).unwrap());
    canonical(&Verdict { statement, proof: Proof::Sshsig { signature } }).unwrap()
}
