//! EnterStandby and ExitStandby: a person puts an instance aside, and returns it.
//!
//! Recorded (radkawar/stackd testdata/aws/autoscaling/failure_boundaries_native_complete.json,
//! 2026-09): the texts of both activities, and how long they take; retention_decrement_native.json:
//! what is answered for an instance that is not in service. Documented: no hooks run; an instance
//! in standby runs on, with its tasks, is not checked and not scaled in, and does not count in the
//! desired capacity, which grows by it when it comes back
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html>).

use serde_json::{Value, json};

use super::input::validation;
use super::transitions::LifecycleState;
use super::user_moves::{Addition, Removal, Way, begin, checked, member, with, without};
use super::{capacity, found, found_mut, whole_seconds};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;

/// EnterStandby.
pub fn enter(account: &mut Account, request: Removal) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let ids = checked(request.instance_ids)?;
    let shrink = request.should_decrement_desired_capacity;
    let group = found(&account[AUTOSCALING], &name)?;
    for id in &ids {
        if member(group, id)?.state != LifecycleState::InService {
            return Err(validation(format!(
                "The instance {id} is not in InService."
            )));
        }
    }
    let before = group.desired;
    let desired = if shrink {
        without(group, "place into standby", ids.len())?
    } else {
        before
    };
    found_mut(&mut account[AUTOSCALING], &name)?.desired = desired;
    let mut activities = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let from = before.saturating_sub(place as u32);
        let shrinking = shrink.then(|| {
            let to = from.saturating_sub(1);
            format!(", shrinking the capacity from {from} to {to}")
        });
        let way = Way {
            during: LifecycleState::EnteringStandby,
            to: LifecycleState::Standby,
            doing: "Moving EC2 instance to Standby",
            cause: format!(
                "At {} instance {id} was moved to standby in response to a user request{}.",
                whole_seconds(account.now),
                shrinking.unwrap_or_default()
            ),
            status: ("InProgress", 50),
            reason: "a user puts it aside",
        };
        activities.push(begin(account, &name, id, way));
        if !shrink {
            capacity::schedule_replacement(account, &name, false);
        }
    }
    Ok(json!({"Activities": activities}))
}

/// ExitStandby.
///
/// assumption: the texts of what it refuses. The same calls on AWS prove them.
pub fn exit(account: &mut Account, request: Addition) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let ids = checked(request.instance_ids)?;
    let group = found(&account[AUTOSCALING], &name)?;
    for id in &ids {
        if member(group, id)?.state != LifecycleState::Standby {
            return Err(validation(format!("The instance {id} is not in Standby.")));
        }
    }
    let before = group.desired;
    let desired = with(group, "move out of standby", ids.len())?;
    found_mut(&mut account[AUTOSCALING], &name)?.desired = desired;
    let mut activities = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let from = before + place as u32;
        let way = Way {
            during: LifecycleState::Pending,
            to: LifecycleState::InService,
            doing: "Moving EC2 instance out of Standby",
            cause: format!(
                "At {} instance {id} was moved out of standby in response to a user request, increasing the capacity from {from} to {}.",
                whole_seconds(account.now),
                from + 1
            ),
            status: ("PreInService", 30),
            reason: "a user returns it from standby",
        };
        activities.push(begin(account, &name, id, way));
    }
    Ok(json!({"Activities": activities}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;
    use crate::ec2;

    fn two(more: Value) -> (Account, String) {
        let mut settings = json!({"DesiredCapacity": 2, "MaxSize": 2});
        let members = settings.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        let mut account = account(1, settings);
        pass(&mut account, 60);
        let_in(&mut account);
        pass(&mut account, 60);
        let id = all_in(&account, S::InService)[0].clone();
        (account, id)
    }

    fn put_aside(account: &mut Account, id: &str, shrink: bool) -> Result<Value, ApiError> {
        let input = json!({"InstanceIds": [id], "ShouldDecrementDesiredCapacity": shrink});
        call(account, "EnterStandby", input)
    }

    #[test]
    fn an_instance_is_put_aside_and_comes_back_without_hooks() {
        let (mut account, id) = two(json!({"LifecycleHookSpecificationList": hooks()}));
        let before = states(&account, &id).len();
        let answer = put_aside(&mut account, &id, true).expect("it is in service");
        let cause = answer["Activities"][0]["Cause"].as_str().expect("a cause");
        assert!(cause.ends_with("was moved to standby in response to a user request, shrinking the capacity from 2 to 1."), "{cause}");
        pass(&mut account, 100);
        assert_eq!(only_one(&account, S::Standby), id);
        assert_eq!((group(&account).counted(), group(&account).desired), (1, 1));
        let back = json!({"InstanceIds": [id]});
        let answer = call(&mut account, "ExitStandby", back.clone()).expect("it is in standby");
        let cause = answer["Activities"][0]["Cause"].as_str().expect("a cause");
        assert!(cause.ends_with("was moved out of standby in response to a user request, increasing the capacity from 1 to 2."), "{cause}");
        assert_eq!(answer["Activities"][0]["StatusCode"], "PreInService");
        pass(&mut account, 60);
        let way = ["EnteringStandby", "Standby", "Pending", "InService"];
        assert_eq!(states(&account, &id)[before..], way);
        assert_eq!((group(&account).counted(), group(&account).desired), (2, 2));
        let error = call(&mut account, "ExitStandby", back).expect_err("it is in service");
        assert_eq!(
            error.message,
            format!("The instance {id} is not in Standby.")
        );
    }

    #[test]
    fn without_shrinking_it_is_replaced_and_finds_no_room_to_come_back() {
        let (mut account, id) = two(json!({}));
        put_aside(&mut account, &id, false).expect("it is in service");
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), 2);
        let back = json!({"InstanceIds": [id]});
        let error = call(&mut account, "ExitStandby", back).expect_err("full");
        assert!(error.message.contains("desired-size=2"), "{error}");
    }

    #[test]
    fn nobody_checks_scales_in_or_replaces_what_is_in_standby() {
        let (mut account, id) = two(json!({}));
        put_aside(&mut account, &id, true).expect("it is in service");
        pass(&mut account, 10);
        let none = json!({"DesiredCapacity": 0});
        call(&mut account, "SetDesiredCapacity", none).expect("in bounds");
        ec2::kill(&mut account, &id);
        pass(&mut account, 300);
        assert_eq!(only_one(&account, S::Standby), id);
        assert_eq!(group(&account).instances.len(), 1);
        let back = json!({"InstanceIds": [id]});
        call(&mut account, "ExitStandby", back).expect("it is in standby");
        pass(&mut account, 300);
        assert!(
            group(&account).instance(&id).is_none(),
            "found dead in service"
        );
    }

    #[test]
    fn what_is_not_in_service_is_not_put_aside() {
        let (mut account, id) = two(json!({"MinSize": 2}));
        let error = put_aside(&mut account, &id, true).expect_err("below the minimum");
        let text = format!(
            "AutoScalingGroup {GROUP} has min-size=2, max-size=2, and desired-size=2. To place into standby 1 instance, please update the AutoScalingGroup sizes appropriately."
        );
        assert_eq!(error.message, text);
        put_aside(&mut account, &id, false).expect("it is in service");
        let error = put_aside(&mut account, &id, false).expect_err("it is on its way");
        assert_eq!(
            error.message,
            format!("The instance {id} is not in InService.")
        );
        pass(&mut account, 5);
        terminate(&mut account, &id, true).expect_err("it does not count");
        terminate(&mut account, &id, false).expect("it may go");
        pass(&mut account, 120);
        assert!(group(&account).instance(&id).is_none());
        assert_eq!(group(&account).counted(), 2);
    }
}
