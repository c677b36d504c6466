//! Targets: the calls about them, and what is said of each.

use std::time::Duration;

use serde_json::{Value, json};

use super::request_fields::{checked_id, invalid, text};
use super::rules::named;
use super::transformer::Transformer;
use crate::account::Account;
use crate::wire::{ApiError, only};

/// What a target gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The event.
    Event,
    /// This text, whatever the event is.
    Constant(String),
    /// What a transformer makes of the event.
    Transformed(Transformer),
}

/// A target: a state machine, a topic, or a queue.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its id in the rule.
    pub id: String,
    /// ARN of the state machine, of the topic, or of the queue.
    pub arn: String,
    /// What it gets.
    pub message: Message,
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
                "Input",
                "InputPath",
                "InputTransformer",
                "RetryPolicy",
                "DeadLetterConfig",
            ],
        )?;
        let (id, arn) = (
            checked_id("targets.member.id", text(action, given, "Id")?)?,
            text(action, given, "Arn")?,
        );
        let message = message(id, given)?;
        checked_kind(arn, given)?;
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
            message,
            max_retries: within(policy, "MaximumRetryAttempts", 0, 185)?,
            max_age: Duration::from_secs(within(policy, "MaximumEventAgeInSeconds", 60, 86_400)?),
            dead_letter_queue: dead["Arn"].as_str().map(str::to_owned),
            given: given.clone(),
        })
    }
}

/// What the target `id` gets: at most one of three members says so (recorded: radkawar/stackd,
/// testdata/aws/eventbridge/inputs.json, 2026-09).
fn message(id: &str, given: &Value) -> Result<Message, ApiError> {
    let ways = ["Input", "InputPath", "InputTransformer"].map(|member| &given[member]);
    if ways.iter().filter(|way| !way.is_null()).count() > 1 {
        return Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    match ways {
        [Value::Null, Value::Null, Value::Null] => Ok(Message::Event),
        [Value::Null, Value::Null, transformer] => {
            Transformer::parse(id, transformer).map(Message::Transformed)
        }
        [Value::Null, path, _] => Err(ApiError::not_known(format_args!(
            "InputPath {path} of the target {id}"
        ))),
        [input, ..] => {
            let input = text("a target of PutTargets", given, "Input")
                .map_err(|_| invalid(format!("Input of the target {id} is no text: {input}")))?;
            // "Valid JSON text":
            // https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
            // assumption: the text of the refusal. The same call on AWS proves it.
            serde_json::from_str::<Value>(input).map_err(|error| {
                invalid(format!(
                    "JSON syntax error in input for target {id}: {error}"
                ))
            })?;
            Ok(Message::Constant(input.to_owned()))
        }
    }
}

/// Checks what each kind of target must have and may have. A state machine is started in a role,
/// with the event or a constant. A topic or a queue lets EventBridge in by its own policy: AWS's
/// own pages do not agree on whether it takes a role.
fn checked_kind(arn: &str, given: &Value) -> Result<(), ApiError> {
    let role = &given["RoleArn"];
    if arn.starts_with("arn:") && [":sns:", ":sqs:"].iter().any(|it| arn.contains(it)) {
        if !role.is_null() {
            return Err(ApiError::not_known(format_args!(
                "RoleArn of the target {arn}, which is a topic or a queue"
            )));
        }
        return Ok(());
    }
    if !arn.contains(":states:") || !arn.contains(":stateMachine:") {
        return Err(ApiError::not_known(format_args!(
            "the target {arn}, which is no state machine, topic or queue"
        )));
    }
    if role.as_str().is_none() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
    if !given["InputTransformer"].is_null() {
        return Err(ApiError::not_known(format_args!(
            "InputTransformer of the target {arn}, which is a state machine"
        )));
    }
    Ok(())
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
