//! What DetachInstances, AttachInstances, EnterStandby and ExitStandby share: which instances they
//! name, what the sizes of the group allow, and a user's move of one instance from its beginning to
//! its end.

use serde::Deserialize;
use serde_json::Value;

use super::activity::Activity;
use super::group::{Group, Instance};
use super::input::validation;
use super::lifecycle::enter;
use super::transitions::LifecycleState;
use super::{Event, capacity, lifetime};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2::EC2;
use crate::wire::ApiError;

/// The description of the activity that attaches an instance, without the instance.
pub const ATTACHING: &str = "Attaching an existing EC2 instance";

/// The most instances of one of these calls
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html>).
const MOST: usize = 20;

/// A call that takes instances away.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Removal {
    /// The group's name.
    pub auto_scaling_group_name: String,
    /// Which instances.
    #[serde(default)]
    pub instance_ids: Vec<String>,
    /// Whether the desired capacity shrinks with them.
    pub should_decrement_desired_capacity: bool,
}

/// A call that adds instances.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Addition {
    /// The group's name.
    pub auto_scaling_group_name: String,
    /// Which instances.
    #[serde(default)]
    pub instance_ids: Vec<String>,
}

/// The instances that a call of this kind names: at least one, at most [`MOST`].
pub fn checked(ids: Vec<String>) -> Result<Vec<String>, ApiError> {
    if ids.is_empty() || ids.len() > MOST {
        return Err(validation(format!(
            "InstanceIds has {} instances; it must have from 1 to {MOST}.",
            ids.len()
        )));
    }
    Ok(ids)
}

/// The instance `id` of the group.
pub fn member<'a>(group: &'a Group, id: &str) -> Result<&'a Instance, ApiError> {
    group.instance(id).ok_or_else(|| {
        validation(format!(
            "The instance {id} is not part of Auto Scaling group {}.",
            group.name
        ))
    })
}

/// What is answered if `doing` so to `count` instances leaves the sizes of the group. The text is
/// that of AWS, seen for EnterStandby and AttachInstances.
pub fn out_of_bounds(group: &Group, doing: &str, count: u32) -> ApiError {
    let plural = if count == 1 { "" } else { "s" };
    validation(format!(
        "AutoScalingGroup {} has min-size={}, max-size={}, and desired-size={}. To {doing} {count} instance{plural}, please update the AutoScalingGroup sizes appropriately.",
        group.name, group.min_size, group.max_size, group.desired
    ))
}

/// The desired capacity without `count` instances.
pub fn without(group: &Group, doing: &str, count: usize) -> Result<u32, ApiError> {
    let count = count as u32;
    let left = group.desired.checked_sub(count);
    left.filter(|left| *left >= group.min_size)
        .ok_or_else(|| out_of_bounds(group, doing, count))
}

/// The desired capacity with `count` more instances.
pub fn with(group: &Group, doing: &str, count: usize) -> Result<u32, ApiError> {
    let count = count as u32;
    let more = group.desired + count;
    if more > group.max_size {
        return Err(out_of_bounds(group, doing, count));
    }
    Ok(more)
}

/// A user's move of one instance: where it stands meanwhile and then, and what its activity says.
pub struct Way<'a> {
    /// While it is moved.
    pub during: LifecycleState,
    /// When it has been moved.
    pub to: LifecycleState,
    /// The description of its activity, without the instance.
    pub doing: &'a str,
    /// The cause of its activity.
    pub cause: String,
    /// The status and the progress of its activity.
    pub status: (&'static str, u32),
    /// In the account's own scenario.
    pub reason: &'a str,
}

/// Begins a user's move of an instance, and returns its activity as the call answers it.
pub fn begin(account: &mut Account, group: &str, id: &str, way: Way<'_>) -> Value {
    let (now, activity_id) = (account.now, account.uuid());
    let dynamics = &account[AUTOSCALING].timing;
    let (least, most) = match (way.during, way.to) {
        (_, LifecycleState::Standby | LifecycleState::Detached) => dynamics.setting_aside,
        (LifecycleState::Pending, _) if way.doing == ATTACHING => dynamics.attaching,
        _ => dynamics.leaving_standby,
    };
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return Value::Null;
    };
    let Some(instance) = found.instance_mut(id) else {
        return Value::Null;
    };
    instance.moving.activity.clone_from(&activity_id);
    instance.moving.actions.clear();
    let mut activity = Activity::by_user(activity_id.clone(), now, instance, way.doing, way.cause);
    (activity.status, activity.progress) = way.status;
    if way.doing == ATTACHING {
        activity.place.0.clear();
    }
    found.activities.push(activity.clone());
    let answer = activity.answer(found);
    enter(account, group, id, way.during, way.reason);
    let delay = account.between(least, most);
    let event = Event::SetAside {
        group: group.to_owned(),
        instance: id.to_owned(),
        activity: activity_id,
        to: way.to,
    };
    account.after(delay, event);
    answer
}

/// A user's move has come to its end.
pub fn settle(account: &mut Account, group: &str, id: &str, to: LifecycleState) {
    let now = account.now;
    let reason = match to {
        LifecycleState::InService => "in service",
        LifecycleState::Standby => "in standby",
        _ => "detached",
    };
    enter(account, group, id, to, reason);
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    let activity = found.instance(id).map(|it| it.moving.activity.clone());
    if let Some(activity) = activity.and_then(|id| found.activity_mut(&id)) {
        activity.end(now, "Successful", None);
    }
    match to {
        LifecycleState::Detached => {
            found.instances.remove(id);
            if found.deleting && found.instances.is_empty() {
                account[AUTOSCALING].remove_group(group);
            }
        }
        LifecycleState::InService => {
            if !account[EC2].is_alive(id) {
                super::health::check_later(account, group, id);
            }
            capacity::reconcile(account, group);
            lifetime::watch_one(account, group, id);
        }
        _ => {}
    }
}
