//! The policy files of this host, layer by layer: `/etc/gate/policies`, the user's, and the project's `.gate` folders up to
//! the repository's root. Refuses to skip a file that it cannot read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::actions::examples::examined;
use crate::model::{Digest, Shown};
use crate::policy::{Layer, Policy, Source, Sources};
use crate::ports::Failure;

use super::config::Paths;
use super::config::file;
use super::kept::Kept;
use super::unchanged::State;

/// Largest policy file, in bytes.
const MAX: u64 = crate::encoding::yaml::LARGEST as u64;

/// A policy file, and whose it is.
type Named = (Layer, PathBuf);

/// Reads all layers, as they were compiled the last time if nothing changed since; else from their files, and sees that
/// the examples in their rules hold.
///
/// # Errors
/// When a folder or a file cannot be read, a policy has a fault, or an example does not hold.
pub fn load(paths: &Paths, directory: &Path) -> Result<Policy, Failure> {
    let named = named(paths, directory)?;
    if named.is_empty() {
        return Ok(Policy::built_in());
    }
    let state = state(&named);
    if let Some(policy) = state.as_ref().and_then(|state| unread(&paths.cache, state, &named)) {
        return Ok(policy);
    }
    let sources = Sources::of(sources(&named)?);
    if sources.is_empty() {
        return Ok(Policy::built_in());
    }
    let digest = sources.digest();
    // What was read is of this state if the files were in it before and after.
    let settled = state.filter(|before| before.is_settled(SystemTime::now()) && self::state(&named) == Some(*before));
    let policy = compiled(paths, sources)?;
    if let Some(state) = settled {
        Kept::seen(&paths.cache, &key(&state)).write(&digest.bytes()[..]);
    }
    Ok(policy)
}

/// The policy of files that are as they were when it was compiled.
fn unread(cache: &Path, state: &State, named: &[Named]) -> Option<Policy> {
    let seen = Kept::seen(cache, &key(state)).reading()?(0..32)?;
    let digest = Digest::from_bytes(*seen.first_chunk()?);
    let reading = Kept::of(cache, &digest).reading()?;
    let files = named.to_vec();
    let rereading = Box::new(move || sources(&files).ok());
    Policy::from_compiled(Sources::known(digest, rereading), &reading).ok()
}

/// The state of files that this gate reads.
fn key(state: &State) -> Digest {
    Digest::of_parts(&[
        state.digest().bytes(),
        Policy::built_in().digest().bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
    ])
}

fn state(named: &[Named]) -> Option<State> {
    State::of(super::clock::boot_id()?, named.iter().map(|(_, path)| path.as_path()))
}

/// The policy that these files are: what was compiled of them before, or else compiled now.
fn compiled(paths: &Paths, mut sources: Sources) -> Result<Policy, Failure> {
    let kept = Kept::of(&paths.cache, &sources.digest());
    if let Some(reading) = kept.reading() {
        match Policy::from_compiled(sources, &reading) {
            Ok(policy) => return Ok(policy),
            Err(unused) => sources = unused,
        }
    }
    let policy = Policy::of(sources).map_err(|error| Failure::of(&error))?;
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
    let sources = sources(&named(paths, directory)?)?;
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
    let mut files = folder(Layer::System, &paths.system_policies())?;
    if on_top || named.is_empty() {
        files.extend(folder(Layer::User, &paths.policies())?);
    }
    let mut sources = sources(&files)?;
    for path in named {
        if path.is_dir() {
            sources.extend(self::sources(&folder(Layer::User, path)?)?);
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
fn named(paths: &Paths, directory: &Path) -> Result<Vec<Named>, Failure> {
    let mut files = folder(Layer::System, &paths.system_policies())?;
    files.extend(folder(Layer::User, &paths.policies())?);
    for project in projects(directory) {
        files.extend(folder(Layer::Project, &project)?);
    }
    Ok(files)
}

/// The same, read; one that is gone since is none.
fn sources(named: &[Named]) -> Result<Vec<Source>, Failure> {
    let read = named.iter().map(|(layer, path)| {
        let text = file::text(path, MAX).map_err(|error| Failure::of(&error))?;
        let file = Shown::os(path.as_os_str()).to_string();
        Ok(text.map(|(text, _)| Source { layer: *layer, file, text }))
    });
    read.filter_map(Result::transpose).collect()
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

/// The policy files in a folder, in order of their names.
fn folder(layer: Layer, path: &Path) -> Result<Vec<Named>, Failure> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failure(path, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failure(path, &error))?.path();
        let yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if yaml && !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            files.push((layer, path));
        }
    }
    files.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(files)
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot read the policies in `{}`: {}", Shown::os(path.as_os_str()), super::plain(error));
    Failure { message, hint: None }
}
