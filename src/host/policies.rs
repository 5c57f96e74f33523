//! The policy files of this host, layer by layer: `/etc/gate/policies`, the user's, and the project's `.gate` folders up to
//! the repository's root. Refuses to skip a file that it cannot read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::actions::examples::examined;
use crate::model::Shown;
use crate::policy::{Layer, Policy, Source, Sources};
use crate::ports::Failure;

use super::config::Paths;
use super::config::file;
use super::kept::Kept;

/// Largest policy file, in bytes.
const MAX: u64 = crate::encoding::yaml::LARGEST as u64;

/// Reads all layers, as they were compiled the last time if nothing changed since; else from their files, and sees that
/// the examples in their rules hold.
///
/// # Errors
/// When a folder or a file cannot be read, a policy has a fault, or an example does not hold.
pub fn load(paths: &Paths, directory: &Path) -> Result<Policy, Failure> {
    let mut sources = Sources::of(sources(paths, directory)?);
    if sources.is_empty() {
        return Ok(Policy::built_in());
    }
    let kept = Kept::of(&paths.cache, &sources.digest());
    if let Some(reading) = kept.reading() {
        match Policy::from_compiled(sources, &reading) {
            Ok(policy) => return Ok(policy),
            Err(unused) => sources = unused,
        }
    }
    let policy = Policy::load(sources.files()).map_err(|error| Failure::of(&error))?;
    hold(&policy)?;
    if let Some(bytes) = policy.compiled() {
        kept.write(&bytes);
    }
    Ok(policy)
}

/// Sees that the examples hold of the rules above the built-in ones, whose examples the build ran.
fn hold(policy: &Policy) -> Result<(), Failure> {
    let own: BTreeSet<String> =
        policy.rules().filter(|(layer, _)| *layer != Layer::BuiltIn).map(|(_, rule)| rule.id.clone()).collect();
    let examined = examined(policy, &|rule| own.contains(rule));
    match examined.broken.first() {
        None => Ok(()),
        Some(broken) => {
            let wanted =
                if broken.fires { "does not fire on its example" } else { "fires on the example it should skip:" };
            let message = format!("rule {} {wanted} `{}`", broken.rule, Shown::text(&broken.line));
            Err(Failure { message, hint: Some("gate policy test shows every example that does not hold".to_owned()) })
        }
    }
}

/// Reads all layers.
///
/// # Errors
/// When a folder or a file cannot be read, or a policy has a fault.
pub fn read(paths: &Paths, directory: &Path) -> Result<Policy, Failure> {
    let sources = sources(paths, directory)?;
    if sources.is_empty() {
        return Ok(Policy::built_in());
    }
    Policy::load(sources).map_err(|error| Failure::of(&error))
}

/// A file that somebody names, as text.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn text(path: &Path) -> Result<String, Failure> {
    match file::text(path, MAX).map_err(|error| Failure::of(&error))? {
        Some((text, _)) => Ok(text),
        None => Err(Failure { message: format!("there is no file `{}`", Shown::os(path.as_os_str())), hint: None }),
    }
}

/// The system's files, and as the user's layer the files and folders that are named; on top of the user's own, or in
/// their place.
///
/// # Errors
/// When a folder or a file cannot be read.
pub fn changed(paths: &Paths, named: &[PathBuf], on_top: bool) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    folder(Layer::System, &paths.system_policies(), &mut sources)?;
    if on_top || named.is_empty() {
        folder(Layer::User, &paths.policies(), &mut sources)?;
    }
    for path in named {
        if path.is_dir() {
            folder(Layer::User, path, &mut sources)?;
        } else {
            sources.push(Source {
                layer: Layer::User,
                file: Shown::os(path.as_os_str()).to_string(),
                text: text(path)?,
            });
        }
    }
    Ok(sources)
}

/// The files of all layers.
fn sources(paths: &Paths, directory: &Path) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    folder(Layer::System, &paths.system_policies(), &mut sources)?;
    folder(Layer::User, &paths.policies(), &mut sources)?;
    for project in projects(directory) {
        folder(Layer::Project, &project, &mut sources)?;
    }
    Ok(sources)
}

/// The `.gate` folders from the repository's root down to here; none outside a repository.
fn projects(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in directory.ancestors() {
        let project = folder.join(".gate");
        if project.is_dir() {
            found.push(project);
        }
        if folder.join(".git").exists() {
            found.reverse();
            return found;
        }
    }
    Vec::new()
}

fn folder(layer: Layer, path: &Path, sources: &mut Vec<Source>) -> Result<(), Failure> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failure(path, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failure(path, &error))?.path();
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml && !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        let text = file::text(&path, MAX).map_err(|error| Failure::of(&error))?;
        let Some((text, _)) = text else { continue };
        sources.push(Source { layer, file: Shown::os(path.as_os_str()).to_string(), text });
    }
    Ok(())
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot read the policies in `{}`: {}", Shown::os(path.as_os_str()), super::plain(error));
    Failure { message, hint: None }
}
