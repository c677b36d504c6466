//! Rules, and the calls about them.

use serde_json::{Value, json};

use super::State;
use super::pattern::Pattern;
use super::request_fields::{checked_id, invalid, text};
use super::schedule::{self, Schedule};
use super::target::Target;
use crate::account::{Account, arn};
use crate::eventbridge::EVENTBRIDGE;
use crate::wire::{ApiError, only};

/// A rule on the default bus.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The pattern of the events that it takes, if it takes any.
    pub pattern: Option<PatternText>,
    /// Its schedule, if it runs on one.
    pub schedule: Option<Schedule>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Its description, if it has one.
    pub description: Option<String>,
    /// Its targets, in the order in which they were put.
    pub targets: Vec<Target>,
    /// Which run of its schedule counts: a new one whenever the schedule restarts.
    pub(super) schedule_run: u64,
}

/// A pattern, read, and as it was given.
#[derive(Debug, Clone)]
pub struct PatternText {
    text: String,
    pattern: Pattern,
}

impl Rule {
    /// ARN of the rule.
    pub fn arn(&self) -> String {
        rule_arn(&self.name)
    }

    fn state(&self) -> &'static str {
        if self.enabled { "ENABLED" } else { "DISABLED" }
    }

    /// Whether it takes this event.
    pub(super) fn matches(&self, event: &Value) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_some_and(|given| given.pattern.matches(event))
    }

    fn to_json(&self) -> Value {
        let mut rule = json!({
            "Name": self.name, "Arn": self.arn(), "State": self.state(), "EventBusName": "default",
        });
        if let Some(pattern) = &self.pattern {
            rule["EventPattern"] = json!(pattern.text);
        }
        if let Some(schedule) = &self.schedule {
            rule["ScheduleExpression"] = json!(schedule.text);
        }
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
    account[EVENTBRIDGE].rules.get_mut(name).ok_or_else(|| {
        let message = format!("Rule {name} does not exist on EventBus default.");
        ApiError::client("ResourceNotFoundException", message)
    })
}

/// `PutRule`: a rule that is there already keeps its targets.
///
/// assumption: and the phase of its schedule unless that changes. The times of such a rule's events
/// prove it.
pub(super) fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "PutRule";
    only(
        action,
        input,
        &[
            "Name",
            "EventPattern",
            "ScheduleExpression",
            "State",
            "Description",
            "EventBusName",
        ],
    )?;
    default_bus(action, input)?;
    let name = checked_id("name", text(action, input, "Name")?)?;
    let (pattern, schedule) = triggers(input)?;
    let enabled = match input["State"].as_str() {
        None | Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => {
            return Err(ApiError::not_known(format_args!(
                "State {other} of PutRule"
            )));
        }
    };
    let State {
        rules,
        schedule_runs,
        ..
    } = &mut account[EVENTBRIDGE];
    let old = rules.get(name);
    let goes_on = old.is_some_and(|old| old.enabled == enabled && old.schedule == schedule);
    let schedule_run = match old {
        Some(old) if goes_on => old.schedule_run,
        _ => {
            *schedule_runs += 1;
            *schedule_runs
        }
    };
    let rule = Rule {
        name: name.to_owned(),
        pattern,
        schedule,
        enabled,
        description: input["Description"].as_str().map(str::to_owned),
        targets: old.map(|rule| rule.targets.clone()).unwrap_or_default(),
        schedule_run,
    };
    rules.insert(name.to_owned(), rule);
    if !goes_on {
        schedule::start(account, name);
    }
    Ok(json!({"RuleArn": rule_arn(name)}))
}

/// What a rule waits for: events, a time, or both.
fn triggers(input: &Value) -> Result<(Option<PatternText>, Option<Schedule>), ApiError> {
    let action = "PutRule";
    let given = |member: &str| match &input[member] {
        Value::Null => Ok(None),
        _ => text(action, input, member).map(Some),
    };
    let pattern = given("EventPattern")?
        .map(|text| {
            let pattern = Pattern::parse(text).map_err(|reason| {
                let message = format!("Event pattern is not valid. Reason: {reason}");
                ApiError::client("InvalidEventPatternException", message)
            })?;
            let text = text.to_owned();
            Ok::<_, ApiError>(PatternText { text, pattern })
        })
        .transpose()?;
    let schedule = given("ScheduleExpression")?
        .map(Schedule::parse)
        .transpose()?;
    if pattern.is_none() && schedule.is_none() {
        let message = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
        return Err(invalid(message));
    }
    Ok((pattern, schedule))
}

/// `DeleteRule`: a rule that is not there is as good as deleted.
pub(super) fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DeleteRule", input, &["Name", "EventBusName"])?;
    default_bus("DeleteRule", input)?;
    let name = text("DeleteRule", input, "Name")?;
    match account[EVENTBRIDGE].rules.get(name) {
        Some(rule) if !rule.targets.is_empty() => {
            Err(invalid("Rule can't be deleted since it has targets."))
        }
        _ => {
            account[EVENTBRIDGE].rules.remove(name);
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
    let rules = account[EVENTBRIDGE]
        .rules
        .values()
        .filter(|rule| rule.name.starts_with(prefix));
    Ok(json!({"Rules": rules.map(Rule::to_json).collect::<Vec<_>>()}))
}
