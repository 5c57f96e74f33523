//! Where docker lands: the context, and the host of its endpoint.

use serde::Deserialize;

use super::{Found, file, ssh, uri};
use crate::encoding::json::{self, Value};
use crate::model::{ContextName, Digest, Landing};

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(rename = "currentContext")]
    current: Option<String>,
}

pub(super) fn found(landing: &Landing) -> Found {
    let folder = match (landing.setting("config"), landing.variable("DOCKER_CONFIG")) {
        (Some(folder), _) | (None, Some(folder)) => file::from_directory(landing, folder)?,
        (None, None) => file::home(landing)?.join(".docker"),
    };
    let told = landing.setting("name").filter(|name| !name.is_empty());
    let hosts: Vec<&str> = landing.all("host").iter().map(String::as_str).filter(|host| !host.is_empty()).collect();
    let (contexts, hosts) = match (told, hosts.is_empty()) {
        (Some(name), _) => (vec![name.to_owned()], Vec::new()),
        (None, false) => (Vec::new(), hosts),
        // Versions disagree which of the two variables counts: both do.
        (None, true) => {
            let host: Vec<&str> = landing.variable("DOCKER_HOST").into_iter().collect();
            let context = landing.variable("DOCKER_CONTEXT").map(str::to_owned);
            let context = match (context, host.is_empty()) {
                (Some(name), _) => Some(name),
                (None, true) => current(&folder)?,
                (None, false) => None,
            };
            (context.into_iter().collect(), host)
        }
    };
    let mut names = Vec::new();
    for context in contexts {
        let own = if context == "default" { None } else { endpoint(&folder, &context)? };
        if let Some(endpoint) = own {
            reach(landing, &endpoint, &mut names)?;
        }
        names.insert(0, ContextName::of("docker", context));
    }
    for host in hosts {
        reach(landing, host, &mut names)?;
    }
    if names.is_empty() {
        names.push(ContextName::of("docker", "default"));
    }
    Ok(names)
}

fn current(folder: &std::path::Path) -> Result<Option<String>, String> {
    let Some(text) = file::config(&folder.join("config.json"))? else { return Ok(None) };
    let config: Config = json::foreign(text.as_bytes()).ok_or("a docker configuration that cannot be read")?;
    Ok(config.current.filter(|name| !name.is_empty()))
}

/// The endpoint of a context, which is kept under the hash of its name.
fn endpoint(folder: &std::path::Path, context: &str) -> Result<Option<String>, String> {
    let hash = Digest::of(context.as_bytes()).to_string();
    let hash = hash.rsplit(':').next().unwrap_or_default();
    let Some(text) = file::config(&folder.join("contexts/meta").join(hash).join("meta.json"))? else { return Ok(None) };
    let meta: Value = json::foreign(text.as_bytes()).ok_or("a docker context that cannot be read")?;
    Ok(meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str).map(str::to_owned))
}

/// The host of an endpoint; a socket is on this one.
fn reach(landing: &Landing, endpoint: &str, names: &mut Vec<ContextName>) -> Result<(), String> {
    let scheme = endpoint.split("://").next().unwrap_or_default();
    if matches!(scheme, "unix" | "npipe" | "fd") || endpoint.starts_with('/') {
        names.push(ContextName::of("docker", "host/localhost"));
        return Ok(());
    }
    let Some(host) = uri::host(endpoint) else { return Ok(()) };
    names.push(ContextName::of("docker", format!("host/{host}")));
    names.push(ContextName::of("host", host));
    if scheme == "ssh" {
        names.extend(ssh::behind(landing, host)?);
    }
    Ok(())
}
