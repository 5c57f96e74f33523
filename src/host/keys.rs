//! Approver keys in files of OpenSSH's format: makes, lists, imports and opens them. Refuses a private key that others can
//! read, and never writes over a file. Asking for a passphrase is the caller's business.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::config::file::{self, FileError, words};
use crate::encoding::openssh::{KeyFileError, PrivateKey, needs_passphrase};
use crate::encoding::sshsig;
use crate::model::{Fingerprint, InvalidKey, PublicKey, Shown};
use crate::ports::{Failure, Signer};

/// Larger than any key file.
const LARGEST: u64 = 64 << 10;
/// How often a passphrase may be tried.
const MOST_TRIES: usize = 3;

/// Asks for the passphrase of a key file; the number says which try it is, from 1. `None` gives up.
pub type Ask<'a> = dyn FnMut(&Path, usize) -> Option<Zeroizing<String>> + 'a;

/// Why a key cannot be made, found or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such file.
    #[error("there is no key `{}`", Shown::os(.0.as_os_str()))]
    NoFile(PathBuf),
    /// Others can read a private key.
    #[error("`{}` can be read by others, so it is no secret (hint: chmod 600 it)", Shown::os(.0.as_os_str()))]
    Open(PathBuf),
    /// Somebody else's private key.
    #[error("`{}` belongs to uid {uid}, not to you", Shown::os(.path.as_os_str()))]
    Owner {
        /// Where.
        path: PathBuf,
        /// Whose.
        uid: u32,
    },
    /// What stands in a file is not a key that can be used.
    #[error("`{}`: {fault}", Shown::os(.path.as_os_str()))]
    Private {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        fault: KeyFileError,
    },
    /// What stands in a `.pub` file is not a key.
    #[error("`{}`: {fault}", Shown::os(.path.as_os_str()))]
    Public {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        fault: InvalidKey,
    },
    /// The `.pub` file beside a private key is another key's.
    #[error("`{}` is not the public half of the key beside it", Shown::os(.0.as_os_str()))]
    OtherHalf(PathBuf),
    /// A name that cannot be one of a file.
    #[error("`{}` cannot be the name of a key (letters, digits, `.`, `-`, `_` and `@`)", .0.escape_debug())]
    Name(String),
    /// Something of this name stands there.
    #[error("`{}` is there already and is not written over", Shown::os(.0.as_os_str()))]
    Exists(PathBuf),
    /// It cannot be written.
    #[error("`{}` cannot be written: {}", Shown::os(.path.as_os_str()), words(.source))]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no random bytes.
    #[error("the system gives no random bytes")]
    NoEntropy,
    /// Nobody gave a passphrase.
    #[error("no passphrase was given for `{}`", Shown::os(.0.as_os_str()))]
    NoPassphrase(PathBuf),
}

/// A key file as it can be seen without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// The file with the private half.
    pub path: PathBuf,
    /// The public half, as the `.pub` file beside it has it; what it signs is checked against what is enrolled.
    pub public: PublicKey,
    /// The comment, often `who@where`.
    pub comment: String,
    /// Whether a passphrase protects it.
    pub encrypted: bool,
}

/// A directory of key files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// The keys of this directory; it need not exist.
    #[must_use]
    pub fn within(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Makes a new key of this name, protected by the passphrase if there is one.
    ///
    /// # Errors
    /// `Name`, `Exists`, `Write`, `NoEntropy`; `Private` for an empty passphrase.
    pub fn create(&self, name: &str, comment: &str, passphrase: Option<&str>) -> Result<KeyFile, KeyError> {
        let path = self.place(name)?;
        let (mut seed, mut entropy) = (Zeroizing::new([0; 32]), [0; 20]);
        getrandom::fill(seed.as_mut()).and_then(|()| getrandom::fill(&mut entropy)).map_err(|_| KeyError::NoEntropy)?;
        let private = |fault| KeyError::Private { path: path.clone(), fault };
        let key = PrivateKey::from_seed(&seed, comment);
        let key = key.map_err(|fault| KeyError::Public { path: path.clone(), fault })?;
        let text = key.write(passphrase.map(str::as_bytes), &entropy).map_err(private)?;
        self.put(&path, &text, key.public(), comment)?;
        Ok(KeyFile { path, public: key.public().clone(), comment: comment.to_owned(), encrypted: passphrase.is_some() })
    }

    /// Makes a new key whose private half is kept elsewhere; only its `.pub` file is written.
    ///
    /// # Errors
    /// As [`Keys::create`].
    pub fn create_public(&self, name: &str, comment: &str) -> Result<(PathBuf, PrivateKey), KeyError> {
        let path = with_pub(&self.place(name)?);
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| KeyError::NoEntropy)?;
        let key = PrivateKey::from_seed(&seed, comment);
        let key = key.map_err(|fault| KeyError::Public { path: path.clone(), fault })?;
        self.put_public(&path, key.public(), comment)?;
        Ok((path, key))
    }

    /// Copies a key file and its `.pub` file here.
    ///
    /// # Errors
    /// As [`Keys::at`], and `Name`, `Exists`, `Write`.
    pub fn import(&self, from: &Path) -> Result<KeyFile, KeyError> {
        let text = private_text(from)?;
        let found = Self::at(from)?;
        let name = from.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = self.place(name)?;
        self.put(&path, &text, &found.public, &found.comment)?;
        Ok(KeyFile { path, ..found })
    }

    /// All keys of the directory by name, and what was skipped and why.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn list(&self) -> Result<(Vec<KeyFile>, Vec<KeyError>), KeyError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            Err(source) => return Err(FileError::Unreadable { path: self.folder.clone(), source }.into()),
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for public in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "pub")) {
            match Self::at(&public.with_extension("")) {
                Ok(key) => keys.push(key),
                Err(fault) => skipped.push(fault),
            }
        }
        Ok((keys, skipped))
    }

    /// The key with this fingerprint, if it lies here.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn find(&self, fingerprint: &Fingerprint) -> Result<Option<KeyFile>, KeyError> {
        Ok(self.list()?.0.into_iter().find(|key| key.public.fingerprint() == *fingerprint))
    }

    /// A key file anywhere, with its `.pub` file; an unprotected key needs none.
    ///
    /// # Errors
    /// When it is not a private key, others can read it, or the halves do not belong together.
    pub fn at(path: &Path) -> Result<KeyFile, KeyError> {
        let text = private_text(path)?;
        let encrypted = needs_passphrase(&text).map_err(|fault| KeyError::Private { path: path.to_owned(), fault })?;
        let beside = with_pub(path);
        let said = match file::text(&beside, LARGEST)? {
            Some((text, _)) => {
                let key = PublicKey::with_comment(&text);
                let key = key.map(|(key, comment)| (key, comment.to_owned()));
                Some(key.map_err(|fault| KeyError::Public { path: beside.clone(), fault })?)
            }
            None => None,
        };
        let (public, comment) = if encrypted {
            said.ok_or(KeyError::NoFile(beside))?
        } else {
            let key = PrivateKey::read(&text, None);
            let key = key.map_err(|fault| KeyError::Private { path: path.to_owned(), fault })?;
            if said.is_some_and(|(said, _)| said != *key.public()) {
                return Err(KeyError::OtherHalf(beside));
            }
            (key.public().clone(), key.comment().to_owned())
        };
        Ok(KeyFile { path: path.to_owned(), public, comment, encrypted })
    }

    /// Where the public half of the key of this name lies.
    ///
    /// # Errors
    /// `Name`.
    pub fn public_file(&self, name: &str) -> Result<PathBuf, KeyError> {
        self.place(name).map(|path| with_pub(&path))
    }

    fn place(&self, name: &str) -> Result<PathBuf, KeyError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        let hidden = name.starts_with('.') || name.starts_with('-') || name.ends_with(".pub");
        if name.is_empty() || name.len() > 128 || hidden || !name.bytes().all(plain) {
            return Err(KeyError::Name(name.chars().take(128).collect()));
        }
        Ok(self.folder.join(name))
    }

    /// Writes both halves, the private one first: without its `.pub` file a key is not listed.
    fn put(&self, path: &Path, text: &str, public: &PublicKey, comment: &str) -> Result<(), KeyError> {
        let beside = with_pub(path);
        self.make(&beside)?;
        put_new(path, text.as_bytes(), 0o600)?;
        self.put_public(&beside, public, comment).inspect_err(|_| drop(fs::remove_file(path)))
    }

    /// Writes a `.pub` file, durably.
    fn put_public(&self, path: &Path, public: &PublicKey, comment: &str) -> Result<(), KeyError> {
        self.make(path)?;
        let comment: String = comment.chars().filter(|letter| !letter.is_control()).collect();
        let line = if comment.is_empty() { format!("{public}\n") } else { format!("{public} {comment}\n") };
        put_new(path, line.as_bytes(), 0o644)?;
        let fault = |source| KeyError::Write { path: self.folder.clone(), source };
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(fault)
    }

    /// Makes the directory, and refuses to write over a file.
    fn make(&self, path: &Path) -> Result<(), KeyError> {
        let fault = |source| KeyError::Write { path: self.folder.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(fault)?;
        if fs::symlink_metadata(path).is_ok() { Err(KeyError::Exists(path.to_owned())) } else { Ok(()) }
    }
}

impl KeyFile {
    /// Opens the private half, asking for the passphrase at most three times.
    ///
    /// # Errors
    /// When it cannot be read, no passphrase opens it, or it is not the half of the public one.
    pub fn open(&self, ask: &mut Ask<'_>) -> Result<PrivateKey, KeyError> {
        let text = private_text(&self.path)?;
        let private = |fault| KeyError::Private { path: self.path.clone(), fault };
        let mut tries = 0;
        let key = loop {
            let passphrase = if needs_passphrase(&text).map_err(private)? {
                tries += 1;
                Some(ask(&self.path, tries).ok_or_else(|| KeyError::NoPassphrase(self.path.clone()))?)
            } else {
                None
            };
            match PrivateKey::read(&text, passphrase.as_deref().map(String::as_bytes)) {
                Ok(key) => break key,
                Err(KeyFileError::WrongPassphrase) if tries < MOST_TRIES => {}
                Err(fault) => return Err(private(fault)),
            }
        };
        if *key.public() == self.public { Ok(key) } else { Err(KeyError::OtherHalf(with_pub(&self.path))) }
    }
}

/// A key file that signs: opened anew for each signature, so that its passphrase is typed for that one.
pub struct FileSigner<'a> {
    /// The file.
    pub file: KeyFile,
    /// Asks for its passphrase.
    pub ask: &'a mut Ask<'a>,
}

impl Signer for FileSigner<'_> {
    fn public(&self) -> &PublicKey {
        &self.file.public
    }

    fn is_protected(&self) -> bool {
        self.file.encrypted
    }

    fn sign(&mut self, namespace: &str, message: &[u8]) -> Result<String, Failure> {
        let key = self.file.open(&mut *self.ask).map_err(|fault| Failure::of(&fault))?;
        Ok(sshsig::sign(&key, namespace, message))
    }
}

/// The public key in a `.pub` file, and its comment.
///
/// # Errors
/// When there is none.
pub fn public(path: &Path) -> Result<(PublicKey, String), KeyError> {
    let (text, _) = file::text(path, LARGEST)?.ok_or_else(|| KeyError::NoFile(path.to_owned()))?;
    let key = PublicKey::with_comment(&text).map(|(key, comment)| (key, comment.to_owned()));
    key.map_err(|fault| KeyError::Public { path: path.to_owned(), fault })
}

/// The text of a private key that nobody else can read.
fn private_text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let Some((text, read)) = file::text(path, LARGEST)? else {
        return Err(KeyError::NoFile(path.to_owned()));
    };
    let text = Zeroizing::new(text);
    let own = rustix::process::geteuid().as_raw();
    if read.uid != own && own != 0 {
        return Err(KeyError::Owner { path: path.to_owned(), uid: read.uid });
    }
    if read.mode & 0o077 != 0 { Err(KeyError::Open(path.to_owned())) } else { Ok(text) }
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn put_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyError> {
    let put = || {
        let mut file = File::options().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    put().map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
        _ => KeyError::Write { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::within(&folder.path().join("keys"));
        (folder, keys)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_key_is_protected_listed_found_and_opened() {
        let (_folder, keys) = keys();
        assert_eq!(keys.list().unwrap().0, []);
        let made = keys.create("alice@acme.com", "alice@home", Some("correct horse")).unwrap();
        assert_eq!((mode(&made.path), mode(&keys.folder)), (0o600, 0o700));
        let (listed, skipped) = keys.list().unwrap();
        assert_eq!((listed, skipped.len()), (vec![made.clone()], 0));
        let found = keys.find(&made.public.fingerprint()).unwrap().unwrap();
        let mut asked = Vec::new();
        let opened = found.open(&mut |_, number| {
            asked.push(number);
            Some(Zeroizing::new(if number == 2 { "correct horse" } else { "wrong" }.to_owned()))
        });
        assert_eq!((opened.unwrap().public(), asked), (&made.public, vec![1, 2]));
        let fault = found.open(&mut |_, _| Some(Zeroizing::new("wrong".into()))).unwrap_err();
        assert!(fault.to_string().ends_with("the passphrase is wrong"), "{fault}");
        assert!(matches!(found.open(&mut |_, _| None), Err(KeyError::NoPassphrase(_))));
        let mut ask = |_: &Path, _: usize| Some(Zeroizing::new("correct horse".to_owned()));
        let mut signer = FileSigner { file: found, ask: &mut ask };
        let signature = sshsig::Signature::parse(&signer.sign("gate-verdict", b"text").unwrap()).unwrap();
        assert_eq!(sshsig::verify(&signature, "gate-verdict", b"text", &made.public), Ok(None));
        assert!(signer.is_protected());
        let plain = keys.create("plain", "", None).unwrap();
        assert_eq!(plain.open(&mut |_, _| panic!("not asked")).unwrap().public(), &plain.public);
    }

    #[test]
    fn no_key_is_written_over_and_no_name_leaves_the_directory() {
        let (_folder, keys) = keys();
        keys.create("a", "", None).unwrap();
        let before = fs::read(keys.folder.join("a")).unwrap();
        assert!(matches!(keys.create("a", "", None), Err(KeyError::Exists(_))));
        assert_eq!(fs::read(keys.folder.join("a")).unwrap(), before);
        fs::write(keys.folder.join("b.pub"), "x").unwrap();
        assert!(matches!(keys.create("b", "", None), Err(KeyError::Exists(_))));
        assert!(!keys.folder.join("b").exists());
        for name in ["", ".", "..", "../a", "a/b", "-a", "a b", "a.pub", "a\u{202e}"] {
            assert!(matches!(keys.create(name, "", None), Err(KeyError::Name(_))), "{name}");
        }
        assert!(matches!(keys.create("c", "", Some("")), Err(KeyError::Private { .. })));
        assert!(!keys.folder.join("c").exists());
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_not_whole_is_refused() {
        let (folder, keys) = keys();
        let made = keys.create("a", "", Some("x")).unwrap();
        fs::set_permissions(&made.path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keys::at(&made.path), Err(KeyError::Open(_))));
        assert_eq!(keys.list().unwrap().1.len(), 1, "what is skipped is said");
        fs::set_permissions(&made.path, fs::Permissions::from_mode(0o600)).unwrap();
        let other = keys.create("b", "", None).unwrap();
        fs::copy(with_pub(&made.path), with_pub(&other.path)).unwrap();
        assert!(matches!(Keys::at(&other.path), Err(KeyError::OtherHalf(_))));
        fs::copy(keys.folder.join("b"), &made.path).unwrap();
        assert!(matches!(made.open(&mut |_, _| None), Err(KeyError::OtherHalf(_))));
        let none = folder.path().join("none");
        assert!(matches!(Keys::at(&none), Err(KeyError::NoFile(_))));
        assert!(matches!(Keys::at(folder.path()), Err(KeyError::File(FileError::NotAFile { .. }))));
        assert!(matches!(Keys::at(&with_pub(&other.path)), Err(KeyError::Open(_))));
    }

    #[test]
    fn a_key_file_is_imported_as_it_is() {
        let (folder, keys) = keys();
        let from = Keys::within(&folder.path().join("ssh"));
        let made = from.create("id_ed25519", "alice@home", Some("secret")).unwrap();
        let imported = keys.import(&made.path).unwrap();
        assert_eq!(fs::read(&imported.path).unwrap(), fs::read(&made.path).unwrap());
        assert_eq!(
            (imported.public.clone(), imported.encrypted, imported.comment.as_str()),
            (made.public, true, "alice@home")
        );
        assert!(matches!(keys.import(&made.path), Err(KeyError::Exists(_))));
        assert_eq!(public(&with_pub(&imported.path)).unwrap().0, imported.public);
    }
}
