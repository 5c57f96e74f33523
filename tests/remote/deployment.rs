//! What `gate serve` prints for those who run it: a unit for systemd, and an image with nothing in it but gate.

use super::*;

fn printed(what: &str) -> String {
    let ran = Sandbox::new().gate(["serve", what]).run();
    assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)));
    ran.stdout
}

#[test]
fn systemd_takes_the_unit_and_finds_little_exposed() {
    let sandbox = Sandbox::new();
    let unit = printed("unit").replace("/usr/local/bin/gate", env!("CARGO_BIN_EXE_gate"));
    let file = sandbox.write("gate-serve.service", unit);
    let analyze = |words: &[&str]| sandbox.call(program("systemd-analyze"), words).arg(&file).run();
    let ran = analyze(&["verify", "--man=no"]);
    assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)));
    let ran = analyze(&["security", "--offline=true", "--no-pager", "--threshold=15"]);
    assert_eq!(ran.status, Status::Exited(0), "above 1.5 of 10: {ran:?}");
}

#[test]
fn a_container_with_nothing_but_gate_serves_to_an_account_without_a_name() {
    let file = printed("container");
    let line = |word: &str| file.lines().find_map(|line| line.strip_prefix(word)).unwrap().trim().to_owned();
    let words = |word: &str| serde_json::from_str::<Vec<String>>(&line(word)).unwrap();
    assert_eq!((line("FROM").as_str(), line("COPY").as_str()), ("scratch", "--chmod=0555 gate /gate"));
    let sandbox = Sandbox::new();
    let (root, user) = (sandbox.root().join("image"), line("USER"));
    fs::create_dir_all(root.join("data")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_gate"), root.join("gate")).unwrap();
    std::os::unix::fs::chown(root.join("data"), Some(65532), Some(65532)).unwrap();
    let inside = |words: &[String]| {
        let call = sandbox.call(program("chroot"), [format!("--userspec={user}")]).arg(&root).args(words);
        call.without_env("HOME")
    };
    let [entry, usual] = ["ENTRYPOINT", "CMD"].map(words);
    let usual: Vec<_> = usual.iter().map(|word| word.replace("0.0.0.0:8440", "127.0.0.1:0")).collect();
    let running = inside(&[entry.clone(), usual].concat()).start();
    running.wait_for_stderr("gate serves at http");
    let address = running.stderr().split("://").nth(1).unwrap().trim().to_owned();
    let made = inside(&["/gate", "serve", "token", "auditor", "eve", "--data", "/data"].map(str::to_owned)).run();
    assert_eq!(made.status, Status::Exited(0), "{made:?}");
    let server = Server { sandbox: Sandbox::new(), running: None, address, database: None, options: Vec::new() };
    assert_eq!(server.asked(made.stdout.trim(), "/v1/me", &[]).0, 200);
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.wait().status, Status::Exited(0));
}
