//! The file that `--oidc` names: which provider, as whom this server is known there, and who of its people may come in.
//! Refuses a secret that stands in the file itself or that everybody can read.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::encoding::yaml::{self, Placed, YamlError};
use crate::host::config::file::{self, FileError};
use crate::model::Shown;
use crate::remote::Address;

/// How large the file of a secret may be, in bytes.
const LARGEST_SECRET: u64 = 16 << 10;

/// One provider, and who may come in by it.
#[derive(Clone)]
pub struct Settings {
    /// The provider's name for itself, as its tokens have it.
    pub issuer: String,
    /// This server's name there.
    pub client: String,
    /// What proves that it is this server; none for a public client.
    pub secret: Option<Zeroizing<String>>,
    /// What is asked for, with spaces.
    pub scopes: String,
    /// The claim that names the principal.
    pub principal: String,
    /// What other claims must say.
    pub require: BTreeMap<String, String>,
    /// Who of its people may come in; all of them where nothing is said.
    pub groups: Option<Groups>,
}

/// What groups at the provider mean here.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    /// The claim that names them.
    pub claim: String,
    /// The groups of gate for which their members may answer.
    pub approvers: BTreeMap<String, BTreeSet<String>>,
    /// Whose members only look on.
    pub auditors: BTreeSet<String>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such file.
    #[error("there is no file `{}`", Shown::os(.0.as_os_str()))]
    Missing(PathBuf),
    /// The text has a fault; shown with its place.
    #[error("{0}")]
    Text(#[from] YamlError),
}

/// What people write.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: Placed<String>,
    client_id: Placed<String>,
    client_secret: Option<Placed<Secret>>,
    #[serde(default)]
    scopes: Vec<Placed<String>>,
    principal: Option<Placed<String>>,
    #[serde(default)]
    require: BTreeMap<String, String>,
    groups: Option<Placed<WrittenGroups>>,
}

/// Where the secret is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    file: Option<PathBuf>,
    variable: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenGroups {
    claim: Option<String>,
    #[serde(default)]
    approvers: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    auditors: BTreeSet<String>,
}

impl Settings {
    /// Reads the file, and the secret where it says.
    ///
    /// # Errors
    /// Each fault of [`SettingsError`].
    pub fn read(path: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SettingsError> {
        let found = file::text(path, yaml::LARGEST as u64)?;
        let (text, _) = found.ok_or_else(|| SettingsError::Missing(path.to_owned()))?;
        let name = Shown::os(path.as_os_str()).to_string();
        Self::of(&name, &text, variable)
    }

    /// The claims that decide about somebody.
    pub fn wanted(&self) -> impl Iterator<Item = &str> {
        let verified = (self.principal == "email").then_some("email_verified");
        let required = self.require.keys().map(String::as_str);
        let groups = self.groups.as_ref().map(|groups| groups.claim.as_str());
        std::iter::once(self.principal.as_str()).chain(verified).chain(required).chain(groups)
    }

    fn of(name: &str, text: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SettingsError> {
        let written: Written = yaml::read(name, text)?;
        let issuer = &written.issuer;
        if let Err(fault) = Address::new(&issuer.value, Address::is_local(&issuer.value)) {
            let hint = "https://HOST as the provider writes it; http for a provider on this machine";
            return Err(issuer.error(name, text, &fault.to_string(), Some(hint)).into());
        }
        let client = &written.client_id;
        if client.value.trim().is_empty() {
            return Err(client.error(name, text, "the provider knows no server without a name", None).into());
        }
        let secret = written.client_secret.as_ref().map(|at| secret(at, name, text, variable)).transpose()?;
        let mut scopes = vec!["openid".to_owned()];
        for scope in &written.scopes {
            if scope.value.is_empty() || scope.value.contains(|letter: char| !letter.is_ascii_graphic()) {
                return Err(scope.error(name, text, "a scope is one word", None).into());
            }
            if !scopes.contains(&scope.value) {
                scopes.push(scope.value.clone());
            }
        }
        if written.scopes.is_empty() {
            scopes.push("email".to_owned());
        }
        if let Some(groups) = &written.groups
            && groups.value.approvers.is_empty()
            && groups.value.auditors.is_empty()
        {
            let hint = Some("`approvers: {GROUP THERE: [GROUP HERE]}`, `auditors: [GROUP THERE]`");
            return Err(groups.error(name, text, "no group is named, so that nobody could come in", hint).into());
        }
        let groups = written.groups.map(|groups| Groups {
            claim: groups.value.claim.unwrap_or_else(|| "groups".to_owned()),
            approvers: groups.value.approvers,
            auditors: groups.value.auditors,
        });
        Ok(Self {
            issuer: written.issuer.value,
            client: written.client_id.value,
            secret,
            scopes: scopes.join(" "),
            principal: written.principal.map_or_else(|| "email".to_owned(), |claim| claim.value),
            require: written.require,
            groups,
        })
    }
}

/// Without the secret.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("issuer", &self.issuer).field("client", &self.client).finish_non_exhaustive()
    }
}

fn secret(
    at: &Placed<Secret>,
    name: &str,
    text: &str,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Zeroizing<String>, SettingsError> {
    let fault = |message: &str, hint| SettingsError::from(at.error(name, text, message, hint));
    let found = match (&at.value.file, &at.value.variable) {
        (Some(path), None) => {
            let found = file::text(path, LARGEST_SECRET)?;
            let (secret, read) = found.ok_or_else(|| SettingsError::Missing(path.clone()))?;
            let secret = Zeroizing::new(secret);
            if read.mode & 0o007 != 0 {
                return Err(fault("everybody can read the file of the secret", Some("chmod 600")));
            }
            Zeroizing::new(secret.trim().to_owned())
        }
        (None, Some(variable_name)) => {
            let value = variable(variable_name).and_then(|value| value.into_string().ok());
            let message = format!("the variable `{variable_name}` is not set");
            Zeroizing::new(value.ok_or_else(|| fault(&message, None))?)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(fault("the secret is in one place", Some("`{file: PATH}` or `{variable: NAME}`")));
        }
    };
    if found.is_empty() { Err(fault("the secret is empty", None)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn read(text: &str) -> Result<Settings, SettingsError> {
        Settings::of("oidc.yaml", text, &|name| (name == "SECRET").then(|| "hidden".into()))
    }

    const LEAST: &str = "issuer: https://id.acme.com\nclient_id: gate\n";

    #[test]
    fn little_has_to_be_said() {
        let least = read(LEAST).unwrap();
        assert_eq!((least.scopes.as_str(), least.principal.as_str()), ("openid email", "email"));
        assert!(least.secret.is_none() && least.groups.is_none());
        let more = format!("{LEAST}client_secret: {{variable: SECRET}}\nscopes: [openid, groups]\n");
        let more = read(&more).unwrap();
        assert_eq!((more.scopes.as_str(), more.secret.as_ref().unwrap().as_str()), ("openid groups", "hidden"));
        assert!(!format!("{more:?}").contains("hidden"));
    }

    /// What stands in the manual is what people copy.
    #[test]
    fn the_files_of_the_manual_are_read() {
        let page = include_str!("../../../man/gate-oidc.5").replace("\\-", "-");
        let examples: Vec<&str> = page.split("\n.EX\n").skip(1).filter_map(|rest| rest.split("\n.EE").next()).collect();
        let files: Vec<&str> = examples.into_iter().filter(|text| text.starts_with("issuer: ")).collect();
        assert_eq!(files.len(), 3);
        for file in files {
            let text = file.replace("{file: /etc/gate/oidc.secret}", "{variable: SECRET}");
            let read = read(&text).unwrap_or_else(|fault| panic!("{fault}"));
            assert!(read.secret.is_some() && text.contains(&read.issuer));
        }
    }

    #[test]
    fn faults_name_their_place_and_what_to_do() {
        let issuer = |text: &str| format!("issuer: {text}\nclient_id: gate\n");
        for (text, place, message) in [
            (issuer("http://id.acme.com"), ":1:9:", "it is not https"),
            (issuer("https://169.254.169.254/"), ":1:9:", "it is of this link"),
            (issuer("id.acme.com"), ":1:9:", "it is no URL"),
            ("issuer: https://id.acme.com\n".to_owned(), ":1:1:", "the key `client_id` is missing"),
            (format!("{LEAST}client_secret: abc\n"), ":3:16:", "expected a mapping"),
            (format!("{LEAST}client_secret: {{variable: NONE}}\n"), ":3:16:", "the variable `NONE` is not set"),
            (format!("{LEAST}client_secret: {{}}\n"), ":3:16:", "the secret is in one place"),
            (format!("{LEAST}groups: {{claim: groups}}\n"), ":3:9:", "no group is named"),
            (format!("{LEAST}scopes: [\"a b\"]\n"), ":3:10:", "a scope is one word"),
            (format!("{LEAST}group: {{}}\n"), ":3:1:", "unknown key `group`"),
        ] {
            let fault = read(&text).unwrap_err().to_string();
            assert!(fault.contains(place) && fault.contains(message), "{text}{fault}");
        }
    }

    #[test]
    fn a_secret_that_everybody_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "hidden\n").unwrap();
        let text = format!("{LEAST}client_secret: {{file: {}}}\n", path.display());
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        assert!(read(&text).unwrap_err().to_string().contains("everybody can read"));
        mode(0o640);
        assert_eq!(read(&text).unwrap().secret.unwrap().as_str(), "hidden");
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&text).unwrap_err().to_string().contains("empty"));
    }
}
