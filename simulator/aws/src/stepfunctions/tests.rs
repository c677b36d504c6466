//! Whole executions, with answers given by hand.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::DataLimit;
use super::*;
use crate::account::{Caller, arn};
use crate::lambda::Failure;
use crate::lambda::LAMBDA;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::{ExecutionEvent, TraceEvent};

mod activities;
mod calls;
mod definitions;
mod lifecycle;
mod machines;
mod redrives;

const START: &str = "2026-11-23T00:00:00Z";

/// An account with one function, `f`, and one state machine, `m`.
pub(super) struct Stage {
    pub account: Account,
    pub execution: String,
}

pub(super) fn function(name: &str) -> String {
    arn("lambda", &format!("function:{name}"))
}

pub(super) fn failure(error: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: format!("{{\"errorType\": \"{error}\"}}"),
    }
}

impl Stage {
    /// The account, with an execution of `definition` started on `input`.
    pub fn start(definition: &Value, input: &Value) -> Self {
        let mut stage = Self::empty();
        stage.begin(definition, input);
        stage
    }

    /// Starts an execution of `definition` on `input`.
    pub fn begin(&mut self, definition: &Value, input: &Value) {
        let made = json!({"name": "m", "definition": definition.to_string(), "roleArn": "role"});
        let made = self
            .call("CreateStateMachine", made)
            .expect("the definition is taken");
        let machine = made["stateMachineArn"].clone();
        let run = json!({"stateMachineArn": machine, "name": "e", "input": input.to_string()});
        let started = self
            .call("StartExecution", run)
            .expect("the execution starts");
        self.execution = started["executionArn"].as_str().expect("an ARN").to_owned();
    }

    pub fn empty() -> Self {
        let start: Timestamp = START.parse().expect("an instant");
        let mut account = crate::services::account(start, 7);
        account
            .call(
                &Caller::Operator,
                "lambda",
                "CreateFunction",
                &json!({"FunctionName": "f", "Role": "role"}),
            )
            .expect("a function");
        Self {
            account,
            execution: String::new(),
        }
    }

    pub fn call(&mut self, action: &str, input: Value) -> Result<Value, ApiError> {
        self.account
            .call(&Caller::Operator, "states", action, &input)
    }

    /// Does all that is due within `seconds`, answering each invocation with what `answer` says, at
    /// once.
    pub fn play(
        &mut self,
        seconds: u64,
        mut answer: impl FnMut(&str, &Value) -> Result<Value, Failure>,
    ) {
        let until = self.account.now + Duration::from_secs(seconds);
        loop {
            while let Some(asked) = self.account[LAMBDA].waiting.pop_front() {
                let result = answer(&asked.function, &asked.payload);
                task_returned(&mut self.account, &asked.ticket, result);
            }
            if !self.account.step(until) {
                return;
            }
        }
    }

    pub fn run(&self) -> &Execution {
        self.account[STEPFUNCTIONS]
            .execution(&self.execution)
            .expect("the execution")
    }

    pub fn kinds(&self) -> Vec<&str> {
        self.run()
            .history
            .iter()
            .map(|event| event.kind.as_str())
            .collect()
    }

    pub fn seconds(&self) -> u64 {
        let start: Timestamp = START.parse().expect("an instant");
        let lasted = self.run().stop.expect("an end").duration_since(start);
        u64::try_from(lasted.as_secs()).expect("time goes forward")
    }

    fn details(&self, at: usize) -> Value {
        let event = self.run().history[at].to_json(true);
        let mut members = event.as_object().expect("an object").iter();
        let (_, details) = members
            .find(|(name, _)| name.ends_with("EventDetails"))
            .expect("details");
        details.clone()
    }
}

fn one_task(extra: Value) -> Value {
    let mut task = json!({"Type": "Task", "Resource": function("f"), "ResultPath": "$.answer", "Next": "Done"});
    for (field, value) in extra.as_object().expect("fields") {
        task[field] = value.clone();
    }
    json!({"StartAt": "Ask", "States": {
        "Ask": task, "Done": {"Type": "Succeed"},
    }})
}

#[test]
fn a_task_writes_the_five_events_and_links_each_to_the_one_before() {
    let mut stage = Stage::start(&one_task(json!({"TimeoutSeconds": 9})), &json!({"a": 1}));
    stage.play(1, |_, payload| Ok(json!({"got": payload})));
    assert_eq!(
        stage.kinds(),
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "TaskStateExited",
            "SucceedStateEntered",
            "SucceedStateExited",
            "ExecutionSucceeded",
        ]
    );
    let history = stage
        .call(
            "GetExecutionHistory",
            json!({"executionArn": stage.execution}),
        )
        .expect("a history");
    let links: Vec<_> = history["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|e| e["previousEventId"].clone())
        .collect();
    assert_eq!(links, [0, 0, 2, 3, 4, 5, 6, 7, 8]);
    let event = &history["events"][2];
    let wanted = json!({
        "timestamp": "2026-11-23T00:00:00.025Z", "type": "LambdaFunctionScheduled", "id": 3, "previousEventId": 2,
        "lambdaFunctionScheduledEventDetails": {
            "input": "{\"a\":1}", "inputDetails": {"truncated": false},
            "resource": function("f"), "timeoutInSeconds": 9,
        },
    });
    assert_eq!(*event, wanted);
    assert_eq!(
        history["events"][3].as_object().expect("an event").len(),
        4,
        "LambdaFunctionStarted has no details"
    );
    let output = "{\"a\":1,\"answer\":{\"got\":{\"a\":1}}}";
    assert_eq!(
        stage.details(5),
        json!({"name": "Ask", "output": output, "outputDetails": {"truncated": false}})
    );
    assert_eq!(
        stage.details(8),
        json!({"output": output, "outputDetails": {"truncated": false}})
    );
    assert_eq!(
        (
            stage.run().transitions,
            stage.account[STEPFUNCTIONS].transitions
        ),
        (2, 2)
    );
}

#[test]
fn an_error_is_retried_with_backoff_and_then_caught() {
    let definition = one_task(json!({
        "Retry": [
            {"ErrorEquals": ["BadEvent"], "MaxAttempts": 0},
            {"ErrorEquals": ["Throttled"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3, "MaxDelaySeconds": 10},
        ],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Done"}],
    }));
    let mut stage = Stage::start(&definition, &json!({"a": 1}));
    stage.play(60, |_, _| Err(failure("Throttled")));
    let attempts = stage
        .kinds()
        .iter()
        .filter(|kind| **kind == "LambdaFunctionFailed")
        .count();
    assert_eq!((attempts, stage.seconds()), (4, 2 + 6 + 10));
    assert_eq!(stage.run().transitions, 2 + 3, "each retry is a transition");
    assert_eq!(
        stage.details(4),
        json!({"error": "Throttled", "cause": "{\"errorType\": \"Throttled\"}"})
    );
    let output = stage.run().output.clone().expect("an output");
    assert_eq!(
        output,
        r#"{"a":1,"error":{"Error":"Throttled","Cause":"{\"errorType\": \"Throttled\"}"}}"#
    );

    let mut stage = Stage::start(&definition, &json!({}));
    stage.play(60, |_, _| Err(failure("BadEvent")));
    let kinds = [
        "LambdaFunctionFailed",
        "TaskStateExited",
        "SucceedStateEntered",
    ];
    assert_eq!(stage.kinds()[4..7], kinds, "BadEvent is not retried");
}

#[test]
fn what_nothing_catches_fails_the_execution() {
    let definition = one_task(json!({"Catch": [{"ErrorEquals": ["Other"], "Next": "Done"}]}));
    let mut stage = Stage::start(&definition, &json!({"detail": {"EC2InstanceId": "i-1"}}));
    stage.play(1, |_, _| Err(failure("Throttled")));
    assert_eq!(
        stage.kinds()[4..],
        ["LambdaFunctionFailed", "ExecutionFailed"]
    );
    assert_eq!(stage.details(5), stage.details(4));
    let record = stage
        .account
        .trace
        .iter()
        .rev()
        .find_map(|record| match &record.event {
            TraceEvent::Execution {
                instance,
                what:
                    ExecutionEvent::Ended {
                        status,
                        error,
                        history_events,
                        ..
                    },
                ..
            } => Some((
                instance.as_str(),
                status.name(),
                error.as_str(),
                *history_events,
            )),
            _ => None,
        });
    assert_eq!(record, Some(("i-1", "FAILED", "Throttled", 6)));
}

#[test]
fn full_jitter_waits_no_longer_than_the_backoff_and_follows_the_seed() {
    let definition = one_task(json!({
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 100, "MaxAttempts": 1, "JitterStrategy": "FULL"}],
    }));
    let lasted = || {
        let mut stage = Stage::start(&definition, &json!({}));
        stage.play(200, |_, _| Err(failure("Throttled")));
        stage.run().stop.expect("an end")
    };
    let start: Timestamp = START.parse().expect("an instant");
    assert!(lasted() < start + Duration::from_secs(100));
    assert_eq!(lasted(), lasted());
}

#[test]
fn an_attempt_over_its_time_is_cut_off_and_its_late_answer_ignored() {
    let definition = one_task(json!({"TimeoutSeconds": 5, "Catch": [
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Done"},
        {"ErrorEquals": ["States.Timeout"], "Next": "Done"},
    ]}));
    let mut stage = Stage::start(&definition, &json!({}));
    while stage.account[LAMBDA].waiting.is_empty() {
        stage.account.step(Timestamp::MAX);
    }
    let asked = stage.account[LAMBDA]
        .waiting
        .pop_front()
        .expect("an invocation");
    let until = stage.account.now + Duration::from_secs(5);
    stage.account.advance(until);
    let events = stage.run().history.len();
    task_returned(&mut stage.account, &asked.ticket, Ok(json!({})));
    assert_eq!(
        stage.run().history.len(),
        events,
        "the answer came too late"
    );
    stage.play(1, |_, _| Ok(json!({})));
    assert_eq!(
        stage.kinds()[4..6],
        ["LambdaFunctionTimedOut", "TaskStateExited"]
    );
    assert_eq!(stage.details(4), json!({"error": "States.Timeout"}));
    assert_eq!(
        stage.run().output.as_deref(),
        Some(r#"{"Error":"States.Timeout","Cause":""}"#)
    );
}

#[test]
fn an_answer_over_256_kib_is_an_error_that_states_all_catches_as_recorded() {
    let large = || Ok(json!("x".repeat(262_143)));
    let all = one_task(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]}));
    let mut stage = Stage::start(&all, &json!({}));
    stage.play(1, |_, _| large());
    let cause = format!(
        "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit.",
        function("f")
    );
    assert_eq!(stage.kinds()[4], "LambdaFunctionFailed");
    let failed = json!({"error": "States.DataLimitExceeded", "cause": cause});
    assert_eq!(stage.details(4), failed);
    assert_eq!(stage.run().status.name(), "SUCCEEDED");
    let named = json!({"Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Done"}]});
    for (definition, ends) in [(all, "FAILED"), (one_task(named), "SUCCEEDED")] {
        let mut stage = Stage::start(&definition, &json!({}));
        stage.account[STEPFUNCTIONS].timing.data_limit = DataLimit::OfItsName;
        stage.play(1, |_, _| large());
        assert_eq!(stage.run().status.name(), ends, "as documented");
    }
}

#[test]
fn an_output_over_256_kib_is_an_error_of_its_task_and_ends_any_other_state() {
    let half = || Ok(json!("x".repeat(200_000)));
    let input = json!({"a": "y".repeat(100_000)});
    let catch = json!([{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Done"}]);
    let mut stage = Stage::start(&one_task(json!({"Catch": catch})), &input);
    stage.play(1, |_, _| half());
    assert_eq!(stage.run().status.name(), "SUCCEEDED");
    assert_eq!(stage.run().output, Some(input.to_string()));
    let twice = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.b", "End": true},
    }});
    let mut stage = Stage::start(&twice, &json!({"a": "y".repeat(200_000)}));
    stage.play(1, |_, _| half());
    assert_eq!(
        stage.run().error.as_deref(),
        Some("States.DataLimitExceeded")
    );
}

pub(super) fn wait(field: &str, value: Value) -> Value {
    json!({"StartAt": "W", "States": {"W": {"Type": "Wait", field: value, "End": true}}})
}

#[test]
fn a_wait_lasts_as_long_as_it_says() {
    for (definition, seconds) in [
        (wait("Seconds", json!(30)), 30),
        (wait("SecondsPath", json!("$.s")), 40),
        (wait("SecondsPath", json!("$.zero")), 0),
        (wait("Timestamp", json!("2026-11-23T00:01:00Z")), 60),
        (wait("TimestampPath", json!("$.t")), 70),
        (wait("Timestamp", json!("2020-01-01T00:00:00Z")), 0),
    ] {
        let input = json!({"s": 40, "zero": 0, "t": "2026-11-23T01:01:10+01:00"});
        let mut stage = Stage::start(&definition, &input);
        stage.play(600, |_, _| Ok(json!({})));
        assert_eq!(
            stage.kinds(),
            [
                "ExecutionStarted",
                "WaitStateEntered",
                "WaitStateExited",
                "ExecutionSucceeded"
            ]
        );
        assert_eq!(stage.seconds(), seconds, "{definition}");
        assert_eq!(stage.run().output, Some(input.to_string()));
    }
}

#[test]
fn a_wait_of_unknown_length_fails_in_the_words_of_aws() {
    for (value, says) in [
        (
            json!({"w": -1}),
            "The SecondsPath parameter references a negative value: $.w == -1",
        ),
        (
            json!({"w": 1.5}),
            "The SecondsPath parameter cannot be parsed as a long value: $.w == 1.5",
        ),
        (
            json!({"w": -1.5}),
            "The SecondsPath parameter cannot be parsed as a long value: $.w == -1.5",
        ),
        (
            json!({}),
            "The SecondsPath parameter does not reference an input value: $.w",
        ),
        (
            json!({"w": 2_147_483_648_u64}),
            "The SecondsPath parameter references a value over 2147483647: $.w == 2147483648",
        ),
    ] {
        let mut stage = Stage::start(&wait("SecondsPath", json!("$.w")), &value);
        stage.play(1, |_, _| Ok(json!({})));
        let cause = format!(
            "An error occurred while executing the state 'W' (entered at the event id #2). {says}"
        );
        assert_eq!(stage.kinds()[2..], ["ExecutionFailed"]);
        assert_eq!(
            stage.details(2),
            json!({"error": "States.Runtime", "cause": cause})
        );
    }
}

#[test]
fn a_wait_lasts_no_more_seconds_than_fit_32_bits() {
    let after = |days: i64| {
        let start: Timestamp = START.parse().expect("an instant");
        (start + jiff::SignedDuration::from_hours(24 * days)).to_string()
    };
    for (definition, input, fails) in [
        (
            wait("TimestampPath", json!("$.t")),
            json!({"t": after(24_855)}),
            false,
        ),
        (
            wait("TimestampPath", json!("$.t")),
            json!({"t": after(24_856)}),
            true,
        ),
        (wait("Timestamp", json!(after(24_856))), json!({}), true),
        (
            wait("SecondsPath", json!("$.s")),
            json!({"s": i32::MAX}),
            false,
        ),
        (
            wait("TimestampPath", json!("$.t")),
            json!({"t": "2026-11-23 00:01:00Z"}),
            true,
        ),
    ] {
        let mut stage = Stage::start(&definition, &input);
        stage.play(1, |_, _| Ok(json!({})));
        let ended = stage.run().error.as_deref();
        assert_eq!(
            ended,
            fails.then_some("States.Runtime"),
            "{definition} {input}"
        );
    }
}

#[test]
fn an_execution_over_its_time_times_out() {
    let mut definition = wait("Seconds", json!(300));
    definition["TimeoutSeconds"] = json!(100);
    let mut stage = Stage::start(&definition, &json!({}));
    stage.play(600, |_, _| Ok(json!({})));
    assert_eq!(stage.kinds()[2..], ["ExecutionTimedOut"]);
    assert_eq!(
        (stage.run().status.name(), stage.seconds()),
        ("TIMED_OUT", 100)
    );
    // Recorded (radkawar/stackd testdata/aws/stepfunctions/observability.json, 2026-09): only the
    // history gives the error, and the event follows from none.
    assert_eq!(stage.details(2), json!({"error": "States.Timeout"}));
    assert_eq!(stage.run().history[2].previous_event_id, 0);
    let asked = json!({"executionArn": stage.execution});
    let described = stage.call("DescribeExecution", asked).expect("described");
    assert_eq!(
        (described.get("error"), described.get("cause")),
        (None, None)
    );
}

#[test]
fn the_25000th_event_is_the_last_and_a_failure() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "A"},
        "C": {"Type": "Succeed"},
    }});
    let mut stage = Stage::start(&definition, &json!({}));
    stage.play(3600, |_, _| Ok(json!({})));
    let last = stage.run().history.last().expect("an event");
    assert_eq!(
        (last.id, last.previous_event_id, last.kind.as_str()),
        (25_000, 24_999, "ExecutionFailed")
    );
    let cause = "The execution reached the maximum number of history events (25000).";
    assert_eq!(
        stage.details(24_999),
        json!({"error": "States.Runtime", "cause": cause})
    );
}

#[test]
fn pass_choice_and_fail_do_as_their_fields_say() {
    let definition = json!({"StartAt": "P", "States": {
        "P": {"Type": "Pass", "Parameters": {"who.$": "$$.Execution.Name", "at.$": "$$.State.EnteredTime"},
            "InputPath": "$.in", "ResultPath": "$.p", "OutputPath": "$.p", "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.who", "StringEquals": "e", "Next": "F"}]},
        "F": {"Type": "Fail", "ErrorPath": "$.who", "CausePath": "States.Format('at {}', $.at)"},
    }});
    let mut stage = Stage::start(&definition, &json!({"in": {}}));
    stage.play(1, |_, _| Ok(json!({})));
    let kinds = [
        "PassStateEntered",
        "PassStateExited",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ];
    assert_eq!(stage.kinds()[1..], kinds);
    assert_eq!(
        stage.details(6),
        json!({"error": "e", "cause": "at 2026-11-23T00:00:00.025Z"})
    );
}

#[test]
fn a_choice_without_a_way_on_fails_and_so_does_a_path_to_nothing() {
    let choice = |next: Value| {
        json!({"StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": [next]}, "S": {"Type": "Succeed"},
        }})
    };
    for (rule, says) in [
        (
            json!({"Variable": "$.v", "NumericEquals": 2, "Next": "S"}),
            "Failed to transition out of the state. The state does not point to a next state.",
        ),
        (
            json!({"Variable": "$.w", "NumericEquals": 2, "Next": "S"}),
            "Invalid path '$.w': The choice state's condition path references an invalid value.",
        ),
        (
            json!({"Variable": "$.no.x", "NumericEquals": 2, "Next": "S"}),
            "Invalid path '$.no.x' : Missing property in path $['no']",
        ),
        (
            json!({"Variable": "$.v", "NumericEqualsPath": "$.no.x", "Next": "S"}),
            "Invalid path '$.no.x' : Missing property in path $['no']",
        ),
    ] {
        let mut stage = Stage::start(&choice(rule), &json!({"v": 1}));
        stage.play(1, |_, _| Ok(json!({})));
        assert_eq!(stage.run().error.as_deref(), Some("States.Runtime"));
        assert!(
            stage
                .run()
                .cause
                .as_deref()
                .expect("a cause")
                .ends_with(says)
        );
    }
}

#[test]
fn an_input_path_to_nothing_says_what_is_missing() {
    for (path, says) in [
        (
            "$.a.no",
            "Invalid path '$.a.no' : No results for path: $['a']['no']",
        ),
        (
            "$.no.x",
            "Invalid path '$.no.x' : Missing property in path $['no']",
        ),
    ] {
        let definition = json!({"StartAt": "P", "States": {
            "P": {"Type": "Pass", "InputPath": path, "End": true},
        }});
        let mut stage = Stage::start(&definition, &json!({"a": {}}));
        stage.play(1, |_, _| Ok(json!({})));
        let cause = stage.run().cause.clone().expect("a cause");
        assert!(cause.ends_with(says), "{cause}");
    }
}

#[test]
fn runtime_errors_of_a_task_are_not_caught_but_a_result_without_place_is() {
    let mut fields = json!({"Parameters": {"x.$": "$.none"}, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]});
    let mut stage = Stage::start(&one_task(fields.clone()), &json!({}));
    stage.play(1, |_, _| Ok(json!({})));
    assert_eq!(stage.kinds()[2..], ["ExecutionFailed"]);
    fields["Parameters"] = json!({});
    fields["ResultPath"] = json!("$.a.b");
    fields["Catch"][0]["ResultPath"] = json!("$.error");
    let mut stage = Stage::start(&one_task(fields), &json!({"a": "text"}));
    stage.play(1, |_, _| Ok(json!({})));
    let output: Value =
        serde_json::from_str(stage.run().output.as_deref().expect("an output")).expect("JSON");
    assert_eq!(output["error"]["Error"], "States.ResultPathMatchFailure");
}

#[test]
fn a_function_that_is_not_there_is_an_error_like_others() {
    let mut stage = Stage::start(&one_task(json!({"Resource": function("none")})), &json!({}));
    stage.play(1, |_, _| Ok(json!({})));
    assert_eq!(
        stage.run().error.as_deref(),
        Some("Lambda.ResourceNotFoundException")
    );
    assert_eq!(
        stage.kinds()[2..],
        [
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionFailed",
            "ExecutionFailed"
        ]
    );
}
