//! Whether an alarm rings, worked out when somebody looks: by the metrics of services and what the
//! template says.
//!
//! Documented: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms", with "Configuring
//! how CloudWatch alarms treat missing data". Periods are those of the clock. Left out: that
//! CloudWatch looks at more periods than it evaluates.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Metric;
use super::services::{Statistic, is_published};
use crate::account::Account;
use crate::cloudwatch::CLOUDWATCH;

/// How an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// It is quiet.
    Ok,
    /// It rings.
    Alarm,
}

/// The properties of an alarm that are read here; what else decides over its state is refused.
const READ: [&str; 15] = [
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
];

/// How the alarm with these properties (of an `AWS::CloudWatch::Alarm`) stands now.
///
/// # Errors
/// A sentence, if it cannot be said: the alarm has a property, or is about a metric, that is not
/// known here.
pub fn state(account: &Account, alarm: &Value) -> Result<AlarmState, String> {
    let members = alarm.as_object().into_iter().flatten();
    if let Some((other, _)) = members
        .into_iter()
        .find(|(key, _)| !READ.contains(&key.as_str()))
    {
        return Err(format!(
            "the property {other} of an alarm is not known here"
        ));
    }
    let metric = metric(alarm);
    if !is_published(&metric) {
        let Metric {
            namespace, name, ..
        } = &metric;
        return Err(format!(
            "the metric {namespace} {name} is not published here"
        ));
    }
    let statistic = match text(alarm, "Statistic").as_str() {
        "Sum" => Statistic::Sum,
        "Maximum" => Statistic::Maximum,
        other => return Err(format!("the Statistic '{other}' is not known here")),
    };
    let threshold = number(alarm, "Threshold")?;
    let breaches = |value: f64| match text(alarm, "ComparisonOperator").as_str() {
        "GreaterThanOrEqualToThreshold" => Ok(value >= threshold),
        "LessThanThreshold" => Ok(value < threshold),
        other => Err(format!(
            "the ComparisonOperator '{other}' is not known here"
        )),
    };
    let missing = match text(alarm, "TreatMissingData").as_str() {
        "breaching" => true,
        "notBreaching" => false,
        other => return Err(format!("TreatMissingData '{other}' is not known here")),
    };
    let period = number(alarm, "Period")? as i64;
    let periods = number(alarm, "EvaluationPeriods")? as i64;
    let enough = match alarm.get("DatapointsToAlarm") {
        Some(_) => number(alarm, "DatapointsToAlarm")? as i64,
        None => periods,
    };
    let mut breaching = 0;
    for back in 0..periods {
        let span = whole_period(account.now, period, back)?;
        let value = account[CLOUDWATCH].services.value(&metric, statistic, span);
        let is_breaching = match value {
            Some(value) => breaches(value)?,
            None => missing,
        };
        breaching += i64::from(is_breaching);
    }
    Ok(if breaching >= enough {
        AlarmState::Alarm
    } else {
        AlarmState::Ok
    })
}

/// The whole period that ended this many periods ago.
fn whole_period(now: Timestamp, seconds: i64, ago: i64) -> Result<(Timestamp, Timestamp), String> {
    if !(1..=86_400).contains(&seconds) {
        return Err(format!("the Period {seconds} is not known here"));
    }
    let until = (now.as_second() / seconds - ago) * seconds;
    let until = Timestamp::from_second(until).map_err(|error| error.to_string())?;
    Ok((until - SignedDuration::from_secs(seconds), until))
}

fn metric(alarm: &Value) -> Metric {
    let dimensions = alarm["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|one| (text(one, "Name"), text(one, "Value")));
    Metric {
        namespace: text(alarm, "Namespace"),
        name: text(alarm, "MetricName"),
        dimensions: BTreeMap::from_iter(dimensions),
    }
}

fn text(of: &Value, member: &str) -> String {
    match of.get(member) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn number(alarm: &Value, member: &str) -> Result<f64, String> {
    let text = text(alarm, member);
    text.parse()
        .map_err(|_| format!("the {member} of an alarm is '{text}', which is no number"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ACTIVITY: &str = "arn:activity";

    fn account() -> Account {
        crate::services::account("2026-11-23T00:00:30Z".parse().expect("a time"), 1)
    }

    fn pass(account: &mut Account, seconds: i64) {
        account.advance(account.now + SignedDuration::from_secs(seconds));
    }

    fn alarm() -> Value {
        json!({
            "Namespace": "AWS/States", "MetricName": "ActivitiesStarted",
            "Dimensions": [{"Name": "ActivityArn", "Value": ACTIVITY}], "Statistic": "Sum", "Period": "300",
            "EvaluationPeriods": 3, "Threshold": 1, "ComparisonOperator": "LessThanThreshold",
            "TreatMissingData": "breaching",
        })
    }

    #[test]
    fn missing_data_breaches_or_not_as_the_alarm_says() {
        let mut account = account();
        assert_eq!(state(&account, &alarm()), Ok(AlarmState::Alarm));
        let mut calm = alarm();
        calm["TreatMissingData"] = json!("notBreaching");
        assert_eq!(state(&account, &calm), Ok(AlarmState::Ok));
        let now = account.now;
        let services = &mut account[CLOUDWATCH].services;
        services.count(now, "ActivitiesStarted", "ActivityArn", ACTIVITY);
        pass(&mut account, 300);
        assert_eq!(state(&account, &alarm()), Ok(AlarmState::Ok));
        pass(&mut account, 600);
        assert_eq!(state(&account, &alarm()), Ok(AlarmState::Ok));
        pass(&mut account, 300);
        assert_eq!(state(&account, &alarm()), Ok(AlarmState::Alarm));
    }

    #[test]
    fn a_level_stays_until_it_changes_or_ends() {
        let mut account = account();
        let level = json!({
            "Namespace": "AWS/AutoScaling", "MetricName": "GroupTerminatingRetainedInstances",
            "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "G"}], "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        });
        for (value, wanted) in [
            (Some(1.0), AlarmState::Alarm),
            (Some(0.0), AlarmState::Ok),
            (Some(2.0), AlarmState::Alarm),
            (None, AlarmState::Ok),
        ] {
            let now = account.now;
            let services = &mut account[CLOUDWATCH].services;
            services.level(now, "GroupTerminatingRetainedInstances", "G", value);
            pass(&mut account, 600);
            assert_eq!(state(&account, &level), Ok(wanted), "{value:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        let account = account();
        for (member, value, says) in [
            ("MetricName", json!("ActivityTime"), "ActivityTime"),
            ("Statistic", json!("p99"), "p99"),
            ("TreatMissingData", json!("ignore"), "ignore"),
            ("Unit", json!("Count"), "Unit"),
            ("Period", json!("often"), "often"),
        ] {
            let mut alarm = alarm();
            alarm[member] = value;
            let refused = state(&account, &alarm).expect_err(member);
            assert!(refused.contains(says), "{refused}");
        }
    }
}
