//! Rules, and the calls about them.

use serde_json::{Value, json};

use super::asked::{checked_id, invalid, text};
use super::pattern::Pattern;
use super::target::Target;
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

fn default_bus(action: &str, input: &Value) -> Result<(), ApiError> {
    match input["EventBusName"].as_str() {
        None | Some("default") => Ok(()),
        Some(other) => Err(ApiError::not_known(format_args!(
            "the event bus {other} of {action}"
        ))),
    }
}

/// The rule that `input` names under `member`.
pub(super) fn named<'a>(
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
pub(super) fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
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
pub(super) fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
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
pub(super) fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DescribeRule", input, &["Name", "EventBusName"])?;
    Ok(named(account, "DescribeRule", input, "Name")?.to_json())
}

/// `ListRules`, all at once.
pub(super) fn list(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
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
