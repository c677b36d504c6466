//! What a refresh is asked to respect.

use serde_json::{Value, json};

use crate::autoscaling::input::{boolean, list, not_one_of, number, text, texts, validation};
use crate::wire::{ApiError, only};

/// `Preferences` of a refresh, with their defaults
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// MinHealthyPercentage.
    pub min_healthy: u32,
    /// MaxHealthyPercentage.
    pub max_healthy: u32,
    /// InstanceWarmup in seconds; without it the group's health check grace period.
    pub warmup: Option<u32>,
    /// CheckpointPercentages, ascending.
    pub checkpoints: Vec<u32>,
    /// CheckpointDelay in seconds.
    pub checkpoint_delay: u32,
    /// BakeTime in seconds.
    pub bake: u32,
    /// SkipMatching.
    pub skip_matching: bool,
    /// AutoRollback.
    pub auto_rollback: bool,
    /// ScaleInProtectedInstances.
    pub protected: Protected,
    /// StandbyInstances.
    pub standby: Standby,
    /// AlarmSpecification: the names of the alarms.
    pub alarms: Vec<String>,
    /// What DescribeInstanceRefreshes answers of them.
    answer: Value,
}

/// What becomes of instances in standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    /// They are terminated.
    Terminate,
    /// They are left alone.
    Ignore,
    /// Somebody has an hour to return them to service.
    Wait,
}

/// What becomes of instances that are protected from scale-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protected {
    /// They are replaced like others.
    Refresh,
    /// They are left alone.
    Ignore,
    /// Somebody has an hour to take the protection away.
    Wait,
}

const PROTECTED: [(&str, Protected); 3] = [
    ("Refresh", Protected::Refresh),
    ("Ignore", Protected::Ignore),
    ("Wait", Protected::Wait),
];

const STANDBY: [(&str, Standby); 3] = [
    ("Terminate", Standby::Terminate),
    ("Ignore", Standby::Ignore),
    ("Wait", Standby::Wait),
];

/// The longest CheckpointDelay and BakeTime: 48 hours.
const LONGEST: u32 = 172_800;

/// The most alarms of a refresh.
const MOST_ALARMS: usize = 10;

impl Preferences {
    /// Reads them.
    pub fn read(input: &Value) -> Result<Self, ApiError> {
        let known = [
            "MinHealthyPercentage",
            "MaxHealthyPercentage",
            "InstanceWarmup",
            "CheckpointPercentages",
            "CheckpointDelay",
            "BakeTime",
            "SkipMatching",
            "AutoRollback",
            "ScaleInProtectedInstances",
            "StandbyInstances",
            "AlarmSpecification",
        ];
        only("Preferences", input, &known)?;
        let (min_healthy, max_healthy) = healthy(input)?;
        let checkpoints = checkpoints(input)?;
        let delay = within(input, "CheckpointDelay", 0, LONGEST)?;
        if delay.is_some() && checkpoints.is_empty() {
            return Err(validation(
                "CheckpointDelay needs CheckpointPercentages, and there are none.",
            ));
        }
        let skip_matching = boolean(input, "SkipMatching")?.unwrap_or(false);
        let auto_rollback = boolean(input, "AutoRollback")?.unwrap_or(false);
        let mut answer = json!({
            "MinHealthyPercentage": min_healthy, "SkipMatching": skip_matching,
            "AutoRollback": auto_rollback, "AlarmSpecification": {},
        });
        for (name, value) in input.as_object().into_iter().flatten() {
            answer[name] = as_answered(name, value);
        }
        Ok(Self {
            min_healthy,
            max_healthy,
            warmup: number(input, "InstanceWarmup")?,
            checkpoints,
            checkpoint_delay: delay.unwrap_or(3600),
            bake: within(input, "BakeTime", 0, LONGEST)?.unwrap_or(0),
            skip_matching,
            auto_rollback,
            protected: choice(input, "ScaleInProtectedInstances", PROTECTED)?
                .unwrap_or(Protected::Wait),
            standby: choice(input, "StandbyInstances", STANDBY)?.unwrap_or(Standby::Wait),
            alarms: alarms(input)?,
            answer,
        })
    }

    /// As the API answers them. Recorded (refresh_native.json): five of them always, the others
    /// only if they were given.
    pub fn to_json(&self, warmup: u32) -> Value {
        let mut answer = self.answer.clone();
        answer["InstanceWarmup"] = json!(warmup);
        answer
    }
}

/// The Query protocol carries numbers and booleans as text; they are answered as what they are.
fn as_answered(name: &str, value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| as_answered(name, item)).collect(),
        Value::String(text) if name != "AlarmSpecification" => {
            serde_json::from_str(text.trim()).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn choice<T: Copy, const N: usize>(
    input: &Value,
    member: &str,
    choices: [(&str, T); N],
) -> Result<Option<T>, ApiError> {
    let Some(given) = text(input, member)? else {
        return Ok(None);
    };
    let found = choices.iter().find(|(name, _)| *name == given);
    let names = choices.map(|(name, _)| name);
    found
        .map(|(_, choice)| Some(*choice))
        .ok_or_else(|| not_one_of(member, given, &names))
}

/// 0 to 100 and 100 to 200, not more than 100 apart, and the maximum not without the minimum
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>).
fn healthy(input: &Value) -> Result<(u32, u32), ApiError> {
    let least = within(input, "MinHealthyPercentage", 0, 100)?;
    let most = within(input, "MaxHealthyPercentage", 100, 200)?;
    if least.is_none() && most.is_some() {
        return Err(validation(
            "MaxHealthyPercentage needs MinHealthyPercentage, which is not given.",
        ));
    }
    let (least, most) = (least.unwrap_or(90), most.unwrap_or(100));
    if most - least > 100 {
        return Err(validation(
            "The difference between MaxHealthyPercentage and MinHealthyPercentage must be less than or equal to 100.",
        ));
    }
    Ok((least, most))
}

/// Ascending, and none twice
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>); the
/// text of that is recorded (refresh_native.json).
fn checkpoints(input: &Value) -> Result<Vec<u32>, ApiError> {
    let given = list(input, "CheckpointPercentages")?;
    let numbers: Option<Vec<u32>> = given
        .iter()
        .map(|item| match item {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
        })
        .collect();
    let percentages =
        numbers.filter(|numbers| numbers.iter().all(|number| (1..=100).contains(number)));
    let Some(percentages) = percentages else {
        let given = Value::from(given.to_vec());
        return Err(validation(format!(
            "CheckpointPercentages is {given}, which is not a list of percentages from 1 to 100."
        )));
    };
    if percentages.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(validation(
            "Checkpoint percentages must be sorted in ascending order with no duplicates.",
        ));
    }
    Ok(percentages)
}

fn alarms(input: &Value) -> Result<Vec<String>, ApiError> {
    let Some(specification) = input.get("AlarmSpecification") else {
        return Ok(Vec::new());
    };
    only("AlarmSpecification", specification, &["Alarms"])?;
    let alarms = texts(specification, "Alarms")?;
    if alarms.len() > MOST_ALARMS {
        return Err(validation(format!(
            "AlarmSpecification has {} alarms; {MOST_ALARMS} are the most.",
            alarms.len()
        )));
    }
    Ok(alarms)
}

fn within(input: &Value, member: &str, least: u32, most: u32) -> Result<Option<u32>, ApiError> {
    match number(input, member)? {
        Some(given) if !(least..=most).contains(&given) => Err(validation(format!(
            "{member} is {given}; it must be from {least} to {most}."
        ))),
        given => Ok(given),
    }
}
