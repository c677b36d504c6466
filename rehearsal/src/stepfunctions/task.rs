//! Task states: attempts, answers, time limits, Retry and Catch.

use std::time::Duration;

use serde_json::{Value, json};

use super::decide::answered;
use super::definition::{Kind, Task, Then};
use super::ending::{Ending, Over, end};
use super::execution::{Status, with_error, with_input, with_output};
use super::run::{PAYLOAD_LIMIT, act, count_transition, execution, leave, note, too_large};
use super::trouble::{DATA_LIMIT, TIMEOUT, Trouble};
use super::{Due, Ticket};
use crate::account::Account;
use crate::lambda::{self, Failure};

/// Asks the function, as one attempt.
pub fn ask(account: &mut Account, run: usize, payload: Value) -> Result<(), Over> {
    let task = task_of(account, run);
    let mut details = with_input(json!({}), &payload.to_string());
    details["resource"] = json!(task.resource);
    if let Some(seconds) = task.timeout_seconds {
        details["timeoutInSeconds"] = json!(seconds);
    }
    note(
        account,
        run,
        "LambdaFunctionScheduled",
        Some(("lambdaFunctionScheduledEventDetails", details)),
    )?;
    note(account, run, "LambdaFunctionStarted", None)?;
    let asking = execution(account, run);
    asking.attempts += 1;
    let attempt = asking.attempts;
    let ticket = Ticket {
        execution: asking.arn.clone(),
        attempt,
    };
    if let Some(visit) = &mut asking.visit {
        visit.awaited = Some(attempt);
    }
    if let Some(seconds) = task.timeout_seconds {
        account.after(Duration::from_secs(seconds), Due::TaskTimeout(run, attempt));
    }
    match lambda::invoke(account, &task.resource, payload, ticket) {
        Ok(()) => Ok(()),
        Err(failure) => {
            no_longer_awaited(account, run);
            attempt_failed(account, run, Trouble::new(&failure.error, failure.cause))
        }
    }
}

/// The Task state in which the execution is.
fn task_of(account: &mut Account, run: usize) -> Task {
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

fn awaits(account: &mut Account, run: usize, attempt: u64) -> bool {
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
            Err(failure) => {
                attempt_failed(account, run, Trouble::new(&failure.error, failure.cause))
            }
        };
    }
}

fn attempt_succeeded(account: &mut Account, run: usize, answer: Value) -> Result<(), Over> {
    let text = answer.to_string();
    if text.len() > PAYLOAD_LIMIT {
        let cause = too_large(&task_of(account, run).resource);
        return attempt_failed(account, run, Trouble::new(DATA_LIMIT, cause));
    }
    let details = with_output(json!({}), &text);
    note(
        account,
        run,
        "LambdaFunctionSucceeded",
        Some(("lambdaFunctionSucceededEventDetails", details)),
    )?;
    let task = task_of(account, run);
    let asked = execution(account, run);
    let visit = asked
        .visit
        .as_ref()
        .expect("an execution with a task is in a state");
    let state = &asked.definition.states[&visit.state];
    match answered(state, &task, visit.scope(), answer) {
        Ok(output) => leave(account, run, &output, task.then),
        Err(trouble) => {
            let trouble = trouble.in_state(&visit.state, visit.entered_event);
            failed(account, run, &trouble)
        }
    }
}

fn attempt_failed(account: &mut Account, run: usize, trouble: Trouble) -> Result<(), Over> {
    let details = with_error(trouble.error.as_deref(), trouble.cause.as_deref());
    note(
        account,
        run,
        "LambdaFunctionFailed",
        Some(("lambdaFunctionFailedEventDetails", details)),
    )?;
    failed(account, run, &trouble)
}

/// Cuts an attempt off that is still awaited.
pub fn timed_out(account: &mut Account, run: usize, attempt: u64) {
    if awaits(account, run, attempt) {
        no_longer_awaited(account, run);
        // An ended execution has already told everything.
        let _over = cut_off(account, run);
    }
}

fn cut_off(account: &mut Account, run: usize) -> Result<(), Over> {
    let details = with_error(Some(TIMEOUT), None);
    note(
        account,
        run,
        "LambdaFunctionTimedOut",
        Some(("lambdaFunctionTimedOutEventDetails", details)),
    )?;
    failed(account, run, &Trouble::timeout())
}

/// Tries again, or goes where the error leads, or ends the execution.
pub fn failed(account: &mut Account, run: usize, trouble: &Trouble) -> Result<(), Over> {
    let task = task_of(account, run);
    if let Some(delay) = next_retry(account, run, &task, trouble) {
        account.after(delay, Due::Retry(run));
        return Ok(());
    }
    let Some(catcher) = task
        .catch
        .iter()
        .find(|catcher| trouble.is_one_of(&catcher.error_equals))
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
        Ok(output) => leave(account, run, &output, Then::Next(catcher.next.clone())),
        Err(unplaced) => {
            let unplaced = unplaced.in_state(&visit.state, visit.entered_event);
            Err(end(account, run, Ending::Failed(unplaced)))
        }
    }
}

/// How long to wait before the next attempt, if the first Retry entry about this error has one left.
fn next_retry(
    account: &mut Account,
    run: usize,
    task: &Task,
    trouble: &Trouble,
) -> Option<Duration> {
    let at = task
        .retry
        .iter()
        .position(|retrier| trouble.is_one_of(&retrier.error_equals))?;
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
