//! The description of the interface: it is one, it is complete, and the server does what it says. Its checkers come from
//! pip, into `target/tools` (tests/run).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

const ROUTES: &str = include_str!("../../src/server/http/mod.rs");
const DOCUMENT: &str = include_str!("../../src/server/http/openapi.json");

/// A program from pip.
fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/openapi/bin").join(name);
    assert!(path.is_file(), "{name} is missing: use tests/run");
    path
}

#[test]
fn every_route_is_described() {
    let mut served = BTreeSet::new();
    for route in ROUTES.split(".route(\"").skip(1) {
        let (path, rest) = route.split_once("\", ").unwrap();
        let rest = rest.lines().next().unwrap();
        for method in ["get", "post", "put", "delete", "patch"] {
            if rest.contains(&format!("{method}(")) {
                served.insert(format!("{method} {path}"));
            }
        }
    }
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let described = document["paths"].as_object().unwrap().iter();
    let described = described
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}")));
    assert_eq!(served, described.collect());
}

#[test]
fn the_description_is_one_by_its_standard() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("openapi.json", DOCUMENT);
    let ran = sandbox.call(tool("python"), ["-m", "openapi_spec_validator"]).arg(file).run();
    assert_eq!(ran.status, Status::Exited(0), "{ran:?}");
}

#[test]
fn what_is_answered_is_what_is_described() {
    let scene = Scene::new(On::Sqlite, "");
    let (gate, id) = scene.host.ask();
    scene.arrived(&id);
    assert_eq!(scene.approver.answer("deny", &id, &scene.alice).run().status, Status::Exited(0));
    assert_eq!(gate.wait().status, Status::Exited(77));
    assert_eq!(scene.host.sandbox.gate(["audit", "ship"]).run().status, Status::Exited(0));
    let (host, eve) = (scene.server.token("host", "build01"), scene.server.token("auditor", "eve"));
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    assert_eq!(scene.server.asked("", "/openapi.json", &[]), (200, document.clone()));
    for (token, path, schema, holds) in [
        (&host, "/v1/me".to_owned(), "Me", "/key"),
        (&host, "/v1/requests".to_owned(), "Page", "/requests/0"),
        (&host, format!("/v1/requests/{id}"), "Whole", "/answers/0"),
        (&host, format!("/v1/requests/{id}/answers"), "News", "/answers/0"),
        (&eve, "/v1/log".to_owned(), "Entries", "/entries/0"),
        (&eve, "/v1/heads?limit=1".to_owned(), "Heads", "/heads/0"),
        (&host, "/v1/records/end".to_owned(), "End", "/head/root"),
        (&eve, "/v1/records?limit=9".to_owned(), "Found", "/records/0"),
        (&eve, "/v1/hosts".to_owned(), "HostLogs", "/hosts/0/anchored"),
        (&eve, "/v1/log?limit=x".to_owned(), "Problem", "/detail"),
        (&eve, "/v1/requests/%ff".to_owned(), "Problem", "/detail"),
        (&eve, "/nowhere".to_owned(), "Problem", "/detail"),
    ] {
        let (_, answer) = scene.server.asked(token, &path, &[]);
        assert!(answer.pointer(holds).is_some_and(|found| !found.is_null()), "{path} {answer}");
        let reference = format!("#/components/schemas/{schema}");
        let mut schema = serde_json::json!({"$ref": reference, "components": document["components"]});
        // Nothing more than is described: clients skip it, and a description should not.
        for part in schema["components"]["schemas"].as_object_mut().unwrap().values_mut() {
            if part["type"] == "object" {
                part["additionalProperties"] = false.into();
            }
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let fault = validator.iter_errors(&answer).next().map(|fault| fault.to_string());
        assert_eq!(fault, None, "{path} {answer}");
    }
}

#[test]
fn no_call_that_is_made_up_breaks_the_server_or_its_description() {
    // PostgreSQL takes less than SQLite.
    let server = Server::with(On::Postgres, &["--rate", "100000"]);
    let tokens = ["host", "approver", "auditor", "admin"].map(|role| server.token(role, "somebody"));
    let document = &format!("http://{}/openapi.json", server.address);
    std::thread::scope(|scope| {
        for token in &tokens {
            scope.spawn(move || {
                let sandbox = Sandbox::new();
                let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
                              response_schema_conformance";
                let ran = sandbox
                    .call(program("timeout"), ["240"])
                    .arg(tool("schemathesis"))
                    .args(["run", document.as_str(), "--no-color", "--seed", "7", "--max-examples", "12"])
                    .args(["--phases", "examples,coverage,fuzzing", "--checks", checks])
                    .args(["--request-timeout", "10", "--header"])
                    .arg(format!("Authorization: Bearer {token}"))
                    .command()
                    .output()
                    .unwrap();
                let said = String::from_utf8_lossy(&ran.stdout);
                let end = said.len().saturating_sub(6000);
                assert!(ran.status.success(), "{}", said.get(end..).unwrap_or(&said));
            });
        }
    });
}
