//! Moves executions from state to state.

use std::time::Duration;

use serde_json::{Value, json};

use super::Due;
use super::decide::{Move, decide};
use super::definition::{Kind, Then};
use super::execution::{
    Execution, HISTORY_LIMIT, Status, Visit, with_error, with_input, with_output,
};
use super::trouble::{DATA_LIMIT, TIMEOUT, Trouble};
use super::{notice, task};
use crate::account::Account;
use crate::fact::{ExecutionFact, Fact};

/// The most bytes that an input, an output or a result may have (documented).
pub const PAYLOAD_LIMIT: usize = 262_144;

/// Says that the execution is over, so that whoever moved it stops.
pub struct Over;

/// How an execution ends.
pub enum Ending {
    /// Well, with this output.
    Succeeded(String),
    /// With an error.
    Failed(Trouble),
    /// At its time limit.
    TimedOut,
    /// Because somebody said so.
    Aborted(Trouble),
}

pub fn execution(account: &mut Account, run: usize) -> &mut Execution {
    &mut account.stepfunctions.executions[run]
}

/// Starts an execution that was just made.
pub fn begin(account: &mut Account, run: usize) {
    let now = account.now;
    let made = execution(account, run);
    let details = with_input(json!({"roleArn": made.role}), &made.input_text);
    made.write(
        now,
        "ExecutionStarted",
        Some(("executionStartedEventDetails", details)),
    );
    let (start_at, input) = (made.definition.start_at.clone(), made.input.clone());
    let timeout = made.definition.timeout_seconds;
    tell(account, run, ExecutionFact::Started);
    notice::status_changed(account, run);
    if let Some(seconds) = timeout {
        account.after(Duration::from_secs(seconds), Due::ExecutionTimeout(run));
    }
    go(account, run, start_at, input);
}

fn tell(account: &mut Account, run: usize, what: ExecutionFact) {
    let told = execution(account, run);
    let (execution, instance) = (told.name.clone(), told.instance().to_owned());
    account.tell(Fact::Execution {
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
) -> Result<usize, Over> {
    let now = account.now;
    let noted = execution(account, run);
    if noted.history.len() + 1 < HISTORY_LIMIT {
        return Ok(noted.write(now, kind, details));
    }
    let cause =
        format!("The execution reached the maximum number of history events ({HISTORY_LIMIT}).");
    Err(end(account, run, Ending::Failed(Trouble::runtime(cause))))
}

/// Plans to enter `state`.
fn go(account: &mut Account, run: usize, state: String, input: Value) {
    let latency = account.stepfunctions.dynamics.transition;
    execution(account, run).ahead = Some((state, input));
    account.after(latency, Due::Enter(run));
}

/// Enters the state that lies ahead.
pub fn enter(account: &mut Account, run: usize) {
    if let Some((state, input)) = execution(account, run).ahead.take() {
        // An ended execution has already told everything.
        let _over = step_into(account, run, state, input);
    }
}

fn step_into(account: &mut Account, run: usize, state: String, input: Value) -> Result<(), Over> {
    let machine = execution(account, run).state_machine.clone();
    if account.stepfunctions.is_deleting(&machine) {
        // Documented for DeleteStateMachine: executions end at their next transition.
        return Err(end(
            account,
            run,
            Ending::Aborted(Trouble {
                error: None,
                cause: None,
            }),
        ));
    }
    count_transition(account, run);
    let definition = execution(account, run).definition.clone();
    let definition = &definition.states[&state];
    let details = with_input(json!({"name": state}), &input.to_string());
    let kind = format!("{}StateEntered", definition.kind_name());
    let entered_event = note(
        account,
        run,
        &kind,
        Some(("stateEnteredEventDetails", details)),
    )?;
    tell(
        account,
        run,
        ExecutionFact::Entered {
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
        context,
        retries,
        awaited: None,
        afterwards: None,
    });
    act(account, run)
}

/// Does what the state wants in which the execution is.
pub fn act(account: &mut Account, run: usize) -> Result<(), Over> {
    let now = account.now;
    let acting = execution(account, run);
    let definition = acting.definition.clone();
    let visit = acting
        .visit
        .as_ref()
        .expect("a running execution that acts is in a state");
    let state = &definition.states[&visit.state];
    match decide(state, visit.scope(), now) {
        Ok(Move::Leave(output, then)) => leave(account, run, &output, then),
        Ok(Move::Wait(length, output, then)) => {
            let length = account.stepfunctions.wait_override.unwrap_or(length);
            let visit = execution(account, run).visit.as_mut();
            visit.expect("the state was just entered").afterwards = Some((output, then));
            account.after(length, Due::WaitOver(run));
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
        let _over = leave(account, run, &output, then);
    }
}

/// Leaves the state in which the execution is.
pub fn leave(account: &mut Account, run: usize, output: &Value, then: Then) -> Result<(), Over> {
    let leaving = execution(account, run);
    let visit = leaving
        .visit
        .take()
        .expect("a running execution that leaves is in a state");
    let kind = format!(
        "{}StateExited",
        leaving.definition.states[&visit.state].kind_name()
    );
    let text = output.to_string();
    if text.len() > PAYLOAD_LIMIT {
        let trouble = Trouble::new(DATA_LIMIT, too_large(&visit.state));
        return Err(end(account, run, Ending::Failed(trouble)));
    }
    let details = with_output(json!({"name": visit.state}), &text);
    note(
        account,
        run,
        &kind,
        Some(("stateExitedEventDetails", details)),
    )?;
    match then {
        Then::Next(state) => {
            go(account, run, state, output.clone());
            Ok(())
        }
        Then::End => Err(end(account, run, Ending::Succeeded(text))),
    }
}

/// The cause of `States.DataLimitExceeded` (observed).
pub fn too_large(what: &str) -> String {
    format!(
        "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
    )
}

/// Counts a state entered or a retry.
pub fn count_transition(account: &mut Account, run: usize) {
    account.stepfunctions.transitions += 1;
    execution(account, run).transitions += 1;
}

/// Ends the execution.
pub fn end(account: &mut Account, run: usize, ending: Ending) -> Over {
    let now = account.now;
    let ended = execution(account, run);
    let (status, trouble) = match ending {
        Ending::Succeeded(output) => {
            ended.output = Some(output);
            (
                Status::Succeeded,
                Trouble {
                    error: None,
                    cause: None,
                },
            )
        }
        Ending::Failed(trouble) => (Status::Failed, trouble),
        Ending::TimedOut => (
            Status::TimedOut,
            Trouble {
                error: Some(TIMEOUT.to_owned()),
                cause: None,
            },
        ),
        Ending::Aborted(trouble) => (Status::Aborted, trouble),
    };
    let error = with_error(trouble.error.as_deref(), trouble.cause.as_deref());
    let (kind, details) = match status {
        Status::Succeeded => {
            let output = ended.output.as_deref().unwrap_or_default();
            (
                "ExecutionSucceeded",
                (
                    "executionSucceededEventDetails",
                    with_output(json!({}), output),
                ),
            )
        }
        Status::TimedOut => (
            "ExecutionTimedOut",
            ("executionTimedOutEventDetails", error),
        ),
        Status::Aborted => ("ExecutionAborted", ("executionAbortedEventDetails", error)),
        Status::Failed | Status::Running => {
            ("ExecutionFailed", ("executionFailedEventDetails", error))
        }
    };
    ended.write(now, kind, Some(details));
    (ended.status, ended.stop, ended.visit, ended.ahead) = (status, Some(now), None, None);
    (ended.error, ended.cause) = (trouble.error.clone(), trouble.cause.clone());
    let what = ExecutionFact::Ended {
        status: status.name().to_owned(),
        error: trouble.error.unwrap_or_default(),
        cause: trouble.cause.unwrap_or_default(),
        history_events: ended.history.len(),
    };
    let machine = ended.state_machine.clone();
    tell(account, run, what);
    notice::status_changed(account, run);
    account.stepfunctions.forget_if_deleted(&machine);
    Over
}
