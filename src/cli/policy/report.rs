//! What became of examples and cases, for people, for JUnit's readers and for TAP's; prints nothing itself and lets no text
//! of a case break the form.

use std::fmt::Write as _;

use crate::actions::examples::Checked;
use crate::model::Shown;

/// For people: each that fails, with place, expected and got; then how many hold.
pub fn human(all: &[Checked]) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    for one in all.iter().filter(|one| !one.holds) {
        let name = if one.suite == one.file { &one.name } else { &one.suite };
        line(format!("{}: {}: expected {}, got {}", place(one), show(name), show(&one.expected), show(&one.got)));
        line(format!("  {}", one.command));
        if !one.rules.is_empty() {
            line(format!("  rules that fire: {}", one.rules.join(", ")));
        }
        if let Some(why) = &one.why {
            line(format!("  why: {}", show(why)));
        }
    }
    let held = all.iter().filter(|one| one.holds).count();
    let mut rules: Vec<&str> = all.iter().filter(|one| one.suite != one.file).map(|one| one.suite.as_str()).collect();
    let examples = rules.len();
    rules.dedup();
    let cases = match all.len() - examples {
        0 => String::new(),
        1 => ", 1 case".to_owned(),
        cases => format!(", {cases} cases"),
    };
    line(format!("{} rules with {examples} examples{cases}: {held} of {} hold", rules.len(), all.len()));
    text
}

/// JUnit's XML, as Jenkins and its kin read it.
pub fn junit(all: &[Checked]) -> String {
    let failures = |all: &[&Checked]| all.iter().filter(|one| !one.holds).count();
    let everything: Vec<&Checked> = all.iter().collect();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gate policy\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        all.len(),
        failures(&everything)
    );
    for suite in all.chunk_by(|one, other| one.suite == other.suite) {
        let suite: Vec<&Checked> = suite.iter().collect();
        let name = suite.first().map(|one| xml(&one.suite)).unwrap_or_default();
        let file = suite.first().map(|one| xml(&one.file)).unwrap_or_default();
        let (tests, failed) = (suite.len(), failures(&suite));
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" file=\"{file}\">"
        );
        for one in suite {
            // A case of Jenkins' schema has neither file nor line; where it fails, its text begins with both.
            let _ = write!(text, "    <testcase name=\"{}\" classname=\"{name}\"", xml(&one.name));
            if one.holds {
                text.push_str("/>\n");
                continue;
            }
            let message = format!("expected {}, got {}", one.expected, one.got);
            let body = format!("{}\n{}\nrules that fire: {}", place(one), one.command, one.rules.join(", "));
            let body = entities(&body);
            let _ = writeln!(
                text,
                ">\n      <failure message=\"{}\" type=\"decision\">{body}</failure>\n    </testcase>",
                xml(&message)
            );
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// The Test Anything Protocol, version 13: the newest that every reader takes; perl's `prove` refuses 14.
pub fn tap(all: &[Checked]) -> String {
    let mut text = format!("TAP version 13\n1..{}\n", all.len());
    for (index, one) in all.iter().enumerate() {
        let word = if one.holds { "ok" } else { "not ok" };
        let name = format!("{} {}", one.suite, one.name);
        let name = show(&name).replace('#', "\\#");
        let _ = writeln!(text, "{word} {} - {name}", index + 1);
        if !one.holds {
            let rules = one.rules.join(", ");
            text.push_str("  ---\n");
            let entries = [
                ("at", place(one)),
                ("command", one.command.clone()),
                ("expected", show(&one.expected)),
                ("got", show(&one.got)),
                ("rules", show(&rules)),
            ];
            for (name, value) in entries {
                let _ = writeln!(text, "  {name}: '{}'", value.replace('\'', "''"));
            }
            text.push_str("  ...\n");
        }
    }
    text
}

fn show(text: &str) -> String {
    Shown::text(text).to_string()
}

/// `file:line`.
fn place(one: &Checked) -> String {
    let file = Shown::text(&one.file);
    one.line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}"))
}

/// Text inside an attribute or an element; what XML has no place for is made visible first.
fn xml(text: &str) -> String {
    entities(&show(text))
}

/// Visible text inside an attribute or an element.
fn entities(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}
