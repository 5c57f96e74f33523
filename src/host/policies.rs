//! The policy files of this host, layer by layer: `/etc/gate/policies`, the user's, and the project's `.gate` folders up to
//! the repository's root. Refuses to skip a file that it cannot read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::actions::examples::examined;
use crate::model::Shown;
use crate::policy::{Layer, Policy, Source};
use crate::ports::Failure;

use super::config::Paths;
use super::config::file;

/// Largest policy file, in bytes.
const MAX: u64 = crate::encoding::yaml::LARGEST as u64;

/// Reads all layers, and once for each policy sees that the examples in its rules hold.
///
/// # Errors
/// When a folder or a file cannot be read, a policy has a fault, or an example does not hold.
pub fn load(paths: &Paths, directory: &Path) -> Result<Policy, Failure> {
    let policy = read(paths, directory)?;
    if !policy.is_built_in() {
        hold(&policy, &paths.cache.join("examples"))?;
    }
    Ok(policy)
}

/// The examples of a policy are run once; an empty file with its digest in the cache says that they held. Somebody who
/// forges that file skips a test of the rules, not the rules.
fn hold(policy: &Policy, cache: &Path) -> Result<(), Failure> {
    let mark = cache.join(format!("{}-{}", policy.digest().hex(), env!("CARGO_PKG_VERSION")));
    if mark.exists() {
        return Ok(());
    }
    let own: BTreeSet<String> =
        policy.rules().filter(|(layer, _)| *layer != Layer::BuiltIn).map(|(_, rule)| rule.id.clone()).collect();
    let examined = examined(policy, &|rule| own.contains(rule));
    if let Some(broken) = examined.broken.first() {
        let wanted = if broken.fires { "does not fire on its example" } else { "fires on the example it should skip:" };
        let message = format!("rule {} {wanted} `{}`", broken.rule, Shown::text(&broken.line));
        return Err(Failure {
            message,
            hint: Some("gate policy test shows every example that does not hold".to_owned()),
        });
    }
    // A cache that cannot be written costs the next run the same work.
    let _ = std::fs::create_dir_all(cache).and_then(|()| std::fs::write(&mark, []));
    Ok(())
}

/// Reads all layers.
///
/// # Errors
/// When a folder or a file cannot be read, or a policy has a fault.
pub fn read(paths: &Paths, directory: &Path) -> Result<Policy, Failure> {
    let mut sources = Vec::new();
    folder(Layer::System, &paths.system_policies(), &mut sources)?;
    folder(Layer::User, &paths.policies(), &mut sources)?;
    for project in projects(directory) {
        folder(Layer::Project, &project, &mut sources)?;
    }
    if sources.is_empty() {
        return Ok(Policy::built_in());
    }
    Policy::load(sources).map_err(|error| Failure::of(&error))
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
