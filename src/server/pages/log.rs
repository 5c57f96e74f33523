//! What hosts recorded: how far each host's log arrived and whether it holds, and the records, the newest first.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::view::{Frame, Refusal, minute, rendered, second, shown};
use super::visitor::Visitor;
use crate::audit::{Kind, whole};
use crate::model::{LogId, Shown};
use crate::remote::records::{HostLog, Kept};
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::http::records::Wanted;
use crate::server::records::{self, Order, Search};
use crate::server::tokens::Role;

/// Where it is.
pub const PATH: &str = "/log";
/// How many records a page has.
const RECORDS: usize = 50;
/// How many hosts are listed.
const HOSTS: i64 = 200;
/// How much of a record is shown.
const LONGEST: usize = 256 << 10;

/// The types that people look for.
const KINDS: [Kind; 14] = [
    Kind::Request,
    Kind::Verdict,
    Kind::Run,
    Kind::Refuse,
    Kind::Outcome,
    Kind::Genesis,
    Kind::Policy,
    Kind::Key,
    Kind::Segment,
    Kind::Grant,
    Kind::Anchor,
    Kind::Repair,
    Kind::Clock,
    Kind::Erase,
];

#[derive(Template)]
#[template(path = "log.html", config = "src/server/pages/askama.toml")]
struct Log {
    frame: Frame,
    hosts: Vec<Host>,
    /// What was looked for: name and value of each field.
    fields: Fields,
    filtered: bool,
    records: Vec<Record>,
    /// Where the older ones are.
    older: Option<String>,
}

/// The form as it was filled in.
#[derive(Default)]
struct Fields {
    text: String,
    principal: String,
    rule: String,
    outcome: String,
    since: String,
    until: String,
    /// Whether anything but words is asked for.
    narrow: bool,
    hosts: Vec<(String, String, bool)>,
    kinds: Vec<(&'static str, bool)>,
}

struct Host {
    name: String,
    holds: bool,
    verified: u64,
    arrived: Option<String>,
    anchored: Option<(u64, String)>,
    ahead: Option<(u64, String)>,
    conflicts: Vec<(u64, String, String)>,
    key: String,
    log: String,
}

struct Record {
    path: String,
    host: String,
    number: u64,
    time: String,
    kind: String,
    mood: &'static str,
    said: String,
    rules: Vec<String>,
}

#[derive(Template)]
#[template(path = "record.html", config = "src/server/pages/askama.toml")]
struct Page {
    frame: Frame,
    record: Record,
    arrived: String,
    outcome: Option<String>,
    /// The head that it stands under: its size, and when it was seen.
    anchored: Option<(u64, String)>,
    /// What contradicts it, and since when.
    against: Vec<(String, String)>,
    digest: String,
    log: String,
    whole: String,
    cut: bool,
}

/// The list.
pub async fn list(visitor: Visitor, State(app): State<App>, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    visitor.must_be(&[Role::Auditor])?;
    let search = Search { order: Order::Newest, ..wanted.search()? };
    let hosts = records::hosts(&app, "", HOSTS).await?;
    let (found, next) = records::search(&app, &search, wanted.place()?, RECORDS).await?;
    let page = Log {
        frame: Frame::at(PATH, Some(&visitor)),
        fields: fields(&wanted, &hosts),
        hosts: hosts.iter().map(host).collect(),
        filtered: Search { order: Order::default(), ..search } != Search::default(),
        records: found.iter().map(record).collect(),
        older: next.map(|seen| again(&wanted, &seen.text())),
    };
    Ok(rendered(StatusCode::OK, &page))
}

/// One record, whole.
pub async fn show(
    visitor: Visitor,
    State(app): State<App>,
    Path((log, number)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    visitor.must_be(&[Role::Auditor])?;
    let missing = || Problem::missing("record");
    let log: LogId = log.parse().map_err(|_| missing())?;
    let number: u64 = number.parse().map_err(|_| missing())?;
    let (kept, read) = records::one(&app, log, number).await?.ok_or_else(missing)?;
    let text = read.map_or_else(|| Shown::text(&kept.line).to_string(), |read| whole(&read));
    let text: String = text.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect();
    let anchored = records::anchor(&app, log, number).await?;
    let against = records::against(&app, log, number).await?;
    let short: String = text.chars().take(LONGEST).collect();
    let page = Page {
        frame: Frame::at("", Some(&visitor)),
        arrived: second(kept.arrived),
        outcome: kept.outcome.as_deref().map(shown),
        anchored: anchored.map(|head| (head.size, second(head.seen))),
        against: against.iter().map(|one| (shown(&one.why), second(one.seen))).collect(),
        digest: kept.digest.to_string(),
        log: log.to_string(),
        cut: short.len() < text.len(),
        whole: short,
        record: record(&kept),
    };
    Ok(rendered(StatusCode::OK, &page))
}

fn host(host: &HostLog) -> Host {
    let head = |anchored: crate::remote::records::Anchored| (anchored.size, minute(anchored.seen));
    Host {
        name: shown(&host.host),
        holds: host.consistent,
        verified: host.verified,
        arrived: host.arrived.map(minute),
        anchored: host.anchored.map(head),
        ahead: host.ahead.map(head),
        conflicts: host.conflicts.iter().map(|one| (one.number, shown(&one.why), minute(one.seen))).collect(),
        key: host.key.to_string(),
        log: host.log.to_string(),
    }
}

fn record(kept: &Kept) -> Record {
    let bad = ["denied", "deny", "broken", "not-executable", "not-started"];
    let good = ["approved", "approve"];
    let outcome = kept.outcome.as_deref().unwrap_or_default();
    Record {
        path: format!("{PATH}/{}/{}", kept.log, kept.number),
        host: shown(&kept.host),
        number: kept.number,
        time: second(kept.time),
        mood: match outcome {
            outcome if bad.contains(&outcome) || kept.kind == "damaged" => "no",
            outcome if good.contains(&outcome) => "yes",
            _ => "",
        },
        kind: kept.kind.clone(),
        said: kept.said.clone(),
        rules: kept.rules.iter().map(|rule| shown(rule)).collect(),
    }
}

fn fields(wanted: &Wanted, hosts: &[HostLog]) -> Fields {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields =
        [&wanted.principal, &wanted.rule, &wanted.outcome, &wanted.since, &wanted.until, &wanted.host, &wanted.kind];
    Fields {
        narrow: fields.into_iter().flatten().any(|value| !value.is_empty()),
        text: text(&wanted.text),
        principal: text(&wanted.principal),
        rule: text(&wanted.rule),
        outcome: text(&wanted.outcome),
        since: text(&wanted.since),
        until: text(&wanted.until),
        hosts: hosts
            .iter()
            .map(|host| (host.host.clone(), shown(&host.host), wanted.host.as_ref() == Some(&host.host)))
            .collect(),
        kinds: KINDS.iter().map(|kind| (kind.word(), wanted.kind.as_deref() == Some(kind.word()))).collect(),
    }
}

/// The address of the same search, behind this place.
fn again(wanted: &Wanted, after: &str) -> String {
    let mut address = format!("{PATH}?after={after}");
    for (name, value) in [
        ("host", &wanted.host),
        ("since", &wanted.since),
        ("until", &wanted.until),
        ("kind", &wanted.kind),
        ("outcome", &wanted.outcome),
        ("rule", &wanted.rule),
        ("principal", &wanted.principal),
        ("text", &wanted.text),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            address.push_str(&format!("&{name}="));
            for byte in value.bytes() {
                // RFC 3986 section 2.3: what need not be encoded.
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        address.push(char::from(byte))
                    }
                    other => address.push_str(&format!("%{other:02X}")),
                }
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_on_as_it_was_asked() {
        let wanted = Wanted { text: Some("a&b=ü <".to_owned()), host: Some(String::new()), ..Wanted::default() };
        assert_eq!(again(&wanted, "1.x.2"), "/log?after=1.x.2&text=a%26b%3D%C3%BC%20%3C");
    }
}
