//! DetachInstances and AttachInstances: instances that leave a group, or come into it, without
//! being terminated or launched.
//!
//! Recorded (radkawar/stackd testdata/aws/autoscaling/failure_boundaries_native_complete.json,
//! 2026-09): the texts of both activities, how long they take, and that nothing is attached while
//! Launch is suspended. Documented: no hooks run for either
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html>), a detached
//! instance keeps running, and up to 20 instances are given. A retained instance can be detached.
//! Not known, and not modelled: the events of EventBridge about a detached instance.

use serde_json::{Value, json};

use super::group::{InFlight, Instance};
use super::input::validation;
use super::transitions::{LifecycleState, Move};
use super::user_moves::{ATTACHING, Addition, Removal, Way, begin, checked, member, with, without};
use super::{capacity, found, found_mut, whole_seconds};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2::EC2;
use crate::wire::ApiError;

/// DetachInstances. What is left of the group's hooks and processes does not matter to it.
pub fn detach(account: &mut Account, request: Removal) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let ids = checked(request.instance_ids)?;
    let shrink = request.should_decrement_desired_capacity;
    let group = found(&account[AUTOSCALING], &name)?;
    for id in &ids {
        may_detach(member(group, id)?, shrink)?;
    }
    let counted = ids
        .iter()
        .filter(|id| group.instance(id).is_some_and(|it| it.state.counts()))
        .count();
    let before = group.desired;
    let desired = if shrink {
        without(group, "detach", counted)?
    } else {
        before
    };
    found_mut(&mut account[AUTOSCALING], &name)?.desired = desired;
    let mut activities = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let group = found(&account[AUTOSCALING], &name)?;
        let counts = group.instance(id).is_some_and(|it| it.state.counts());
        let from = before.saturating_sub(place as u32);
        let shrinking = shrink.then(|| {
            let to = from.saturating_sub(1);
            format!(", shrinking the capacity from {from} to {to}")
        });
        let way = Way {
            during: LifecycleState::Detaching,
            to: LifecycleState::Detached,
            doing: "Detaching EC2 instance",
            cause: format!(
                "At {} instance {id} was detached in response to a user request{}.",
                whole_seconds(account.now),
                shrinking.unwrap_or_default()
            ),
            status: ("InProgress", 50),
            reason: "a user detaches it",
        };
        activities.push(begin(account, &name, id, way));
        if counts && !shrink {
            capacity::schedule_replacement(account, &name, false);
        }
    }
    Ok(json!({"Activities": activities}))
}

/// One in standby, or retained, does not count in the desired capacity: no recording has what AWS
/// answers when that is to shrink with it, so the account does not take it.
///
/// assumption: the text of the refusal. The same call for an instance in Pending:Wait proves it.
fn may_detach(instance: &Instance, shrink: bool) -> Result<(), ApiError> {
    let (id, state) = (&instance.id, instance.state);
    let aside = state == LifecycleState::Standby || state.is_retained();
    if aside && shrink {
        return Err(ApiError::not_known(format_args!(
            "ShouldDecrementDesiredCapacity of DetachInstances for {id} in {state}: leave it false"
        )));
    }
    if aside || state == LifecycleState::InService {
        return Ok(());
    }
    Err(validation(format!(
        "The instance {id} is not in InService or Standby."
    )))
}

/// AttachInstances: of instances that EC2 runs and no group has. The desired capacity grows by
/// them.
pub fn attach(account: &mut Account, request: Addition) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let ids = checked(request.instance_ids)?;
    let group = found(&account[AUTOSCALING], &name)?;
    if group.is_suspended("Launch") {
        return Err(validation(format!(
            "Cannot attach instances to AutoScalingGroup {name} while the Launch process is suspended"
        )));
    }
    for id in &ids {
        may_attach(account, id)?;
    }
    let desired = with(group, "attach", ids.len())?;
    found_mut(&mut account[AUTOSCALING], &name)?.desired = desired;
    for id in &ids {
        admit(account, &name, id);
        let way = Way {
            during: LifecycleState::Pending,
            to: LifecycleState::InService,
            doing: ATTACHING,
            cause: format!(
                "At {} an instance was added in response to user request. Keeping the capacity at the new {desired}.",
                whole_seconds(account.now)
            ),
            status: ("PreInService", 30),
            reason: "a user attaches it",
        };
        begin(account, &name, id, way);
    }
    Ok(json!({}))
}

/// assumption: the texts; only the beginning of the first is AWS's. The same calls on AWS prove
/// them.
fn may_attach(account: &Account, id: &str) -> Result<(), ApiError> {
    if let Some(group) = account[AUTOSCALING].group_of(id) {
        return Err(validation(format!(
            "The instance {id} is already part of AutoScalingGroup {}.",
            group.name
        )));
    }
    if !account[EC2].is_running(id) {
        return Err(validation(format!(
            "Invalid Instance ID {id}: EC2 does not have it in the state running."
        )));
    }
    Ok(())
}

/// Takes in an instance that EC2 runs.
fn admit(account: &mut Account, group: &str, id: &str) {
    let now = account.now;
    let Some((machine, from)) = account[EC2].machine(id) else {
        return;
    };
    let (machine, template) = (machine.clone(), from.clone());
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    let instance = Instance {
        id: machine.id,
        instance_type: machine.instance_type,
        availability_zone: machine.availability_zone,
        subnet: machine.subnet,
        ami: machine.ami,
        template,
        state: LifecycleState::Pending,
        since: now,
        launched: now,
        healthy: true,
        protected: found.settings.protect_new,
        moving: InFlight {
            which: Move::Launch,
            activity: String::new(),
            not_before: now,
            actions: Vec::new(),
        },
        written: Default::default(),
    };
    found.instances.push(instance);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    fn two() -> Account {
        let mut account = account(1, json!({"DesiredCapacity": 2, "MinSize": 1, "MaxSize": 2}));
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), 2);
        account
    }

    fn detach(account: &mut Account, id: &str, shrink: bool) -> Result<Value, ApiError> {
        let input = json!({"InstanceIds": [id], "ShouldDecrementDesiredCapacity": shrink});
        call(account, "DetachInstances", input)
    }

    #[test]
    fn a_detached_instance_leaves_the_group_and_runs_on() {
        let mut account = two();
        let id = all_in(&account, S::InService)[0].clone();
        let answer = detach(&mut account, &id, true).expect("it may be");
        let activity = &answer["Activities"][0];
        let cause = activity["Cause"].as_str().expect("a cause");
        assert!(
            cause.ends_with(
                "was detached in response to a user request, shrinking the capacity from 2 to 1."
            ),
            "{cause}"
        );
        assert_eq!(activity["StatusCode"], "InProgress");
        assert_eq!(only_one(&account, S::Detaching), id);
        pass(&mut account, 60);
        assert!(group(&account).instance(&id).is_none());
        assert!(account[EC2].is_alive(&id));
        assert_eq!((group(&account).counted(), group(&account).desired), (1, 1));
        let newest = &activities(&mut account)[0];
        assert_eq!(newest["StatusCode"], "Successful");
        let other = all_in(&account, S::InService)[0].clone();
        let error = detach(&mut account, &other, true).expect_err("below the minimum");
        let text = format!(
            "AutoScalingGroup {GROUP} has min-size=1, max-size=2, and desired-size=1. To detach 1 instance, please update the AutoScalingGroup sizes appropriately."
        );
        assert_eq!(error.message, text);
    }

    #[test]
    fn one_that_is_detached_without_shrinking_is_replaced_and_can_be_attached_later() {
        let mut account = two();
        let id = all_in(&account, S::InService)[0].clone();
        detach(&mut account, &id, false).expect("it may be");
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), 2, "replaced");
        let attach = json!({"InstanceIds": [id]});
        let error = call(&mut account, "AttachInstances", attach.clone()).expect_err("full");
        assert!(
            error.message.contains("To attach 1 instance, please"),
            "{error}"
        );
        let room = json!({"MaxSize": 3});
        call(&mut account, "UpdateAutoScalingGroup", room).expect("right sizes");
        let launch = json!({"ScalingProcesses": ["Launch"]});
        call(&mut account, "SuspendProcesses", launch.clone()).expect("a known process");
        let error = call(&mut account, "AttachInstances", attach.clone()).expect_err("suspended");
        assert!(
            error
                .message
                .ends_with("while the Launch process is suspended"),
            "{error}"
        );
        call(&mut account, "ResumeProcesses", launch).expect("a known process");
        call(&mut account, "AttachInstances", attach.clone()).expect("there is room");
        let error = call(&mut account, "AttachInstances", attach).expect_err("twice");
        assert!(error.message.contains("is already part of"), "{error}");
        pass(&mut account, 60);
        assert_eq!(
            group(&account).instance(&id).expect("it is back").state,
            S::InService
        );
        assert_eq!((group(&account).counted(), group(&account).desired), (3, 3));
        let attached = activities(&mut account)
            .into_iter()
            .find(|one| one["Description"] == format!("Attaching an existing EC2 instance: {id}"));
        let details = attached.expect("its activity")["Details"].clone();
        assert_eq!(
            details,
            r#"{"Availability Zone ID":"euw1-az1","Availability Zone":"eu-west-1a"}"#
        );
    }

    #[test]
    fn what_cannot_be_detached_or_attached_is_refused() {
        let mut account = two();
        let id = all_in(&account, S::InService)[0].clone();
        for (ids, words) in [
            (json!([]), "from 1 to 20"),
            (json!(["i-0123"]), "is not part of Auto Scaling group"),
        ] {
            let input = json!({"InstanceIds": ids, "ShouldDecrementDesiredCapacity": false});
            let error = call(&mut account, "DetachInstances", input).expect_err("refused");
            assert!(error.message.contains(words), "{error}");
        }
        let input = json!({"InstanceIds": [id]});
        let error = call(&mut account, "DetachInstances", input).expect_err("does not say");
        assert!(
            error.message.contains("shouldDecrementDesiredCapacity"),
            "{error}"
        );
        let input = json!({"InstanceIds": ["i-0123"]});
        let error = call(&mut account, "AttachInstances", input).expect_err("not there");
        assert!(error.message.contains("i-0123"), "{error}");
        detach(&mut account, &id, false).expect("it may be");
        let error = detach(&mut account, &id, false).expect_err("it is leaving");
        assert!(
            error.message.ends_with("is not in InService or Standby."),
            "{error}"
        );
    }

    #[test]
    fn a_retained_instance_is_released_by_detaching_it() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks(),
            "InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}});
        let mut account = account(1, more);
        pass(&mut account, 60);
        let_in(&mut account);
        pass(&mut account, 60);
        let id = only_one(&account, S::InService);
        terminate(&mut account, &id, false).expect("it is in service");
        pass(&mut account, 5);
        complete(&mut account, "terminate", &id, "ABANDON").expect("it is open");
        assert_eq!(only_one(&account, S::TerminatingRetained), id);
        let error = detach(&mut account, &id, true).expect_err("it does not count");
        assert_eq!(error.code, "NotImplemented");
        detach(&mut account, &id, false).expect("it may be");
        pass(&mut account, 60);
        assert!(group(&account).instance(&id).is_none());
        assert!(account[EC2].is_alive(&id), "EC2 runs it on");
        assert_eq!(
            group(&account).counted(),
            1,
            "it was replaced before, and only then"
        );
    }
}
