//! Rules, and the calls about them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::pattern::Pattern;
use super::request_fields::{Bus, checked_id, invalid};
use super::schedule::{self, Schedule};
use super::target::Target;
use crate::account::{Account, arn};
use crate::eventbridge::EVENTBRIDGE;
use crate::wire::ApiError;

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

/// The rule called `name`.
pub(super) fn named<'a>(account: &'a mut Account, name: &str) -> Result<&'a mut Rule, ApiError> {
    account[EVENTBRIDGE].rules.get_mut(name).ok_or_else(|| {
        let message = format!("Rule {name} does not exist on EventBus default.");
        ApiError::client("ResourceNotFoundException", message)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutRule<'a> {
    name: &'a str,
    event_pattern: Option<&'a str>,
    schedule_expression: Option<&'a str>,
    state: Option<RuleState>,
    description: Option<String>,
    _event_bus_name: Option<Bus>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum RuleState {
    Enabled,
    Disabled,
}

/// `PutRule`: a rule that is there already keeps its targets.
///
/// assumption: and the phase of its schedule unless that changes. The times of such a rule's events
/// prove it.
pub(super) fn put(account: &mut Account, request: PutRule<'_>) -> Result<Value, ApiError> {
    let name = checked_id("name", request.name)?;
    let (pattern, schedule) = triggers(&request)?;
    let enabled = request.state != Some(RuleState::Disabled);
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
        description: request.description,
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
fn triggers(request: &PutRule<'_>) -> Result<(Option<PatternText>, Option<Schedule>), ApiError> {
    let pattern = request
        .event_pattern
        .map(|text| {
            let pattern = Pattern::parse(text).map_err(|reason| {
                let message = format!("Event pattern is not valid. Reason: {reason}");
                ApiError::client("InvalidEventPatternException", message)
            })?;
            let text = text.to_owned();
            Ok::<_, ApiError>(PatternText { text, pattern })
        })
        .transpose()?;
    let schedule = request
        .schedule_expression
        .map(Schedule::parse)
        .transpose()?;
    if pattern.is_none() && schedule.is_none() {
        let message = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
        return Err(invalid(message));
    }
    Ok((pattern, schedule))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedRule<'a> {
    name: &'a str,
    _event_bus_name: Option<Bus>,
}

/// `DeleteRule`: a rule that is not there is as good as deleted.
pub(super) fn delete(account: &mut Account, request: NamedRule<'_>) -> Result<Value, ApiError> {
    match account[EVENTBRIDGE].rules.get(request.name) {
        Some(rule) if !rule.targets.is_empty() => {
            Err(invalid("Rule can't be deleted since it has targets."))
        }
        _ => {
            account[EVENTBRIDGE].rules.remove(request.name);
            Ok(json!({}))
        }
    }
}

/// `DescribeRule`.
pub(super) fn describe(account: &mut Account, request: NamedRule<'_>) -> Result<Value, ApiError> {
    Ok(named(account, request.name)?.to_json())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListRules<'a> {
    name_prefix: Option<&'a str>,
    _event_bus_name: Option<Bus>,
}

/// `ListRules`, all at once.
pub(super) fn list(account: &mut Account, request: ListRules<'_>) -> Result<Value, ApiError> {
    let prefix = request.name_prefix.unwrap_or_default();
    let rules = account[EVENTBRIDGE]
        .rules
        .values()
        .filter(|rule| rule.name.starts_with(prefix));
    Ok(json!({"Rules": rules.map(Rule::to_json).collect::<Vec<_>>()}))
}
