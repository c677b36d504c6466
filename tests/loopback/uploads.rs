//! Code that somebody uploads.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::account::Account;

/// A template with one function, whose code is in a bucket.
const FUNCTION: &str = r#"{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {
 "FunctionName": "mine", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10, "MemorySize": 128,
 "Role": "arn:aws:iam::123456789012:role/any", "Code": {"S3Bucket": "code", "S3Key": "mine.zip"}}}}}"#;

/// Uploads a zip, and makes a function of it. Gives the status and the reasons of its stack.
fn deploy(account: &Account, zip: &[u8]) -> String {
    let upload = |line: &str, body: &[u8]| {
        let mut stream = TcpStream::connect(&account.address).expect("it listens");
        let (address, signed) = (&account.address, account.signature("s3"));
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\n{signed}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.write_all(body).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
    };
    upload("PUT /code", b"");
    upload("PUT /code/mine.zip", zip);
    let form = |action: &str| format!("Action={action}&Version=2010-05-15&StackName=mine");
    let encoded: String = FUNCTION
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let create = format!("{}&TemplateBody={encoded}", form("CreateStack"));
    let created = account.ask("POST /", "cloudformation", None, &create);
    assert!(created.starts_with("HTTP/1.1 200"), "{created}");
    for _ in 0..100 {
        let events = account.ask(
            "POST /",
            "cloudformation",
            None,
            &form("DescribeStackEvents"),
        );
        let over = ["CREATE_COMPLETE", "ROLLBACK_COMPLETE"];
        let of_stack = events
            .split("<member>")
            .find(|event| event.contains("CloudFormation::Stack<"));
        if of_stack.is_some_and(|event| over.iter().any(|status| event.contains(status))) {
            return events;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the stack does not end");
}

fn zip_of(script: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default())
        .expect("a file");
    zip.write_all(script.as_bytes()).expect("memory");
    zip.finish().expect("memory").into_inner()
}

/// Writes a file, to show that it ran, and answers nothing.
fn marking(place: &Path) -> Vec<u8> {
    zip_of(&format!("#!/bin/sh\necho ran > '{}'\n", place.display()))
}

#[test]
fn uploaded_code_runs_only_if_whoever_started_the_account_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let invoke = "POST /2015-03-31/functions/mine/invocations";

    let careful = Account::start(&["--speed", "600"]);
    let events = deploy(&careful, &marking(&mark));
    assert!(events.contains("--run-uploaded-code"), "{events}");
    assert!(events.contains("function mine was uploaded"), "{events}");
    let answer = careful.ask(invoke, "lambda", None, "{}");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(!mark.exists(), "it ran");

    let trusting = Account::start(&["--speed", "600", "--run-uploaded-code"]);
    let events = deploy(&trusting, &marking(&mark));
    assert!(!events.contains("ROLLBACK"), "{events}");
    let answer = trusting.ask(invoke, "lambda", None, "{}");
    assert!(answer.contains("Runtime exited"), "{answer}");
    assert!(mark.exists(), "it did not run: {answer}");

    let bomb = zip_of(&"0".repeat(8 * 1024 * 1024));
    let careless = Account::start(&["--speed", "600", "--run-uploaded-code"]);
    deploy(&careless, &bomb);
    let answer = careless.ask(invoke, "lambda", None, "{}");
    assert!(answer.contains("unpacks to more than"), "{answer}");
}
