//! Questions about the data that a command touches, and their answers: labels, tags and counts, never the data itself.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{DataLabel, Detector};

/// A question about data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataQuestion {
    /// Where a path leads once every symbolic link and `..` is followed.
    RealPath(PathBuf),
    /// What the extended attributes of local files say.
    Attribute(PathBuf, Extent),
    /// What a sample of local files holds.
    Contents(PathBuf, Extent),
    /// What a catalog says of a resource, and of everything that the resource is in.
    Catalog {
        /// The file of the catalog.
        catalog: PathBuf,
        /// The resource in canonical form.
        resource: String,
        /// How much of it.
        extent: Extent,
    },
}

/// How much is meant by a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// What is called so.
    Itself,
    /// That, and everything below it.
    Below,
    /// Everything whose name begins so.
    Beginning,
    /// The files in it whose names match this pattern.
    Matching(String),
}

/// What is known of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataFact {
    /// A path.
    Path(PathBuf),
    /// Labels, each with what has it.
    Labels(Vec<Labelled>),
    /// What a sample holds.
    Contents(Vec<Found>),
}

/// A label that somebody gave a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labelled {
    /// The resource; none where the label is one of many resources' together.
    pub resource: Option<String>,
    /// The label.
    pub label: Option<DataLabel>,
    /// The tags.
    pub tags: BTreeSet<String>,
    /// Who gave it.
    pub source: String,
}

/// How often a detector found something in the file that holds most of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The detector.
    pub detector: Detector,
    /// How many different values.
    pub count: u32,
    /// The file.
    pub file: PathBuf,
}
