//! State machines: where they log to, and what an update changes.

use super::*;

/// What CloudFormation makes of the log group `g`, and of a state machine with this
/// LoggingConfiguration.
fn stack(logging: &Value) -> String {
    let machine = json!({"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "StateMachineName": "m", "RoleArn": "arn:aws:iam::123456789012:role/r",
        "DefinitionString": wait("Seconds", json!(1)).to_string(), "LoggingConfiguration": logging,
    }});
    let group = json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "g"}});
    json!({"Resources": {"Group": group, "Machine": machine}}).to_string()
}

fn to(groups: &[Value], level: &str) -> Value {
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| json!({"CloudWatchLogsLogGroup": {"LogGroupArn": group}}))
        .collect();
    json!({"Level": level, "Destinations": groups})
}

/// Creates the stack, and gives its status and why.
fn created(logging: &Value) -> (Stage, String, String) {
    let mut stage = Stage::empty();
    let made = json!({"StackName": "s", "TemplateBody": stack(logging)});
    let mut call = |action: &str, input: &Value| {
        let account = &mut stage.account;
        account.call(&Caller::Operator, "cloudformation", action, input)
    };
    call("CreateStack", &made).expect("the stack is begun");
    stage.pass(600);
    let events = stage
        .account
        .call(
            &Caller::Operator,
            "cloudformation",
            "DescribeStackEvents",
            &json!({"StackName": "s"}),
        )
        .expect("events");
    let events = events["StackEvents"].as_array().expect("a list").clone();
    let failed = events
        .iter()
        .find(|event| event["ResourceStatus"] == "CREATE_FAILED");
    let reason = failed.map_or("", |event| {
        event["ResourceStatusReason"].as_str().unwrap_or_default()
    });
    let status = events[0]["ResourceStatus"].as_str().expect("a status");
    (stage, status.to_owned(), reason.to_owned())
}

#[test]
fn a_machine_logs_to_exactly_one_group_that_is_there() {
    let group = json!({"Fn::GetAtt": ["Group", "Arn"]});
    let (mut stage, status, reason) = created(&to(std::slice::from_ref(&group), "ALL"));
    assert_eq!((status.as_str(), reason.as_str()), ("CREATE_COMPLETE", ""));
    let machine = json!({"stateMachineArn": arn("states", "stateMachine:m")});
    let described = stage.call("DescribeStateMachine", machine.clone());
    let wanted = json!({"level": "ALL", "includeExecutionData": false, "destinations": [
        {"cloudWatchLogsLogGroup": {"logGroupArn": arn("logs", "log-group:g:*")}},
    ]});
    assert_eq!(
        described.expect("described")["loggingConfiguration"],
        wanted
    );

    let one = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
    let none = "Invalid Logging Configuration: Log Destination not found.";
    let away = json!(arn("logs", "log-group:away:*"));
    for (logging, says) in [
        (to(&[], "ALL"), one),
        (json!({"Level": "FATAL"}), one),
        (to(&[group.clone(), group.clone()], "ALL"), one),
        (json!({"Level": "ALL", "Destinations": [{}]}), one),
        (to(std::slice::from_ref(&away), "ALL"), none),
        (to(&[away], "OFF"), none),
    ] {
        let (_, status, reason) = created(&logging);
        assert_eq!(status, "ROLLBACK_COMPLETE", "{logging}");
        assert!(reason.contains(says), "{logging}: {reason}");
    }
    for logging in [json!({"Level": "OFF"}), to(&[], "OFF")] {
        let (_, status, reason) = created(&logging);
        assert_eq!((status.as_str(), reason.as_str()), ("CREATE_COMPLETE", ""));
    }
    // An update goes through the same check.
    let mut update = machine;
    update["loggingConfiguration"] = json!({"level": "ALL"});
    let refused = stage
        .call("UpdateStateMachine", update)
        .expect_err("refused");
    assert_eq!(
        refused.to_string(),
        format!("InvalidLoggingConfiguration: {one}")
    );
}

#[test]
fn an_update_that_changes_nothing_keeps_the_revision() {
    let mut stage = Stage::start(&wait("Seconds", json!(1)), &json!({}));
    let machine = json!({"stateMachineArn": arn("states", "stateMachine:m")});
    let revision = |stage: &mut Stage| {
        let described = stage.call("DescribeStateMachine", machine.clone());
        described.expect("described").get("revisionId").cloned()
    };
    assert_eq!(revision(&mut stage), None, "before the first update");
    let mut update = machine.clone();
    update["roleArn"] = json!("another");
    let first = stage
        .call("UpdateStateMachine", update.clone())
        .expect("updated");
    assert_eq!(revision(&mut stage).as_ref(), first.get("revisionId"));
    let again = stage
        .call("UpdateStateMachine", update.clone())
        .expect("updated");
    assert_eq!(again["revisionId"], first["revisionId"]);
    update["roleArn"] = json!("a third");
    let third = stage.call("UpdateStateMachine", update).expect("updated");
    assert_ne!(third["revisionId"], first["revisionId"]);
}
