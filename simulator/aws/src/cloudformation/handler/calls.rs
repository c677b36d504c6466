//! The calls that handlers make.

use serde_json::Value;

use super::record;
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::node::whole_number;
use crate::cloudformation::permissions;
use crate::wire::{ApiError, Call};

/// Calls `action` of `service` as CloudFormation, for the stack `stack`.
///
/// # Errors
/// The service's error, as a stack event shows it.
pub fn ask(
    account: &mut Account,
    stack: &str,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, ResourceError> {
    raw(account, stack, service, action, input)
        .map_err(|error| record(account, service, error).into())
}

/// Calls `action` of `service` as CloudFormation, for the stack `stack`: with the rights of the
/// stack's service role, if it has one whose policies are known.
///
/// # Errors
/// The service's own error, or the refusal of the role.
pub fn raw(
    account: &mut Account,
    stack: &str,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let caller = permissions::caller(account, stack);
    let call = Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input: input.clone(),
    };
    match permissions::refuses(account, &caller, &call) {
        Some(refusal) => {
            account.record_call(&caller, service, action, Some(&refusal));
            Err(refusal)
        }
        None => account.call(&caller, service, action, input),
    }
}

/// Keys as the JSON services want them: `LogGroupArn` becomes `logGroupArn`, at every depth.
pub fn lower_camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(lower_camel).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                let mut letters = key.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                (
                    first.into_iter().chain(letters).collect::<String>(),
                    lower_camel(value),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Numbers in place of texts that are numbers, at every depth. Parameters come as text, also those
/// that are numbers.
pub fn numbers(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), numbers(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        one => whole_number(one).map_or_else(|| one.clone(), Value::from),
    }
}
