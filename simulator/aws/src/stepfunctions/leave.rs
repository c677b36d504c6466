//! Leaves states.

use serde_json::{Value, json};

use super::definition::Next;
use super::ending::{Ending, ExecutionEnded, end};
use super::execution::{ReturnState, with_output};
use super::failure::{DATA_LIMIT, Failure};
use super::run::{PAYLOAD_LIMIT, execution, go, json_text, note};
use crate::account::Account;

/// Data is nested so deep at most when it leaves a state, where each turn of a loop may wrap it
/// once more. AWS documents no limit.
///
/// assumption: such data is too large for AWS as well. An execution that passes it on proves it
/// wrong.
const DEEPEST: usize = 500;

/// Leaves the state in which the execution is. With an output that is too large the execution
/// fails.
pub fn leave(
    account: &mut Account,
    run: usize,
    output: Value,
    then: Next,
) -> Result<(), ExecutionEnded> {
    match leave_with(account, run, output, then)? {
        None => Ok(()),
        Some(too_large) => Err(end(account, run, Ending::Failed(too_large))),
    }
}

/// Leaves the state in which the execution is, unless the output is too large: what is wrong with
/// it is given back.
pub fn leave_with(
    account: &mut Account,
    run: usize,
    output: Value,
    then: Next,
) -> Result<Option<Failure>, ExecutionEnded> {
    let leaving = execution(account, run);
    let visit = leaving
        .visit
        .as_mut()
        .expect("a running execution that leaves is in a state");
    let kind = format!(
        "{}StateExited",
        leaving.definition.states[&visit.state].kind_name()
    );
    // What goes through unchanged, as it does through most states, was measured when it came.
    let is_new = output != visit.input;
    let text = if is_new {
        json_text(&output)
    } else {
        std::mem::take(&mut visit.text)
    };
    if text.len() > PAYLOAD_LIMIT || is_new && is_deeper(&output, DEEPEST) {
        return Ok(Some(Failure::new(DATA_LIMIT, too_large(&visit.state))));
    }
    let details = with_output(json!({"name": visit.state}), text.clone());
    note(
        account,
        run,
        &kind,
        Some(("stateExitedEventDetails", details)),
    )?;
    execution(account, run).visit = None;
    match then {
        Next::Next(state) => {
            let input = output;
            go(account, run, ReturnState { state, input, text });
            Ok(None)
        }
        Next::End => Err(end(account, run, Ending::Succeeded(text))),
    }
}

/// Whether `value` is nested more than `levels` deep.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let deeper = |inner: &Value| levels == 0 || is_deeper(inner, levels - 1);
    match value {
        Value::Array(items) => items.iter().any(deeper),
        Value::Object(members) => members.values().any(deeper),
        _ => false,
    }
}

/// The cause of `States.DataLimitExceeded` (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/error_handling/test_states_errors.snapshot.json, 2024-03).
pub fn too_large(what: &str) -> String {
    format!(
        "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
    )
}
