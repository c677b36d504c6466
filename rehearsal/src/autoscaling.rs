//! EC2 Auto Scaling.

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
    Err(ApiError::not_implemented("autoscaling", action))
}

/// Does what was planned.
pub fn on_event(_account: &mut Account, event: Event) {
    match event {}
}
