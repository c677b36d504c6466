//! Calls about lifecycle hooks and the actions that they hold.

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{Action, ActionResult, Group, Hook};
use super::input::{not_one_of, validation};
use super::transitions::Transition;
use super::{found, found_mut, hold};
use crate::account::{Account, Caller};
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;
use crate::wire::request::{missing, non_empty};

/// How many hooks a group may have, by default quota.
const MOST_HOOKS: usize = 50;

/// A hook as a call gives it: in the list of a new group, or in PutLifecycleHook, which names the
/// group in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HookSpecification<'a> {
    auto_scaling_group_name: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    lifecycle_hook_name: &'a str,
    lifecycle_transition: Option<&'a str>,
    heartbeat_timeout: Option<u32>,
    default_result: Option<&'a str>,
    notification_metadata: Option<&'a str>,
    #[serde(rename = "NotificationTargetARN")]
    notification_target: Option<&'a str>,
    #[serde(rename = "RoleARN")]
    role: Option<&'a str>,
}

/// Reads a hook's specification; what it leaves out stays as in `before`.
///
/// # Errors
/// `ValidationError` with what is wrong; `NotImplemented` for notification targets other than
/// EventBridge.
pub fn read(
    spec: &HookSpecification<'_>,
    before: Option<&Hook>,
) -> Result<(String, Hook), ApiError> {
    let name = checked_name(spec.lifecycle_hook_name)?;
    for (target, arn) in [
        ("NotificationTargetARN", spec.notification_target),
        ("RoleARN", spec.role),
    ] {
        if arn.is_some_and(|arn| !arn.is_empty()) {
            return Err(ApiError::not_known(format_args!(
                "{target} of a lifecycle hook: hooks notify EventBridge only"
            )));
        }
    }
    let transition = match spec.lifecycle_transition {
        Some(word) => Transition::parse(word).ok_or_else(|| {
            not_one_of(
                "LifecycleTransition",
                word,
                &[
                    Transition::Launching.as_str(),
                    Transition::Terminating.as_str(),
                ],
            )
        })?,
        None => {
            before
                .ok_or_else(|| missing("ValidationError", "lifecycleTransition"))?
                .transition
        }
    };
    let default_result = match spec.default_result {
        Some(word) => result("DefaultResult", word)?,
        None => before.map_or(ActionResult::Abandon, |hook| hook.default_result),
    };
    let heartbeat_timeout_seconds = spec
        .heartbeat_timeout
        .unwrap_or(before.map_or(3600, |hook| hook.heartbeat_timeout_seconds));
    if !(30..=7200).contains(&heartbeat_timeout_seconds) {
        return Err(validation(format!(
            "Heartbeat timeout {heartbeat_timeout_seconds} must be between 30 and 7200 seconds."
        )));
    }
    let metadata = match spec.notification_metadata {
        Some(metadata) => Some(checked_metadata(metadata)?),
        None => before.and_then(|hook| hook.metadata.clone()),
    };
    let hook = Hook {
        transition,
        heartbeat_timeout_seconds,
        default_result,
        metadata,
    };
    Ok((name.to_owned(), hook))
}

fn checked_name(name: &str) -> Result<&str, ApiError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_/".contains(character);
    if name.len() > 255 || !name.chars().all(allowed) {
        return Err(validation(format!(
            "1 validation error detected: Value '{name}' at 'lifecycleHookName' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9\\-_\\/]+"
        )));
    }
    Ok(name)
}

/// The hook that ECS gives a group by itself where a capacity provider has managed draining.
/// Documented:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html>.
pub const MANAGED_DRAINING: &str = "ecs-managed-draining-termination-hook";

/// The hook of managed draining is ECS's to put, and ECS answers it only where a capacity provider
/// says so.
fn is_answered(name: &str, is_of_ecs: bool) -> Result<(), ApiError> {
    if name == MANAGED_DRAINING && !is_of_ecs {
        return Err(ApiError::not_known(format_args!(
            "{name}: it is the hook of ECS's managed draining, and without a capacity provider of the group nothing \
             here would answer it"
        )));
    }
    Ok(())
}

/// Reads the hooks that a new group is given.
///
/// # Errors
/// As [`read`].
pub fn read_all(specs: &[HookSpecification<'_>]) -> Result<Vec<(String, Hook)>, ApiError> {
    specs
        .iter()
        .map(|spec| {
            if spec.auto_scaling_group_name.is_some() {
                return Err(ApiError::not_known(
                    "AutoScalingGroupName of LifecycleHookSpecificationList",
                ));
            }
            let (name, hook) = read(spec, None)?;
            is_answered(&name, false)?;
            Ok((name, hook))
        })
        .collect()
}

fn checked_metadata(metadata: &str) -> Result<String, ApiError> {
    let printable = metadata
        .chars()
        .all(|character| matches!(character, ' '..='~' | '\n' | '\r' | '\t'));
    if !(1..=4000).contains(&metadata.len()) || !printable {
        return Err(validation(format!(
            "NotificationMetadata of {} characters: it must be 1 to 4000 characters of printable ASCII",
            metadata.chars().count()
        )));
    }
    Ok(metadata.to_owned())
}

fn result(member: &str, word: &str) -> Result<ActionResult, ApiError> {
    ActionResult::parse(word).ok_or_else(|| not_one_of(member, word, &["CONTINUE", "ABANDON"]))
}

/// PutLifecycleHook: a new hook, or changes to one. Actions that are open keep the settings they
/// began with.
pub(super) fn put(
    account: &mut Account,
    caller: &Caller,
    request: HookSpecification<'_>,
) -> Result<Value, ApiError> {
    let group = request.auto_scaling_group_name;
    let group = group.ok_or_else(|| missing("ValidationError", "autoScalingGroupName"))?;
    let group = found_mut(&mut account[AUTOSCALING], group)?;
    let name = request.lifecycle_hook_name;
    let before = group.hooks.get(name);
    is_answered(name, before.is_some() || *caller == Caller::Service("ecs"))?;
    let (name, hook) = read(&request, before)?;
    if before.is_none() && group.hooks.len() == MOST_HOOKS {
        return Err(ApiError::client(
            "LimitExceeded",
            format!(
                "AutoScalingGroup {} may have {MOST_HOOKS} lifecycle hooks",
                group.name
            ),
        ));
    }
    group.hooks.insert(name, hook);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteLifecycleHook<'a> {
    auto_scaling_group_name: &'a str,
    lifecycle_hook_name: &'a str,
}

/// DeleteLifecycleHook. What it held is let go.
pub(super) fn delete(
    account: &mut Account,
    request: DeleteLifecycleHook<'_>,
) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let hook_name = request.lifecycle_hook_name;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    let Some(hook) = group.hooks.remove(hook_name) else {
        return Err(validation(format!(
            "No Lifecycle Hook found with name {hook_name}"
        )));
    };
    // Its open actions are completed first, in this way:
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteLifecycleHook.html
    let result = match hook.transition {
        Transition::Launching => ActionResult::Abandon,
        Transition::Terminating => ActionResult::Continue,
    };
    let open: Vec<(String, String)> = actions(group)
        .filter(|(_, action)| action.hook == hook_name)
        .map(|(id, action)| (id.to_owned(), action.token.clone()))
        .collect();
    for (id, token) in open {
        let why = "Lifecycle Hook deleted";
        hold::end_action(account, name, &id, &token, result, why);
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeLifecycleHooks<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    lifecycle_hook_names: Vec<String>,
}

/// DescribeLifecycleHooks.
pub(super) fn describe(
    account: &mut Account,
    request: DescribeLifecycleHooks<'_>,
) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let wanted = request.lifecycle_hook_names;
    let group = found(&account[AUTOSCALING], name)?;
    let hooks: Vec<Value> = group
        .hooks
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(hook_name, hook)| {
            let mut answer = json!({
                "LifecycleHookName": hook_name, "AutoScalingGroupName": name,
                "LifecycleTransition": hook.transition.as_str(),
                "HeartbeatTimeout": hook.heartbeat_timeout_seconds,
                "GlobalTimeout": hook.global_timeout_seconds(),
                "DefaultResult": hook.default_result.as_str(),
            });
            if let Some(metadata) = &hook.metadata {
                answer["NotificationMetadata"] = json!(metadata);
            }
            answer
        })
        .collect();
    Ok(json!({"LifecycleHooks": hooks}))
}

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

/// RecordLifecycleActionHeartbeat, by token or by instance id.
///
/// assumption: its errors are those of completing. A heartbeat for a closed action proves it.
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

fn actions(group: &Group) -> impl Iterator<Item = (&str, &Action)> {
    group.instances.iter().flat_map(|instance| {
        let actions = instance.moving.actions.iter();
        actions.map(|action| (instance.id.as_str(), action))
    })
}
