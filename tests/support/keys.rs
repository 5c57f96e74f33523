//! Keys made by OpenSSH, not by gate: what gate reads must be what people have.

use std::fs;
use std::path::PathBuf;

use super::{Sandbox, program};

/// A key pair in files.
pub struct Key {
    /// The private key, in OpenSSH's format.
    pub private: PathBuf,
    /// The public key beside it.
    pub public: PathBuf,
    /// Its one line: type, base64, comment.
    pub line: String,
}

impl Sandbox {
    /// A new Ed25519 key `keys/NAME`, locked by a passphrase unless that is empty.
    pub fn ssh_key(&self, name: &str, passphrase: &str) -> Key {
        self.ssh_key_of("ed25519", name, passphrase)
    }

    /// The same for another type that `ssh-keygen -t` knows.
    pub fn ssh_key_of(&self, kind: &str, name: &str, passphrase: &str) -> Key {
        let folder = self.root().join("keys");
        fs::create_dir_all(&folder).unwrap();
        let private = folder.join(name);
        let public = folder.join(format!("{name}.pub"));
        // One round of key derivation: these passphrases guard nothing.
        let made = self
            .call(program("ssh-keygen"), ["-q", "-a", "1", "-t", kind, "-C", name, "-N", passphrase, "-f"])
            .arg(&private)
            .run();
        assert_eq!(made, super::Ran::exited(0));
        let line = fs::read_to_string(&public).unwrap().trim_end().to_owned();
        Key { private, public, line }
    }
}
