//! What failed in a rollout: attempts at a task, and executions that did, and what CloudFormation
//! and Auto Scaling say went wrong.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{ExecutionTrace, Failure, ServiceFailure, Source};

/// How often an error was met.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorSum {
    /// Its name.
    pub error: String,
    /// Whether a call to AWS failed with it; otherwise it is of Lambda or Step Functions.
    pub of_aws: bool,
    /// How often.
    pub count: u64,
    /// How often of these it was tried again.
    pub again: u64,
    /// One of its messages.
    pub example: String,
}

/// All attempts that failed, in order.
pub fn failures(passages: &[ExecutionTrace]) -> Vec<Failure> {
    let all = passages.iter().flat_map(|it| it.failures.iter().cloned());
    let mut all: Vec<Failure> = all.collect();
    all.sort_by(|a, b| (a.at, &a.instance).cmp(&(b.at, &b.instance)));
    all
}

/// The same by error.
pub fn errors(failures: &[Failure]) -> Vec<ErrorSum> {
    let mut sums: BTreeMap<&str, ErrorSum> = BTreeMap::new();
    for failure in failures {
        // Those of Lambda and Step Functions are spelled so; an event type stands where there was
        // no name.
        let others = ["States.", "Lambda.", "LambdaFunction", "Activity", "Task"];
        let sum = sums.entry(&failure.error).or_insert_with(|| ErrorSum {
            error: failure.error.clone(),
            of_aws: failure.error != "BadEvent"
                && !others.iter().any(|it| failure.error.starts_with(it)),
            count: 0,
            again: 0,
            example: failure.cause.clone(),
        });
        sum.count += 1;
        sum.again += u64::from(failure.again);
    }
    let mut sums: Vec<ErrorSum> = sums.into_values().collect();
    sums.sort_by_key(|it| Reverse(it.count));
    sums
}

/// What ended badly, and what the services say of it, in order.
pub fn service_failures(source: &Source) -> Vec<ServiceFailure> {
    let events = source
        .events
        .iter()
        .filter(|it| it.status.ends_with("_FAILED") || it.status.starts_with("UPDATE_ROLLBACK_IN"));
    let events = events.map(|it| ServiceFailure {
        at: it.at,
        subject: it.resource.clone(),
        status: it.status.clone(),
        reason: it.reason.clone(),
    });
    let failed = ["Failed", "Cancelled"];
    let activities = source
        .activities
        .iter()
        .filter(|it| failed.contains(&it.status.as_str()));
    let activities = activities.map(|it| ServiceFailure {
        at: it.ended.unwrap_or(it.began),
        subject: it.instance().unwrap_or("the group").to_owned(),
        status: it.status.clone(),
        reason: match it.message.as_str() {
            "" => it.description.clone(),
            message => message.to_owned(),
        },
    });
    let executions = source.passages.iter().filter(|it| it.has_failed());
    let executions = executions.map(|it| ServiceFailure {
        at: it.stopped.unwrap_or(it.started),
        subject: it.instance.clone(),
        status: format!("{} {}", it.status, it.error).trim_end().to_owned(),
        reason: it.cause.clone(),
    });
    let mut all: Vec<ServiceFailure> = events.chain(activities).chain(executions).collect();
    all.sort_by_key(|it| it.at);
    all
}
