//! Parameters, as they were recorded on AWS.

use super::*;
use crate::account::Caller;

fn ask(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
    account.call(&Caller::Operator, "ssm", action, &input)
}

fn account() -> Account {
    Account::new(Timestamp::UNIX_EPOCH, 1)
}

fn put(value: &str, overwrite: bool) -> Value {
    json!({"Name": "/P/string", "Value": value, "Type": "String", "Overwrite": overwrite})
}

#[test]
fn a_parameter_is_overwritten_only_when_that_is_said() {
    let mut account = account();
    let first = ask(&mut account, "PutParameter", put("a", false)).expect("new");
    assert_eq!(first["Version"], 1);
    let refused = ask(&mut account, "PutParameter", put("b", false)).expect_err("it is there");
    assert_eq!(refused.code, "ParameterAlreadyExists");
    let second = ask(&mut account, "PutParameter", put("b", true)).expect("overwritten");
    assert_eq!(second["Version"], 2);
    let named = json!({"Name": "/P/string"});
    let got = ask(&mut account, "GetParameter", named.clone()).expect("it is there");
    assert_eq!(got["Parameter"]["Value"], "b");
    ask(&mut account, "DeleteParameter", named.clone()).expect("deleted");
    let gone = ask(&mut account, "GetParameter", named).expect_err("gone");
    assert_eq!(gone, ApiError::client("ParameterNotFound", ""));
}

#[test]
fn a_name_may_end_in_a_version_or_a_label_and_may_be_an_arn() {
    let mut account = account();
    for value in ["one", "two", "three"] {
        ask(&mut account, "PutParameter", put(value, true)).expect("put");
    }
    let label = |version: u64, label: &str| json!({"Name": "/P/string", "ParameterVersion": version, "Labels": [label]});
    for (version, name) in [(1, "stable"), (2, "stable"), (1, "old")] {
        ask(&mut account, "LabelParameterVersion", label(version, name)).expect("labelled");
    }
    for (name, value, selector) in [
        ("/P/string", "three", Value::Null),
        ("/P/string:2", "two", json!(":2")),
        ("/P/string:stable", "two", json!(":stable")),
        ("/P/string:old", "one", json!(":old")),
        (
            "arn:aws:ssm:eu-west-1:123456789012:parameter/P/string",
            "three",
            Value::Null,
        ),
        (
            "arn:aws:ssm:eu-west-1:123456789012:parameter/P/string:1",
            "one",
            json!(":1"),
        ),
    ] {
        let got = ask(&mut account, "GetParameter", json!({"Name": name})).expect(name);
        let got = &got["Parameter"];
        assert_eq!(
            (&got["Value"], &got["Selector"]),
            (&json!(value), &selector),
            "{name}"
        );
        assert_eq!(got["Name"], "/P/string");
    }
    for (name, says) in [
        (
            "/P/string:99",
            "could not find version 99 of /P/string. Verify the version and try again.",
        ),
        (
            "/P/string:missing",
            "a version of /P/string that has the specified label, missing. Verify the parameter label",
        ),
    ] {
        let refused = ask(&mut account, "GetParameter", json!({"Name": name})).expect_err(name);
        assert_eq!(refused.code, "ParameterVersionNotFound");
        assert!(refused.message.contains(says), "{refused}");
    }
}

#[test]
fn each_change_puts_an_event_on_the_bus() {
    let mut account = account();
    let rule = json!({"Name": "r", "EventPattern": "{\"source\":[\"aws.ssm\"]}"});
    account
        .call(&Caller::Operator, "events", "PutRule", &rule)
        .expect("a rule");
    let target = json!({"Rule": "r", "Targets": [{"Id": "t", "RoleArn": "role",
        "Arn": arn("states", "stateMachine:m"), "DeadLetterConfig": {"Arn": arn("sqs", "q")}}]});
    account
        .call(&Caller::Operator, "events", "PutTargets", &target)
        .expect("a target");
    ask(&mut account, "PutParameter", put("one", false)).expect("put");
    ask(&mut account, "PutParameter", put("two", true)).expect("put");
    let label = json!({"Name": "/P/string", "Labels": ["stable"]});
    ask(&mut account, "LabelParameterVersion", label).expect("labelled");
    ask(
        &mut account,
        "DeleteParameter",
        json!({"Name": "/P/string"}),
    )
    .expect("deleted");
    account.advance(account.now + std::time::Duration::from_secs(140));
    // There is no such state machine: what it was to get is in the letters.
    let letters = account.eventbridge.dead_letters.iter();
    let mut details: Vec<Value> = letters
        .map(|letter| {
            serde_json::from_str::<Value>(&letter.body).expect("an event")["detail"].take()
        })
        .collect();
    details.sort_by_key(|detail| detail["operation"].to_string());
    let of =
        |operation: &str| json!({"name": "/P/string", "operation": operation, "type": "String"});
    let mut labelled = of("LabelParameterVersion");
    labelled["label"] = json!("stable");
    labelled["fromVersion"] = json!("");
    labelled["toVersion"] = json!("2");
    assert_eq!(
        details,
        [of("Create"), of("Delete"), labelled, of("Update")]
    );
}

#[test]
fn what_is_not_there_or_not_known_is_refused() {
    let mut account = account();
    for (action, input, code) in [
        ("GetParameter", json!({"Name": "/ami"}), "ParameterNotFound"),
        (
            "DeleteParameter",
            json!({"Name": "/ami"}),
            "ParameterNotFound",
        ),
        (
            "LabelParameterVersion",
            json!({"Name": "/ami", "Labels": ["a"]}),
            "ParameterNotFound",
        ),
        (
            "PutParameter",
            json!({"Name": "/ami", "Value": "a", "Type": "SecureString"}),
            "NotImplemented",
        ),
        (
            "PutParameter",
            json!({"Name": "/P/bad name", "Value": "a", "Type": "String"}),
            "ValidationException",
        ),
        (
            "PutParameter",
            json!({"Name": "/aws/mine", "Value": "a", "Type": "String"}),
            "AccessDeniedException",
        ),
        (
            "PutParameter",
            json!({"Name": "/ami", "Value": "a", "Type": "String", "AllowedPattern": "b"}),
            "NotImplemented",
        ),
        (
            "GetParameterHistory",
            json!({"Name": "/ami"}),
            "NotImplemented",
        ),
        (
            "GetParameter",
            json!({"Name": "/ami", "WithDecryption": true}),
            "NotImplemented",
        ),
    ] {
        let refused = ask(&mut account, action, input.clone()).expect_err(action);
        assert_eq!(refused.code, code, "{action} {input}: {refused}");
    }
}
