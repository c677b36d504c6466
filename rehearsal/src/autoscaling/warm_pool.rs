//! Warm pools, no more than it takes for their moves to happen: instances launched ahead, which wait stopped or running
//! until the group needs them, and pass the launch hooks on both ways.
//!
//! An instance in the pool does not join its ECS cluster: the account requires `ECS_WARM_POOLS_CHECK=true` in the user
//! data, which makes the real agent wait. Not modelled: instance reuse on scale-in, hibernation, the replacement of dead
//! or outdated instances in the pool.

use serde_json::{Value, json};

use super::activity::Cause;
use super::group::{Group, Instance};
use super::input::{boolean, number, page, required, text};
use super::lifecycle::set_out;
use super::moves::{LifecycleState, Move};
use super::{capacity, describe, found, found_mut};
use crate::account::Account;
use crate::wire::{ApiError, only};

/// A group's warm pool.
#[derive(Debug, Clone)]
pub struct WarmPool {
    min_size: u32,
    max_prepared: Option<u32>,
    stopped: bool,
    deleting: bool,
}

impl WarmPool {
    /// The state in which its instances wait.
    pub fn state(&self) -> LifecycleState {
        if self.stopped {
            LifecycleState::WarmedStopped
        } else {
            LifecycleState::WarmedRunning
        }
    }

    /// How many instances it wants in `group`. Documented: as many as the group may still grow by, and at least MinSize.
    fn wanted(&self, group: &Group) -> u32 {
        if self.deleting {
            return 0;
        }
        let prepared = self.max_prepared.unwrap_or(group.max_size);
        prepared.saturating_sub(group.desired).max(self.min_size)
    }

    /// As the API answers it.
    pub fn to_json(&self) -> Value {
        let mut answer = json!({
            "MinSize": self.min_size, "PoolState": if self.stopped { "Stopped" } else { "Running" },
        });
        if let Some(most) = self.max_prepared {
            answer["MaxGroupPreparedCapacity"] = json!(most);
        }
        if self.deleting {
            answer["Status"] = json!("PendingDelete");
        }
        answer
    }
}

/// Brings the warm pool of a group to its size.
pub fn refill(account: &mut Account, group: &str) {
    let Some(found) = account.autoscaling.group(group) else {
        return;
    };
    let Some(pool) = found.warm_pool.clone().filter(|_| !found.deleting) else {
        return;
    };
    let wanted = pool.wanted(found);
    let inside = found.instances.iter().filter(|instance| {
        instance.state.is_ready_in_pool() || instance.moving.which == Move::Warm
    });
    let inside: Vec<(String, bool)> = inside
        .map(|instance| (instance.id.clone(), instance.state.is_ready_in_pool()))
        .collect();
    let has = inside.len() as u32;
    for number in has..wanted {
        let why = Cause::Difference(number, number + 1).into();
        capacity::launch(account, group, Move::Warm, &why);
    }
    let ready = inside.into_iter().filter(|(_, ready)| *ready);
    for (id, _) in ready.take(has.saturating_sub(wanted) as usize) {
        let why = Cause::Difference(has, wanted).into();
        set_out(account, group, &id, Move::Discard, &why, true);
    }
    if pool.deleting
        && has == 0
        && let Some(found) = account.autoscaling.group_mut(group)
    {
        found.warm_pool = None;
    }
}

/// PutWarmPool.
pub fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "AutoScalingGroupName",
        "MinSize",
        "MaxGroupPreparedCapacity",
        "PoolState",
    ];
    only("PutWarmPool", input, &known)?;
    let name = required(input, "AutoScalingGroupName")?;
    let stopped = match text(input, "PoolState")? {
        None | Some("Stopped") => true,
        Some("Running") => false,
        Some(other) => {
            return Err(ApiError::not_known(format_args!(
                "PoolState {other} of PutWarmPool; only Stopped and Running"
            )));
        }
    };
    let template = &found(&account.autoscaling, name)?.template;
    let (_, data) = account
        .ec2
        .template_version(&template.id, &template.version)?;
    if !data.user_data.contains("ECS_WARM_POOLS_CHECK=true") {
        return Err(ApiError::not_known(
            "a warm pool whose instances join their cluster while they wait; write ECS_WARM_POOLS_CHECK=true to the agent's configuration in the user data",
        ));
    }
    let pool = WarmPool {
        min_size: number(input, "MinSize")?.unwrap_or(0),
        max_prepared: number(input, "MaxGroupPreparedCapacity")?,
        stopped,
        deleting: false,
    };
    found_mut(&mut account.autoscaling, name)?.warm_pool = Some(pool);
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

/// DescribeWarmPool.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["AutoScalingGroupName", "MaxRecords", "NextToken"];
    only("DescribeWarmPool", input, &known)?;
    let group = found(
        &account.autoscaling,
        required(input, "AutoScalingGroupName")?,
    )?;
    let inside = |instance: &&Instance| instance.state.is_warm();
    let instances = group.instances.iter().filter(inside);
    let instances: Vec<Value> = instances.map(describe::instance).collect();
    let (page, next) = page(input, instances, 50, 50)?;
    let mut answer = json!({"Instances": page});
    if let Some(pool) = &group.warm_pool {
        answer["WarmPoolConfiguration"] = pool.to_json();
    }
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// DeleteWarmPool: its instances go, and then the pool.
pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only(
        "DeleteWarmPool",
        input,
        &["AutoScalingGroupName", "ForceDelete"],
    )?;
    if boolean(input, "ForceDelete")? == Some(true) {
        return Err(ApiError::not_known("ForceDelete of DeleteWarmPool"));
    }
    let name = required(input, "AutoScalingGroupName")?;
    let group = found_mut(&mut account.autoscaling, name)?;
    if let Some(pool) = &mut group.warm_pool {
        pool.deleting = true;
    }
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::LifecycleState as S;
    use super::*;
    use crate::autoscaling::notice;
    use crate::autoscaling::scene::*;

    fn ways(account: &Account, id: &str) -> (Value, Value) {
        let group = group(account);
        let action = &group.instance(id).expect("it is there").moving.actions[0];
        let event = notice::lifecycle_action(account, group, id, action).expect("an event");
        (
            event["detail"]["Origin"].clone(),
            event["detail"]["Destination"].clone(),
        )
    }

    #[test]
    fn an_instance_passes_the_launch_hook_on_both_ways() {
        for (state, waits) in [("Stopped", S::WarmedStopped), ("Running", S::WarmedRunning)] {
            let more = json!({"DesiredCapacity": 0, "MaxSize": 1, "LifecycleHookSpecificationList": hooks()});
            let mut account = account(1, more);
            call(&mut account, "PutWarmPool", json!({"PoolState": state})).expect("a warm pool");
            pass(&mut account, 60);
            let id = only_one(&account, S::WarmedPendingWait);
            assert_eq!(ways(&account, &id), (json!("EC2"), json!("WarmPool")));
            complete(&mut account, "launch", &id, "CONTINUE").expect("the action is open");
            pass(&mut account, 60);
            assert_eq!(only_one(&account, waits), id);
            call(
                &mut account,
                "SetDesiredCapacity",
                json!({"DesiredCapacity": 1}),
            )
            .expect("in bounds");
            pass(&mut account, 30);
            assert_eq!(only_one(&account, S::PendingWait), id);
            assert_eq!(
                ways(&account, &id),
                (json!("WarmPool"), json!("AutoScalingGroup"))
            );
            let_in(&mut account);
            pass(&mut account, 10);
            assert_eq!(only_one(&account, S::InService), id);
            assert_eq!(
                group(&account).instances.len(),
                1,
                "the group cannot grow any more"
            );
        }
    }

    #[test]
    fn a_pool_that_is_deleted_lets_its_instances_go() {
        let more = json!({"LifecycleHookSpecificationList": [hooks()[1]], "MaxSize": 2});
        let mut account = account(1, more);
        call(&mut account, "PutWarmPool", json!({})).expect("a warm pool");
        pass(&mut account, 120);
        let inside = all_in(&account, S::WarmedStopped);
        assert_eq!(inside.len(), 2);
        let error = terminate(&mut account, &inside[0], false).expect_err("it is in the pool");
        assert_eq!(error.code, "ValidationError");
        call(&mut account, "DeleteWarmPool", json!({})).expect("the pool is there");
        pass(&mut account, 60);
        for id in all_in(&account, S::WarmedTerminatingWait) {
            assert_eq!(ways(&account, &id), (json!("WarmPool"), json!("EC2")));
            complete(&mut account, "terminate", &id, "CONTINUE").expect("the action is open");
        }
        pass(&mut account, 120);
        assert_eq!(group(&account).instances.len(), 0);
        assert!(group(&account).warm_pool.is_none());
    }

    #[test]
    fn an_abandoned_way_into_the_pool_is_tried_again() {
        let more = json!({"LifecycleHookSpecificationList": [hooks()[0]], "MaxSize": 1});
        let mut account = account(1, more);
        call(&mut account, "PutWarmPool", json!({})).expect("a warm pool");
        pass(&mut account, 60);
        for _ in 0..4 {
            let id = only_one(&account, S::WarmedPendingWait);
            complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
            pass(&mut account, 400);
            let states = states(&account, &id);
            assert_eq!(states.last().expect("a state"), "Warmed:Terminated");
        }
        only_one(&account, S::WarmedPendingWait);
    }
}
