//! Targets: the calls about them, and what is said of each.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::request_fields::{Bus, REQUESTS, checked_id, invalid};
use super::rules::named;
use super::transformer::{Transformer, TransformerRequest};
use crate::account::Account;
use crate::wire::ApiError;

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetRequest<'a> {
    id: &'a str,
    arn: &'a str,
    role_arn: Option<&'a str>,
    input: Option<&'a str>,
    input_path: Option<&'a str>,
    #[serde(borrow)]
    input_transformer: Option<TransformerRequest<'a>>,
    #[serde(default)]
    retry_policy: RetryPolicy,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RetryPolicy {
    maximum_retry_attempts: Option<u64>,
    maximum_event_age_in_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: Option<String>,
}

impl Target {
    /// Reads an entry of Targets.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for a target or a member that is not known.
    pub fn parse(given: &Value) -> Result<Self, ApiError> {
        let request: TargetRequest<'_> = REQUESTS.read("a target of PutTargets", given)?;
        let id = checked_id("targets.member.id", request.id)?;
        let message = message(&request)?;
        checked_kind(&request)?;
        let (retries, age) = (
            request.retry_policy.maximum_retry_attempts,
            request.retry_policy.maximum_event_age_in_seconds,
        );
        Ok(Self {
            id: id.to_owned(),
            arn: request.arn.to_owned(),
            message,
            max_retries: within("MaximumRetryAttempts", retries, 0, 185)?,
            max_age: Duration::from_secs(within("MaximumEventAgeInSeconds", age, 60, 86_400)?),
            dead_letter_queue: request.dead_letter_config.and_then(|config| config.arn),
            given: given.clone(),
        })
    }
}

/// What the target gets: at most one of three members says so (recorded: radkawar/stackd,
/// testdata/aws/eventbridge/inputs.json, 2026-09).
fn message(request: &TargetRequest<'_>) -> Result<Message, ApiError> {
    let id = request.id;
    match (
        request.input,
        request.input_path,
        &request.input_transformer,
    ) {
        (None, None, None) => Ok(Message::Event),
        (None, None, Some(transformer)) => {
            Transformer::parse(id, transformer).map(Message::Transformed)
        }
        (None, Some(path), None) => Err(ApiError::not_known(format_args!(
            "InputPath {path} of the target {id}"
        ))),
        (Some(input), None, None) => {
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
        _ => Err(invalid(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        ))),
    }
}

/// Checks what each kind of target must have and may have. A state machine is started in a role,
/// with the event or a constant. A topic or a queue lets EventBridge in by its own policy: AWS's
/// own pages do not agree on whether it takes a role.
fn checked_kind(request: &TargetRequest<'_>) -> Result<(), ApiError> {
    let arn = request.arn;
    if arn.starts_with("arn:") && [":sns:", ":sqs:"].iter().any(|it| arn.contains(it)) {
        if request.role_arn.is_some() {
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
    if request.role_arn.is_none() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
    if request.input_transformer.is_some() {
        return Err(ApiError::not_known(format_args!(
            "InputTransformer of the target {arn}, which is a state machine"
        )));
    }
    Ok(())
}

/// The most targets that a rule may have.
const TARGET_LIMIT: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListTargetsByRule<'a> {
    rule: &'a str,
    _event_bus_name: Option<Bus>,
}

/// `ListTargetsByRule`, all at once.
pub(super) fn list(
    account: &mut Account,
    request: ListTargetsByRule<'_>,
) -> Result<Value, ApiError> {
    let rule = named(account, request.rule)?;
    let targets: Vec<Value> = rule
        .targets
        .iter()
        .map(|target| target.given.clone())
        .collect();
    Ok(json!({ "Targets": targets }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutTargets<'a> {
    rule: &'a str,
    targets: Vec<Value>,
    _event_bus_name: Option<Bus>,
}

/// `PutTargets`: a target with an id that is there already replaces it.
pub(super) fn put(account: &mut Account, request: PutTargets<'_>) -> Result<Value, ApiError> {
    let rule = named(account, request.rule)?;
    if request.targets.is_empty() {
        return Err(invalid(
            "PutTargets needs Targets, a list with a target in it",
        ));
    }
    let mut targets = rule.targets.clone();
    for target in request.targets.iter().map(Target::parse) {
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
fn within(member: &str, given: Option<u64>, least: u64, most: u64) -> Result<u64, ApiError> {
    let number = given.unwrap_or(most);
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(invalid(format!(
        "{member} {number} is not a whole number from {least} to {most}"
    )))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RemoveTargets<'a> {
    rule: &'a str,
    ids: Vec<&'a str>,
    _event_bus_name: Option<Bus>,
}

/// `RemoveTargets`.
pub(super) fn remove(account: &mut Account, request: RemoveTargets<'_>) -> Result<Value, ApiError> {
    let rule = named(account, request.rule)?;
    rule.targets
        .retain(|target| !request.ids.contains(&target.id.as_str()));
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}
