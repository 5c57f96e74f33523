//! A record as one line, and as many. Refuses to print a character of the requester's, or of anybody's, that is not
//! plainly visible.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;

use serde::Deserialize as _;

use super::{Kind, Opening, Record, Torn};
use crate::encoding::json::{Map, Value, json};
use crate::model::{Shown, Text, Timestamp, quoted_word};

/// Where a command is cut in a line.
const LONGEST: usize = 300;

/// Turns records into lines; remembers what was asked, since a run names its request only.
#[derive(Debug, Default)]
pub struct Lines {
    asked: BTreeMap<String, String>,
}

impl Lines {
    /// The record's line, without a newline. Takes every record, in order, also those that are not shown.
    pub fn line(&mut self, record: &Record) -> String {
        let said = self.said(record);
        let line = format!("{:>6}  {}  {:<7}  {said}", record.seq, seconds(record.time), record.kind.word());
        line.trim_end().to_owned()
    }

    /// The same without number, time and type.
    pub fn said(&mut self, record: &Record) -> String {
        match record.kind {
            Kind::Request => {
                let what = request(record);
                self.asked.insert(id(record), what.clone());
                format!("{} {what}{}", id(record), rules(record))
            }
            Kind::Run if record.text("decision") == Some("approved") => {
                let what = self.asked.remove(&id(record)).unwrap_or_default();
                format!("approved by {} {what} ({})", approvers(record), id(record))
            }
            Kind::Run => format!("{} {}{}", text(record, "decision"), subject(record), rules(record)),
            Kind::Refuse => self.refusal(record),
            Kind::Verdict => verdict(record),
            Kind::Outcome => outcome(record),
            Kind::Genesis => format!("gate {}, key {}", text(record, "gate"), record.key),
            Kind::Policy => text(record, "policy"),
            Kind::Segment => text(record, "segment"),
            Kind::Repair => repair(record),
            Kind::Clock => format!("the clock stepped back from {}", text(record, "before")),
            Kind::Key => people(record),
            Kind::Grant | Kind::Anchor | Kind::Erase => String::new(),
        }
    }

    fn refusal(&mut self, record: &Record) -> String {
        let reasons = array(record, "reasons").filter_map(Value::as_str).map(|reason| Shown::text(reason).to_string());
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let why = text(record, "why");
        if record.members.contains_key("subject") {
            return format!("{why} {}{}: {reasons}", subject(record), rules(record));
        }
        let what = self.asked.remove(&id(record)).unwrap_or_default();
        format!("{why} {what} ({}): {reasons}", id(record))
    }
}

/// A time without its fraction.
#[must_use]
pub fn seconds(time: Timestamp) -> String {
    let text = time.to_string();
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// Who may answer from here on, and why that changed.
fn people(record: &Record) -> String {
    let named = |member: &str| record.members.get("text").and_then(|text| text.get(member));
    let principals = named("roster").and_then(|roster| roster.get("principals")).and_then(Value::as_object);
    let names = principals.into_iter().flat_map(Map::keys).map(|name| Shown::text(name).to_string());
    let mut line = format!("{}: {}", text(record, "change"), names.collect::<Vec<_>>().join(", "));
    let revoked = named("revoked").and_then(Value::as_array).map_or(0, Vec::len);
    if revoked > 0 {
        line.push_str(&format!("; revoked keys: {revoked}"));
    }
    line
}

/// The body of a record as it is signed, with blobs put back, as one line of JSON.
#[must_use]
pub fn body(record: &Record) -> Value {
    let mut members: Map<String, Value> = record.members.clone();
    let own = json!({
        "host": record.host, "key": record.key, "log": record.log, "mode": record.mode, "prev": record.prev,
        "seq": record.seq, "time": record.time, "type": record.kind, "v": 1,
    });
    if let Value::Object(own) = own {
        members.extend(own);
    }
    Value::Object(members)
}

/// JSON that says the same and shows nothing that could move a cursor or turn a line around.
#[must_use]
pub fn visible(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let mut bytes = [0; 4];
        let plain = |it: &str| character == '\\' || character == '\n' || Shown::text(it).to_string() == it;
        if matches!(character, ' '..='~') || plain(character.encode_utf8(&mut bytes)) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Everything a record says, a member a line.
#[must_use]
pub fn whole(record: &Record) -> String {
    let mut text = String::new();
    tree(&body(record), 2, &mut text);
    text
}

fn tree(value: &Value, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (format!("{}:", Shown::text(name)), value)).collect()
        }
        Value::Array(items) => items.iter().map(|item| ("-".to_owned(), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, value) in entries {
        let inline = match value {
            Value::Object(members) if members.is_empty() => Some("{}".to_owned()),
            Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
            Value::Object(_) | Value::Array(_) => None,
            Value::String(string) => Some(Shown::text(string).to_string()),
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        };
        match inline {
            Some(inline) => text.push_str(&format!("{pad}{name} {inline}\n")),
            None => {
                text.push_str(&format!("{pad}{name}\n"));
                tree(value, indent + 2, text);
            }
        }
    }
}

fn text(record: &Record, name: &str) -> String {
    Shown::text(record.text(name).unwrap_or_default()).to_string()
}

fn array<'a>(record: &'a Record, name: &str) -> impl Iterator<Item = &'a Value> {
    record.members.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn id(record: &Record) -> String {
    text(record, "id")
}

fn subject(record: &Record) -> String {
    record.members.get("subject").map(invoked).unwrap_or_default()
}

fn request(record: &Record) -> String {
    record.members.get("request").and_then(|request| request.get("subject")).map(invoked).unwrap_or_default()
}

/// `alice: rm -rf /srv/data`, from a subject.
fn invoked(subject: &Value) -> String {
    let principals = subject.pointer("/requester/principals").and_then(Value::as_array);
    let names = principals.into_iter().flatten().filter_map(|claim| claim.get("principal")?.as_str());
    let names = names.map(|name| Shown::text(name).to_string()).collect::<Vec<_>>().join(", ");
    let arguments = subject.pointer("/invocation/arguments").and_then(Value::as_array);
    let words = arguments.into_iter().flatten().map(|word| Text::deserialize(word).map(|word| shown_word(&word)));
    let words = words.map(|word| word.unwrap_or_else(|_| "?".to_owned())).collect::<Vec<_>>().join(" ");
    let words = match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", words.get(..end).unwrap_or_default()),
        None => words,
    };
    format!("{names}: {words}")
}

fn shown_word(word: &Text) -> String {
    match word {
        Text::Plain(text) => quoted_word(text.as_ref()),
        Text::Bytes(bytes) => quoted_word(OsStr::from_bytes(bytes)),
        Text::Masked { .. } | Text::Parts(_) => word.to_string(),
    }
}

/// ` [gate/fs.rm, acme/x (waived)]`
fn rules(record: &Record) -> String {
    let findings = |subject: &Value| subject.pointer("/seen/findings").and_then(Value::as_array).cloned();
    let subject = record.members.get("subject").or_else(|| record.members.get("request")?.get("subject"));
    let mut rules: Vec<String> = Vec::new();
    for finding in subject.and_then(findings).unwrap_or_default() {
        let rule = Shown::text(finding.get("rule").and_then(Value::as_str).unwrap_or("?")).to_string();
        let rule = if finding.get("waived").is_some() { format!("{rule} (waived)") } else { rule };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(", ")) }
}

fn approvers(record: &Record) -> String {
    let names = array(record, "verdicts").filter_map(|verdict| verdict.get("approver")?.as_str());
    names.map(|name| Shown::text(name).to_string()).collect::<Vec<_>>().join(", ")
}

fn verdict(record: &Record) -> String {
    let said = |name: &str| {
        let statement = record.members.get("verdict").and_then(|verdict| verdict.get("statement")?.get(name)?.as_str());
        Shown::text(statement.unwrap_or("?")).to_string()
    };
    let exception = match record.text("exception") {
        Some(exception) => format!(" (self-approval: {})", Shown::text(exception)),
        None => String::new(),
    };
    let how = match (record.text("proof"), record.text("grade")) {
        (Some("sshsig"), Some("signed")) | (None, _) | (_, None) => String::new(),
        (Some(proof), Some(grade)) => format!(" ({}, {})", Shown::text(proof), Shown::text(grade)),
    };
    format!("{} by {}{how}{exception} on {}: {}", said("decision"), said("approver"), id(record), said("reason"))
}

fn outcome(record: &Record) -> String {
    let of = record.members.get("run").and_then(|run| run.get("seq")?.as_u64());
    let of = of.map(|seq| format!(" of record {seq}")).unwrap_or_default();
    let number = |name: &str| record.members.get(name).and_then(Value::as_i64);
    let took = number("milliseconds").map(|millis| format!(" after {}.{:03} s", millis / 1000, millis % 1000));
    let took = took.unwrap_or_default();
    match (number("code"), number("signal")) {
        (Some(code), _) => format!("exit {code}{of}{took}"),
        (None, Some(signal)) => format!("signal {signal}{of}{took}"),
        (None, None) => format!("not started{of}: {}", text(record, "error")),
    }
}

fn repair(record: &Record) -> String {
    match (Torn::of(record), Opening::of(record)) {
        (Some(torn), _) => format!("an unfinished line of {} bytes was cut off", torn.length),
        (None, Some(Opening::Repair { segment, offset, what, .. })) => {
            format!("gave up from segment {segment:012}, offset {offset} on: {}", Shown::text(&what))
        }
        (None, Some(Opening::Plain) | None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_is_printed_and_the_json_says_the_same() {
        let hostile = json!({"a": "\u{1b}[2J\u{202e}\u{9b}31m\u{200b}\u{7f} ä \u{e0041} 😀 \\"});
        let bytes = crate::encoding::json::canonical(&hostile).unwrap();
        let text = visible(std::str::from_utf8(&bytes).unwrap());
        assert!(text.chars().all(|c| matches!(c, ' '..='~' | 'ä' | '😀')), "{text}");
        let canonical: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical, hostile);
    }

    #[test]
    fn a_whole_record_is_shown_without_control_characters() {
        let mut text = String::new();
        tree(&json!({"x\u{1b}": ["\u{1b}[1m", {"b": null}], "y": {}}), 0, &mut text);
        assert_eq!(text, "x\\e:\n  - \\e[1m\n  -\n    b: null\ny: {}\n");
    }

    #[test]
    fn a_command_is_quoted_and_cut() {
        let subject = |argument: &str| {
            json!({"requester": {"principals": [{"principal": "bob\u{202e}"}]},
                   "invocation": {"arguments": ["rm", argument, {"b64": "/w=="}]}})
        };
        assert_eq!(invoked(&subject("a b\n")), "bob\\u{202E}: rm $'a b\\n' $'\\xFF'");
        assert!(invoked(&subject(&"x".repeat(1000))).ends_with("x …"));
    }
}
