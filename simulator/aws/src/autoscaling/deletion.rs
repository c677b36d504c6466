//! Deleting a group, by force too.
//!
//! What a forced deletion does is recorded (radkawar/stackd testdata/aws/autoscaling:
//! retention_decrement_native, retention_intervention, lifecycle_native, termination_native,
//! 2026-09). The group wants no instance at once. What is in service goes some seconds later, over
//! its terminate hooks and for their whole time, however it is protected; what is retained goes
//! some seconds after that, over its hooks too. What stands at a terminate hook is released at
//! once. The lifecycle actions that are open are deleted, so a launch hook holds no instance either
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html>).
//!
//! assumption: an instance at a launch hook goes with those in service. A recording of a forced
//! deletion with such an instance proves it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::activity::Why;
use super::group::{Group, Instance, OnAbandon};
use super::input::validation;
use super::lifecycle::{begin_transition, hooks_done};
use super::transitions::{Move, Transition};
use super::{Event, found, found_mut, whole_seconds};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::trace::Cause;
use crate::wire::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteAutoScalingGroup<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    force_delete: bool,
}

/// DeleteAutoScalingGroup.
pub(super) fn delete(
    account: &mut Account,
    request: DeleteAutoScalingGroup<'_>,
) -> Result<Value, ApiError> {
    let (name, force) = (request.auto_scaling_group_name, request.force_delete);
    let group = found(&account[AUTOSCALING], name)?;
    if force && group.settings.on_terminate_abandon == Some(OnAbandon::Retain) {
        return Err(validation(
            "You can't force delete this Auto Scaling group because the TerminateHookAbandon retention trigger is set to retain. Change the retention trigger to terminate and try again.",
        ));
    }
    if group.instances.is_empty() {
        account[AUTOSCALING].remove_group(name);
        return Ok(json!({}));
    }
    if !force {
        return Err(ApiError::client(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.",
        ));
    }
    begin(account, name)?;
    Ok(json!({}))
}

fn begin(account: &mut Account, name: &str) -> Result<(), ApiError> {
    let now = whole_seconds(account.now);
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    group.asked = (group.desired > 0).then(|| {
        format!(
            "At {now} a user request force deleted AutoScaling group changing the desired capacity from {} to 0.",
            group.desired
        )
    });
    (group.min_size, group.max_size, group.desired) = (0, 0, 0);
    group.deleting = true;
    let held = |instance: &&Instance| !instance.moving.actions.is_empty();
    let held: Vec<(String, Transition)> = group
        .instances
        .iter()
        .filter(held)
        .map(|instance| (instance.id.clone(), instance.moving.which.transition()))
        .collect();
    for (id, transition) in held {
        if let Some(instance) = account[AUTOSCALING].instance_mut(name, &id) {
            instance.moving.actions.clear();
        }
        if transition == Transition::Terminating {
            let reason = "its group is deleted by force";
            hooks_done(account, name, &id, Some(reason));
        }
    }
    let (least, most) = account[AUTOSCALING].timing.forced_deletion;
    let delay = account.between(least, most);
    account.after(delay, Event::Empty(name.to_owned()));
    Ok(())
}

/// Sends everything that counts out of a group that is deleted by force, and what waits in its warm
/// pool.
pub fn empty(account: &mut Account, name: &str) {
    let Some(group) = account[AUTOSCALING].group_mut(name) else {
        return;
    };
    let why = Why {
        cause: Cause::Difference(group.counted(), 0),
        asked: group.asked.take(),
    };
    for id in ids(group, |instance| instance.state.counts()) {
        begin_transition(account, name, &id, Move::Terminate, &why);
    }
    let (least, most) = account[AUTOSCALING].timing.forced_deletion_of_rest;
    let delay = account.between(least, most);
    account.after(delay, Event::EmptyRest(name.to_owned()));
}

/// Sends out who is left of a group that is deleted by force: who was retained, and the warm pool.
pub fn empty_rest(account: &mut Account, name: &str) {
    let Some(group) = account[AUTOSCALING].group(name) else {
        return;
    };
    let is_left = |instance: &Instance| {
        let is_leaving = instance.moving.which.transition() == Transition::Terminating;
        let stays = instance.state.is_retained() || instance.state.is_on_standby();
        stays || (instance.state.is_warm() && !is_leaving)
    };
    let left = ids(group, |instance| {
        is_left(instance) || instance.state.is_ready_in_pool()
    });
    for id in left {
        let Some(instance) = account[AUTOSCALING].instance_mut(name, &id) else {
            continue;
        };
        let which = if instance.state.is_warm() {
            Move::Discard
        } else {
            Move::Terminate
        };
        begin_transition(account, name, &id, which, &Cause::GroupDeletion.into());
    }
}

fn ids(group: &Group, which: impl Fn(&Instance) -> bool) -> Vec<String> {
    let some = group.instances.iter().filter(|instance| which(instance));
    some.map(|instance| instance.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    fn grown(more: Value) -> Account {
        let mut settings = json!({"DesiredCapacity": 2, "LifecycleHookSpecificationList": hooks()});
        let members = settings.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        let mut account = account(1, settings);
        pass(&mut account, 60);
        let_in(&mut account);
        pass(&mut account, 10);
        assert_eq!(all_in(&account, S::InService).len(), 2);
        account
    }

    fn force(account: &mut Account) -> Result<Value, ApiError> {
        call(
            account,
            "DeleteAutoScalingGroup",
            json!({"ForceDelete": true}),
        )
    }

    #[test]
    fn a_group_with_instances_is_deleted_only_by_force_and_over_their_hooks() {
        let mut account = grown(json!({"NewInstancesProtectedFromScaleIn": true}));
        let error = call(&mut account, "DeleteAutoScalingGroup", json!({})).expect_err("in use");
        assert_eq!(error.code, "ResourceInUse");
        let id = all_in(&account, S::InService)[0].clone();
        force(&mut account).expect("it may be");
        let input = json!({});
        let all = must(
            &mut account,
            "autoscaling",
            "DescribeAutoScalingGroups",
            input,
        );
        let record = &all["AutoScalingGroups"][0];
        assert_eq!(record["Status"], "Delete in progress");
        for size in ["MinSize", "MaxSize", "DesiredCapacity"] {
            assert_eq!(record[size], 0, "{size}");
        }
        pass(&mut account, 599);
        assert_eq!(
            all_in(&account, S::TerminatingWait).len(),
            2,
            "for the whole timeout"
        );
        let cause = activities(&mut account)[0]["Cause"].clone();
        let cause = cause.as_str().expect("a cause");
        assert!(
            cause.contains("a user request force deleted AutoScaling group changing the desired capacity from 2 to 0.  At "),
            "{cause}"
        );
        pass(&mut account, 130);
        assert!(account[AUTOSCALING].group(GROUP).is_none());
        assert!(states(&account, &id).contains(&"Terminating:Wait".to_owned()));
    }

    #[test]
    fn what_stands_at_its_terminate_hook_is_let_go_at_once() {
        let mut account = grown(json!({}));
        let id = all_in(&account, S::InService)[0].clone();
        terminate(&mut account, &id, true).expect("it is in service");
        pass(&mut account, 5);
        assert_eq!(only_one(&account, S::TerminatingWait), id);
        force(&mut account).expect("it may be");
        assert_eq!(only_one(&account, S::TerminatingProceed), id);
    }

    #[test]
    fn what_stands_at_its_launch_hook_goes_with_the_others() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(1, more);
        pass(&mut account, 60);
        let id = only_one(&account, S::PendingWait);
        force(&mut account).expect("it may be");
        assert!(complete(&mut account, "launch", &id, "CONTINUE").is_err());
        pass(&mut account, 15);
        assert_eq!(only_one(&account, S::TerminatingWait), id);
    }

    #[test]
    fn what_is_retained_goes_last_and_only_when_the_policy_lets_it() {
        let retain = |word: &str| json!({"InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": word}}});
        let mut account = grown(retain("retain"));
        let id = all_in(&account, S::InService)[0].clone();
        terminate(&mut account, &id, true).expect("it is in service");
        pass(&mut account, 5);
        complete(&mut account, "terminate", &id, "ABANDON").expect("the action is open");
        assert_eq!(only_one(&account, S::TerminatingRetained), id);
        let error = force(&mut account).expect_err("the policy retains");
        assert!(
            error.message.contains("retention trigger is set to retain"),
            "{error}"
        );
        call(&mut account, "UpdateAutoScalingGroup", retain("terminate")).expect("it may be");
        force(&mut account).expect("it may be");
        pass(&mut account, 30);
        assert_eq!(all_in(&account, S::TerminatingWait).len(), 2);
        let ends = activities(&mut account);
        let cause = ends[0]["Cause"].as_str().expect("a cause");
        assert!(
            cause.ends_with(&format!(
                "instance {id} was taken out of service in response to a group deletion."
            )),
            "{cause}"
        );
        pass(&mut account, 800);
        assert!(account[AUTOSCALING].group(GROUP).is_none());
        let input = json!({"IncludeDeletedGroups": true});
        let record = call(&mut account, "DescribeScalingActivities", input).expect("it may be");
        assert_eq!(record["Activities"][0]["AutoScalingGroupState"], "Deleted");
        let error = call(&mut account, "DescribeScalingActivities", json!({}));
        assert!(error.is_err(), "it is not there any more");
    }
}
