//! Warm pools: instances launched ahead, which wait stopped or running until the group needs them,
//! and pass the launch hooks on both ways. With reuse on scale-in they come back into the pool,
//! over the terminate hooks.
//!
//! A new instance in the pool does not join its ECS cluster: the account requires
//! `ECS_WARM_POOLS_CHECK=true` in the user data, which makes the real agent wait. One that comes
//! back is registered: if the pool stops it what runs on it is cut off, and its agent is away until
//! it leaves the pool again.
//!
//! AWS refuses a pool beside Spot instances
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html>).
//! Refused because not modelled: hibernation, instances that join the cluster in the pool. Not
//! modelled: the replacement of an instance that died in the pool. Outdated ones are replaced by an
//! instance refresh, see `refresh`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{Group, Instance};
use super::input::{page, validation};
use super::lifecycle::begin_transition;
use super::transitions::{LifecycleState, Move};
use super::{capacity, describe, found, found_mut};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2;
use crate::ec2::EC2;
use crate::trace::Cause;
use crate::wire::{ApiError, paging};

/// A group's warm pool.
#[derive(Debug, Clone)]
pub struct WarmPool {
    min_size: u32,
    max_prepared: Option<u32>,
    stopped: bool,
    /// Whether a scale-in puts instances back into it.
    reuses: bool,
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

    /// Whether a scale-in puts instances back into it.
    pub fn takes_back(&self) -> bool {
        self.reuses && !self.deleting
    }

    /// How many instances it wants in `group`: as many as the group may still grow by, and at least
    /// MinSize
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html>).
    pub(super) fn wanted(&self, group: &Group) -> u32 {
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
        if self.reuses {
            answer["InstanceReusePolicy"] = json!({"ReuseOnScaleIn": true});
        }
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
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let Some(pool) = found.warm_pool.clone().filter(|_| !found.deleting) else {
        return;
    };
    let wanted = pool.wanted(found);
    let comes = |instance: &&Instance| {
        let moves_in = matches!(instance.moving.which, Move::Warm | Move::Return);
        instance.state.is_ready_in_pool() || (moves_in && !instance.state.is_retained())
    };
    let inside = found.instances.iter().filter(comes);
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
        begin_transition(account, group, &id, Move::Discard, &why);
    }
    // Documented: only ForceDelete does not wait for all instances to be terminated
    // (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteWarmPool.html>).
    // assumption: until then the group shows the pool as PendingDelete, while an instance is at a
    // terminate hook too. DescribeWarmPool during such a deletion proves it.
    if pool.deleting
        && let Some(found) = account[AUTOSCALING].group_mut(group)
        && !found.instances.iter().any(|one| one.state.is_warm())
    {
        found.warm_pool = None;
    }
}

/// Where a scale-in takes an instance: back into the pool, or out for good.
pub fn way_out(account: &Account, group: &str) -> Move {
    let found = account[AUTOSCALING].group(group);
    let pool = found.and_then(|found| found.warm_pool.as_ref());
    if pool.is_some_and(WarmPool::takes_back) {
        Move::Return
    } else {
        Move::Terminate
    }
}

/// Whether the pool takes back an instance whose terminate hooks are done; then it is stopped, if
/// the pool stops.
pub fn takes_back(account: &mut Account, group: &str, id: &str) -> bool {
    let pool = account[AUTOSCALING]
        .group(group)
        .and_then(|group| group.warm_pool.as_ref());
    let Some(pool) = pool.filter(|pool| pool.takes_back()) else {
        return false;
    };
    let stops = pool.stopped;
    if !account[EC2].is_alive(id) {
        return false;
    }
    if stops {
        ec2::stop(account, id);
    }
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PutWarmPool<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    min_size: u32,
    max_group_prepared_capacity: Option<u32>,
    pool_state: Option<PoolState>,
    #[serde(default)]
    instance_reuse_policy: InstanceReusePolicy,
}

#[derive(Deserialize, PartialEq)]
enum PoolState {
    Stopped,
    Running,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceReusePolicy {
    #[serde(default)]
    reuse_on_scale_in: bool,
}

/// PutWarmPool.
pub(super) fn put(account: &mut Account, request: PutWarmPool<'_>) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let template = &found(&account[AUTOSCALING], name)?.template;
    let (_, data) = account[EC2].template_version(&template.id, &template.version)?;
    if data.spot {
        // AWS refuses it (see above).
        // assumption: the text. The same call on AWS proves it.
        return Err(validation(
            "You cannot add a warm pool to an Auto Scaling group that launches Spot Instances.",
        ));
    }
    agents_wait(&data)?;
    let pool = WarmPool {
        min_size: request.min_size,
        max_prepared: request.max_group_prepared_capacity,
        stopped: request.pool_state != Some(PoolState::Running),
        reuses: request.instance_reuse_policy.reuse_on_scale_in,
        deleting: false,
    };
    found_mut(&mut account[AUTOSCALING], name)?.warm_pool = Some(pool);
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

/// Whether the agents of instances that are launched by `data` wait in the pool.
///
/// # Errors
/// A refusal, if they do not.
pub fn agents_wait(data: &ec2::TemplateData) -> Result<(), ApiError> {
    if data.user_data.contains("ECS_WARM_POOLS_CHECK=true") {
        Ok(())
    } else {
        Err(ApiError::not_known(
            "a warm pool whose instances join their cluster while they wait; write ECS_WARM_POOLS_CHECK=true to the agent's configuration in the user data",
        ))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeWarmPool<'a> {
    auto_scaling_group_name: &'a str,
    max_records: Option<u32>,
    next_token: Option<&'a str>,
}

/// DescribeWarmPool.
pub(super) fn describe(
    account: &mut Account,
    request: DescribeWarmPool<'_>,
) -> Result<Value, ApiError> {
    let group = found(&account[AUTOSCALING], request.auto_scaling_group_name)?;
    let inside = |instance: &&Instance| instance.state.is_warm();
    let instances = group.instances.iter().filter(inside);
    let instances = instances.map(|one| {
        let place = group.instances.ordinal(&one.id);
        (paging::oldest_first(place), describe::instance(one))
    });
    let (page, next) = page(request.max_records, request.next_token, instances, 50, 50)?;
    let mut answer = json!({"Instances": page});
    if let Some(pool) = &group.warm_pool {
        answer["WarmPoolConfiguration"] = pool.to_json();
    }
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteWarmPool<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    force_delete: bool,
}

/// DeleteWarmPool: its instances go, and then the pool.
pub(super) fn delete(
    account: &mut Account,
    request: DeleteWarmPool<'_>,
) -> Result<Value, ApiError> {
    if request.force_delete {
        return Err(ApiError::not_known("ForceDelete of DeleteWarmPool"));
    }
    let name = request.auto_scaling_group_name;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
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
    use crate::autoscaling::events;
    use crate::autoscaling::scene::*;

    fn ways(account: &Account, id: &str) -> (Value, Value) {
        let group = group(account);
        let action = &group.instance(id).expect("it is there").moving.actions[0];
        let event = events::lifecycle_action(account, group, id, action).expect("an event");
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
        let pool = group(&account)
            .warm_pool
            .as_ref()
            .expect("its instances are still there");
        assert_eq!(pool.to_json()["Status"], "PendingDelete");
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

    #[test]
    fn with_reuse_a_scale_in_puts_an_instance_back_over_the_terminate_hook() {
        let more = json!({"DesiredCapacity": 1, "MaxSize": 2, "LifecycleHookSpecificationList": [hooks()[1]]});
        let mut account = account(1, more);
        let pool = json!({"MinSize": 0, "InstanceReusePolicy": {"ReuseOnScaleIn": true}});
        call(&mut account, "PutWarmPool", pool).expect("a warm pool");
        pass(&mut account, 120);
        let id = only_one(&account, S::InService);
        let none = json!({"DesiredCapacity": 0});
        call(&mut account, "SetDesiredCapacity", none).expect("in bounds");
        pass(&mut account, 30);
        assert_eq!(only_one(&account, S::WarmedPendingWait), id);
        let ways = ways(&account, &id);
        assert_eq!(ways, (json!("AutoScalingGroup"), json!("WarmPool")));
        complete(&mut account, "terminate", &id, "CONTINUE").expect("it is open");
        pass(&mut account, 30);
        assert!(all_in(&account, S::WarmedStopped).contains(&id));
    }

    #[test]
    fn spot_instances_have_no_pool() {
        let mut account = account(1, json!({"MaxSize": 2}));
        let mut data = data("ami-spot");
        data["InstanceMarketOptions"] = json!({"MarketType": "spot"});
        let version = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": data});
        must(&mut account, "ec2", "CreateLaunchTemplateVersion", version);
        let error = call(&mut account, "PutWarmPool", json!({})).expect_err("Spot");
        assert!(error.message.contains("Spot"), "{error}");
        data["InstanceMarketOptions"]["SpotOptions"] = json!({"MaxPrice": "1"});
        let version = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": data});
        let refused = call(&mut account, "PutWarmPool", json!({"Speed": 1})).expect_err("unknown");
        assert!(refused.message.contains("Speed"), "{refused}");
        let caller = crate::account::Caller::Operator;
        let refused = account.call(&caller, "ec2", "CreateLaunchTemplateVersion", &version);
        let refused = refused.expect_err("unknown");
        assert!(refused.message.contains("SpotOptions"), "{refused}");
    }
}
