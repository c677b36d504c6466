//! Moves executions from state to state.

use std::time::Duration;

use serde_json::{Value, json};

use super::Due;
use super::decide::{Move, decide};
use super::definition::Kind;
use super::ending::{Ending, ExecutionEnded, end};
use super::execution::{Execution, HISTORY_LIMIT, ReturnState, Visit, with_input};
use super::failure::Failure;
use super::leave::leave;
use super::{events, task};
use crate::account::Account;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::{ExecutionEvent, TraceEvent};

/// The most bytes that an input, an output or a result may have
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/limits.html>).
pub const PAYLOAD_LIMIT: usize = 262_144;

/// The execution in this place of the list of all.
pub fn execution(account: &mut Account, run: usize) -> &mut Execution {
    &mut account[STEPFUNCTIONS].executions[run]
}

/// Starts an execution that was just made.
pub fn begin(account: &mut Account, run: usize) {
    let now = account.now;
    let made = execution(account, run);
    let details = with_input(json!({"roleArn": made.role}), made.input_text.clone());
    made.write(
        now,
        "ExecutionStarted",
        Some(("executionStartedEventDetails", details)),
        None,
    );
    let ahead = ReturnState {
        state: made.definition.start_at.clone(),
        input: made.input.clone(),
        text: json_text(&made.input),
    };
    record_execution(account, run, ExecutionEvent::Started);
    events::status_changed(account, run);
    start_clock(account, run);
    go(account, run, ahead);
}

/// Plans the end of an execution that takes longer than its TimeoutSeconds. A redrive begins them
/// anew (recorded: radkawar/stackd testdata/aws/stepfunctions/redrive_execution.json, 2026-09).
pub fn start_clock(account: &mut Account, run: usize) {
    let running = execution(account, run);
    let (timeout, life) = (running.definition.timeout_seconds, running.redrives.count);
    if let Some(seconds) = timeout {
        let due = Due::ExecutionTimeout(run, life);
        account.after(Duration::from_secs(seconds), due);
    }
}

/// Writes down what happened to the execution.
pub fn record_execution(account: &mut Account, run: usize, what: ExecutionEvent) {
    let of = execution(account, run);
    let (execution, instance) = (of.name.clone(), of.instance().to_owned());
    account.record(TraceEvent::Execution {
        execution,
        instance,
        what,
    });
}

/// Writes an event down. At the limit of the history the execution fails instead.
pub fn note(
    account: &mut Account,
    run: usize,
    kind: &str,
    details: Option<(&'static str, Value)>,
) -> Result<usize, ExecutionEnded> {
    note_after(account, run, kind, details, None)
}

/// Writes an event down that follows from `previous`, or else from the one before it.
pub fn note_after(
    account: &mut Account,
    run: usize,
    kind: &str,
    details: Option<(&'static str, Value)>,
    previous: Option<usize>,
) -> Result<usize, ExecutionEnded> {
    let now = account.now;
    let noted = execution(account, run);
    if noted.history.len() + 1 < HISTORY_LIMIT {
        return Ok(noted.write(now, kind, details, previous));
    }
    let cause =
        format!("The execution reached the maximum number of history events ({HISTORY_LIMIT}).");
    Err(end(account, run, Ending::Failed(Failure::runtime(cause))))
}

/// Plans to enter a state.
pub fn go(account: &mut Account, run: usize, ahead: ReturnState) {
    let latency = account[STEPFUNCTIONS].timing.transition;
    let going = execution(account, run);
    going.ahead = Some(ahead);
    let due = Due::Enter(run, going.redrives.count);
    account.after(latency, due);
}

/// Enters the state that lies ahead.
pub fn enter(account: &mut Account, run: usize) {
    if let Some(ahead) = execution(account, run).ahead.take() {
        // An ended execution has already told everything.
        let _over = step_into(account, run, ahead);
    }
}

fn step_into(account: &mut Account, run: usize, ahead: ReturnState) -> Result<(), ExecutionEnded> {
    let machine = execution(account, run).state_machine.clone();
    if account[STEPFUNCTIONS].is_deleting(&machine) {
        // The executions of a deleted machine end at their next transition:
        // https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
        return Err(end(account, run, Ending::Aborted(Failure::NONE)));
    }
    let ReturnState { state, input, text } = ahead;
    count_transition(account, run);
    let definition = execution(account, run).definition.clone();
    let definition = &definition.states[&state];
    let details = with_input(json!({"name": state}), text.clone());
    let kind = format!("{}StateEntered", definition.kind_name());
    let entered_event = note(
        account,
        run,
        &kind,
        Some(("stateEnteredEventDetails", details)),
    )?;
    record_execution(
        account,
        run,
        ExecutionEvent::Entered {
            state: state.clone(),
        },
    );
    let now = account.now;
    let mut context = execution(account, run).context(now, &state);
    let mut retries = Vec::new();
    if let Kind::Task(task) = &definition.kind {
        context["State"]["RetryCount"] = json!(0);
        retries = vec![0; task.retry.len()];
    }
    execution(account, run).visit = Some(Visit {
        state,
        entered_event,
        input,
        text,
        context,
        retries,
        awaited: None,
        heard: now,
        afterwards: None,
        redriven: false,
    });
    act(account, run)
}

/// Does what the state wants in which the execution is.
pub fn act(account: &mut Account, run: usize) -> Result<(), ExecutionEnded> {
    let now = account.now;
    let acting = execution(account, run);
    let definition = acting.definition.clone();
    let visit = acting
        .visit
        .as_ref()
        .expect("a running execution that acts is in a state");
    let state = &definition.states[&visit.state];
    match decide(state, visit.scope(), now) {
        Ok(Move::Leave(output, then)) => leave(account, run, output, then),
        Ok(Move::Wait(length, output, then)) => {
            let visit = execution(account, run).visit.as_mut();
            let visit = visit.expect("the state was just entered");
            visit.afterwards = Some((output, then));
            let life = execution(account, run).redrives.count;
            account.after(length, Due::WaitOver(run, life));
            Ok(())
        }
        Ok(Move::Ask(payload)) => task::ask(account, run, payload),
        Ok(Move::Fail(trouble)) => Err(end(account, run, Ending::Failed(trouble))),
        Err(trouble) => {
            let trouble = trouble.in_state(&visit.state, visit.entered_event);
            match state.kind {
                Kind::Task(_) => task::failed(account, run, &trouble),
                _ => Err(end(account, run, Ending::Failed(trouble))),
            }
        }
    }
}

/// Leaves a Wait state whose time is over.
pub fn wait_over(account: &mut Account, run: usize) {
    let visit = execution(account, run).visit.as_mut();
    if let Some((output, then)) = visit.and_then(|visit| visit.afterwards.take()) {
        // An ended execution has already told everything.
        let _over = leave(account, run, output, then);
    }
}

/// As JSON text.
pub fn json_text(value: &Value) -> String {
    serde_json::to_string(value).expect("JSON data has a text")
}

/// Counts a state entered or a retry.
pub fn count_transition(account: &mut Account, run: usize) {
    account[STEPFUNCTIONS].transitions += 1;
    execution(account, run).transitions += 1;
}
