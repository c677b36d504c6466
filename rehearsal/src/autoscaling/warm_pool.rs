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
    let now = account.now;
    let Some(found) = account.autoscaling.group_mut(group) else {
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
        let cause = Cause::Difference(number, number + 1).of_launch(now);
        capacity::launch(account, group, Move::Warm, cause);
    }
    let ready = inside.into_iter().filter(|(_, ready)| *ready);
    for (id, _) in ready.take(has.saturating_sub(wanted) as usize) {
        let cause = Cause::Difference(has, wanted).of_end(now, &id);
        set_out(account, group, &id, Move::Discard, cause, true);
    }
    if pool.deleting && has == 0 {
        if let Some(found) = account.autoscaling.group_mut(group) {
            found.warm_pool = None;
        }
    }
}

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
