//! Requests that must not get in.

use super::account::{Account, signature};

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

/// Lines of a head that must not get in: the host that it names, and what else is in it. `{own}`
/// and `{key}` stand for the account's own.
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
