//! Who asks, as far as the kernel knows: the real uid, and behind sudo or doas whoever called them. The environment can
//! only add somebody who then can't answer; it never takes anybody away.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::fd::AsFd as _;

use super::config::accounts;
use crate::approval::SeenAccount;

/// More ancestors than any process has.
const MOST_ANCESTORS: usize = 4096;
/// What the kernel says where no login was recorded.
const NO_LOGIN: u32 = u32::MAX;

/// Who was seen to ask; the roster says which principals they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRequester {
    /// The real uid of gate.
    pub uid: u32,
    /// The accounts, the best established first.
    pub accounts: Vec<SeenAccount>,
    /// The agent that `GATE_AGENT` names.
    pub agent: Option<String>,
}

/// Who asks this process.
#[must_use]
pub fn seen(variable: &dyn Fn(&str) -> Option<OsString>) -> SeenRequester {
    let uid = rustix::process::getuid().as_raw();
    let text = |name: &str| variable(name).and_then(|value| value.into_string().ok());
    let traces = Traces {
        uid,
        outside: outside(),
        ancestors: ancestors(),
        login: short("/proc/self/loginuid").and_then(|text| text.trim().parse().ok()),
        sudo: text("SUDO_UID").and_then(|text| text.parse().ok()),
        doas: text("DOAS_USER"),
    };
    SeenRequester { uid, accounts: traces.accounts(&accounts::name), agent: text("GATE_AGENT") }
}

/// Everything that tells who asks.
#[derive(Debug, Clone, Default)]
struct Traces {
    /// The real uid.
    uid: u32,
    /// What it is outside of a user namespace, if that is another one.
    outside: Option<u32>,
    /// The real uids of all ancestors, the nearest first, as far as they can be seen.
    ancestors: Vec<u32>,
    /// The uid that logged in.
    login: Option<u32>,
    /// What `SUDO_UID` says.
    sudo: Option<u32>,
    /// What `DOAS_USER` says.
    doas: Option<String>,
}

impl Traces {
    fn accounts(&self, name: &dyn Fn(u32) -> String) -> Vec<SeenAccount> {
        let mut accounts: Vec<SeenAccount> = Vec::new();
        let mut add = |name: String, source| {
            if !accounts.iter().any(|known| known.name == name) {
                accounts.push(SeenAccount { name, source });
            }
        };
        let other = |uid: &u32| *uid != 0 && *uid != self.uid;
        let at = self.ancestors.iter().position(other);
        let ancestor = at.and_then(|at| self.ancestors.get(at).copied());
        let login = self.login.filter(|uid| *uid != NO_LOGIN).filter(other);
        // INVARIANT (own account): this account stops counting only where a process of root stands between it and the
        // other one, since a user can make processes of uids that are lent to them (subuid), but none of root.
        let behind = at.is_some_and(|at| self.ancestors.iter().take(at).any(|uid| *uid == 0));
        let replaced = behind || (self.uid == 0 && (ancestor.is_some() || login.is_some()));
        if !replaced {
            add(name(self.uid), "uid");
        }
        for (uid, source) in [(ancestor, "ancestor"), (login, "login"), (self.outside, "uid")] {
            if let Some(uid) = uid {
                add(name(uid), source);
            }
        }
        if let Some(uid) = self.sudo.filter(other) {
            add(name(uid), "SUDO_UID");
        }
        let plain =
            |name: &&String| !name.is_empty() && name.len() <= 255 && name.bytes().all(|b| b.is_ascii_graphic());
        if let Some(user) = self.doas.as_ref().filter(plain).filter(|user| **user != name(0)) {
            add(user.clone(), "DOAS_USER");
        }
        accounts
    }
}

/// The real uids of the ancestors, as far as /proc shows them.
fn ancestors() -> Vec<u32> {
    let mut uids = Vec::new();
    let mut pid = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    while let Some(at) = pid.filter(|_| uids.len() < MOST_ANCESTORS) {
        let text = || short(&format!("/proc/{at}/status")).as_deref().and_then(status);
        let Some((parent, uid)) = told(at).or_else(text) else {
            break;
        };
        uids.push(uid);
        pid = Some(parent).filter(|parent| *parent > 0 && *parent != at);
    }
    uids
}

/// The parent and the real uid of a process, from the kernel itself, where it is young enough for that.
fn told(process: i32) -> Option<(i32, u32)> {
    let pid = rustix::process::Pid::from_raw(process)?;
    let process = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()?;
    super::raw::parent_and_uid(process.as_fd())
}

/// The beginning of a file of the kernel, in one read: it makes the text anew for each, and every command waits for it.
fn short(path: &str) -> Option<String> {
    let mut bytes = [0; 4096];
    let length = fs::File::open(path).ok()?.read(&mut bytes).ok()?;
    bytes.get(..length).and_then(|text| std::str::from_utf8(text).ok()).map(str::to_owned)
}

/// The parent and the real uid of a process, from its `status`. The name in it cannot hold a newline: the kernel
/// escapes it.
fn status(text: &str) -> Option<(i32, u32)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    Some((field("PPid:")?.parse().ok()?, field("Uid:")?.parse().ok()?))
}

/// What the real uid is outside of this user namespace, where that is another one. Inside a second namespace that is
/// all that can be seen.
fn outside() -> Option<u32> {
    let map = short("/proc/self/uid_map")?;
    mapped(&map, rustix::process::getuid().as_raw())
}

fn mapped(map: &str, uid: u32) -> Option<u32> {
    let outside = map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (inside, outside, length) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
        uid.checked_sub(inside).filter(|offset| *offset < length)?.checked_add(outside)
    })?;
    Some(outside).filter(|outside| *outside != uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: u32 = 1000;
    const BOB: u32 = 1001;
    const DEPLOY: u32 = 900;

    fn seen(traces: &Traces) -> Vec<String> {
        let name = |uid| match uid {
            0 => "root".to_owned(),
            ALICE => "alice".to_owned(),
            BOB => "bob".to_owned(),
            DEPLOY => "deploy".to_owned(),
            other => format!("#{other}"),
        };
        traces.accounts(&name).into_iter().map(|account| format!("{} {}", account.name, account.source)).collect()
    }

    fn traces(uid: u32, ancestors: &[u32]) -> Traces {
        Traces { uid, ancestors: ancestors.to_vec(), ..Traces::default() }
    }

    #[test]
    fn the_kernel_says_the_same_of_a_process_in_both_ways() {
        let own = i32::try_from(std::process::id()).unwrap();
        let text = short(&format!("/proc/{own}/status")).as_deref().and_then(status).unwrap();
        // Before Linux 6.13 there is only the text.
        assert!(told(own).is_none_or(|told| told == text), "{:?} {text:?}", told(own));
    }

    #[test]
    fn the_real_uid_asks() {
        assert_eq!(seen(&traces(ALICE, &[ALICE, ALICE, 0, 0])), ["alice uid"]);
        assert_eq!(seen(&Traces { login: Some(ALICE), ..traces(ALICE, &[ALICE, 0]) }), ["alice uid"]);
        assert_eq!(seen(&Traces { login: Some(NO_LOGIN), ..traces(DEPLOY, &[0]) }), ["deploy uid"]);
        assert_eq!(seen(&traces(0, &[0, 0])), ["root uid"]);
    }

    #[test]
    fn behind_sudo_the_nearest_other_ancestor_asks() {
        let sudo = Traces { login: Some(ALICE), sudo: Some(ALICE), ..traces(DEPLOY, &[0, 0, ALICE, ALICE, 0]) };
        assert_eq!(seen(&sudo), ["alice ancestor"]);
        assert_eq!(seen(&traces(0, &[0, ALICE, 0])), ["alice ancestor"]);
        // Through two of them: bob became alice, and alice called sudo.
        assert_eq!(seen(&traces(DEPLOY, &[0, ALICE, 0, BOB, 0])), ["alice ancestor"]);
    }

    #[test]
    fn cut_off_from_its_ancestors_the_login_and_then_the_environment_tell() {
        let login = Traces { login: Some(ALICE), ..traces(0, &[0]) };
        assert_eq!(seen(&login), ["alice login"]);
        let environment = Traces { sudo: Some(ALICE), ..traces(0, &[0]) };
        assert_eq!(seen(&environment), ["root uid", "alice SUDO_UID"]);
        let doas = Traces { doas: Some("alice".into()), ..traces(0, &[]) };
        assert_eq!(seen(&doas), ["root uid", "alice DOAS_USER"]);
    }

    #[test]
    fn where_they_disagree_all_count() {
        let all = Traces { login: Some(BOB), sudo: Some(1002), ..traces(DEPLOY, &[0, ALICE, 0]) };
        assert_eq!(seen(&all), ["alice ancestor", "bob login", "#1002 SUDO_UID"]);
    }

    #[test]
    fn the_environment_takes_nobody_away() {
        let hostile = Traces { sudo: Some(BOB), doas: Some("carol".into()), ..traces(ALICE, &[ALICE, 0]) };
        assert_eq!(seen(&hostile), ["alice uid", "bob SUDO_UID", "carol DOAS_USER"]);
        let unreadable = Traces { doas: Some("a\u{202e}b".into()), ..traces(ALICE, &[0]) };
        assert_eq!(seen(&unreadable), ["alice uid"]);
    }

    #[test]
    fn a_process_of_a_lent_uid_takes_nobody_away() {
        // alice makes a process of a subuid in a user namespace and lets it start gate.
        assert_eq!(seen(&traces(ALICE, &[100_000, ALICE, 0])), ["alice uid", "#100000 ancestor"]);
    }

    #[test]
    fn root_of_a_user_namespace_is_also_who_made_it() {
        let unshared = Traces { outside: Some(ALICE), ..traces(0, &[]) };
        assert_eq!(seen(&unshared), ["root uid", "alice uid"]);
        assert_eq!(mapped("         0       1000          1\n", 0), Some(1000));
        assert_eq!(mapped("         0          0 4294967295\n", 7), None);
        assert_eq!(mapped("         0       1000          1\n         1     100000      65536\n", 8), Some(100_007));
    }

    #[test]
    fn the_status_of_a_process_is_read() {
        let text = "Name:\tUid: 5\nUmask:\t0022\nPPid:\t12\nUid:\t1000\t0\t0\t0\n";
        assert_eq!(status(text), Some((12, 1000)));
        assert_eq!(status("Name:\tx\n"), None);
        let seen = super::seen(&|name| (name == "GATE_AGENT").then(|| "agent:x".into()));
        assert_eq!(seen.uid, rustix::process::getuid().as_raw());
        assert_eq!(seen.agent.as_deref(), Some("agent:x"));
        assert!(!seen.accounts.is_empty());
    }
}
