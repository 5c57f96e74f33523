//! Breaks every rule of the house once, so that the checker is known to see it, and keeps close to each breach something
//! that is allowed.

use super::rules::{faults, homeless};
use super::source::Source;

fn refused(path: &str, text: &str, rule: &str) {
    let faults = faults(&Source::new(path, text));
    assert!(faults.iter().any(|fault| fault.contains(rule)), "{path}: {text}\nnot refused for {rule:?}: {faults:?}");
}

fn allowed(path: &str, text: &str) {
    let faults = faults(&Source::new(path, text));
    assert!(faults.is_empty(), "{path}: {text}\n{faults:?}");
}

#[test]
fn a_fault_says_file_line_and_rule() {
    let source = Source::new("src/policy/rule.rs", "//! x\n\nuse crate::{\n    model::Id,\n    host::Facts,\n};\n");
    assert_eq!(
        faults(&source),
        ["src/policy/rule.rs:5: `policy` (floor 2) names `host` (floor 6): `crate::host::Facts`"]
    );
}

#[test]
fn naming_a_higher_floor_is_refused_however_it_is_written() {
    for text in [
        "use crate::host::Facts;",
        "use crate::{model::{Id, Digest}, host};",
        "use {crate::host};",
        "use crate::host as disk;",
        "fn f() { crate::host::facts() }",
        "fn f(x: &crate::host::Facts) {}",
        "fn f() -> Vec<crate::host::Facts> {}",
        "fn f() { <crate::host::Facts>::new() }",
        "use super::super::host::Facts;",
        "use super::super::{host::Facts};",
        "mod inner { use super::super::super::host::Facts; }",
        "mod inner { } use super::super::host::Facts;",
        "use self::super::super::host;",
        "use gate::host;",
        "use r#crate::host; use crate::r#host::Facts;",
        "macro_rules! m { () => { $crate::host::facts() } }",
        "pub(in crate::host) fn f() {}",
        "fn f() { let s = \"}\"; let c = '{'; let r = r#\"\"}\"#; crate::host::facts() }",
        "#[cfg(test)]\nmod tests { fn f() { let s = \"}\"; } }\nuse crate::host;",
        "#[cfg(test)]\nuse crate::cli::x;\nuse crate::host;",
        "#[cfg(not(test))]\nuse crate::host;",
        "/* /* */ */ use crate::host;",
    ] {
        refused("src/policy/rule.rs", text, "names `host`");
    }
    refused("src/model/id.rs", "use crate::encoding::Json;", "(floor 0) names `encoding`");
    refused("src/host/log.rs", "use crate::cli::Output;", "names `cli`");
}

#[test]
fn naming_a_sibling_is_refused() {
    refused("src/policy/rule.rs", "use crate::command::Word;", "`policy` (floor 2) names `command` (floor 2)");
    refused("src/host/mod.rs", "use super::remote;", "names `remote`");
    refused("src/encoding/json.rs", "use crate::secrets;", "names `secrets`");
}

#[test]
fn hiding_the_floor_behind_the_whole_crate_is_refused() {
    for text in [
        "use crate as house;",
        "use crate::*;",
        "use crate::{self as x};",
        "use super::super as x;",
        "use super::super::*;",
    ] {
        refused("src/policy/rule.rs", text, "whole crate");
    }
    refused("src/clearance.rs", "use super as x;", "whole crate");
    refused("src/policy/rule.rs", "use crate::elsewhere::X;", "no floor");
    refused("src/elsewhere/mod.rs", "", "no floor");
}

#[test]
fn lower_floors_own_modules_comments_strings_and_tests_are_free() {
    for text in [
        "use crate::model::Id; use crate::encoding; use crate::policy::pack; use super::pack; pub(crate) fn f() {}",
        "pub(super) fn f() {} pub(in crate::policy) fn g() {}",
        "//! crate::host\n/// [`crate::host`]\n// crate::host\n/* crate::host */\nconst X: &str = \"crate::host\";",
        "fn f<'a>(x: &'a str) { let q = '\"'; let b = b'\\''; let r = r##\"crate::host \"# \"##; }",
        "#[cfg(test)]\nmod tests { use crate::host; fn f() { println!(); } }",
        "#[cfg(test)]\n#[path = \"x.rs\"]\nmod tests;",
        "fn host() {} fn f(gate: u8) { let host = gate; host.spawned(); }",
    ] {
        allowed("src/policy/rule.rs", text);
    }
    allowed("src/clearance.rs", "pub(super) fn f() {}");
    allowed(
        "src/cli/mod.rs",
        "use crate::{actions, host::log, model::Id}; fn f() { println!(); std::process::exit(1) }",
    );
}

#[test]
fn a_package_away_from_its_home_is_refused() {
    refused("src/host/x.rs", "use clap::Parser;", "`clap` is at home in [\"cli\"]");
    refused("src/host/x.rs", "#[derive(clap::Parser)] struct X;", "`clap` is at home");
    refused("src/policy/x.rs", "use serde_yaml as yaml;", "`serde_yaml` is at home");
    refused("src/policy/x.rs", "fn f() { ::rustix::fs::sync() }", "`rustix` is at home");
    refused("src/policy/x.rs", "use {serde::Deserialize, jiff::{Timestamp}};", "`jiff` is at home");
    allowed("src/policy/x.rs", "use serde::Deserialize; fn f(clap: u8) -> u8 { clap }");
    allowed("src/host/x.rs", "use rustix::fs; use libc;");
}

#[test]
fn a_package_without_a_home_is_found() {
    let manifest = "[dependencies]\nclap = \"4\"\nnew-one = { version = \"1\" }\n# old = \"1\"\n[dependencies.other]\nversion = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\nthird = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n";
    // `[dependencies.other]` has keys of its own, which are no packages.
    assert_eq!(homeless(manifest), ["new_one", "other", "third"]);
}

#[test]
fn a_receipt_or_clearance_made_elsewhere_is_refused() {
    refused("src/actions/run.rs", "fn f() { Receipt::durable(w) }", "a durable receipt");
    refused("src/host/launch.rs", "use Receipt as R; fn f() { let f = R::durable; }", "a durable receipt");
    refused("src/host/logger.rs", "fn f() { Receipt::durable(w) }", "a durable receipt");
    refused("src/host/launch.rs", "fn f() { Clearance::earned(r, l) }", "earned");
    refused("src/actions/run.rs", "fn f(c: Clearance) { c.redeem(); }", "redeemed");
    refused("src/actions/run.rs", "fn f(c: Clearance) { let f = Clearance::redeem; }", "redeemed");
    allowed("src/host/log.rs", "fn f() { Receipt::durable(w) }");
    allowed("src/host/log/write.rs", "fn f() { Receipt::durable(w) }");
    allowed("src/actions/run/mod.rs", "fn f() { Clearance::earned(r, l) }");
    allowed("src/clearance.rs", "impl R { fn durable() {} fn earned() {} fn redeem(self) {} }");
}

#[test]
fn a_process_started_outside_the_launcher_is_refused() {
    for text in [
        "use std::process::Command;",
        "use std::process::{Child, Command};",
        "use std::process; fn f() { process::Command::new(x) }",
        "use std::process::*;",
        "fn f() { rustix::runtime::execve(a, b, c) }",
        "fn f() { libc::execv(a, b) }",
        "fn f() { libc::fork() }",
        "fn f(x: X) { x.spawn() }",
        "use std::os::unix::process::CommandExt;",
    ] {
        refused("src/host/facts.rs", text, "starting a process");
        refused("src/cli/run.rs", text, "starting a process");
        let faults = faults(&Source::new("src/host/launch.rs", text));
        assert!(!faults.iter().any(|fault| fault.contains("starting a process")), "{faults:?}");
    }
    allowed("src/command/mod.rs", "use crate::model::Command; fn f() { Command::new(word) }");
    allowed("src/cli/mod.rs", "use std::process::ExitCode;");
}

#[test]
fn unsafe_code_outside_its_fence_is_refused() {
    refused("src/host/launch.rs", "fn f() { unsafe { g() } }", "does not check");
    refused("src/host/launch.rs", "#![allow(unsafe_code)]", "does not check");
    refused("src/cli/mod.rs", "mod raw { }", "fence");
    allowed("src/host/raw.rs", "fn f() { unsafe { g() } }");
}

#[test]
fn printing_and_exiting_outside_the_command_line_are_refused() {
    for text in ["println!()", "eprint!(\"x\")", "std::io::stdout()", "io::stderr().lock()"] {
        refused("src/host/x.rs", &format!("fn f() {{ {text}; }}"), "printing");
    }
    refused("src/host/x.rs", "fn f() { std::process::exit(1) }", "ending the process");
}

#[test]
fn asking_the_world_on_a_pure_floor_is_refused() {
    for text in [
        "use std::fs;",
        "use std::{collections::BTreeMap, env};",
        "fn f() { std::thread::yield_now() }",
        "fn f() { std::process::id() }",
        "use std::net::IpAddr;",
        "use std::os::unix::fs::MetadataExt;",
        "use std::*;",
        "use std::time::{Duration, Instant};",
        "fn f(t: SystemTime) {}",
        "fn f() { Timestamp::now() }",
        "fn f() { Uuid::new_v4() }",
        "fn f(p: &Path) -> bool { p.exists() }",
        "fn f() { std::io::stdin() }",
    ] {
        for path in ["src/model/x.rs", "src/audit/x.rs", "src/clearance.rs", "src/ports/x.rs", "src/actions/x.rs"] {
            refused(path, text, "asks the world");
        }
        let faults = faults(&Source::new("src/host/x.rs", text));
        assert!(!faults.iter().any(|fault| fault.contains("asks the world")), "{faults:?}");
    }
    allowed("src/audit/x.rs", "use std::{time::Duration, path::Path, io::Write}; use std::os::unix::ffi::OsStrExt;");
}

#[test]
fn a_way_around_the_tables_is_refused() {
    for text in [
        "include!(\"x.rs\");",
        "#[macro_use] mod x;",
        "#[path = \"x.rs\"] mod x;",
        "extern crate std as s;",
        "use std as s;",
    ] {
        refused("src/host/x.rs", text, "a way around");
    }
    refused("src/lib.rs", "pub mod cli; fn f() {}", "only declares floors");
    refused("src/main.rs", "fn main() { gate::host::x() }", "main names `gate::host::x`");
    allowed("src/lib.rs", "//! use\npub mod cli;");
}
