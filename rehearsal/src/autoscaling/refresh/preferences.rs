//! What a refresh is asked to respect.

use serde_json::{Value, json};

use crate::autoscaling::input::{boolean, list, not_one_of, number, text, texts, validation};
use crate::wire::{ApiError, only};

/// `Preferences` of a refresh, with their documented defaults.
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
    /// StandbyInstances. Nothing here is ever in standby.
    standby: String,
    /// AlarmSpecification: the names of the alarms.
    pub alarms: Vec<String>,
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

const STANDBY: [&str; 3] = ["Terminate", "Ignore", "Wait"];

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
        let choice = |member: &str, choices: &[&str], usual: &str| {
            let given = text(input, member)?.unwrap_or(usual).to_owned();
            match choices.contains(&given.as_str()) {
                true => Ok(given),
                false => Err(not_one_of(member, &given, choices)),
            }
        };
        let protected = choice(
            "ScaleInProtectedInstances",
            &PROTECTED.map(|(name, _)| name),
            "Wait",
        )?;
        let protected = PROTECTED.iter().find(|(name, _)| *name == protected);
        Ok(Self {
            min_healthy,
            max_healthy,
            warmup: number(input, "InstanceWarmup")?,
            checkpoints,
            checkpoint_delay: delay.unwrap_or(3600),
            bake: within(input, "BakeTime", 0, LONGEST)?.unwrap_or(0),
            skip_matching: boolean(input, "SkipMatching")?.unwrap_or(false),
            auto_rollback: boolean(input, "AutoRollback")?.unwrap_or(false),
            protected: protected.map_or(Protected::Wait, |(_, protected)| *protected),
            standby: choice("StandbyInstances", &STANDBY, "Wait")?,
            alarms: alarms(input)?,
        })
    }

    /// As the API answers them.
    pub fn to_json(&self) -> Value {
        let protected = PROTECTED.iter().find(|(_, it)| *it == self.protected);
        let mut answer = json!({
            "MinHealthyPercentage": self.min_healthy, "MaxHealthyPercentage": self.max_healthy,
            "SkipMatching": self.skip_matching, "AutoRollback": self.auto_rollback, "BakeTime": self.bake,
            "ScaleInProtectedInstances": protected.map(|(name, _)| *name), "StandbyInstances": self.standby,
        });
        if let Some(warmup) = self.warmup {
            answer["InstanceWarmup"] = json!(warmup);
        }
        if !self.checkpoints.is_empty() {
            answer["CheckpointPercentages"] = json!(self.checkpoints);
            answer["CheckpointDelay"] = json!(self.checkpoint_delay);
        }
        if !self.alarms.is_empty() {
            answer["AlarmSpecification"] = json!({"Alarms": self.alarms});
        }
        answer
    }
}

/// Documented: 0 to 100 and 100 to 200, not more than 100 apart, and the maximum not without the minimum.
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
        return Err(validation(format!(
            "MaxHealthyPercentage {most} and MinHealthyPercentage {least} are more than 100 apart."
        )));
    }
    Ok((least, most))
}

/// Documented: ascending, and none twice.
fn checkpoints(input: &Value) -> Result<Vec<u32>, ApiError> {
    let given = list(input, "CheckpointPercentages")?;
    let numbers: Option<Vec<u32>> = given
        .iter()
        .map(|item| match item {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
        })
        .collect();
    let good = numbers.filter(|numbers| {
        let ascending = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        ascending && numbers.iter().all(|number| (1..=100).contains(number))
    });
    good.ok_or_else(|| {
        let given = Value::from(given.to_vec());
        validation(format!(
            "CheckpointPercentages is {given}, which is not a list of percentages from 1 to 100, each more than the one before."
        ))
    })
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
