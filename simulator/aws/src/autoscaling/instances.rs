//! Calls about single instances.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{Group, Instance};
use super::input::{page, validation};
use super::lifecycle::begin_transition;
use super::transitions::{LifecycleState, Move};
use super::{capacity, describe, found_mut};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2;
use crate::trace::Cause;
use crate::wire::{ApiError, lists, paging};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TerminateInstance {
    instance_id: String,
    should_decrement_desired_capacity: bool,
}

/// TerminateInstanceInAutoScalingGroup, one instance at a time. Scale-in protection does not matter
/// to it. Recorded (radkawar/stackd testdata/aws/autoscaling/retention_native.json, 2026-09): one
/// that is retained meets its terminate hooks again, with new tokens and events. While Terminate is
/// suspended no instance in service goes, and others may
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/suspend-resume-considerations.html>).
///
/// assumption: an instance retained on its way into a warm pool meets its hooks again too; and the
/// call is refused while Terminate is suspended, as AttachInstances was recorded to be without
/// Launch. The same calls on AWS prove it.
pub(super) fn terminate(
    account: &mut Account,
    request: TerminateInstance,
) -> Result<Value, ApiError> {
    let (id, shrink) = (
        request.instance_id,
        request.should_decrement_desired_capacity,
    );
    let may_launch = account[AUTOSCALING].timing.launching_may_be_terminated;
    let group = account[AUTOSCALING]
        .group_of(&id)
        .ok_or_else(|| no_such_instance(&id))?;
    let instance = group.instance(&id).ok_or_else(|| no_such_instance(&id))?;
    let name = group.name.clone();
    let counts = may_terminate(group, instance, shrink, may_launch)?;
    let shrunk = (counts && shrink).then(|| (group.desired, group.desired - 1));
    let which = match instance.state {
        LifecycleState::WarmedTerminatingRetained | LifecycleState::WarmedPendingRetained => {
            Move::Discard
        }
        _ => Move::Terminate,
    };
    if let Some((_, desired)) = shrunk {
        found_mut(&mut account[AUTOSCALING], &name)?.desired = desired;
    }
    let why = Cause::UserRequest(shrunk).into();
    let activity = begin_transition(account, &name, &id, which, &why);
    if counts && !shrink {
        capacity::schedule_replacement(account, &name, false);
    }
    let group = found_mut(&mut account[AUTOSCALING], &name)?;
    let activity = group.activity_mut(&activity).cloned();
    let answer = activity.map(|activity| activity.answer(group));
    Ok(json!({"Activity": answer}))
}

/// Whether the instance counts; or why it cannot be terminated now.
fn may_terminate(
    group: &Group,
    instance: &Instance,
    shrink: bool,
    may_launch: bool,
) -> Result<bool, ApiError> {
    let state = instance.state;
    if state.is_retained() && shrink {
        return Err(validation(format!(
            "The instance {} is in a Retained state and can't be terminated while decreasing desired capacity. To terminate these instances, retry without decreasing the Auto Scaling group's desired capacity.",
            instance.id
        )));
    }
    if state.is_warm() && !state.is_retained() {
        // AWS refuses it:
        // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html
        // assumption: the text. The same call on AWS proves it.
        return Err(validation(format!(
            "The instance {} is in the warm pool of AutoScalingGroup {}. This operation is not supported for instances in a warm pool.",
            instance.id, group.name
        )));
    }
    if state == LifecycleState::InService && group.is_suspended("Terminate") {
        return Err(validation(format!(
            "Cannot terminate instance {} of AutoScalingGroup {} while the Terminate process is suspended",
            instance.id, group.name
        )));
    }
    // assumption: one in standby may be terminated; it does not count. A refusal proves it wrong.
    if state == LifecycleState::Standby && shrink {
        return Err(ApiError::not_known(format_args!(
            "ShouldDecrementDesiredCapacity for {} in {state}: leave it false",
            instance.id
        )));
    }
    let settled =
        matches!(state, LifecycleState::InService | LifecycleState::Standby) || state.is_retained();
    let taken = settled || (may_launch && state == LifecycleState::PendingWait);
    if !taken {
        return Err(ApiError::client(
            "ScalingActivityInProgress",
            format!("Activity {} is in progress.", instance.moving.activity),
        ));
    }
    if shrink && group.desired <= group.min_size {
        return Err(validation(format!(
            "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
            group.min_size
        )));
    }
    Ok(state.counts())
}

pub(super) fn no_such_instance(id: &str) -> ApiError {
    validation(format!(
        "Instance Id not found - No managed instance found for instance ID: {id}"
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetInstanceProtection<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    instance_ids: Vec<&'a str>,
    protected_from_scale_in: bool,
}

/// SetInstanceProtection.
pub(super) fn protect(
    account: &mut Account,
    request: SetInstanceProtection<'_>,
) -> Result<Value, ApiError> {
    let (name, ids) = (request.auto_scaling_group_name, request.instance_ids);
    let protected = request.protected_from_scale_in;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    for id in &ids {
        match group.instance(id).map(|instance| instance.state) {
            Some(state) if state == LifecycleState::InService || state.is_on_standby() => {}
            Some(_) => {
                return Err(validation(format!(
                    "The instance {id} is not in InService or EnteringStandby or Standby."
                )));
            }
            None => {
                return Err(validation(format!(
                    "The instance {id} is not part of Auto Scaling group {name}."
                )));
            }
        }
    }
    for id in &ids {
        if let Some(instance) = group.instance_mut(id) {
            instance.protected = protected;
        }
    }
    if !protected {
        capacity::reconcile_later(account, name);
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeAutoScalingInstances<'a> {
    #[serde(default)]
    instance_ids: BTreeSet<String>,
    max_records: Option<u32>,
    next_token: Option<&'a str>,
}

/// DescribeAutoScalingInstances.
pub(super) fn describe(
    account: &mut Account,
    request: DescribeAutoScalingInstances<'_>,
) -> Result<Value, ApiError> {
    let wanted = request.instance_ids;
    let all = account[AUTOSCALING]
        .groups()
        .flat_map(|group| {
            let some: Vec<&Instance> = if wanted.is_empty() {
                group.instances.iter().collect()
            } else {
                group.instances.by_ids(&wanted)
            };
            some.into_iter().map(move |instance| (group, instance))
        })
        .map(|(group, instance)| {
            let mut answer = describe::instance(instance);
            answer["AutoScalingGroupName"] = json!(group.name);
            // This call alone writes it in capitals.
            answer["HealthStatus"] = json!(describe::health(instance).to_uppercase());
            let place = paging::oldest_first(group.instances.ordinal(&instance.id));
            (format!("{}/{place}", group.name), answer)
        });
    let (page, next) = page(request.max_records, request.next_token, all, 50, 50)?;
    let mut answer = lists([("AutoScalingInstances", page)]);
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// EC2 says that an instance runs: if it is launching it comes to its hooks.
pub fn running(account: &mut Account, id: &str) {
    if let Some(group) = launching(account, id) {
        super::hold::at_hooks(account, &group, id);
    }
}

/// EC2 says nothing of an instance's death: the health check will find it. One that never ran is
/// given up.
pub fn died(account: &mut Account, id: &str) {
    if launching(account, id).is_some() {
        ec2::terminate(account, id);
        return;
    }
    let Some(group) = account[AUTOSCALING].group_of(id) else {
        return;
    };
    let in_service = group
        .instance(id)
        .is_some_and(|instance| instance.state == LifecycleState::InService);
    if in_service {
        let name = group.name.clone();
        super::health::check_later(account, &name, id);
    }
}

/// The group of an instance that EC2 still prepares.
fn launching(account: &Account, id: &str) -> Option<String> {
    let group = account[AUTOSCALING].group_of(id)?;
    let instance = group.instance(id)?;
    let new = matches!(instance.moving.which, Move::Launch | Move::Warm);
    (new && instance.state == instance.moving.which.states()[0]).then(|| group.name.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetDesiredCapacity<'a> {
    auto_scaling_group_name: &'a str,
    desired_capacity: i64,
    #[serde(default)]
    honor_cooldown: bool,
}

/// SetDesiredCapacity.
pub(super) fn set_desired(
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
            super::whole_seconds(now),
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
    let now = super::whole_seconds(account.now);
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

#[cfg(test)]
mod tests {
    use super::LifecycleState as S;
    use super::*;
    use crate::autoscaling::scene::{self, *};

    fn grown(more: Value) -> (Account, String) {
        let mut account = account(2, more);
        pass(&mut account, 100);
        let id = all_in(&account, S::InService)[0].clone();
        (account, id)
    }

    #[test]
    fn what_is_in_service_stays_while_terminate_is_suspended() {
        let (mut account, id) = grown(json!({"DesiredCapacity": 1}));
        let process = json!({"ScalingProcesses": ["Terminate"]});
        call(&mut account, "SuspendProcesses", process.clone()).expect("a known process");
        let refused = scene::terminate(&mut account, &id, false).expect_err("suspended");
        assert!(
            refused
                .message
                .ends_with("the Terminate process is suspended")
        );
        pass(&mut account, 600);
        assert_eq!(all_in(&account, S::InService), std::slice::from_ref(&id));
        call(&mut account, "ResumeProcesses", process).expect("a known process");
        scene::terminate(&mut account, &id, false).expect("it may go");
    }

    #[test]
    fn a_termination_with_decrement_is_not_replaced() {
        for (shrink, left) in [(true, 1), (false, 2)] {
            let (mut account, id) = grown(json!({"DesiredCapacity": 2}));
            let answer = scene::terminate(&mut account, &id, shrink).expect("it is in service");
            let activity = &answer["Activity"];
            assert_eq!(
                activity["Description"],
                format!("Terminating EC2 instance: {id}")
            );
            assert_eq!(
                (&activity["StatusCode"], &activity["Progress"]),
                (&json!("InProgress"), &json!(0))
            );
            pass(&mut account, 200);
            assert_eq!(all_in(&account, S::InService).len(), left);
            assert_eq!(group(&account).desired as usize, left);
        }
    }

    #[test]
    fn what_cannot_be_terminated_is_refused() {
        let (mut account, id) = grown(json!({"DesiredCapacity": 1, "MinSize": 1}));
        let error = scene::terminate(&mut account, &id, true).expect_err("below MinSize");
        assert!(
            error
                .message
                .starts_with("Currently, desiredSize equals minSize (1)."),
            "{error}"
        );
        let error = scene::terminate(&mut account, "i-1", false).expect_err("unknown");
        assert_eq!(
            error.message,
            "Instance Id not found - No managed instance found for instance ID: i-1"
        );
        scene::terminate(&mut account, &id, false).expect("it is in service");
        let error = scene::terminate(&mut account, &id, false).expect_err("it is leaving");
        assert_eq!(error.code, "ScalingActivityInProgress");
    }

    #[test]
    fn a_launching_instance_is_taken_only_if_the_switch_says_so() {
        for variant in [false, true] {
            let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
            let mut account = account(1, more);
            account[AUTOSCALING].timing.launching_may_be_terminated = variant;
            pass(&mut account, 60);
            let id = only_one(&account, S::PendingWait);
            assert_eq!(scene::terminate(&mut account, &id, false).is_ok(), variant);
            pass(&mut account, 5);
            assert_eq!(!all_in(&account, S::TerminatingWait).is_empty(), variant);
            assert_eq!(
                complete(&mut account, "launch", &id, "CONTINUE").is_ok(),
                !variant
            );
        }
    }

    #[test]
    fn desired_capacity_stays_within_its_bounds() {
        let (mut account, _) = grown(json!({"DesiredCapacity": 2, "MinSize": 1, "MaxSize": 3}));
        for (desired, text) in [
            (
                4,
                "New SetDesiredCapacity value 4 is above max value 3 for the AutoScalingGroup.",
            ),
            (
                0,
                "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup.",
            ),
        ] {
            let input = json!({"DesiredCapacity": desired});
            let error = call(&mut account, "SetDesiredCapacity", input).expect_err("out of bounds");
            assert_eq!(error.message, text);
        }
    }
}
