//! `gate audit verify`, `show` and `repair` on logs that gate itself wrote, and on what became of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gate::approval::Received;
use gate::encoding::json::{Value, canonical, strict_value};
use gate::encoding::openssh::PrivateKey;
use gate::encoding::sshsig::sign;
use gate::host::clock::HostClock;
use gate::host::queue::{Place, Queue, Queued};
use gate::model::{Answer, Proof, Statement, Verdict, VerdictType};
use gate::ports::Clock as _;

use crate::support::{Ran, Running, Sandbox, Status, wait_until};

/// `rm` asks, alice approves, and bob has the account the tests run under.
const POLICY: &str = "gate: 1\nname: site\nrules:\n  - id: rm\n    when: {tool: rm}\n    class: destroy\n    effect: ask\n    \
                      why: this test asks\n    examples: {match: [\"rm x\"], skip: [\"ls\"]}\n";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(&[seed; 32], "test").unwrap()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let (alice, bob) = (key(1), key(2));
    let config = format!(
        "host: build01\nprincipals:\n  alice: {{keys: [\"{}\"], groups: [approvers]}}\n  \
         bob: {{keys: [\"{}\"], accounts: [root]}}\n",
        alice.public(),
        bob.public()
    );
    sandbox.write("gate/config.yaml", config);
    sandbox.write("gate/policies/site.yaml", POLICY);
    sandbox
}

fn audit(sandbox: &Sandbox) -> PathBuf {
    sandbox.gate_home().join("audit")
}

fn segment(sandbox: &Sandbox) -> PathBuf {
    audit(sandbox).join("000000000000.jsonl")
}

fn lines(sandbox: &Sandbox) -> Vec<String> {
    fs::read_to_string(segment(sandbox)).unwrap().lines().map(str::to_owned).collect()
}

fn keep(sandbox: &Sandbox, lines: &[String]) {
    fs::write(segment(sandbox), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

fn allowed(sandbox: &Sandbox) {
    assert_eq!(sandbox.gate(["--", "true"]).run(), Ran::exited(0));
}

fn queue(sandbox: &Sandbox) -> Queue {
    let place = Place::Own(sandbox.gate_home().join("requests"));
    wait_until("a queue", || Queue::existing(&place).unwrap())
}

fn waiting(sandbox: &Sandbox) -> Queued {
    let queue = queue(sandbox);
    wait_until("a request", || queue.list(HostClock.now().wall).unwrap().requests.into_iter().next())
}

/// A file that is removed, with alice's approval.
fn approved(sandbox: &Sandbox) -> Queued {
    sandbox.write("work/old", "x");
    let running: Running = sandbox.gate(["--", "rm", "old"]).start();
    let queued = waiting(sandbox);
    queue(sandbox).answer(queued.received.request().id, &verdict(&queued.received)).unwrap();
    let ran = running.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    queued
}

fn verdict(received: &Received) -> Vec<u8> {
    let request = received.request();
    let statement = Statement {
        kind: VerdictType::V1,
        request: received.digest(),
        decision: Answer::Approve,
        approver: "alice".into(),
        key: key(1).public().fingerprint(),
        at: request.created,
        expires: request.expires,
        reason: "it is old".into(),
    };
    let signature = sign(&key(1), "gate-verdict", &canonical(&statement).unwrap());
    canonical(&Verdict { statement, proof: Proof::Sshsig { signature } }).unwrap()
}

fn verify(sandbox: &Sandbox) -> Ran {
    sandbox.gate(["audit", "verify"]).run()
}

fn verified(sandbox: &Sandbox, more: &[&str]) -> Value {
    let ran = sandbox.gate(["audit", "verify", "--json"].iter().chain(more)).run();
    strict_value(ran.stdout.trim_end().as_bytes()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

#[test]
fn an_approved_run_is_consistent_and_anchored_by_who_approved_it() {
    let sandbox = sandbox();
    allowed(&sandbox);
    let queued = approved(&sandbox);
    let request = queued.received.request();
    let ran = verify(&sandbox);
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""));
    // genesis 0, policy 1, key 2, run 3, request 4, verdict 5, run 6, outcome 7
    let created = request.created.to_string();
    let expected = format!(
        "consistent: every line and link holds, and so do the papers of 2 runs\n\
         anchored: up to record 3, by `alice` with the key {} at {}Z (request {})\n\
         not anchored: 4 records; only the record key vouches for them\n\
         runs: 1 allowed, 1 approved; 0 refused; 1 request, 1 verdict, 1 outcome\n\
         proofs: 1 sshsig signed\n\
         self-approval: 0 by an agent's owner, 0 from an account nobody claims; waived: 0 findings; repairs: 0\n\
         note: the log itself names the approver's key; compare it with a list of your own\n\
         note: mode `wrapper`: whoever asks can read the record key, so where nothing anchors the log it is a claim\n\
         head: 8 sha256:",
        key(1).public().fingerprint(),
        created.split_once('.').unwrap().0,
        request.id,
    );
    assert!(ran.stdout.contains(&expected), "{}\nwanted:\n{expected}", ran.stdout);
    let object = verified(&sandbox, &[]);
    assert_eq!((&object["consistent"], &object["pinned"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(object["anchored"]["seq"], 3);
}

#[test]
fn a_copy_anywhere_verifies_and_says_what_pins_it() {
    let sandbox = sandbox();
    approved(&sandbox);
    let elsewhere = sandbox.root().join("elsewhere");
    copy(&audit(&sandbox), &elsewhere);
    fs::remove_dir_all(sandbox.gate_home()).unwrap();
    fs::create_dir(sandbox.gate_home()).unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    let ran = sandbox.gate(["audit", "verify", elsewhere]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(ran.stdout.contains("genesis not pinned"), "{}", ran.stdout);

    let stranger = key(9).public().to_string();
    let genesis = fs::read_to_string(Path::new(elsewhere).join("000000000000.jsonl")).unwrap();
    let genesis = strict_value(genesis.lines().next().unwrap().as_bytes()).unwrap();
    let (log, key) = (genesis["body"]["log"].as_str().unwrap(), genesis["body"]["public_key"].as_str().unwrap());
    let fingerprint = genesis["body"]["key"].as_str().unwrap();
    for key in [key, fingerprint] {
        assert_eq!(verified(&sandbox, &["--log", log, "--key", key, elsewhere])["pinned"], true);
    }
    let ran = sandbox.gate(["audit", "verify", "--log", log, "--key", &stranger, elsewhere]).run();
    assert_eq!(ran.status, Status::Exited(65), "{ran:?}");
    assert!(ran.stderr.contains("record 0 "), "{}", ran.stderr);
}

#[test]
fn a_flipped_byte_is_named_by_its_line() {
    let sandbox = sandbox();
    allowed(&sandbox);
    allowed(&sandbox);
    let mut lines = lines(&sandbox);
    let offset: usize = lines[..3].iter().map(|line| line.len() + 1).sum();
    lines[3] = lines[3].replacen("\"true\"", "\"tree\"", 1);
    keep(&sandbox, &lines);
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(65));
    let expected = format!(
        "gate: record 3 (segment 000000000000, line 4, offset {offset}): the signature does not fit the body: one of them \
         was changed or forged\nhint: "
    );
    assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    assert!(ran.stdout.contains("NOT consistent: 1 fault\n"), "{}", ran.stdout);
}

#[test]
fn a_cut_tail_is_not_seen_in_the_file_and_said_to_be_unanchored() {
    let sandbox = sandbox();
    allowed(&sandbox);
    allowed(&sandbox);
    let lines = lines(&sandbox);
    keep(&sandbox, &lines[..3]);
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(ran.stdout.contains("not anchored: 3 records"), "{}", ran.stdout);
}

#[test]
fn a_log_cut_before_a_request_that_is_known_is_truncated() {
    let sandbox = sandbox();
    allowed(&sandbox);
    allowed(&sandbox);
    sandbox.write("work/old", "x");
    assert_eq!(sandbox.gate(["--no-wait", "--", "rm", "old"]).run().status, Status::Exited(75));
    let queued = waiting(&sandbox);
    let whole = lines(&sandbox);
    assert_eq!(verify(&sandbox).status, Status::Exited(0));
    keep(&sandbox, &whole[..3]);
    let id = queued.received.request().id;
    let size = queued.received.request().head.size;
    let expected = format!("truncated: request {id} knows {size} records\nhint: ");
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(65));
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stdout.contains("\ntruncated: a head that is known lies beyond the end of the log\n"));

    // The same from a request that an approver kept, when nothing of it is left here.
    fs::remove_dir_all(sandbox.gate_home().join("requests")).unwrap();
    assert_eq!(verify(&sandbox).status, Status::Exited(0));
    let kept = sandbox.write("home/kept", &queued.bytes);
    let ran = sandbox.gate(["audit", "verify", "--kept"]).arg(kept).run();
    assert_eq!(ran.status, Status::Exited(65));
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
}

#[test]
fn a_log_cut_before_a_run_that_used_a_request_up_is_truncated() {
    let sandbox = sandbox();
    approved(&sandbox);
    let lines = lines(&sandbox);
    keep(&sandbox, &lines[..2]);
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(65));
    assert!(ran.stderr.contains("truncated: used/"), "{}", ran.stderr);
}

#[test]
fn a_verdict_taken_out_is_missed_by_its_run() {
    let sandbox = sandbox();
    approved(&sandbox);
    let mut lines = lines(&sandbox);
    // genesis 0, policy 1, key 2, request 3, verdict 4, run 5, outcome 6
    assert!(lines.remove(4).contains("\"type\":\"verdict\""));
    keep(&sandbox, &lines);
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(65));
    assert!(ran.stderr.contains("records 4 to 4 are missing before this line"), "{}", ran.stderr);
}

#[test]
fn verifying_while_eight_gates_append_raises_no_alarm() {
    let sandbox = sandbox();
    allowed(&sandbox);
    let gate = env!("CARGO_BIN_EXE_gate");
    let script = format!("for i in 1 2 3 4 5 6; do '{gate}' -- true || exit 1; done");
    let writers: Vec<Running> = (0..8).map(|_| sandbox.call("/bin/sh", ["-c", &script]).start()).collect();
    wait_until("all runs", || {
        let ran = verify(&sandbox);
        assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{}", ran.stdout);
        (verified(&sandbox, &[])["counts"]["allowed"] == 49).then_some(())
    });
    for writer in writers {
        assert_eq!(writer.wait(), Ran::exited(0));
    }
}

#[test]
fn a_log_that_is_not_there_cannot_be_read() {
    let sandbox = sandbox();
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(74));
    assert!(ran.stderr.starts_with("gate: there is no audit log in `"), "{}", ran.stderr);
    let ran = sandbox.gate(["audit", "verify", "/no/such"]).run();
    let expected = "gate: there is no directory `/no/such`\n";
    assert_eq!(ran, Ran::exited(74).err(expected));
    // A pin without its log is worse than no log.
    allowed(&sandbox);
    fs::remove_dir_all(audit(&sandbox)).unwrap();
    let ran = verify(&sandbox);
    assert_eq!(ran.status, Status::Exited(74));
    assert!(ran.stderr.contains("is missing, and a log that was begun is never begun anew by itself"), "{ran:?}");
}

#[test]
fn records_are_shown_a_line_each_without_a_control_character() {
    let sandbox = sandbox();
    let hostile = "\u{1b}[2J\u{202e}\u{9b}31m";
    assert_eq!(sandbox.gate(["--", "true", hostile]).run(), Ran::exited(0));
    let request = approved(&sandbox).received.request().id;
    let ran = sandbox.gate(["audit", "show"]).run();
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""));
    let shown: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    let texts: Vec<&str> = ran.stdout.lines().filter_map(|line| line.get(30..)).map(str::trim_start).collect();
    assert_eq!(shown.len(), 8, "{}", ran.stdout);
    assert_eq!(texts[3], "run      allowed bob: true $'\\e[2J\\u{202E}\\u{9B}31m'");
    assert!(texts[4].starts_with(&format!("request  {request} bob: rm old [")), "{}", ran.stdout);
    assert_eq!(texts[5], format!("verdict  approve by alice on {request}: it is old"));
    assert_eq!(texts[6], format!("run      approved by alice bob: rm old ({request})"));
    assert!(texts[7].starts_with("outcome  exit 0 of record 6 after 0."), "{}", ran.stdout);

    let belonging = sandbox.gate(["audit", "show", "--request", &request.to_string()]).run();
    assert_eq!(belonging.stdout.lines().count(), 4, "{}", belonging.stdout);
    let last = sandbox.gate(["audit", "show", "--last", "1"]).run();
    assert_eq!(Some(last.stdout.trim_end()), ran.stdout.lines().last());
    assert_eq!(sandbox.gate(["audit", "show", "--since", "2200-01-01"]).run(), Ran::exited(0));

    for arguments in [vec!["audit", "show", "--json"], vec!["audit", "show", "3"], vec!["audit", "show", "3", "--json"]]
    {
        let ran = sandbox.gate(&arguments).run();
        assert_eq!(ran.status, Status::Exited(0), "{arguments:?}");
        assert!(ran.stdout.chars().all(|c| matches!(c, ' '..='~' | '\n')), "{arguments:?}: {}", ran.stdout);
    }
    let json = sandbox.gate(["audit", "show", "--json"]).run().stdout;
    assert_eq!(json.lines().count(), 8);
    let body = lines(&sandbox)[4].clone();
    let line = json.lines().nth(4).unwrap();
    assert!(body.contains(line), "the body as it is signed:\n{line}\n{body}");

    let missing = sandbox.gate(["audit", "show", "99"]).run();
    assert_eq!((missing.status, missing.stdout.as_str()), (Status::Exited(64), ""));
}

#[test]
fn a_repair_needs_somebody_to_say_so_and_changes_no_byte() {
    let sandbox = sandbox();
    allowed(&sandbox);
    let nothing = sandbox.gate(["audit", "repair"]).run();
    assert_eq!(nothing, Ran::exited(0).out("nothing is damaged; nothing was done\n"));
    let mut lines = lines(&sandbox);
    lines[3] = lines[3].replacen("\"true\"", "\"tree\"", 1);
    keep(&sandbox, &lines);
    assert_eq!(sandbox.gate(["--", "true"]).run().status, Status::Exited(74));
    let damaged = fs::read(segment(&sandbox)).unwrap();

    // No terminal, no yes.
    let unasked = sandbox.gate(["audit", "repair"]).run();
    assert_eq!(unasked.status, Status::Exited(64), "{unasked:?}");
    let asked = sandbox.gate(["audit", "repair"]).on_terminal();
    asked.wait_for("record 3 (segment 000000000000, line 4");
    asked.wait_for("Type `yes` to go on: ");
    asked.write("no\r");
    assert_eq!(asked.wait().1, Status::Exited(64));
    assert_eq!(verify(&sandbox).status, Status::Exited(65));

    let asked = sandbox.gate(["audit", "repair"]).on_terminal();
    asked.wait_for("Type `yes` to go on: ");
    asked.write("yes\r");
    let (screen, status) = asked.wait();
    assert_eq!(status, Status::Exited(0), "{screen}");
    assert!(screen.contains("record 4 opens a new segment and says what was given up:"), "{screen}");
    assert_eq!(fs::read(segment(&sandbox)).unwrap(), damaged);
    allowed(&sandbox);
    let ran = verify(&sandbox);
    assert_eq!((ran.status, ran.stderr.as_str()), (Status::Exited(0), ""), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("note: a person gave up on what stands before record 4: the signature"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_failed_sync_is_put_right_by_a_repair_alone() {
    let sandbox = sandbox();
    allowed(&sandbox);
    fs::write(audit(&sandbox).join("broken"), "").unwrap();
    assert_eq!(sandbox.gate(["--", "true"]).run().status, Status::Exited(74));
    assert!(verify(&sandbox).stdout.contains("note: `broken` says that a sync failed"));
    let ran = sandbox.gate(["audit", "repair", "--yes"]).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(ran.stdout.contains("`broken` was taken away"), "{}", ran.stdout);
    allowed(&sandbox);
    assert_eq!(verify(&sandbox).status, Status::Exited(0));
}
