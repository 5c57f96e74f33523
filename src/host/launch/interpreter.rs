//! Which program will read a script, and whether only root could make it another one. Refuses to follow more than what
//! the kernel and `env NAME` do.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::format::Format;
use super::guard::writer_on;
use super::search::found;

/// The program behind `#!interpreter argument`, if root alone decides which that is and what is in it; else the name
/// that others can fill. `env NAME` is looked up in this PATH.
pub fn settled(interpreter: &Path, argument: Option<&OsStr>, path: Option<&OsStr>) -> Result<PathBuf, PathBuf> {
    let own = |program: &Path| {
        let ours = program.is_absolute() && writer_on(program) == Ok(None);
        let format = ours.then(|| File::open(program).and_then(|file| Format::of(&file)));
        matches!(format, Some(Ok(Format::Program { .. })))
    };
    if !own(interpreter) {
        return Err(interpreter.to_owned());
    }
    if interpreter.file_name() != Some(OsStr::new("env")) {
        return Ok(interpreter.to_owned());
    }
    // With options or variables `env` can do more than look up a name.
    let plain = |name: &&OsStr| {
        !name.as_bytes().iter().any(|byte| b"=/ \t".contains(byte)) && !name.as_bytes().starts_with(b"-")
    };
    let Some(name) = argument.filter(plain) else {
        return Err(interpreter.to_owned());
    };
    let program = found(name, path, Path::new("/")).map_err(|_| PathBuf::from(name))?;
    let before = path.map_or(&b"/bin:/usr/bin"[..], OsStr::as_bytes).split(|byte| *byte == b':');
    for part in before.map(|part| Path::new(OsStr::from_bytes(part))) {
        if !part.is_absolute() || !roots_alone(part) {
            return Err(PathBuf::from(name));
        }
        if part.join(name) == program {
            break;
        }
    }
    if own(&program) { Ok(program) } else { Err(PathBuf::from(name)) }
}

/// A directory that is not there yet is made by whoever can write the nearest one above it.
fn roots_alone(directory: &Path) -> bool {
    for ancestor in directory.ancestors() {
        match writer_on(ancestor) {
            Err(Errno::NOENT) => (),
            other => return other == Ok(None),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_decides_which_program_reads_a_script() {
        let settled = |interpreter: &str, argument: &str, path: &str| {
            let argument = Some(OsStr::new(argument)).filter(|argument| !argument.is_empty());
            settled(Path::new(interpreter), argument, Some(OsStr::new(path)))
        };
        let system = "/usr/bin:/bin";
        assert_eq!(settled("/bin/sh", "-e", system), Ok("/bin/sh".into()));
        assert_eq!(settled("/usr/bin/env", "sh", system), Ok("/usr/bin/sh".into()));
        assert_eq!(settled("/usr/bin/env", "sh", "/nowhere/bin:/usr/bin"), Ok("/usr/bin/sh".into()));
        // A directory before it in which others can put a program of that name, or make one.
        for path in ["/tmp:/usr/bin", "/tmp/not-made-yet-by-anyone:/usr/bin", ":/usr/bin", "bin:/usr/bin"] {
            assert_eq!(settled("/usr/bin/env", "sh", path), Err("sh".into()), "{path}");
        }
        // One behind it does no harm.
        assert_eq!(settled("/usr/bin/env", "sh", "/usr/bin:/tmp"), Ok("/usr/bin/sh".into()));
        for argument in ["", "-S sh", "A=b", "./sh", "sh -e"] {
            assert_eq!(settled("/usr/bin/env", argument, system), Err("/usr/bin/env".into()), "{argument}");
        }
        assert_eq!(settled("/usr/bin/env", "no-such-program", system), Err("no-such-program".into()));
        assert_eq!(settled("sh", "", system), Err("sh".into()));
        // A script that reads scripts: the kernel follows, this does not.
        assert_eq!(settled("/usr/bin/ldd", "", system), Err("/usr/bin/ldd".into()));
    }
}
