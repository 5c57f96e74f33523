//! Facts about this host, read-only and bounded; refuses to wait for a pipe or to read what is no regular file. Contexts
//! are looked up as the command's own program would look them up: the same files, in the same order, and no other.

mod aws;
mod azure;
mod database;
mod docker;
mod file;
mod gcloud;
mod git;
mod ini;
mod kube;
mod mysql;
mod postgres;
mod program;
mod ssh;
mod terraform;
mod uri;

use std::path::Path;

use crate::model::{ContextName, Fact, Landing, Question};
use crate::ports::Facts;

/// Longest script that is read.
const MAX_SCRIPT: u64 = 64 * 1024;

/// The names of the places where a command lands, or why they cannot be known.
type Found = Result<Vec<ContextName>, String>;

/// This host's own answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFacts;

impl Facts for LocalFacts {
    fn answer(&self, question: &Question) -> Fact {
        match question {
            Question::Program(path) => Fact::Names(program::names(path)),
            Question::Script(path) => script(path).unwrap_or_else(Fact::Unknown),
            // They need a place for indexes: `DataFacts` stands before these.
            Question::Data(_) => Fact::Unknown("data is not looked at here".to_owned()),
            Question::Context(landing) => match contexts(landing) {
                Ok(mut names) => {
                    let mut seen = Vec::new();
                    names.retain(|name| {
                        !seen.contains(name) && !name.name.as_deref().is_some_and(str::is_empty) && {
                            seen.push(name.clone());
                            true
                        }
                    });
                    Fact::Contexts(names)
                }
                Err(why) => Fact::Unknown(why),
            },
        }
    }
}

fn script(path: &Path) -> Result<Fact, String> {
    match file::text(path, MAX_SCRIPT) {
        Ok(Some(text)) => Ok(Fact::Text(text)),
        Ok(None) => Ok(Fact::Absent),
        Err(why) => Err(format!("a script {why}")),
    }
}

fn contexts(landing: &Landing) -> Found {
    match landing.reader.as_str() {
        "kube" => kube::found(landing),
        "aws" => aws::found(landing),
        "gcp" => gcloud::found(landing),
        "azure" => azure::found(landing),
        "terraform" => terraform::found(landing),
        "docker" => docker::found(landing),
        "git" => git::found(landing),
        "postgres" => postgres::found(landing),
        "mysql" => mysql::found(landing),
        "redis" => Ok(database::redis(landing)),
        "mongo" => Ok(database::mongo(landing)),
        "ssh" => ssh::found(landing, ssh::Words::Destination),
        "scp" => ssh::found(landing, ssh::Words::Paths),
        other => Err(format!("nothing reads the files of `{other}`")),
    }
}

#[cfg(test)]
mod tests;
