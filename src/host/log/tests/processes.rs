//! Real processes on one log: many at once, killed at any moment, on full and read-only disks. Each is this test binary
//! again, told by its environment to be a writer.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::*;
use super::support::{Home, origin, outcome, paths, run};

const HOME: &str = "GATE_TEST_WRITER_HOME";
const COUNT: &str = "GATE_TEST_WRITER_COUNT";
const DEATH: &str = "GATE_TEST_WRITER_DEATH";

/// Where a writer kills itself, after it has written some records: within a write, or at a step.
const DEATHS: [Option<Step>; 6] =
    [None, Some(Step::Locked), Some(Step::TailRead), Some(Step::Written), Some(Step::Unlocked), Some(Step::Synced)];

/// A good disk on which the process is killed at one moment.
struct Deadly {
    death: Option<Step>,
    left: std::sync::atomic::AtomicI64,
}

impl Deadly {
    fn kill(&self) {
        if self.left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0 {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

impl Disk for Deadly {
    fn write(&self, file: &File, bytes: &[u8]) -> std::io::Result<usize> {
        if self.death.is_some() {
            return Kernel.write(file, bytes);
        }
        let written = Kernel.write(file, &bytes[..100])?;
        self.kill();
        Ok(written + Kernel.write(file, &bytes[100..])?)
    }

    fn sync(&self, file: &File) -> std::io::Result<()> {
        Kernel.sync(file)
    }

    fn reached(&self, step: Step) -> std::io::Result<()> {
        if self.death == Some(step) {
            self.kill();
        }
        Ok(())
    }
}

/// Not a test but what the tests below start: writes as many records as told and says each receipt's number.
#[test]
fn as_a_writer() {
    let Some(root) = std::env::var_os(HOME) else { return };
    let count: u64 = std::env::var(COUNT).unwrap().parse().unwrap();
    let clock: Clock = Box::new(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap()).unwrap()
    });
    let limits = Limits { segment: 1024 * 1024, patience: Duration::from_secs(60) };
    let death = std::env::var(DEATH).ok().map(|at| DEATHS[at.parse::<usize>().unwrap()]);
    let disk: Box<dyn Disk> = match death {
        Some(death) => Box::new(Deadly { death, left: 5.into() }),
        None => Box::new(Kernel),
    };
    let mut log = AuditLog::open_with(&paths(root.as_ref()), origin("boot-1"), clock, limits, disk).unwrap();
    let entry = outcome(&"x".repeat(3000));
    for number in 0..count {
        // Lines of many lengths, some beyond a page, where a kill can cut them.
        let entries = if number % 3 == 0 { std::slice::from_ref(&entry) } else { &[run()] as &[_] };
        match log.append(entries) {
            Ok(receipt) => println!("durable {} {}", receipt.written().seq, receipt.written().digest),
            Err(fault) => {
                println!("refused {fault}");
                return;
            }
        }
    }
}

fn writer(home: &Home, count: u64) -> Child {
    command(home, count).spawn().unwrap()
}

fn command(home: &Home, count: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "host::log::tests::processes::as_a_writer", "--nocapture", "--test-threads=1"])
        .env(HOME, home.root.path())
        .env(COUNT, count.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn receipts(output: &[u8]) -> Vec<(u64, String)> {
    let lines = String::from_utf8_lossy(output);
    // A kill can cut the last line of the output too.
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let receipt = |line: &str| {
        let (seq, digest) = line.split_once("durable ")?.1.split_once(' ')?;
        Some((seq.parse().ok()?, digest.to_owned()))
    };
    whole.lines().filter_map(receipt).collect()
}

/// Every receipt that was given is a record of the log.
fn assert_kept(home: &Home, receipts: &[(u64, String)]) {
    let mut records = std::collections::BTreeMap::new();
    let pin = read_pin(&home.paths().pin).unwrap();
    let report = verify(&home.audit(), pin, Vec::new(), home.limits.patience, &mut |record| {
        records.insert(record.seq, record.digest.to_string());
    })
    .unwrap();
    assert!(report.is_consistent(), "{:#?}", report.faults);
    for (seq, digest) in receipts {
        assert_eq!(records.get(seq), Some(digest), "record {seq} was lost");
    }
}

#[test]
fn eight_writers_at_once_on_an_empty_home_make_one_whole_log_that_verifies_meanwhile() {
    let home = Home::new();
    let mut writers: Vec<_> = (0..8).map(|_| writer(&home, 1000)).collect();
    let outputs: Vec<_> = writers
        .iter_mut()
        .map(|writer| {
            let mut stdout = writer.stdout.take().unwrap();
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut stdout, &mut bytes).unwrap();
                bytes
            })
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(300);
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        assert!(Instant::now() < deadline, "the writers hang");
        if home.paths().pin.exists() && home.segment(0).exists() {
            let report = home.report();
            assert!(report.is_consistent() && report.notes.is_empty(), "a false alarm: {report:#?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut all: Vec<_> = outputs.into_iter().flat_map(|output| receipts(&output.join().unwrap())).collect();
    assert_eq!(all.len(), 8000);
    assert_kept(&home, &all);
    all.sort();
    all.dedup_by_key(|(seq, _)| *seq);
    assert_eq!(all.len(), 8000);
    let report = home.report();
    assert!(report.segments > 1 && report.repairs() == 0 && report.is_pinned());
}

#[test]
fn kills_at_any_moment_lose_no_durable_record() {
    let home = Home::new();
    drop(home.log());
    let mut kept = Vec::new();
    for round in 0..60_u64 {
        let mut child = writer(&home, 1_000_000);
        // Wait for its first receipt, so that the kill falls into the loop and not into the start of the process.
        let mut stdout = child.stdout.take().unwrap();
        let mut output = Vec::new();
        let mut chunk = [0; 4096];
        while !output.windows(8).any(|window| window == b"durable ") {
            let length = std::io::Read::read(&mut stdout, &mut chunk).unwrap();
            assert_ne!(length, 0, "{}", String::from_utf8_lossy(&output));
            output.extend_from_slice(&chunk[..length]);
        }
        std::thread::sleep(Duration::from_micros(round * 137 % 5000));
        child.kill().unwrap();
        std::io::Read::read_to_end(&mut stdout, &mut output).unwrap();
        child.wait().unwrap();
        kept.extend(receipts(&output));
    }
    let _ = home.log().append(&[run()]).unwrap();
    assert!(kept.len() >= 60);
    assert_kept(&home, &kept);
}

#[test]
fn a_kill_at_each_step_of_the_write_loses_no_durable_record() {
    let home = Home::new();
    drop(home.log());
    let mut kept = Vec::new();
    for death in 0..DEATHS.len() {
        let output = command(&home, 100).env(DEATH, death.to_string()).output().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(9), "{death}");
        let receipts = receipts(&output.stdout);
        assert_eq!(receipts.len(), 5, "{death}");
        kept.extend(receipts);
    }
    let _ = home.log().append(&[run()]).unwrap();
    assert_kept(&home, &kept);
    assert_eq!(home.report().repairs(), 1);
}

/// Runs a shell script as root of a mount namespace of its own; skipping is not an option, so it needs the right to.
fn in_namespace(script: &str, home: &Home) -> std::process::Output {
    let kept = tempfile::tempdir().unwrap();
    Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-euc", script])
        .env("WRITER", std::env::current_exe().unwrap())
        .env(HOME, home.root.path())
        .env("KEPT", kept.path())
        .env(COUNT, "100000")
        .output()
        .unwrap()
}

const WRITE: &str = "\"$WRITER\" --exact host::log::tests::processes::as_a_writer --nocapture --test-threads=1";

#[test]
fn a_full_disk_refuses_and_keeps_what_was_durable() {
    let home = Home::new();
    let script = format!(
        "mount -t tmpfs -o size=256k none \"${HOME}\"; {WRITE}; {WRITE} || true; cp -r \"${HOME}/.\" \"$KEPT\"; \
         umount \"${HOME}\"; cp -r \"$KEPT/.\" \"${HOME}\""
    );
    let output = in_namespace(&script, &home);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("refused"), "{text}");
    let receipts = receipts(&output.stdout);
    assert!(receipts.len() > 10, "{text}");
    // With room again the next writer repairs what the full disk tore.
    let _ = home.log().append(&[run()]).unwrap();
    assert_kept(&home, &receipts);
}

#[test]
fn a_read_only_log_refuses() {
    let (home, _) = Home::with(2);
    let script = format!("mount --bind \"${HOME}\" \"${HOME}\"; mount -o remount,bind,ro \"${HOME}\"; {WRITE}");
    let output = in_namespace(&script, &home);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("refused"), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!text.contains("durable"), "{text}");
    home.assert_whole(3);
}
