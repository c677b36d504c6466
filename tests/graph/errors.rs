//! No error leads to CONTINUE, and on the way out to no completion at all. Each error that a worker
//! can raise has its Retry.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::endings::compares_with;
use crate::machine::{Edge, Machine, When};

pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    let edges = machine.edges();
    let out = edges
        .iter()
        .filter(|edge| compares_with(edge, "autoscaling:EC2_INSTANCE_TERMINATING"));
    // Up to the decision: after it both ways share their states.
    let undecided = |edge: &Edge| machine.result(&edge.from, None).is_none();
    let leaving: BTreeSet<String> = out
        .flat_map(|edge| machine.reach(&edge.to, undecided))
        .collect();
    for edge in machine.edges().iter().filter(|edge| is_of_error(edge)) {
        for name in machine.reach(&edge.to, |_| true) {
            let result = machine.result(&name, None);
            if matches!(result, Some("CONTINUE" | "STOP_ROLL"))
                || name == "Continue"
                || name == "StopRollout"
            {
                faults.push(format!("an error of {} reaches {name}", edge.from));
            }
            if leaving.contains(&edge.from) && machine.completes(&name) {
                faults.push(format!("an error of {} completes by {name}", edge.from));
            }
        }
    }
    for (name, task) in machine
        .states()
        .filter(|(_, state)| state["Type"] == "Task")
    {
        faults.extend(retries(name, task));
    }
    faults
}

/// A caught error, a verdict that is not known, or none at all.
fn is_of_error(edge: &Edge) -> bool {
    match &edge.when {
        When::Caught => true,
        When::Else => edge.from.starts_with("Is") || edge.from.starts_with("Has"),
        When::Rule(rule) => !rule["Not"].is_null(),
        When::Next => edge.from.ends_with("Unclear"),
    }
}

fn retries(name: &str, task: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let retriers = task["Retry"].as_array().cloned().unwrap_or_default();
    let named: Vec<&str> = retriers
        .iter()
        .flat_map(|retrier| retrier["ErrorEquals"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let ours: BTreeSet<&str> = named
        .iter()
        .copied()
        .filter(|error| !error.contains('.'))
        .collect();
    if ours != workers::Error::NAMES.into_iter().collect::<BTreeSet<_>>() {
        faults.push(format!("{name} retries {ours:?}"));
    }
    if named.iter().collect::<BTreeSet<_>>().len() != named.len() {
        faults.push(format!("{name} says twice how an error is retried"));
    }
    if named.last() != Some(&"States.ALL") {
        faults.push(format!("{name} does not retry what nobody foresaw"));
    }
    let never = retriers
        .iter()
        .find(|retrier| retrier["ErrorEquals"] == json!(["BadEvent"]));
    if never.is_none_or(|retrier| retrier["MaxAttempts"] != 0) {
        faults.push(format!("{name} retries BadEvent"));
    }
    if task["Catch"].as_array().map(Vec::len) != Some(1)
        || task["Catch"][0]["ErrorEquals"] != json!(["States.ALL"])
    {
        faults.push(format!("{name} does not catch everything in one place"));
    }
    faults
}
