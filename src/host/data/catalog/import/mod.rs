//! Lists that other scanners write, as lines of a catalog; refuses a list of which any part is not understood, and says
//! where.

mod csv;
mod macie;

use std::path::Path;

use super::line::Line;
use crate::encoding::json::canonical;
use crate::host::config::file;

/// Largest list.
const MAX: u64 = 1 << 30;

/// Who wrote a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Findings of Amazon Macie, as JSON or one a line.
    Macie,
    /// `resource,label,tags,source`.
    Csv,
}

/// A list in the form of a catalog.
#[derive(Debug, PartialEq, Eq)]
pub struct Imported {
    /// The lines, one resource each.
    pub text: String,
    /// How many lines.
    pub lines: usize,
    /// How many parts of the list say nothing about data.
    pub left_out: usize,
}

/// Reads a list.
///
/// # Errors
/// What is wrong with it, and where.
pub fn imported(form: Form, path: &Path) -> Result<Imported, String> {
    let read = file::text(path, MAX).map_err(|error| error.to_string())?;
    let (text, _) = read.ok_or_else(|| format!("there is no file `{}`", crate::model::Shown::os(path.as_os_str())))?;
    converted(form, &text)
}

fn converted(form: Form, text: &str) -> Result<Imported, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (lines, left_out) = match form {
        Form::Macie => macie::lines(text)?,
        Form::Csv => (csv::lines(text)?, 0),
    };
    let mut all = String::new();
    let count = lines.len();
    for (place, line) in lines {
        let entry = line.entry().map_err(|why| format!("{place}: {why}"))?;
        let written = Line { resource: entry.resource, tags: entry.tags.into_iter().collect(), ..line };
        let bytes = canonical(&written).map_err(|error| format!("{place}: {error}"))?;
        all.push_str(&String::from_utf8(bytes).map_err(|error| format!("{place}: {error}"))?);
        all.push('\n');
    }
    Ok(Imported { text: all, lines: count, left_out })
}

#[cfg(test)]
mod tests;
