//! Each rule of each Choice, and each Default, is on a route: an input that takes this rule and no
//! rule before it. A rule that no route takes is one that nobody has tried, or that a rule before
//! it hides.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::machine::Machine;

/// A Choice, what it is asked, and where that leads.
type Route = (&'static str, Value, &'static str);

/// What a worker answers, and where each answer leads: Reached, Never, Over, NotYet, anything else.
const ANSWERS: [(&str, &str, [&str; 5]); 5] = [
    (
        "HasJoined",
        "joined",
        [
            "WaitForEarlierDrains",
            "NeverJoined",
            "AlreadyOver",
            "WaitToJoin",
            "LaunchUnclear",
        ],
    ),
    (
        "IsQueueClear",
        "stable",
        [
            "PrepareContinue",
            "EarlierDrainFailed",
            "AlreadyOver",
            "WaitInQueue",
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
            "PrepareContinue",
            "ServicesOverdue",
            "AlreadyOver",
            "WaitForServices",
            "DrainUnclear",
        ],
    ),
];

/// What a drain that is not waited for any longer leads to, by its policy and what is left.
const AT_DEADLINE: [(&str, &str, &str); 6] = [
    ("terminate", "TasksOverdue", "PrepareContinue"),
    ("terminate", "ServicesOverdue", "PrepareContinue"),
    ("stop-tasks", "ServicesOverdue", "PrepareContinue"),
    ("stop-tasks", "TasksOverdue", "PrepareRetain"),
    ("retain", "ServicesOverdue", "PrepareRetain"),
    ("keep", "TasksOverdue", "PrepareRetain"),
];

fn routes() -> Vec<Route> {
    [of_moves(), of_drains(), of_signals(), of_answers()].concat()
}

/// Which way an instance moves.
fn of_moves() -> Vec<Route> {
    let launch = "autoscaling:EC2_INSTANCE_LAUNCHING";
    let end = "autoscaling:EC2_INSTANCE_TERMINATING";
    let way = |way: &str| json!({"detail": {"LifecycleTransition": way}});
    let moves = |way: &str, origin: &str, destination: &str| json!({"detail": {"LifecycleTransition": way, "Origin": origin, "Destination": destination}});
    let unknown = moves("autoscaling:SOMETHING_NEW", "EC2", "WarmPool");
    let all = [
        (moves(launch, "EC2", "WarmPool"), "PrepareContinue"),
        (moves(end, "WarmPool", "EC2"), "PrepareContinue"),
        (moves(launch, "EC2", "AutoScalingGroup"), "Joined"),
        (moves(launch, "WarmPool", "AutoScalingGroup"), "Joined"),
        (moves(end, "AutoScalingGroup", "EC2"), "Draining"),
        (moves(end, "AutoScalingGroup", "WarmPool"), "Draining"),
        (way(launch), "Joined"),
        (way(end), "Draining"),
        (unknown, "UnknownTransition"),
        (json!({"detail": {}}), "UnknownTransition"),
    ];
    all.map(|(input, next)| ("ChooseTransition", input, next))
        .to_vec()
}

/// Where a drain leads that ends without its tasks' end: there is nothing to drain, or its deadline
/// has passed.
fn of_drains() -> Vec<Route> {
    let member = |is: bool| json!({"draining": {"verdict": "Reached", "member": is}});
    let mut routes = vec![
        ("IsDraining", member(false), "PrepareContinue"),
        ("IsDraining", member(true), "Drained"),
    ];
    for (policy, error, next) in AT_DEADLINE {
        let input = json!({"overdue": {"policy": policy, "Error": error}});
        routes.push(("AtDeadline", input, next));
    }
    for (policy, next) in [("keep", "InstanceRetained"), ("retain", "DrainFailed")] {
        let input = json!({"overdue": {"policy": policy}});
        routes.push(("ClassifyRetained", input, next));
    }
    routes
}

/// Whether CloudFormation is signalled again.
fn of_signals() -> Vec<Route> {
    let all = [
        (
            json!({"verdict": "NotYet", "waitSeconds": 5}),
            "WaitForService",
        ),
        (json!({"verdict": "NotYet", "waitSeconds": 0}), "Completed"),
        (json!({"verdict": "NotYet"}), "Completed"),
        (json!({"verdict": "Reached", "waitSeconds": 0}), "Completed"),
        (json!({}), "Completed"),
    ];
    let route = |(completed, next)| ("IsContinued", json!({"completed": completed}), next);
    all.map(route).to_vec()
}

/// Where each answer of a worker leads.
fn of_answers() -> Vec<Route> {
    let mut routes = Vec::new();
    for (choice, answer, [reached, never, over, not_yet, unclear]) in ANSWERS {
        let answer_of = |verdict: &str, seconds: i64| json!({answer: {"verdict": verdict, "waitSeconds": seconds}});
        routes.extend([
            (choice, answer_of("Reached", 0), reached),
            (choice, answer_of("Never", 0), never),
            (choice, answer_of("Over", 0), over),
            (choice, answer_of("NotYet", 1), not_yet),
            (choice, answer_of("NotYet", 300), not_yet),
            (choice, answer_of("NotYet", 0), unclear),
            (choice, json!({answer: {"verdict": "NotYet"}}), unclear),
            (choice, answer_of("SomethingNew", 5), unclear),
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

/// Whether the rule holds. Only the operators that the definition uses are known; any other one is
/// a fault of this test. As documented, comparing what is not there fails the execution, and so the
/// test (<https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>).
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
