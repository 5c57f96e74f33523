//! The record through the real program: durable before anything runs, whole whatever happens, and silent about secrets.

mod broken;
mod configuration;
mod many;
mod secrets;
mod status;

use std::fs;

use serde_json::Value;

use crate::support::Sandbox;

/// A policy with one rule of each kind that stops: `frob wipe` is denied, `frob send` is asked about.
pub const POLICY: &str = "\
gate: 1
name: site
tools:
  - {program: frob, depth: 1}
rules:
  - {id: wipe, when: {tool: frob, command: wipe}, class: destroy, effect: deny, why: it wipes}
  - {id: send, when: {tool: frob, command: send}, class: export, effect: ask, why: it sends}
";

/// The bodies of all finished lines of the log, in order, with their blobs put back.
pub fn records(sandbox: &Sandbox) -> Vec<Value> {
    let audit = sandbox.gate_home().join("audit");
    let mut segments: Vec<_> =
        fs::read_dir(&audit).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default();
    segments.retain(|path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "jsonl"));
    segments.sort();
    let mut bodies = Vec::new();
    for segment in segments {
        let text = fs::read_to_string(segment).unwrap();
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let line: Value = serde_json::from_str(line).unwrap();
            let mut body = line["body"].clone();
            for member in body.as_object_mut().unwrap().values_mut() {
                let Some(digest) = member["blob"].as_str() else { continue };
                let blob = fs::read_to_string(audit.join("blobs").join(digest.replace(':', "-"))).unwrap();
                *member = serde_json::from_str(&blob).unwrap();
            }
            bodies.push(body);
        }
    }
    bodies
}

/// The types of all records, in order.
pub fn kinds(sandbox: &Sandbox) -> Vec<String> {
    records(sandbox).iter().map(|record| record["type"].as_str().unwrap().to_owned()).collect()
}
