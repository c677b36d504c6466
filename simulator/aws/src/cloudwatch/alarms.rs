//! Whether an alarm rings, worked out when somebody looks: by the metrics of services and what the
//! template says.
//!
//! After <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>,
//! missing data included. Left out: that CloudWatch looks at more periods than it evaluates.
//!
//! assumption: periods are those of the clock. The timestamps of an alarm's data points prove it.

use std::collections::BTreeMap;
use std::ops::Range;

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

/// Why the state of an alarm cannot be worked out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AlarmError {
    /// It has a property that is not read here.
    #[error("the property {property} of an alarm is not known here")]
    UnknownProperty {
        /// The property.
        property: String,
    },
    /// No service publishes its metric here.
    #[error("the metric {namespace} {name} is not published here")]
    NotPublished {
        /// The metric's namespace.
        namespace: String,
        /// The metric's name.
        name: String,
    },
    /// Its Statistic is not worked out here.
    #[error("the Statistic '{statistic}' is not known here")]
    UnknownStatistic {
        /// The Statistic.
        statistic: String,
    },
    /// Its ComparisonOperator is not worked out here.
    #[error("the ComparisonOperator '{operator}' is not known here")]
    UnknownOperator {
        /// The ComparisonOperator.
        operator: String,
    },
    /// Its TreatMissingData is not worked out here.
    #[error("TreatMissingData '{treatment}' is not known here")]
    UnknownTreatment {
        /// The TreatMissingData.
        treatment: String,
    },
    /// Its Period is not worked out here.
    #[error("the Period {seconds} is not known here")]
    UnknownPeriod {
        /// The Period.
        seconds: i64,
    },
    /// A property that is no number.
    #[error("the {member} of an alarm is '{text}', which is no number")]
    NotANumber {
        /// The property.
        member: &'static str,
        /// Its value.
        text: String,
    },
    /// A period that no clock shows.
    #[error(transparent)]
    NoSuchTime(#[from] jiff::Error),
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
/// The alarm has a property, or is about a metric, that is not known here.
pub fn state(account: &Account, alarm: &Value) -> Result<AlarmState, AlarmError> {
    let members = alarm.as_object().into_iter().flatten();
    if let Some((other, _)) = members
        .into_iter()
        .find(|(key, _)| !READ.contains(&key.as_str()))
    {
        return Err(AlarmError::UnknownProperty {
            property: other.clone(),
        });
    }
    let metric = metric(alarm);
    if !is_published(&metric) {
        let Metric {
            namespace, name, ..
        } = metric;
        return Err(AlarmError::NotPublished { namespace, name });
    }
    let statistic = statistic(alarm)?;
    let threshold = number(alarm, "Threshold")?;
    let breaches = |value: f64| match text(alarm, "ComparisonOperator").as_str() {
        "GreaterThanOrEqualToThreshold" => Ok(value >= threshold),
        "LessThanThreshold" => Ok(value < threshold),
        other => Err(AlarmError::UnknownOperator {
            operator: other.to_owned(),
        }),
    };
    let missing = match text(alarm, "TreatMissingData").as_str() {
        "breaching" => true,
        "notBreaching" => false,
        other => {
            return Err(AlarmError::UnknownTreatment {
                treatment: other.to_owned(),
            });
        }
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

fn statistic(alarm: &Value) -> Result<Statistic, AlarmError> {
    match text(alarm, "Statistic").as_str() {
        "Sum" => Ok(Statistic::Sum),
        "Maximum" => Ok(Statistic::Maximum),
        other => Err(AlarmError::UnknownStatistic {
            statistic: other.to_owned(),
        }),
    }
}

/// The whole period that ended this many periods ago.
fn whole_period(now: Timestamp, seconds: i64, ago: i64) -> Result<Range<Timestamp>, AlarmError> {
    if !(1..=86_400).contains(&seconds) {
        return Err(AlarmError::UnknownPeriod { seconds });
    }
    let until = (now.as_second() / seconds - ago) * seconds;
    let until = Timestamp::from_second(until)?;
    Ok(until - SignedDuration::from_secs(seconds)..until)
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

fn number(alarm: &Value, member: &'static str) -> Result<f64, AlarmError> {
    let text = text(alarm, member);
    text.parse()
        .map_err(|_| AlarmError::NotANumber { member, text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ACTIVITY: &str = "arn:activity";

    fn account() -> Account {
        crate::services::account("2026-11-23T00:00:30Z".parse().expect("a time"), 1)
    }

    fn stands(account: &Account, alarm: &Value) -> AlarmState {
        state(account, alarm).expect("it is known")
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
        assert_eq!(stands(&account, &alarm()), AlarmState::Alarm);
        let mut calm = alarm();
        calm["TreatMissingData"] = json!("notBreaching");
        assert_eq!(stands(&account, &calm), AlarmState::Ok);
        let now = account.now;
        let services = &mut account[CLOUDWATCH].services;
        services.count(now, "ActivitiesStarted", "ActivityArn", ACTIVITY);
        pass(&mut account, 300);
        assert_eq!(stands(&account, &alarm()), AlarmState::Ok);
        pass(&mut account, 600);
        assert_eq!(stands(&account, &alarm()), AlarmState::Ok);
        pass(&mut account, 300);
        assert_eq!(stands(&account, &alarm()), AlarmState::Alarm);
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
            assert_eq!(stands(&account, &level), wanted, "{value:?}");
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
            let refused = state(&account, &alarm).expect_err(member).to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
