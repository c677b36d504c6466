//! The calls of activity workers: taking a question, and answering it.
//!
//! Both clocks of a Task state, TimeoutSeconds and HeartbeatSeconds, begin for activities when a
//! worker gets its token and `ActivityStarted` is written
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-task-state.html>;
//! recorded: radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json, 2026-09). While
//! nobody polls, a question waits, with no limit but the execution's.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::activities::{Asked, known};
use super::failure::Failure;
use super::machines::checked_name;
use super::run::{PAYLOAD_LIMIT, execution, note};
use super::{Due, task};
use crate::account::Account;
use crate::cloudwatch::CLOUDWATCH;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::TraceEvent;
use crate::wire::{ApiError, WIRE};

/// How long the real service holds a poll open that nothing answers
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>).
pub const POLL: Duration = Duration::from_secs(60);
/// Hexadecimal digits of a token.
const TOKEN_LENGTH: usize = 256;

/// A question that a worker has taken.
#[derive(Debug, Clone)]
pub(super) struct HeldTask {
    run: usize,
    attempt: u64,
    /// ARN of the activity.
    activity: String,
    since: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GetActivityTask<'a> {
    activity_arn: &'a str,
    worker_name: Option<&'a str>,
}

/// `GetActivityTask`, answered at once: with the question that has waited longest, or with nothing.
/// The world asks again until there is one, or [`POLL`] has passed.
pub(super) fn get(account: &mut Account, request: GetActivityTask<'_>) -> Result<Value, ApiError> {
    let arn = request.activity_arn;
    known(account, arn)?;
    let worker = request.worker_name.map(checked_name).transpose()?;
    while let Some(asked) = known(account, arn)?.waiting.pop_front() {
        if let Some(answer) = take(account, arn, asked, worker) {
            return Ok(answer);
        }
    }
    Ok(json!({}))
}

/// Whether a question waits that a poll for this activity would get, or the poll would be refused.
pub fn answers_now(account: &Account, activity: &str) -> bool {
    let activity = account[STEPFUNCTIONS].activities.get(activity);
    activity.is_none_or(|activity| !activity.waiting.is_empty())
}

/// Hands a question out, unless nobody awaits its answer any more.
fn take(account: &mut Account, arn: &str, asked: Asked, worker: Option<&str>) -> Option<Value> {
    let Asked {
        run,
        attempt,
        input,
    } = asked;
    if !task::awaits(account, run, attempt) {
        return None;
    }
    let details = worker.map_or_else(|| json!({}), |worker| json!({"workerName": worker}));
    let details = Some(("activityStartedEventDetails", details));
    // An execution that this event ended has told everything.
    note(account, run, "ActivityStarted", details).ok()?;
    let now = account.now;
    let services = &mut account[CLOUDWATCH].services;
    services.count(now, "ActivitiesStarted", "ActivityArn", arn);
    let limits = task::task_of(account, run);
    if let Some(seconds) = limits.timeout_seconds {
        account.after(Duration::from_secs(seconds), Due::TaskTimeout(run, attempt));
    }
    if let Some(seconds) = limits.heartbeat_seconds {
        let silence = Duration::from_secs(seconds);
        account.after(silence, Due::Silence(run, attempt));
    }
    if let Some(visit) = &mut execution(account, run).visit {
        visit.heard = now;
    }
    let token: String = (0..TOKEN_LENGTH)
        .map(|_| char::from(b"0123456789abcdef"[account[WIRE].random.usize(0..16)]))
        .collect();
    let held = HeldTask {
        run,
        attempt,
        activity: arn.to_owned(),
        since: now,
    };
    let tokens = &mut account[STEPFUNCTIONS].tokens;
    tokens.insert(token.clone(), held);
    Some(json!({"taskToken": token, "input": input}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskSuccess<'a> {
    task_token: &'a str,
    output: &'a str,
}

/// `SendTaskSuccess`.
pub(super) fn succeeded(
    account: &mut Account,
    request: SendTaskSuccess<'_>,
) -> Result<Value, ApiError> {
    let SendTaskSuccess { task_token, output } = request;
    let held = held(account, task_token)?;
    if output.len() > PAYLOAD_LIMIT {
        return Err(too_long("output", PAYLOAD_LIMIT));
    }
    let answer: Value = serde_json::from_str(output)
        .map_err(|error| ApiError::client("InvalidOutput", format!("Invalid Output: '{error}'")))?;
    let words = |member: &str| answer[member].as_str().unwrap_or_default().to_owned();
    let outcome = Outcome {
        failed: false,
        verdict: words("verdict"),
        reason: words("reason"),
        answer: answer.clone(),
    };
    record_invocation(account, &held, outcome);
    task::returned(account, held.run, held.attempt, Ok(answer));
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskFailure<'a> {
    task_token: &'a str,
    error: Option<String>,
    cause: Option<String>,
}

/// `SendTaskFailure`.
pub(super) fn failed(
    account: &mut Account,
    request: SendTaskFailure<'_>,
) -> Result<Value, ApiError> {
    let held = held(account, request.task_token)?;
    let trouble = Failure {
        error: request.error,
        cause: request.cause,
    };
    let is_longer =
        |text: &Option<String>, limit| text.as_ref().is_some_and(|text| text.len() > limit);
    if is_longer(&trouble.error, 256) {
        return Err(too_long("error", 256));
    }
    if is_longer(&trouble.cause, 32_768) {
        return Err(too_long("cause", 32_768));
    }
    let cause = trouble.cause.clone().unwrap_or_default();
    let body: Value = serde_json::from_str(&cause).unwrap_or_default();
    let reason = body["errorMessage"].as_str().unwrap_or(&cause).to_owned();
    let error = trouble.error.clone().unwrap_or_default();
    record_invocation(account, &held, Outcome::failed(error, reason));
    task::returned(account, held.run, held.attempt, Err(trouble));
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendTaskHeartbeat<'a> {
    task_token: &'a str,
}

/// `SendTaskHeartbeat`: leaves nothing in the history, and does not move TimeoutSeconds
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskHeartbeat.html>).
pub(super) fn heartbeat(
    account: &mut Account,
    request: SendTaskHeartbeat<'_>,
) -> Result<Value, ApiError> {
    let held = held(account, request.task_token)?;
    let now = account.now;
    if let Some(visit) = &mut execution(account, held.run).visit {
        visit.heard = now;
    }
    Ok(json!({}))
}

/// The question whose answer is still awaited.
fn held(account: &mut Account, token: &str) -> Result<HeldTask, ApiError> {
    let Some(held) = account[STEPFUNCTIONS].tokens.get(token).cloned() else {
        let is_token =
            token.len() == TOKEN_LENGTH && token.bytes().all(|digit| digit.is_ascii_hexdigit());
        return Err(if is_token {
            let message = format!("Task Does Not Exist: '{token}'");
            ApiError::client("TaskDoesNotExist", message)
        } else {
            ApiError::client("InvalidToken", "Invalid Token: 'Invalid token'")
        });
    };
    if task::awaits(account, held.run, held.attempt) {
        return Ok(held);
    }
    // Recorded: radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json and
    // redrive_execution.json, 2026-09.
    Err(ApiError::client(
        "TaskTimedOut",
        format!("Task Timed Out: '{}'", held.activity),
    ))
}

fn too_long(member: &str, limit: usize) -> ApiError {
    ApiError::client(
        "ValidationException",
        format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to {limit}"
        ),
    )
}

/// Records that the worker which had taken this attempt gave no answer in time.
pub(super) fn record_unanswered(account: &mut Account, run: usize, attempt: u64, error: &str) {
    let mut tokens = account[STEPFUNCTIONS].tokens.values();
    let held = tokens.find(|held| (held.run, held.attempt) == (run, attempt));
    if let Some(held) = held.cloned() {
        let reason = "the activity worker that took the question gave no answer in time";
        let outcome = Outcome::failed(error.to_owned(), reason.to_owned());
        record_invocation(account, &held, outcome);
    }
}

/// How an attempt ended.
struct Outcome {
    failed: bool,
    verdict: String,
    reason: String,
    answer: Value,
}

impl Outcome {
    fn failed(error: String, reason: String) -> Self {
        Self {
            failed: true,
            verdict: error,
            reason,
            answer: Value::Null,
        }
    }
}

fn record_invocation(account: &mut Account, held: &HeldTask, outcome: Outcome) {
    let lasted = account.now.duration_since(held.since);
    let of = execution(account, held.run);
    let (execution, instance) = (of.arn.clone(), of.instance().to_owned());
    let input = of.visit.as_ref().map(|visit| &visit.input["result"]);
    let result = input.and_then(Value::as_str).unwrap_or_default().to_owned();
    account.record(TraceEvent::Invocation {
        execution,
        function: held
            .activity
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned(),
        instance,
        result,
        failed: outcome.failed,
        verdict: outcome.verdict,
        reason: outcome.reason,
        answer: outcome.answer,
        billed_ms: u64::try_from(lasted.as_millis()).unwrap_or_default(),
    });
}
