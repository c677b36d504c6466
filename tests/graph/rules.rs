//! Each rule of each Choice, and each Default, is on a route: an input that takes this rule and no rule before it. A rule that
//! no route takes is one that nobody has tried, or that a rule before it hides.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::machine::Machine;

/// A Choice, what it is asked, and where that leads.
fn routes() -> Vec<(&'static str, Value, &'static str)> {
    let launch = "autoscaling:EC2_INSTANCE_LAUNCHING";
    let end = "autoscaling:EC2_INSTANCE_TERMINATING";
    let moves = |way: &str, origin: &str, destination: &str| json!({"detail": {"LifecycleTransition": way, "Origin": origin, "Destination": destination}});
    let mut routes = vec![
        ("WhichMove", moves(launch, "EC2", "WarmPool"), "GoOn"),
        ("WhichMove", moves(end, "WarmPool", "EC2"), "GoOn"),
        (
            "WhichMove",
            moves(launch, "EC2", "AutoScalingGroup"),
            "Joined",
        ),
        (
            "WhichMove",
            moves(launch, "WarmPool", "AutoScalingGroup"),
            "Joined",
        ),
        (
            "WhichMove",
            moves(end, "AutoScalingGroup", "EC2"),
            "Draining",
        ),
        (
            "WhichMove",
            moves(end, "AutoScalingGroup", "WarmPool"),
            "Draining",
        ),
        (
            "WhichMove",
            json!({"detail": {"LifecycleTransition": launch}}),
            "Joined",
        ),
        (
            "WhichMove",
            json!({"detail": {"LifecycleTransition": end}}),
            "Draining",
        ),
        (
            "WhichMove",
            moves("autoscaling:SOMETHING_NEW", "EC2", "WarmPool"),
            "UnknownTransition",
        ),
        ("WhichMove", json!({"detail": {}}), "UnknownTransition"),
        // Not a member of the cluster: nothing to drain.
        (
            "IsDraining",
            json!({"draining": {"verdict": "Reached", "member": false}}),
            "GoOn",
        ),
        (
            "IsDraining",
            json!({"draining": {"verdict": "Reached", "member": true}}),
            "Drained",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "terminate", "Error": "TasksOverdue"}}),
            "GoOn",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "terminate", "Error": "ServicesOverdue"}}),
            "GoOn",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "stop-tasks", "Error": "ServicesOverdue"}}),
            "GoOn",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "stop-tasks", "Error": "TasksOverdue"}}),
            "Keep",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "retain", "Error": "ServicesOverdue"}}),
            "Keep",
        ),
        (
            "AtDeadline",
            json!({"overdue": {"policy": "keep", "Error": "TasksOverdue"}}),
            "Keep",
        ),
        (
            "WhyKept",
            json!({"overdue": {"policy": "keep"}}),
            "InstanceKept",
        ),
        (
            "WhyKept",
            json!({"overdue": {"policy": "retain"}}),
            "DrainFailed",
        ),
        (
            "HasGoneOn",
            json!({"completed": {"verdict": "NotYet", "waitSeconds": 5}}),
            "WaitForService",
        ),
        (
            "HasGoneOn",
            json!({"completed": {"verdict": "NotYet", "waitSeconds": 0}}),
            "Completed",
        ),
        (
            "HasGoneOn",
            json!({"completed": {"verdict": "NotYet"}}),
            "Completed",
        ),
        (
            "HasGoneOn",
            json!({"completed": {"verdict": "Reached", "waitSeconds": 0}}),
            "Completed",
        ),
        ("HasGoneOn", json!({"completed": {}}), "Completed"),
    ];
    // Where a worker's answer leads: Reached, Never, Over, NotYet, anything else.
    for (choice, answer, [reached, never, over, not_yet, unclear]) in [
        (
            "HasJoined",
            "joined",
            [
                "Hold",
                "NeverJoined",
                "AlreadyOver",
                "WaitToJoin",
                "LaunchUnclear",
            ],
        ),
        (
            "MayGoOn",
            "stable",
            [
                "GoOn",
                "EarlierDrainFailed",
                "AlreadyOver",
                "WaitInHold",
                "LaunchUnclear",
            ],
        ),
        (
            "IsDraining",
            "draining",
            [
                "Drained",
                "DrainOverdue",
                "AlreadyOver",
                "WaitToDrain",
                "DrainUnclear",
            ],
        ),
        (
            "IsDrained",
            "drained",
            [
                "Stable",
                "TasksOverdue",
                "AlreadyOver",
                "WaitForTasks",
                "DrainUnclear",
            ],
        ),
        (
            "IsStable",
            "stable",
            [
                "GoOn",
                "ServicesOverdue",
                "AlreadyOver",
                "WaitForServices",
                "DrainUnclear",
            ],
        ),
    ] {
        let says = |verdict: &str, seconds: i64| json!({answer: {"verdict": verdict, "waitSeconds": seconds}});
        routes.extend([
            (choice, says("Reached", 0), reached),
            (choice, says("Never", 0), never),
            (choice, says("Over", 0), over),
            (choice, says("NotYet", 1), not_yet),
            (choice, says("NotYet", 300), not_yet),
            (choice, says("NotYet", 0), unclear),
            (choice, json!({answer: {"verdict": "NotYet"}}), unclear),
            (choice, says("SomethingNew", 5), unclear),
            (choice, json!({answer: {"reason": "why"}}), unclear),
        ]);
    }
    routes
}

/// What `path` ($.a.b) is in the input.
fn at<'a>(input: &'a Value, path: &Value) -> Option<&'a Value> {
    let path = path.as_str().expect("a path").strip_prefix("$.");
    let mut names = path.expect("a path from $").split('.');
    names.try_fold(input, |value, name| value.get(name))
}

/// Whether the rule holds. Only the operators that the definition uses are known; any other one is a fault of this test. As
/// documented, comparing what is not there fails the execution, and so the test
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>).
fn holds(rule: &Value, input: &Value) -> bool {
    if let Some(all) = rule["And"].as_array() {
        return all.iter().all(|one| holds(one, input));
    }
    if rule["Not"].is_object() {
        return !holds(&rule["Not"], input);
    }
    let value = at(input, &rule["Variable"]);
    if let Some(expected) = rule["IsPresent"].as_bool() {
        return value.is_some() == expected;
    }
    let value = value.unwrap_or_else(|| panic!("{rule} compares what {input} lacks"));
    for operator in ["StringEquals", "BooleanEquals"] {
        if !rule[operator].is_null() {
            return *value == rule[operator];
        }
    }
    let least = rule["NumericGreaterThanEquals"].as_i64();
    let least = least.unwrap_or_else(|| panic!("{rule} has an operator that is not known here"));
    value.as_i64().is_some_and(|number| number >= least)
}

/// The rule that an input takes, by its place, and where that leads.
fn taken(machine: &Machine, choice: &str, input: &Value) -> (Option<usize>, String) {
    let state = machine.state(choice);
    let rules = state["Choices"].as_array().expect("rules");
    let first = rules.iter().position(|rule| holds(rule, input));
    let next = match first {
        Some(place) => &rules[place]["Next"],
        None => &state["Default"],
    };
    (first, next.as_str().unwrap_or_default().to_owned())
}

/// Routes that lead elsewhere, and rules that no route takes.
pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tried: BTreeSet<(&str, Option<usize>)> = BTreeSet::new();
    for (choice, input, expected) in routes() {
        let (rule, next) = taken(machine, choice, &input);
        if next != expected {
            faults.push(format!(
                "{choice} leads with {input} to {next}, not to {expected}"
            ));
        }
        tried.insert((choice, rule));
    }
    for (name, state) in machine.states() {
        if state["Type"] != "Choice" {
            continue;
        }
        let rules = state["Choices"].as_array().map_or(0, Vec::len);
        let places = (0..rules).map(Some).chain([None]);
        for place in places.filter(|place| !tried.contains(&(name.as_str(), *place))) {
            let which = place.map_or("Default".to_owned(), |place| format!("rule {place}"));
            faults.push(format!("no route takes {which} of {name}"));
        }
    }
    faults
}

#[test]
fn every_rule_of_every_choice_is_on_a_route() {
    let found = faults(&Machine::of_the_project());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
