//! `gate init`: writes a first `config.yaml`, and adds people to one; never overwrites or takes away what stands there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::file::{self, FileError};
use super::{ConfigError, Layer, is_host};
use crate::approval::{Roster, RosterError};
use crate::encoding::yaml::{self, YamlError};
use crate::model::{Account, EnrolledKey, Principal, PublicKey, SelfApproval, Shown};

/// Somebody to enrol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrincipal {
    /// Their name.
    pub name: String,
    /// Their key.
    pub key: PublicKey,
    /// Their groups.
    pub groups: Vec<String>,
    /// The accounts that are theirs.
    pub accounts: Vec<Account>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The file is new.
    Created,
    /// The person is new in a file that was there.
    Added,
    /// All of it stood there already.
    Unchanged,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The user's own: nobody else reads it.
    Users,
    /// The system's: everybody reads it.
    Systems,
}

impl Whose {
    const fn modes(self) -> (u32, u32) {
        match self {
            Self::Users => (0o700, 0o600),
            Self::Systems => (0o755, 0o644),
        }
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The file that is there cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The principals would not fit together.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// Somebody of this name is enrolled with something else.
    #[error("`{name}` is enrolled in `{}` with something else, which is not overwritten (hint: edit that file)", Shown::os(.path.as_os_str()))]
    Other {
        /// Who.
        name: String,
        /// Where.
        path: PathBuf,
    },
    /// The file is written in a way that text cannot be added to.
    #[error("`{}` cannot be added to as it is written; add this under `principals:` by hand:\n{entry}", Shown::os(.path.as_os_str()))]
    Written {
        /// Where.
        path: PathBuf,
        /// What to add.
        entry: String,
    },
    /// A name for this host that cannot be one.
    #[error("`{0}` cannot be the name of a host")]
    Host(String),
    /// It cannot be written.
    #[error("`{}` cannot be written: {}", Shown::os(.path.as_os_str()), file::words(.source))]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<FileError> for InitError {
    fn from(fault: FileError) -> Self {
        Self::Config(fault.into())
    }
}

impl From<YamlError> for InitError {
    fn from(fault: YamlError) -> Self {
        Self::Config(fault.into())
    }
}

/// Makes `config.yaml` at `path`, or adds somebody to it. May be repeated: what stands there already is left alone.
///
/// # Errors
/// Each fault of [`InitError`]; the file is then as it was.
pub fn init(path: &Path, whose: Whose, host: &str, new: Option<&NewPrincipal>) -> Result<Begun, InitError> {
    if !is_host(host) {
        return Err(InitError::Host(host.chars().take(64).collect()));
    }
    let Some((text, read)) = file::text(path, yaml::LARGEST as u64)? else {
        let text = first(host, new);
        check(path, &text, &BTreeMap::new(), new)?;
        write(path, &text, whose.modes(), Replacing::Nothing)?;
        return Ok(Begun::Created);
    };
    let before = principals(path, &text)?;
    let Some(new) = new else {
        return Ok(Begun::Unchanged);
    };
    if let Some(standing) = before.get(&new.name) {
        if holds(standing, new) {
            return Ok(Begun::Unchanged);
        }
        return Err(InitError::Other { name: new.name.clone(), path: path.to_owned() });
    }
    let by_hand = || InitError::Written { path: path.to_owned(), entry: entry(new, "  ") };
    let added = added(&text, new).ok_or_else(by_hand)?;
    match check(path, &added, &before, Some(new)) {
        Ok(()) => {}
        Err(InitError::Roster(fault)) => return Err(fault.into()),
        Err(_) => return Err(by_hand()),
    }
    write(path, &added, (whose.modes().0, read.mode), Replacing::What(&text))?;
    Ok(Begun::Added)
}

fn principals(path: &Path, text: &str) -> Result<BTreeMap<String, Principal>, InitError> {
    let layer = Layer::read(path, text.to_owned())?;
    let named = layer.written.principals.into_iter().flat_map(|all| all.value);
    Ok(named.map(|(name, principal)| (name.value, principal.value)).collect())
}

/// Whether somebody who is enrolled has everything that is asked for.
fn holds(standing: &Principal, new: &NewPrincipal) -> bool {
    standing.keys.iter().any(|enrolled| enrolled.key == new.key)
        && new.groups.iter().all(|group| standing.groups.contains(group))
        && new.accounts.iter().all(|account| standing.accounts.contains(account))
}

/// Holds the text against what it should say, so that no trick of YAML writes something else.
fn check(
    path: &Path,
    text: &str,
    before: &BTreeMap<String, Principal>,
    new: Option<&NewPrincipal>,
) -> Result<(), InitError> {
    let mut wanted = before.clone();
    if let Some(new) = new {
        let principal = Principal {
            keys: vec![EnrolledKey::from(new.key.clone())],
            groups: new.groups.iter().cloned().collect(),
            accounts: new.accounts.iter().cloned().collect(),
            owner: None,
        };
        wanted.insert(new.name.clone(), principal);
    }
    Roster::new(wanted.clone(), SelfApproval::Never)?;
    if principals(path, text)? == wanted {
        return Ok(());
    }
    Err(InitError::Written { path: path.to_owned(), entry: String::new() })
}

fn first(host: &str, new: Option<&NewPrincipal>) -> String {
    let mut text = format!(
        "# Who may approve, and this host's settings: gate-policy(5).\n\
         host: {}\n",
        scalar(host)
    );
    match new {
        None => text.push_str("\n# gate init --principal NAME --key FILE.pub --group approvers adds somebody.\n"),
        Some(new) => {
            text.push_str("\nprincipals:\n");
            text.push_str(&entry(new, "  "));
        }
    }
    text
}

/// One principal as lines of YAML.
fn entry(new: &NewPrincipal, indent: &str) -> String {
    let list = |all: Vec<String>| all.iter().map(|one| scalar(one)).collect::<Vec<_>>().join(", ");
    let mut text = format!("{indent}{}:\n{indent}{indent}keys:\n", scalar(&new.name));
    let _ = writeln!(text, "{indent}{indent}{indent}- {}", new.key);
    if !new.groups.is_empty() {
        let _ = writeln!(text, "{indent}{indent}groups: [{}]", list(new.groups.clone()));
    }
    if !new.accounts.is_empty() {
        let accounts = new.accounts.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "{indent}{indent}accounts: [{}]", list(accounts));
    }
    text
}

/// A text as YAML reads it back: bare where nothing else can be meant.
fn scalar(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@/+-".contains(&byte);
    let word = text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && text.bytes().all(plain);
    let other = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    if word && !other.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text with somebody added right below `principals:`, or that at its end; none if it is written otherwise.
fn added(text: &str, new: &NewPrincipal) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let is_key = |line: &&str| line.split('#').next().is_some_and(|line| line.trim_end() == "principals:");
    let Some(at) = lines.iter().position(is_key) else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{gap}\nprincipals:\n{}", entry(new, "  ")));
    };
    let next = lines.iter().skip(at + 1).find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let indent: String = next.map_or("", |line| *line).chars().take_while(|letter| *letter == ' ').collect();
    let indent = if indent.is_empty() { "  " } else { &indent };
    let (before, after) = lines.split_at_checked(at + 1)?;
    let mut whole = before.join("\n");
    whole.push('\n');
    whole.push_str(&entry(new, indent));
    for line in after {
        whole.push_str(line);
        whole.push('\n');
    }
    Some(whole)
}

/// What a write may replace.
enum Replacing<'a> {
    /// There is no file.
    Nothing,
    /// A file with this text.
    What(&'a str),
}

fn write(path: &Path, text: &str, (above, mode): (u32, u32), replacing: Replacing<'_>) -> Result<(), InitError> {
    let fault = |source| InitError::Write { path: path.to_owned(), source };
    let folder = path.parent().ok_or_else(|| fault(io::ErrorKind::InvalidInput.into()))?;
    DirBuilder::new().recursive(true).mode(above).create(folder).map_err(fault)?;
    let staged = folder.join(format!(".config.yaml.{}", std::process::id()));
    let staging = || {
        let mut file = fs::File::options().write(true).create_new(true).mode(mode & 0o777).open(&staged)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match replacing {
            Replacing::Nothing => {
                use rustix::fs::{CWD, RenameFlags, renameat_with};
                Ok(renameat_with(CWD, &staged, CWD, path, RenameFlags::NOREPLACE)?)
            }
            Replacing::What(before) if fs::read_to_string(path)? == before => fs::rename(&staged, path),
            Replacing::What(_) => Err(io::Error::other("it was changed just now")),
        }
    };
    staging().map_err(|source| {
        // Whatever failed, the half-made file is nobody's; one of another process is not ours.
        if source.kind() != io::ErrorKind::AlreadyExists {
            let _ = fs::remove_file(&staged);
        }
        fault(source)
    })
}
