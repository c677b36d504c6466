//! The account on loopback as a process, asked over sockets: what it answers to whoever has its key, and that nobody else
//! gets anything but a 403, a page in a browser least of all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(flags)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("ecs-rollout starts")
}

/// A running account, which ends with this value.
struct Account {
    process: Child,
    /// Such as `127.0.0.1:4500`.
    address: String,
    key: String,
}

impl Drop for Account {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Account {
    fn start(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
            .args(["account", "--listen", "127.0.0.1:0", "--output", "json"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ecs-rollout starts");
        let stdout = process.stdout.take().expect("stdout is a pipe");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        let address = text("url").trim_start_matches("http://").to_owned();
        let key = text("accessKeyId");
        Self {
            process,
            address,
            key,
        }
    }

    fn signature(&self, service: &str) -> String {
        signature(&self.key, service)
    }

    /// The answer to a request with these lines at its head, to which only its length is added.
    fn raw(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let sent = write!(
            stream,
            "{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        sent.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// The answer to a request of a client that knows the address and the key.
    fn ask(&self, line: &str, service: &str, target: Option<&str>, body: &str) -> String {
        let target =
            target.map_or_else(String::new, |target| format!("\r\nx-amz-target: {target}"));
        let (address, signature) = (&self.address, self.signature(service));
        self.raw(
            &format!("{line} HTTP/1.1\r\nhost: {address}\r\n{signature}{target}"),
            body,
        )
    }

    /// Ends it as a user does, and gives what it wrote to stderr.
    fn end(mut self) -> String {
        let told = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status();
        assert!(told.expect("kill is there").success());
        let mut written = String::new();
        let stderr = self.process.stderr.take();
        stderr
            .expect("stderr is a pipe")
            .read_to_string(&mut written)
            .expect("it is read");
        assert!(self.process.wait().expect("it ends").success(), "{written}");
        written
    }
}

fn signature(key: &str, service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

/// Line of the request, service of the signature, target, body; and of the answer the status and some of its text.
type Case = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: [Case; 8] = [
    (
        "POST /",
        "states",
        Some("AWSStepFunctions.ListStateMachines"),
        "{}",
        "HTTP/1.1 200",
        "\"stateMachines\":[]",
    ),
    (
        "POST /",
        "ecs",
        Some("AmazonEC2ContainerServiceV20141113.CreateTaskSet"),
        "{}",
        "HTTP/1.1 501",
        "ecs:CreateTaskSet",
    ),
    (
        "POST /",
        "ecs",
        Some("AmazonEC2ContainerServiceV20141113.ListClusters"),
        "{",
        "HTTP/1.1 400",
        "SerializationException",
    ),
    (
        "POST /",
        "dynamodb",
        Some("DynamoDB_20120810.ListTables"),
        "{}",
        "HTTP/1.1 400",
        "DynamoDB_20120810.ListTables",
    ),
    (
        "POST /",
        "autoscaling",
        None,
        "Action=DescribeAutoScalingGroups&Version=2011-01-01",
        "HTTP/1.1 200",
        "<AutoScalingGroups></AutoScalingGroups>",
    ),
    (
        "POST /",
        "autoscaling",
        None,
        "Action=DescribeLoadBalancers&Version=2011-01-01",
        "HTTP/1.1 501",
        "<Code>NotImplemented</Code>",
    ),
    ("PUT /bucket", "s3", None, "", "HTTP/1.1 200", ""),
    (
        "POST /2015-03-31/functions/nobody/invocations",
        "lambda",
        None,
        "{}",
        "HTTP/1.1 404",
        "Function not found",
    ),
];

#[test]
fn the_account_answers_in_awss_own_shapes_and_names_what_it_does_not_know() {
    let account = Account::start(&[]);
    for (line, service, target, body, status, expected) in CASES {
        let answer = account.ask(line, service, target, body);
        let asked = format!("{line} {target:?} {body}");
        assert!(answer.starts_with(status), "{asked}: {answer}");
        assert!(answer.contains(expected), "{asked}: {answer}");
        assert!(answer.contains("\r\ndate: "), "{asked}: {answer}");
        let id = ["\r\nx-amzn-requestid: ", "\r\nx-amz-request-id: "];
        assert!(id.iter().any(|id| answer.contains(id)), "{asked}: {answer}");
    }
    account.end();
}

#[test]
fn the_account_listens_on_loopback_only_and_says_when_a_port_is_taken() {
    let account = Account::start(&[]);
    for (listen, expected) in [
        ("0.0.0.0:0", "is not a loopback address"),
        (account.address.as_str(), "name another port"),
        ("nowhere", "invalid"),
    ] {
        let output = run(&["account", "--listen", listen]);
        assert_eq!(output.status.code(), Some(2), "{listen}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(expected), "{listen}: {message}");
    }
}

/// What hostile requests want: to read, to change, to upload, to run.
const WANTED: [(&str, &str, &str, &str); 5] = [
    (
        "POST /",
        "ecs",
        "x-amz-target: AmazonEC2ContainerServiceV20141113.ListClusters",
        "{}",
    ),
    (
        "POST /",
        "cloudformation",
        "content-type: application/x-www-form-urlencoded",
        "Action=DescribeStacks&Version=2010-05-15",
    ),
    ("PUT /bucket", "s3", "content-type: text/plain", ""),
    ("GET /bucket/key", "s3", "accept: */*", ""),
    (
        "POST /2015-03-31/functions/DevCluster-joined/invocations",
        "lambda",
        "content-type: text/plain",
        "{}",
    ),
];

/// Lines of a head that must not get in: the host that it names, and what else is in it. `{own}` and `{key}` stand for the
/// account's own.
const HOSTILE: [(&str, &str); 15] = [
    // DNS rebinding: the page's own name, under which a browser has found this machine.
    ("evil.example", "{key}"),
    ("evil.example:4500", "{key}"),
    ("{own}.evil.example", "{key}"),
    ("localhost", "{key}"),
    ("127.0.0.1", "{key}"),
    ("127.0.0.1:1", "{key}"),
    ("[::1]:4500", "{key}"),
    // A page that knows the address and, for the sake of argument, the key.
    ("{own}", "{key}\r\norigin: https://evil.example"),
    ("{own}", "{key}\r\norigin: null"),
    ("{own}", "{key}\r\norigin: http://{own}"),
    ("{own}", "{key}\r\nsec-fetch-site: cross-site"),
    ("{own}", "{key}\r\nsec-fetch-site: same-origin"),
    // Whoever does not know the key.
    ("{own}", "accept: */*"),
    ("{own}", "{wrong}"),
    ("{own}", "{function}"),
];

#[test]
fn hostile_requests_are_answered_403_whatever_they_want() {
    let account = Account::start(&[]);
    let own = account.address.clone();
    for (line, service, more, body) in WANTED {
        let keys = [
            ("{key}", account.signature(service)),
            ("{wrong}", signature("AKIAIOSFODNN7EXAMPLE", service)),
            (
                "{function}",
                signature("AKIAFUNCTION-DevCluster-joined", service),
            ),
            ("{own}", own.clone()),
        ];
        for (host, head) in HOSTILE {
            let head = format!("{line} HTTP/1.1\r\nhost: {host}\r\n{more}\r\n{head}");
            let head = keys
                .iter()
                .fold(head, |head, (name, value)| head.replace(name, value));
            let answer = account.raw(&head, body);
            assert!(answer.starts_with("HTTP/1.1 403"), "{head}: {answer}");
            assert!(!answer.contains(&account.key), "{head}: {answer}");
            let lower = answer.to_lowercase();
            assert!(!lower.contains("access-control-"), "{head}: {answer}");
            let reason = [
                "MissingAuthentication",
                "InvalidClientTokenId",
                "AccessDenied",
            ];
            assert!(
                reason.iter().any(|code| answer.contains(code)),
                "{head}: {answer}"
            );
        }
    }
    // A browser asks first whether it may.
    for method in ["OPTIONS", "GET", "HEAD", "DELETE"] {
        let head = format!(
            "{method} / HTTP/1.1\r\nhost: {own}\r\norigin: https://evil.example\r\n\
             access-control-request-method: POST"
        );
        let answer = account.raw(&head, "");
        assert!(answer.starts_with("HTTP/1.1 403"), "{method}: {answer}");
    }
    // Nothing came of any of them.
    let buckets = account.ask("HEAD /bucket", "s3", None, "");
    assert!(buckets.starts_with("HTTP/1.1 404"), "{buckets}");
    let (key, written) = (account.key.clone(), account.end());
    assert!(written.contains("evil.example"), "{written}");
    assert!(!written.contains(&key), "the key was written to stderr");
    assert!(
        written
            .lines()
            .all(|line| !line.chars().any(char::is_control))
    );
}

#[test]
fn a_request_without_a_host_or_with_two_is_refused() {
    let account = Account::start(&[]);
    let (own, signed) = (&account.address, account.signature("ecs"));
    let target = "x-amz-target: AmazonEC2ContainerServiceV20141113.ListClusters";
    for host in [
        String::new(),
        format!("host: {own}\r\nhost: {own}\r\n"),
        format!("host: {own}\r\nhost: evil.example\r\n"),
    ] {
        let answer = account.raw(
            &format!("POST / HTTP/1.1\r\n{host}{target}\r\n{signed}"),
            "{}",
        );
        // Some of these the HTTP library refuses by itself.
        let refused = ["HTTP/1.1 403", "HTTP/1.1 400"];
        assert!(
            refused.iter().any(|it| answer.starts_with(it)),
            "{host}: {answer}"
        );
    }
    let absolute =
        format!("POST http://evil.example/ HTTP/1.1\r\nhost: {own}\r\n{target}\r\n{signed}");
    assert!(account.raw(&absolute, "{}").starts_with("HTTP/1.1 403"));
}

#[test]
fn each_account_has_a_key_of_its_own_and_tells_it_to_a_shell_too() {
    let (one, other) = (Account::start(&[]), Account::start(&[]));
    assert_ne!(one.key, other.key);
    let (own, signed) = (&other.address, one.signature("s3"));
    let answer = other.raw(
        &format!("HEAD /bucket HTTP/1.1\r\nhost: {own}\r\n{signed}"),
        "",
    );
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");

    let mut shell = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(["account", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ecs-rollout starts");
    let stdout = BufReader::new(shell.stdout.take().expect("stdout is a pipe"));
    let lines: Vec<String> = stdout.lines().take(3).map_while(Result::ok).collect();
    let script = format!(
        "set -eu\n{}\necho \"$AWS_ENDPOINT_URL $AWS_REGION ${{#AWS_ACCESS_KEY_ID}} $AWS_SECRET_ACCESS_KEY\"",
        lines.join("\n")
    );
    let read = Command::new("bash").args(["-c", &script]).output();
    let read = String::from_utf8_lossy(&read.expect("bash is there").stdout).into_owned();
    shell.kill().expect("it runs");
    shell.wait().expect("it ends");
    assert!(read.starts_with("http://127.0.0.1:"), "{script}: {read}");
    assert!(
        read.ends_with(" eu-west-1 36 not-checked\n"),
        "{script}: {read}"
    );
}

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
        std::thread::sleep(std::time::Duration::from_millis(100));
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
