//! What the tests of this service share: an account with one group, and short words for what they
//! do with it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Group, LifecycleState};
use crate::account::{Account, Caller};
use crate::autoscaling::AUTOSCALING;
use crate::trace::TraceEvent;
use crate::wire::ApiError;

/// The name of the group.
pub const GROUP: &str = "DevCluster";

/// An account with the launch template `DevCluster` in three subnets, and the group with `more`
/// members on top of what it needs.
pub fn account(seed: u64, more: Value) -> Account {
    let start: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a valid instant");
    let mut account = crate::services::account(start, seed);
    let template = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": data("ami-old")});
    must(&mut account, "ec2", "CreateLaunchTemplate", template);
    let mut group = json!({
        "AutoScalingGroupName": GROUP, "MinSize": 0, "MaxSize": "9",
        "LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "$Latest"},
        "VPCZoneIdentifier": "subnet-1, subnet-2,subnet-3",
    });
    let members = group.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    must(&mut account, "autoscaling", "CreateAutoScalingGroup", group);
    account
}

/// Launch template data with `ami`, and user data that an ECS agent in a warm pool waits by.
pub fn data(ami: &str) -> Value {
    // ECS_WARM_POOLS_CHECK=true
    json!({"ImageId": ami, "InstanceType": "m7g.large", "UserData": "RUNTX1dBUk1fUE9PTFNfQ0hFQ0s9dHJ1ZQ=="})
}

/// Both hooks, with a heartbeat timeout of 600 s.
pub fn hooks() -> Value {
    json!([
        {"LifecycleHookName": "launch", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
         "HeartbeatTimeout": 600, "NotificationMetadata": "{}"},
        {"LifecycleHookName": "terminate", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
         "HeartbeatTimeout": 600},
    ])
}

/// A call to Auto Scaling about the group.
pub fn call(account: &mut Account, action: &str, more: Value) -> Result<Value, ApiError> {
    let mut input = json!({"AutoScalingGroupName": GROUP});
    let members = input.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    account.call(&Caller::Operator, "autoscaling", action, &input)
}

/// A call that must succeed.
pub fn must(account: &mut Account, service: &str, action: &str, input: Value) -> Value {
    account
        .call(&Caller::Operator, service, action, &input)
        .expect("the call succeeds")
}

/// Lets time pass.
pub fn pass(account: &mut Account, seconds: u64) {
    account.advance(account.now + Duration::from_secs(seconds));
}

/// Lets time pass until an instance is in `state`, and answers its id.
pub fn until_in(account: &mut Account, state: LifecycleState) -> String {
    for _ in 0..1000 {
        if let Some(id) = all_in(account, state).pop() {
            return id;
        }
        account.advance(account.now + Duration::from_millis(100));
    }
    panic!("no instance was in {state} in 100 s")
}

/// The group.
pub fn group(account: &Account) -> &Group {
    account[AUTOSCALING]
        .group(GROUP)
        .expect("the group is there")
}

/// The ids of the instances in `state`, oldest first.
pub fn all_in(account: &Account, state: LifecycleState) -> Vec<String> {
    group(account)
        .instances
        .iter()
        .filter(|instance| instance.state == state)
        .map(|instance| instance.id.clone())
        .collect()
}

/// The only instance in `state`.
pub fn only_one(account: &Account, state: LifecycleState) -> String {
    let found = all_in(account, state);
    assert_eq!(found.len(), 1, "instances in {state}");
    found[0].clone()
}

/// Lets go all instances that a launch hook holds.
pub fn let_in(account: &mut Account) {
    for id in all_in(account, LifecycleState::PendingWait) {
        complete(account, "launch", &id, "CONTINUE").expect("the action is open");
    }
}

/// Answers a hook for an instance.
pub fn complete(
    account: &mut Account,
    hook: &str,
    id: &str,
    result: &str,
) -> Result<Value, ApiError> {
    let input =
        json!({"LifecycleHookName": hook, "InstanceId": id, "LifecycleActionResult": result});
    call(account, "CompleteLifecycleAction", input)
}

/// Terminates an instance on a user's request.
pub fn terminate(account: &mut Account, id: &str, shrink: bool) -> Result<Value, ApiError> {
    let input = json!({"InstanceId": id, "ShouldDecrementDesiredCapacity": shrink});
    let action = "TerminateInstanceInAutoScalingGroup";
    account.call(&Caller::Operator, "autoscaling", action, &input)
}

/// The states that an instance entered, with the seconds since the account began.
pub fn way(account: &Account, id: &str) -> Vec<(String, i64)> {
    let start = account.trace.first().expect("something happened").at;
    let entered = account
        .trace
        .iter()
        .filter_map(|record| match &record.event {
            TraceEvent::Lifecycle {
                instance, state, ..
            } if instance == id => {
                Some((state.to_string(), record.at.duration_since(start).as_secs()))
            }
            _ => None,
        });
    entered.collect()
}

/// The names of the states that an instance entered.
pub fn states(account: &Account, id: &str) -> Vec<String> {
    let way = way(account, id).into_iter();
    way.map(|(state, _)| state).collect()
}

/// The activities, as the API answers them.
pub fn activities(account: &mut Account) -> Vec<Value> {
    let answer = call(account, "DescribeScalingActivities", json!({})).expect("the call succeeds");
    answer["Activities"].as_array().expect("a list").clone()
}
