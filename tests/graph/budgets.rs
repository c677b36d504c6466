//! How long an execution can become, by the definition's own numbers and the workers' own waits;
//! and that the README of the state machine tells these figures.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use workers::model::{InstanceId, Settings};
use workers::pace::wait_seconds;

use crate::machine::{Machine, text};

/// Step Functions ends an execution that has more events than these.
const EVENTS_AT_MOST: i64 = 25_000;

/// A lifecycle action ends after 48 hours.
const ACTION_SECONDS: i64 = 172_800;

/// The history of one turn: TaskStateEntered, Scheduled, Started, Succeeded, Exited; Choice and
/// Wait entered and exited.
const EVENTS_PER_TURN: i64 = 5 + 2 + 2;

/// Seconds that all retries of `retrier` wait, without the jitter, which only shortens.
fn waited(retrier: &Value) -> i64 {
    let number = |key: &str| retrier[key].as_f64().unwrap_or_default();
    let (mut next, mut sum) = (number("IntervalSeconds"), 0.0);
    for _ in 0..retrier["MaxAttempts"].as_u64().expect("MaxAttempts") {
        sum += next.min(number("MaxDelaySeconds"));
        next *= number("BackoffRate");
    }
    sum as i64
}

fn settings() -> Settings {
    let metadata = r#"{"cluster":"c","stack":"s","resource":"r","heartbeatTimeoutSeconds":3600,
        "joinDeadlineSeconds":900,"drainDeadlineSeconds":3000,"drainDeadlinePolicy":"retain"}"#;
    let event = serde_json::json!({"detail": {"NotificationMetadata": metadata}});
    workers::config::read_event(&event)
        .settings
        .expect("good settings")
}

/// How many turns a phase takes until `end`, for the instance that waits least of many.
fn turns(end: i64, deadline: Option<i64>) -> i64 {
    let settings = settings();
    let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    let wait = |spent, instance: &InstanceId| {
        wait_seconds(at(0), at(spent), deadline.map(at), &settings, instance)
    };
    let instances = (0..1000).map(|n| InstanceId::new(format!("i-{n:017x}")));
    // Long after its deadline every instance waits a second: who is hasty shows without one.
    let free =
        |instance: &InstanceId| wait_seconds(at(0), at(ACTION_SECONDS), None, &settings, instance);
    let hasty = instances.min_by_key(free);
    let hasty = hasty.expect("there are instances");
    let (mut spent, mut turns) = (0, 0);
    while spent < end {
        spent += wait(spent, &hasty);
        turns += 1;
    }
    turns
}

fn assert_in_readme(figure: &str) {
    let readme = text("statemachine/README.md");
    assert!(
        readme.contains(figure),
        "statemachine/README.md does not say: {figure}"
    );
}

#[test]
fn the_readme_states_what_retries_wait() {
    let machine = Machine::of_the_project();
    for (name, task) in machine
        .states()
        .filter(|(_, state)| state["Type"] == "Task")
    {
        let waits: Vec<i64> = task["Retry"]
            .as_array()
            .expect("Retry")
            .iter()
            .map(waited)
            .collect();
        let [never, throttled, denied, killed, other] = waits[..] else {
            panic!("{name} has another number of retriers than the README's table");
        };
        assert_eq!(never, 0);
        assert_in_readme(&format!("{throttled} s of waiting at most, "));
        assert_in_readme(&format!("{denied} s at most: IAM"));
        let attempts = task["Retry"][3]["MaxAttempts"].as_i64().expect("a number") + 1;
        let timeout = task["TimeoutSeconds"].as_i64().expect("a number");
        assert_in_readme(&format!("{attempts} × {timeout} + {killed} s at most"));
        assert_in_readme(&format!("{other} s of waiting at most |"));
        assert_in_readme(&format!("| each Task | {timeout} |"));
        let heartbeat = &task["HeartbeatSeconds"];
        assert_in_readme(&format!("| heartbeat of each Task | {heartbeat} |"));
    }
}

#[test]
fn the_longest_execution_is_within_its_limits_and_the_readme_says_so() {
    let machine = Machine::of_the_project();
    assert_eq!(machine.definition["TimeoutSeconds"], ACTION_SECONDS);
    let figures = |turns: i64| format!("{turns} | {} |", thousands(turns * EVENTS_PER_TURN));
    let drain = turns(3000, Some(3000));
    let (one, three) = (
        turns(ACTION_SECONDS, None),
        3 * turns(ACTION_SECONDS / 3, None),
    );
    let found = [figures(drain), figures(one), figures(three)];
    println!("{found:?}");
    assert_in_readme(&format!("deadline of 3000 s | {}", found[0]));
    assert_in_readme(&format!("one phase of 48 hours | {}", found[1]));
    assert_in_readme(&format!(
        "since each begins with short waits | {}",
        found[2]
    ));
    let with_failures = three * (EVENTS_PER_TURN + 6 * 3) + 30;
    assert!(with_failures < EVENTS_AT_MOST, "{with_failures} events");
    assert_in_readme(&format!(
        "{three} × (9 + 6 × 3) + 30 = {} events fit",
        thousands(with_failures)
    ));
}

fn thousands(number: i64) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (many, rest) => format!("{many},{rest:03}"),
    }
}
