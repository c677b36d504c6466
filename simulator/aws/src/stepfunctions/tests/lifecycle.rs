//! The definition that is deployed, with answers given by hand.

use super::*;
use crate::stepfunctions::STEPFUNCTIONS;

const DEFINITION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../statemachine/lifecycle.asl.json"
);

/// Runs the definition on a move, answering each function with the next of its answers (the last
/// one again and again), and gives back which functions were asked, with the result that a
/// completion was to have, and how it ended.
fn route(transition: &str, script: &[(&str, &[Value])]) -> (Vec<String>, String) {
    route_under(DataLimit::default(), transition, script)
}

/// The same, where this is how Step Functions treats a result that is too large.
fn route_under(
    limit: DataLimit,
    transition: &str,
    script: &[(&str, &[Value])],
) -> (Vec<String>, String) {
    let mut definition =
        std::fs::read_to_string(DEFINITION).expect("the definition is in the repository");
    let mut stage = Stage::empty();
    stage.account[STEPFUNCTIONS].timing.data_limit = limit;
    for (substitution, name) in [
        ("Joined", "joined"),
        ("Draining", "draining"),
        ("Drained", "drained"),
        ("Stable", "stable"),
        ("CompleteAction", "complete-action"),
    ] {
        definition = definition.replace(&format!("${{{substitution}}}"), &function(name));
        let made = json!({"FunctionName": name, "Role": "role"});
        stage
            .account
            .call(&Caller::Operator, "lambda", "CreateFunction", &made)
            .expect("a function");
    }
    let made = json!({"name": "m", "definition": definition, "roleArn": "role"});
    let machine = stage
        .call("CreateStateMachine", made)
        .expect("the definition is taken")["stateMachineArn"]
        .clone();
    let event = json!({"time": START, "detail": {
        "LifecycleTransition": format!("autoscaling:EC2_INSTANCE_{transition}"), "EC2InstanceId": "i-1",
        "Origin": "EC2", "Destination": "AutoScalingGroup",
    }});
    let run = json!({"stateMachineArn": machine, "input": event.to_string()});
    stage.execution = stage.call("StartExecution", run).expect("started")["executionArn"]
        .as_str()
        .expect("an ARN")
        .to_owned();
    let mut asked: Vec<String> = Vec::new();
    stage.play(86_400, |name, payload| {
        let answers = script
            .iter()
            .find(|(asked, _)| *asked == name)
            .map_or(&[][..], |(_, answers)| *answers);
        let turn = asked.iter().filter(|asked| *asked == name).count();
        asked.push(payload["result"].as_str().unwrap_or(name).to_owned());
        match answers.get(turn).or(answers.last()) {
            Some(Value::String(error)) => Err(failure(error)),
            Some(answer) => Ok(answer.clone()),
            None => Ok(json!({})),
        }
    });
    let ended = stage
        .run()
        .error
        .clone()
        .unwrap_or_else(|| stage.run().status.name().to_owned());
    (asked, ended)
}

#[test]
fn an_answer_that_is_too_large_ends_in_a_failed_execution_and_never_in_continue() {
    let large = json!({"verdict": "Reached", "reason": "x".repeat(262_144)});
    let reached = verdict("Reached");
    let launch = [("joined", &[large.clone()][..])];
    let drain = [
        ("draining", &[reached.clone()][..]),
        ("drained", &[large][..]),
    ];
    // As recorded, States.ALL catches it; as documented, nothing of the definition does, and the
    // execution fails there (the sources: `DataLimit`).
    let (asked, ended) = route_under(DataLimit::OfAll, "LAUNCHING", &launch);
    assert_eq!(asked.last().map(String::as_str), Some("ABANDON"));
    assert_eq!(ended, "LaunchAbandoned");
    let (asked, ended) = route_under(DataLimit::OfAll, "TERMINATING", &drain);
    assert!(!asked.contains(&"CONTINUE".to_owned()), "{asked:?}");
    assert_eq!(ended, "HookLeftOpen");
    for (transition, script) in [("LAUNCHING", &launch[..]), ("TERMINATING", &drain[..])] {
        let (asked, ended) = route_under(DataLimit::OfItsName, transition, script);
        assert!(!asked.contains(&"CONTINUE".to_owned()), "{asked:?}");
        assert_eq!(ended, "States.DataLimitExceeded");
    }
}

fn verdict(verdict: &str) -> Value {
    let wait = if verdict == "NotYet" { 12 } else { 0 };
    json!({"verdict": verdict, "reason": "as scripted", "waitSeconds": wait, "since": START, "member": true, "policy": "retain"})
}

#[test]
fn a_launch_asks_waits_and_continues() {
    let (asked, ended) = route(
        "LAUNCHING",
        &[
            (
                "joined",
                &[verdict("NotYet"), json!("Throttled"), verdict("Reached")],
            ),
            ("stable", &[verdict("Reached")]),
        ],
    );
    let wanted = ["joined", "joined", "joined", "stable", "CONTINUE"].map(str::to_owned);
    assert_eq!((asked, ended.as_str()), (wanted.to_vec(), "SUCCEEDED"));
}

#[test]
fn a_launch_that_fails_is_abandoned() {
    for answer in [
        verdict("Never"),
        json!("BadEvent"),
        json!("AccessDenied"),
        json!({"verdict": "Perhaps"}),
    ] {
        let (asked, ended) = route("LAUNCHING", &[("joined", &[answer])]);
        assert_eq!(asked.last().map(String::as_str), Some("ABANDON"));
        assert!(!asked.contains(&"CONTINUE".to_owned()), "{asked:?}");
        assert_eq!(ended, "LaunchAbandoned");
    }
}

#[test]
fn a_termination_drains_and_continues_or_leaves_the_hook_alone() {
    let reached = || verdict("Reached");
    let script: [(&str, &[Value]); 3] = [
        ("draining", &[reached()]),
        ("drained", &[verdict("NotYet"), reached()]),
        ("stable", &[reached()]),
    ];
    let (asked, ended) = route("TERMINATING", &script);
    let wanted = ["draining", "drained", "drained", "stable", "CONTINUE"].map(str::to_owned);
    assert_eq!((asked, ended.as_str()), (wanted.to_vec(), "SUCCEEDED"));
    for (worker, answer, end) in [
        ("draining", verdict("Over"), "SUCCEEDED"),
        ("drained", verdict("Never"), "DrainFailed"),
        ("drained", json!("AccessDenied"), "HookLeftOpen"),
        ("stable", json!({"verdict": "Perhaps"}), "HookLeftOpen"),
        ("stable", verdict("Never"), "DrainFailed"),
    ] {
        let answers = [answer];
        let scripted = |name| {
            if name == worker {
                answers.to_vec()
            } else {
                vec![reached()]
            }
        };
        let (draining, drained, stable) = (
            scripted("draining"),
            scripted("drained"),
            scripted("stable"),
        );
        let (asked, ended) = route(
            "TERMINATING",
            &[
                ("draining", &draining),
                ("drained", &drained),
                ("stable", &stable),
            ],
        );
        assert_eq!(ended, end, "{worker}");
        assert!(
            !asked.contains(&"CONTINUE".to_owned()),
            "{worker}: {asked:?}"
        );
    }
}
