//! Keys in the keyring of the desktop (Secret Service) or of the kernel, for whoever chose so. Every call runs on a thread
//! of its own and is given up after 3 seconds, since a locked keyring may wait for a prompt that nobody sees. Nothing here
//! is called unless the configuration asks for it.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring_core::api::CredentialStoreApi as _;
use zeroize::Zeroizing;

use super::config::KeyStore;
use crate::encoding::openssh::{KeyFileError, PrivateKey};
use crate::encoding::sshsig;
use crate::model::{Fingerprint, PublicKey};
use crate::ports::{Failure, Signer};

/// What gate's entries are filed under.
const SERVICE: &str = "gate";
/// How long a keyring may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// The desktop's, over D-Bus.
    SecretService,
    /// The kernel's: in memory, gone when it is restarted.
    Kernel,
}

impl Ring {
    /// The keyring that was chosen; `None` where keys are kept in files.
    #[must_use]
    pub const fn chosen(store: KeyStore) -> Option<Self> {
        match store {
            KeyStore::File => None,
            KeyStore::SecretService => Some(Self::SecretService),
            KeyStore::Kernel => Some(Self::Kernel),
        }
    }
}

/// Why a keyring gave or took nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Nobody is there, or nobody lets us in.
    #[error("the desktop's keyring cannot be used: {0} (hint: is there a session bus, and is it unlocked?)")]
    SecretService(String),
    /// No keyring of a session, mostly.
    #[error("the kernel's keyring cannot be used: {0} (hint: keyctl session - COMMAND)")]
    Kernel(String),
    /// It waits for something.
    #[error("the keyring did not answer within 3 seconds (hint: it may be locked and ask on another screen)")]
    Slow,
    /// Several things under one name.
    #[error("the keyring holds several entries named `{}`", .0.escape_debug())]
    Ambiguous(String),
    /// What it holds is no key.
    #[error("the keyring's entry `{}`: {fault}", .name.escape_debug())]
    Entry {
        /// Which.
        name: String,
        /// What is wrong.
        fault: KeyFileError,
    },
    /// What it holds is another key.
    #[error("the keyring's entry `{}` is another key than {expected}", .name.escape_debug())]
    OtherKey {
        /// Which.
        name: String,
        /// Which key it should be.
        expected: Fingerprint,
    },
    /// There is nothing of this name.
    #[error("the keyring has no entry `{}`", .0.escape_debug())]
    NoEntry(String),
}

/// Keeps a secret under a name, in place of what stood there.
///
/// # Errors
/// When the keyring does not take it.
pub fn keep(ring: Ring, name: &str, secret: &[u8]) -> Result<(), KeyringError> {
    let secret = Zeroizing::new(secret.to_vec());
    call(ring, name, move |entry| entry.set_secret(&secret))?.ok_or_else(|| KeyringError::NoEntry(name.to_owned()))
}

/// The secret under a name; `None` if there is none.
///
/// # Errors
/// When the keyring does not answer.
pub fn fetch(ring: Ring, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    call(ring, name, |entry| entry.get_secret().map(Zeroizing::new))
}

/// Takes a secret out; `false` if there was none.
///
/// # Errors
/// When the keyring does not answer.
pub fn forget(ring: Ring, name: &str) -> Result<bool, KeyringError> {
    Ok(call(ring, name, keyring_core::Entry::delete_credential)?.is_some())
}

/// Keeps a private key, unprotected but by the keyring itself.
///
/// # Errors
/// When the keyring does not take it.
pub fn keep_key(ring: Ring, name: &str, key: &PrivateKey) -> Result<(), KeyringError> {
    // Without a passphrase the entropy is not used.
    let text = key.write(None, &[0; 20]);
    let text = text.map_err(|fault| KeyringError::Entry { name: name.to_owned(), fault })?;
    keep(ring, name, text.as_bytes())
}

/// The private key under a name, if it is the half of this public one.
///
/// # Errors
/// When there is none, or it is another.
pub fn key(ring: Ring, name: &str, expected: &PublicKey) -> Result<PrivateKey, KeyringError> {
    let entry = |fault| KeyringError::Entry { name: name.to_owned(), fault };
    let secret = fetch(ring, name)?.ok_or_else(|| KeyringError::NoEntry(name.to_owned()))?;
    let text = std::str::from_utf8(&secret).map_err(|_| entry(KeyFileError::NotOpenSsh))?;
    let key = PrivateKey::read(text, None).map_err(entry)?;
    if key.public() == expected {
        Ok(key)
    } else {
        Err(KeyringError::OtherKey { name: name.to_owned(), expected: expected.fingerprint() })
    }
}

/// A key in a keyring that signs: fetched anew for each signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingSigner {
    /// Where.
    pub ring: Ring,
    /// Under which name.
    pub name: String,
    /// Its public half, as it is enrolled.
    pub public: PublicKey,
}

impl Signer for RingSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    /// An unlocked keyring gives its keys to every program of the session.
    fn is_protected(&self) -> bool {
        false
    }

    fn sign(&mut self, namespace: &str, message: &[u8]) -> Result<String, Failure> {
        let key = key(self.ring, &self.name, &self.public).map_err(|fault| Failure::of(&fault))?;
        Ok(sshsig::sign(&key, namespace, message))
    }
}

/// Does something with an entry, on a thread of its own; `None` if there is no such entry.
fn call<T: Send + 'static>(
    ring: Ring,
    name: &str,
    act: impl FnOnce(&keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<Option<T>, KeyringError> {
    let (sender, receiver) = mpsc::channel();
    let entry = name.to_owned();
    // Left behind if it hangs: it holds nothing that anybody waits for, and ends with the process.
    let started = thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        // Nobody listens any more once the time is over.
        let _ = sender.send(opened(ring, &entry).and_then(|entry| act(&entry)));
    });
    let unusable = |why: String| match ring {
        Ring::SecretService => KeyringError::SecretService(why),
        Ring::Kernel => KeyringError::Kernel(why),
    };
    drop(started.map_err(|fault| unusable(fault.to_string()))?);
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(done)) => Ok(Some(done)),
        Ok(Err(keyring_core::Error::NoEntry)) => Ok(None),
        Ok(Err(keyring_core::Error::Ambiguous(_))) => Err(KeyringError::Ambiguous(name.to_owned())),
        Ok(Err(fault)) => Err(unusable(one_line(&fault))),
        Err(_) => Err(KeyringError::Slow),
    }
}

fn opened(ring: Ring, name: &str) -> keyring_core::Result<keyring_core::Entry> {
    match ring {
        Ring::SecretService => match keyring::Entry::store_status() {
            Ok(()) => keyring::Entry::new(SERVICE, name).map(|entry| entry.inner),
            Err(fault) => Err(keyring_core::Error::PlatformFailure(one_line(fault).into())),
        },
        Ring::Kernel => linux_keyutils_keyring_store::Store::new()?.build(SERVICE, name, None),
    }
}

/// What a keyring says, without what could act on a terminal and without a second line.
fn one_line(fault: &keyring_core::Error) -> String {
    let text = fault.to_string();
    text.lines().next().unwrap_or_default().chars().take(300).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    //! Both keyrings are real: the tests start themselves again inside of one.

    use std::process::Command;

    use super::*;

    fn round(ring: Ring) {
        let name = "alice@acme.com";
        assert_eq!(fetch(ring, name), Ok(None));
        assert_eq!(forget(ring, name), Ok(false));
        let (alice, bob) =
            (PrivateKey::from_seed(&[1; 32], "alice").unwrap(), PrivateKey::from_seed(&[2; 32], "bob").unwrap());
        keep_key(ring, name, &alice).unwrap();
        keep_key(ring, "bob", &bob).unwrap();
        let mut signer = RingSigner { ring, name: name.into(), public: alice.public().clone() };
        let signature = sshsig::Signature::parse(&signer.sign("gate-verdict", b"text").unwrap()).unwrap();
        assert_eq!(sshsig::verify(&signature, "gate-verdict", b"text", alice.public()), Ok(None));
        signer.public = bob.public().clone();
        let words = format!("the keyring's entry `{name}` is another key than {}", bob.public().fingerprint());
        assert_eq!(signer.sign("gate-verdict", b"text").unwrap_err().message, words);
        keep(ring, name, b"no key").unwrap();
        assert!(matches!(key(ring, name, alice.public()), Err(KeyringError::Entry { .. })));
        assert_eq!(forget(ring, name), Ok(true));
        assert_eq!(key(ring, name, alice.public()).unwrap_err(), KeyringError::NoEntry(name.into()));
        assert!(key(ring, "bob", bob.public()).is_ok());
        println!("a real keyring was used");
    }

    /// Says that this process was started by one of the tests below, where there is a keyring of its own.
    const INSIDE: &str = "GATE_TEST_KEYRING";

    /// Started anew by the tests below, on a private D-Bus; by itself it has nothing to do.
    #[test]
    fn inside_a_secret_service() {
        if std::env::var_os(INSIDE).is_some() {
            round(Ring::SecretService);
        }
    }

    /// The same in a private session keyring.
    #[test]
    fn inside_a_kernel_keyring() {
        if std::env::var_os(INSIDE).is_some() {
            round(Ring::Kernel);
        }
    }

    /// Runs one of the tests above where `words` lead.
    fn within(words: &[&str], test: &str) {
        let home = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let name = format!("host::keyring::tests::{test}");
        let run = Command::new(words[0])
            .args(&words[1..])
            .arg(own)
            .args(["--exact", &name, "--nocapture", "--test-threads=1"])
            .env_clear()
            .env(INSIDE, "1")
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
            .env("XDG_DATA_HOME", home.path().join("data"))
            .output()
            .unwrap_or_else(|fault| panic!("{}: {fault}", words[0]));
        let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(run.status.success() && out.contains("a real keyring was used"), "{out}{err}");
    }

    #[test]
    fn a_real_secret_service_keeps_keys() {
        let script = "mkdir -p \"$XDG_DATA_HOME/keyrings\" && \
            printf '\\n' | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null && \"$@\"; \
            code=$?; kill $(cat /proc/self/task/self/children 2>/dev/null) 2>/dev/null; exit $code";
        within(&["dbus-run-session", "--", "sh", "-c", script, "sh"], "inside_a_secret_service");
    }

    #[test]
    fn a_real_kernel_keyring_keeps_keys() {
        within(&["keyctl", "session", "-"], "inside_a_kernel_keyring");
    }

    #[test]
    fn without_a_bus_it_is_said_that_there_is_none() {
        // In a process of its own, since this one may have a bus.
        let own = std::env::current_exe().unwrap();
        let test = "host::keyring::tests::inside_a_secret_service";
        let mut command = Command::new(own);
        command.args(["--exact", test, "--nocapture"]).env_clear().env(INSIDE, "1").env("PATH", "/usr/bin");
        let run = command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus").output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert!(!run.status.success() && text.contains("SecretService("), "{text}");
    }

    #[test]
    fn a_keyring_that_does_not_answer_is_given_up() {
        let start = std::time::Instant::now();
        let (_keep, block) = mpsc::channel::<()>();
        let hung = call(Ring::Kernel, "x", move |_| {
            let _ = block.recv();
            Ok(())
        });
        assert_eq!(hung, Err(KeyringError::Slow));
        assert!(start.elapsed() >= PATIENCE);
    }
}
