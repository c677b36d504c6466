//! EC2: launch templates, and instances that boot and go away.

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
    Err(ApiError::not_implemented("ec2", action))
}

/// Does what was planned.
pub fn on_event(_account: &mut Account, event: Event) {
    match event {}
}

/// An instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Such as `i-0123456789abcdef0`.
    pub id: String,
    /// The AMI that it runs.
    pub ami: String,
    /// Such as `m7g.large`.
    pub instance_type: String,
    /// Such as `eu-west-1a`.
    pub availability_zone: String,
    /// The subnet that it is in.
    pub subnet: String,
    /// User data, decoded.
    pub user_data: String,
}
