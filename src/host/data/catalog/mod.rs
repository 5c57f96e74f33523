//! Catalogs of labels: JSON lines that a scanner wrote, looked up through an index that is built once and kept in the
//! user's cache. Refuses an index that is not this user's own, that another user may write, or that belongs to another
//! catalog, another state of it or another gate; then the catalog itself is read again.

pub mod import;
mod kept;
mod line;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::{DataLabel, Extent, Labelled, Shown};
use crate::policy::resource::containers;

pub use line::Line;
use tree::{Range, Tree, Wrong};

/// The catalogs that were opened.
#[derive(Debug)]
pub struct Catalogs {
    cache: PathBuf,
    open: BTreeMap<PathBuf, Result<Tree, String>>,
}

impl Catalogs {
    /// Indexes are kept in this folder.
    #[must_use]
    pub const fn new(cache: PathBuf) -> Self {
        Self { cache, open: BTreeMap::new() }
    }

    /// What a catalog says of a resource, and of what the resource is in.
    ///
    /// # Errors
    /// Why the catalog cannot be used, or too much of it is meant.
    pub fn labels(&mut self, catalog: &Path, resource: &str, extent: &Extent) -> Result<Vec<Labelled>, String> {
        let shown = Shown::os(catalog.as_os_str());
        let failed = |why: String| format!("the catalog `{shown}` cannot be used: {why}");
        match looked_up(self.tree(catalog).map_err(failed)?, resource, extent) {
            Ok(labels) => Ok(labels),
            Err(Wrong::TooMuch) => Err(failed("too much of it is meant".to_owned())),
            // The index is not what was written: the catalog is.
            Err(Wrong::Corrupt) => {
                let anew = kept::built(catalog, &self.cache);
                let tree = self.open.entry(catalog.to_owned()).insert_entry(anew).into_mut();
                match tree {
                    Ok(tree) => looked_up(tree, resource, extent).map_err(|wrong| failed(wrong.to_string())),
                    Err(why) => Err(failed(why.clone())),
                }
            }
        }
    }

    fn tree(&mut self, catalog: &Path) -> Result<&mut Tree, String> {
        let cache = &self.cache;
        let tree = self.open.entry(catalog.to_owned()).or_insert_with(|| kept::tree(catalog, cache));
        tree.as_mut().map_err(|why| why.clone())
    }
}

/// Reads a whole catalog; gives how many lines it has.
///
/// # Errors
/// What is wrong with it, and in which line.
pub fn checked(catalog: &Path) -> Result<u64, String> {
    let shown = Shown::os(catalog.as_os_str());
    line::entries(catalog).map(|entries| entries.len() as u64).map_err(|why| format!("`{shown}`: {why}"))
}

fn looked_up(tree: &mut Tree, resource: &str, extent: &Extent) -> Result<Vec<Labelled>, Wrong> {
    let mut all = Vec::new();
    // What something is in gives it its label. Of a beginning that is not whole, the last part is open.
    let whole = match extent {
        Extent::Itself | Extent::Below => resource,
        Extent::Beginning | Extent::Matching(_) => match resource.rfind('/') {
            Some(0) => "/",
            slash => slash.and_then(|slash| resource.get(..slash)).unwrap_or(""),
        },
    };
    for outer in containers(whole).filter(|outer| !outer.is_empty()) {
        tree.range(&Range::Exactly(outer), &mut all)?;
    }
    match extent {
        Extent::Itself => {}
        Extent::Below if resource == "/" => tree.range(&Range::Beginning("/"), &mut all)?,
        Extent::Below => tree.range(&Range::Beginning(&format!("{resource}/")), &mut all)?,
        Extent::Beginning | Extent::Matching(_) => tree.range(&Range::Beginning(resource), &mut all)?,
    }
    let distinct: BTreeSet<Labelled> = all.into_iter().collect();
    Ok(distinct.into_iter().collect())
}

/// The label of this name.
#[must_use]
pub fn label_named(name: &str) -> Option<DataLabel> {
    let all = [DataLabel::Public, DataLabel::Internal, DataLabel::Confidential, DataLabel::Restricted];
    all.into_iter().find(|label| label.name() == name)
}

/// Whether a text is a tag: letters, digits and `. _ - :`, at most 64 of them.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests;
