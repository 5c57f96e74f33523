//! What the approval server has seen of this host's log: heads that the log here must hold. Refuses to take a server that
//! knows another log of this host for one that knows nothing.

use crate::audit::{Known, Mark, seconds};
use crate::model::LogId;
use crate::remote::RemoteDesk;

use super::super::exit;
use super::super::failure::Complaint;
use super::super::inbox::access;
use super::super::place::Place;

/// The heads of this log at the server.
pub fn heads(log: Option<LogId>) -> Result<Vec<Known>, Complaint> {
    let place = Place::read()?;
    let Some(remote) = &place.config.remote else {
        return Err(Complaint::new(exit::CONFIGURATION, "config.yaml names no approval server")
            .hint("`remote: {url: https://…}` names one"));
    };
    let access = access(remote, &place.paths, place.config.keys)
        .map_err(|failure| Complaint::failure(exit::CONFIGURATION, failure))?;
    let heads = RemoteDesk::new(access)?.heads()?;
    let first = heads.first().map(|head| head.host.clone());
    if heads.iter().any(|head| Some(&head.host) != first.as_ref()) {
        return Err(Complaint::new(exit::CONFIGURATION, "the token shows the heads of several hosts")
            .hint("this needs the token of this host"));
    }
    let mut known = Vec::with_capacity(heads.len());
    for head in heads {
        if Some(head.head.log) != log {
            let here = log.map_or_else(|| "none".to_owned(), |log| log.to_string());
            let why = format!(
                "replaced: the approval server knows `{}` by the log {}, which had {} records, and the log here is {here}",
                crate::model::Shown::text(&head.host),
                head.head.log,
                head.head.size
            );
            return Err(Complaint::new(exit::EVIDENCE, why)
                .hint("find out who began a new log, and where the one before it is"));
        }
        let source = format!("the approval server, since {},", seconds(head.seen));
        known.push(Known { size: head.head.size, mark: Mark::Root(head.head.root), source });
    }
    Ok(known)
}
