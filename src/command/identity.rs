//! A program under another name: a link to a known one, or another name of the same file. Refuses to ask about what is
//! known by its name and place, about another host, and about what is not known before it runs.

use crate::model::{Fact, Question, Tool, Word};

use super::program;
use super::reading::{Place, Reader};

impl<'a> Reader<'a> {
    /// The tool that a program given by its path really is, else the one that its name says.
    pub(super) fn identified(&mut self, words: &[Word], named: Option<&'a Tool>, place: &Place) -> Option<&'a Tool> {
        let Some(program) = words.first() else { return named };
        let path = program.known().map(std::path::Path::new).filter(|path| path.components().count() > 1);
        let (Some(path), Some(directory), None) = (path, &place.directory, &place.remote) else { return named };
        if named.is_some() && !program::is_nobodys(program) {
            return named;
        }
        let question = Question::Program(directory.join(path));
        match self.answers.get(&question) {
            Some(Fact::Names(names)) => names.iter().find_map(|name| self.tools.tool(name)).or(named),
            Some(Fact::Text(_) | Fact::Contexts(_) | Fact::Data(_) | Fact::Absent | Fact::Unknown(_)) => named,
            None => {
                self.reading.questions.push(question);
                named
            }
        }
    }
}
