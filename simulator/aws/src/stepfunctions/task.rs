//! Task states: attempts, answers, time limits, Retry and Catch.

use std::time::Duration;

use serde_json::{Value, json};

use super::activities::Asked;
use super::decide::answered;
use super::definition::{Kind, Next, Task};
use super::ending::{Ending, ExecutionEnded, end};
use super::execution::{Status, with_error, with_input, with_output};
use super::failure::{DATA_LIMIT, Failure, TIMEOUT};
use super::host::Host;
use super::leave::{leave, leave_with, too_large};
use super::run::{PAYLOAD_LIMIT, act, count_transition, execution, json_text, note, note_after};
use super::{Due, Ticket, activity_task};
use crate::account::Account;
use crate::lambda;
use crate::stepfunctions::STEPFUNCTIONS;

/// Asks the function or activity, as one attempt.
pub fn ask(account: &mut Account, run: usize, payload: Value) -> Result<(), ExecutionEnded> {
    let task = task_of(account, run);
    if task.host == Host::Activity
        && !account[STEPFUNCTIONS]
            .activities
            .contains_key(&task.resource)
    {
        // Recorded (radkawar/stackd testdata/aws/stepfunctions/activity_missing.json, 2026-09): not
        // even ActivityScheduled is written, and nothing catches it.
        let cause = format!("The activity {} does not exist.", task.resource);
        let trouble = in_state(account, run, Failure::runtime(cause));
        return failed(account, run, &trouble);
    }
    let mut details = with_input(json!({}), json_text(&payload));
    details["resource"] = json!(task.resource);
    if let Some(seconds) = task.timeout_seconds {
        details["timeoutInSeconds"] = json!(seconds);
    }
    if let (Host::Activity, Some(seconds)) = (task.host, task.heartbeat_seconds) {
        details["heartbeatInSeconds"] = json!(seconds);
    }
    let (kind, member) = task.host.scheduled();
    let details = Some((member, details));
    let previous = entered_before(account, run);
    note_after(account, run, kind, details, previous)?;
    let asking = execution(account, run);
    asking.attempts += 1;
    let attempt = asking.attempts;
    if let Some(visit) = &mut asking.visit {
        visit.awaited = Some(attempt);
    }
    match task.host {
        Host::Function => invoke(account, run, attempt, &task, payload),
        Host::Activity => {
            let activities = &mut account[STEPFUNCTIONS].activities;
            if let Some(activity) = activities.get_mut(&task.resource) {
                let input = json_text(&payload);
                activity.waiting.push_back(Asked {
                    run,
                    attempt,
                    input,
                });
            }
            Ok(())
        }
    }
}

/// The event with which the execution entered the state, if a redrive has just come back to it:
/// what is asked then follows from that one (recorded: radkawar/stackd
/// testdata/aws/stepfunctions/redrive_execution.json, 2026-09).
fn entered_before(account: &mut Account, run: usize) -> Option<usize> {
    let visit = execution(account, run).visit.as_mut()?;
    std::mem::take(&mut visit.redriven).then_some(visit.entered_event)
}

fn invoke(
    account: &mut Account,
    run: usize,
    attempt: u64,
    task: &Task,
    payload: Value,
) -> Result<(), ExecutionEnded> {
    note(account, run, "LambdaFunctionStarted", None)?;
    if let Some(seconds) = task.timeout_seconds {
        account.after(Duration::from_secs(seconds), Due::TaskTimeout(run, attempt));
    }
    let ticket = Ticket {
        execution: execution(account, run).arn.clone(),
        attempt,
    };
    match lambda::invoke(account, &task.resource, payload, ticket) {
        Ok(()) => Ok(()),
        Err(failure) => {
            no_longer_awaited(account, run);
            attempt_failed(account, run, Failure::new(&failure.error, failure.cause))
        }
    }
}

/// The trouble, with the state in which the execution is.
fn in_state(account: &mut Account, run: usize, trouble: Failure) -> Failure {
    let visit = execution(account, run).visit.as_ref();
    let visit = visit.expect("an execution with a task is in a state");
    trouble.in_state(&visit.state, visit.entered_event)
}

/// The Task state in which the execution is.
pub(super) fn task_of(account: &mut Account, run: usize) -> Task {
    let asking = execution(account, run);
    let visit = asking
        .visit
        .as_ref()
        .expect("an execution with a task is in a state");
    match &asking.definition.states[&visit.state].kind {
        Kind::Task(task) => task.clone(),
        other => unreachable!("only Task states have tasks, not {other:?}"),
    }
}

fn no_longer_awaited(account: &mut Account, run: usize) {
    if let Some(visit) = &mut execution(account, run).visit {
        visit.awaited = None;
    }
}

/// Whether the answer to this attempt is awaited.
pub(super) fn awaits(account: &mut Account, run: usize, attempt: u64) -> bool {
    let asked = execution(account, run);
    asked.status == Status::Running
        && asked
            .visit
            .as_ref()
            .is_some_and(|visit| visit.awaited == Some(attempt))
}

/// Takes an answer, if it is still awaited.
pub fn returned(account: &mut Account, run: usize, attempt: u64, result: Result<Value, Failure>) {
    if awaits(account, run, attempt) {
        no_longer_awaited(account, run);
        // An ended execution has already told everything.
        let _over = match result {
            Ok(answer) => attempt_succeeded(account, run, answer),
            Err(trouble) => attempt_failed(account, run, trouble),
        };
    }
}

fn attempt_succeeded(
    account: &mut Account,
    run: usize,
    answer: Value,
) -> Result<(), ExecutionEnded> {
    let text = json_text(&answer);
    if text.len() > PAYLOAD_LIMIT {
        let cause = too_large(&task_of(account, run).resource);
        return attempt_failed(account, run, Failure::new(DATA_LIMIT, cause));
    }
    let task = task_of(account, run);
    let (kind, member) = task.host.succeeded();
    let details = with_output(json!({}), text);
    note(account, run, kind, Some((member, details)))?;
    let asked = execution(account, run);
    let visit = asked
        .visit
        .as_ref()
        .expect("an execution with a task is in a state");
    let state = &asked.definition.states[&visit.state];
    match answered(state, &task, visit.scope(), answer) {
        // A state's output over the limit is an error of the state, which its Retry and Catch may
        // be about (see `DataLimit`).
        Ok(output) => match leave_with(account, run, output, task.then)? {
            None => Ok(()),
            Some(too_large) => failed(account, run, &too_large),
        },
        Err(trouble) => {
            let trouble = trouble.in_state(&visit.state, visit.entered_event);
            failed(account, run, &trouble)
        }
    }
}

fn attempt_failed(
    account: &mut Account,
    run: usize,
    trouble: Failure,
) -> Result<(), ExecutionEnded> {
    let details = with_error(trouble.error.as_deref(), trouble.cause.as_deref());
    let (kind, member) = task_of(account, run).host.failed();
    note(account, run, kind, Some((member, details)))?;
    failed(account, run, &trouble)
}

/// Cuts an attempt off that is still awaited.
pub fn timed_out(account: &mut Account, run: usize, attempt: u64) {
    if awaits(account, run, attempt) {
        cut_off(account, run, attempt);
    }
}

/// Cuts an attempt off whose worker has been silent for too long; looks again later if it has been
/// heard meanwhile.
pub fn silent(account: &mut Account, run: usize, attempt: u64) {
    if !awaits(account, run, attempt) {
        return;
    }
    let seconds = task_of(account, run).heartbeat_seconds.unwrap_or_default();
    let now = account.now;
    let visit = execution(account, run).visit.as_ref();
    let heard = visit.map_or(now, |visit| visit.heard);
    let limit = heard + Duration::from_secs(seconds);
    if limit > now {
        let later = Duration::try_from(limit.duration_since(now)).unwrap_or_default();
        account.after(later, Due::Silence(run, attempt));
    } else {
        cut_off(account, run, attempt);
    }
}

fn cut_off(account: &mut Account, run: usize, attempt: u64) {
    activity_task::record_unanswered(account, run, attempt, TIMEOUT);
    no_longer_awaited(account, run);
    let (kind, member) = task_of(account, run).host.timed_out();
    let details = with_error(Some(TIMEOUT), None);
    let trouble = Failure::timeout();
    // An ended execution has already told everything.
    let _over = note(account, run, kind, Some((member, details)))
        .and_then(|_| failed(account, run, &trouble));
}

/// Tries again, or goes where the error leads, or ends the execution.
pub fn failed(account: &mut Account, run: usize, trouble: &Failure) -> Result<(), ExecutionEnded> {
    let task = task_of(account, run);
    if let Some(delay) = next_retry(account, run, &task, trouble) {
        let life = execution(account, run).redrives.count;
        account.after(delay, Due::Retry(run, life));
        return Ok(());
    }
    let limit = account[STEPFUNCTIONS].timing.data_limit;
    let Some(catcher) = task
        .catch
        .iter()
        .find(|catcher| trouble.is_one_of(&catcher.error_equals, limit))
    else {
        return Err(end(account, run, Ending::Failed(trouble.clone())));
    };
    let caught = json!({
        "Error": trouble.error.as_deref().unwrap_or_default(), "Cause": trouble.cause.as_deref().unwrap_or_default(),
    });
    let visit = execution(account, run)
        .visit
        .as_ref()
        .expect("an execution with a task is in a state");
    match catcher.result_path.place(&visit.input, caught) {
        Ok(output) => leave(account, run, output, Next::Next(catcher.next.clone())),
        Err(unplaced) => {
            let unplaced = unplaced.in_state(&visit.state, visit.entered_event);
            Err(end(account, run, Ending::Failed(unplaced)))
        }
    }
}

/// How long to wait before the next attempt, if the first Retry entry about this error has one
/// left.
fn next_retry(
    account: &mut Account,
    run: usize,
    task: &Task,
    trouble: &Failure,
) -> Option<Duration> {
    let limit = account[STEPFUNCTIONS].timing.data_limit;
    let at = task
        .retry
        .iter()
        .position(|retrier| trouble.is_one_of(&retrier.error_equals, limit))?;
    let retrier = &task.retry[at];
    let retries = &mut execution(account, run).visit.as_mut()?.retries[at];
    if *retries >= retrier.max_attempts {
        return None;
    }
    let delay = Duration::from_secs_f64(retrier.delay_seconds(*retries));
    *retries += 1;
    Some(if retrier.full_jitter {
        account.between(Duration::ZERO, delay)
    } else {
        delay
    })
}

/// Makes the next attempt.
pub fn retry(account: &mut Account, run: usize) {
    count_transition(account, run);
    if let Some(visit) = &mut execution(account, run).visit {
        visit.context["State"]["RetryCount"] = json!(visit.retries.iter().sum::<u64>());
    }
    // An ended execution has already told everything.
    let _over = act(account, run);
}
