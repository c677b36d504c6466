//! Subjects, read from events as a worker reads them, and what is seen around them.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use workers::config::read_event;
use workers::model::cluster::{ContainerInstance, ContainerInstanceStatus};
use workers::model::{ContainerInstanceArn, Subject, Verdict, later};

const BEGAN: &str = "2026-11-23T00:00:00Z";

/// So many seconds after the event.
pub fn at(seconds: i64) -> Timestamp {
    let began = BEGAN.parse().expect("a time");
    later(began, SignedDuration::from_secs(seconds))
}

/// The subject of an event with these settings.
fn read(
    kind: &str,
    settings: (i64, i64, i64),
    policy: &str,
    cases: (&str, i64, i64),
    instance: u32,
) -> Subject {
    let (heartbeat, join, drain) = settings;
    let (transition, origin, destination) = match kind {
        "launch" => ("EC2_INSTANCE_LAUNCHING", "EC2", "AutoScalingGroup"),
        _ => ("EC2_INSTANCE_TERMINATING", "AutoScalingGroup", "EC2"),
    };
    let (standalone, limit, agent) = cases;
    let metadata = json!({
        "cluster": "DevCluster", "stack": "dev", "resource": "Group",
        "heartbeatTimeoutSeconds": heartbeat, "joinDeadlineSeconds": join, "drainDeadlineSeconds": drain,
        "drainDeadlinePolicy": policy, "standaloneTaskPolicy": standalone, "standaloneTaskLimitSeconds": limit,
        "agentDisconnectedLimitSeconds": agent,
    });
    let event = json!({
        "source": "aws.autoscaling", "time": BEGAN,
        "detail-type": format!("EC2 Instance-{kind} Lifecycle Action"),
        "detail": {
            "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
            "AutoScalingGroupName": "DevCluster", "LifecycleHookName": "hook",
            "EC2InstanceId": format!("i-{instance:017x}"),
            "LifecycleTransition": format!("autoscaling:{transition}"),
            "NotificationMetadata": metadata.to_string(),
            "Origin": origin, "Destination": destination,
        },
    });
    read_event(&event).subject().expect("a good event")
}

/// Any subject of a `launch` or `terminate` hook.
pub fn subject(kind: &'static str) -> impl Strategy<Value = Subject> {
    let settings = (30..=7200_i64, 1..=172_800_i64, 1..=172_800_i64);
    let policy = prop::sample::select(vec!["retain", "stop-tasks", "terminate"]);
    let standalone = prop::sample::select(vec!["wait", "stop", "skip-instance"]);
    let cases = (standalone, 0..=7200_i64, 0..=7200_i64);
    (settings, policy, cases, any::<u32>()).prop_map(move |(settings, policy, cases, instance)| {
        read(kind, settings, policy, cases, instance)
    })
}

/// Seconds from the event on: often early, sometimes after every deadline, sometimes before the
/// event by a wrong clock.
pub fn seconds() -> impl Strategy<Value = i64> {
    prop_oneof![-60..=7200_i64, 0..=200_000_i64]
}

/// Any registrations of an instance.
pub fn registrations() -> impl Strategy<Value = Vec<ContainerInstance>> {
    let status = prop::sample::select(vec![
        "REGISTERING",
        "REGISTRATION_FAILED",
        "ACTIVE",
        "DRAINING",
        "DEREGISTERING",
        "INACTIVE",
    ]);
    prop::collection::vec((status, any::<bool>()), 0..5).prop_map(|seen| {
        let seen = seen.into_iter().enumerate();
        seen.map(|(n, (status, agent_connected))| ContainerInstance {
            arn: ContainerInstanceArn::new(format!("arn:{n}")),
            status: ContainerInstanceStatus::from_name(status).expect("a status"),
            agent_connected,
            termination_requested_at: None,
        })
        .collect()
    })
}

/// The same list in another order, chosen by `order`, and the same with one entry doubled.
pub fn rearranged<T: Clone>(list: &[T], order: u64) -> [Vec<T>; 2] {
    let mut permuted = list.to_vec();
    let mut random = order;
    for end in (1..permuted.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        permuted.swap(end, (random >> 33) as usize % (end + 1));
    }
    let mut doubled = permuted.clone();
    doubled.extend(list.first().cloned());
    [permuted, doubled]
}

/// Whether a verdict of `earlier` may become `after`, if nothing changed but the time.
pub fn may_become(earlier: Verdict, after: Verdict) -> bool {
    earlier == after || (earlier, after) == (Verdict::NotYet, Verdict::Never)
}
