//! Scaling activities: the history that a group tells of itself, in AWS's words.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group::{Group, Instance};
use super::input::{page, text, texts};
use super::{found, whole_seconds};
use crate::account::Account;
use crate::wire::{ApiError, only};

/// One activity.
#[derive(Debug, Clone)]
pub struct Activity {
    pub(super) id: String,
    pub(super) instance: String,
    pub(super) description: String,
    pub(super) cause: String,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) status: &'static str,
    pub(super) message: Option<String>,
    pub(super) progress: u32,
    /// Subnet and zone.
    pub(super) place: (String, String),
}

/// Why an instance is launched or goes, as the cause of its activity tells it after the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There are fewer or more instances than desired: from how many to how many.
    Difference(u32, u32),
    /// An unhealthy instance is replaced.
    Replacement,
    /// A user asked for its end; with the capacity before and after, if it shrinks with it.
    UserRequest(Option<(u32, u32)>),
    /// EC2 says that it is dead.
    HealthCheck,
    /// Its launch was abandoned.
    LaunchFailure,
}

impl Cause {
    /// The sentence on the launch of an instance.
    pub fn of_launch(&self, now: Timestamp) -> String {
        let at = whole_seconds(now);
        match self {
            Self::Difference(from, to) => format!(
                "At {at} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {from} to {to}."
            ),
            _ => format!(
                "At {at} an instance was launched in response to an unhealthy instance needing to be replaced."
            ),
        }
    }

    /// The sentence on the end of the instance `id`.
    pub fn of_end(&self, now: Timestamp, id: &str) -> String {
        let at = whole_seconds(now);
        let out = "was taken out of service in response to";
        match self {
            Self::Difference(from, to) => format!(
                "At {at} an instance {out} a difference between desired and actual capacity, shrinking the capacity from {from} to {to}.  At {at} instance {id} was selected for termination."
            ),
            Self::UserRequest(None) => format!("At {at} instance {id} {out} a user request."),
            Self::UserRequest(Some((from, to))) => format!(
                "At {at} instance {id} {out} a user request, shrinking the capacity from {from} to {to}."
            ),
            Self::HealthCheck | Self::Replacement => format!(
                "At {at} an instance {out} an EC2 health check indicating it has been terminated or stopped."
            ),
            Self::LaunchFailure => {
                format!("At {at} an instance {out} a launch failure.")
            }
        }
    }
}

impl Activity {
    /// An activity on `instance` that starts now.
    pub fn launching(id: String, now: Timestamp, instance: &Instance, cause: String) -> Self {
        Self {
            description: format!("Launching a new EC2 instance: {}", instance.id),
            status: "PreInService",
            progress: 30,
            ..Self::new(id, now, cause)
        }
        .on(instance)
    }

    /// An activity that takes `instance` away.
    pub fn terminating(id: String, now: Timestamp, instance: &Instance, cause: String) -> Self {
        Self {
            description: format!("Terminating EC2 instance: {}", instance.id),
            ..Self::new(id, now, cause)
        }
        .on(instance)
    }

    /// An activity on no instance that starts now.
    pub fn new(id: String, now: Timestamp, cause: String) -> Self {
        Self {
            id,
            instance: String::new(),
            description: String::new(),
            cause,
            started: now,
            ended: None,
            status: "InProgress",
            message: None,
            progress: 0,
            place: Default::default(),
        }
    }

    fn on(mut self, instance: &Instance) -> Self {
        self.instance = instance.id.clone();
        self.place = (instance.subnet.clone(), instance.availability_zone.clone());
        self
    }

    /// Ends the activity; a `message` is its status reason.
    pub fn end(&mut self, now: Timestamp, status: &'static str, message: Option<String>) {
        if let Some(message) = &message {
            self.description
                .push_str(&format!(".  Status Reason: {message}"));
        }
        self.status = status;
        self.message = message;
        self.progress = 100;
        self.ended = Some(now);
    }

    /// Subnet and zone, as the API writes them.
    pub fn details(&self) -> Value {
        match &self.place {
            (subnet, _) if subnet.is_empty() => json!({}),
            (subnet, zone) => json!({"Subnet ID": subnet, "Availability Zone": zone}),
        }
    }

    /// As the API answers it.
    pub fn to_json(&self, group: &Group) -> Value {
        let mut answer = json!({
            "ActivityId": self.id, "AutoScalingGroupName": group.name, "Description": self.description,
            "Cause": self.cause, "StartTime": self.started.to_string(), "StatusCode": self.status,
            "Progress": self.progress, "Details": self.details().to_string(), "AutoScalingGroupARN": group.arn,
        });
        if let Some(ended) = self.ended {
            answer["EndTime"] = json!(ended.to_string());
        }
        if let Some(message) = &self.message {
            answer["StatusMessage"] = json!(message);
        }
        answer
    }
}

impl Group {
    /// The activity `id`.
    pub(super) fn activity_mut(&mut self, id: &str) -> Option<&mut Activity> {
        self.activities
            .iter_mut()
            .find(|activity| activity.id == id)
    }
}

pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "ActivityIds",
        "AutoScalingGroupName",
        "MaxRecords",
        "NextToken",
    ];
    only("DescribeScalingActivities", input, &known)?;
    let ids = texts(input, "ActivityIds")?;
    let groups: Vec<&Group> = match text(input, "AutoScalingGroupName")? {
        Some(name) => vec![found(&account.autoscaling, name)?],
        None => account.autoscaling.groups().collect(),
    };
    let mut activities: Vec<(&Group, &Activity)> = groups
        .into_iter()
        .flat_map(|group| {
            group
                .activities
                .iter()
                .map(move |activity| (group, activity))
        })
        .filter(|(_, activity)| ids.is_empty() || ids.contains(&activity.id))
        .collect();
    activities.reverse();
    activities.sort_by_key(|(_, activity)| {
        (
            activity.ended.is_some(),
            std::cmp::Reverse(activity.started),
        )
    });
    let (page, next) = page(input, activities, 100, 100)?;
    let page: Vec<Value> = page
        .into_iter()
        .map(|(group, activity)| activity.to_json(group))
        .collect();
    let mut answer = json!({"Activities": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}
