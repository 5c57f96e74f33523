//! The README's way from nothing to an approval from another machine, word for word.

use std::net::TcpListener;
use std::path::Path;

use crate::support::{Sandbox, Status};

/// The blocks of shell lines under a heading.
fn blocks(heading: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn the_readme_leads_to_an_approval_from_another_machine() {
    let sandbox = Sandbox::new();
    // Another port than everybody's, so that tests can run side by side.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let [asks, answers] = blocks("Approvals from another machine").try_into().unwrap();
    let path = format!("{}:/usr/bin:/bin", Path::new(env!("CARGO_BIN_EXE_gate")).parent().unwrap().display());
    let shell = |script: &str| {
        let script = format!("set -e\n{}", script.replace("8440", &port));
        sandbox.call("/bin/bash", ["-c", &script]).env("PATH", &path).env("TERM", "xterm")
    };
    let running = shell(&format!("{asks}\nwait $! && kill %1")).start();
    running.wait_for_stderr("waiting until");
    assert!(sandbox.work().join("old").exists());
    let terminal = shell(&answers).on_terminal();
    terminal.wait_for("Approve it?");
    assert!(terminal.screen().contains("rm -rf old"), "{}", terminal.screen());
    terminal.write("y\r");
    terminal.wait_for("Reason");
    terminal.write("\r");
    let (screen, status) = terminal.wait();
    assert_eq!(status, Status::Exited(0), "{screen}");
    let ran = running.wait();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    assert!(!sandbox.work().join("old").exists());
}
