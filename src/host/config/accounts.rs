//! Accounts of this host by uid: the password file first, then whatever else the system is set up to ask.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::file;
use crate::host::launch::getent;

/// The password file of this host.
const PASSWORDS: &str = "/etc/passwd";
/// How much of it is looked at.
const LARGEST: u64 = 16 << 20;

/// An account as the password database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAccount {
    /// Its name.
    pub name: OsString,
    /// Its home.
    pub home: PathBuf,
}

/// The account with this uid. A user of a directory service is asked for only when the password file lacks them, since
/// that starts a program and may open a socket.
#[must_use]
pub fn account(uid: u32) -> Option<HostAccount> {
    let text = file::bytes(PASSWORDS.as_ref(), LARGEST).ok().flatten().map(|read| read.bytes);
    text.and_then(|text| listed(&text, uid)).or_else(|| listed(&getent::passwd(uid)?, uid))
}

/// What an account is called in claims: its name, or `#UID` where it has none that can be written plainly.
#[must_use]
pub fn name(uid: u32) -> String {
    let plain = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    let account = account(uid);
    let name = account.as_ref().and_then(|account| account.name.to_str()).filter(plain);
    name.map_or_else(|| format!("#{uid}"), str::to_owned)
}

fn listed(text: &[u8], uid: u32) -> Option<HostAccount> {
    text.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, _, number, _, _, home) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        // `+` and `-` begin lines for a directory service.
        let real = number == uid && !name.is_empty() && !name.starts_with(b"+") && !name.starts_with(b"-");
        let home = PathBuf::from(OsStr::from_bytes(home));
        real.then(|| HostAccount { name: OsStr::from_bytes(name).to_owned(), home })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_with_the_uid_counts() {
        let text = b"root:x:0:0:root:/root:/bin/sh\n+nis:x:7::::\nbad\na:x:7:7:A:/home/a:/bin/sh\nb:x:7:7::/home/b:\n";
        let account = listed(text, 7).unwrap();
        assert_eq!((account.name.to_str(), account.home.to_str()), (Some("a"), Some("/home/a")));
        assert_eq!(listed(text, 8), None);
    }

    #[test]
    fn this_hosts_accounts_have_names_and_others_numbers() {
        assert_eq!(name(0), "root");
        assert_eq!(account(0).unwrap().home, PathBuf::from("/root"));
        assert_eq!(name(4_000_000_000), "#4000000000");
    }
}
