//! Findings of Amazon Macie: what `aws macie2 get-findings` prints, events of EventBridge, or one finding a line. Findings
//! about the settings of a bucket, and samples that Macie makes up, say nothing about data and are left out.

use serde::Deserialize;

use super::super::line::Line;
use crate::encoding::json::{RelaxedError, Value, relaxed};

/// The members of a finding that matter (Amazon Macie API, `Finding`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    sample: bool,
    severity: Severity,
    resources_affected: Resources,
    #[serde(default)]
    classification_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Severity {
    description: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resources {
    s3_bucket: Bucket,
    #[serde(default)]
    s3_object: Option<Object>,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
}

#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    result: Option<Outcome>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    sensitive_data: Option<Vec<Sensitive>>,
    #[serde(default)]
    custom_data_identifiers: Option<Custom>,
}

#[derive(Debug, Deserialize)]
struct Sensitive {
    category: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Custom {
    #[serde(default)]
    total_count: u64,
}

/// The lines, each with its place, and how many findings were left out.
pub fn lines(text: &str) -> Result<(Vec<(String, Line)>, usize), String> {
    let mut all = Vec::new();
    let mut left_out = 0;
    for (place, value) in values(text)? {
        let finding = finding(&value).map_err(|error| format!("{place}: {error}"))?;
        match line(finding).map_err(|why| format!("{place}: {why}"))? {
            Some(line) => all.push((place, line)),
            None => left_out += 1,
        }
    }
    Ok((all, left_out))
}

/// Every finding, with its place: one document, or one on each line.
fn values(text: &str) -> Result<Vec<(String, Value)>, String> {
    let mut all = Vec::new();
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let by_line: Result<Vec<(usize, Value)>, (usize, RelaxedError)> = filled
        .map(|(at, line)| relaxed(line.as_bytes()).map(|value| (at + 1, value)).map_err(|error| (at + 1, error)))
        .collect();
    match by_line {
        Ok(lines) if lines.len() > 1 => {
            for (number, value) in lines {
                spread(value, &format!("line {number}"), &mut all);
            }
        }
        Ok(_) | Err(_) => match relaxed(text.as_bytes()) {
            Ok(value) => spread(value, "", &mut all),
            // More than one value: then the fault is that of the line.
            Err(error) => {
                let fault = |number: usize, error: RelaxedError| format!("line {number}: {error}");
                return Err(match by_line {
                    Err((number, in_line)) if number > 1 && error.line < number => fault(number, in_line),
                    _ => fault(error.line, error),
                });
            }
        },
    }
    Ok(all)
}

/// The findings that one value holds.
fn spread(value: Value, place: &str, all: &mut Vec<(String, Value)>) {
    let numbered = |index: usize| match place {
        "" => format!("finding {}", index + 1),
        place => place.to_owned(),
    };
    match value {
        Value::Array(values) => {
            for (index, value) in values.into_iter().enumerate() {
                spread(value, &numbered(index), all);
            }
        }
        Value::Object(mut members) => {
            if let Some(findings) = members.remove("findings") {
                spread(findings, place, all);
            } else if let Some(detail) = members.remove("detail") {
                spread(detail, place, all);
            } else {
                let place = if place.is_empty() { numbered(0) } else { place.to_owned() };
                all.push((place, Value::Object(members)));
            }
        }
        other => all.push((numbered(0), other)),
    }
}

fn finding(value: &Value) -> Result<Finding, String> {
    relaxed(value.to_string().as_bytes()).map_err(|error| error.to_string())
}

fn line(finding: Finding) -> Result<Option<Line>, String> {
    let Some(object) = finding.resources_affected.s3_object else { return Ok(None) };
    if finding.sample || finding.category.is_some_and(|category| category != "CLASSIFICATION") {
        return Ok(None);
    }
    let mut label = match finding.severity.description.to_ascii_lowercase().as_str() {
        "low" => "internal",
        "medium" => "confidential",
        "high" => "restricted",
        other => return Err(format!("`{}` is not a severity", crate::model::Shown::text(other))),
    };
    let outcome = finding.classification_details.and_then(|details| details.result);
    let mut tags = Vec::new();
    if let Some(outcome) = outcome {
        for sensitive in outcome.sensitive_data.unwrap_or_default() {
            tags.push(match sensitive.category.as_str() {
                "PERSONAL_INFORMATION" => "pii".to_owned(),
                "FINANCIAL_INFORMATION" => "financial".to_owned(),
                "CREDENTIALS" => {
                    label = "restricted";
                    "secret".to_owned()
                }
                other => other.to_ascii_lowercase().replace('_', "-"),
            });
        }
        if outcome.custom_data_identifiers.is_some_and(|custom| custom.total_count > 0) {
            tags.push("custom-identifier".to_owned());
        }
    }
    tags.sort();
    tags.dedup();
    let resource = format!("s3://{}/{}", finding.resources_affected.s3_bucket.name, object.key);
    Ok(Some(Line { resource, label: Some(label.to_owned()), tags, source: "macie".to_owned() }))
}
