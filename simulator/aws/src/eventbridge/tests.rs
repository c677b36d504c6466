//! From an event to an execution.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::account::{Caller, arn};
use crate::eventbridge::EVENTBRIDGE;
use crate::faults::{FAULTS, Fault, Faults};
use crate::sns::SNS;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::TraceEvent;

fn call(
    account: &mut Account,
    service: &str,
    action: &str,
    input: Value,
) -> Result<Value, ApiError> {
    account.call(&Caller::Operator, service, action, &input)
}

fn target(more: Value) -> Value {
    let mut target = json!({"Id": "t", "Arn": arn("states", "stateMachine:m"), "RoleArn": "role"});
    target
        .as_object_mut()
        .expect("members")
        .extend(more.as_object().expect("members").clone());
    json!({"Rule": "r", "Targets": [target]})
}

/// An account in which events of `my.app` start executions that wait for a second.
fn wired(more: Value) -> Account {
    let start: Timestamp = "2026-11-23T00:00:00Z".parse().expect("an instant");
    let mut account = crate::services::account(start, 7);
    let definition =
        json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}});
    let machine = json!({"name": "m", "definition": definition.to_string(), "roleArn": "role"});
    call(&mut account, "states", "CreateStateMachine", machine).expect("a machine");
    let rule = json!({"Name": "r", "EventPattern": "{\"source\":[\"my.app\"]}"});
    call(&mut account, "events", "PutRule", rule).expect("a rule");
    call(&mut account, "events", "PutTargets", target(more)).expect("a target");
    account
}

/// The inputs of the executions that were started, in order.
fn inputs(account: &Account) -> Vec<&Value> {
    let runs = account[STEPFUNCTIONS].executions().iter();
    runs.map(|run| &run.input).collect()
}

/// An account whose rule `r` runs every five minutes, and starts executions with this more in its
/// target.
fn scheduled(more: Value) -> Account {
    let mut account = wired(more);
    let rule = json!({"Name": "r", "ScheduleExpression": "rate(5 minutes)"});
    call(&mut account, "events", "PutRule", rule).expect("a rule");
    account
}

#[test]
fn a_schedule_starts_with_its_rule_and_comes_round_for_as_long_as_that_is_there() {
    let mut account = scheduled(json!({}));
    play(&mut account, 299);
    assert!(
        inputs(&account).is_empty(),
        "one whole interval passes first"
    );
    play(&mut account, 610);
    let started = inputs(&account);
    let times: Vec<&Value> = started.iter().map(|event| &event["time"]).collect();
    let wanted = [
        "2026-11-23T00:05:00Z",
        "2026-11-23T00:10:00Z",
        "2026-11-23T00:15:00Z",
    ];
    assert_eq!(times, wanted);
    assert_eq!(
        *started[0],
        json!({
            "version": "0", "id": started[0]["id"], "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": wanted[0], "region": "eu-west-1",
            "resources": ["arn:aws:events:eu-west-1:123456789012:rule/r"], "detail": {},
        })
    );
    // The same rule again keeps its phase; a disabled one has none; enabled again it starts from
    // there.
    let state = |account: &mut Account, state: &str| {
        let rule = json!({"Name": "r", "ScheduleExpression": "rate(5 minutes)", "State": state});
        call(account, "events", "PutRule", rule).expect("a rule");
    };
    state(&mut account, "ENABLED");
    play(&mut account, 300);
    assert_eq!(inputs(&account).len(), 4);
    state(&mut account, "DISABLED");
    play(&mut account, 600);
    assert_eq!(inputs(&account).len(), 4);
    state(&mut account, "ENABLED");
    play(&mut account, 290);
    assert_eq!(inputs(&account).len(), 4);
    play(&mut account, 20);
    assert_eq!(inputs(&account).len(), 5);
    call(
        &mut account,
        "events",
        "RemoveTargets",
        json!({"Rule": "r", "Ids": ["t"]}),
    )
    .expect("removed");
    call(&mut account, "events", "DeleteRule", json!({"Name": "r"})).expect("deleted");
    play(&mut account, 1200);
    assert_eq!(inputs(&account).len(), 5);
    assert_eq!(account.next_due(), None, "nothing is left of it");
}

#[test]
fn a_rule_may_have_a_pattern_and_a_schedule_and_shows_both() {
    let mut account = wired(json!({}));
    let rule = json!({"Name": "r", "EventPattern": "{\"source\":[\"my.app\"]}",
        "ScheduleExpression": "rate(1 hour)"});
    call(&mut account, "events", "PutRule", rule.clone()).expect("a rule");
    let shown = call(&mut account, "events", "DescribeRule", json!({"Name": "r"})).expect("it");
    for member in ["EventPattern", "ScheduleExpression"] {
        assert_eq!(shown[member], rule[member]);
    }
    put(&mut account, "my.app");
    play(&mut account, 3610);
    let sources: Vec<&Value> = inputs(&account).iter().map(|it| &it["source"]).collect();
    assert_eq!(sources, ["my.app", "aws.events"]);
}

#[test]
fn a_constant_input_is_what_the_target_gets() {
    let mut account = scheduled(json!({"Input": "{\"find\":\"open actions\"}"}));
    play(&mut account, 310);
    assert_eq!(inputs(&account), [&json!({"find": "open actions"})]);
}

/// Recorded (see `lateness`): 1 to 129 s, and not in the order of their time.
#[test]
fn events_of_services_come_late_and_out_of_order() {
    let mut account = wired(json!({}));
    for second in 0..60 {
        let event = json!({"source": "my.app", "time": second, "detail": {}});
        put_event(&mut account, event);
        play(&mut account, 1);
    }
    play(&mut account, 10);
    let soon = inputs(&account).len();
    play(&mut account, lateness::LATEST.as_secs());
    let times: Vec<u64> = inputs(&account)
        .iter()
        .filter_map(|event| event["time"].as_u64())
        .collect();
    assert_eq!(times.len(), 60);
    let in_order = times.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((30..58).contains(&soon), "{soon} of 60 came within 10 s");
    assert!(in_order < 50, "{in_order} of 59 came in order");
}

#[test]
fn what_a_transformer_makes_no_json_of_is_a_dead_letter_with_that_text_and_no_retry() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    for (template, heard) in [
        ("\"<v>\"", None),
        ("{\"v\": \"<v>\"}", Some("{\"v\": \"say \\\"hello\\\"\"}")),
    ] {
        let mut account = wired(json!({}));
        let topic = arn("sns", "notices");
        call(
            &mut account,
            "sns",
            "CreateTopic",
            json!({"Name": "notices"}),
        )
        .expect("a topic");
        let allowed = json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish", "Resource": topic});
        let policy = json!({"Version": "2012-10-17", "Statement": [allowed]}).to_string();
        let policy =
            json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy});
        call(&mut account, "sns", "SetTopicAttributes", policy).expect("a policy");
        let target = json!({"Rule": "r", "Targets": [{"Id": "t", "Arn": topic,
            "DeadLetterConfig": {"Arn": queue},
            "InputTransformer": {"InputPathsMap": {"v": "$.detail.v"}, "InputTemplate": template}}]});
        call(&mut account, "events", "PutTargets", target).expect("a target");
        let entry = json!({"Source": "my.app", "DetailType": "D", "Detail": "{\"v\":\"say \\\"hello\\\"\"}"});
        call(
            &mut account,
            "events",
            "PutEvents",
            json!({"Entries": [entry]}),
        )
        .expect("taken");
        play(&mut account, 60);
        let messages = &account[SNS].topic(&topic).expect("it is there").messages;
        assert_eq!(messages.first().map(String::as_str), heard);
        let letters = &account[EVENTBRIDGE].dead_letters;
        assert_eq!(letters.len(), usize::from(heard.is_none()));
        for letter in letters {
            assert_eq!(
                *letter,
                DeadLetter {
                    queue: Some(queue.to_owned()),
                    body: "\"say \"hello\"\"".to_owned(),
                    rule_arn: arn("events", "rule/r"),
                    target_arn: topic.clone(),
                    error_code: "INVALID_JSON".to_owned(),
                    error_message: "Invalid input for target.".to_owned(),
                    exhausted_retry_condition: None,
                    retry_attempts: None,
                }
            );
        }
    }
}

fn put(account: &mut Account, source: &str) -> Value {
    let entry = json!({"Source": source, "DetailType": "Something", "Detail": "{\"a\":1}"});
    call(account, "events", "PutEvents", json!({"Entries": [entry]})).expect("taken")
}

fn play(account: &mut Account, seconds: u64) {
    let until = account.now + Duration::from_secs(seconds);
    account.advance(until);
}

fn outcomes(account: &Account) -> Vec<String> {
    let record = account.trace.iter();
    record
        .filter_map(|record| match &record.event {
            TraceEvent::Delivery { outcome, .. } => Some(outcome.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_event_that_matches_becomes_the_input_of_an_execution() {
    let mut account = wired(json!({}));
    let put_answer = put(&mut account, "my.app");
    put(&mut account, "other.app");
    play(&mut account, 60);
    assert_eq!(outcomes(&account), ["delivered"]);
    let [run] = account[STEPFUNCTIONS].executions() else {
        panic!("one execution")
    };
    assert_eq!(run.input["id"], put_answer["Entries"][0]["EventId"]);
    let members: Vec<&str> = run
        .input
        .as_object()
        .expect("members")
        .keys()
        .map(String::as_str)
        .collect();
    let wanted = [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ];
    assert_eq!(members, wanted);
    assert_eq!(run.input["detail"], json!({"a": 1}));
    let caller = account
        .trace
        .iter()
        .rev()
        .find_map(|record| match &record.event {
            TraceEvent::ApiCall { caller, action, .. } if action == "StartExecution" => {
                Some(caller.clone())
            }
            _ => None,
        });
    assert_eq!(caller, Some(Caller::Service("events")));
}

#[test]
fn a_second_copy_starts_a_second_execution_or_is_refused() {
    for (name, executions, outcome) in [
        (ExecutionName::Fresh, 2, "delivered"),
        (ExecutionName::EventId, 1, "RESOURCE_ALREADY_EXISTS"),
    ] {
        let mut account =
            wired(json!({"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q"}}));
        account[FAULTS].active = Faults::new([Fault::EventTwice], None);
        account[EVENTBRIDGE].timing.execution_name = name;
        put(&mut account, "my.app");
        play(&mut account, 60);
        assert_eq!(account[STEPFUNCTIONS].executions().len(), executions);
        let outcomes = outcomes(&account);
        assert_eq!((outcomes.len(), outcomes[0].as_str()), (2, "delivered"));
        assert!(outcomes[1].starts_with(outcome), "{outcomes:?}");
        let ids: Vec<&str> = account[STEPFUNCTIONS]
            .executions()
            .iter()
            .filter_map(|run| run.input["id"].as_str())
            .collect();
        assert!(
            ids.windows(2).all(|pair| pair[0] == pair[1]),
            "the copies are one event"
        );
        assert_eq!(account[EVENTBRIDGE].dead_letters.len(), 2 - executions);
    }
}

#[test]
fn a_missing_target_goes_to_the_dead_letter_queue_without_a_retry() {
    let queue = "arn:aws:sqs:eu-west-1:123456789012:q";
    let mut account = wired(json!({"DeadLetterConfig": {"Arn": queue}}));
    let machine = arn("states", "stateMachine:m");
    call(
        &mut account,
        "states",
        "DeleteStateMachine",
        json!({"stateMachineArn": machine}),
    )
    .expect("deleted");
    put(&mut account, "my.app");
    play(&mut account, 60);
    let [letter] = &account[EVENTBRIDGE].dead_letters[..] else {
        panic!("one letter")
    };
    assert_eq!(
        (letter.error_code.as_str(), letter.retry_attempts),
        ("NO_RESOURCE", None)
    );
    assert_eq!(
        (letter.queue.as_deref(), letter.exhausted_retry_condition),
        (Some(queue), None)
    );
    assert_eq!(
        (letter.rule_arn.clone(), letter.target_arn.clone()),
        (arn("events", "rule/r"), machine)
    );
}

#[test]
fn a_disabled_rule_delivers_nothing_and_keeps_its_targets() {
    let mut account = wired(json!({}));
    let rule =
        json!({"Name": "r", "EventPattern": "{\"source\":[\"my.app\"]}", "State": "DISABLED"});
    call(&mut account, "events", "PutRule", rule.clone()).expect("a rule");
    put(&mut account, "my.app");
    play(&mut account, 60);
    assert!(account[STEPFUNCTIONS].executions().is_empty());
    let targets = call(
        &mut account,
        "events",
        "ListTargetsByRule",
        json!({"Rule": "r"}),
    )
    .expect("targets");
    assert_eq!(targets["Targets"][0]["Id"], "t");
    let delete = json!({"Name": "r"});
    assert_eq!(
        call(&mut account, "events", "DeleteRule", delete.clone())
            .expect_err("targets")
            .code,
        "ValidationException"
    );
    call(
        &mut account,
        "events",
        "RemoveTargets",
        json!({"Rule": "r", "Ids": ["t"]}),
    )
    .expect("removed");
    call(&mut account, "events", "DeleteRule", delete).expect("deleted");
    assert_eq!(
        call(&mut account, "events", "DescribeRule", json!({"Name": "r"}))
            .expect_err("gone")
            .code,
        "ResourceNotFoundException"
    );
}

/// Calls that are refused, and what is said.
#[expect(clippy::too_many_lines, reason = "a table, to be read at once")]
fn refused_calls() -> [(&'static str, Value, &'static str); 14] {
    [
        (
            "PutRule",
            json!({"Name": "r", "ScheduleExpression": "cron(0 12 * * ? *)"}),
            "ScheduleExpression cron(0 12 * * ? *) of PutRule",
        ),
        (
            "PutRule",
            json!({"Name": "r", "ScheduleExpression": "rate(5 minute)"}),
            "ValidationException: Parameter ScheduleExpression is not valid.",
        ),
        (
            "PutRule",
            json!({"Name": "r"}),
            "EventPattern or ScheduleExpression must be specified",
        ),
        (
            "PutTargets",
            target(json!({"Input": "{}", "InputPath": "$.detail"})),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            "PutTargets",
            target(json!({"Input": "{"})),
            "JSON syntax error in input for target t",
        ),
        (
            "PutRule",
            json!({"Name": "r", "EventPattern": "{\"a\":[{\"prefx\":\"b\"}]}"}),
            "InvalidEventPatternException: Event pattern is not valid. Reason: Unrecognized match type prefx",
        ),
        (
            "PutRule",
            json!({"Name": "a b", "EventPattern": "{\"a\":[1]}"}),
            "'a b' at 'name'",
        ),
        (
            "PutTargets",
            target(json!({"InputPath": "$.detail"})),
            "InputPath",
        ),
        (
            "PutTargets",
            target(json!({"InputTransformer": {"InputTemplate": "\"a\""}})),
            "which is a state machine",
        ),
        (
            "PutTargets",
            target(json!({"Arn": arn("sns", "notices")})),
            "RoleArn of the target",
        ),
        (
            "PutTargets",
            target(json!({"Arn": arn("lambda", "function:f")})),
            "no state machine",
        ),
        (
            "PutTargets",
            target(json!({"RoleArn": null})),
            "RoleArn is required",
        ),
        (
            "PutTargets",
            target(json!({"RetryPolicy": {"MaximumRetryAttempts": 186}})),
            "from 0 to 185",
        ),
        (
            "PutEvents",
            json!({"Entries": [{"EventBusName": "mine"}]}),
            "EventBusName mine",
        ),
    ]
}

#[test]
fn what_is_not_known_or_not_right_is_refused() {
    let mut account = wired(json!({}));
    let mut refusal = |action: &str, input: Value| {
        call(&mut account, "events", action, input)
            .expect_err("refused")
            .to_string()
    };
    for (action, input, says) in refused_calls() {
        let refused = refusal(action, input.clone());
        assert!(refused.contains(says), "{action} {input}: {refused}");
    }
    let refused = put(&mut account, "aws.autoscaling");
    assert_eq!(refused["FailedEntryCount"], 1);
    assert_eq!(
        refused["Entries"][0]["ErrorCode"],
        "NotAuthorizedForSourceException"
    );
}
