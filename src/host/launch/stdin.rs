//! What standard input is after an Ask: a terminal, nothing, or bytes that are read to their end before anybody is asked
//! and cannot change afterwards. Refuses input that does not end within what may be held.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

use rustix::fs::{FileType, fstat, major, minor};

use super::hold::{self, NotHeld};
use crate::host::raw;
use crate::ports::{Failure, Purpose, Standing};

/// Looks at standard input, and takes its bytes unless somebody types them; the copy is to become the command's.
pub fn taken() -> Result<(Standing, Option<File>), Failure> {
    if raw::started_closed(0) {
        return Ok((Standing::Null, None));
    }
    let failed = |error: io::Error| Failure::of(&Unread(super::plain(error)));
    let input = rustix::stdio::stdin();
    if rustix::termios::isatty(input) {
        return Ok((Standing::Terminal, None));
    }
    let stat = fstat(input).map_err(|errno| failed(errno.into()))?;
    let null = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice
        && (major(stat.st_rdev), minor(stat.st_rdev)) == (1, 3);
    if null {
        return Ok((Standing::Null, None));
    }
    let source = File::from(input.as_fd().try_clone_to_owned().map_err(failed)?);
    match hold::sealed(b"stdin", source, Purpose::Input).map_err(failed)? {
        Ok(copy) => {
            let (digest, length) = hold::digest(&copy).map_err(failed)?;
            Ok((Standing::Spooled { digest, length }, Some(copy)))
        }
        Err(NotHeld::TooLarge) => {
            Err(Failure::of(&Unread("it is longer than 512 MiB".to_owned()))
                .hint("put it into a file and name the file"))
        }
        Err(not) => Err(Failure::of(&Unread(not.to_string()))),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("standard input cannot be held: {0}")]
struct Unread(String);
