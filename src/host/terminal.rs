//! The terminal itself (`/dev/tty`), for questions to the person who sits there. Standard input is never asked: it belongs
//! to the command, and an agent or a pipe may speak through it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use rustix::fs::OFlags;
use rustix::process::{Signal, getpid, kill_process};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, tcflush, tcgetattr, tcgetwinsize, tcsetattr,
};
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
        let bytes = self.typed()?;
        if bytes.is_empty() {
            self.show("\n")?;
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Asks for something that is not shown while it is typed; none where nothing is typed. Ctrl-C ends gate, once the
    /// terminal shows again what is typed.
    ///
    /// # Errors
    /// When the terminal went away, or Ctrl-C was typed and is ignored.
    pub fn secret(&self, prompt: &str) -> io::Result<Option<Zeroizing<String>>> {
        let before = tcgetattr(&self.file)?;
        let interrupt = before.special_codes[SpecialCodeIndex::VINTR];
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ICANON | LocalModes::ECHONL);
        // Ctrl-C ends the line as the return key does.
        hidden.special_codes[SpecialCodeIndex::VEOL] = interrupt;
        // Before the prompt: what is typed as soon as it stands there is not shown either.
        tcsetattr(&self.file, OptionalActions::Now, &hidden)?;
        let typed = self.show(prompt).and_then(|()| self.typed());
        tcsetattr(&self.file, OptionalActions::Now, &before)?;
        let typed = typed?;
        if typed.last() == Some(&interrupt) {
            self.show("\n")?;
            kill_process(getpid(), Signal::INT)?;
            return Err(io::ErrorKind::Interrupted.into());
        }
        let text = std::str::from_utf8(&typed).map_err(io::Error::other)?.trim_end_matches(['\r', '\n']);
        Ok((!text.is_empty()).then(|| Zeroizing::new(text.to_owned())))
    }

    /// The bytes of one line; none at the end of the input.
    fn typed(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(vec![0; LONGEST]);
        // The terminal gives one line at a time.
        let read = loop {
            match (&self.file).read(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        bytes.truncate(read);
        Ok(bytes)
    }
}
/// How many columns standard output has, where it is a terminal that says so.
#[must_use]
pub fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
