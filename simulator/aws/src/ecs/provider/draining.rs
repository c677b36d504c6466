//! Managed draining: ECS answers its own terminate hook.
//!
//! The instance is DRAINING until all tasks on it have stopped, or until 48 hours have passed;
//! daemons' tasks stop last
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html>).
//! It knows neither batches nor turns.
//!
//! assumption: heartbeats keep the hook open; how soon it begins and how often it looks; and an
//! instance that is no member of the cluster proceeds at once. CloudTrail's records of the hook's
//! calls prove it.

use std::time::Duration;

use serde_json::json;

use super::super::Event;
use super::super::instance;
use super::association::asks;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::MANAGED_DRAINING;
use crate::ec2::EC2;
use crate::ecs::ECS;

/// From one look at an instance to the next.
const EVERY: Duration = Duration::from_secs(30);

/// An instance has come to its terminate hooks, and one of them is ECS's.
pub(in crate::ecs) fn begin(account: &mut Account, instance: &str) {
    let (from, to) = account[ECS].timing.managed_draining;
    let delay = account.between(from, to);
    let until = account.now + account[ECS].timing.managed_draining_longest;
    let instance = instance.to_owned();
    account.after(delay, Event::ManagedDrain { instance, until });
}

/// Sees that it is DRAINING, and whether its tasks have stopped.
pub(in crate::ecs) fn look(account: &mut Account, ec2: &str, until: jiff::Timestamp) {
    let Some(group) = account[AUTOSCALING].group_of(ec2) else {
        return;
    };
    if !group.is_held_by(ec2, MANAGED_DRAINING) {
        return;
    }
    // assumption: of an instance that was terminated by hand the hook times out, as users report.
    // An answer to such a hook before its timeout proves it wrong.
    if !account[EC2].is_alive(ec2) {
        return;
    }
    let mut answer = json!({"AutoScalingGroupName": group.name, "LifecycleHookName": MANAGED_DRAINING, "InstanceId": ec2});
    let tasks = account[ECS].cluster_of(ec2).map(|(cluster, id)| {
        instance::drain(account, &cluster, &id);
        account[ECS].instance_mut(&cluster, &id).live.len()
    });
    if tasks.unwrap_or(0) == 0 || account.now >= until {
        answer["LifecycleActionResult"] = json!("CONTINUE");
        return asks(account, "CompleteLifecycleAction", &answer);
    }
    asks(account, "RecordLifecycleActionHeartbeat", &answer);
    let instance = ec2.to_owned();
    account.after(EVERY, Event::ManagedDrain { instance, until });
}
