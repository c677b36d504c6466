//! Rules that run on a schedule: `rate(5 minutes)`.
//!
//! A rate starts when the rule is created, a value of 1 has a singular unit and every other a
//! plural one, a minute is the finest, and several seconds may pass between the time of the
//! schedule and the target
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html>).
//! `cron(...)` is not known here.
//!
//! assumption: the first event comes one whole interval after the rule was created, or its schedule
//! changed, and such an event reaches the targets of its own rule only. The times of a new rule's
//! events, and a rule whose pattern matches them, prove it.

use std::time::Duration;

use serde_json::{Value, json};

use super::request_fields::invalid;
use super::{Due, Event, delivery, put};
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge::EVENTBRIDGE;
use crate::wire::ApiError;

/// A schedule, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// As it was given.
    pub text: String,
    /// The time between two events.
    pub every: Duration,
}

/// A run of a schedule: another one, with another number, replaces it.
#[derive(Debug, Clone)]
pub struct Tick {
    rule: String,
    run: u64,
}

impl Schedule {
    /// Reads a ScheduleExpression.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for `cron`.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        if text.starts_with("cron(") {
            return Err(ApiError::not_known(format_args!(
                "the ScheduleExpression {text} of PutRule: only rate(...)"
            )));
        }
        let mutation = || invalid("Parameter ScheduleExpression is not valid.");
        let inside = text
            .strip_prefix("rate(")
            .and_then(|rest| rest.strip_suffix(')'));
        let (value, unit) = inside
            .and_then(|it| it.split_once(' '))
            .ok_or_else(mutation)?;
        let value: u64 = value.parse().map_err(|_| mutation())?;
        let seconds = match (value, unit) {
            (1, "minute") | (2.., "minutes") => 60,
            (1, "hour") | (2.., "hours") => 3600,
            (1, "day") | (2.., "days") => 86_400,
            _ => return Err(mutation()),
        };
        let seconds = value.checked_mul(seconds).ok_or_else(mutation)?;
        Ok(Self {
            text: text.to_owned(),
            every: Duration::from_secs(seconds),
        })
    }
}

/// Starts the schedule of the rule called `name`, if it has one and is enabled.
pub(super) fn start(account: &mut Account, name: &str) {
    let Some(rule) = account[EVENTBRIDGE].rules.get(name) else {
        return;
    };
    let tick = Tick {
        rule: name.to_owned(),
        run: rule.schedule_run,
    };
    plan(account, tick);
}

fn plan(account: &mut Account, tick: Tick) {
    let rule = account[EVENTBRIDGE].rules.get(&tick.rule);
    let current = rule.filter(|rule| rule.enabled && rule.schedule_run == tick.run);
    if let Some(schedule) = current.and_then(|rule| rule.schedule.as_ref()) {
        let every = schedule.every;
        account.after(every, Event(Due::Tick(tick)));
    }
}

/// The time of the schedule has come: its event goes to the rule's targets, unless another schedule
/// has replaced it.
pub(super) fn on_tick(account: &mut Account, tick: Tick) {
    let rule = account[EVENTBRIDGE].rules.get(&tick.rule);
    let Some(rule) = rule.filter(|rule| rule.enabled && rule.schedule_run == tick.run) else {
        return;
    };
    let rule = rule.clone();
    let event = event(&rule.arn(), account);
    let id = account.uuid();
    delivery::plan_for(account, vec![rule], put::with_id(&id, &event));
    plan(account, tick);
}

fn event(rule_arn: &str, account: &Account) -> Value {
    json!({
        "version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": ACCOUNT_ID,
        "time": format!("{:.0}", account.now), "region": REGION, "resources": [rule_arn], "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_documented() {
        for (text, seconds) in [
            ("rate(1 minute)", 60),
            ("rate(5 minutes)", 300),
            ("rate(1 hour)", 3600),
            ("rate(2 days)", 172_800),
        ] {
            let read = Schedule::parse(text).expect(text);
            assert_eq!((read.every.as_secs(), read.text.as_str()), (seconds, text));
        }
        for text in [
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(30 seconds)",
            "rate(5)",
            "rate(5  minutes)",
            "rate(99999999999999999999 days)",
            "rate(9999999999999999999 days)",
            "5 minutes",
            "",
        ] {
            let refused = Schedule::parse(text).expect_err(text);
            assert_eq!(refused.code, "ValidationException", "{text}");
        }
        let refused = Schedule::parse("cron(0 12 * * ? *)").expect_err("not known");
        assert_eq!(refused.code, "NotImplemented");
    }
}
