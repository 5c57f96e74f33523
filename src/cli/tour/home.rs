//! The home that the tour throws away: a new folder that only this user can enter, gone when the tour is over. Refuses a
//! folder that is there already.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::host::entropy::SystemEntropy;
use crate::host::launch::Again;
use crate::ports::Entropy as _;

/// The rule that makes the tour's own command wait; nothing built in asks about what lies among temporary files.
pub const POLICY: &str = "\
gate: 1
name: tour
rules:
  - id: reports
    when: {tool: rm, target: \"**/reports\"}
    class: destroy
    why: reports are kept unless somebody else agrees
    examples: {match: [rm -r reports], skip: [rm notes.txt]}
";

/// What is found as `rm` where the tour asks for everything to be removed: whatever the rules of this machine say, nothing
/// is.
const STAND_IN: &str = "#!/bin/sh\necho 'the stand-in for rm ran, and removed nothing'\n";

/// Folders below a new one. Dropped, all of it is removed.
pub struct Home {
    root: PathBuf,
    gone: bool,
}

impl Home {
    /// Makes it, with what the story needs.
    pub fn new() -> io::Result<Self> {
        let bytes = SystemEntropy.bytes().map_err(|failure| io::Error::other(failure.message))?;
        let name: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let temporary = std::path::absolute(std::env::temp_dir())?;
        let root = temporary.join(format!("gate-tour-{name}"));
        // Fails where anything of this name is there already.
        DirBuilder::new().mode(0o700).create(&root)?;
        let home = Self { root, gone: false };
        for folder in ["gate", "gate/policies", "home", "reports", "bin"] {
            DirBuilder::new().mode(0o700).create(home.root.join(folder))?;
        }
        fs::write(home.root.join("gate/policies/tour.yaml"), POLICY)?;
        fs::write(home.root.join("reports/2019.txt"), "an old report\n")?;
        let stand_in = home.root.join("bin/rm");
        fs::write(&stand_in, STAND_IN)?;
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o700))?;
        Ok(home)
    }

    /// The folder, in which commands run.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Starts gate here, and with nothing of the caller's environment but where programs lie.
    pub fn again(&self) -> Again {
        let path = std::env::var_os("PATH").filter(|path| !path.is_empty());
        self.with_path(path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()))
    }

    /// The same, where the only program to be found is a harmless `rm`.
    pub fn harmless(&self) -> Again {
        self.with_path(self.root.join("bin").into_os_string())
    }

    fn with_path(&self, path: OsString) -> Again {
        let environment = [
            ("GATE_HOME", self.root.join("gate").into_os_string()),
            ("HOME", self.root.join("home").into_os_string()),
            ("PATH", path),
            ("TMPDIR", self.root.clone().into_os_string()),
            ("LC_ALL", OsString::from("C.UTF-8")),
        ];
        let environment = environment.map(|(name, value)| (OsString::from(name), value)).to_vec();
        Again { directory: self.root.clone(), environment }
    }

    /// Copies the log, and changes one letter of what it says was run.
    pub fn forge(&self) -> io::Result<()> {
        copy(&self.root.join("gate/audit"), &self.root.join("copy"))?;
        for entry in fs::read_dir(self.root.join("copy"))? {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != "jsonl") {
                continue;
            }
            let text = fs::read_to_string(&path)?;
            if text.contains("hello") {
                return fs::write(&path, text.replacen("hello", "jello", 1));
            }
        }
        Err(io::Error::other("the log does not name the command that ran"))
    }

    /// Removes everything, and says so if that fails.
    pub fn remove(mut self) -> io::Result<()> {
        self.gone = true;
        fs::remove_dir_all(&self.root)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.gone {
            // The tour has failed before, and says why.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
