//! The resources and condition keys of the calls that CloudFormation makes for stacks, as the Service Authorization
//! Reference types them: <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

use serde_json::Value;

use super::{group_arn, parameter_arn, stack_arn, tags};
use crate::account::{ACCOUNT_ID, Account, PARTITION, REGION, arn};
use crate::wire::Call;

/// The resources of a call of CloudFormation's, or nothing if the call has no resource type.
pub fn resources(account: &Account, call: &Call) -> Option<Vec<String>> {
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    let one = |resource: String| Some(vec![resource]);
    let own = |service: &str, kind: &str, member: &str| {
        let name = text(member);
        if name.starts_with("arn:") {
            return Some(vec![name.to_owned()]);
        }
        one(arn(service, &format!("{kind}{name}")))
    };
    match (call.service.as_str(), call.action.as_str()) {
        ("iam", "PassRole") => one(text("RoleArn").to_owned()),
        ("iam", _) => {
            let kinds = [
                ("RoleName", "role"),
                ("InstanceProfileName", "instance-profile"),
                ("PolicyName", "policy"),
            ];
            let kind = kinds.iter().find(|(member, _)| !text(member).is_empty());
            let (member, kind) = kind?;
            let (path, name) = (text("Path"), text(member));
            one(format!(
                "arn:{PARTITION}:iam::{ACCOUNT_ID}:{kind}{path}{name}"
            ))
        }
        ("logs", "DescribeLogGroups") => None,
        ("logs", _) => own("logs", "log-group:", "logGroupName"),
        ("sqs", _) => own("sqs", "", "QueueName"),
        ("cloudwatch", "DescribeAlarms") => None,
        ("cloudwatch", _) if !text("DashboardName").is_empty() => {
            let name = text("DashboardName");
            one(format!(
                "arn:{PARTITION}:cloudwatch::{ACCOUNT_ID}:dashboard/{name}"
            ))
        }
        ("cloudwatch", _) => own("cloudwatch", "alarm:", "AlarmName"),
        ("lambda", _) => own("lambda", "function:", "FunctionName"),
        ("events", _) if !text("Rule").is_empty() => own("events", "rule/", "Rule"),
        ("events", _) => own("events", "rule/", "Name"),
        ("states", action) if action.ends_with("Activity") => match text("activityArn") {
            "" => own("states", "activity:", "name"),
            _ => own("states", "activity:", "activityArn"),
        },
        ("states", _) => match text("stateMachineArn") {
            "" => own("states", "stateMachine:", "name"),
            _ => own("states", "stateMachine:", "stateMachineArn"),
        },
        ("ecs", "CreateCluster" | "CreateCapacityProvider") => None,
        ("ecs", "DescribeClusters") => {
            let clusters = call.input["clusters"].as_array();
            let names = clusters.into_iter().flatten().filter_map(Value::as_str);
            Some(names.map(cluster_arn).collect())
        }
        ("ecs", "DeleteCluster" | "UpdateCluster" | "PutClusterCapacityProviders") => {
            one(cluster_arn(text("cluster")))
        }
        ("ecs", "UpdateCapacityProvider") => own("ecs", "capacity-provider/", "name"),
        ("ecs", "DeleteCapacityProvider" | "DescribeCapacityProviders") => {
            own("ecs", "capacity-provider/", "capacityProvider")
        }
        ("ec2", "CreateLaunchTemplate") => one(ec2_arn("launch-template", "*")),
        ("ec2", "CreateTags") => one(ec2_arn("launch-template", "lt-0")),
        ("ec2", "CreateLaunchTemplateVersion" | "DeleteLaunchTemplate") => {
            one(ec2_arn("launch-template", text("LaunchTemplateId")))
        }
        ("ec2", "RunInstances") => match text("Resource") {
            "launch-template" => one(ec2_arn("launch-template", text("LaunchTemplateId"))),
            "image" => one(format!("arn:{PARTITION}:ec2:{}::image/ami-0", REGION)),
            kind => one(ec2_arn(kind, "0")),
        },
        ("autoscaling", action) if action.starts_with("Describe") => None,
        ("autoscaling", "TerminateInstanceInAutoScalingGroup") => {
            let group = account.autoscaling.group_of(text("InstanceId"));
            one(group_arn(group.map_or("*", |group| &group.name)))
        }
        ("autoscaling", "CreateOrUpdateTags") => Some(
            tags(call)
                .map(|tag| group_arn(tag["ResourceId"].as_str().unwrap_or_default()))
                .collect(),
        ),
        ("autoscaling", _) => one(group_arn(text("AutoScalingGroupName"))),
        ("cloudformation", "CreateStack" | "DeleteStack" | "UpdateStack" | "DescribeStacks") => {
            one(stack_arn(text("StackName")))
        }
        ("s3", "GetObject") => one(format!("arn:{PARTITION}:s3:::{}", text("Object"))),
        ("ssm", "GetParameters") => {
            let names = call.input["Names"].as_array();
            let names = names.into_iter().flatten().filter_map(Value::as_str);
            Some(names.map(parameter_arn).collect())
        }
        _ => None,
    }
}

fn cluster_arn(cluster: &str) -> String {
    let name = cluster.rsplit('/').next().unwrap_or(cluster);
    arn("ecs", &format!("cluster/{name}"))
}

fn ec2_arn(kind: &str, id: &str) -> String {
    arn("ec2", &format!("{kind}/{id}"))
}

/// What a condition key has in a call of CloudFormation's about `resource`; nothing if the call has no such key.
pub fn context(account: &Account, call: &Call, resource: &str, key: &str) -> Option<String> {
    let text = |member: &str| call.input[member].as_str().map(str::to_owned);
    if let Some(tag) = key.strip_prefix("aws:RequestTag/") {
        let specifications = call.input["TagSpecifications"].as_array()?;
        let tags = specifications
            .iter()
            .filter_map(|specification| specification["Tags"].as_array());
        return tag_value(tags.flatten(), tag);
    }
    if let Some(tag) = key.strip_prefix("aws:ResourceTag/") {
        if !resource.contains(":launch-template/") {
            return None;
        }
        let template = text("LaunchTemplateId")?;
        let tags = account.ec2.template_tags(&template)?.as_array()?;
        return tag_value(tags.iter(), tag);
    }
    match key {
        "ec2:CreateAction" => text("CreateAction"),
        "ec2:LaunchTemplate" => text("LaunchTemplateId").map(|id| ec2_arn("launch-template", &id)),
        "iam:PassedToService" => text("PassedToService"),
        "iam:PermissionsBoundary" => text("PermissionsBoundary"),
        "iam:PolicyARN" => text("PolicyArn"),
        _ => None,
    }
}

fn tag_value<'a>(mut tags: impl Iterator<Item = &'a Value>, key: &str) -> Option<String> {
    tags.find(|tag| tag["Key"] == key)
        .and_then(|tag| tag["Value"].as_str())
        .map(str::to_owned)
}
