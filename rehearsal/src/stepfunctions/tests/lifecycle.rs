//! The definition that is deployed, with answers given by hand.

use super::*;

const DEFINITION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../statemachine/lifecycle.asl.json"
);

/// Runs the definition on a move, answering each function with the next of its answers (the last one again and
/// again), and gives back the states entered and how it ended.
fn route(transition: &str, script: &[(&str, &[Value])]) -> (Vec<String>, String) {
    let mut definition =
        std::fs::read_to_string(DEFINITION).expect("the definition is in the repository");
    let mut stage = Stage::empty();
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
    let mut asked = BTreeMap::new();
    stage.play(86_400, |name, _| {
        let answers = script
            .iter()
            .find(|(asked, _)| *asked == name)
            .map_or(&[][..], |(_, answers)| *answers);
        let turn: &mut usize = asked.entry(name.to_owned()).or_default();
        *turn += 1;
        match answers.get(*turn - 1).or(answers.last()) {
            Some(Value::String(error)) => Err(failure(error)),
            Some(answer) => Ok(answer.clone()),
            None => Ok(json!({})),
        }
    });
    let entered = stage
        .account
        .facts
        .iter()
        .filter_map(|told| match &told.fact {
            Fact::Execution {
                what: ExecutionFact::Entered { state },
                ..
            } => Some(state.clone()),
            _ => None,
        });
    let ended = stage
        .run()
        .error
        .clone()
        .unwrap_or_else(|| stage.run().status.name().to_owned());
    (entered.collect(), ended)
}

fn verdict(verdict: &str) -> Value {
    let wait = if verdict == "NotYet" { 12 } else { 0 };
    json!({"verdict": verdict, "reason": "as scripted", "waitSeconds": wait, "since": START, "member": true, "policy": "retain"})
}

#[test]
fn a_launch_asks_waits_and_continues() {
    let (entered, ended) = route(
        "LAUNCHING",
        &[
            (
                "joined",
                &[verdict("NotYet"), json!("Throttled"), verdict("Reached")],
            ),
            ("stable", &[verdict("Reached")]),
        ],
    );
    let wanted = [
        "WhichMove",
        "Joined",
        "HasJoined",
        "WaitToJoin",
        "Joined",
        "HasJoined",
        "Hold",
        "MayGoOn",
        "Continue",
        "Completed",
    ];
    assert_eq!(
        (entered, ended.as_str()),
        (wanted.map(str::to_owned).to_vec(), "SUCCEEDED")
    );
}

#[test]
fn a_launch_that_fails_is_abandoned() {
    for answer in [
        verdict("Never"),
        json!("BadEvent"),
        json!("AccessDenied"),
        json!({"verdict": "Perhaps"}),
    ] {
        let (entered, ended) = route("LAUNCHING", &[("joined", &[answer])]);
        assert!(
            entered.contains(&"Abandon".to_owned()) && !entered.contains(&"Continue".to_owned())
        );
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
    let (entered, ended) = route("TERMINATING", &script);
    assert_eq!(
        (
            entered.iter().filter(|state| *state == "Drained").count(),
            ended.as_str()
        ),
        (2, "SUCCEEDED")
    );
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
        let (entered, ended) = route(
            "TERMINATING",
            &[
                ("draining", &draining),
                ("drained", &drained),
                ("stable", &stable),
            ],
        );
        assert_eq!(ended, end, "{worker}");
        assert!(
            !entered.contains(&"Continue".to_owned()),
            "{worker}: {entered:?}"
        );
    }
}
