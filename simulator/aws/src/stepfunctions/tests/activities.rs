//! Activities: what workers are handed, what becomes of their answers, and of their silence.

use super::*;

pub(super) fn activity() -> String {
    arn("states", "activity:a")
}

fn asks(extra: Value) -> Value {
    let mut definition = one_task(extra);
    definition["States"]["Ask"]["Resource"] = json!(activity());
    definition
}

/// An execution whose question waits in the activity's line.
pub(super) fn asked(extra: Value) -> Stage {
    let mut stage = Stage::empty();
    stage
        .call("CreateActivity", json!({"name": "a"}))
        .expect("an activity");
    stage.begin(&asks(extra), &json!({"a": 1}));
    stage.pass(1);
    stage
}

impl Stage {
    pub(super) fn pass(&mut self, seconds: u64) {
        let until = self.account.now + Duration::from_secs(seconds);
        self.account.advance(until);
    }

    pub(super) fn poll(&mut self) -> Value {
        self.call(
            "GetActivityTask",
            json!({"activityArn": activity(), "workerName": "w"}),
        )
        .expect("an answer")
    }

    pub(super) fn take(&mut self) -> Value {
        self.poll()["taskToken"].clone()
    }

    fn refusal(&mut self, action: &str, input: Value) -> String {
        self.call(action, input).expect_err("refused").code
    }
}

#[test]
fn a_worker_takes_a_question_and_answers_it() {
    let mut stage = asked(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 10}));
    let got = stage.poll();
    assert_eq!(got["input"], r#"{"a":1}"#);
    assert_eq!(stage.poll(), json!({}), "each question is handed out once");
    let answer = json!({"taskToken": got["taskToken"], "output": r#"{"b":2}"#});
    stage.call("SendTaskSuccess", answer).expect("taken");
    stage.pass(1);
    assert_eq!(
        stage.kinds()[2..6],
        [
            "ActivityScheduled",
            "ActivityStarted",
            "ActivitySucceeded",
            "TaskStateExited"
        ]
    );
    let scheduled = json!({"resource": activity(), "timeoutInSeconds": 60, "heartbeatInSeconds": 10,
        "input": r#"{"a":1}"#, "inputDetails": {"truncated": false}});
    assert_eq!(stage.details(2), scheduled);
    assert_eq!(stage.details(3), json!({"workerName": "w"}));
    assert_eq!(
        stage.run().output.as_deref(),
        Some(r#"{"a":1,"answer":{"b":2}}"#)
    );
}

#[test]
fn a_worker_s_failure_is_caught_by_its_name() {
    let mut stage = asked(json!({"Catch": [{"ErrorEquals": ["BadEvent"], "Next": "Done"}]}));
    let failure = json!({"taskToken": stage.take(), "error": "BadEvent", "cause": "why"});
    stage.call("SendTaskFailure", failure).expect("taken");
    stage.pass(1);
    assert_eq!(stage.kinds()[4], "ActivityFailed");
    assert_eq!(
        stage.details(4),
        json!({"error": "BadEvent", "cause": "why"})
    );
    assert_eq!(
        stage.run().output.as_deref(),
        Some(r#"{"Error":"BadEvent","Cause":"why"}"#)
    );
}

#[test]
fn the_clocks_begin_when_a_worker_takes_the_question() {
    let mut stage = asked(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 10}));
    stage.pass(1000);
    assert_eq!(stage.kinds().len(), 3, "nobody has polled yet");
    let token = stage.take();
    for _ in 0..6 {
        stage.pass(9);
        stage
            .call("SendTaskHeartbeat", json!({"taskToken": token}))
            .expect("in time");
    }
    stage.pass(6);
    assert_eq!(
        stage.kinds()[4],
        "ActivityTimedOut",
        "whatever the heartbeats"
    );
    assert_eq!(stage.details(4), json!({"error": "States.Timeout"}));
    assert_eq!(stage.run().error.as_deref(), Some("States.Timeout"));
}

#[test]
fn a_silent_worker_is_noticed_and_its_late_answer_refused() {
    let retry = json!([{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1}]);
    let mut stage = asked(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 10, "Retry": retry}));
    let token = stage.take();
    stage.pass(10);
    // Recorded (radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json, 2026-09): the
    // same error as that of TimeoutSeconds.
    assert_eq!(stage.details(4), json!({"error": "States.Timeout"}));
    for (action, late) in [
        (
            "SendTaskSuccess",
            json!({"taskToken": token, "output": "{}"}),
        ),
        ("SendTaskFailure", json!({"taskToken": token, "error": "E"})),
        ("SendTaskHeartbeat", json!({"taskToken": token})),
    ] {
        let refused = stage.call(action, late).expect_err("too late");
        let says = format!("TaskTimedOut: Task Timed Out: '{}'", activity());
        assert_eq!((refused.to_string(), refused.status), (says, 400));
    }
    stage.pass(1);
    let again = json!({"taskToken": stage.take(), "output": "{}"});
    stage.call("SendTaskSuccess", again).expect("the retry's");
    stage.pass(1);
    assert_eq!(stage.run().status, execution::Status::Succeeded);
}

#[test]
fn an_entry_for_the_heartbeat_s_own_error_never_matches() {
    let entries = json!([{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Done"}]);
    let mut stage = asked(json!({"HeartbeatSeconds": 10, "Catch": entries}));
    stage.take();
    stage.pass(11);
    assert_eq!(stage.kinds()[4..], ["ActivityTimedOut", "ExecutionFailed"]);
    assert_eq!(stage.run().error.as_deref(), Some("States.Timeout"));
}

#[test]
fn what_aws_refuses_of_workers_is_refused() {
    let mut stage = asked(json!({}));
    let token = stage.take();
    for (action, input, code) in [
        (
            "SendTaskHeartbeat",
            json!({"taskToken": "x"}),
            "InvalidToken",
        ),
        (
            "SendTaskHeartbeat",
            json!({"taskToken": "0".repeat(256)}),
            "TaskDoesNotExist",
        ),
        (
            "SendTaskSuccess",
            json!({"taskToken": token, "output": "{"}),
            "InvalidOutput",
        ),
        (
            "GetActivityTask",
            json!({"activityArn": arn("states", "activity:b")}),
            "ActivityDoesNotExist",
        ),
        (
            "DescribeActivity",
            json!({"activityArn": "a"}),
            "InvalidArn",
        ),
        ("CreateActivity", json!({"name": "a b"}), "InvalidName"),
        (
            "CreateActivity",
            json!({"name": "c", "encryptionConfiguration": {}}),
            "NotImplemented",
        ),
    ] {
        assert_eq!(
            stage.refusal(action, input.clone()),
            code,
            "{action} {input}"
        );
    }
    let listed = stage.call("ListActivities", json!({})).expect("a list");
    assert_eq!(listed["activities"][0]["name"], "a");
}

#[test]
fn an_activity_that_is_not_there_ends_the_execution_as_recorded() {
    let all = json!([{"ErrorEquals": ["States.ALL"], "Next": "Done"}]);
    let mut stage = Stage::start(&asks(json!({"Catch": all})), &json!({}));
    stage.pass(1);
    assert_eq!(stage.kinds()[1..], ["TaskStateEntered", "ExecutionFailed"]);
    let cause = format!(
        "An error occurred while executing the state 'Ask' (entered at the event id #2). The activity {} does not exist.",
        activity()
    );
    assert_eq!(
        stage.details(2),
        json!({"error": "States.Runtime", "cause": cause})
    );
}
