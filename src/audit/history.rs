//! A log in memory for the tests of this floor: honest until a test changes it.

use std::collections::BTreeMap;

use super::seal::tests::{KEY, stamp};
use super::*;
use crate::encoding::ed25519::SigningKey;
use crate::encoding::json::{Map, Value, canonical, json};
use crate::model::{Digest, LogHead, LogId};

/// A log in memory: segments of lines without newlines, and blobs.
#[derive(Clone)]
pub struct History {
    pub log: LogId,
    pub segments: Vec<(u64, Vec<Vec<u8>>)>,
    pub blobs: BTreeMap<Digest, Vec<u8>>,
    pub tree: Tree,
    pub tip: Tip,
    pub micros: i64,
}

pub fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

impl History {
    pub fn begun(seed: u8, key: &SigningKey) -> Self {
        let log = LogId::new([seed; 16]);
        let tip = Tip { log, seq: 0, prev: Digest::ZERO };
        let mut history = Self {
            log,
            segments: vec![(0, Vec::new())],
            blobs: BTreeMap::new(),
            tree: Tree::default(),
            tip,
            micros: 1_700_000_000_000_000,
        };
        let genesis = Genesis { public_key: key.public(), machine: None, gate: "0.1.0", follows: None };
        history.push(&genesis.entry(), key);
        history
    }

    pub fn push(&mut self, entry: &Entry, key: &SigningKey) {
        self.micros += 1_000_000;
        let mut line = sealed(entry, &self.tip, &stamp(self.micros), key).unwrap();
        line.bytes.pop();
        self.blobs.extend(line.blobs.into_iter().map(|blob| (blob.digest, blob.bytes)));
        self.tree.push(line.digest);
        self.tip = self.tip.after(line.digest);
        self.segments.last_mut().unwrap().1.push(line.bytes);
    }

    pub fn run(&mut self) {
        self.push(&Entry::new(Kind::Run, members(json!({"policy": Digest::of(b"policy")}))).unwrap(), &KEY);
    }

    pub fn head(&self) -> LogHead {
        LogHead { log: self.log, size: self.tree.size(), root: self.tree.root() }
    }

    pub fn request(&mut self, head: &LogHead) {
        let request = json!({"head": {"log": head.log, "root": head.root, "size": head.size}});
        let digest = Digest::of(&canonical(&request).unwrap());
        self.push(&Entry::new(Kind::Request, members(json!({"digest": digest, "request": request}))).unwrap(), &KEY);
    }

    pub fn rotate(&mut self) {
        let count = self.segments.last().unwrap().1.len() as u64;
        self.push(&closing(count, &self.tree.root()), &KEY);
        self.segments.push((self.tip.seq, Vec::new()));
        self.push(&Opening::Plain.entry(), &KEY);
    }

    /// Genesis 0, policy (with a blob) 1, runs 2–4, request 5, run 6, close 7 | open 8, runs 9–11, request 12, run 13.
    pub fn usual() -> Self {
        Self::usual_of(1)
    }

    pub fn usual_of(seed: u8) -> Self {
        let mut history = Self::begun(seed, &KEY);
        let text = "x".repeat(70_000);
        let policy = json!({"policy": Digest::of(b"policy"), "text": text});
        history.push(&Entry::new(Kind::Policy, members(policy)).unwrap(), &KEY);
        (2..5).for_each(|_| history.run());
        history.request(&history.head());
        history.run();
        history.rotate();
        (9..12).for_each(|_| history.run());
        history.request(&history.head());
        history.run();
        assert_eq!(history.tip.seq, 14);
        history
    }

    pub fn pin(&self) -> Pin {
        Pin { key: KEY.public().clone(), log: self.log }
    }

    pub fn report_with(&self, pin: Option<Pin>, known: Vec<Known>) -> Report {
        let mut verifier = Verifier::new(pin, known);
        for (first, lines) in &self.segments {
            verifier.segment(*first);
            for line in lines {
                verifier.line(line, &mut |digest| self.blobs.get(digest).cloned());
            }
        }
        verifier.finish()
    }

    pub fn report(&self) -> Report {
        self.report_with(Some(History::usual().pin()), Vec::new())
    }

    /// The line of a record by its number in the usual history.
    pub fn line(&mut self, seq: usize) -> &mut Vec<u8> {
        self.segments.iter_mut().flat_map(|(_, lines)| lines).nth(seq).unwrap()
    }
}
