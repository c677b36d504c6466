//! Identity-based policies: whoever calls may do what its policies allow, on the resources named
//! there, and nothing else. [`crate::access`] knows who has which policies.

mod of_stacks;
mod statement;

use serde_json::Value;
use statement::allows;

use crate::account::{Account, PARTITION, REGION, arn};
use crate::autoscaling::AUTOSCALING;
use crate::wire::{ApiError, Call};

/// Whose rights a call is made with.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The ARN by which a refusal names it.
    pub who: String,
    /// Its policies.
    pub policies: Vec<&'a Value>,
    /// Whether it calls for a stack, as CloudFormation does with a service role.
    pub is_of_a_stack: bool,
}

impl<'a> Identity<'a> {
    /// CloudFormation with the service role of this ARN, which has these inline `policies`.
    pub fn of_service_role(role: &str, policies: Vec<&'a Value>) -> Self {
        Self {
            who: format!("{}/AWSCloudFormation", assumed(role)),
            policies,
            is_of_a_stack: true,
        }
    }
}

/// The call that nobody can be refused
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
const NEEDS_NO_RIGHT: (&str, &str) = ("sts", "GetCallerIdentity");

/// The refusal, if the policies of `identity` do not allow the call.
pub fn refuses(account: &Account, identity: &Identity<'_>, call: &Call) -> Option<ApiError> {
    if (call.service.as_str(), call.action.as_str()) == NEEDS_NO_RIGHT {
        return None;
    }
    let Identity { who, policies, .. } = identity;
    let action = format!("{}:{}", call.service, call.action);
    let denied = if identity.is_of_a_stack {
        let resources = of_stacks::resources(account, call);
        let mut resources = resources
            .unwrap_or_else(|| vec!["*".to_owned()])
            .into_iter();
        resources.find(|resource| {
            let context = |key: &str| of_stacks::context(account, call, resource, key);
            !allows(policies, &action, resource, call, &context)
        })?
    } else {
        let mut resources = resources(account, call).into_iter();
        resources.find(|resource| !allows(policies, &action, resource, call, &no_context))?
    };
    let code = if ["ecs", "ssm", "states"].contains(&call.service.as_str()) {
        "AccessDeniedException"
    } else {
        "AccessDenied"
    };
    Some(ApiError::client(
        code,
        format!(
            "User: {who} is not authorized to perform: {action} on resource: {denied} because no identity-based policy allows the {action} action"
        ),
    ))
}

/// The ARN of an assumed role, without its session. The role's path is not in it.
pub fn assumed(role: &str) -> String {
    let (before, path_and_name) = role.split_once(":role/").unwrap_or(("", role));
    let name = path_and_name.rsplit('/').next().unwrap_or_default();
    format!("{}:assumed-role/{name}", before.replace(":iam:", ":sts:"))
}

/// The condition keys of calls that have none but those that are judged by the call itself.
fn no_context(_: &str) -> Option<String> {
    None
}

/// The resources that a call is about, as the Service Authorization Reference types them; `*` where
/// a call has no resource type, so that a policy must say `*` too.
fn resources(account: &Account, call: &Call) -> Vec<String> {
    let cluster = cluster_name(call);
    let each = |member: &str, kind: &str| -> Vec<String> {
        let ids = call.input[member]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        ids.iter()
            .filter_map(Value::as_str)
            .map(|id| ecs_arn(kind, &cluster, id))
            .collect()
    };
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    match (call.service.as_str(), call.action.as_str()) {
        ("ecs", "ListContainerInstances") => vec![arn("ecs", &format!("cluster/{cluster}"))],
        ("ecs", "DescribeContainerInstances" | "UpdateContainerInstancesState") => {
            each("containerInstances", "container-instance")
        }
        ("ecs", "ListTasks") if text("containerInstance").is_empty() => vec!["*".to_owned()],
        ("ecs", "ListTasks") => vec![ecs_arn(
            "container-instance",
            &cluster,
            text("containerInstance"),
        )],
        ("ecs", "DescribeTasks" | "GetTaskProtection") => each("tasks", "task"),
        ("ecs", "PutAttributes") => {
            let attributes = call.input["attributes"].as_array();
            let targets = attributes.into_iter().flatten();
            let ids = targets.filter_map(|attribute| attribute["targetId"].as_str());
            ids.map(|id| ecs_arn("container-instance", &cluster, id))
                .collect()
        }
        ("ecs", "StopTask") => vec![ecs_arn("task", &cluster, text("task"))],
        ("ecs", "UpdateTaskProtection") => each("tasks", "task"),
        ("ecs", "DeregisterContainerInstance") => vec![arn("ecs", &format!("cluster/{cluster}"))],
        ("ecs", "DescribeServices") => each("services", "service"),
        ("autoscaling", action) if OF_A_GROUP.contains(&action) => {
            vec![group_arn(text("AutoScalingGroupName"))]
        }
        // It names an instance alone: what counts is the group that the instance is in.
        ("autoscaling", "TerminateInstanceInAutoScalingGroup") => {
            let group = account[AUTOSCALING].group_of(text("InstanceId"));
            vec![group.map_or_else(|| "*".to_owned(), |group| group_arn(&group.name))]
        }
        ("autoscaling", "CreateOrUpdateTags" | "DeleteTags") => tags(call)
            .map(|tag| group_arn(tag["ResourceId"].as_str().unwrap_or_default()))
            .collect(),
        ("ecs", "DescribeClusters") => vec![arn("ecs", &format!("cluster/{cluster}"))],
        ("states", "GetActivityTask") => vec![text("activityArn").to_owned()],
        ("states", "DescribeStateMachine" | "ListExecutions" | "StartExecution") => {
            vec![text("stateMachineArn").to_owned()]
        }
        ("states", "GetExecutionHistory" | "DescribeExecution" | "RedriveExecution") => {
            vec![text("executionArn").to_owned()]
        }
        ("ssm", "GetParameter" | "PutParameter") => vec![parameter_arn(text("Name"))],
        ("cloudformation", action) if OF_A_STACK.contains(&action) => {
            vec![stack_arn(text("StackName"))]
        }
        _ => vec!["*".to_owned()],
    }
}

fn group_arn(group: &str) -> String {
    let id = "00000000-0000-4000-a000-000000000000";
    arn(
        "autoscaling",
        &format!("autoScalingGroup:{id}:autoScalingGroupName/{group}"),
    )
}

/// The tags that a call puts or takes away.
fn tags(call: &Call) -> impl Iterator<Item = &Value> {
    call.input["Tags"].as_array().into_iter().flatten()
}

/// The calls of Auto Scaling that are about a group, of those that somebody makes here.
const OF_A_GROUP: [&str; 7] = [
    "AttachInstances",
    "CancelInstanceRefresh",
    "CompleteLifecycleAction",
    "DetachInstances",
    "EnterStandby",
    "ExitStandby",
    "RecordLifecycleActionHeartbeat",
];

/// The calls of CloudFormation that are about a stack, of those that somebody makes here.
const OF_A_STACK: [&str; 10] = [
    "CancelUpdateStack",
    "ContinueUpdateRollback",
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResources",
    "DescribeStacks",
    "GetTemplate",
    "ListStackResources",
    "SignalResource",
    "UpdateStack",
];

fn stack_arn(stack: &str) -> String {
    match stack {
        "" => "*".to_owned(),
        id if id.starts_with("arn:") => id.to_owned(),
        name => arn("cloudformation", &format!("stack/{name}/00000000")),
    }
}

/// AWS's own parameters belong to no account. A selector is no part of the resource.
fn parameter_arn(name: &str) -> String {
    let name = name
        .rsplit_once(":parameter/")
        .map_or(name, |(_, path)| path);
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    let path = name.trim_start_matches('/');
    if path.starts_with("aws/") {
        format!("arn:{PARTITION}:ssm:{REGION}::parameter/{path}")
    } else {
        arn("ssm", &format!("parameter/{path}"))
    }
}

fn cluster_name(call: &Call) -> String {
    let cluster = call.input["cluster"].as_str().unwrap_or("default");
    cluster.rsplit('/').next().unwrap_or(cluster).to_owned()
}

fn ecs_arn(kind: &str, cluster: &str, id: &str) -> String {
    if id.starts_with("arn:") {
        return id.to_owned();
    }
    arn("ecs", &format!("{kind}/{cluster}/{id}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(action: &str, input: Value) -> Call {
        Call {
            service: "ecs".to_owned(),
            action: action.to_owned(),
            input,
        }
    }

    fn allowed(policy: Value, call: &Call) -> bool {
        let action = format!("{}:{}", call.service, call.action);
        let account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        resources(&account, call)
            .iter()
            .all(|resource| allows(&[&policy], &action, resource, call, &no_context))
    }

    #[test]
    fn action_resource_and_condition_must_all_match() {
        let stop = call(
            "StopTask",
            json!({"cluster": "Dev", "task": "arn:aws:ecs:eu-west-1:123456789012:task/Dev/1"}),
        );
        let policy = |action: &str, resource: &str, cluster: &str| {
            json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource,
                "Condition": {"ArnEquals": {"ecs:cluster": cluster}}}})
        };
        let dev = "arn:aws:ecs:eu-west-1:123456789012:cluster/Dev";
        let tasks = "arn:aws:ecs:eu-west-1:123456789012:task/Dev/*";
        assert!(allowed(policy("ecs:StopTask", tasks, dev), &stop));
        assert!(allowed(policy("ecs:stop*", "*", dev), &stop));
        assert!(!allowed(policy("ecs:StartTask", tasks, dev), &stop));
        assert!(!allowed(
            policy(
                "ecs:StopTask",
                "arn:aws:ecs:eu-west-1:123456789012:task/Other/*",
                dev
            ),
            &stop
        ));
        assert!(!allowed(
            policy(
                "ecs:StopTask",
                tasks,
                "arn:aws:ecs:eu-west-1:123456789012:cluster/Other"
            ),
            &stop
        ));
    }

    #[test]
    fn an_unknown_condition_allows_nothing() {
        let policy = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}});
        assert!(!allowed(
            policy,
            &call("ListServices", json!({"cluster": "Dev"}))
        ));
    }

    #[test]
    fn tags_are_held_to_their_keys_and_their_group() {
        let tag = |group: &str, key: &str| Call {
            service: "autoscaling".to_owned(),
            action: "CreateOrUpdateTags".to_owned(),
            input: json!({"Tags": [{"ResourceId": group, "Key": key}]}),
        };
        let policy = || {
            json!({"Statement": {"Effect": "Allow", "Action": "autoscaling:CreateOrUpdateTags",
                "Resource": "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/Dev",
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["hold"]}}}})
        };
        assert!(allowed(policy(), &tag("Dev", "hold")));
        assert!(!allowed(policy(), &tag("Dev", "Name")));
        assert!(!allowed(policy(), &tag("Other", "hold")));
    }

    #[test]
    fn deny_wins() {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "ecs:ListServices", "Resource": "*"}]});
        assert!(!allowed(
            policy,
            &call("ListServices", json!({"cluster": "Dev"}))
        ));
    }
}
