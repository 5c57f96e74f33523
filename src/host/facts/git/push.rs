//! What a push would update: remote, branches and tags, out of its words and the repository's settings (git-push(1)).

use super::config::Config;
use super::refs::Repository;
use crate::model::Landing;

/// What a push would reach.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    /// Where it goes.
    pub urls: Vec<String>,
    /// What it updates there; `None` for what may be any.
    pub updates: Vec<Option<String>>,
}

pub(super) fn pushed(landing: &Landing, config: &Config<'_>, repository: &Repository) -> Result<Pushed, String> {
    let branch = repository.branch.as_deref();
    let own = |key: &str| branch.and_then(|branch| config.value(&format!("branch.{branch}.{key}")).map(str::to_owned));
    let mut operands = landing.all("operands").iter().map(String::as_str);
    let upstream = own("remote");
    let told = operands.next().or_else(|| landing.setting("repo")).map(str::to_owned);
    let mut remotes: Vec<&str> = config.named("remote", "url").map(|(name, _)| name).collect();
    remotes.dedup();
    let only = match remotes.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    };
    let remote = told
        .or_else(|| own("pushremote"))
        .or_else(|| config.value("remote.pushdefault").map(str::to_owned))
        .or_else(|| upstream.clone())
        .or(only)
        .unwrap_or_else(|| "origin".to_owned());
    let mut pushed = Pushed { urls: urls(config, &remote), updates: Vec::new() };

    let given = |name: &str| !landing.all(name).is_empty();
    if given("all") || config.value(&format!("remote.{remote}.mirror")) == Some("true") {
        pushed.updates.push(None);
        return Ok(pushed);
    }
    if given("tags") {
        pushed.updates.push(Some("tag/*".to_owned()));
    }
    let mut specs: Vec<String> = Vec::new();
    let mut tag = false;
    for word in operands {
        match (word, tag) {
            ("tag", false) => tag = true,
            (word, true) => {
                specs.push(format!("refs/tags/{word}"));
                tag = false;
            }
            (word, false) => specs.push(word.to_owned()),
        }
    }
    if specs.is_empty() && given("tags") {
        return Ok(pushed);
    }
    if specs.is_empty() {
        specs.extend(config.all(&format!("remote.{remote}.push")).into_iter().map(str::to_owned));
    }
    if specs.is_empty() {
        let merge = own("merge").map(|name| named(&name));
        let current = branch.map(str::to_owned);
        let central = upstream.as_ref() == Some(&remote);
        match config.value("push.default").unwrap_or("simple") {
            "nothing" => {}
            "current" => pushed.updates.extend(current.map(Some)),
            "upstream" | "tracking" => pushed.updates.extend(merge.map(Some)),
            "simple" => pushed.updates.extend(merge.filter(|_| central).or(current).map(Some)),
            // `matching`, and what a later git may add.
            _ => pushed.updates.push(None),
        }
        return Ok(pushed);
    }
    for spec in specs {
        pushed.updates.extend(updated(&spec, given("delete"), repository)?);
    }
    Ok(pushed)
}

/// What one refspec updates: `[+]source[:destination]`.
fn updated(spec: &str, delete: bool, repository: &Repository) -> Result<Option<Option<String>>, String> {
    let spec = spec.strip_prefix('+').unwrap_or(spec);
    if spec.starts_with('^') {
        return Ok(None);
    }
    if spec == ":" || spec.contains('*') {
        return Ok(Some(None));
    }
    let (source, destination) = spec.split_once(':').map_or((spec, None), |(source, to)| (source, Some(to)));
    let is_tag = |name: &str| -> Result<bool, String> {
        Ok(!repository.has(&format!("refs/heads/{name}"))? && repository.has(&format!("refs/tags/{name}"))?)
    };
    let destination = match destination {
        Some(destination) if !destination.is_empty() => destination,
        _ if delete => spec,
        _ if matches!(source, "HEAD" | "@") => {
            // What is checked out without a branch has no name to go to.
            return Ok(repository.branch.clone().map(Some));
        }
        _ => source,
    };
    let bare = !destination.starts_with("refs/");
    let tagged = bare && (source.starts_with("refs/tags/") || (!source.is_empty() && is_tag(source)?));
    let tagged = tagged || (bare && source.is_empty() && is_tag(destination)?);
    Ok(Some(Some(if tagged { format!("tag/{destination}") } else { named(destination) })))
}

/// A reference by the name that policies use: a branch by its own, a tag as `tag/NAME`.
fn named(reference: &str) -> String {
    let short = reference.strip_prefix("refs/").unwrap_or(reference);
    if let Some(branch) = short.strip_prefix("heads/") {
        return branch.to_owned();
    }
    match short.strip_prefix("tags/") {
        Some(tag) => format!("tag/{tag}"),
        None if short.len() < reference.len() => reference.to_owned(),
        None => short.to_owned(),
    }
}

/// The URLs that a remote stands for, as settings rewrite them.
fn urls(config: &Config<'_>, remote: &str) -> Vec<String> {
    let own: Vec<&str> = config.all(&format!("remote.{remote}.pushurl"));
    if !own.is_empty() {
        return own.into_iter().map(|url| rewritten(config, url, &["insteadof"])).collect();
    }
    let name = format!("remote.{remote}.url");
    let urls: Vec<String> = config.all(&name).into_iter().map(str::to_owned).collect();
    let urls = if urls.is_empty() { vec![remote.to_owned()] } else { urls };
    urls.iter().map(|url| rewritten(config, url, &["pushinsteadof", "insteadof"])).collect()
}

/// The URL with the longest beginning replaced that a setting names.
fn rewritten(config: &Config<'_>, url: &str, keys: &[&str]) -> String {
    for key in keys {
        let fitting = config.named("url", key).filter(|(_, start)| url.starts_with(start));
        if let Some((base, start)) = fitting.max_by_key(|(_, start)| start.len()) {
            return format!("{base}{}", url.get(start.len()..).unwrap_or_default());
        }
    }
    url.to_owned()
}
