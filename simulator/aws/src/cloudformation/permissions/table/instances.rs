//! Capacity providers, launch templates and Auto Scaling groups.

use serde_json::json;

use super::{Subject, Verb, call, each, items, last, pass_role};
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::opaque_resource;
use crate::ec2::EC2;
use crate::wire::Call;

/// The calls for a capacity provider.
pub fn capacity_provider(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let input = json!({"capacityProvider": of.name});
    let mut calls = each("ecs", &["DescribeCapacityProviders"], &input);
    // ECS tags the group as the caller:
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
    if matches!(verb, Verb::Create) {
        let group = &of.properties["AutoScalingGroupProvider"]["AutoScalingGroupArn"];
        let tags = json!([{"ResourceId": last(&scalar_text(group)), "Key": "AmazonECSManaged"}]);
        calls.push(call(
            "autoscaling",
            "CreateOrUpdateTags",
            json!({"Tags": tags}),
        ));
    }
    calls
}

/// The calls for a launch template.
pub fn launch_template(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let reads = ["DescribeLaunchTemplates", "DescribeLaunchTemplateVersions"];
    let mut calls = each("ec2", &reads, &json!({}));
    let tags = of.properties.get("TagSpecifications");
    if let (Verb::Create, Some(tags)) = (verb, tags) {
        let input = json!({"TagSpecifications": tags, "CreateAction": "CreateLaunchTemplate"});
        calls.push(call("ec2", "CreateTags", input));
    }
    calls
}

/// The calls for an Auto Scaling group.
pub fn group(verb: &Verb<'_>, of: &Subject<'_>) -> Vec<Call> {
    let new = of.properties;
    let reads = ["DescribeAutoScalingGroups", "DescribeScalingActivities"];
    let mut calls = each("autoscaling", &reads, &json!({}));
    if matches!(verb, Verb::Delete) {
        return calls;
    }
    let named = json!({"AutoScalingGroupName": of.name});
    if let (Verb::Create, Some(tags)) = (verb, new.get("Tags")) {
        let tags = items(tags).into_iter().map(|tag| {
            let key = &tag["Key"];
            json!({"ResourceId": of.name, "Key": key})
        });
        let input = json!({"Tags": tags.collect::<Vec<_>>()});
        calls.push(call("autoscaling", "CreateOrUpdateTags", input));
    }
    if let (Verb::Create, Some(_)) = (verb, new.get("LifecycleHookSpecificationList")) {
        calls.extend(each(
            "autoscaling",
            &["PutLifecycleHook", "DescribeLifecycleHooks"],
            &named,
        ));
    }
    // Documented: whoever names a launch template must be allowed to launch from it.
    // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    let template = scalar_text(&new["LaunchTemplate"]["LaunchTemplateId"]);
    let version = scalar_text(&new["LaunchTemplate"]["Version"]);
    let launch = |resource: &str| {
        let input = json!({"LaunchTemplateId": template, "Resource": resource});
        call("ec2", "RunInstances", input)
    };
    let resources = [
        "image",
        "instance",
        "launch-template",
        "network-interface",
        "security-group",
        "subnet",
        "volume",
    ];
    calls.extend(resources.map(launch));
    let ec2 = &of.account[EC2];
    let profile = ec2.instance_profile(&template, &version);
    let state = &of.account[CLOUDFORMATION];
    // The role in a profile that no stack made is not known here.
    if let Some(role) =
        profile.and_then(|profile| opaque_resource::profile_role_arn(state, profile))
    {
        calls.push(pass_role(role, "ec2"));
    }
    calls
}
