//! Facts about this host, read-only and bounded; refuses to wait for a pipe or to read what is no regular file.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use crate::model::{Fact, Question};
use crate::ports::Facts;

/// Longest script that is read.
const MAX_SCRIPT: u64 = 64 * 1024;

/// This host's own answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFacts;

impl Facts for LocalFacts {
    fn answer(&self, question: &Question) -> Fact {
        match question {
            Question::Script(path) => script(path).unwrap_or_else(|why| Fact::Unknown(why.to_owned())),
        }
    }
}

fn script(path: &Path) -> Result<Fact, &'static str> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file =
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|_| "a script that cannot be opened")?;
    let metadata = file.metadata().map_err(|_| "a script that cannot be opened")?;
    if !metadata.is_file() {
        return Err("a script that is no regular file");
    }
    let mut bytes = Vec::new();
    file.take(MAX_SCRIPT + 1).read_to_end(&mut bytes).map_err(|_| "a script that cannot be read")?;
    if bytes.len() as u64 > MAX_SCRIPT {
        return Err("a script longer than gate reads");
    }
    String::from_utf8(bytes).map(Fact::Text).map_err(|_| "a script that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_and_a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sh");
        std::fs::write(&path, "rm x").unwrap();
        assert_eq!(LocalFacts.answer(&Question::Script(path)), Fact::Text("rm x".into()));
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        for path in [pipe, folder.path().to_owned(), folder.path().join("none")] {
            assert!(matches!(LocalFacts.answer(&Question::Script(path)), Fact::Unknown(_)));
        }
    }
}
