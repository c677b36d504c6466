//! The resources and condition keys of the calls that CloudFormation makes for stacks, as the
//! Service Authorization Reference types them:
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

use serde_json::Value;

use super::{group_arn, parameter_arn, stack_arn, tags};
use crate::account::{ACCOUNT_ID, Account, PARTITION, REGION, arn};
use crate::autoscaling::AUTOSCALING;
use crate::ec2::EC2;
use crate::wire::Call;

/// The resources of a call of CloudFormation's, or nothing if the call has no resource type.
pub fn resources(account: &Account, call: &Call) -> Option<Vec<String>> {
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    let one = |resource: String| Some(vec![resource]);
    let own = |service: &str, kind: &str, member: &str| one(own_arn(call, service, kind, member));
    match (call.service.as_str(), call.action.as_str()) {
        ("iam", "PassRole") => one(text("RoleArn").to_owned()),
        ("iam", _) => identity_arn(call).and_then(one),
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
        ("ecs", _) => of_ecs(call),
        ("ec2", _) => of_ec2(call).and_then(one),
        ("autoscaling", _) => of_autoscaling(account, call),
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

/// What `member` names: by its ARN, or by a name of this kind.
fn own_arn(call: &Call, service: &str, kind: &str, member: &str) -> String {
    let name = call.input[member].as_str().unwrap_or_default();
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    arn(service, &format!("{kind}{name}"))
}

/// The role, instance profile or policy that the call names.
fn identity_arn(call: &Call) -> Option<String> {
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    let kinds = [
        ("RoleName", "role"),
        ("InstanceProfileName", "instance-profile"),
        ("PolicyName", "policy"),
    ];
    let kind = kinds.iter().find(|(member, _)| !text(member).is_empty());
    let (member, kind) = kind?;
    let (path, name) = (text("Path"), text(member));
    Some(format!(
        "arn:{PARTITION}:iam::{ACCOUNT_ID}:{kind}{path}{name}"
    ))
}

fn of_ecs(call: &Call) -> Option<Vec<String>> {
    let provider = |member: &str| own_arn(call, "ecs", "capacity-provider/", member);
    match call.action.as_str() {
        "DescribeClusters" => {
            let clusters = call.input["clusters"].as_array();
            let names = clusters.into_iter().flatten().filter_map(Value::as_str);
            Some(names.map(cluster_arn).collect())
        }
        "DeleteCluster" | "UpdateCluster" | "PutClusterCapacityProviders" => {
            let cluster = call.input["cluster"].as_str().unwrap_or_default();
            Some(vec![cluster_arn(cluster)])
        }
        "UpdateCapacityProvider" => Some(vec![provider("name")]),
        "DeleteCapacityProvider" | "DescribeCapacityProviders" => {
            Some(vec![provider("capacityProvider")])
        }
        _ => None,
    }
}

fn of_ec2(call: &Call) -> Option<String> {
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    let template = || ec2_arn("launch-template", text("LaunchTemplateId"));
    match call.action.as_str() {
        "CreateLaunchTemplate" => Some(ec2_arn("launch-template", "*")),
        "CreateTags" => Some(ec2_arn("launch-template", "lt-0")),
        "CreateLaunchTemplateVersion" | "DeleteLaunchTemplate" => Some(template()),
        "RunInstances" => Some(match text("Resource") {
            "launch-template" => template(),
            "image" => format!("arn:{PARTITION}:ec2:{REGION}::image/ami-0"),
            kind => ec2_arn(kind, "0"),
        }),
        _ => None,
    }
}

fn of_autoscaling(account: &Account, call: &Call) -> Option<Vec<String>> {
    let text = |member: &str| call.input[member].as_str().unwrap_or_default();
    match call.action.as_str() {
        action if action.starts_with("Describe") => None,
        "TerminateInstanceInAutoScalingGroup" => {
            let group = account[AUTOSCALING].group_of(text("InstanceId"));
            Some(vec![group_arn(group.map_or("*", |group| &group.name))])
        }
        "CreateOrUpdateTags" => Some(
            tags(call)
                .map(|tag| group_arn(tag["ResourceId"].as_str().unwrap_or_default()))
                .collect(),
        ),
        _ => Some(vec![group_arn(text("AutoScalingGroupName"))]),
    }
}

fn cluster_arn(cluster: &str) -> String {
    let name = cluster.rsplit('/').next().unwrap_or(cluster);
    arn("ecs", &format!("cluster/{name}"))
}

fn ec2_arn(kind: &str, id: &str) -> String {
    arn("ec2", &format!("{kind}/{id}"))
}

/// What a condition key has in a call of CloudFormation's about `resource`; nothing if the call has
/// no such key.
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
        let tags = account[EC2].template_tags(&template)?.as_array()?;
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
