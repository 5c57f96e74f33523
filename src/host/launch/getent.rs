//! Asks the system's own `getent` about an account that the password file lacks. gate is one static file, and the C library
//! loads code of the system's to ask a directory service, which a static program cannot do safely. Refuses to hand the
//! program anything of the caller's environment, which could answer in its place.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::ports::Names;

/// Where the system has it; the search path is the caller's and has no say.
const PLACES: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];

/// Looks up hosts as the system does: files, DNS, whatever nsswitch.conf(5) names.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: &str) -> Vec<String> {
        let told = asked(&["ahosts", "--", host]).unwrap_or_default();
        let told = String::from_utf8_lossy(&told);
        let mut addresses: Vec<String> = Vec::new();
        for address in told.lines().filter_map(|line| line.split_whitespace().next()) {
            if !addresses.iter().any(|known| known == address) {
                addresses.push(address.to_owned());
            }
        }
        addresses
    }
}

/// The line of the password database for this uid, as passwd(5) has it.
#[must_use]
pub fn passwd(uid: u32) -> Option<Vec<u8>> {
    asked(&["passwd", "--", &uid.to_string()])
}

fn asked(arguments: &[&str]) -> Option<Vec<u8>> {
    let program = PLACES.into_iter().find(|place| Path::new(place).exists())?;
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_looked_up() {
        let local = SystemNames.addresses("localhost");
        assert!(
            !local.is_empty() && local.iter().all(|address| ["127.0.0.1", "::1"].contains(&address.as_str())),
            "{local:?}"
        );
        assert_eq!(SystemNames.addresses("no-such-host.invalid"), Vec::<String>::new());
        assert_eq!(SystemNames.addresses("--version"), Vec::<String>::new());
    }

    #[test]
    fn the_system_is_asked_for_an_account() {
        let root = String::from_utf8(passwd(0).unwrap()).unwrap();
        assert!(root.starts_with("root:") && root.contains(":0:0:"), "{root}");
        assert_eq!(passwd(4_000_000_000), None);
    }
}
