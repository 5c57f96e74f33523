//! Where git lands: the branch that is checked out, and what a push would update, read out of the repository's own files;
//! no git is started, since that would run what the repository says.

mod config;
mod push;
mod refs;

use std::path::{Path, PathBuf};

use super::{Found, file, ssh, uri};
use crate::model::{ContextName, Landing};

use config::Config;
use refs::Repository;

/// How far up a repository is looked for.
const MAX_LEVELS: usize = 64;

pub(super) fn found(landing: &Landing) -> Found {
    if landing.variable("GIT_CONFIG_COUNT").is_some_and(|count| count != "0") {
        return Err("settings of git in variables".to_owned());
    }
    let mut directory = file::from_directory(landing, ".")?;
    for step in landing.all("directory") {
        directory.push(step);
    }
    let told = landing.setting("git-dir").or_else(|| landing.variable("GIT_DIR"));
    let folder = match told {
        Some(folder) => Some(directory.join(folder)),
        None => discovered(&directory)?,
    };
    let pushes = landing.all("path").first().is_some_and(|word| word == "push");
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let repository = Repository::of(&folder)?;
    let mut names = Vec::new();
    names.extend(repository.branch.iter().map(|name| ContextName::of("git", format!("current/{name}"))));
    if !pushes {
        return Ok(names);
    }
    let mut config = Config::new(&repository.folder, repository.branch.as_deref(), landing.variable("HOME"));
    for path in shared(landing)? {
        config.read(&path)?;
    }
    config.read(&repository.common.join("config"))?;
    if config.value("extensions.worktreeconfig") == Some("true") {
        config.read(&repository.folder.join("config.worktree"))?;
    }
    for setting in landing.all("config") {
        let (name, value) = setting.split_once('=').unwrap_or((setting, "true"));
        config.set(name, value);
    }
    let pushed = push::pushed(landing, &config, &repository)?;
    names.extend(pushed.updates.into_iter().map(|name| ContextName { kind: "git".to_owned(), name }));
    for url in pushed.urls {
        let (host, path) = place(&url);
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let Some(host) = host else {
            names.push(ContextName::of("git", format!("remote/localhost/{path}")));
            continue;
        };
        names.push(ContextName::of("git", format!("remote/{host}/{path}")));
        names.push(ContextName::of("host", host));
        if !url.starts_with("http") {
            names.extend(ssh::behind(landing, host)?);
        }
    }
    Ok(names)
}

/// Host and path of a remote: a URL, `user@host:path`, or a local path.
fn place(url: &str) -> (Option<&str>, &str) {
    if let Some((scheme, rest)) = url.split_once("://") {
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        return (uri::host(url).filter(|_| scheme != "file"), path);
    }
    match url.split_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/')) {
        Some((host, path)) => (Some(host.rsplit_once('@').map_or(host, |(_, host)| host)), path),
        None => (None, url),
    }
}

/// The configuration files outside the repository.
fn shared(landing: &Landing) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    if !landing.variable("GIT_CONFIG_NOSYSTEM").is_some_and(|value| !matches!(value, "0" | "false" | "no" | "off")) {
        paths.push(PathBuf::from(landing.variable("GIT_CONFIG_SYSTEM").unwrap_or("/etc/gitconfig")));
    }
    match landing.variable("GIT_CONFIG_GLOBAL") {
        Some(path) => paths.push(file::from_directory(landing, path)?),
        None => {
            let home = file::home(landing)?;
            let folder = landing.variable("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
            paths.push(folder.join("git/config"));
            paths.push(home.join(".gitconfig"));
        }
    }
    Ok(paths)
}

/// The repository that a directory is in.
fn discovered(directory: &Path) -> Result<Option<PathBuf>, String> {
    for folder in directory.ancestors().take(MAX_LEVELS) {
        let inside = folder.join(".git");
        match std::fs::metadata(&inside) {
            Ok(metadata) if metadata.is_dir() => return Ok(Some(inside)),
            Ok(_) => {
                let text = file::config(&inside)?.unwrap_or_default();
                let path = text.trim().strip_prefix("gitdir:").ok_or("a repository that cannot be read")?;
                return Ok(Some(folder.join(path.trim())));
            }
            Err(_) => {}
        }
        if folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir() {
            return Ok(Some(folder.to_owned()));
        }
    }
    Ok(None)
}
