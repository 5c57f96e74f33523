//! The C library that a static gate is linked with: where it is missing, the linker's own message helps nobody.

use std::env;
use std::process::Command;

/// What to do where this machine has no static C library, if the build asks for one.
pub fn missing() -> Option<&'static str> {
    let set = |name: &str| env::var(name).unwrap_or_default();
    let is_static = set("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    // Of another machine's library only its linker knows.
    if !is_static || set("CARGO_CFG_TARGET_ENV") != "gnu" || set("HOST") != set("TARGET") {
        return None;
    }
    // gcc gives the bare name of a file that it does not find.
    let printed = Command::new("cc").arg("-print-file-name=libc.a").output().ok()?;
    let found = String::from_utf8_lossy(&printed.stdout).trim().contains('/');
    (!found).then_some("no static C library is installed (libc.a): install libc6-dev on Debian, glibc-static on Fedora, or build a dynamic gate with `RUSTFLAGS= cargo build`")
}
