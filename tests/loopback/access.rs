//! Whose credentials the operator's verbs use, and how they end when AWS cannot be asked.

use std::path::Path;
use std::process::{Command, Output};

use super::account::Account;

/// Runs a verb with these variables and no others of AWS's.
fn run(folder: &Path, variables: &[(&str, &str)], flags: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"));
    for name in [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_ECS",
    ] {
        command.env_remove(name);
    }
    let output: Output = command
        .args(flags)
        .env("AWS_CONFIG_FILE", folder.join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .expect("ecs-rollout starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

/// Configuration files with two profiles: `good` has the account's key, `bad` another.
fn profiles(account: &Account) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let address = &account.address;
    let config = format!(
        "[profile good]\nregion = eu-west-1\nendpoint_url = http://{address}\n\
         [profile bad]\nregion = eu-west-1\nendpoint_url = http://{address}\n"
    );
    let secret = "aws_secret_access_key = not-checked";
    let credentials = format!(
        "[good]\naws_access_key_id = {}\n{secret}\n[bad]\naws_access_key_id = AKIAWRONG\n{secret}\n",
        account.key
    );
    std::fs::write(folder.path().join("config"), config).expect("a file");
    std::fs::write(folder.path().join("credentials"), credentials).expect("a file");
    folder
}

#[test]
fn a_profile_selects_the_credentials_also_when_a_key_is_in_the_environment() {
    let account = Account::start(&[]);
    let folder = profiles(&account);
    let wrong_key = [
        ("AWS_ACCESS_KEY_ID", "AKIAWRONG"),
        ("AWS_SECRET_ACCESS_KEY", "not-checked"),
    ];
    let right_key = [
        ("AWS_ACCESS_KEY_ID", account.key.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "not-checked"),
    ];
    let cancel = ["cancel", "nowhere", "--profile"];
    let with = |variables: &[(&str, &str)], profile: &str| {
        run(
            folder.path(),
            variables,
            &[&cancel[..], &[profile]].concat(),
        )
    };
    let (code, text) = with(&wrong_key, "good");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no stack nowhere"), "{text}");
    let (code, text) = with(&right_key, "bad");
    assert_eq!(code, Some(4), "{text}");
    // Without the flag the key in the environment is used, as by the AWS CLI.
    let mut named = wrong_key.to_vec();
    named.push(("AWS_PROFILE", "good"));
    let (code, text) = run(folder.path(), &named, &["cancel", "nowhere"]);
    assert_eq!(code, Some(4), "{text}");
    let (code, text) = run(
        folder.path(),
        &[("AWS_PROFILE", "good")],
        &["cancel", "nowhere"],
    );
    assert_eq!(code, Some(2), "{text}");
}

#[test]
fn an_unknown_profile_is_an_error_that_names_those_there_are() {
    let account = Account::start(&[]);
    let folder = profiles(&account);
    let key = ("AWS_ACCESS_KEY_ID", account.key.as_str());
    let secret = ("AWS_SECRET_ACCESS_KEY", "not-checked");
    let profile = ("AWS_PROFILE", "nope");
    for (variables, flags) in [
        (
            vec![key, secret],
            &["cancel", "nowhere", "--profile", "nope"][..],
        ),
        (vec![key, secret, profile], &["cancel", "nowhere"][..]),
    ] {
        let (code, text) = run(folder.path(), &variables, flags);
        assert_eq!(code, Some(2), "{text}");
        let says = "profile nope does not exist";
        assert!(text.contains(says) && text.contains("bad, good"), "{text}");
    }
}

#[test]
fn an_address_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-west-1"),
        // Nothing listens on port 1.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ];
    for verb in [&["cancel", "nowhere"][..], &["plan", "nowhere"]] {
        let (code, text) = run(folder.path(), &variables, verb);
        assert_eq!(code, Some(4), "{text}");
        let says = "http://127.0.0.1:1 does not answer";
        assert!(text.contains(says), "{text}");
        assert!(text.contains("AWS_ENDPOINT_URL"), "{text}");
        assert!(!text.contains("dispatch failure"), "{text}");
    }
}

/// Environment, flags, and what the message names.
type Misled<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);

/// Words of the SDK, remedies that do not help, and advice to wait: none of them belongs to a wrong
/// value.
const NOT_THE_CAUSE: [&str; 7] = [
    "dispatch failure",
    "interceptor",
    "SdkBody",
    "retry later",
    "waiting",
    "aws sso login",
    "AWS_SECRET_ACCESS_KEY",
];

fn blames(folder: &Path, expected: i32, cases: &[Misled<'_>]) {
    for (variables, flags, parts) in cases {
        let key = [
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        for verb in [&["plan", "nowhere"][..], &["watch", "nowhere", "--exit"]] {
            let began = std::time::Instant::now();
            let variables = [&key[..], variables].concat();
            let (code, text) = run(folder, &variables, &[verb, flags].concat());
            assert_eq!(code, Some(expected), "{text}");
            for part in *parts {
                assert!(text.contains(part), "no {part:?} in {text}");
            }
            for word in NOT_THE_CAUSE {
                assert!(!text.contains(word), "{word:?} in {text}");
            }
            let at_once = began.elapsed().as_secs() < 25;
            assert!(at_once, "waited for a value that stays wrong: {text}");
        }
    }
}

#[test]
fn a_region_or_an_endpoint_that_cannot_be_is_blamed_with_where_it_was_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "[profile odd]\nregion = eu-wset-1\n[profile bad]\nregion = eu-west-1\nendpoint_url = nonsense\n";
    std::fs::write(folder.path().join("config"), config).expect("a file");
    let region = ("AWS_REGION", "eu-west-1");
    blames(
        folder.path(),
        2,
        &[
            (
                &[region, ("AWS_ENDPOINT_URL", "garbage")],
                &[],
                &["AWS_ENDPOINT_URL", "'garbage'", "https://"],
            ),
            (
                &[region, ("AWS_ENDPOINT_URL_ECS", "http://")],
                &[],
                &["AWS_ENDPOINT_URL_ECS", "'http://'"],
            ),
            (
                &[("AWS_PROFILE", "bad")],
                &[],
                &["endpoint_url of profile bad", "'nonsense'"],
            ),
            (
                &[region],
                &["--region", "eu west"],
                &["--region", "'eu west'"],
            ),
            (&[("AWS_REGION", "")], &[], &["AWS_REGION", "''"]),
            (
                &[region],
                &["--region", "eu-wset-1"],
                &["--region", "'eu-wset-1'", "eu-west-1"],
            ),
            (
                &[("AWS_DEFAULT_REGION", "eu-wset-1")],
                &[],
                &["AWS_DEFAULT_REGION", "'eu-wset-1'"],
            ),
            (
                &[("AWS_PROFILE", "odd")],
                &[],
                &["region of profile odd", "'eu-wset-1'"],
            ),
        ],
    );
}

#[test]
fn a_region_that_is_not_the_endpoints_is_blamed_and_not_the_credentials() {
    let account = Account::start(&[]);
    let folder = profiles(&account);
    let url = format!("http://{}", account.address);
    let key = ("AWS_ACCESS_KEY_ID", account.key.as_str());
    let endpoint = ("AWS_ENDPOINT_URL", url.as_str());
    let region = ("AWS_REGION", "us-east-1");
    blames(
        folder.path(),
        2,
        &[
            (
                &[key, endpoint, region],
                &[],
                &[
                    "us-east-1",
                    "AWS_REGION",
                    "AWS_ENDPOINT_URL",
                    "in eu-west-1",
                ],
            ),
            (
                &[key, endpoint],
                &["--region", "us-east-1"],
                &["'us-east-1'", "--region", "in eu-west-1"],
            ),
        ],
    );
}

#[test]
fn debug_writes_each_call_and_no_secret() {
    let account = Account::start(&[]);
    let folder = profiles(&account);
    let flags = ["cancel", "nowhere", "--profile", "good", "--debug"];
    let (code, text) = run(folder.path(), &[], &flags);
    assert_eq!(code, Some(2), "{text}");
    let line = format!(
        "debug: http://{} DescribeStacks: HTTP 400 in ",
        account.address
    );
    assert!(text.contains(&line), "{text}");
    assert!(text.contains("request id "), "{text}");
    assert!(!text.contains(&account.key), "{text}");
}
