//! The account on loopback as a process, asked over sockets: what it answers to whoever has its
//! key, and that nobody else gets anything but a 403, a page in a browser least of all.

mod access;
mod account;
mod hostile;
mod uploads;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use account::Account;

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(flags)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("ecs-rollout starts")
}

/// Line of the request, service of the signature, target, body; and of the answer the status and
/// some of its text.
type Case = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: [Case; 10] = [
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
    (
        "POST /",
        "ec2",
        None,
        "Action=DescribeLaunchTemplates&Version=2016-11-15",
        "HTTP/1.1 200",
        "<launchTemplates></launchTemplates>",
    ),
    (
        "GET /2015-03-31/functions",
        "lambda",
        None,
        "",
        "HTTP/1.1 501",
        "\"message\":\"the account in memory does not know GET /2015-03-31/functions",
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

#[test]
fn each_account_has_a_key_of_its_own_and_prints_it_for_a_shell_too() {
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

#[test]
fn the_account_is_in_the_region_that_its_user_names_and_refuses_others() {
    let account = Account::start(&["--region", "us-east-1", "--fault", "never-joins"]);
    let target = "x-amz-target: AmazonSSM.GetParameter";
    let name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
    let body = format!("{{\"Name\": \"{name}\"}}");
    let ask = |region: &str| {
        let signature = account.signature("ssm").replace("eu-west-1", region);
        let own = &account.address;
        let head = format!("POST / HTTP/1.1\r\nhost: {own}\r\n{signature}\r\n{target}");
        account.raw(&head, &body)
    };
    let answer = ask("us-east-1");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let arn = format!("arn:aws:ssm:us-east-1::parameter{name}");
    assert!(answer.contains(&arn), "{answer}");
    let refused = ask("eu-west-1");
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    for words in [
        "InvalidSignatureException",
        "is for eu-west-1",
        "is in us-east-1",
    ] {
        assert!(refused.contains(words), "{refused}");
    }
    account.end();
    for (flags, words) in [
        (
            ["account", "--region", "moon"],
            "moon is not the name of a Region",
        ),
        (
            ["account", "--fault", "drain-hangs"],
            "drain-hangs is a fault of the workload",
        ),
    ] {
        let output = run(&flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(words), "{flags:?}: {message}");
    }
}
