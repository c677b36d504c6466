//! What Auto Scaling tells EventBridge.

use serde_json::{Map, Value, json};

use super::group::{Action, Group};
use super::moves::Transition;
use super::whole_seconds;
use crate::account::{ACCOUNT_ID, Account, REGION, arn};
use crate::eventbridge;

/// The event of a hook that begins to hold an instance. `None` if there is no such hook or instance any more.
pub fn lifecycle_action(
    account: &Account,
    group: &Group,
    id: &str,
    action: &Action,
) -> Option<Value> {
    let instance = group.instance(id)?;
    let hook = group.hooks.get(&action.hook)?;
    let (origin, destination) = instance.moving.which.ways();
    let mut detail = Map::new();
    let mut say = |key: &str, value: &str| detail.insert(key.to_owned(), json!(value));
    say("LifecycleActionToken", &action.token);
    say("AutoScalingGroupName", &group.name);
    say("LifecycleHookName", &action.hook);
    say("EC2InstanceId", id);
    say("LifecycleTransition", hook.transition.as_str());
    if let Some(metadata) = &hook.metadata {
        say("NotificationMetadata", metadata);
    }
    say("Origin", origin);
    say("Destination", destination);
    let kind = match hook.transition {
        Transition::Launching => "EC2 Instance-launch Lifecycle Action",
        Transition::Terminating => "EC2 Instance-terminate Lifecycle Action",
    };
    Some(envelope(
        account,
        kind,
        vec![group.arn.clone()],
        Value::Object(detail),
    ))
}

/// Tells of the end of an instance's move: `kind` such as `EC2 Instance Launch Successful`.
pub fn ended(account: &mut Account, group: &str, id: &str, kind: &str) {
    let Some(group) = account.autoscaling.group(group) else {
        return;
    };
    let Some(instance) = group.instance(id) else {
        return;
    };
    let Some(activity) = group
        .activities
        .iter()
        .find(|activity| activity.id == instance.moving.activity)
    else {
        return;
    };
    let (origin, destination) = instance.moving.which.ways();
    let status = if kind.ends_with("Unsuccessful") {
        "Failed"
    } else {
        "InProgress"
    };
    let detail = json!({
        "StatusCode": status, "Description": activity.description, "AutoScalingGroupName": group.name,
        "ActivityId": activity.id, "Details": activity.details(), "RequestId": activity.id,
        "StatusMessage": activity.message.as_deref().unwrap_or_default(),
        "StartTime": activity.started.to_string(), "EndTime": account.now.to_string(),
        "EC2InstanceId": instance.id, "Cause": activity.cause, "Origin": origin, "Destination": destination,
    });
    let resources = vec![
        group.arn.clone(),
        arn("ec2", &format!("instance/{}", instance.id)),
    ];
    let event = envelope(account, kind, resources, detail);
    eventbridge::put_event(account, event);
}

fn envelope(account: &Account, kind: &str, resources: Vec<String>, detail: Value) -> Value {
    json!({
        "version": "0", "detail-type": kind, "source": "aws.autoscaling", "account": ACCOUNT_ID,
        "time": whole_seconds(account.now), "region": REGION, "resources": resources, "detail": detail,
    })
}
