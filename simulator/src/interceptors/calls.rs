//! What goes wrong with the workers' calls: refused by a server that is in trouble, done but not
//! reported, answered late, answered with what was so a moment ago, or with failures and small
//! pages.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::account::{Account, Caller};
use crate::faults::{FAULTS, Fault};
use crate::wire::{ApiError, Call};

/// Of so many calls one meets a server's error.
const ERROR_IN: u32 = 3;
/// Of so many calls one is done and not reported.
const LOST_IN: u32 = 10;
/// Of so many answers one is slow, by so much at most. The SDK waits 5 s for an answer.
const SLOW_IN: u32 = 10;
const SLOWEST: Duration = Duration::from_secs(10);
/// Of so many reads that may be stale one is, and by so much at most. The API of ECS is eventually
/// consistent (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>).
///
/// assumption: ten seconds at most. An older answer proves it wrong.
const STALE_IN: u32 = 3;
const STALEST: SignedDuration = SignedDuration::from_secs(10);
/// Of so many descriptions one has a failure.
const FAILURE_IN: u32 = 10;
/// Reasons of failures that say nothing of the item. ECS documents no list of them
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>).
/// MISSING is none of these: it is only answered for what is not there.
const REASONS: [&str; 4] = [
    "INTERNAL_ERROR",
    "ACCESS_DENIED",
    "THROTTLED",
    "UNAVAILABLE",
];

/// The lists of ECS's descriptions, and what names an item in each.
const DESCRIBED: [(&str, &str, &str); 3] = [
    ("DescribeTasks", "tasks", "taskArn"),
    (
        "DescribeContainerInstances",
        "containerInstances",
        "containerInstanceArn",
    ),
    ("DescribeServices", "services", "serviceArn"),
];

/// The lists that have pages, and the member that says how large.
const PAGED: [(&str, &str); 7] = [
    ("ListTasks", "maxResults"),
    ("ListContainerInstances", "maxResults"),
    ("DescribeAutoScalingInstances", "MaxRecords"),
    ("DescribeScalingActivities", "MaxRecords"),
    ("DescribeWarmPool", "MaxRecords"),
    ("ListExecutions", "maxResults"),
    ("ListServices", "maxResults"),
];

/// What was read, and when: for stale reads.
pub type Reads = BTreeMap<String, (Timestamp, Value)>;

/// Whether a worker asks a service of the cluster's.
pub fn is_of_a_worker(caller: &Caller, call: &Call) -> bool {
    is_worker(caller) && call.service != "states"
}

fn is_worker(caller: &Caller) -> bool {
    matches!(caller, Caller::Function(_) | Caller::ActivityWorker(_))
}

/// Whether `fault` is on and hits now, as it does once in `times`.
fn fires(account: &mut Account, fault: Fault, times: u32) -> bool {
    account[FAULTS].active.has(fault) && account[FAULTS].random.u32(0..times) == 0
}

/// By how much the answer is late.
pub fn delay(account: &mut Account, caller: &Caller, call: &Call) -> Duration {
    if is_of_a_worker(caller, call) && fires(account, Fault::SlowAnswer, SLOW_IN) {
        return Duration::from_millis(account[FAULTS].random.u64(0..SLOWEST.as_millis() as u64));
    }
    Duration::ZERO
}

/// Does `call` for `caller` in `account`, with whatever goes wrong.
///
/// # Errors
/// What the service answers, or a server's error.
pub fn answer(
    reads: &mut Reads,
    account: &mut Account,
    caller: &Caller,
    call: &Call,
) -> Result<Value, ApiError> {
    let (service, action) = (call.service.as_str(), call.action.as_str());
    if !is_of_a_worker(caller, call) {
        let input = if is_worker(caller) {
            in_pages(account, call)
        } else {
            call.input.clone()
        };
        return account.call(caller, service, action, &input);
    }
    if fires(account, Fault::ServerError, ERROR_IN) {
        let error = server_error(service);
        account.record_call(caller, service, action, Some(&error));
        return Err(error);
    }
    let input = in_pages(account, call);
    let answered = account.call(caller, service, action, &input);
    let answered = read(reads, account, action, &input, answered?);
    if fires(account, Fault::AnswerLost, LOST_IN) {
        return Err(server_error(service));
    }
    Ok(with_a_failure(account, action, answered))
}

/// The input of a call, with one item a page if a fault makes pages small.
fn in_pages(account: &Account, call: &Call) -> Value {
    let mut input = call.input.clone();
    let pages = PAGED.iter().find(|(known, _)| *known == call.action);
    if let Some((_, member)) = pages.filter(|_| account[FAULTS].active.has(Fault::SmallPages)) {
        input[*member] = json!(1);
    }
    input
}

/// What a read shows: the present, or what the same read showed a moment ago.
fn read(
    reads: &mut Reads,
    account: &mut Account,
    action: &str,
    input: &Value,
    answered: Value,
) -> Value {
    let is_read = action.starts_with("List") || action.starts_with("Describe");
    if !is_read || !account[FAULTS].active.has(Fault::StaleRead) {
        return answered;
    }
    let key = format!("{action} {input}");
    let now = account.now;
    let known = reads.get(&key);
    let known = known.filter(|(at, _)| now.duration_since(*at) <= STALEST);
    match known.map(|(_, value)| value.clone()) {
        Some(stale) if fires(account, Fault::StaleRead, STALE_IN) => stale,
        _ => {
            reads.insert(key, (now, answered.clone()));
            answered
        }
    }
}

fn with_a_failure(account: &mut Account, action: &str, mut answered: Value) -> Value {
    let Some((_, list, name)) = DESCRIBED.iter().find(|(known, ..)| *known == action) else {
        return answered;
    };
    let is_empty = answered[*list].as_array().is_none_or(Vec::is_empty);
    if is_empty || !fires(account, Fault::Failures, FAILURE_IN) {
        return answered;
    }
    let first = answered[*list].as_array_mut().map(|all| all.remove(0));
    if let (Some(first), Some(failures)) = (first, answered["failures"].as_array_mut()) {
        let reason = REASONS[account[FAULTS].random.usize(0..REASONS.len())];
        failures.push(json!({"arn": first[*name], "reason": reason}));
    }
    answered
}

/// A server's error, as the service spells it: ECS models ServerException, the services of the
/// Query protocol share InternalFailure.
fn server_error(service: &str) -> ApiError {
    let code = match service {
        "ecs" => "ServerException",
        _ => "InternalFailure",
    };
    ApiError {
        status: 500,
        code: code.to_owned(),
        message: "The request processing has failed because of an unknown error.".to_owned(),
    }
}
