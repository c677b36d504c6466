//! Calls about the lifecycle actions that hooks hold.

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{Action, ActionResult, Group};
use super::input::{not_one_of, validation};
use super::{found, hold};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;
use crate::wire::request::missing;

/// The action that a call means; only a call that completes it has a result.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ActionRequest<'a> {
    auto_scaling_group_name: &'a str,
    lifecycle_hook_name: &'a str,
    lifecycle_action_token: Option<&'a str>,
    instance_id: Option<&'a str>,
    lifecycle_action_result: Option<&'a str>,
}

/// CompleteLifecycleAction, by token or by instance id.
pub(super) fn complete(
    account: &mut Account,
    request: ActionRequest<'_>,
) -> Result<Value, ApiError> {
    let word = request.lifecycle_action_result;
    let word = word.ok_or_else(|| missing("ValidationError", "lifecycleActionResult"))?;
    let result = result("LifecycleActionResult", word)?;
    let (group, id, token) = open_action(account, &request)?;
    let why = format!("Lifecycle Action Completed with {} Result", result.as_str());
    hold::end_action(account, &group, &id, &token, result, &why);
    Ok(json!({}))
}

/// RecordLifecycleActionHeartbeat, by token or by instance id. That its errors are those of
/// completing is assumed.
pub(super) fn heartbeat(
    account: &mut Account,
    request: ActionRequest<'_>,
) -> Result<Value, ApiError> {
    if request.lifecycle_action_result.is_some() {
        return Err(ApiError::not_known(
            "LifecycleActionResult of RecordLifecycleActionHeartbeat",
        ));
    }
    let (group, id, token) = open_action(account, &request)?;
    hold::heartbeat(account, &group, &id, &token);
    Ok(json!({}))
}

/// The open action that a call means: group, instance and token.
fn open_action(
    account: &Account,
    request: &ActionRequest<'_>,
) -> Result<(String, String, String), ApiError> {
    let (name, hook) = (request.auto_scaling_group_name, request.lifecycle_hook_name);
    let (token, instance) = (request.lifecycle_action_token, request.instance_id);
    if let Some(token) = token.filter(|token| token.len() != 36) {
        return Err(validation(format!(
            "1 validation error detected: Value '{token}' at 'lifecycleActionToken' failed to satisfy constraint: Member must have length of 36"
        )));
    }
    let named = match (token, instance) {
        (Some(token), _) => format!("token {token}"),
        (None, Some(id)) => format!("instance ID {id}"),
        (None, None) => {
            return Err(validation(
                "Either LifecycleActionToken or InstanceId must be given",
            ));
        }
    };
    let group = found(&account[AUTOSCALING], name)?;
    actions(group)
        .find(|(id, action)| {
            action.hook == hook
                && token.is_none_or(|token| action.token == token)
                && instance.is_none_or(|instance| *id == instance)
        })
        .map(|(id, action)| (name.to_owned(), id.to_owned(), action.token.clone()))
        .ok_or_else(|| validation(format!("No active Lifecycle Action found with {named}")))
}

/// The open actions of a group, each with the id of its instance.
pub(super) fn actions(group: &Group) -> impl Iterator<Item = (&str, &Action)> {
    group.instances.iter().flat_map(|instance| {
        let actions = instance.moving.actions.iter();
        actions.map(|action| (instance.id.as_str(), action))
    })
}

/// The result that `member` of a call names.
///
/// # Errors
/// `ValidationError`.
pub(super) fn result(member: &str, word: &str) -> Result<ActionResult, ApiError> {
    ActionResult::parse(word).ok_or_else(|| not_one_of(member, word, &["CONTINUE", "ABANDON"]))
}
