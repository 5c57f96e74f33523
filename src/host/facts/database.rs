//! Where clients of databases land by their words alone: hosts and database names, out of options and URIs.

use super::uri::{self, Uri};
use crate::model::{ContextName, Landing};

/// A host that a client of a database reaches.
pub(super) fn host(names: &mut Vec<ContextName>, host: &str) {
    let local = host.is_empty() || host.starts_with(['/', '@']);
    let host = if local { "localhost" } else { host };
    names.push(ContextName::of("database", host));
    names.push(ContextName::of("host", host));
}

/// A database by its name.
pub(super) fn name(names: &mut Vec<ContextName>, name: &str) {
    if !name.is_empty() {
        names.push(ContextName::of("database", format!("name/{name}")));
    }
}

/// The hosts and the database of a URI.
pub(super) fn uri(names: &mut Vec<ContextName>, uri: &Uri<'_>) {
    for own in uri.hosts().chain(uri.query("host")) {
        host(names, own);
    }
    name(names, uri.path.split('/').next().unwrap_or_default());
}

/// `redis-cli -h HOST -n N -u URI`
pub(super) fn redis(landing: &Landing) -> Vec<ContextName> {
    let mut names = Vec::new();
    match landing.setting("uri").and_then(Uri::of) {
        Some(own) => uri(&mut names, &own),
        None => {
            host(&mut names, landing.setting("name").unwrap_or_default());
            name(&mut names, landing.setting("database").unwrap_or("0"));
        }
    }
    names
}

/// `mongosh URI`, `mongosh HOST:PORT/NAME`, `mongosh NAME`, and the options of the tools around it.
pub(super) fn mongo(landing: &Landing) -> Vec<ContextName> {
    let mut names = Vec::new();
    let first = landing.all("operands").first().map(String::as_str).unwrap_or_default();
    let told = landing.setting("uri").unwrap_or(first);
    match Uri::of(told) {
        Some(own) => uri(&mut names, &own),
        None => {
            let (place, database) = told.split_once('/').unwrap_or(("", told));
            // `replica/host1:27017,host2`
            let hosts = landing.setting("name").unwrap_or(place);
            let hosts = hosts.rsplit('/').next().unwrap_or(hosts);
            for own in hosts.split(',') {
                host(&mut names, uri::without_port(own));
            }
            name(&mut names, landing.setting("database").unwrap_or(database));
        }
    }
    names
}
