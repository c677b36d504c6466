//! The promises can break: the definition is changed for the worse, and the rehearsal says which promise that broke.

mod support;

use serde_json::Value;
use support::{changed_template, run};

/// A rule of a Choice, and the same rule with a worse end. AWS refuses states that nothing leads to, so a rule that never
/// matches keeps the old way.
fn detour(path: &str, verdict: &str, from: &str, to: &str) -> (String, String) {
    let rule = |verdict: &str, next: &str| {
        format!(
            "{{\"Variable\": \"{path}\", \"StringEquals\": \"{verdict}\", \"Next\": \"{next}\"}}"
        )
    };
    let worse = format!("{}, {}", rule(verdict, to), rule("Nothing", from));
    (rule(verdict, from), worse)
}

#[track_caller]
fn breaks(promise: &str, name: &str, (rule, worse): (String, String), flags: &[&str]) {
    let template = changed_template(name, "lifecycle.asl.json", &rule, &worse);
    let command = ["rehearse", "--output", "json", "--template", &template];
    let output = run(&[&command, flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    let promises = report["promises"].as_array().expect("a list");
    let broken = promises
        .iter()
        .any(|one| one["name"] == promise && one["held"] == false);
    assert!(broken, "{promise} did not break: {promises:#?}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn without_the_hold_drains_overlap() {
    let worse = detour("$.joined.verdict", "Reached", "Hold", "GoOn");
    breaks("one-batch-of-drains", "no-hold", worse, &[]);
}

#[test]
fn without_waiting_for_tasks_they_are_cut_off() {
    let worse = detour("$.draining.verdict", "Reached", "Drained", "GoOn");
    breaks("drained-before-gone", "no-drain", worse, &[]);
}

#[test]
fn a_drain_that_failed_must_not_go_on() {
    let worse = detour("$.drained.verdict", "Never", "TasksOverdue", "GoOn");
    breaks(
        "no-error-continues",
        "never",
        worse,
        &["--fault", "drain-hangs"],
    );
}

#[test]
fn an_instance_that_never_joined_is_no_capacity() {
    let worse = detour("$.joined.verdict", "Never", "NeverJoined", "GoOn");
    breaks(
        "roll-ends",
        "not-joined",
        worse,
        &["--fault", "never-joins", "--instances", "1"],
    );
}
