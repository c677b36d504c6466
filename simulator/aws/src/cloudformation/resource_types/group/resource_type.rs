//! AWS::AutoScaling::AutoScalingGroup: the schema and the handler.

use serde_json::{Value, json};

use super::rolling_policy::Policy;
use super::{Creation, calls};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::{ResolvedResource, Scope};
use crate::cloudformation::expression::Expression;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, Handler};
use crate::cloudformation::node::{TemplateError, scalar_text};
use crate::cloudformation::permissions::{Calls, Subject, Verb, call, each, items, pass_role};
use crate::cloudformation::policy_error::PolicyError;
use crate::cloudformation::resource_types::ResourceType;
use crate::cloudformation::resource_types::instance_profile::role_arn_of_profile;
use crate::cloudformation::template::Declared;
use crate::cloudformation::validate::Declaration;
use crate::ec2::EC2;
use crate::wire::{ApiError, Call};

/// An Auto Scaling group.
pub static GROUP: ResourceType = ResourceType {
    name: "AWS::AutoScaling::AutoScalingGroup",
    name_property: Some("AutoScalingGroupName"),
    required: &["MinSize", "MaxSize"],
    optional: &[
        "AutoScalingGroupName",
        "AvailabilityZones",
        "CapacityRebalance",
        "Cooldown",
        "DefaultInstanceWarmup",
        "DesiredCapacity",
        "HealthCheckGracePeriod",
        "HealthCheckType",
        "InstanceLifecyclePolicy",
        "LaunchTemplate",
        "LifecycleHookSpecificationList",
        "MaxInstanceLifetime",
        "MetricsCollection",
        "NewInstancesProtectedFromScaleIn",
        "Tags",
        "TerminationPolicies",
        "VPCZoneIdentifier",
    ],
    fixed: &["AutoScalingGroupName", "Tags"],
    attributes: &[],
    handler: &Group,
};

#[derive(Debug)]
struct Group;

impl Handler for Group {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        calls::create(account, desired)
    }

    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        old: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        calls::update(account, desired, old).map(|()| known)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let reads = ["DescribeAutoScalingGroups", "DescribeScalingActivities"];
        let mut all = each("autoscaling", &reads, &json!({}));
        if matches!(verb, Verb::Create) {
            all.extend(creation_calls(subject));
        }
        if !matches!(verb, Verb::Delete) {
            all.extend(launch_calls(subject));
        }
        Ok(all)
    }

    fn validate(&self, _: &mut Account, declaration: &Declaration<'_>) -> Result<(), ApiError> {
        check_policies(declaration.scope, declaration.declared)
            .map_err(|error| declaration.refusal(&error))
    }

    fn takes_signals(&self) -> bool {
        true
    }

    fn await_creation(&self, account: &mut Account, desired: &DesiredResource) {
        super::await_creation(account, desired);
    }

    fn await_update(&self, account: &mut Account, desired: &DesiredResource, old: &Value) {
        super::await_update(account, desired, old);
    }

    fn begin_deletion(&self, account: &mut Account, id: &str, name: &str) {
        super::begin_deletion(account, id, name);
    }
}

/// What is called for the tags and hooks of a new group.
fn creation_calls(subject: &Subject<'_>) -> Vec<Call> {
    let mut all = Vec::new();
    if let Some(tags) = subject.properties.get("Tags") {
        let tags = items(tags)
            .into_iter()
            .map(|tag| json!({"ResourceId": subject.name, "Key": tag["Key"]}));
        let input = json!({"Tags": tags.collect::<Vec<_>>()});
        all.push(call("autoscaling", "CreateOrUpdateTags", input));
    }
    let hooks = subject.properties.get("LifecycleHookSpecificationList");
    if hooks.is_some() {
        let actions = ["PutLifecycleHook", "DescribeLifecycleHooks"];
        let input = json!({"AutoScalingGroupName": subject.name});
        all.extend(each("autoscaling", &actions, &input));
    }
    all
}

/// Documented: whoever names a launch template must be allowed to launch from it.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html>
fn launch_calls(subject: &Subject<'_>) -> Vec<Call> {
    let template = &subject.properties["LaunchTemplate"];
    let (id, version) = (
        scalar_text(&template["LaunchTemplateId"]),
        scalar_text(&template["Version"]),
    );
    let resources = [
        "image",
        "instance",
        "launch-template",
        "network-interface",
        "security-group",
        "subnet",
        "volume",
    ];
    let launch = |resource: &str| {
        let input = json!({"LaunchTemplateId": id, "Resource": resource});
        call("ec2", "RunInstances", input)
    };
    let mut all: Vec<Call> = resources.map(launch).into();
    let profile = subject.account[EC2].instance_profile(&id, &version);
    let state = &subject.account[CLOUDFORMATION];
    // The role in a profile that no stack made is not known here.
    let role = profile.and_then(|profile| role_arn_of_profile(state, profile));
    all.extend(role.map(|role| pass_role(role, "ec2")));
    all
}

/// Checks that the UpdatePolicy and the CreationPolicy are possible.
fn check_policies(scope: &Scope<'_>, declared: &Declared) -> Result<(), PolicyError> {
    let value = |policy: &Option<Expression>| {
        let value = policy
            .as_ref()
            .map(|policy| scope.value(policy))
            .transpose()?;
        Ok::<_, TemplateError>(value.flatten().unwrap_or_default())
    };
    Policy::read(&value(&declared.update_policy)?)?;
    Creation::read(&value(&declared.creation_policy)?).map(drop)
}
