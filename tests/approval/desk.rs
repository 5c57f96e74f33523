//! A host with people enrolled, a gate that waits, and everything an approver or an attacker needs.

use std::collections::BTreeSet;
use std::path::Path;

use gate::actions::answer::{AnswerError, answer};
use gate::approval::Screen;
use gate::encoding::json::canonical;
use gate::encoding::openssh::PrivateKey;
use gate::encoding::sshsig;
use gate::host::clock::HostClock;
use gate::host::config::{Config, Paths};
use gate::host::keys::{FileSigner, Keys};
use gate::host::queue::{Place, Queue, Queued};
use gate::model::{Answer, Proof, RequestId, Statement, Verdict, VerdictType};
use gate::ports::{Approver, Clock as _, Failure};

use crate::support::{Running, Sandbox};

/// What protects the keys here.
const PASSPHRASE: &str = "correct horse";

/// A sandbox where alice, bob and carol are enrolled; alice and bob may approve.
pub struct Desk {
    pub sandbox: Sandbox,
}

/// Somebody who reads and says yes.
struct Reader;

impl Approver for Reader {
    fn confirm(&mut self, screen: &Screen, _: Answer) -> Result<Option<String>, Failure> {
        assert!(screen.command.starts_with("sh -c "), "{screen:?}");
        Ok(Some("looked at it".to_owned()))
    }
}

impl Desk {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let key = |name: &str| sandbox.ssh_key(name, PASSPHRASE).line;
        let (alice, bob, carol, _) = (key("alice"), key("bob"), key("carol"), key("mallory"));
        let config = format!(
            "host: build01\nprincipals:\n  alice: {{keys: [{alice}], groups: [approvers]}}\n  \
             bob: {{keys: [{bob}], groups: [approvers], accounts: [root@elsewhere]}}\n  carol: {{keys: [{carol}]}}\n"
        );
        sandbox.write("gate/config.yaml", config);
        Self { sandbox }
    }

    /// A gate that waits for an answer; once it has one, its command prints `it ran`.
    pub fn start(&self) -> Running {
        let waiting = self.sandbox.gate(["--", "sh", "-c", "\"$CMD\" it ran"]).env("CMD", "echo").start();
        waiting.wait_for_stderr("waiting until");
        waiting
    }

    pub fn queue(&self) -> Queue {
        Queue::existing(&Place::Own(self.sandbox.gate_home().join("requests"))).unwrap().unwrap()
    }

    /// The one request in the queue.
    pub fn request(&self) -> Queued {
        let mut listing = self.queue().list(HostClock.now().wall).unwrap();
        assert_eq!((listing.requests.len(), listing.notices.len()), (1, 0), "{listing:?}");
        listing.requests.remove(0)
    }

    /// Answers the one request as an honest approver's gate does.
    pub fn answers(&self, name: &str, decision: Answer) -> Result<(), String> {
        self.answers_to(self.request().received.request().id, name, decision)
    }

    pub fn answers_to(&self, id: RequestId, name: &str, decision: Answer) -> Result<(), String> {
        let config = Config::read(&Paths::within(&self.sandbox.gate_home())).unwrap();
        let file = Keys::at(&self.sandbox.root().join("keys").join(name)).unwrap();
        let mut ask = |_: &Path, _: usize| Some(PASSPHRASE.to_owned().into());
        let mut desk = gate::actions::answer::Desk {
            clock: &HostClock,
            requests: &self.queue(),
            approver: &mut Reader,
            signer: &mut FileSigner { file, ask: &mut ask },
            roster: &config.roster,
            revoked: &BTreeSet::new(),
            record_key: None,
        };
        answer(&mut desk, id, decision).map(drop).map_err(|fault: AnswerError| fault.to_string())
    }

    /// A key of the sandbox, opened.
    pub fn key(&self, name: &str) -> PrivateKey {
        let text = self.sandbox.read(format!("keys/{name}"));
        PrivateKey::read(&text, Some(PASSPHRASE.as_bytes())).unwrap()
    }

    /// An honest statement about the one request.
    pub fn statement(&self, name: &str, decision: Answer) -> Statement {
        let queued = self.request();
        Statement {
            kind: VerdictType::V1,
            request: queued.received.digest(),
            decision,
            approver: name.to_owned(),
            key: self.key(name).public().fingerprint(),
            at: HostClock.now().wall,
            expires: queued.received.request().expires,
            reason: "because".to_owned(),
        }
    }

    /// A statement's bytes and their signature, as text.
    pub fn verdict(&self, name: &str, decision: Answer) -> (String, String) {
        let bytes = canonical(&self.statement(name, decision)).unwrap();
        let signature = sshsig::sign(&self.key(name), "gate-verdict", &bytes);
        (String::from_utf8(bytes).unwrap(), signature)
    }

    /// A verdict's bytes, signed by anybody for anything.
    pub fn signed(&self, statement: Statement, by: &str, namespace: &str) -> Vec<u8> {
        let signature = sshsig::sign(&self.key(by), namespace, &canonical(&statement).unwrap());
        canonical(&Verdict { statement, proof: Proof::Sshsig { signature } }).unwrap()
    }
}
