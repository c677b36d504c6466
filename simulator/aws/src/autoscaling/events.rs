//! What Auto Scaling tells EventBridge.

use serde_json::{Map, Value, json};

use super::activity::Activity;
use super::group::{Action, Group};
use super::transitions::Transition;
use super::whole_seconds;
use crate::account::{ACCOUNT_ID, Account, REGION, arn};
use crate::autoscaling::AUTOSCALING;
use crate::eventbridge;

/// The event of a hook that begins to hold an instance. `None` if there is no such hook or instance
/// any more.
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
    let mut add = |key: &str, value: &str| detail.insert(key.to_owned(), json!(value));
    add("LifecycleActionToken", &action.token);
    add("AutoScalingGroupName", &group.name);
    add("LifecycleHookName", &action.hook);
    add("EC2InstanceId", id);
    add("LifecycleTransition", hook.transition.as_str());
    if let Some(metadata) = &hook.metadata {
        add("NotificationMetadata", metadata);
    }
    add("Origin", origin);
    add("Destination", destination);
    add("Action", action_word(hook.transition));
    let kind = hook.transition.event_type();
    Some(envelope(
        account,
        kind,
        vec![group.arn.clone()],
        Value::Object(detail),
    ))
}

/// What an event calls the way that an instance is on.
fn action_word(transition: Transition) -> &'static str {
    match transition {
        Transition::Launching => "Launch",
        Transition::Terminating => "Terminate",
    }
}

/// How a move ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is in service, or in the warm pool.
    Launched,
    /// Its launch was abandoned, or failed.
    NotLaunched,
    /// It is gone, or back in the warm pool.
    Terminated,
    /// Its end was abandoned, and it is kept.
    NotTerminated,
}

impl Ending {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Launched => "EC2 Instance Launch Successful",
            Self::NotLaunched => "EC2 Instance Launch Unsuccessful",
            Self::Terminated => "EC2 Instance Terminate Successful",
            Self::NotTerminated => "EC2 Instance Terminate Unsuccessful",
        }
    }

    /// What the event says of the move's activity, which was `before` and has ended. Recorded
    /// (radkawar/stackd testdata/aws/autoscaling, 2026-09): the end of an instance is reported with
    /// the activity as it was before, also if it is kept; a failed launch with the activity as it
    /// ended; and a launch is always `InProgress`.
    fn activity_fields(
        self,
        before: &Activity,
        after: &Activity,
    ) -> (&'static str, String, String) {
        let record = if self == Self::NotLaunched {
            after
        } else {
            before
        };
        let status = if self == Self::Launched {
            "InProgress"
        } else {
            record.status
        };
        (
            status,
            record.description.clone(),
            record.message.clone().unwrap_or_default(),
        )
    }
}

/// Reports the end of an instance's move, whose activity was `before`.
pub fn ended(account: &mut Account, group: &str, id: &str, ending: Ending, before: &Activity) {
    let Some(group) = account[AUTOSCALING].group(group) else {
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
    let (status, description, message) = ending.activity_fields(before, activity);
    let detail = json!({
        "StatusCode": status, "Description": description, "AutoScalingGroupName": group.name,
        "ActivityId": activity.id, "Details": activity.details(), "RequestId": activity.id,
        "StatusMessage": message,
        "StartTime": activity.started.to_string(), "EndTime": account.now.to_string(),
        "EC2InstanceId": instance.id, "Cause": activity.cause, "Origin": origin, "Destination": destination,
        "Action": action_word(instance.moving.which.transition()),
    });
    let resources = vec![
        group.arn.clone(),
        arn("ec2", &format!("instance/{}", instance.id)),
    ];
    let event = envelope(account, ending.detail_type(), resources, detail);
    eventbridge::put_event(account, event);
}

pub(super) fn envelope(
    account: &Account,
    kind: &str,
    resources: Vec<String>,
    detail: Value,
) -> Value {
    json!({
        "version": "0", "detail-type": kind, "source": "aws.autoscaling", "account": ACCOUNT_ID,
        "time": whole_seconds(account.now), "region": REGION, "resources": resources, "detail": detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    #[test]
    fn the_event_of_a_hook_is_whole() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(1, more);
        pass(&mut account, 60);
        let id = only_one(&account, S::PendingWait);
        let arn = &group(&account).arn;
        assert!(arn.starts_with("arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:"));
        assert!(arn.ends_with(":autoScalingGroupName/DevCluster"));
        let action = group(&account).instances[0].moving.actions[0].clone();
        assert_eq!(action.token.len(), 36);
        let event = lifecycle_action(&account, group(&account), &id, &action);
        let expected = json!({
            "version": "0", "detail-type": "EC2 Instance-launch Lifecycle Action", "source": "aws.autoscaling",
            "account": "123456789012", "time": "2026-11-23T00:01:00Z", "region": "eu-west-1", "resources": [arn],
            "detail": {
                "LifecycleActionToken": action.token, "AutoScalingGroupName": GROUP, "LifecycleHookName": "launch",
                "EC2InstanceId": id, "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "NotificationMetadata": "{}", "Origin": "EC2", "Destination": "AutoScalingGroup",
                "Action": "Launch",
            },
        });
        assert_eq!(event, Some(expected));
    }

    #[test]
    fn a_hook_without_metadata_says_none() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": [hooks()[1]]});
        let mut account = account(1, more);
        pass(&mut account, 90);
        let id = only_one(&account, S::InService);
        terminate(&mut account, &id, false).expect("it is in service");
        pass(&mut account, 5);
        let action = group(&account).instances[0].moving.actions[0].clone();
        let event = lifecycle_action(&account, group(&account), &id, &action).expect("an event");
        assert_eq!(
            event["detail-type"],
            "EC2 Instance-terminate Lifecycle Action"
        );
        assert!(event["detail"].get("NotificationMetadata").is_none());
        assert_eq!(event["detail"]["Origin"], "AutoScalingGroup");
        assert_eq!(event["detail"]["Destination"], "EC2");
    }
}
