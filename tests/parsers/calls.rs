//! Calls of an account in which the stack of this build stands: a line each, `SERVICE ACTION
//! {JSON}`, or `pass SECONDS`. `$INSTANCE` and the like stand for the names that things have there.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::wire::{self, Call};

use super::{Verdict, scene, text, wire as protocols};

/// So many lines are done, and so many events after each: what a person would wait for.
const LINES: usize = 20;
const EVENTS: usize = 200;

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    let calls = match input.lines().take(LINES).map(read).collect() {
        Ok(calls) => calls,
        Err(message) => return Verdict::Refused(message),
    };
    let calls: Vec<Line> = calls;
    let mut account = scene::deployed();
    let names = names(&mut account);
    for line in calls {
        match line {
            Line::Pass(time) => scene::steps(&mut account, EVENTS, time),
            Line::Call(call) => answered(&mut account, &names, call),
        }
    }
    still_there(&mut account);
    Verdict::Accepted
}

enum Line {
    Pass(Duration),
    Call(Call),
}

fn read(line: &str) -> Result<Line, String> {
    let (service, rest) = line.split_once(' ').ok_or("no service")?;
    if service == "pass" {
        let seconds = rest.parse::<u32>().map_err(|error| error.to_string())?;
        return Ok(Line::Pass(Duration::from_secs(seconds.into())));
    }
    let (action, input) = rest.split_once(' ').unwrap_or((rest, "{}"));
    Ok(Line::Call(Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input: serde_json::from_str(input).map_err(|error| error.to_string())?,
    }))
}

type Names = Vec<(&'static str, String)>;

/// What the names stand for.
fn names(account: &mut Account) -> Names {
    let cluster = json!({"cluster": scene::CLUSTER});
    let mut first = |service: &str, action: &str, input: &Value, place: &str| {
        let answer = scene::does(account, service, action, input);
        let id = answer.pointer(place).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{action} answers {answer}"))
            .to_owned()
    };
    let group = json!({"AutoScalingGroupNames": [scene::CLUSTER]});
    let instance = "/AutoScalingGroups/0/Instances/0/InstanceId";
    let machine = first(
        "states",
        "ListStateMachines",
        &json!({}),
        "/stateMachines/0/stateMachineArn",
    );
    let executions = json!({"stateMachineArn": machine});
    vec![
        ("$TASK", first("ecs", "ListTasks", &cluster, "/taskArns/0")),
        (
            "$MEMBER",
            first(
                "ecs",
                "ListContainerInstances",
                &cluster,
                "/containerInstanceArns/0",
            ),
        ),
        (
            "$EXECUTION",
            first(
                "states",
                "ListExecutions",
                &executions,
                "/executions/0/executionArn",
            ),
        ),
        (
            "$INSTANCE",
            first("autoscaling", "DescribeAutoScalingGroups", &group, instance),
        ),
        ("$CLUSTER", scene::CLUSTER.to_owned()),
        ("$MACHINE", machine),
        ("$GROUP", scene::CLUSTER.to_owned()),
        ("$STACK", scene::STACK.to_owned()),
    ]
}

fn answered(account: &mut Account, names: &Names, mut call: Call) {
    fill(&mut call.input, names);
    let answer = account.call(&Caller::Operator, &call.service, &call.action, &call.input);
    if let Err(error) = &answer {
        scene::error(error);
    }
    let response = wire::write(&call, wire::request_id(account), answer);
    protocols::well_formed(&response);
    scene::steps(account, EVENTS, scene::HOUR);
}

fn fill(value: &mut Value, names: &Names) {
    match value {
        Value::String(text) if text.contains('$') => {
            for (name, meaning) in names {
                *text = text.replace(name, meaning);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, names)),
        Value::Object(members) => members.values_mut().for_each(|item| fill(item, names)),
        _ => {}
    }
}

/// Whatever was called, the account still answers what is asked.
fn still_there(account: &mut Account) {
    for (service, action) in [
        ("autoscaling", "DescribeAutoScalingGroups"),
        ("cloudformation", "DescribeStacks"),
        ("ecs", "ListClusters"),
        ("states", "ListStateMachines"),
        ("events", "ListRules"),
    ] {
        scene::does(account, service, action, &json!({}));
    }
}
