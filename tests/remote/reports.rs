//! What a server says of itself: lines, and spans for a collector. Neither holds a secret or what was asked.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Mutex;

use super::*;

/// The lines of a server's stderr that are JSON.
fn lines(server: &Server) -> Vec<Value> {
    let said = server.running.as_ref().unwrap().stderr();
    said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?} is no JSON"))).collect()
}

#[test]
fn every_call_is_one_line_without_secrets_or_what_was_asked() {
    let sandbox = Sandbox::new();
    let running = sandbox.gate(["serve", "--listen", "127.0.0.1:0", "--log", "json"]).start();
    let address = wait_until("the server", || {
        let said = running.stderr();
        said.split("http://").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    });
    let server = Server { sandbox, running: Some(running), address, database: None, options: Vec::new() };
    let (host, eve) = (server.token("host", "build01"), server.token("auditor", "zelda"));
    let hostile = "/v1/requests/x%0a%7b%22level%22:%22info%22%7d?state=%1b%5b31m";
    for (token, path, status) in [
        (host.as_str(), "/v1/me", 200),
        (eve.as_str(), "/v1/log", 200),
        (host.as_str(), "/v1/log", 403),
        ("gate_host_0_wrong", "/v1/me", 401),
        (eve.as_str(), hostile, 404),
        ("", "/nowhere/secret-path", 404),
    ] {
        assert_eq!(server.asked(token, path, &[]).0, status, "{path}");
    }
    let calls = wait_until("six lines", || {
        let calls: Vec<_> = lines(&server).into_iter().filter(|line| line["event"] == "call").collect();
        (calls.len() == 6).then_some(calls)
    });
    let told: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call["level"].as_str().unwrap(),
                call["route"].as_str(),
                call["role"].as_str(),
                call["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("info", Some("/v1/me"), Some("host"), 200),
            ("info", Some("/v1/log"), Some("auditor"), 200),
            ("warn", Some("/v1/log"), Some("host"), 403),
            ("warn", Some("/v1/me"), None, 401),
            ("warn", Some("/v1/requests/{id}"), Some("auditor"), 404),
            ("warn", None, None, 404),
        ]
    );
    assert_eq!(calls[0]["by"], host.split('_').nth(2).unwrap());
    let said = server.running.as_ref().unwrap().stderr();
    for hidden in
        [host.split('_').nth(3).unwrap(), eve.split('_').nth(3).unwrap(), "wrong", "secret-path", "build01", "zelda"]
    {
        assert!(!said.contains(hidden), "{hidden} in {said}");
    }
}

#[test]
fn what_a_server_cannot_do_is_told_to_operators_and_not_to_callers() {
    let server = Server::new(On::Postgres);
    let eve = server.token("auditor", "zelda");
    server.database.as_ref().unwrap().kill();
    let (status, told) = server.asked(&eve, "/v1/me", &[]);
    assert_eq!((status, told["detail"].as_str()), (503, Some("the server cannot do this at the moment; try again")));
    wait_until("a line", || server.running.as_ref().unwrap().stderr().contains(" GET /v1/me 503 ").then_some(()));
    assert!(server.running.as_ref().unwrap().stderr().contains("ms: no connection to the database"));
}

/// The head and body of what was sent.
type Sent = (String, String);

/// A collector that keeps the bodies it is sent.
fn collector() -> (String, Arc<Mutex<Vec<Sent>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let kept: Arc<Mutex<Vec<_>>> = Arc::default();
    let bodies = Arc::clone(&kept);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut text) = (stream.unwrap(), Vec::new());
            let whole = |text: &[u8]| {
                let text = String::from_utf8_lossy(text).into_owned();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))?;
                (body.len() >= length.parse().unwrap()).then(|| (head.to_owned(), body.to_owned()))
            };
            let mut some = [0; 4096];
            let got = loop {
                if let Some(got) = whole(&text) {
                    break got;
                }
                let count = stream.read(&mut some).unwrap();
                text.extend_from_slice(&some[..count]);
            };
            bodies.lock().unwrap().push(got);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
        }
    });
    (address, kept)
}

#[test]
fn spans_reach_a_collector_as_opentelemetry_has_them() {
    let (address, kept) = collector();
    let sandbox = Sandbox::new();
    let call = sandbox.gate(["serve", "--listen", "127.0.0.1:0"]);
    let running = call
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}/"))
        .env("OTEL_SERVICE_NAME", "gate-test")
        .start();
    running.wait_for_stderr("gate serves at http");
    let at = running.stderr().split("://").nth(1).unwrap().trim().to_owned();
    let server = Server { sandbox, running: Some(running), address: at, database: None, options: Vec::new() };
    let eve = server.token("auditor", "zelda");
    let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(server.asked(&eve, "/v1/log", &["-H", parent]).0, 200);
    let dropped = parent.replace("-01", "-00");
    assert_eq!(server.asked(&eve, "/v1/heads", &["-H", &dropped]).0, 200);
    assert_eq!(server.asked("", "/v1/me", &[]).0, 401);
    // What is not sent yet when the server ends is sent then.
    server.running.as_ref().unwrap().signal(rustix::process::Signal::TERM);
    let bodies = wait_until("the spans", || {
        let kept = kept.lock().unwrap().clone();
        (kept.iter().map(|(_, body)| body.matches("spanId").count()).sum::<usize>() == 2).then_some(kept)
    });
    assert!(bodies.iter().all(|(head, _)| head.starts_with("POST /v1/traces HTTP/1.1\r\n")));
    // OpenTelemetry's own messages, which refuse fields that they do not have.
    let script = "
import sys, json
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
for line in sys.stdin:
    read = json_format.Parse(line, ExportTraceServiceRequest())
    for resource in read.resource_spans:
        name = [a.value.string_value for a in resource.resource.attributes if a.key == 'service.name']
        for span in resource.scope_spans[0].spans:
            assert span.end_time_unix_nano >= span.start_time_unix_nano > 10**18
            status = [a.value.int_value for a in span.attributes if a.key == 'http.response.status_code']
            print(name, span.name, span.kind, status, span.status.code)
";
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/openapi/bin/python");
    let input: String = bodies.iter().map(|(_, body)| format!("{body}\n")).collect();
    let ran = server.sandbox.call(&python, ["-c", script]).stdin(input.as_str()).run();
    assert_eq!((ran.stderr.as_str(), ran.status), ("", Status::Exited(0)));
    assert_eq!(ran.stdout, "['gate-test'] GET /v1/log 2 [200] 0\n['gate-test'] GET /v1/me 2 [401] 0\n");
    let all: Vec<Value> = bodies.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    let first = &all[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(first["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(first["parentSpanId"], "00f067aa0ba902b7");
}
