//! The calls about rules and their targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::pattern::Pattern;
use crate::account::{Account, arn};
use crate::wire::{ApiError, only};

/// A rule on the default bus.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its pattern, as text.
    pub pattern_text: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Its description, if it has one.
    pub description: Option<String>,
    /// Its targets, in the order in which they were put.
    pub targets: Vec<Target>,
    pub(super) pattern: Pattern,
}

/// A target: a state machine.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its id in the rule.
    pub id: String,
    /// ARN of the state machine.
    pub arn: String,
    /// How often a delivery is tried again.
    pub max_retries: u64,
    /// How old an event may get.
    pub max_age: Duration,
    /// ARN of the queue for what could not be delivered, if there is one.
    pub dead_letter_queue: Option<String>,
    /// As it was put.
    given: Value,
}

/// The most targets that a rule may have.
const TARGET_LIMIT: usize = 5;

impl Rule {
    /// ARN of the rule.
    pub fn arn(&self) -> String {
        rule_arn(&self.name)
    }

    fn state(&self) -> &'static str {
        if self.enabled { "ENABLED" } else { "DISABLED" }
    }

    fn to_json(&self) -> Value {
        let mut rule = json!({
            "Name": self.name, "Arn": self.arn(), "EventPattern": self.pattern_text, "State": self.state(),
            "EventBusName": "default",
        });
        if let Some(description) = &self.description {
            rule["Description"] = json!(description);
        }
        rule
    }
}

fn rule_arn(name: &str) -> String {
    arn("events", &format!("rule/{name}"))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}

fn text<'a>(action: &str, input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    input[member].as_str().ok_or_else(|| {
        invalid(format!(
            "{action} needs {member}, a string, and was given {}",
            input[member]
        ))
    })
}

fn default_bus(action: &str, input: &Value) -> Result<(), ApiError> {
    match input["EventBusName"].as_str() {
        None | Some("default") => Ok(()),
        Some(other) => Err(ApiError::not_known(format_args!(
            "the event bus {other} of {action}"
        ))),
    }
}

fn checked_id<'a>(member: &str, value: &'a str) -> Result<&'a str, ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if (1..=64).contains(&value.len()) && value.chars().all(allowed) {
        return Ok(value);
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+, with 1 to 64 characters"
    )))
}

/// The rule that `input` names under `member`.
fn named<'a>(
    account: &'a mut Account,
    action: &str,
    input: &Value,
    member: &str,
) -> Result<&'a mut Rule, ApiError> {
    default_bus(action, input)?;
    let name = text(action, input, member)?;
    account.eventbridge.rules.get_mut(name).ok_or_else(|| {
        let message = format!("Rule {name} does not exist on EventBus default.");
        ApiError::client("ResourceNotFoundException", message)
    })
}

/// `PutRule`: a rule that is there already keeps its targets.
pub fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "PutRule";
    only(
        action,
        input,
        &[
            "Name",
            "EventPattern",
            "State",
            "Description",
            "EventBusName",
        ],
    )?;
    default_bus(action, input)?;
    let name = checked_id("name", text(action, input, "Name")?)?;
    let pattern_text = text(action, input, "EventPattern")?;
    let pattern = Pattern::parse(pattern_text).map_err(|reason| {
        let message = format!("Event pattern is not valid. Reason: {reason}");
        ApiError::client("InvalidEventPatternException", message)
    })?;
    let enabled = match input["State"].as_str() {
        None | Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => {
            return Err(ApiError::not_known(format_args!(
                "State {other} of PutRule"
            )));
        }
    };
    let rules = &mut account.eventbridge.rules;
    let targets = rules
        .get(name)
        .map(|rule| rule.targets.clone())
        .unwrap_or_default();
    let rule = Rule {
        name: name.to_owned(),
        pattern_text: pattern_text.to_owned(),
        enabled,
        description: input["Description"].as_str().map(str::to_owned),
        targets,
        pattern,
    };
    rules.insert(name.to_owned(), rule);
    Ok(json!({"RuleArn": rule_arn(name)}))
}

/// `DeleteRule`: a rule that is not there is as good as deleted.
pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DeleteRule", input, &["Name", "EventBusName"])?;
    default_bus("DeleteRule", input)?;
    let name = text("DeleteRule", input, "Name")?;
    match account.eventbridge.rules.get(name) {
        Some(rule) if !rule.targets.is_empty() => {
            Err(invalid("Rule can't be deleted since it has targets."))
        }
        _ => {
            account.eventbridge.rules.remove(name);
            Ok(json!({}))
        }
    }
}

/// `DescribeRule`.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DescribeRule", input, &["Name", "EventBusName"])?;
    Ok(named(account, "DescribeRule", input, "Name")?.to_json())
}

/// `ListRules`, all at once.
pub fn list(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("ListRules", input, &["NamePrefix", "EventBusName"])?;
    default_bus("ListRules", input)?;
    let prefix = input["NamePrefix"].as_str().unwrap_or_default();
    let rules = account
        .eventbridge
        .rules
        .values()
        .filter(|rule| rule.name.starts_with(prefix));
    Ok(json!({"Rules": rules.map(Rule::to_json).collect::<Vec<_>>()}))
}

/// `ListTargetsByRule`, all at once.
pub fn list_targets(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
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
pub fn put_targets(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "PutTargets";
    only(action, input, &["Rule", "Targets", "EventBusName"])?;
    let rule = named(account, action, input, "Rule")?;
    let given = input["Targets"]
        .as_array()
        .filter(|targets| !targets.is_empty());
    let given =
        given.ok_or_else(|| invalid("PutTargets needs Targets, a list with a target in it"))?;
    let mut targets = rule.targets.clone();
    for target in given.iter().map(parse_target) {
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

fn parse_target(given: &Value) -> Result<Target, ApiError> {
    let action = "a target of PutTargets";
    only(
        action,
        given,
        &["Id", "Arn", "RoleArn", "RetryPolicy", "DeadLetterConfig"],
    )?;
    let (id, arn) = (
        checked_id("targets.member.id", text(action, given, "Id")?)?,
        text(action, given, "Arn")?,
    );
    if !arn.contains(":states:") || !arn.contains(":stateMachine:") {
        return Err(ApiError::not_known(format_args!(
            "the target {arn}, which is no state machine"
        )));
    }
    if given["RoleArn"].as_str().is_none() {
        return Err(invalid(format!("RoleArn is required for target {arn}.")));
    }
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
    Ok(Target {
        id: id.to_owned(),
        arn: arn.to_owned(),
        max_retries: within(policy, "MaximumRetryAttempts", 0, 185)?,
        max_age: Duration::from_secs(within(policy, "MaximumEventAgeInSeconds", 60, 86_400)?),
        dead_letter_queue: dead["Arn"].as_str().map(str::to_owned),
        given: given.clone(),
    })
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
pub fn remove_targets(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
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
