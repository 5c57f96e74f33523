//! The terminal itself (`/dev/tty`), for questions to the person who sits there. Standard input is never asked: it belongs
//! to the command, and an agent or a pipe may speak through it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use rustix::fs::OFlags;
use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};
use zeroize::Zeroizing;

const PATH: &str = "/dev/tty";
/// How wide a terminal is that does not say so.
const COLUMNS: u16 = 80;
/// The longest line that is read.
const LONGEST: usize = 4096;

/// The terminal of this process.
#[derive(Debug)]
pub struct Terminal {
    file: File,
}

impl Terminal {
    /// The terminal, if this process has one.
    #[must_use]
    pub fn open() -> Option<Self> {
        let flags = i32::try_from(OFlags::NOCTTY.bits()).ok()?;
        let file = File::options().read(true).write(true).custom_flags(flags).open(PATH).ok()?;
        Some(Self { file })
    }

    /// How many characters fit into a line.
    #[must_use]
    pub fn columns(&self) -> usize {
        let said = tcgetwinsize(&self.file).map_or(0, |size| size.ws_col);
        usize::from(if said == 0 { COLUMNS } else { said })
    }

    /// Shows text.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn show(&self, text: &str) -> io::Result<()> {
        (&self.file).write_all(text.as_bytes())
    }

    /// Forgets what was typed before a question stood there: it was not meant as an answer.
    pub fn forget_typed(&self) {
        // A terminal that cannot forget is asked all the same.
        let _ = tcflush(&self.file, QueueSelector::IFlush);
    }

    /// Asks for one line; none where the input ends.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn line(&self, prompt: &str) -> io::Result<Option<String>> {
        self.show(prompt)?;
        let mut bytes = vec![0; LONGEST];
        // The terminal gives one line at a time.
        let read = loop {
            match (&self.file).read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if read == 0 {
            self.show("\n")?;
            return Ok(None);
        }
        let line = String::from_utf8_lossy(bytes.get(..read).unwrap_or_default()).trim().to_owned();
        Ok(Some(line))
    }

    /// Asks for something that is not shown while it is typed; none where nothing is typed.
    ///
    /// # Errors
    /// When the terminal went away, or Ctrl-C was typed.
    pub fn secret(&self, prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        match rpassword::prompt_password(prompt) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}
