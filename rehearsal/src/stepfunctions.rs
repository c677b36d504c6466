//! Step Functions.

use serde_json::Value;

use crate::account::Account;
use crate::wire::ApiError;

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {}

/// What the service has planned for later.
#[derive(Debug)]
pub enum Event {}

/// Answers a call.
///
/// # Errors
/// What AWS would answer, or `NotImplemented`.
pub fn call(_account: &mut Account, action: &str, _input: &Value) -> Result<Value, ApiError> {
    Err(ApiError::not_implemented("states", action))
}

/// Does what was planned.
pub fn on_event(_account: &mut Account, event: Event) {
    match event {}
}

/// Who asked for a task: one attempt of one state of one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// ARN of the execution.
    pub execution: String,
    /// Which attempt, counted through the whole execution; a ticket that is no longer awaited is ignored.
    pub attempt: u64,
}

/// Takes a task's result: what the function answered, or its failure.
pub fn task_returned(
    _account: &mut Account,
    _ticket: &Ticket,
    _result: Result<Value, crate::lambda::Failure>,
) {
}
