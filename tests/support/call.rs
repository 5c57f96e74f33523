//! One run of a program, described before it starts.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::programs::PATH;
use super::{Ran, Running, Status, Terminal, program};

/// What the shell that mounts exits with when it cannot; none of gate's codes.
const UNMOUNTED: i32 = 99;

/// Program, arguments and surroundings; nothing is inherited from the test.
#[derive(Debug, Clone)]
#[must_use]
pub struct Call {
    words: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    directory: PathBuf,
    stdin: Option<Vec<u8>>,
    /// Shell lines that build a private mount namespace before the program starts.
    mounts: Vec<String>,
    user: Option<String>,
}

impl Call {
    pub(super) fn new(program: &OsStr, directory: PathBuf) -> Self {
        Self {
            words: vec![program.to_owned()],
            environment: BTreeMap::new(),
            directory,
            stdin: None,
            mounts: Vec::new(),
            user: None,
        }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.words.push(argument.as_ref().to_owned());
        self
    }

    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, |call, argument| call.arg(argument))
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.remove(name.as_ref());
        self
    }

    /// In another current directory.
    pub fn within(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = directory.as_ref().to_owned();
        self
    }

    /// With this on stdin; otherwise stdin is empty.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(bytes.as_ref().to_owned());
        self
    }

    /// With this folder as `/etc/gate`, in a mount namespace of its own; the machine's `/etc` is not touched.
    pub fn etc_gate(mut self, folder: impl AsRef<Path>) -> Self {
        let folder = quoted(folder.as_ref());
        // /etc/gate need not exist here, so a layer is laid over /etc and the folder bound into it. The tmpfs that
        // holds the layer stays behind /etc itself, where nothing else is seen.
        self.mounts.push(format!(
            "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work && \
             mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc && \
             umount -l /mnt && mkdir -p -m 755 /etc/gate && mount --bind {folder} /etc/gate"
        ));
        self
    }

    /// With an empty disk of so many KiB in place of this folder, in a mount namespace of its own.
    pub fn small_disk(mut self, folder: impl AsRef<Path>, kib: u32) -> Self {
        self.mounts.push(format!("mount -t tmpfs -o size={kib}k,mode=700 none {}", quoted(folder.as_ref())));
        self
    }

    /// With this folder read-only, in a mount namespace of its own.
    pub fn read_only(mut self, folder: impl AsRef<Path>) -> Self {
        let folder = quoted(folder.as_ref());
        self.mounts.push(format!("mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"));
        self
    }

    /// As another user of this machine, with none of root's rights.
    pub fn user(mut self, name: &str) -> Self {
        self.user = Some(name.to_owned());
        self
    }

    /// Runs it to its end.
    pub fn run(&self) -> Ran {
        let ran = self.start().wait();
        let unmounted = !self.mounts.is_empty() && ran.status == Status::Exited(UNMOUNTED);
        assert!(!unmounted, "the mounts of this call could not be made: {ran:?}");
        ran
    }

    /// Starts it; it is killed with everything it started when the guard goes.
    pub fn start(&self) -> Running {
        let stdin = self.stdin.clone().unwrap_or_default();
        Running::start(&mut self.command(), Some(stdin))
    }

    /// Starts it with a stdin that stays open and that the test writes to.
    pub fn start_with_open_stdin(&self) -> Running {
        assert!(self.stdin.is_none(), "stdin is either given or open");
        Running::start(&mut self.command(), None)
    }

    /// Starts it as leader of a session on a terminal of its own.
    pub fn on_terminal(&self) -> Terminal {
        assert!(self.stdin.is_none(), "stdin is the terminal");
        let mut words = vec![program("setsid").into(), OsString::from("--ctty")];
        words.extend(self.wrapped());
        Terminal::start(&mut self.command_of(&words))
    }

    /// What the standard library makes of it, with both outputs and stdin closed until they are set.
    pub fn command(&self) -> Command {
        self.command_of(&self.wrapped())
    }

    fn command_of(&self, words: &[OsString]) -> Command {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(&self.environment).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The words with what has to run before them; every one of these execs the next, so the process stays the same.
    fn wrapped(&self) -> Vec<OsString> {
        let mut words = Vec::new();
        if !self.mounts.is_empty() {
            namespaces_work();
            let script = format!("PATH={PATH}; {} || exit {UNMOUNTED}; cd . && exec \"$@\"", self.mounts.join(" && "));
            words.push(program("unshare").into());
            words.extend(["--mount", "--propagation", "private", "--", "/bin/sh", "-c"].map(OsString::from));
            // The shell's own PATH must not reach the program: it is set back word for word by env.
            words.extend([script.into(), "namespace".into()]);
            if let Some(path) = self.environment.get(OsStr::new("PATH")) {
                let mut set = OsString::from("PATH=");
                set.push(path);
                words.extend([program("env").into(), set]);
            } else {
                words.extend([program("env").into(), "-u".into(), "PATH".into()]);
            }
        }
        if let Some(user) = &self.user {
            words.push(program("setpriv").into());
            words.push(format!("--reuid={user}").into());
            words.extend(["--regid=nogroup", "--clear-groups", "--no-new-privs", "--"].map(OsString::from));
        }
        words.extend(self.words.iter().cloned());
        words
    }
}

/// Fails here, by name, where a mount namespace cannot be made: a test that expects a refusal must not take the failure
/// of its own surroundings for one.
fn namespaces_work() {
    static PROBE: OnceLock<Result<(), String>> = OnceLock::new();
    let probe = PROBE.get_or_init(|| {
        // All that the mounts below are made of: tmpfs, overlay, bind and a change to read-only.
        let script = "mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work && \
                      mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc && \
                      mount --bind /etc /etc && mount -o remount,bind,ro /etc";
        let mut command = Command::new(program("unshare"));
        command.args(["--mount", "--propagation", "private", "--", "/bin/sh", "-c", script]).env_clear();
        let output = command.env("PATH", PATH).output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    });
    if let Err(why) = probe {
        panic!("no private mount namespace can be made here; run the tests as root with CAP_SYS_ADMIN: {why}");
    }
}

/// For a shell: sandboxes make their own paths, so a quote in one is a mistake.
fn quoted(path: &Path) -> String {
    let path = path.to_str().unwrap();
    assert!(!path.contains('\''), "{path}");
    format!("'{path}'")
}
