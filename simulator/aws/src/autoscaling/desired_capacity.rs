//! The desired capacity of a group, as a user or an alarm sets it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::validation;
use super::{capacity, found_mut, whole_seconds};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetDesiredCapacity<'a> {
    auto_scaling_group_name: &'a str,
    desired_capacity: i64,
    #[serde(default)]
    honor_cooldown: bool,
}

/// SetDesiredCapacity.
pub(super) fn set(
    account: &mut Account,
    request: SetDesiredCapacity<'_>,
) -> Result<Value, ApiError> {
    if request.honor_cooldown {
        return Err(ApiError::not_known("HonorCooldown of SetDesiredCapacity"));
    }
    let (name, desired) = (request.auto_scaling_group_name, request.desired_capacity);
    let desired = u32::try_from(desired).map_err(|_| {
        // The text is recorded for a negative one: radkawar/stackd
        // testdata/aws/autoscaling/lifecycle_native.json, 2026-09.
        let side = if desired < 0 { "negative" } else { "too large" };
        validation(format!("New SetDesiredCapacity value {desired} is {side}."))
    })?;
    let now = account.now;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    let (least, most) = (group.min_size, group.max_size);
    let refuse = |side: &str, bound: u32| {
        Err(validation(format!(
            "New SetDesiredCapacity value {desired} is {side} value {bound} for the AutoScalingGroup."
        )))
    };
    if desired > most {
        return refuse("above max", most);
    }
    if desired < least {
        return refuse("below min", least);
    }
    if desired != group.desired {
        group.asked = Some(format!(
            "At {} a user request explicitly set group desired capacity changing the desired capacity from {} to {desired}.",
            whole_seconds(now),
            group.desired
        ));
        group.desired = desired;
        capacity::reconcile_later(account, name);
    }
    Ok(json!({}))
}

/// A target tracking policy, whose `alarm` rings, wants another capacity. Says whether it is
/// granted: not while the process AlarmNotification is suspended.
///
/// assumption: the cause's text, after activities that users have published. An activity of a
/// capacity provider's policy proves it.
pub fn set_by_alarm(account: &mut Account, group: &str, alarm: &str, desired: u32) -> bool {
    let now = whole_seconds(account.now);
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return false;
    };
    let possible = (found.min_size..=found.max_size).contains(&desired);
    if found.is_suspended("AlarmNotification") || !possible {
        return false;
    }
    found.asked = Some(format!(
        "At {now} a monitor alarm {alarm} in state ALARM triggered policy ECSManagedAutoScalingPolicy changing the desired capacity from {} to {desired}.",
        found.desired
    ));
    found.desired = desired;
    capacity::reconcile_later(account, group);
    true
}
