//! What was counted: requests by day and by end, the rules that fired most, how long the first answer took. Charts are drawn
//! here and say the same in a table; nothing tells one person apart.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::queue::{mood, words};
use super::view::{Frame, Refusal, length, rendered, shown};
use super::visitor::Visitor;
use crate::model::Timestamp;
use crate::remote::wire::State as Fate;
use crate::server::clock::now;
use crate::server::database::{DatabaseError, Row};
use crate::server::http::App;
use crate::server::http::problem::Problem;
use crate::server::tokens::Role;

/// Where it is.
pub const PATH: &str = "/statistics";
/// How many days a page may show.
const SPANS: [i64; 3] = [7, 30, 90];
/// A day.
const DAY: i64 = 86_400_000_000;
/// How many rules are listed.
const RULES: usize = 10;
/// How many answers the median is taken of; more would hardly move it.
const ANSWERS: i64 = 5_000;
/// How high the chart of days is, in its own units; a day is 10 wide.
const HIGH: i64 = 100;

/// How far back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Back {
    days: Option<i64>,
}

#[derive(Template)]
#[template(path = "statistics.html", config = "src/server/pages/askama.toml")]
struct Statistics {
    frame: Frame,
    spans: Vec<(i64, bool)>,
    days: Vec<Day>,
    width: i64,
    most: String,
    total: String,
    one: bool,
    ends: Vec<Bar>,
    rules: Vec<Bar>,
    records: String,
    waited: Option<Waited>,
}

/// One day, by its end: what was approved lies below, then what was denied, then all else.
struct Day {
    date: String,
    approved: i64,
    denied: i64,
    other: i64,
    /// Where the three begin from above, and how high each is.
    parts: [(i64, i64); 3],
    left: i64,
}

impl Day {
    const fn all(&self) -> i64 {
        self.approved + self.denied + self.other
    }
}

/// A bar with its name and number.
struct Bar {
    name: String,
    count: String,
    /// Of the longest, in hundredths.
    length: i64,
    mood: &'static str,
}

struct Waited {
    answers: String,
    median: String,
    slow: String,
}

/// The page.
pub async fn show(visitor: Visitor, State(app): State<App>, Query(back): Query<Back>) -> Result<Response, Refusal> {
    visitor.must_be(&[Role::Auditor])?;
    let span = back.days.unwrap_or(30);
    if !SPANS.contains(&span) {
        return Err(Problem::form("`days` is 7, 30 or 90").into());
    }
    let today = now().micros() / DAY;
    let first = today - span + 1;
    let counted = counted(&app, first).await?;
    let days = days(&counted, first, today);
    let total: i64 = days.iter().map(Day::all).sum();
    let (rules, records) = rules(&app, first).await?;
    let page = Statistics {
        frame: Frame::at(PATH, Some(&visitor)),
        spans: SPANS.into_iter().map(|days| (days, days == span)).collect(),
        width: span * 10,
        most: grouped(days.iter().map(Day::all).max().unwrap_or(0)),
        days,
        total: grouped(total),
        one: total == 1,
        ends: ends(&counted),
        rules,
        records: grouped(records),
        waited: waited(&app, first).await?,
    };
    Ok(rendered(StatusCode::OK, &page))
}

/// How many requests arrived on each day and are in each state.
async fn counted(app: &App, first: i64) -> Result<Vec<(i64, Fate, i64)>, Problem> {
    let statement = "SELECT arrived / 86400000000, state, COUNT(*) FROM requests WHERE arrived >= $1 GROUP BY 1, 2";
    let rows = app.database.rows(statement, &[(first * DAY).into()]).await?;
    let state = |row: &Row| Ok::<_, DatabaseError>(Fate::named(row.text(1)?).unwrap_or(Fate::Broken));
    rows.iter().map(|row| Ok((row.int(0)?, state(row)?, row.int(2)?))).collect()
}

fn days(counted: &[(i64, Fate, i64)], first: i64, today: i64) -> Vec<Day> {
    let mut counts: BTreeMap<i64, [i64; 3]> = (first..=today).map(|day| (day, [0; 3])).collect();
    for (day, state, count) in counted {
        let [approved, denied, other] = counts.entry(*day).or_default();
        let place = match state {
            Fate::Used => approved,
            Fate::Denied => denied,
            Fate::Waiting | Fate::Withdrawn | Fate::Expired | Fate::Broken => other,
        };
        *place += count;
    }
    let most = counts.values().map(|parts| parts.iter().sum::<i64>()).max().unwrap_or(0).max(1);
    let day = |(at, (day, parts)): (usize, (i64, [i64; 3]))| {
        let mut from = HIGH;
        let place = |count: i64| {
            // What is there at all can be seen.
            let high = if count == 0 { 0 } else { (count * HIGH / most).max(1) };
            from -= high;
            (from, high)
        };
        let [approved, denied, other] = parts;
        let date = Timestamp::from_micros(day * DAY).unwrap_or(Timestamp::EPOCH).to_string();
        let date = date.chars().take(10).collect();
        let left = i64::try_from(at).unwrap_or(0) * 10;
        Day { date, approved, denied, other, parts: parts.map(place), left }
    };
    counts.into_iter().enumerate().map(day).collect()
}

fn ends(counted: &[(i64, Fate, i64)]) -> Vec<Bar> {
    let mut ends: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
    for (_, state, count) in counted {
        ends.entry(words(*state)).or_insert((0, mood(*state))).0 += count;
    }
    let mut ends: Vec<_> = ends.into_iter().map(|(name, (count, mood))| (name.to_owned(), count, mood)).collect();
    ends.sort_by_key(|(_, count, _)| Reverse(*count));
    bars(ends)
}

/// The rules that fired most, and how many records there are.
async fn rules(app: &App, first: i64) -> Result<(Vec<Bar>, i64), Problem> {
    let statement = "SELECT rules, COUNT(*) FROM records WHERE time >= $1 GROUP BY rules";
    let rows = app.database.rows(statement, &[(first * DAY).into()]).await?;
    let (mut counts, mut records): (BTreeMap<&str, i64>, i64) = (BTreeMap::new(), 0);
    for row in &rows {
        let count = row.int(1)?;
        records += count;
        for rule in row.text(0)?.split_whitespace() {
            *counts.entry(rule).or_default() += count;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(rule, count)| (shown(rule), count, "")).collect();
    counts.sort_by_key(|(_, count, _)| Reverse(*count));
    counts.truncate(RULES);
    Ok((bars(counts), records))
}

fn bars(counts: Vec<(String, i64, &'static str)>) -> Vec<Bar> {
    let most = counts.iter().map(|(_, count, _)| *count).max().unwrap_or(0).max(1);
    let bar = |(name, count, mood): (String, i64, &'static str)| Bar {
        name,
        count: grouped(count),
        mood,
        length: (count * 100 / most).max(1),
    };
    counts.into_iter().map(bar).collect()
}

/// How long it took from a request's arrival to its first answer's, by this server's clock; of the newest.
async fn waited(app: &App, first: i64) -> Result<Option<Waited>, Problem> {
    let statement =
        "SELECT answers.arrived - requests.arrived FROM answers JOIN requests ON requests.id = answers.request
        WHERE answers.number = 1 AND answers.arrived >= $1 ORDER BY answers.arrived DESC LIMIT $2";
    let rows = app.database.rows(statement, &[(first * DAY).into(), ANSWERS.into()]).await?;
    let mut took = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
    took.sort_unstable();
    let at = |place: usize| took.get(place).copied().map(length);
    let (median, slow) = (at(took.len() / 2), at(took.len() * 9 / 10));
    Ok(median.zip(slow).map(|(median, slow)| Waited { answers: grouped(rows.len()), median, slow }))
}

/// A number in groups of three digits, which never part.
fn grouped(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_share_and_never_nothing() {
        let bars = bars(vec![("a".to_owned(), 1000, ""), ("b".to_owned(), 500, ""), ("c".to_owned(), 1, "")]);
        assert_eq!(bars.iter().map(|bar| bar.length).collect::<Vec<_>>(), [100, 50, 1]);
        assert!(super::bars(Vec::new()).is_empty());
    }

    #[test]
    fn numbers_are_read_in_groups() {
        assert_eq!(
            [0, 12, 123, 1234, 1_234_567].map(grouped),
            ["0", "12", "123", "1\u{202f}234", "1\u{202f}234\u{202f}567"]
        );
    }
}
