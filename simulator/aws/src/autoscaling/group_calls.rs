//! Creating, updating and deleting a group.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{Group, Settings};
use super::hooks::HookSpecification;
use super::input::validation;
use super::settings::{
    HealthCheckType, InstanceLifecyclePolicy, LaunchTemplateSpecification, Tag, set, subnets, tags,
    template,
};
use super::{capacity, found_mut, hooks, lifetime, whole_seconds};
use crate::account::{Account, arn};
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;
use crate::wire::request::{missing, non_empty};

/// What a group is created or updated with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupRequest<'a> {
    #[serde(deserialize_with = "non_empty")]
    auto_scaling_group_name: &'a str,
    min_size: Option<i64>,
    max_size: Option<i64>,
    desired_capacity: Option<i64>,
    #[serde(borrow)]
    launch_template: Option<LaunchTemplateSpecification<'a>>,
    #[serde(rename = "VPCZoneIdentifier")]
    subnets: Option<&'a str>,
    _health_check_type: Option<HealthCheckType>,
    pub(super) health_check_grace_period: Option<u32>,
    pub(super) default_cooldown: Option<u32>,
    #[serde(default)]
    pub(super) termination_policies: Vec<String>,
    pub(super) new_instances_protected_from_scale_in: Option<bool>,
    #[serde(borrow)]
    pub(super) instance_lifecycle_policy: Option<InstanceLifecyclePolicy<'a>>,
    pub(super) max_instance_lifetime: Option<u32>,
    pub(super) capacity_rebalance: Option<bool>,
    #[serde(borrow)]
    lifecycle_hook_specification_list: Option<Vec<HookSpecification<'a>>>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

/// CreateAutoScalingGroup. The first instances are launched a little later.
pub(super) fn create(account: &mut Account, request: GroupRequest<'_>) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    if account[AUTOSCALING].group(name).is_some() {
        return Err(ApiError::client(
            "AlreadyExists",
            format!(
                "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            ),
        ));
    }
    let needed = |size: Option<i64>, path| size.ok_or_else(|| missing("ValidationError", path));
    let min_size = needed(request.min_size, "minSize")?;
    let max_size = needed(request.max_size, "maxSize")?;
    let desired = request.desired_capacity.unwrap_or(min_size);
    let [min_size, max_size, desired] = within(min_size, max_size, desired)?;
    let template = template(account, request.launch_template.as_ref())?.ok_or_else(|| {
        validation(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
        )
    })?;
    let subnets = subnets(request.subnets)?
        .ok_or_else(|| validation("At least one Availability Zone or VPC Subnet is required."))?;
    let mut settings = Settings::default();
    set(&mut settings, &request)?;
    settings.tags = tags(name, &request.tags.unwrap_or_default());
    let hooks = request.lifecycle_hook_specification_list;
    let hooks = hooks::read_all(&hooks.unwrap_or_default())?;
    let end = format!("{}:autoScalingGroupName/{name}", account.uuid());
    let group = Group {
        name: name.to_owned(),
        arn: arn("autoscaling", &format!("autoScalingGroup:{end}")),
        created: account.now,
        min_size,
        max_size,
        desired,
        template,
        subnets,
        hooks: hooks.into_iter().collect(),
        instances: Default::default(),
        settings,
        suspended: BTreeMap::new(),
        warm_pool: None,
        at_risk: Vec::new(),
        activities: Vec::new(),
        refreshes: Vec::new(),
        asked: Some(format!(
            "At {} a user request created an AutoScalingGroup changing the desired capacity from 0 to {desired}.",
            whole_seconds(account.now)
        )),
        failed_launches: 0,
        backed_off_until: None,
        deleting: false,
        is_deleted: false,
    };
    account[AUTOSCALING].add_group(group);
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

/// UpdateAutoScalingGroup. Instances that are there stay as they are, whatever the template says
/// now.
pub(super) fn update(account: &mut Account, request: GroupRequest<'_>) -> Result<Value, ApiError> {
    for (member, is_given) in [
        (
            "LifecycleHookSpecificationList",
            request.lifecycle_hook_specification_list.is_some(),
        ),
        ("Tags", request.tags.is_some()),
    ] {
        if is_given {
            return Err(ApiError::not_known(format_args!(
                "{member} of UpdateAutoScalingGroup"
            )));
        }
    }
    let name = request.auto_scaling_group_name;
    let template = template(account, request.launch_template.as_ref())?;
    let (now, subnets) = (account.now, subnets(request.subnets)?);
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    let min_size = request.min_size.unwrap_or(group.min_size.into());
    let max_size = request.max_size.unwrap_or(group.max_size.into());
    // A bound that is moved past the desired capacity takes it along, unless it is given too:
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
    let desired = match request.desired_capacity {
        Some(desired) => desired,
        None if min_size <= max_size => i64::from(group.desired).clamp(min_size, max_size),
        None => group.desired.into(),
    };
    let [min_size, max_size, desired] = within(min_size, max_size, desired)?;
    let mut settings = group.settings.clone();
    set(&mut settings, &request)?;
    group.settings = settings;
    if desired != group.desired {
        group.asked = Some(asked(now, group, [min_size, max_size, desired]));
    }
    (group.min_size, group.max_size, group.desired) = (min_size, max_size, desired);
    group.template = template.unwrap_or_else(|| group.template.clone());
    group.subnets = subnets.unwrap_or_else(|| group.subnets.clone());
    // assumption: a group that was changed launches at once again. A launch that still comes late
    // proves it wrong.
    (group.failed_launches, group.backed_off_until) = (0, None);
    capacity::reconcile_later(account, name);
    if request.max_instance_lifetime.is_some() {
        lifetime::checker(account, name);
    }
    Ok(json!({}))
}

fn asked(now: Timestamp, group: &Group, [min, max, desired]: [u32; 3]) -> String {
    format!(
        "At {} a user request update of AutoScalingGroup constraints to min: {min}, max: {max}, desired: {desired} changing the desired capacity from {} to {desired}.",
        whole_seconds(now),
        group.desired
    )
}

/// The account in memory has room for so many instances in a group.
const MOST_INSTANCES: i64 = 10_000;

/// MinSize, MaxSize and DesiredCapacity, if they go together. The text on a negative minimum is
/// recorded (radkawar/stackd testdata/aws/autoscaling/lifecycle_native.json, 2026-09).
///
/// assumption: the text on a negative maximum. The same call on AWS proves it.
fn within(min: i64, max: i64, desired: i64) -> Result<[u32; 3], ApiError> {
    for (bound, value) in [("Min", min), ("Max", max)] {
        if value < 0 {
            let text = format!("{bound} bound, {value}, must be non-negative");
            return Err(validation(text));
        }
    }
    if max > MOST_INSTANCES {
        return Err(ApiError::not_known(format_args!(
            "groups of more than {MOST_INSTANCES} instances, and MaxSize is {max}"
        )));
    }
    if min > max {
        return Err(validation(format!(
            "Max bound, {max}, must be greater than or equal to min bound, {min}"
        )));
    }
    if !(min..=max).contains(&desired) {
        return Err(validation(format!(
            "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
        )));
    }
    let size = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    Ok([size(min), size(max), size(desired)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::scene::*;

    #[test]
    fn a_bound_takes_the_desired_capacity_along() {
        let mut account = account(1, json!({"DesiredCapacity": 2, "MinSize": 1, "MaxSize": 5}));
        for (input, desired) in [
            (json!({"MinSize": "3"}), 3),
            (json!({"MinSize": 1, "MaxSize": 2}), 2),
            (json!({"MaxSize": 9}), 2),
        ] {
            call(&mut account, "UpdateAutoScalingGroup", input.clone()).expect("right sizes");
            assert_eq!(group(&account).desired, desired, "{input}");
        }
    }

    #[test]
    fn sizes_out_of_order_are_refused_and_nothing_changes() {
        let mut account = account(1, json!({"DesiredCapacity": 2, "MinSize": 1, "MaxSize": 5}));
        for (input, text) in [
            (
                json!({"DesiredCapacity": 6, "HealthCheckGracePeriod": 7}),
                "Desired capacity:6 must be between the specified min size:1 and max size:5",
            ),
            (
                json!({"MinSize": 6}),
                "Max bound, 5, must be greater than or equal to min bound, 6",
            ),
        ] {
            let error = call(&mut account, "UpdateAutoScalingGroup", input).expect_err("wrong");
            assert_eq!(error.message, text);
        }
        let group = group(&account);
        assert_eq!((group.min_size, group.max_size, group.desired), (1, 5, 2));
        assert_eq!(group.settings.health_check_grace_seconds, 0);
    }

    #[test]
    fn what_is_not_modelled_is_refused_by_name() {
        let mut account = account(1, json!({}));
        for member in ["DesiredCapacityType", "MixedInstancesPolicy"] {
            let error = call(&mut account, "UpdateAutoScalingGroup", json!({member: 1}))
                .expect_err("unknown");
            assert_eq!(error.code, "NotImplemented");
            assert!(error.message.contains(member), "{error}");
        }
        let hook = json!({"LifecycleHookName": "ecs-managed-draining-termination-hook",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"});
        let error = call(&mut account, "PutLifecycleHook", hook).expect_err("ECS's own");
        assert!(error.message.contains("managed draining"), "{error}");
        let error = call(&mut account, "AttachLoadBalancers", json!({})).expect_err("unknown");
        assert!(
            error.message.contains("autoscaling:AttachLoadBalancers"),
            "{error}"
        );
    }

    #[test]
    fn the_answer_has_the_members_of_a_recorded_one() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 100);
        let input = json!({"AutoScalingGroupNames": [GROUP, "another"]});
        let answer = must(
            &mut account,
            "autoscaling",
            "DescribeAutoScalingGroups",
            input,
        );
        let group = &answer["AutoScalingGroups"][0];
        let members = |value: &Value| -> Vec<String> {
            value
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect()
        };
        assert_eq!(
            members(group).join(" "),
            "AutoScalingGroupName AutoScalingGroupARN LaunchTemplate MinSize MaxSize DesiredCapacity DefaultCooldown AvailabilityZones AvailabilityZoneIds LoadBalancerNames TargetGroupARNs HealthCheckType HealthCheckGracePeriod Instances CreatedTime SuspendedProcesses VPCZoneIdentifier EnabledMetrics Tags TerminationPolicies NewInstancesProtectedFromScaleIn ServiceLinkedRoleARN TrafficSources InstanceLifecyclePolicy AvailabilityZoneDistribution CapacityReservationSpecification"
        );
        assert_eq!(
            members(&group["Instances"][0]).join(" "),
            "InstanceId InstanceType AvailabilityZone AvailabilityZoneId LifecycleState HealthStatus LaunchTemplate ProtectedFromScaleIn"
        );
        assert_eq!(group["LaunchTemplate"]["Version"], "$Latest");
        assert_eq!(group["Instances"][0]["LaunchTemplate"]["Version"], "1");
        assert_eq!(
            answer["AutoScalingGroups"]
                .as_array()
                .expect("a list")
                .len(),
            1
        );
    }
}
