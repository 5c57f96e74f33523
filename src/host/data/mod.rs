//! What this host knows about data: where paths lead, what attributes and catalogs say, what a sample of a file holds.
//! Read-only but for the indexes of catalogs; refuses to wait, to read more than a sample, and to give back what it read.

mod attribute;
pub mod catalog;
mod files;
mod paths;
mod sample;

use std::cell::RefCell;
use std::path::PathBuf;

use crate::model::{DataFact, DataQuestion, Fact, Question};
use crate::ports::Facts;

use catalog::Catalogs;

/// This host's answers about data, before those of others.
pub struct DataFacts<'a> {
    catalogs: RefCell<Catalogs>,
    rest: &'a dyn Facts,
}

impl<'a> DataFacts<'a> {
    /// Indexes of catalogs are kept below this folder.
    pub fn new(cache: PathBuf, rest: &'a dyn Facts) -> Self {
        Self { catalogs: RefCell::new(Catalogs::new(cache.join("catalogs"))), rest }
    }
}

impl Facts for DataFacts<'_> {
    fn answer(&self, question: &Question) -> Fact {
        let Question::Data(question) = question else {
            return self.rest.answer(question);
        };
        let answer = match question {
            DataQuestion::RealPath(path) => paths::real(path).map(DataFact::Path),
            DataQuestion::Attribute(path, extent) => Ok(DataFact::Labels(attribute::labels(path, extent))),
            DataQuestion::Contents(path, extent) => sample::contents(path, extent).map(DataFact::Contents),
            DataQuestion::Catalog { catalog, resource, extent } => {
                self.catalogs.borrow_mut().labels(catalog, resource, extent).map(DataFact::Labels)
            }
        };
        answer.map_or_else(Fact::Unknown, Fact::Data)
    }
}
