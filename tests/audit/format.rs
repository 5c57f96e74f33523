//! Checks a log by the text of the format alone, with none of gate's own reading or hashing, so that a change of the
//! format can't go unseen.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use gate::audit::{Entry, Kind, Mode};
use gate::encoding::json::{Map, Value, json};
use gate::host::config::KeyStore;
use gate::host::log::{AuditLog, Limits, LogError, Origin, Paths};
use gate::model::Timestamp;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

fn members(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn written(home: &Path) -> Paths {
    let paths =
        Paths { audit: home.join("audit"), pin: home.join("log"), key: home.join("key"), store: KeyStore::File };
    let origin = Origin {
        host: "build01".to_owned(),
        mode: Mode::Wrapper,
        machine: None,
        gate: "0.1.0".to_owned(),
        boot: "a-boot".to_owned(),
    };
    let clock = Box::new(|| Timestamp::from_micros(1_700_000_000_000_000).unwrap());
    let limits = Limits { segment: 2500, patience: Duration::from_secs(10) };
    let mut log = AuditLog::open_within(&paths, origin, clock, limits).unwrap();
    for number in 0..12 {
        let entry = Entry::new(Kind::Outcome, members(json!({"code": number, "é\u{1f511}": "\u{1}\"\\/\n"}))).unwrap();
        let _ = log.append(&[entry]).unwrap();
    }
    let text = "x".repeat(100_000);
    let _ = log.append(&[Entry::new(Kind::Policy, members(json!({"text": text}))).unwrap()]).unwrap();
    let build = |head: &gate::model::LogHead| -> Result<Entry, LogError> {
        Ok(Entry::new(Kind::Request, members(json!({"request": {"head": head}}))).unwrap())
    };
    let _ = log.append_with_head(build).unwrap();
    paths
}

/// RFC 6962 section 2.1, word for word.
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::digest([&[1], &root(left)[..], &root(right)[..]].concat()).into()
        }
    }
}

fn named(hash: &[u8; 32]) -> String {
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[test]
fn a_log_can_be_checked_with_hashes_and_signatures_alone() {
    let home = tempfile::tempdir().unwrap();
    let paths = written(home.path());
    let pin: Json = serde_json::from_slice(&std::fs::read(&paths.pin).unwrap()).unwrap();
    let blob = STANDARD.decode(pin["key"].as_str().unwrap().split(' ').nth(1).unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(blob[blob.len() - 32..].try_into().unwrap()).unwrap();
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&blob)));

    let mut segments: Vec<_> = std::fs::read_dir(&paths.audit)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".jsonl"))
        .collect();
    segments.sort();
    assert!(segments.len() > 2 && segments[0] == "000000000000.jsonl");

    let mut leaves: Vec<[u8; 32]> = Vec::new();
    let (mut heads, mut blobs) = (0, 0);
    for segment in segments {
        assert_eq!(segment, format!("{:012}.jsonl", leaves.len()));
        let text = std::fs::read_to_string(paths.audit.join(segment)).unwrap();
        for line in text.strip_suffix('\n').unwrap().split('\n') {
            assert!(line.len() <= 65_535);
            let body = &line[8..line.len() - 96];
            let signature = &line[line.len() - 88..line.len() - 2];
            assert_eq!(line, format!("{{\"body\":{body},\"sig\":\"{signature}\"}}"));
            let kind = "application/vnd.gate.audit.v1+json";
            let encoded = format!("DSSEv1 {} {kind} {} {body}", kind.len(), body.len());
            let signature = Signature::from_slice(&STANDARD_NO_PAD.decode(signature).unwrap()).unwrap();
            key.verify_strict(encoded.as_bytes(), &signature).unwrap();

            let record: Json = serde_json::from_str(body).unwrap();
            let prev = leaves.last().copied().unwrap_or_default();
            for (name, value) in [
                ("host", json!("build01")),
                ("key", json!(fingerprint)),
                ("log", pin["log"].clone()),
                ("mode", json!("wrapper")),
                ("prev", json!(named(&prev))),
                ("seq", json!(leaves.len())),
                ("time", json!("2023-11-14T22:13:20.000000Z")),
                ("v", json!(1)),
            ] {
                assert_eq!(record[name], value, "{name} in {line}");
            }
            if leaves.is_empty() {
                assert_eq!((record["type"].as_str(), &record["public_key"]), (Some("genesis"), &pin["key"]));
            }
            if let Some(head) = record["request"].get("head") {
                assert_eq!(*head, json!({"log": pin["log"], "root": named(&root(&leaves)), "size": leaves.len()}));
                heads += 1;
            }
            if let Some(blob) = record["text"].get("blob") {
                let file = blob.as_str().unwrap().replace(':', "-");
                let bytes = std::fs::read(paths.audit.join("blobs").join(file)).unwrap();
                assert_eq!(
                    (json!(bytes.len()), json!(named(&Sha256::digest(&bytes).into()))),
                    (record["text"]["len"].clone(), blob.clone())
                );
                blobs += 1;
            }
            leaves.push(Sha256::digest([&[0], line.as_bytes()].concat()).into());
        }
    }
    assert_eq!((heads, blobs), (1, 1));
}
