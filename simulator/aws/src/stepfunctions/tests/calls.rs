//! The calls around an execution.

use super::*;
use crate::stepfunctions::STEPFUNCTIONS;

fn napping() -> Stage {
    Stage::start(&wait("Seconds", json!(100)), &json!({"a": 1}))
}

fn start(stage: &mut Stage, name: &str, input: &str) -> Result<Value, ApiError> {
    let machine = arn("states", "stateMachine:m");
    stage.call(
        "StartExecution",
        json!({"stateMachineArn": machine, "name": name, "input": input}),
    )
}

#[test]
fn a_name_is_taken_but_the_same_again_is_answered_the_same() {
    let mut stage = napping();
    stage.play(10, |_, _| Ok(json!({})));
    let again = start(&mut stage, "e", "{\"a\":1}").expect("the same again");
    assert_eq!(
        again,
        json!({"executionArn": stage.execution, "startDate": START})
    );
    let other = start(&mut stage, "e", "{\"a\":2}").expect_err("another input");
    assert_eq!(
        other.to_string(),
        format!(
            "ExecutionAlreadyExists: Execution Already Exists: '{}'",
            stage.execution
        )
    );
    stage.play(100, |_, _| Ok(json!({})));
    assert_eq!(
        start(&mut stage, "e", "{\"a\":1}")
            .expect_err("closed")
            .code,
        "ExecutionAlreadyExists"
    );
    assert_eq!(
        start(&mut stage, "a b", "{}").expect_err("a space").code,
        "InvalidName"
    );
    assert_eq!(
        start(&mut stage, &"n".repeat(81), "{}")
            .expect_err("81")
            .code,
        "InvalidName"
    );
    assert_eq!(
        start(&mut stage, "x", "{").expect_err("no JSON").code,
        "InvalidExecutionInput"
    );
    stage.play(91 * 86_400, |_, _| Ok(json!({})));
    start(&mut stage, "e", "{}").expect("after 90 days the name is free");
}

#[test]
fn a_stopped_execution_is_aborted_and_stays_so() {
    let mut stage = napping();
    stage.play(10, |_, _| Ok(json!({})));
    let stop = json!({"executionArn": stage.execution, "error": "E", "cause": "because"});
    let stopped = stage.call("StopExecution", stop.clone()).expect("stopped");
    stage.play(200, |_, _| Ok(json!({})));
    assert_eq!(
        stage.call("StopExecution", stop).expect("stopped before"),
        stopped
    );
    assert_eq!(
        stage.kinds(),
        ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]
    );
    // Recorded (radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json, 2026-09): it
    // follows from none.
    assert_eq!(stage.run().history[2].previous_event_id, 0);
    let described = stage
        .call(
            "DescribeExecution",
            json!({"executionArn": stage.execution}),
        )
        .expect("an execution");
    let wanted = json!({
        "executionArn": stage.execution, "stateMachineArn": arn("states", "stateMachine:m"), "name": "e",
        "status": "ABORTED", "startDate": START, "stopDate": "2026-11-23T00:00:10Z", "input": "{\"a\":1}",
        "inputDetails": {"included": true}, "error": "E", "cause": "because", "redriveCount": 0,
        "redriveStatus": "REDRIVABLE",
    });
    assert_eq!(described, wanted);
}

#[test]
fn a_running_execution_keeps_its_definition() {
    let mut stage = napping();
    let shorter = wait("Seconds", json!(1)).to_string();
    let machine = arn("states", "stateMachine:m");
    stage
        .call(
            "UpdateStateMachine",
            json!({"stateMachineArn": machine, "definition": shorter}),
        )
        .expect("updated");
    start(&mut stage, "later", "{}").expect("started");
    stage.play(200, |_, _| Ok(json!({})));
    let lasted: Vec<i64> = stage.account[STEPFUNCTIONS]
        .executions()
        .iter()
        .map(|run| {
            run.stop
                .expect("an end")
                .duration_since(run.start)
                .as_secs()
        })
        .collect();
    assert_eq!(lasted, [100, 1]);
}

#[test]
fn a_deleted_machine_goes_once_its_executions_ended_at_their_next_transition() {
    let definition = json!({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": 100, "Next": "S"}, "S": {"Type": "Succeed"},
    }});
    let mut stage = Stage::start(&definition, &json!({}));
    let machine = json!({"stateMachineArn": arn("states", "stateMachine:m")});
    stage.play(10, |_, _| Ok(json!({})));
    stage
        .call("DeleteStateMachine", machine.clone())
        .expect("deleted");
    assert_eq!(
        stage
            .call("DescribeStateMachine", machine.clone())
            .expect("there")["status"],
        "DELETING"
    );
    assert_eq!(
        start(&mut stage, "x", "{}").expect_err("deleting").code,
        "StateMachineDeleting"
    );
    stage.play(95, |_, _| Ok(json!({})));
    assert_eq!(stage.run().status.name(), "ABORTED");
    let described = stage.call("DescribeStateMachine", machine.clone());
    let status = described.expect("it stays for a while")["status"].clone();
    assert_eq!(status, "DELETING");
    stage.play(60, |_, _| Ok(json!({})));
    assert_eq!(
        stage
            .call("DescribeStateMachine", machine)
            .expect_err("gone")
            .code,
        "StateMachineDoesNotExist"
    );
}

#[test]
fn lists_and_histories_come_in_parts_and_either_order() {
    let mut stage = napping();
    start(&mut stage, "second", "{}").expect("started");
    stage.play(200, |_, _| Ok(json!({})));
    start(&mut stage, "third", "{}").expect("started");
    let machine = arn("states", "stateMachine:m");
    let list = |stage: &mut Stage, more: Value| {
        let mut asked = json!({"stateMachineArn": machine});
        asked
            .as_object_mut()
            .expect("members")
            .extend(more.as_object().expect("members").clone());
        stage.call("ListExecutions", asked).expect("a list")
    };
    let names = |answer: &Value| -> Vec<String> {
        answer["executions"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|e| e["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let first = list(&mut stage, json!({"maxResults": 2}));
    assert_eq!(names(&first), ["third", "second"]);
    assert_eq!(
        names(&list(&mut stage, json!({"nextToken": first["nextToken"]}))),
        ["e"]
    );
    assert_eq!(
        names(&list(&mut stage, json!({"statusFilter": "RUNNING"}))),
        ["third"]
    );
    let asked = json!({"executionArn": stage.execution, "reverseOrder": true, "maxResults": 1, "includeExecutionData": false});
    let last = stage.call("GetExecutionHistory", asked).expect("a history");
    let details = &last["events"][0]["executionSucceededEventDetails"];
    assert_eq!(*details, json!({"outputDetails": {"truncated": false}}));
    let asked = json!({"executionArn": stage.execution, "nextToken": "from-1"});
    let refused = stage.call("GetExecutionHistory", asked);
    assert_eq!(refused.expect_err("no token of ours").code, "InvalidToken");
}

#[test]
fn what_is_not_known_is_refused() {
    let mut stage = napping();
    let express = json!({"name": "x", "type": "EXPRESS", "definition": "{}", "roleArn": "role"});
    assert!(
        stage
            .call("CreateStateMachine", express)
            .expect_err("refused")
            .message
            .contains("EXPRESS")
    );
    let other = json!({"name": "m", "definition": wait("Seconds", json!(1)).to_string(), "roleArn": "role"});
    assert_eq!(
        stage
            .call("CreateStateMachine", other)
            .expect_err("taken")
            .code,
        "StateMachineAlreadyExists"
    );
}

#[test]
fn a_filter_or_an_arn_that_is_none_is_refused_in_the_words_of_aws() {
    let mut stage = napping();
    let machine = arn("states", "stateMachine:m");
    for (action, input, says) in [
        (
            "ListExecutions",
            json!({"stateMachineArn": machine, "statusFilter": "succeeded"}),
            "ValidationException: 1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy \
             constraint: Member must satisfy enum value set: \
             [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
        ),
        (
            "ListStateMachines",
            json!({"maxResults": 1001}),
            "ValidationException: 1 validation error detected: Value '1001' at 'maxResults' failed to satisfy \
             constraint: Member must have value less than or equal to 1000",
        ),
        (
            "DescribeStateMachine",
            json!({"stateMachineArn": "m"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: m'",
        ),
        (
            "GetExecutionHistory",
            json!({"executionArn": "e"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: e'",
        ),
        (
            "StartExecution",
            json!({"stateMachineArn": machine, "input": ""}),
            "InvalidExecutionInput: Invalid State Machine Execution Input: 'Invalid execution input.'",
        ),
    ] {
        let refused = stage.call(action, input).expect_err("refused");
        assert_eq!((refused.to_string().as_str(), refused.status), (says, 400));
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let record = || {
        let definition =
            one_task(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL"}]}));
        let mut stage = Stage::start(&definition, &json!({}));
        let machine = arn("states", "stateMachine:m");
        stage
            .call("StartExecution", json!({"stateMachineArn": machine}))
            .expect("a name is found");
        stage.play(60, |_, _| Err(failure("Throttled")));
        format!("{:?}", stage.account.trace)
    };
    assert_eq!(record(), record());
}
