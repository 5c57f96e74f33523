//! `gate policy import`: what another scanner found, as a catalog of labels; prints all of it or nothing.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::host::data::catalog::import::{Form, imported};

use super::super::exit;
use super::super::failure::Complaint;

/// Turn what a scanner found into a catalog of labels, for `data: [{catalog: FILE}]` in a policy
#[derive(Debug, Args)]
pub struct Import {
    /// Who wrote the file
    #[arg(long, value_name = "FORM")]
    pub from: Scanner,
    /// The list of findings
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Who wrote a list
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scanner {
    /// Amazon Macie: JSON of its findings, in one document or one a line
    Macie,
    /// Comma-separated values: resource, label, tags, source
    Csv,
}

/// Prints the catalog.
pub fn run(import: &Import) -> Result<(), Complaint> {
    let form = match import.from {
        Scanner::Macie => Form::Macie,
        Scanner::Csv => Form::Csv,
    };
    let imported = imported(form, &import.file).map_err(|why| Complaint::new(exit::EVIDENCE, why))?;
    std::io::stdout().write_all(imported.text.as_bytes()).map_err(|error| Complaint::output(&error))?;
    if imported.left_out > 0 {
        let note = format!("gate: {} findings say nothing about data and were left out\n", imported.left_out);
        // The catalog is whole without this note.
        let _ = std::io::stderr().write_all(note.as_bytes());
    }
    Ok(())
}
