//! The parts of a URI that say where it leads; refuses to keep what stands in its user information.

/// A URI taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uri<'a> {
    /// All of `host:port,host:port`, without user information.
    hosts: &'a str,
    /// The path, without its first slash.
    pub path: &'a str,
    query: &'a str,
}

impl<'a> Uri<'a> {
    /// A text with a scheme; `None` where it has none.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (_, rest) = text.split_once("://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
        Some(Self { hosts, path, query })
    }

    /// The hosts, without ports.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &'a str> {
        self.hosts.split(',').map(without_port).filter(|host| !host.is_empty())
    }

    /// A value of the query.
    pub(super) fn query(&self, name: &str) -> Option<&'a str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }
}

/// A host without its port and brackets.
pub(super) fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None if host.matches(':').count() > 1 => host,
        None => host.split(':').next().unwrap_or(host),
    }
}

/// The first host of a URI, or of a text that is a host with a port.
pub(super) fn host(text: &str) -> Option<&str> {
    match Uri::of(text) {
        Some(uri) => uri.hosts().next(),
        None => Some(without_port(text.split('/').next().unwrap_or(text))).filter(|host| !host.is_empty()),
    }
}
