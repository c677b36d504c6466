//! `RedriveExecution`: an execution that ended badly runs again, from the state in which it ended.
//!
//! What a redrive does is recorded (radkawar/stackd
//! testdata/aws/stepfunctions/redrive_execution.json, 2026-09): the state is not entered again, its
//! retries and the clocks restart, the definition stays the one of the start. An execution that
//! ended in a Fail state fails again, with the same words.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Due;
use super::events;
use super::execution::{Execution, HISTORY_LIMIT, Status};
use super::executions::named;
use super::run::{act, count_transition, enter, execution, record_execution, start_clock};
use crate::account::Account;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::ExecutionEvent;
use crate::wire::ApiError;

/// How long after its end an execution can be redriven (documented:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>).
const REDRIVABLE_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long an execution lasts at most, its redrives included (documented:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>).
const LONGEST: SignedDuration = SignedDuration::from_hours(365 * 24);
/// How long a token is remembered, and how many (documented:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>).
const TOKEN_KEPT: SignedDuration = SignedDuration::from_mins(15);
const TOKENS_KEPT: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedriveExecution<'a> {
    execution_arn: &'a str,
    client_token: Option<&'a str>,
}

/// `RedriveExecution`: a token that was used is answered as it was then, however the execution
/// stands now.
pub fn redrive(account: &mut Account, request: RedriveExecution<'_>) -> Result<Value, ApiError> {
    let token = request.client_token.map(checked_token).transpose()?;
    let run = named(account, request.execution_arn)?;
    let now = account.now;
    let redriven = execution(account, run);
    let tokens = &mut redriven.redrives.tokens;
    tokens.retain(|(_, at)| now.duration_since(*at) < TOKEN_KEPT);
    let mut used = tokens.iter();
    if let Some((_, at)) = used.find(|(used, _)| Some(used.as_str()) == token) {
        return Ok(json!({"redriveDate": at.to_string()}));
    }
    if let Some(reason) = why_not(redriven, now) {
        return Err(ApiError::client(
            "ExecutionNotRedrivable",
            format!(
                "Execution {} invalid for redrive as: {reason}",
                redriven.arn
            ),
        ));
    }
    if account[STEPFUNCTIONS].forget_histories {
        return Err(ApiError::not_known(
            "a redrive of an execution whose history was forgotten",
        ));
    }
    begin_again(account, run, token.map(str::to_owned));
    Ok(json!({"redriveDate": now.to_string()}))
}

fn begin_again(account: &mut Account, run: usize, token: Option<String>) {
    let now = account.now;
    let redriven = execution(account, run);
    let redrives = &mut redriven.redrives;
    redrives.count += 1;
    redrives.last = Some(now);
    if let Some(token) = token {
        redrives.tokens.push((token, now));
        let surplus = redrives.tokens.len().saturating_sub(TOKENS_KEPT);
        redrives.tokens.drain(..surplus);
    }
    let life = redrives.count;
    let details = json!({"redriveCount": life});
    redriven.status = Status::Running;
    (redriven.stop, redriven.error, redriven.cause) = (None, None, None);
    let details = Some(("executionRedrivenEventDetails", details));
    redriven.write(now, "ExecutionRedriven", details, None);
    record_execution(account, run, ExecutionEvent::Redriven);
    events::status_changed(account, run);
    start_clock(account, run);
    let latency = account[STEPFUNCTIONS].timing.transition;
    account.after(latency, Due::Resume(run, life));
}

/// Continues where the execution ended: before a state, or in one, which then does its work again.
pub fn resume(account: &mut Account, run: usize) {
    let resumed = execution(account, run);
    if resumed.ahead.is_some() {
        return enter(account, run);
    }
    let (count, last) = (resumed.redrives.count, resumed.redrives.last);
    let Some(visit) = &mut resumed.visit else {
        unreachable!("an execution that ended badly was in a state, or before one")
    };
    visit.redriven = true;
    visit.retries.fill(0);
    if let Some(of) = visit.context.get_mut("Execution") {
        of["RedriveCount"] = json!(count);
        of["RedriveTime"] = json!(last.map(super::execution::millis));
    }
    if !visit.retries.is_empty() {
        visit.context["State"]["RetryCount"] = json!(0);
    }
    count_transition(account, run);
    // An ended execution has already reported everything.
    let _over = act(account, run);
}

/// Why the execution cannot be redriven now, if it cannot, as `redriveStatusReason` says it
/// (documented:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
pub fn why_not(of: &Execution, now: Timestamp) -> Option<String> {
    let ended = match of.status {
        Status::Running | Status::Succeeded => {
            let status = of.status.name();
            return Some(format!("Execution is {status} and cannot be redriven"));
        }
        Status::Failed | Status::TimedOut | Status::Aborted => of.stop.unwrap_or(now),
    };
    let reason = if now.duration_since(ended) > REDRIVABLE_FOR {
        "Execution redrivable period exceeded"
    } else if now.duration_since(of.start) > LONGEST {
        "Execution has exceeded the max execution time"
    } else if of.history.len() + 1 >= HISTORY_LIMIT {
        "Execution history event limit exceeded"
    } else {
        return None;
    };
    Some(reason.to_owned())
}

/// `redriveStatus`, and the reason if it is `NOT_REDRIVABLE`.
pub fn status(of: &Execution, now: Timestamp) -> (&'static str, Option<String>) {
    match why_not(of, now) {
        None => ("REDRIVABLE", None),
        Some(reason) => ("NOT_REDRIVABLE", Some(reason)),
    }
}

fn checked_token(token: &str) -> Result<&str, ApiError> {
    let printable = token.bytes().all(|letter| letter.is_ascii_graphic());
    if (1..=64).contains(&token.len()) && printable {
        return Ok(token);
    }
    Err(ApiError::client(
        "ValidationException",
        format!("clientToken {token:?} is not 1 to 64 printable ASCII characters"),
    ))
}
