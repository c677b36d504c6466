//! ECS.

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
    Err(ApiError::not_implemented("ecs", action))
}

/// Does what was planned.
pub fn on_event(_account: &mut Account, event: Event) {
    match event {}
}

/// An EC2 instance has started to boot: its agent will register if the user data names a cluster.
pub fn instance_started(_account: &mut Account, _instance: &crate::ec2::Instance) {}

/// An EC2 instance was terminated: what still ran on it is killed, and its container instance deregistered.
pub fn instance_terminated(_account: &mut Account, _instance: &str) {}
