//! The lines of a catalog; refuses a catalog of which any line is not understood, with the line's number, and one that
//! changes while it is read.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::{is_tag, label_named};
use crate::encoding::json::relaxed;
use crate::model::{DataLabel, Shown};
use crate::policy::resource::canonical;

/// Longest line.
const LONGEST_LINE: u64 = 64 * 1024;
/// Longest name of a resource.
const LONGEST_NAME: usize = 8 * 1024;
/// Longest name of a source.
const LONGEST_SOURCE: usize = 256;
/// Most lines.
const MOST: usize = 16_000_000;

/// A line of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What has the label.
    pub resource: String,
    /// The label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// A line that was checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The resource, in canonical form.
    pub resource: String,
    /// The label.
    pub label: Option<DataLabel>,
    /// The tags.
    pub tags: BTreeSet<String>,
    /// Who says so.
    pub source: String,
}

impl Line {
    /// What the line says, if every part of it can be meant.
    ///
    /// # Errors
    /// Why not.
    pub fn entry(&self) -> Result<Entry, String> {
        let resource = canonical(&self.resource);
        if resource.is_empty() || resource.len() > LONGEST_NAME || resource.contains(char::is_control) {
            return Err(format!(
                "`{}` names no resource",
                Shown::text(self.resource.get(..80).unwrap_or(&self.resource))
            ));
        }
        let label = match &self.label {
            None => None,
            Some(label) => Some(label_named(label).ok_or_else(|| {
                let known = "public, internal, confidential or restricted";
                format!("`{}` is not a label: {known}", Shown::text(label))
            })?),
        };
        if let Some(tag) = self.tags.iter().find(|tag| !is_tag(tag)) {
            return Err(format!("`{}` is not a tag: letters, digits, `.`, `_`, `-` and `:`", Shown::text(tag)));
        }
        if label.is_none() && self.tags.is_empty() {
            return Err("neither a label nor tags".to_owned());
        }
        if self.source.len() > LONGEST_SOURCE {
            return Err(format!("a source longer than {LONGEST_SOURCE} bytes"));
        }
        Ok(Entry { resource, label, tags: self.tags.iter().cloned().collect(), source: self.source.clone() })
    }
}

/// Opens a catalog, if it is a regular file.
pub fn opened(path: &Path) -> Result<(File, std::fs::Metadata), String> {
    let said = |error: std::io::Error| crate::host::plain(&error);
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(said)?;
    let metadata = file.metadata().map_err(said)?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err("no regular file".to_owned()) }
}

/// Every line of a catalog.
pub fn entries(path: &Path) -> Result<Vec<Entry>, String> {
    let (file, before) = opened(path)?;
    let entries = read(&file)?;
    let after = file.metadata().map_err(|error| crate::host::plain(&error))?;
    let state = |of: &std::fs::Metadata| (of.len(), of.mtime(), of.mtime_nsec(), of.ctime(), of.ctime_nsec());
    if state(&before) == state(&after) { Ok(entries) } else { Err("it changed while it was read".to_owned()) }
}

fn read(file: &File) -> Result<Vec<Entry>, String> {
    let mut reader = BufReader::with_capacity(256 * 1024, file);
    let mut entries = Vec::new();
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        let read = (&mut reader).take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| crate::host::plain(&error))? == 0 {
            break;
        }
        let fault = |why: &dyn std::fmt::Display| format!("line {number}: {why}");
        if line.len() as u64 > LONGEST_LINE {
            return Err(fault(&"longer than 64 KiB"));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if entries.len() == MOST {
            return Err(fault(&"more lines than gate indexes"));
        }
        let written: Line = relaxed(&line).map_err(|error| fault(&error))?;
        entries.push(written.entry().map_err(|why| fault(&why))?);
    }
    Ok(entries)
}
