//! `gate policy schema` against a standard validator: what gate reads is valid, and what it refuses for its form is not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;

use crate::support::{Sandbox, Status};

fn validator() -> Validator {
    schema(&["policy", "schema"])
}

/// The schema that gate prints, as a standard validator takes it.
fn schema(arguments: &[&str]) -> Validator {
    let ran = Sandbox::new().gate(arguments).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
    let schema: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("the schema is none: {error}"));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn value(yaml: &str) -> Value {
    serde_yaml::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

#[test]
fn every_built_in_pack_is_valid() {
    let validator = validator();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut packs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        packs += 1;
        let pack = value(&fs::read_to_string(&path).unwrap());
        let faults: Vec<String> =
            validator.iter_errors(&pack).map(|error| format!("{}: {error}", error.instance_path())).take(5).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
    assert!(packs > 10);
}

#[test]
fn every_form_that_the_manual_shows_is_valid() {
    let validator = validator();
    for text in [
        "{}",
        "{data: [{label: restricted, tags: [pii], resources: ['s3://a/**']}, {catalog: x.jsonl}]}",
        "{environments: [{name: production, contexts: ['kube:prod-*']}]}",
        "{rules: [{id: a, when: {tool: rm, help: true}, class: destroy, effect: deny, why: x}]}",
        "{rules: [{id: a, when: [{tool: [rm, mv]}, {flags: -f}], unless: {dry-run: true}, class: read, why: x}]}",
        "{matrix: {read: allow, export: {labels: {public: allow, otherwise: ask}}}}",
        "{ask: {default: {from: approvers, count: 2, grade: touched, within: 15m}, classes: {destroy: {from: [sre]}}}}",
        "{waivers: [{rule: a/b, where: {requester: 'ci:*'}, reason: x, until: 2027-01-01}]}",
        "{packs: {publish: 'off'}}",
        "{tools: [{program: ssh, runs: {after: 1, as: shell}, remote: {operand: 0}}]}",
    ] {
        let whole = policy(text);
        assert!(
            validator.is_valid(&whole),
            "{text}: {:?}",
            validator.validate(&whole).map_err(|error| error.to_string())
        );
    }
}

#[test]
fn what_is_wrong_is_invalid() {
    let validator = validator();
    for (fault, text) in [
        ("an unknown key", "{principals: {}}"),
        ("an unknown key of a rule", "{rules: [{id: a, wen: {tool: rm}, when: {}, class: read, why: x}]}"),
        ("an unknown fact", "{rules: [{id: a, when: {tol: rm}, class: read, why: x}]}"),
        ("a rule without a class", "{rules: [{id: a, when: {tool: rm}, why: x}]}"),
        ("a rule without a reason", "{rules: [{id: a, when: {tool: rm}, class: read}]}"),
        ("an unknown class", "{rules: [{id: a, when: {tool: rm}, class: reed, why: x}]}"),
        ("an unknown effect", "{rules: [{id: a, when: {tool: rm}, class: read, effect: aks, why: x}]}"),
        ("a number for a text", "{rules: [{id: 1, when: {tool: rm}, class: read, why: x}]}"),
        ("a number in a list of texts", "{rules: [{id: a, when: {tool: [1]}, class: read, why: x}]}"),
        ("a text for a truth", "{rules: [{id: a, when: {help: 'true'}, class: read, why: x}]}"),
        ("a rule that is no mapping", "{rules: [a]}"),
        ("rules that are no list", "{rules: {id: a}}"),
        ("an unknown label", "{data: [{label: secret, resources: [x]}]}"),
        ("an unknown class in the matrix", "{matrix: {reed: allow}}"),
        ("an unknown axis", "{matrix: {read: {label: {public: allow}}}}"),
        ("an unknown effect in the matrix", "{matrix: {read: {labels: {public: aks}}}}"),
        ("a negative count", "{ask: {default: {from: a, count: -1}}}"),
        ("an unknown grade", "{ask: {default: {from: a, grade: touchd}}}"),
        ("an environment without contexts", "{environments: [{name: production}]}"),
        ("a waiver without its rule", "{waivers: [{reason: x, until: 2027-01-01}]}"),
        ("a switch that is none", "{packs: {aws: of}}"),
        ("an unknown syntax", "{tools: [{program: x, syntax: gnuu}]}"),
        ("an unknown role", "{tools: [{program: x, roles: {-o: destnation}}]}"),
    ] {
        assert!(!validator.is_valid(&policy(text)), "{fault}");
    }
    assert!(!validator.is_valid(&value("{gate: 1}")), "no name");
    assert!(!validator.is_valid(&value("{gate: one, name: a}")), "a version that is no number");
    assert!(!validator.is_valid(&value("[]")), "no mapping");
}

/// A policy with these keys beside the two that every policy has.
fn policy(text: &str) -> Value {
    let mut whole = value(text);
    let members = whole.as_object_mut().unwrap();
    members.insert("gate".to_owned(), 1.into());
    members.insert("name".to_owned(), "acme".into());
    whole
}

const ALICE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC9648ZBRAOlRGrUL+Q4NXBnqX+Fgej1A0bwnBL/XStN";

/// Whether gate reads a `config.yaml`, of the user or of the system.
fn reads(text: &str, system: bool) -> bool {
    let sandbox = Sandbox::new();
    let folder = sandbox.root().join("etc");
    fs::create_dir(&folder).unwrap();
    let path = if system { folder.join("config.yaml") } else { sandbox.gate_home().join("config.yaml") };
    sandbox.write(&path, text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = sandbox.gate(["--", "true"]).etc_gate(&folder).run();
    assert!(matches!(ran.status, Status::Exited(0 | 78)), "{text}: {ran:?}");
    ran.status == Status::Exited(0)
}

#[test]
fn every_configuration_that_gate_reads_is_valid() {
    let validator = schema(&["policy", "schema", "--config"]);
    for text in [
        "# nothing yet\n".to_owned(),
        "host: build01.acme.com\n".to_owned(),
        format!(
            "host: build01\nprincipals:\n  alice@acme.com: {{keys: [{ALICE}], groups: [approvers, data-owners]}}\n  \
             agent:claude: {{owner: alice@acme.com, accounts: [claude@build01, claude]}}\n\
             self_approval: agents\noutcome: always\nkeys: file\n"
        ),
        format!("principals: {{a: {{keys: ['{ALICE} a comment']}}}}\n"),
        format!("principals: {{a: {{keys: [{{key: {ALICE}}}]}}}}\n"),
        "principals: {a: {groups: [x, x], accounts: [b, b], owner: null}}\n".to_owned(),
        "principals: {}\noutcome: never\nself_approval: never\n".to_owned(),
        "host: null\nprincipals: null\noutcome: null\nkeys: null\n".to_owned(),
    ] {
        assert!(reads(&text, false), "{text}");
        let faults: Vec<String> = validator.iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert_eq!(faults, [""; 0], "{text}");
    }
    let queue = "requests: /srv/queue\n";
    assert!(reads(queue, true) && validator.is_valid(&value(queue)));
}

#[test]
fn every_configuration_that_gate_refuses_for_its_form_is_not_valid() {
    let validator = schema(&["policy", "schema", "--config"]);
    for (fault, text) in [
        ("an unknown key", "princpals: {}".to_owned()),
        ("a list", "[]".to_owned()),
        ("a word", "host".to_owned()),
        ("a host that is none", "host: a b".to_owned()),
        ("an empty host", "host: ''".to_owned()),
        ("a host that is a list", "host: [a]".to_owned()),
        ("principals as a list", "principals: [alice]".to_owned()),
        ("a principal that is a word", "principals: {a: b}".to_owned()),
        ("an unknown member", "principals: {a: {group: [x]}}".to_owned()),
        ("groups that are a word", "principals: {a: {groups: x}}".to_owned()),
        ("a group that is a mapping", "principals: {a: {groups: [{a: b}]}}".to_owned()),
        ("an account that is none", "principals: {a: {accounts: [a b]}}".to_owned()),
        ("an account without its host", "principals: {a: {accounts: [a@]}}".to_owned()),
        ("an owner that is a list", "principals: {a: {owner: [b]}}".to_owned()),
        ("a key of another kind", "principals: {a: {keys: [ssh-rsa AAAA]}}".to_owned()),
        ("a key that is none", "principals: {a: {keys: [x]}}".to_owned()),
        ("a key outside of a list", format!("principals: {{a: {{keys: {ALICE}}}}}")),
        ("a private key", "principals: {a: {keys: ['-----BEGIN OPENSSH PRIVATE KEY-----']}}".to_owned()),
        ("a key without itself", "principals: {a: {keys: [{hardware: attested}]}}".to_owned()),
        ("unknown hardware", format!("principals: {{a: {{keys: [{{key: {ALICE}, hardware: yes}}]}}}}")),
        ("hardware that is nothing", format!("principals: {{a: {{keys: [{{key: {ALICE}, hardware: null}}]}}}}")),
        ("an unknown member of a key", format!("principals: {{a: {{keys: [{{key: {ALICE}, hard: x}}]}}}}")),
        ("an unknown self_approval", "self_approval: always".to_owned()),
        ("an unknown outcome", "outcome: sometimes".to_owned()),
        ("an unknown store of keys", "keys: memory".to_owned()),
    ] {
        assert!(!reads(&text, false), "{fault}");
        assert!(!validator.is_valid(&value(&text)), "{fault}");
    }
    for (fault, text) in [("a relative queue", "requests: srv/queue"), ("a queue that is a list", "requests: [/srv]")] {
        assert!(!reads(text, true), "{fault}");
        assert!(!validator.is_valid(&value(text)), "{fault}");
    }
}
