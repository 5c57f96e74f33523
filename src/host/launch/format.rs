//! What the first bytes of an executable say about how it must be run. Refuses to call a program movable when its text or
//! its dynamic section leans on the place it was installed in.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// How the kernel will take a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Format {
    /// A program for this machine; `at_home` if its libraries are found from its own place (`$ORIGIN`).
    Program {
        /// Whether a copy elsewhere would not find its libraries.
        at_home: bool,
    },
    /// A text with `#!`.
    Script {
        /// The file that reads it.
        interpreter: PathBuf,
        /// What follows it on the line, which the kernel hands over as one argument.
        argument: Option<OsString>,
    },
    /// Anything else: a text without `#!`, a program of another machine, what binfmt_misc knows.
    Other,
}

/// Shells, whose scripts say in their text where they look for their own place.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// How a shell script asks what it was called by, or where it lies.
const OWN_PLACE: &[&[u8]] = &[
    b"$0",
    b"${0",
    b"BASH_SOURCE",
    b"BASH_ARGV",
    b"ZSH_ARGZERO",
    b"ZSH_SCRIPT",
    b"funcstack",
    b"funcsourcetrace",
    b":-%",
];

/// Bytes of the first line that the kernel reads (BINPRM_BUF_SIZE).
const HEAD: usize = 256;
/// A script is text that people read; beyond this nobody did.
const SCRIPT: u64 = 1 << 20;

impl Format {
    /// Reads what a file is.
    pub fn of(file: &File) -> io::Result<Self> {
        let head = read(file, 0, HEAD)?;
        if head.starts_with(b"\x7fELF") {
            return Ok(elf(file, &head)?.map_or(Self::Other, |at_home| Self::Program { at_home }));
        }
        let Some(line) = head.strip_prefix(b"#!") else {
            return Ok(Self::Other);
        };
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let (word, rest) = line.split_at_checked(line.iter().position(blank).unwrap_or(line.len())).unwrap_or_default();
        let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        let argument = Some(rest.trim_ascii()).filter(|rest| !rest.is_empty()).map(text);
        Ok(Self::Script { interpreter: text(word).into(), argument })
    }
}

/// Whether a script of this interpreter does the same wherever it lies.
pub fn movable(interpreter: &Path, text: &File) -> io::Result<bool> {
    let shell = interpreter.file_name().is_some_and(|name| SHELLS.iter().any(|shell| name == *shell));
    if !shell || text.metadata()?.len() > SCRIPT {
        return Ok(false);
    }
    let text = read(text, 0, SCRIPT as usize)?;
    Ok(!OWN_PLACE.iter().any(|words| text.windows(words.len()).any(|window| window == *words)))
}

/// At most `length` bytes from `offset`; none from a place where no file can have any.
fn read(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    if i64::try_from(offset.saturating_add(length as u64)).is_err() {
        return Ok(Vec::new());
    }
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
/// No real program has a larger table (of headers, of dynamic entries, of a search path).
const TABLE: u64 = 1 << 16;

/// Whether a 64-bit little-endian program searches `$ORIGIN`; nothing for another kind (elf(5)).
fn elf(file: &File, head: &[u8]) -> io::Result<Option<bool>> {
    if head.get(4..6) != Some(&[2, 1]) {
        return Ok(None);
    }
    let (at, size, count) = (number(head, 32, 8), number(head, 54, 2), number(head, 56, 2));
    let headers = read(file, at, size.saturating_mul(count).min(TABLE) as usize)?;
    let headers: Vec<&[u8]> = headers.chunks_exact((size as usize).max(56)).collect();
    let Some(dynamic) = headers.iter().find(|header| number(header, 0, 4) == PT_DYNAMIC) else {
        return Ok(Some(false));
    };
    let dynamic = read(file, number(dynamic, 8, 8), number(dynamic, 32, 8).min(TABLE) as usize)?;
    let entry = |tag: u64| {
        let found = dynamic.chunks_exact(16).find(|entry| number(entry, 0, 8) == tag);
        found.map(|entry| number(entry, 8, 8))
    };
    let Some(table) = entry(DT_STRTAB) else {
        return Ok(Some(false));
    };
    // The table's address in memory, as a place in the file.
    let segment = headers.iter().find_map(|header| {
        let into = table.checked_sub(number(header, 16, 8))?;
        let loaded = number(header, 0, 4) == PT_LOAD && into < number(header, 32, 8);
        loaded.then(|| number(header, 8, 8).saturating_add(into))
    });
    let Some(table) = segment else {
        return Ok(Some(true));
    };
    for name in [DT_RPATH, DT_RUNPATH].into_iter().filter_map(entry) {
        let text = read(file, table.saturating_add(name), TABLE as usize)?;
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        if [b"$ORIGIN".as_slice(), b"${ORIGIN}"].iter().any(|words| text.windows(words.len()).any(|w| w == *words)) {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// A little-endian number of `length` bytes; 0 beyond the end.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let bytes = bytes.get(at..at.saturating_add(length)).unwrap_or_default();
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn of(text: &[u8]) -> Format {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Format::of(&File::open(file.path()).unwrap()).unwrap()
    }

    #[test]
    fn a_first_line_names_the_interpreter() {
        let script = |interpreter: &str, argument: Option<&str>| Format::Script {
            interpreter: interpreter.into(),
            argument: argument.map(OsString::from),
        };
        assert_eq!(of(b"#!/bin/sh\necho"), script("/bin/sh", None));
        assert_eq!(of(b"#!/bin/sh \n"), script("/bin/sh", None));
        assert_eq!(of(b"#! \t/usr/bin/env  bash -x\n"), script("/usr/bin/env", Some("bash -x")));
        assert_eq!(of(b"#!"), script("", None));
        assert_eq!(of(b"echo\n"), Format::Other);
        assert_eq!(of(b""), Format::Other);
    }

    #[test]
    fn a_program_that_finds_its_libraries_beside_itself_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("a.c");
        std::fs::write(&source, "int main(void) { return 0; }").unwrap();
        for (flag, at_home) in [
            ("-O", false),
            ("-static", false),
            ("-Wl,-rpath,/usr/lib", false),
            ("-Wl,-rpath,/usr/lib:$ORIGIN/../lib", true),
            ("-Wl,--disable-new-dtags,-rpath,${ORIGIN}", true),
        ] {
            let out = root.path().join("a");
            assert!(Command::new("cc").arg(flag).arg("-o").arg(&out).arg(&source).status().unwrap().success());
            assert_eq!(Format::of(&File::open(&out).unwrap()).unwrap(), Format::Program { at_home }, "{flag}");
        }
    }

    #[test]
    fn a_broken_program_is_read_without_harm() {
        let whole = std::fs::read("/bin/true").unwrap();
        for length in (0..whole.len().min(1024)).step_by(7) {
            let _ = of(&whole[..length]);
        }
        let mut wild = whole;
        for at in 16..256 {
            wild[at] = 0xff;
            let _ = of(&wild);
        }
    }

    #[test]
    fn a_shell_script_that_asks_for_its_own_place_stays_where_it_is() {
        let movable = |interpreter: &str, text: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            super::movable(Path::new(interpreter), &File::open(file.path()).unwrap()).unwrap()
        };
        assert!(movable("/bin/sh", "echo \"$1\"\n"));
        assert!(!movable("/bin/sh", ". \"$(dirname \"$0\")/lib.sh\"\n"));
        assert!(!movable("/bin/bash", "cd \"${BASH_SOURCE[0]%/*}\"\n"));
        assert!(!movable("/usr/bin/python3", "print(1)\n"));
        assert!(!movable("/usr/bin/env", "echo\n"));
    }
}
