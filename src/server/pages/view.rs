//! Templates, and what they are filled with: everything from outside goes through HTML escaping, and through `Shown` before
//! that, so that nothing in it is a mark, hides or turns the line around.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{Html, IntoResponse, Response};

use super::similar::Similar;
use super::visitor::Visitor;
use super::{assets, log, people, queue, settings, statistics};
use crate::approval::Screen;
use crate::model::Timestamp;
use crate::server::http::problem::Problem;
use crate::server::tokens::Role;

/// What every page has around it.
pub struct Frame {
    pub(super) style: String,
    pub(super) script: String,
    pub(super) icon: String,
    /// Who is in, and the token of their forms.
    pub(super) visitor: Option<(String, String)>,
    /// Where they may go.
    pub(super) places: Vec<Place>,
}

/// A page in the list of pages.
pub struct Place {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    /// Whether it is this one.
    pub(super) current: bool,
}

/// All pages, and who may see each.
const PLACES: [(&str, &str, &[Role]); 6] = [
    (queue::PATH, "Requests", &[Role::Approver, Role::Auditor]),
    (log::PATH, "Log", &[Role::Auditor]),
    (statistics::PATH, "Statistics", &[Role::Auditor]),
    (people::PATH, "People", &[Role::Auditor]),
    (people::PATH, "Your keys", &[Role::Approver]),
    (settings::PATH, "Settings", &[Role::Auditor]),
];

impl Frame {
    /// For somebody, or for nobody yet.
    pub fn of(visitor: Option<&Visitor>) -> Self {
        Self::at("", visitor)
    }

    /// The same, at one of the pages that are listed.
    pub fn at(here: &str, visitor: Option<&Visitor>) -> Self {
        let may = |roles: &[Role]| visitor.is_some_and(|visitor| roles.contains(&visitor.role));
        let places = PLACES.into_iter().filter(|(_, _, roles)| may(roles));
        let places = places.map(|(path, name, _)| Place { path, name, current: path == here });
        Self {
            style: assets::style(),
            script: assets::script(),
            icon: assets::icon(),
            visitor: visitor.map(|visitor| (shown(&visitor.principal), visitor.mark.clone())),
            places: places.collect(),
        }
    }
}

/// Where one comes in.
#[derive(Template)]
#[template(path = "enter.html", config = "src/server/pages/askama.toml")]
pub struct Enter {
    /// Around it.
    pub frame: Frame,
    /// What the passkey answers, in base64.
    pub challenge: String,
    /// The server's word for the challenge.
    pub ticket: String,
    /// The host that passkeys are made for.
    pub host: String,
    /// What went wrong before.
    pub fault: Option<String>,
    /// Where people are known as well.
    pub provider: Option<String>,
}

/// What leads from the provider to the requests.
#[derive(Template)]
#[template(path = "entered.html", config = "src/server/pages/askama.toml")]
pub struct Entered {
    /// Around it.
    pub frame: Frame,
}

/// Where a passkey is made.
#[derive(Template)]
#[template(path = "enrol.html", config = "src/server/pages/askama.toml")]
pub struct Enrol {
    /// Around it.
    pub frame: Frame,
}

/// All requests.
#[derive(Template)]
#[template(path = "queue.html", config = "src/server/pages/askama.toml")]
pub struct Queue {
    /// Around it.
    pub frame: Frame,
    /// What is shown, in one word.
    pub version: String,
    /// What waits, the oldest first.
    pub waiting: Vec<Item>,
    /// What is over, the newest first.
    pub over: Vec<Item>,
}

/// One request in the list.
pub struct Item {
    /// Where it is.
    pub id: String,
    /// What would run.
    pub command: String,
    /// Who asks.
    pub requester: String,
    /// Where it would run.
    pub host: String,
    /// What it touches and where it lands.
    pub tags: Vec<String>,
    /// How long it lives, in words.
    pub left: String,
    /// What became of it.
    pub state: &'static str,
    /// Whether that is good or bad.
    pub mood: &'static str,
    /// How many answers there are.
    pub answers: u64,
}

/// One request in full.
#[derive(Template)]
#[template(path = "request.html", config = "src/server/pages/askama.toml")]
pub struct Sight {
    /// Around it.
    pub frame: Frame,
    /// What is shown, in one word.
    pub version: String,
    /// The request, as everywhere.
    pub screen: Screen,
    /// The whole digest.
    pub digest: String,
    /// Where it would run.
    pub host: String,
    /// What became of it.
    pub state: &'static str,
    /// How long it lives, in words.
    pub left: String,
    /// When it dies.
    pub expires: String,
    /// Who answered.
    pub answers: Vec<Answer>,
    /// The fingerprints of what the visitor may answer with.
    pub keys: Vec<String>,
    /// Whether they may answer at all.
    pub answers_allowed: bool,
    /// The host that passkeys are made for.
    pub party: String,
    /// Earlier ones like it.
    pub similar: Similar,
    /// How they may answer without a key of their own.
    pub spoken: Option<Spoken>,
}

/// An answer without a key of one's own.
pub struct Spoken {
    /// Who says who they are.
    pub provider: String,
    /// Whether a yes can be enough.
    pub approves: bool,
    /// What a yes would have to be.
    pub needs: Option<&'static str>,
    /// Whether the request asks a group of theirs at all.
    pub asked: bool,
}

/// One answer.
pub struct Answer {
    /// Who, by the verdict's own words.
    pub approver: String,
    /// Whether it is a yes.
    pub yes: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub at: String,
    /// What proves it.
    pub proof: &'static str,
}

/// What is refused, for people.
#[derive(Template)]
#[template(path = "fault.html", config = "src/server/pages/askama.toml")]
struct Fault<'a> {
    frame: Frame,
    detail: &'a str,
}

/// A refusal as a page.
pub struct Refusal(Problem);

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(fault: E) -> Self {
        Self(fault.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut page = rendered(self.0.status(), &Fault { frame: Frame::of(None), detail: self.0.detail() });
        // Why, for operators, and when to try again.
        let told = self.0.into_response();
        page.extensions_mut().extend(told.extensions().clone());
        page.headers_mut().extend(told.headers().get(RETRY_AFTER).map(|after| (RETRY_AFTER, after.clone())));
        page
    }
}

/// A page.
pub fn rendered(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => Problem::unavailable(format!("a page: {error}")).into_response(),
    }
}

/// Foreign text.
pub fn shown(text: &str) -> String {
    crate::model::Shown::text(text).to_string()
}

/// A time as people read it: to the minute, and in which zone.
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    let minute: String = text.chars().take(16).collect();
    format!("{} UTC", minute.replace('T', " "))
}

/// A time to the second, and in which zone.
pub fn second(at: Timestamp) -> String {
    let second: String = at.to_string().chars().take(19).collect();
    format!("{} UTC", second.replace('T', " "))
}

/// How long something lives, in words.
pub fn left(expires: Timestamp, now: Timestamp) -> String {
    let minutes = expires.since(now).as_secs().div_ceil(60);
    match minutes {
        0 => "over".to_owned(),
        1 => "1 minute left".to_owned(),
        2..120 => format!("{minutes} minutes left"),
        _ => format!("{} hours left", minutes / 60),
    }
}

/// A length of time as people say it.
pub fn length(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;
    match seconds {
        0 => "under a second".to_owned(),
        1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_say_them() {
        let said = [-5, 999_999, 1_000_000, 119_000_000, 120_000_000, 7_200_000_000, 172_800_000_000].map(length);
        assert_eq!(
            said,
            ["under a second", "under a second", "1 second", "119 seconds", "2 minutes", "2 hours", "2 days"]
        );
    }
}
