//! A place of its own for one test: nothing of the machine's environment, home or configuration reaches it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Call, programs::PATH};

/// A temporary folder with `home`, `work` (the current directory), `gate` (GATE_HOME) and `run`; gone with the test.
pub struct Sandbox {
    root: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("gate-test-").tempdir().unwrap();
        for (folder, mode) in [("", 0o755), ("home", 0o700), ("work", 0o755), ("gate", 0o700), ("run", 0o700)] {
            let path = root.path().join(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let place = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
        let environment = [
            ("GATE_HOME", place("gate")),
            ("HOME", place("home")),
            ("PATH", PATH.to_owned()),
            ("TMPDIR", place("run")),
            ("XDG_RUNTIME_DIR", place("run")),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { root, environment }
    }

    /// The folder everything lies in.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The user's home.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The current directory of every call.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Gate's own files.
    pub fn gate_home(&self) -> PathBuf {
        self.root.path().join("gate")
    }

    /// Writes a file below the sandbox, with the folders above it; gives its path.
    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a program into `work`.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(Path::new("work").join(name), text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A file below the sandbox, as text.
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.root.path().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `gate` with these arguments.
    pub fn gate<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Call {
        self.call(env!("CARGO_BIN_EXE_gate"), arguments)
    }

    /// Any program with these arguments.
    pub fn call<A: AsRef<OsStr>>(&self, program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = A>) -> Call {
        let call = Call::new(program.as_ref(), self.work());
        let call = self.environment.iter().fold(call, |call, (name, value)| call.env(name, value));
        arguments.into_iter().fold(call, |call, argument| call.arg(argument))
    }
}
