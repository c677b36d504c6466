//! Small functions, as scripts that speak the Runtime API, and what becomes of them.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::endpoint::keys::Keys;

/// A function in Python: its handler's body is put in.
const SCRIPT: &str = r#"#!/usr/bin/env python3
import json, os, sys, time, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def post(path, body):
    urllib.request.urlopen(urllib.request.Request(base + path, json.dumps(body).encode(), method="POST")).read()
while True:
    with urllib.request.urlopen(base + "invocation/next") as event:
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
        payload = json.load(event)
    HANDLER
"#;

struct Stage {
    child: Child,
    function: Function,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn start(handler: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place: PathBuf = folder.path().join("bootstrap");
        std::fs::write(&place, SCRIPT.replace("HANDLER", handler)).expect("a file");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&place, executable).expect("permissions");
        let function = Function {
            role: String::new(),
            timeout_seconds: 2,
            memory_mb: 128,
            code: String::new(),
            zip: None,
        };
        let host = Host {
            workers: PathBuf::new(),
            endpoint: "http://127.0.0.1:9".to_owned(),
            keys: Keys::of(&[0; 40]),
            runs_uploaded_code: false,
            log: Arc::new(|_, _| {}),
        };
        let child = Child::start("f", &function, &place, &host);
        Self {
            child: child.expect("a process"),
            function,
            _folder: folder,
        }
    }

    async fn ask(&mut self, crash: Crash) -> Result<Value, Failure> {
        self.child
            .serve(&self.function, &json!({"n": 7}), crash)
            .await
            .result
    }

    async fn cause_of(handler: &str, crash: Crash) -> (String, String) {
        let mut stage = Self::start(handler);
        let failure = stage.ask(crash).await.expect_err("it fails");
        assert_eq!(stage.child.is_well(), failure.error == "Mine");
        let cause: Value = serde_json::from_str(&failure.cause).expect("JSON");
        let message = cause["errorMessage"].as_str().unwrap_or_default();
        (failure.error, message.to_owned())
    }
}

#[tokio::test]
async fn an_environment_serves_one_event_after_another() {
    let mut stage =
        Stage::start("post(f'invocation/{request_id}/response', {'n': payload['n'] + 1})");
    for _ in 0..3 {
        assert_eq!(stage.ask(Crash::Never).await, Ok(json!({"n": 8})));
    }
    assert!(stage.child.is_well());
}

#[tokio::test]
async fn an_answer_to_another_event_is_not_taken() {
    let mut stage = Stage::start(
        "post('invocation/of-yesterday/response', {}); post(f'invocation/{request_id}/response', {'n': 1})",
    );
    assert_eq!(stage.ask(Crash::Never).await, Ok(json!({"n": 1})));
}

#[tokio::test]
async fn errors_have_the_functions_own_type() {
    let error =
        "post(f'invocation/{request_id}/error', {'errorType': 'Mine', 'errorMessage': 'no'})";
    let (name, message) = Stage::cause_of(error, Crash::Never).await;
    assert_eq!((name.as_str(), message.as_str()), ("Mine", "no"));
}

#[tokio::test]
async fn what_ends_or_takes_too_much_is_reported_as_lambda_does() {
    let cases = [
        (
            "sys.exit(3)",
            Crash::Never,
            "Runtime exited with error: exit status 3",
        ),
        (
            "time.sleep(60)",
            Crash::Never,
            "Task timed out after 2.00 seconds",
        ),
        (
            "much = bytearray(300_000_000); time.sleep(60)",
            Crash::Never,
            "signal: killed",
        ),
        ("time.sleep(60)", Crash::Before, "signal: killed"),
        (
            "post(f'invocation/{request_id}/response', {})",
            Crash::After,
            "signal: killed",
        ),
        (
            "post(f'invocation/{request_id}/response', 'x' * 7_000_000)",
            Crash::Never,
            "payload size",
        ),
    ];
    for (handler, crash, expected) in cases {
        let mut stage = Stage::start(handler);
        let failure = stage.ask(crash).await.expect_err(handler);
        assert!(
            failure.cause.contains(expected),
            "{handler}: {}",
            failure.cause
        );
    }
}

#[test]
fn linux_reports_resident_memory() {
    assert_eq!(
        resident_kib("Name:\tx\nVmRSS:\t  12345 kB\nThreads: 1"),
        Some(12345)
    );
    assert_eq!(resident_kib("Name: x"), None);
}
