//! Earlier requests that are like one, and what became of them. Refuses to count as alike what only looks so: rules, programs
//! and arguments come from the requests themselves, which are opened for it, the newest first and not without end.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::queue::{mood, received, words};
use super::view::{minute, shown};
use crate::approval::{Received, Screen};
use crate::model::Request;
use crate::remote::wire::{Listed, State as Fate};
use crate::server::clock::now;
use crate::server::database::Row;
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::row::{self, LISTED};

/// How many earlier ones are opened.
const OPENED: i64 = 100;
/// How large one may be that is opened, in bytes.
const LARGEST: i64 = 128 << 10;
/// How many are shown.
const SHOWN: usize = 6;

/// What is told of them.
#[derive(Default)]
pub struct Similar {
    /// The most alike first, and of those the newest.
    pub earlier: Vec<Earlier>,
    /// How many have the same program or rule.
    pub alike: usize,
    /// How those ended, and how often.
    pub ends: Vec<(usize, &'static str)>,
}

/// One of them.
pub struct Earlier {
    /// Where it is.
    pub id: String,
    /// What would have run.
    pub command: String,
    /// Who asked, and where.
    pub who: String,
    /// When.
    pub at: String,
    /// What became of it.
    pub state: &'static str,
    /// Whether that is good or bad.
    pub mood: &'static str,
    /// In what it is alike.
    pub same: String,
}

/// In what two are alike, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trait {
    Command,
    Rule,
    Program,
    Host,
}

impl Trait {
    const ALL: [Self; 4] = [Self::Command, Self::Rule, Self::Program, Self::Host];

    const fn words(self) -> &'static str {
        match self {
            Self::Command => "same command",
            Self::Rule => "same rule",
            Self::Program => "same program",
            Self::Host => "same host",
        }
    }
}

/// Those that are like a request.
///
/// # Errors
/// When the database does not answer.
pub async fn to(app: &App, listed: &Listed, one: &Received) -> Result<Similar, Problem> {
    let statement = format!(
        "SELECT {LISTED}, sealed FROM requests WHERE created <= $1 AND id <> $2 AND CAST(LENGTH(sealed) AS BIGINT) <= $3
         ORDER BY created DESC, id DESC LIMIT $4"
    );
    let values = [listed.created.micros().into(), listed.id.to_string().into(), LARGEST.into(), OPENED.into()];
    let rows = app.database.rows(&statement, &values).await?;
    // What does not open is no history; its own page says so.
    let opened = rows.iter().filter_map(|row| opened(app, row).ok());
    let mut alike: Vec<_> = opened
        .map(|(other, received)| {
            (traits((&listed.host, one.request()), (&other.host, received.request())), other, received)
        })
        .filter(|(same, ..)| !same.is_empty())
        .collect();
    let counted: Vec<Fate> =
        alike.iter().filter(|(same, ..)| *same != [Trait::Host]).map(|(_, other, _)| other.state).collect();
    // The sort is stable, and they come the newest first.
    alike.sort_by_key(|(same, ..)| Reverse(Trait::ALL.map(|each| same.contains(&each))));
    alike.truncate(SHOWN);
    let earlier = alike.iter().map(|(same, other, received)| earlier(same, other, received)).collect();
    Ok(Similar { earlier, alike: counted.len(), ends: ends(&counted) })
}

fn opened(app: &App, row: &Row) -> Result<(Listed, Received), Problem> {
    let listed = row::listed(row)?;
    let received = received(&row::publication(app, listed.id, row.blob(row::BEHIND)?)?)?;
    Ok((listed, received))
}

fn traits(one: (&str, &Request), other: (&str, &Request)) -> Vec<Trait> {
    let ((host, one), (other_host, other)) = (one, other);
    let seen = |request: &Request| {
        let seen = &request.subject.seen;
        let rules: BTreeSet<String> = seen.findings.iter().map(|finding| finding.rule.clone()).collect();
        let programs: BTreeSet<String> = seen.commands.iter().filter_map(|command| command.program.clone()).collect();
        (rules, programs)
    };
    let ((rules, programs), (other_rules, other_programs)) = (seen(one), seen(other));
    let holds = |each: &Trait| match each {
        Trait::Command => one.subject.invocation.arguments == other.subject.invocation.arguments,
        Trait::Rule => !rules.is_disjoint(&other_rules),
        Trait::Program => !programs.is_disjoint(&other_programs),
        Trait::Host => host == other_host,
    };
    Trait::ALL.into_iter().filter(holds).collect()
}

fn ends(states: &[Fate]) -> Vec<(usize, &'static str)> {
    let mut ends: Vec<(usize, &'static str)> = Vec::new();
    for state in states {
        match ends.iter_mut().find(|(_, name)| *name == words(*state)) {
            Some((count, _)) => *count += 1,
            None => ends.push((1, words(*state))),
        }
    }
    ends.sort_by_key(|(count, name)| (Reverse(*count), *name));
    ends
}

fn earlier(same: &[Trait], listed: &Listed, received: &Received) -> Earlier {
    let requester = received.request().subject.requester.principals.first();
    let requester = requester.map_or_else(String::new, |claim| shown(&claim.principal));
    // The same command has the same programs and rules.
    let told = |each: &&Trait| !same.contains(&Trait::Command) || matches!(each, Trait::Command | Trait::Host);
    let same: Vec<&str> = same.iter().filter(told).map(|each| each.words()).collect();
    Earlier {
        id: listed.id.to_string(),
        command: Screen::of(received, now().since(listed.created)).command,
        who: format!("{requester} on {}", shown(&listed.host)),
        at: minute(listed.created),
        state: words(listed.state),
        mood: mood(listed.state),
        same: same.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_counted_the_most_frequent_first() {
        let counted = ends(&[Fate::Denied, Fate::Used, Fate::Expired, Fate::Used]);
        assert_eq!(counted, [(2, "approved and run"), (1, "denied"), (1, "expired")]);
        assert!(ends(&[]).is_empty());
    }
}
