//! What hosts and approvers say, signed with real keys: every request is one that gate itself made once, with an id, times,
//! a nonce and a log of its own; every answer is signed over its digest.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gate::approval::NAMESPACE;
use gate::encoding::json::{canonical, strict};
use gate::encoding::openssh::PrivateKey;
use gate::encoding::{dsse, ed25519, sshsig, unpadded};
use gate::model::{
    Answer, Digest, LogHead, LogId, Proof, Request, RequestId, Statement, Timestamp, Verdict, VerdictType,
};
use gate::remote::wire::{NewAnswer, Publication, REQUEST_TYPE};

/// The time, as papers have it.
pub fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    Timestamp::from_micros(micros.try_into().unwrap()).unwrap()
}

/// 32 bytes that only this word and number lead to; nothing here is secret.
fn bytes(what: &str, number: u64) -> [u8; 32] {
    *Digest::of(format!("{what} {number} {}", std::process::id()).as_bytes()).bytes()
}

/// A machine with a log, whose key signs its requests.
pub struct Host {
    number: u64,
    key: ed25519::SigningKey,
    log: LogId,
    asked: u64,
}

/// A request on its way.
pub struct Asked {
    pub id: RequestId,
    pub digest: Digest,
    pub body: Vec<u8>,
    expires: Timestamp,
}

impl Host {
    pub fn new(number: u64) -> Self {
        let key = ed25519::SigningKey::from_seed(&bytes("key", number)).unwrap();
        let log = LogId::new(*bytes("log", number).first_chunk().unwrap());
        Self { number, key, log, asked: 0 }
    }

    /// The next request: like the model, and another one.
    pub fn ask(&mut self, model: &Request) -> Asked {
        self.asked += 1;
        let random = bytes("request", (self.number << 20) + self.asked);
        let created = now();
        let request = Request {
            id: RequestId::new(created, random.first_chunk().unwrap()),
            created,
            expires: created.plus(Duration::from_secs(3600)),
            head: LogHead { log: self.log, size: self.asked, root: Digest::of(&random) },
            ..model.clone()
        };
        let text = canonical(&request).unwrap();
        let publication = Publication {
            request: unpadded::encoded(&text),
            key: self.key.public().clone(),
            signature: unpadded::encoded(&self.key.sign(&dsse::pae(REQUEST_TYPE, &text))),
            stays: false,
        };
        let body = canonical(&publication).unwrap();
        Asked { id: request.id, digest: Digest::of(&text), body, expires: request.expires }
    }
}

/// Somebody who answers.
pub struct Approver {
    name: String,
    key: PrivateKey,
}

impl Approver {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), key: PrivateKey::from_seed(&bytes("approver", 0), name).unwrap() }
    }

    /// The body of an approval.
    pub fn answer(&self, asked: &Asked) -> Vec<u8> {
        let statement = Statement {
            kind: VerdictType::V1,
            request: asked.digest,
            decision: Answer::Approve,
            approver: self.name.clone(),
            key: self.key.public().fingerprint(),
            at: now(),
            expires: asked.expires,
            reason: "load".to_owned(),
        };
        let signature = sshsig::sign(&self.key, NAMESPACE, &canonical(&statement).unwrap());
        let verdict = canonical(&Verdict { statement, proof: Proof::Sshsig { signature } }).unwrap();
        canonical(&NewAnswer { verdict: unpadded::encoded(&verdict) }).unwrap()
    }

    /// A request as gate makes it, for this approver to answer.
    pub fn model(&self, folder: &Path) -> Request {
        let (home, work) = (folder.join("home"), folder.join("work"));
        fs::create_dir_all(work.join("victim")).unwrap();
        fs::create_dir_all(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(work.join("victim/file"), "").unwrap();
        let public = folder.join("approver.pub");
        fs::write(&public, format!("{}\n", self.key.public())).unwrap();
        let gate = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
            command.args(words).current_dir(&work).env_clear().env("PATH", "/usr/bin:/bin");
            command.env("HOME", &home).env("GATE_HOME", home.join("gate"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
        };
        assert!(gate(&["init", "--principal", &self.name, "--key", public.to_str().unwrap()]).success());
        assert_eq!(gate(&["--no-wait", "--", "rm", "-rf", "victim"]).code(), Some(75));
        let mut entries = fs::read_dir(home.join("gate/requests")).unwrap();
        strict(&fs::read(entries.next().unwrap().unwrap().path()).unwrap()).unwrap()
    }
}
