//! Targets: the calls about them, and what is said of each.

use std::time::Duration;

use serde_json::{Value, json};

use super::asked::{checked_id, invalid, text};
use super::rules::named;
use super::transformer::Transformer;
use crate::account::Account;
use crate::wire::{ApiError, only};

/// A target: a state machine, or a topic.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its id in the rule.
    pub id: String,
    /// ARN of the state machine, or of the topic.
    pub arn: String,
    /// What a topic is told instead of the event.
    pub transformer: Option<Transformer>,
    /// How often a delivery is tried again.
    pub max_retries: u64,
    /// How old an event may get.
    pub max_age: Duration,
    /// ARN of the queue for what could not be delivered, if there is one.
    pub dead_letter_queue: Option<String>,
    /// As it was put.
    given: Value,
}

impl Target {
    /// Reads an entry of Targets.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for a target or a member that is not known.
    pub fn parse(given: &Value) -> Result<Self, ApiError> {
        let action = "a target of PutTargets";
        only(
            action,
            given,
            &[
                "Id",
                "Arn",
                "RoleArn",
                "InputTransformer",
                "RetryPolicy",
                "DeadLetterConfig",
            ],
        )?;
        let (id, arn) = (
            checked_id("targets.member.id", text(action, given, "Id")?)?,
            text(action, given, "Arn")?,
        );
        let transformer = kind(id, arn, given)?;
        let (policy, dead) = (&given["RetryPolicy"], &given["DeadLetterConfig"]);
        if !policy.is_null() {
            only(
                "RetryPolicy",
                policy,
                &["MaximumRetryAttempts", "MaximumEventAgeInSeconds"],
            )?;
        }
        if !dead.is_null() {
            only("DeadLetterConfig", dead, &["Arn"])?;
        }
        Ok(Self {
            id: id.to_owned(),
            arn: arn.to_owned(),
            transformer,
            max_retries: within(policy, "MaximumRetryAttempts", 0, 185)?,
            max_age: Duration::from_secs(within(policy, "MaximumEventAgeInSeconds", 60, 86_400)?),
            dead_letter_queue: dead["Arn"].as_str().map(str::to_owned),
            given: given.clone(),
        })
    }
}

/// Checks what each kind of target must have and may have. A state machine is started in a role and with the event as it is.
/// A topic lets EventBridge in by its own policy: AWS's own pages do not agree on whether it takes a role.
fn kind(id: &str, arn: &str, given: &Value) -> Result<Option<Transformer>, ApiError> {
    let (role, transformer) = (&given["RoleArn"], &given["InputTransformer"]);
    if arn.starts_with("arn:") && arn.contains(":sns:") {
        if !role.is_null() {
            return Err(ApiError::not_known(format_args!(
                "RoleArn of the target {arn}, which is a topic"
            )));
        }
        return match transformer {
            Value::Null => Ok(None),
            given => Transformer::parse(id, given).map(Some),
        };
    }
    if !arn.contains(":states:") || !arn.contains(":stateMachine:") {
        return Err(ApiError::not_known(format_args!(
            "the target {arn}, which is no state machine and no topic"
        )));
    }
    if role.as_str().is_none() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
    match transformer {
        Value::Null => Ok(None),
        _ => Err(ApiError::not_known(format_args!(
            "InputTransformer of the target {arn}, which is a state machine"
        ))),
    }
}

/// The most targets that a rule may have.
const TARGET_LIMIT: usize = 5;

/// `ListTargetsByRule`, all at once.
pub(super) fn list(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("ListTargetsByRule", input, &["Rule", "EventBusName"])?;
    let rule = named(account, "ListTargetsByRule", input, "Rule")?;
    let targets: Vec<Value> = rule
        .targets
        .iter()
        .map(|target| target.given.clone())
        .collect();
    Ok(json!({ "Targets": targets }))
}

/// `PutTargets`: a target with an id that is there already replaces it.
pub(super) fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "PutTargets";
    only(action, input, &["Rule", "Targets", "EventBusName"])?;
    let rule = named(account, action, input, "Rule")?;
    let given = input["Targets"]
        .as_array()
        .filter(|targets| !targets.is_empty());
    let given =
        given.ok_or_else(|| invalid("PutTargets needs Targets, a list with a target in it"))?;
    let mut targets = rule.targets.clone();
    for target in given.iter().map(Target::parse) {
        let target = target?;
        match targets.iter_mut().find(|old| old.id == target.id) {
            Some(old) => *old = target,
            None => targets.push(target),
        }
    }
    if targets.len() > TARGET_LIMIT {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(ApiError::client("LimitExceededException", message));
    }
    rule.targets = targets;
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}

/// A number between bounds; the higher one is the default.
fn within(policy: &Value, member: &str, least: u64, most: u64) -> Result<u64, ApiError> {
    match &policy[member] {
        Value::Null => Ok(most),
        value => value
            .as_u64()
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| {
                invalid(format!(
                    "{member} {value} is not a whole number from {least} to {most}"
                ))
            }),
    }
}

/// `RemoveTargets`.
pub(super) fn remove(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("RemoveTargets", input, &["Rule", "Ids", "EventBusName"])?;
    let rule = named(account, "RemoveTargets", input, "Rule")?;
    let ids = input["Ids"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    rule.targets
        .retain(|target| !ids.iter().any(|id| *id == target.id));
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}
