//! AWS::ECS::CapacityProvider: a capacity provider of an Auto Scaling group.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::{ChangeError, ResourceError};
use crate::cloudformation::evaluate::{ResolvedResource, same};
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, lower_camel, name, numbers,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, call, each, last};

/// A capacity provider of an Auto Scaling group.
pub static CAPACITY_PROVIDER: ResourceType = ResourceType {
    name: "AWS::ECS::CapacityProvider",
    name_property: Some("Name"),
    required: &["AutoScalingGroupProvider"],
    optional: &["Name", "Tags"],
    fixed: &["Name", "Tags"],
    attributes: &[],
    handler: &CapacityProvider,
};

#[derive(Debug)]
struct CapacityProvider;

impl Handler for CapacityProvider {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let mut input = json!({"name": name, "autoScalingGroupProvider": settings(desired)});
        if let Some(tags) = desired.properties.get("Tags") {
            input["tags"] = lower_camel(tags);
        }
        let stack = &desired.stack_id;
        ask(account, stack, "ecs", "CreateCapacityProvider", &input)?;
        Ok(CreatedResource::new(name, []))
    }

    /// Changes everything except the group.
    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        old: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        if !same(&group_arn(old), &group_arn(&desired.properties)) {
            let name = desired.name.clone();
            return Err(ChangeError::GroupOfProvider { name }.into());
        }
        let mut input =
            json!({"name": known.reference, "autoScalingGroupProvider": settings(desired)});
        if let Some(settings) = input["autoScalingGroupProvider"].as_object_mut() {
            settings.remove("autoScalingGroupArn");
        }
        let stack = &desired.stack_id;
        ask(account, stack, "ecs", "UpdateCapacityProvider", &input)?;
        Ok(known)
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"capacityProvider": existing.physical_id});
        existing.delete_by(account, "ecs", "DeleteCapacityProvider", &input)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"capacityProvider": subject.name});
        let mut calls = each("ecs", &["DescribeCapacityProviders"], &input);
        // ECS tags the group as the caller:
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
        if matches!(verb, Verb::Create) {
            let group = scalar_text(&group_arn(subject.properties));
            let tags = json!([{"ResourceId": last(&group), "Key": "AmazonECSManaged"}]);
            let input = json!({"Tags": tags});
            calls.push(call("autoscaling", "CreateOrUpdateTags", input));
        }
        Ok(calls)
    }
}

fn group_arn(properties: &Value) -> Value {
    properties["AutoScalingGroupProvider"]["AutoScalingGroupArn"].clone()
}

fn settings(desired: &DesiredResource) -> Value {
    numbers(&lower_camel(
        &desired.properties["AutoScalingGroupProvider"],
    ))
}
