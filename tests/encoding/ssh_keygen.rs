//! The real `ssh-keygen` reads what gate writes, and gate reads what it writes.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gate::encoding::openssh::{KeyFileError, PrivateKey, needs_passphrase};
use gate::encoding::sshsig::{Signature, sign, verify};
use gate::model::PublicKey;

const MESSAGE: &[u8] = b"what was approved\n\0\xff";

fn ssh_keygen(arguments: &[&str], directory: &Path, stdin: &[u8]) -> Output {
    let mut child = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(directory)
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ssh-keygen (package openssh-client) is needed by this test");
    // It may end without having read everything.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn write_key(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn ssh_keygen_reads_the_keys_that_gate_writes() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::from_seed(&[7; 32], "alice@home").unwrap();
    let path = directory.path().join("key");
    for passphrase in ["", "correct horse"] {
        let given = (!passphrase.is_empty()).then_some(passphrase.as_bytes());
        write_key(&path, &key.write(given, &[9; 20]).unwrap());
        let public = succeeded(&ssh_keygen(&["-y", "-P", passphrase, "-f", "key"], directory.path(), b""));
        assert_eq!(public, format!("{} alice@home\n", key.public()));
        let listed = succeeded(&ssh_keygen(&["-l", "-f", "-"], directory.path(), public.as_bytes()));
        assert!(listed.contains(&format!(" {} ", key.public().fingerprint())), "{listed}");
    }
    let wrong = ssh_keygen(&["-y", "-P", "wrong", "-f", "key"], directory.path(), b"");
    assert!(!wrong.status.success());
}

#[test]
fn gate_reads_the_keys_that_ssh_keygen_writes() {
    let directory = tempfile::tempdir().unwrap();
    for (name, passphrase, cipher) in
        [("plain", "", "aes256-ctr"), ("ctr", "correct horse", "aes256-ctr"), ("cbc", "correct horse", "aes256-cbc")]
    {
        let arguments = ["-q", "-t", "ed25519", "-C", "bob", "-N", passphrase, "-Z", cipher, "-a", "4", "-f", name];
        succeeded(&ssh_keygen(&arguments, directory.path(), b""));
        let text = fs::read_to_string(directory.path().join(name)).unwrap();
        let public = fs::read_to_string(directory.path().join(format!("{name}.pub"))).unwrap();
        let (public, comment) = PublicKey::with_comment(&public).unwrap();
        assert_eq!(needs_passphrase(&text), Ok(!passphrase.is_empty()), "{name}");
        let read = PrivateKey::read(&text, Some(passphrase.as_bytes())).unwrap();
        assert_eq!((read.public(), read.comment()), (&public, comment), "{name}");
        if !passphrase.is_empty() {
            assert_eq!(PrivateKey::read(&text, None).unwrap_err(), KeyFileError::NeedsPassphrase);
            assert_eq!(PrivateKey::read(&text, Some(b"wrong")).unwrap_err(), KeyFileError::WrongPassphrase);
        }
    }
}

#[test]
fn keys_of_other_kinds_are_named_before_a_passphrase_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    for (kind, bits, name) in [("rsa", "2048", "ssh-rsa"), ("ecdsa", "256", "ecdsa-sha2-nistp256")] {
        let arguments = ["-q", "-t", kind, "-b", bits, "-N", "correct horse", "-a", "1", "-f", kind];
        succeeded(&ssh_keygen(&arguments, directory.path(), b""));
        let text = fs::read_to_string(directory.path().join(kind)).unwrap();
        assert_eq!(PrivateKey::read(&text, None).unwrap_err(), KeyFileError::NotEd25519(name.into()));
    }
    succeeded(&ssh_keygen(&["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", "pem"], directory.path(), b""));
    let text = fs::read_to_string(directory.path().join("pem")).unwrap();
    assert_eq!(PrivateKey::read(&text, None).unwrap_err(), KeyFileError::NotOpenSsh);
}

#[test]
fn ssh_keygen_verifies_what_gate_signs() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::from_seed(&[7; 32], "").unwrap();
    fs::write(directory.path().join("signature"), sign(&key, "gate-verdict", MESSAGE)).unwrap();
    fs::write(directory.path().join("allowed"), format!("alice@acme.com {}\n", key.public())).unwrap();
    let check = |namespace: &str, message: &[u8]| {
        let arguments = ["-Y", "check-novalidate", "-n", namespace, "-s", "signature"];
        let loose = ssh_keygen(&arguments, directory.path(), message);
        let arguments = ["-Y", "verify", "-f", "allowed", "-I", "alice@acme.com", "-n", namespace, "-s", "signature"];
        let strict = ssh_keygen(&arguments, directory.path(), message);
        assert_eq!(loose.status.success(), strict.status.success(), "{loose:?} {strict:?}");
        strict.status.success()
    };
    assert!(check("gate-verdict", MESSAGE));
    assert!(!check("gate-grant", MESSAGE));
    assert!(!check("gate-verdict", b"something else"));
}

#[test]
fn gate_verifies_what_ssh_keygen_signs_and_would_have_written_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::from_seed(&[7; 32], "").unwrap();
    write_key(&directory.path().join("key"), &key.write(None, &[9; 20]).unwrap());
    let armored =
        succeeded(&ssh_keygen(&["-Y", "sign", "-q", "-f", "key", "-n", "gate-verdict"], directory.path(), MESSAGE));
    assert_eq!(armored, sign(&key, "gate-verdict", MESSAGE));
    let signature = Signature::parse(&armored).unwrap();
    assert_eq!(verify(&signature, "gate-verdict", MESSAGE, key.public()), Ok(None));
    assert!(verify(&signature, "gate-verdict", b"something else", key.public()).is_err());

    let arguments = ["-Y", "sign", "-q", "-O", "hashalg=sha256", "-f", "key", "-n", "gate-verdict"];
    let other_hash = succeeded(&ssh_keygen(&arguments, directory.path(), MESSAGE));
    assert!(Signature::parse(&other_hash).is_err());
}
