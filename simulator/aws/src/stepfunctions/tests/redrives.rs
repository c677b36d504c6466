//! Redrives, as recorded (radkawar/stackd testdata/aws/stepfunctions/redrive_execution.json,
//! 2026-09).

use super::activities::{activity, asked};
use super::*;

impl Stage {
    fn redrive(&mut self, token: &str) -> Result<Value, ApiError> {
        let asked = json!({"executionArn": self.execution, "clientToken": token});
        self.call("RedriveExecution", asked)
    }

    fn described(&mut self) -> Value {
        let asked = json!({"executionArn": self.execution});
        self.call("DescribeExecution", asked).expect("described")
    }

    fn previous(&self, id: usize) -> usize {
        self.run().history[id - 1].previous_event_id
    }
}

#[test]
fn an_execution_that_ended_in_a_fail_state_fails_again_at_once() {
    let definition = json!({"StartAt": "F", "States": {
        "F": {"Type": "Fail", "Error": "E", "Cause": "why"},
    }});
    let mut stage = Stage::start(&definition, &json!({}));
    stage.pass(1);
    let redriven = stage.redrive("t").expect("redriven");
    assert_eq!(redriven, json!({"redriveDate": "2026-11-23T00:00:01Z"}));
    let running = stage.described();
    assert_eq!(running["status"], "RUNNING");
    assert_eq!(running["redriveCount"], 1);
    assert_eq!(running["redriveDate"], "2026-11-23T00:00:01Z");
    assert_eq!(running["redriveStatus"], "NOT_REDRIVABLE");
    for gone in ["error", "cause", "stopDate"] {
        assert_eq!(running.get(gone), None, "{gone}");
    }
    stage.pass(1);
    assert_eq!(
        stage.kinds()[1..],
        [
            "FailStateEntered",
            "ExecutionFailed",
            "ExecutionRedriven",
            "ExecutionFailed"
        ]
    );
    assert_eq!(stage.details(3), json!({"redriveCount": 1}));
    assert_eq!((stage.previous(4), stage.previous(5)), (3, 4));
    assert_eq!(stage.details(4), stage.details(2));
    let failed = stage.described();
    assert_eq!(
        (&failed["status"], &failed["error"]),
        (&json!("FAILED"), &json!("E"))
    );
    assert_eq!(failed["redriveStatus"], "REDRIVABLE");
}

#[test]
fn a_task_is_asked_again_in_the_state_that_was_entered() {
    let parameters = json!({"execution.$": "$$.Execution", "state.$": "$$.State"});
    let retry = json!([{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1}]);
    let mut stage = asked(json!({"Parameters": parameters, "Retry": retry}));
    for _ in 0..2 {
        let failure = json!({"taskToken": stage.take(), "error": "E"});
        stage.call("SendTaskFailure", failure).expect("taken");
        stage.pass(2);
    }
    assert_eq!(stage.run().error.as_deref(), Some("E"));
    let events = stage.run().history.len();
    stage.redrive("t").expect("redriven");
    stage.pass(1);
    assert_eq!(
        stage.kinds()[events..],
        ["ExecutionRedriven", "ActivityScheduled"]
    );
    assert_eq!(stage.previous(events + 1), events);
    assert_eq!(stage.previous(events + 2), 2, "the state's own entry");
    let got = stage.poll();
    let input: Value = serde_json::from_str(got["input"].as_str().expect("text")).expect("JSON");
    assert_eq!(input["execution"]["RedriveCount"], 1);
    assert_eq!(
        input["execution"]["RedriveTime"],
        "2026-11-23T00:00:05.000Z"
    );
    assert_eq!(input["state"]["RetryCount"], 0);
    assert_eq!(input["state"]["EnteredTime"], "2026-11-23T00:00:00.025Z");
    assert_eq!(stage.previous(events + 3), events + 2);
    // The retries restart.
    let failure = json!({"taskToken": got["taskToken"], "error": "E"});
    stage.call("SendTaskFailure", failure).expect("taken");
    stage.pass(2);
    let answer = json!({"taskToken": stage.take(), "output": "{}"});
    stage.call("SendTaskSuccess", answer).expect("taken");
    stage.pass(1);
    let ended = stage.described();
    assert_eq!(ended["status"], "SUCCEEDED");
    assert_eq!(
        ended["redriveStatusReason"],
        "Execution is SUCCEEDED and cannot be redriven"
    );
}

#[test]
fn one_that_was_stopped_or_took_too_long_is_asked_again_with_its_clocks_anew() {
    for timeout in [false, true] {
        let mut stage = Stage::empty();
        stage
            .call("CreateActivity", json!({"name": "a"}))
            .expect("an activity");
        let mut definition = one_task(json!({"Resource": activity(), "TimeoutSeconds": 60}));
        definition["TimeoutSeconds"] = json!(8);
        stage.begin(&definition, &json!({}));
        stage.pass(1);
        let old = stage.take();
        if timeout {
            stage.pass(7);
        } else {
            let stop = json!({"executionArn": stage.execution});
            stage.call("StopExecution", stop).expect("stopped");
        }
        let wanted = if timeout { "TIMED_OUT" } else { "ABORTED" };
        assert_eq!(stage.run().status.name(), wanted);
        stage.redrive("t").expect("redriven");
        stage.pass(7);
        assert_eq!(
            stage.run().status.name(),
            "RUNNING",
            "eight seconds from here"
        );
        let late = json!({"taskToken": old});
        let refused = stage.call("SendTaskHeartbeat", late).expect_err("late");
        assert_eq!(refused.code, "TaskTimedOut");
        assert_eq!(
            stage.kinds()[4..],
            [
                if timeout {
                    "ExecutionTimedOut"
                } else {
                    "ExecutionAborted"
                },
                "ExecutionRedriven",
                "ActivityScheduled",
            ]
        );
        stage.pass(1);
        assert_eq!(stage.run().status.name(), "TIMED_OUT", "{timeout}");
    }
}

#[test]
fn a_wait_begins_again_and_what_was_planned_before_is_not_done() {
    let mut stage = Stage::start(&wait("Seconds", json!(100)), &json!({}));
    stage.pass(90);
    let stop = json!({"executionArn": stage.execution});
    stage.call("StopExecution", stop).expect("stopped");
    stage.redrive("t").expect("redriven");
    stage.pass(50);
    assert_eq!(stage.run().status.name(), "RUNNING");
    stage.pass(51);
    assert_eq!(stage.run().status.name(), "SUCCEEDED");
}

#[test]
fn one_that_was_stopped_between_two_states_enters_the_next() {
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let mut stage = Stage::start(&definition, &json!({}));
    let stop = json!({"executionArn": stage.execution});
    stage.call("StopExecution", stop).expect("stopped");
    stage.redrive("t").expect("redriven");
    stage.pass(1);
    assert_eq!(
        stage.kinds()[1..],
        [
            "ExecutionAborted",
            "ExecutionRedriven",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[test]
fn a_token_is_answered_as_it_was_and_what_cannot_be_redriven_is_refused_with_the_reason() {
    let definition = json!({"StartAt": "F", "States": {"F": {"Type": "Fail"}}});
    let mut stage = Stage::start(&definition, &json!({}));
    let running = stage.redrive("t").expect_err("it runs");
    let says = format!(
        "ExecutionNotRedrivable: Execution {} invalid for redrive as: Execution is RUNNING and cannot be redriven",
        stage.execution
    );
    assert_eq!((running.to_string(), running.status), (says, 400));
    stage.pass(1);
    let first = stage.redrive("t").expect("redriven");
    assert_eq!(
        stage.redrive("t").expect("the same token"),
        first,
        "while it runs"
    );
    stage.pass(60);
    assert_eq!(
        stage.redrive("t").expect("the same token"),
        first,
        "and later"
    );
    assert_eq!(stage.described()["redriveCount"], 1);
    stage.pass(15 * 60);
    stage
        .redrive("t")
        .expect("after 15 minutes the token is new");
    assert_eq!(stage.described()["redriveCount"], 2);
    stage.pass(15 * 86_400);
    let late = stage.redrive("u").expect_err("after 14 days");
    assert!(
        late.message
            .ends_with("Execution redrivable period exceeded"),
        "{late}"
    );
    let long = stage.redrive(&"x".repeat(65)).expect_err("a token of 65");
    assert_eq!(long.code, "ValidationException");
    let asked = json!({"executionArn": arn("states", "execution:m:none")});
    let none = stage.call("RedriveExecution", asked).expect_err("none");
    assert_eq!(none.code, "ExecutionDoesNotExist");
}

#[test]
fn the_status_event_of_a_redrive_has_its_count_and_date() {
    let definition = json!({"StartAt": "F", "States": {"F": {"Type": "Fail"}}});
    let mut stage = Stage::start(&definition, &json!({}));
    stage.pass(1);
    stage.redrive("t").expect("redriven");
    let now = stage.account.now;
    let detail = events::detail(stage.run(), now);
    assert_eq!(detail["status"], "RUNNING");
    assert_eq!(detail["redriveCount"], 1);
    assert_eq!(detail["redriveDate"], now.as_millisecond());
    assert_eq!(detail["stopDate"], Value::Null);
    let list = json!({"stateMachineArn": arn("states", "stateMachine:m")});
    let listed = stage.call("ListExecutions", list).expect("a list");
    assert_eq!(listed["executions"][0]["redriveCount"], 1);
}
