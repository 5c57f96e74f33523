//! Tokens and passkeys as another implementation makes them (`authenticator.py`), held against gate and the real `ssh-keygen`
//! and openssl; then from end to end, through the queue into the log and out of it again.

use base64_of::{base64url, bytes};
use gate::encoding::json::{Value, canonical, json, strict, strict_value};
use gate::encoding::sshsig::{self, Signature};
use gate::encoding::webauthn::{self, Assertion};
use gate::host::clock::HostClock;
use gate::host::queue::{Place, Queue};
use gate::model::{Answer, Digest, Page, Proof, PublicKey, Statement, Verdict, VerdictType, Witness, WitnessType};
use gate::ports::Clock as _;

use crate::support::{Ran, Running, Sandbox, program};

const HOST: &str = "gate.acme.com";
const PAGE: &str = "https://gate.acme.com";

/// A key of the soft token.
struct Token<'a> {
    sandbox: &'a Sandbox,
    kind: &'static str,
    application: &'static str,
    line: String,
}

impl<'a> Token<'a> {
    fn new(sandbox: &'a Sandbox, kind: &'static str, application: &'static str) -> Self {
        sandbox.write("work/authenticator.py", include_bytes!("authenticator.py"));
        let mut token = Self { sandbox, kind, application, line: String::new() };
        token.line = token.calls("new", &[], b"").trim().to_owned();
        token
    }

    fn calls(&self, what: &str, more: &[&str], stdin: &[u8]) -> String {
        let (python, kind) = (program("python3"), self.kind);
        let key = format!("{kind}-{}.pem", self.application.replace(':', "-"));
        let words = [&["authenticator.py", what, &key, kind, self.application], more].concat();
        let ran = self.sandbox.call(python, words).stdin(stdin).run();
        assert_eq!(ran.stderr, "", "{ran:?}");
        ran.stdout
    }

    fn public(&self) -> PublicKey {
        self.line.parse().unwrap()
    }

    fn assertion(&self, statement: &[u8], flags: &str, counter: u32) -> Proof {
        let text = self.calls("assert", &[PAGE, flags, &counter.to_string()], statement);
        strict(text.as_bytes()).unwrap()
    }

    fn sshsig(&self, statement: &[u8], flags: &str) -> String {
        self.calls("sshsig", &["gate-verdict", flags, "7"], statement)
    }
}

/// Base64url through the program that made it, so that nothing here is gate's own.
mod base64_of {
    use crate::support::{Sandbox, program};

    pub fn bytes(sandbox: &Sandbox, text: &str) -> Vec<u8> {
        let code = "import base64,sys; t=sys.argv[1]; print(base64.urlsafe_b64decode(t+'='*(-len(t)%4)).hex())";
        let hex = sandbox.call(program("python3"), ["-c", code, text]).run().stdout;
        let hex = hex.trim();
        (0..hex.len() / 2).map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap()).collect()
    }

    pub fn base64url(sandbox: &Sandbox, text: &str) -> String {
        let code = "import base64,sys; print(base64.urlsafe_b64encode(sys.argv[1].encode()).rstrip(b'=').decode())";
        sandbox.call(program("python3"), ["-c", code, text]).run().stdout.trim().to_owned()
    }
}

#[test]
fn what_another_implementation_answers_on_a_page_is_verified() {
    let sandbox = Sandbox::new();
    let pages = [PAGE.parse::<Page>().unwrap()].into();
    for kind in ["es256", "eddsa"] {
        let token = Token::new(&sandbox, kind, HOST);
        let attested = bytes(&sandbox, token.calls("attest", &[], b"").trim());
        assert_eq!(webauthn::enrolled(&attested, HOST), Ok((b"cred".to_vec(), token.public())));
        // Numbers of ECDSA come in all lengths, and s in both halves.
        for round in 0..8 {
            let statement = format!("{{\"round\":{round}}}");
            let proof = token.assertion(statement.as_bytes(), "5", round);
            let Proof::Webauthn { authenticator_data, client_data, signature } = proof else { panic!() };
            let assertion = Assertion::read(&authenticator_data, &client_data, &signature).unwrap();
            let challenge = *Digest::of(statement.as_bytes()).bytes();
            let presence = webauthn::verify(&assertion, &token.public(), &challenge, &pages).unwrap();
            assert_eq!((presence.is_verified(), presence.counter()), (true, round));
            let other = *Digest::of(b"other").bytes();
            assert!(webauthn::verify(&assertion, &token.public(), &other, &pages).is_err());
            let padded = base64url(&sandbox, "{}");
            let spoiled = Assertion::read(&authenticator_data, &padded, &signature).unwrap();
            assert!(webauthn::verify(&spoiled, &token.public(), &challenge, &pages).is_err());
        }
    }
}

#[test]
fn ssh_keygen_and_gate_verify_the_same_signatures_of_tokens_and_only_gate_looks_for_a_touch() {
    let sandbox = Sandbox::new();
    for kind in ["es256", "eddsa"] {
        let token = Token::new(&sandbox, kind, "ssh:gate");
        sandbox.write("work/allowed", format!("alice {}\n", token.line));
        for (round, flags) in ["0", "1", "5", "5", "1", "0"].into_iter().enumerate() {
            let statement = format!("{{\"round\":{round}}}");
            let armored = token.sshsig(statement.as_bytes(), flags);
            sandbox.write("work/signature", &armored);
            let verify = |text: &str| {
                let words = ["-Y", "verify", "-f", "allowed", "-I", "alice", "-n", "gate-verdict", "-s", "signature"];
                sandbox.call(program("ssh-keygen"), words).stdin(text).run()
            };
            let good = verify(&statement);
            assert!(good.stdout.starts_with("Good \"gate-verdict\" signature for alice"), "{good:?}");
            assert_ne!(verify("other").status, Ran::exited(0).status);
            let signature = Signature::parse(&armored).unwrap();
            let check = |text: &str| sshsig::verify(&signature, "gate-verdict", text.as_bytes(), &token.public());
            let presence = check(&statement).unwrap().unwrap();
            assert_eq!((presence.flags().to_string(), presence.counter()), (flags.to_owned(), 7));
            assert!(check("other").is_err());
            assert_eq!(presence.is_touched(), flags != "0");
        }
    }
}

/// A host whose system file enrols alice with this key, and asks for this grade.
fn host(sandbox: &Sandbox, alice: &str, more: &str, grade: &str) -> Running {
    sandbox.write(
        "etc/config.yaml",
        format!("host: build01\nprincipals:\n  alice: {{keys: [{alice}], groups: [approvers]}}\n{more}"),
    );
    let policy =
        format!("gate: 1\nname: site\nask:\n  default: {{from: [approvers], count: 1, within: 15m, grade: {grade}}}\n");
    sandbox.write("etc/policies/site.yaml", policy);
    let call = sandbox.gate(["--", "sh", "-c", "\"$CMD\" it ran"]).env("CMD", "echo");
    call.etc_gate(sandbox.root().join("etc")).start()
}

fn queue(sandbox: &Sandbox) -> Queue {
    Queue::existing(&Place::Own(sandbox.gate_home().join("requests"))).unwrap().unwrap()
}

/// What alice says about the one request, with this key.
fn statement(sandbox: &Sandbox, key: &PublicKey) -> (gate::model::RequestId, Statement) {
    let listing = queue(sandbox).list(HostClock.now().wall).unwrap();
    let received = &listing.requests.first().unwrap().received;
    let statement = Statement {
        kind: VerdictType::V1,
        request: received.digest(),
        decision: Answer::Approve,
        approver: "alice".into(),
        key: key.fingerprint(),
        at: HostClock.now().wall,
        expires: received.request().expires,
        reason: "looked at it".into(),
    };
    (received.request().id, statement)
}

fn verdict(statement: &Statement, proof: Proof) -> Vec<u8> {
    canonical(&Verdict { statement: statement.clone(), proof }).unwrap()
}

fn answers(sandbox: &Sandbox, id: gate::model::RequestId) -> Value {
    let shown = sandbox.gate(["show", "--json", &id.to_string()]).etc_gate(sandbox.root().join("etc")).run();
    serde_value(&shown.stdout)["answers"].clone()
}

fn serde_value(text: &str) -> Value {
    gate::encoding::json::lenient(text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

#[test]
fn a_passkey_approves_what_runs_and_the_log_proves_it_without_gate() {
    let sandbox = Sandbox::new();
    let token = Token::new(&sandbox, "es256", HOST);
    let alice = format!("{{key: {}, hardware: attested, origins: [{PAGE}]}}", token.line);
    let waiting = host(&sandbox, &alice, "", "verified");
    waiting.wait_for_stderr("waiting until");
    let (id, said) = statement(&sandbox, &token.public());
    let bytes = canonical(&said).unwrap();
    let put = |proof: Proof| queue(&sandbox).answer(id, &verdict(&said, proof)).unwrap();
    put(token.assertion(&bytes, "1", 3));
    waiting.wait_for_stderr("the verdict is graded `touched`, and at least `verified` is needed");
    put(token.assertion(&bytes, "4", 4));
    waiting.wait_for_stderr("nobody touched the authenticator");
    put(token.assertion(b"another statement", "5", 5));
    waiting.wait_for_stderr("the passkey answered another challenge");
    put(Proof::Sshsig { signature: token.sshsig(&bytes, "5") });
    waiting.wait_for_stderr("is a passkey, which answers on its web page and signs nothing else");
    assert_eq!(waiting.stdout(), "", "nothing ran");
    put(token.assertion(&bytes, "5", 6));
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("it ran\n", Ran::exited(0).status), "{ran:?}");
    assert!(ran.stderr.contains("approved by alice (webauthn, verified): looked at it"), "{ran:?}");

    let etc = sandbox.root().join("etc");
    let gate = |words: &[&str]| sandbox.gate(words).etc_gate(&etc).run();
    let verified = gate(&["audit", "verify"]);
    assert!(verified.stdout.contains("\nproofs: 1 webauthn verified\n"), "{verified:?}");
    assert_eq!(verified.status, Ran::exited(0).status, "{verified:?}");
    let answer = &answers(&sandbox, id)[0];
    assert_eq!((&answer["proof"], &answer["grade"]), (&json!("webauthn"), &json!("verified")));
    let id = id.to_string();
    let shown = gate(&["show", &id]);
    assert!(shown.stdout.contains("(webauthn, graded verified)"), "{shown:?}");

    // Without gate: openssl, from nothing but the bytes.
    let part = |part: &str, file: &str| {
        let script = format!("\"$GATE\" show {id} --verdict 1 {part} >{file}");
        let call = sandbox.call(program("bash"), ["-c", &script]).env("GATE", env!("CARGO_BIN_EXE_gate"));
        let ran = call.etc_gate(&etc).env("GATE_HOME", sandbox.gate_home()).run();
        assert_eq!(ran, Ran::exited(0));
    };
    part("--statement", "statement");
    part("--signed", "signed");
    part("--signature", "signature");
    assert_eq!(sandbox.read("work/statement").into_bytes(), bytes);
    let pem = format!("es256-{HOST}.pem");
    let words = ["pkey", "-in", &pem, "-pubout", "-out", "public.pem"];
    assert_eq!(sandbox.call(program("openssl"), words).run().status, Ran::exited(0).status);
    let words = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "signed"];
    let checked = sandbox.call(program("openssl"), words).run();
    assert_eq!(checked.stdout, "Verified OK\n", "{checked:?}");
}

#[test]
fn a_token_of_ssh_approves_what_runs_when_it_was_touched() {
    let sandbox = Sandbox::new();
    let token = Token::new(&sandbox, "eddsa", "ssh:gate");
    let waiting = host(&sandbox, &format!("{{key: {}, hardware: attested}}", token.line), "", "touched");
    waiting.wait_for_stderr("waiting until");
    let (id, said) = statement(&sandbox, &token.public());
    let bytes = canonical(&said).unwrap();
    let put = |flags| {
        let signature = token.sshsig(&bytes, flags);
        queue(&sandbox).answer(id, &verdict(&said, Proof::Sshsig { signature })).unwrap();
    };
    put("0");
    waiting.wait_for_stderr("the verdict is graded `signed`, and at least `touched` is needed");
    put("1");
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("it ran\n", Ran::exited(0).status), "{ran:?}");
    assert!(ran.stderr.contains("approved by alice (sshsig, touched)"), "{ran:?}");
}

#[test]
fn a_key_of_software_cannot_meet_a_grade_of_hardware_and_nobody_waits_for_it() {
    let sandbox = Sandbox::new();
    let token = Token::new(&sandbox, "eddsa", "ssh:gate");
    let ran = host(&sandbox, &token.line, "", "touched").wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("", Ran::exited(78).status), "{ran:?}");
    let words = "answers of approvers must be graded `touched`, and the keys enrolled reach `signed`";
    assert!(ran.stderr.contains(words), "{ran:?}");
}

#[test]
fn a_server_s_word_runs_what_asks_for_no_more_and_ssh_keygen_verifies_it() {
    let sandbox = Sandbox::new();
    let (server, other) = (sandbox.ssh_key("server", ""), sandbox.ssh_key("other", ""));
    let alice = sandbox.ssh_key("alice", "").line;
    let waiting = host(
        &sandbox,
        &alice,
        &format!("remote: {{url: {PAGE}, key: {}, unreachable: local}}\n", server.line),
        "asserted",
    );
    waiting.wait_for_stderr("waiting until");
    let key = |line: &str| line.parse::<PublicKey>().unwrap();
    let word = |by: &str, line: &str| {
        let (id, said) = statement(&sandbox, &key(line));
        let digest = Digest::of(&canonical(&said).unwrap());
        let (how, subject) = ("oidc".to_owned(), "https://id.acme.com|alice".to_owned());
        let witness = Witness { kind: WitnessType::V1, statement: digest, how, subject, at: HostClock.now().wall };
        let private = gate::encoding::openssh::PrivateKey::read(&sandbox.read(format!("keys/{by}")), None).unwrap();
        let signature = sshsig::sign(&private, "gate-witness", &canonical(&witness).unwrap());
        let bytes = verdict(&said, Proof::Witness { witness, signature });
        queue(&sandbox).answer(id, &bytes).unwrap();
        (id, bytes)
    };
    word("other", &other.line);
    waiting.wait_for_stderr("and it is not that of the approval server enrolled here");
    assert_eq!(waiting.stdout(), "", "nothing ran");
    let (id, bytes) = word("server", &server.line);
    let ran = waiting.wait();
    assert_eq!((ran.stdout.as_str(), ran.status), ("it ran\n", Ran::exited(0).status), "{ran:?}");
    assert!(ran.stderr.contains("approved by alice (witness, asserted)"), "{ran:?}");

    let gate = |words: &[&str]| sandbox.gate(words).etc_gate(sandbox.root().join("etc")).run();
    let verified = gate(&["audit", "verify", "--json"]);
    let proofs = serde_value(&verified.stdout)["proofs"].clone();
    assert_eq!(proofs, json!([{"count": 1, "grade": "asserted", "proof": "witness"}]), "{verified:?}");
    let id = id.to_string();
    let shown = gate(&["show", &id]).stdout;
    assert!(shown.contains("(witness, graded asserted)"), "{shown}");
    assert!(shown.contains("as https://id.acme.com|alice of oidc"), "{shown}");
    sandbox.write("work/signature", gate(&["show", &id, "--verdict", "1", "--signature"]).stdout);
    sandbox.write("work/allowed", format!("server namespaces=\"gate-witness\" {}\n", server.line));
    let signed = gate(&["show", &id, "--verdict", "1", "--signed"]).stdout;
    let words = ["-Y", "verify", "-f", "allowed", "-I", "server", "-n", "gate-witness", "-s", "signature"];
    let checked = sandbox.call(program("ssh-keygen"), words).stdin(signed.as_bytes()).run();
    assert!(checked.stdout.starts_with("Good \"gate-witness\" signature for server"), "{checked:?}");
    let said = gate(&["show", &id, "--verdict", "1", "--statement"]).stdout;
    let whole = strict_value(&bytes).unwrap();
    assert_eq!(canonical(&whole["statement"]).unwrap(), said.into_bytes());
    let witnessed = strict_value(signed.as_bytes()).unwrap();
    assert_eq!(witnessed, whole["proof"]["witness"]);
}
