//! Parameters, as they were recorded on AWS (radkawar/stackd
//! testdata/aws/ssm/parameter_store.json, 2026-09).

use super::*;
use crate::account::Caller;
use crate::ec2::EC2;
use crate::eventbridge::EVENTBRIDGE;

fn ask(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
    account.call(&Caller::Operator, "ssm", action, &input)
}

fn account() -> Account {
    crate::services::account(Timestamp::UNIX_EPOCH, 1)
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
    let letters = account[EVENTBRIDGE].dead_letters.iter();
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

#[test]
fn values_that_aws_refuses_are_refused() {
    let mut account = account();
    let mut put = |name: &str, value: &str| {
        let input = json!({"Name": name, "Value": value, "Type": "String"});
        ask(&mut account, "PutParameter", input)
    };
    let refused = put("/a", "").expect_err("empty");
    assert_eq!(refused.code, "ValidationException");
    assert!(
        refused.message.contains("Value '' at 'value' failed"),
        "{refused}"
    );
    let refused = put("/a", &"x".repeat(4097)).expect_err("too long");
    assert!(refused.message.contains("4096 characters"), "{refused}");
    put("/a", &"x".repeat(4096)).expect("it fits");
    put(" /b ", "x").expect("spaces around a name are taken away");
    let refused = put("b", "x").expect_err("the same name without slash");
    assert_eq!(refused.code, "NotImplemented");
}

#[test]
fn public_amis_are_read_by_name_and_arn_and_published_by_aws_alone() {
    let mut account = account();
    let arm = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id";
    let x86 = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
    let rocket = "/aws/service/bottlerocket/aws-ecs-2/x86_64/latest/image_id";
    let newest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
    let get = |account: &mut Account, name: &str| {
        let got = ask(account, "GetParameter", json!({"Name": name})).expect(name);
        let value = got["Parameter"]["Value"]
            .as_str()
            .expect("an AMI")
            .to_owned();
        assert!(value.starts_with("ami-0") && value.len() == 21, "{value}");
        value
    };
    let amis = [arm, x86, rocket, newest].map(|name| get(&mut account, name));
    assert_eq!(
        amis.iter().collect::<BTreeSet<_>>().len(),
        4,
        "each has its own"
    );
    let by_arn = get(
        &mut account,
        &format!("arn:aws:ssm:eu-west-1::parameter{arm}"),
    );
    assert_eq!(by_arn, amis[0]);
    for (ami, type_of_it) in [
        (&amis[0], "m7g.large"),
        (&amis[1], "m7i.large"),
        (&amis[3], "m7g.large"),
    ] {
        assert_eq!(
            account[EC2].check_processor(ami, type_of_it),
            Ok(()),
            "{ami}"
        );
    }
    account[EC2]
        .check_processor(&amis[0], "m7i.large")
        .expect_err("an AMI for arm64");
    let own = json!({"Name": arm, "Value": "ami-1", "Type": "String", "Overwrite": true});
    let refused = ask(&mut account, "PutParameter", own).expect_err("it is AWS's");
    assert_eq!(refused.code, "AccessDeniedException");
    public::publish(&mut account, arm, "ami-00000000000000001").expect("a name of AMIs");
    assert_eq!(get(&mut account, arm), "ami-00000000000000001");
    for name in [
        "/aws/service/global-infrastructure/regions",
        "arn:aws:ssm:us-east-1::parameter/aws/service/x",
    ] {
        let refused = ask(&mut account, "GetParameter", json!({"Name": name})).expect_err(name);
        assert_eq!(refused.code, "NotImplemented");
    }
}

/// `…/recommended` holds a JSON object, `…/recommended/image_id` its id (the page of `public`).
#[test]
fn what_is_recommended_is_json_with_the_id_that_is_published_alone_too() {
    let mut account = account();
    let json = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended";
    let id = format!("{json}/image_id");
    for published in [None, Some("ami-00000000000000001")] {
        if let Some(ami) = published {
            public::publish(&mut account, &id, ami).expect("a name of AMIs");
        }
        let mut value = |name: &str| {
            let got = ask(&mut account, "GetParameter", json!({"Name": name})).expect(name);
            assert_eq!(got["Parameter"]["Name"], name);
            got["Parameter"]["Value"]
                .as_str()
                .expect("a text")
                .to_owned()
        };
        let alone = value(&id);
        let whole: Value = serde_json::from_str(&value(json)).expect("JSON");
        assert_eq!(whole["image_id"], alone.as_str());
        assert_eq!(whole["schema_version"], 1);
    }
    let rocket = "/aws/service/bottlerocket/aws-ecs-2/x86_64/latest";
    let refused = ask(&mut account, "GetParameter", json!({"Name": rocket})).expect_err("no JSON");
    assert_eq!(refused.code, "NotImplemented");
}

#[test]
fn a_parameter_for_another_processor_is_named() {
    let arm = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id";
    assert_eq!(public::wrong_processor(arm, "m7g.large"), None);
    assert_eq!(
        public::wrong_processor("/ami/ecs/latest", "m7i.large"),
        None
    );
    let wrong = public::wrong_processor(arm, "m7i.large").expect("x86_64");
    assert!(
        wrong.contains("holds AMIs for arm64, and m7i.large is x86_64"),
        "{wrong}"
    );
}
