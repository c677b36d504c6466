//! Each Task retries every error that it can raise, each in the way that its kind needs, and no
//! other error.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::machine::{Machine, text};

/// How an error is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Asking again does not help.
    Never,
    /// AWS is busy: for half an hour.
    Busy,
    /// Something is set up wrong, or an answer is odd: some times, in case it was only not to be
    /// seen yet.
    Odd,
    /// No answer came: some times.
    Silent,
    /// What nobody foresaw.
    Unforeseen,
}

/// Every error that a Task can raise. Those of Lambda are the ones that AWS says to retry, that of
/// throttled invocations, and `Lambda.Unknown`, of a function that ran out of memory or time
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html>). Of
/// those of Step Functions a Task without parameters or result selector raises a timeout, and the
/// lack of an activity worker's heartbeat
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
const RAISED: [(&str, Kind); 16] = [
    ("BadEvent", Kind::Never),
    ("Throttled", Kind::Busy),
    ("Unavailable", Kind::Busy),
    ("Lambda.ClientExecutionTimeoutException", Kind::Busy),
    ("Lambda.ServiceException", Kind::Busy),
    ("Lambda.AWSLambdaException", Kind::Busy),
    ("Lambda.SdkClientException", Kind::Busy),
    ("Lambda.TooManyRequestsException", Kind::Busy),
    ("Lambda.Unknown", Kind::Busy),
    ("AccessDenied", Kind::Odd),
    ("ClusterNotFound", Kind::Odd),
    ("GroupNotFound", Kind::Odd),
    ("BadAnswer", Kind::Odd),
    ("States.HeartbeatTimeout", Kind::Silent),
    ("States.Timeout", Kind::Silent),
    ("States.ALL", Kind::Unforeseen),
];

/// How often, and how much longer each time; the last is the longest wait.
fn attempts(kind: Kind) -> (u64, f64, u64) {
    match kind {
        Kind::Never => (0, 0.0, 0),
        Kind::Busy => (30, 2.0, 60),
        Kind::Odd => (5, 2.0, 60),
        Kind::Silent => (6, 2.0, 60),
        Kind::Unforeseen => (3, 2.0, 60),
    }
}

/// Errors with the retrier that names them first, which is the one that counts.
fn retriers(task: &Value) -> BTreeMap<&str, &Value> {
    let mut named = BTreeMap::new();
    for retrier in task["Retry"].as_array().into_iter().flatten() {
        for error in retrier["ErrorEquals"].as_array().into_iter().flatten() {
            named
                .entry(error.as_str().unwrap_or_default())
                .or_insert(retrier);
        }
    }
    named
}

fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, task) in machine
        .states()
        .filter(|(_, state)| state["Type"] == "Task")
    {
        let named = retriers(task);
        for (error, kind) in RAISED {
            let Some(retrier) = named.get(error) else {
                faults.push(format!("{name} does not retry {error}"));
                continue;
            };
            let number = |member: &str| retrier[member].as_u64().unwrap_or_default();
            let rate = retrier["BackoffRate"].as_f64().unwrap_or_default();
            let is = (number("MaxAttempts"), rate, number("MaxDelaySeconds"));
            if is != attempts(kind) {
                faults.push(format!("{name} retries {error} as {is:?}, not as {kind:?}"));
            }
            if kind != Kind::Never
                && (retrier["JitterStrategy"] != "FULL" || number("IntervalSeconds") == 0)
            {
                faults.push(format!("{name} retries {error} all at once"));
            }
        }
        let raised: BTreeSet<&str> = RAISED.iter().map(|(error, _)| *error).collect();
        for error in named.keys().filter(|error| !raised.contains(*error)) {
            faults.push(format!("{name} retries {error}, which it cannot raise"));
        }
    }
    faults
}

fn machines() -> [Machine; 2] {
    ["lifecycle", "reconcile"].map(|name| {
        let text = text(&format!("statemachine/{name}.asl.json"));
        let definition = serde_json::from_str(&text).expect("the definition is JSON");
        Machine { definition }
    })
}

#[test]
fn every_task_retries_what_it_can_raise_and_nothing_else() {
    let found: Vec<String> = machines().iter().flat_map(faults).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let ours = RAISED
        .iter()
        .map(|(error, _)| *error)
        .filter(|error| !error.contains('.'));
    let ours: BTreeSet<&str> = ours.collect();
    assert_eq!(ours, workers::Error::NAMES.into_iter().collect());
}

#[test]
fn a_retry_that_lacks_one_error_is_found_in_every_task() {
    for place in 0..2 {
        let names: Vec<String> = machines()[place]
            .states()
            .map(|(name, _)| name.clone())
            .collect();
        for name in names
            .iter()
            .filter(|name| machines()[place].state(name)["Type"] == "Task")
        {
            for (error, _) in RAISED {
                let mut machine = machines().into_iter().nth(place).expect("a machine");
                let retry = &mut machine.definition["States"][name]["Retry"];
                for retrier in retry.as_array_mut().expect("retriers") {
                    let errors = retrier["ErrorEquals"].as_array_mut().expect("errors");
                    errors.retain(|it| it != error);
                }
                assert!(!faults(&machine).is_empty(), "{name} without {error}");
            }
        }
    }
}
