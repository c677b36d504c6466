//! The rehearsal notices a definition that does wrong: each test changes one rule of it, and the
//! rehearsal names the invariant that the change violates.

mod support;

use std::sync::{Arc, Mutex};

use serde_json::Value;
use simulator::invariants::Invariant;
use simulator::scenario::{self, Silence, parse};
use support::{changed_template, run};

/// A rule of a Choice, and what stands in its place.
struct Detour {
    rule: String,
    worse: String,
}

/// A rule of a Choice, and the same rule with a worse end. AWS refuses states that nothing leads
/// to, so a rule that never matches keeps the old way.
fn detour(path: &str, verdict: &str, from: &str, to: &str) -> Detour {
    let rule = |verdict: &str, next: &str| {
        format!(
            "{{\"Variable\": \"{path}\", \"StringEquals\": \"{verdict}\", \"Next\": \"{next}\"}}"
        )
    };
    let worse = format!("{}, {}", rule(verdict, to), rule("Nothing", from));
    Detour {
        rule: rule(verdict, from),
        worse,
    }
}

#[track_caller]
fn violates(invariant: &str, name: &str, detour: &Detour, flags: &[&str]) {
    let template = changed_template(name, "lifecycle.asl.json", &detour.rule, &detour.worse);
    let (held, code) = rehearsed(invariant, &template, flags);
    assert!(!held, "{invariant} was not violated");
    assert_eq!(code, Some(1));
}

/// Whether the invariant held, and the exit code.
fn rehearsed(invariant: &str, template: &str, flags: &[&str]) -> (bool, Option<i32>) {
    let command = ["rehearse", "--output", "json", "--template", template];
    let output = run(&[&command, flags].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("stdout is one JSON object");
    let invariants = report["invariants"].as_array().expect("a list");
    let one = invariants.iter().find(|one| one["name"] == invariant);
    let held = one.and_then(|one| one["held"].as_bool());
    (
        held.expect("the invariant is checked"),
        output.status.code(),
    )
}

#[test]
fn without_the_queue_and_admission_drains_overlap() {
    let detour = detour(
        "$.joined.verdict",
        "Reached",
        "WaitForEarlierDrains",
        "PrepareContinue",
    );
    let template = changed_template(
        "no-queue",
        "lifecycle.asl.json",
        &detour.rule,
        &detour.worse,
    );
    let invariant = "one-batch-of-drains";
    let (held, _) = rehearsed(invariant, &template, &[]);
    assert!(
        held,
        "without the queue each drain still waits for its admission"
    );
    // The workers then admit a hundred drains at once.
    let text = std::fs::read_to_string(&template).expect("the copy");
    let text = text.replace("\"batchSize\": ${BatchSize}", "\"batchSize\": 100");
    std::fs::write(&template, text).expect("the copy is writable");
    let (held, code) = rehearsed(invariant, &template, &[]);
    assert!(!held, "{invariant} was not violated");
    assert_eq!(code, Some(1));
}

#[test]
fn without_waiting_for_tasks_they_are_killed() {
    let worse = detour(
        "$.draining.verdict",
        "Reached",
        "Drained",
        "PrepareContinue",
    );
    violates("drained-before-gone", "no-drain", &worse, &[]);
}

#[test]
fn a_drain_that_failed_must_not_continue() {
    let worse = detour(
        "$.drained.verdict",
        "Never",
        "TasksOverdue",
        "PrepareContinue",
    );
    violates(
        "no-error-continues",
        "never",
        &worse,
        &["--fault", "drain-hangs"],
    );
}

#[test]
fn an_instance_that_never_joined_is_no_capacity() {
    let worse = detour(
        "$.joined.verdict",
        "Never",
        "NeverJoined",
        "PrepareContinue",
    );
    violates(
        "rollout-ends",
        "not-joined",
        &worse,
        &["--fault", "never-joins", "--instances", "1"],
    );
}

#[test]
fn without_a_drain_back_into_the_pool_tasks_are_killed() {
    let text = include_str!("scenarios/warm-pool/reuse.scenario");
    let mut script = parse::read("warm-pool/reuse.scenario", text).expect("the scenario is valid");
    let files = &mut script.settings.files.texts;
    let definition = files
        .iter_mut()
        .find(|(path, _)| path.ends_with("lifecycle.asl.json"));
    let (_, definition) = definition.expect("the definition is one of the files");
    // An instance that enters the pool continues at once.
    let rule = r#"{"Variable": "$.detail.LifecycleTransition", "StringEquals": "autoscaling:EC2_INSTANCE_LAUNCHING"},
            {"Variable": "$.detail.Destination", "IsPresent": true},"#;
    assert_eq!(definition.matches(rule).count(), 1);
    *definition = definition.replace(
        rule,
        r#"{"Variable": "$.detail.Destination", "IsPresent": true},"#,
    );
    let listener = Arc::new(Mutex::new(Silence));
    let played = scenario::run(&script.settings, &script.actions, listener).expect("it runs");
    let violation = played
        .violations
        .iter()
        .map(|violation| violation.invariant);
    assert!(
        violation
            .clone()
            .any(|invariant| invariant == Invariant::DrainedBeforeGone),
        "{:?}",
        violation.collect::<Vec<_>>()
    );
}
