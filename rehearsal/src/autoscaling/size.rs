//! Creating, updating and deleting a group.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::activity::Cause;
use super::group::{Group, OnAbandon, Settings, TemplateChoice};
use super::input::{boolean, list, missing, number, required, text, texts, validation};
use super::lifecycle::set_out;
use super::moves::{LifecycleState, Move};
use super::{capacity, found, found_mut, hooks, whole_seconds};
use crate::account::{Account, arn};
use crate::wire::{ApiError, only};

const MEMBERS: [&str; 12] = [
    "AutoScalingGroupName",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "LaunchTemplate",
    "VPCZoneIdentifier",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "DefaultCooldown",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "InstanceLifecyclePolicy",
];
const POLICIES: [&str; 4] = [
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchTemplate",
];

pub fn create(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [&MEMBERS[..], &["LifecycleHookSpecificationList", "Tags"]].concat();
    only("CreateAutoScalingGroup", input, &known)?;
    let name = required(input, "AutoScalingGroupName")?;
    if account.autoscaling.group(name).is_some() {
        return Err(ApiError::client(
            "AlreadyExists",
            format!(
                "AutoScalingGroup by this name already exists - A group with the name {name} already exists"
            ),
        ));
    }
    let min_size = number(input, "MinSize")?.ok_or_else(|| missing("MinSize"))?;
    let max_size = number(input, "MaxSize")?.ok_or_else(|| missing("MaxSize"))?;
    let desired = number(input, "DesiredCapacity")?.unwrap_or(min_size);
    within(min_size, max_size, desired)?;
    let template = template(account, input)?.ok_or_else(|| {
        validation(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
        )
    })?;
    let subnets = subnets(input)?
        .ok_or_else(|| validation("At least one Availability Zone or VPC Subnet is required."))?;
    let mut settings = Settings::default();
    set(&mut settings, input)?;
    settings.tags = tags(name, input)?;
    let now = account.now;
    let uuid = account.uuid();
    let group = Group {
        name: name.to_owned(),
        arn: arn(
            "autoscaling",
            &format!("autoScalingGroup:{uuid}:autoScalingGroupName/{name}"),
        ),
        created: now,
        min_size,
        max_size,
        desired,
        template,
        subnets,
        hooks: hooks::read_all(list(input, "LifecycleHookSpecificationList")?)?
            .into_iter()
            .collect(),
        instances: Vec::new(),
        settings,
        suspended: BTreeSet::new(),
        warm_pool: None,
        activities: Vec::new(),
        asked: Some(format!(
            "At {} a user request created an AutoScalingGroup changing the desired capacity from 0 to {desired}.",
            whole_seconds(now)
        )),
        failed_launches: 0,
        backed_off_until: None,
        deleting: false,
    };
    account.autoscaling.add_group(group);
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

pub fn update(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("UpdateAutoScalingGroup", input, &MEMBERS)?;
    let name = required(input, "AutoScalingGroupName")?;
    let template = template(account, input)?;
    let (now, subnets) = (account.now, subnets(input)?);
    let group = found_mut(&mut account.autoscaling, name)?;
    let min_size = number(input, "MinSize")?.unwrap_or(group.min_size);
    let max_size = number(input, "MaxSize")?.unwrap_or(group.max_size);
    // Documented: a bound that is moved past the desired capacity takes it along, unless it is given too.
    let desired = match number(input, "DesiredCapacity")? {
        Some(desired) => desired,
        None if min_size <= max_size => group.desired.clamp(min_size, max_size),
        None => group.desired,
    };
    within(min_size, max_size, desired)?;
    set(&mut group.settings, input)?;
    if desired != group.desired {
        group.asked = Some(asked(now, group, [min_size, max_size, desired]));
    }
    (group.min_size, group.max_size, group.desired) = (min_size, max_size, desired);
    group.template = template.unwrap_or_else(|| group.template.clone());
    group.subnets = subnets.unwrap_or_else(|| group.subnets.clone());
    // Assumed: a group that was changed is given another chance at once.
    (group.failed_launches, group.backed_off_until) = (0, None);
    capacity::reconcile_later(account, name);
    Ok(json!({}))
}

fn asked(now: Timestamp, group: &Group, [min, max, desired]: [u32; 3]) -> String {
    format!(
        "At {} a user request update of AutoScalingGroup constraints to min: {min}, max: {max}, desired: {desired} changing the desired capacity from {} to {desired}.",
        whole_seconds(now),
        group.desired
    )
}

pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["AutoScalingGroupName", "ForceDelete"];
    only("DeleteAutoScalingGroup", input, &known)?;
    let name = required(input, "AutoScalingGroupName")?;
    let force = boolean(input, "ForceDelete")?.unwrap_or(false);
    let group = found(&account.autoscaling, name)?;
    if group.instances.is_empty() {
        account.autoscaling.remove_group(name);
        return Ok(json!({}));
    }
    if !force {
        return Err(ApiError::client(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.",
        ));
    }
    let on_its_way = |state| {
        matches!(
            state,
            LifecycleState::TerminatingProceed | LifecycleState::WarmedTerminatingProceed
        )
    };
    let going: Vec<(String, bool)> = group
        .instances
        .iter()
        .filter(|instance| !on_its_way(instance.state))
        .map(|instance| (instance.id.clone(), instance.state.is_warm()))
        .collect();
    found_mut(&mut account.autoscaling, name)?.deleting = true;
    for (id, is_warm) in going {
        let which = if is_warm {
            Move::Discard
        } else {
            Move::Terminate
        };
        let cause = Cause::UserRequest(None).of_end(account.now, &id);
        // Documented: a group deleted by force runs no hooks.
        set_out(account, name, &id, which, cause, false);
    }
    Ok(json!({}))
}

fn within(min: u32, max: u32, desired: u32) -> Result<(), ApiError> {
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
    Ok(())
}

fn template(account: &Account, input: &Value) -> Result<Option<TemplateChoice>, ApiError> {
    let Some(choice) = input
        .get("LaunchTemplate")
        .filter(|choice| !choice.is_null())
    else {
        return Ok(None);
    };
    let known = ["LaunchTemplateId", "LaunchTemplateName", "Version"];
    only("LaunchTemplate", choice, &known)?;
    let id_or_name = match (
        text(choice, "LaunchTemplateId")?,
        text(choice, "LaunchTemplateName")?,
    ) {
        (Some(one), None) | (None, Some(one)) => one,
        _ => {
            return Err(validation(
                "Valid requests must contain either launchTemplateId or LaunchTemplateName",
            ));
        }
    };
    let version = match &choice["Version"] {
        Value::Null => "$Default".to_owned(),
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    if !["$Default", "$Latest"].contains(&version.as_str()) && version.parse::<u64>().is_err() {
        return Err(validation(
            "Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed.",
        ));
    }
    let unusable = |message: &str| {
        validation(format!(
            "You must use a valid fully-formed launch template. {message}"
        ))
    };
    let (from, data) = account
        .ec2
        .template_version(id_or_name, &version)
        .map_err(|error| unusable(&error.message))?;
    for (value, parameter) in [
        (&data.ami, "ImageId"),
        (&data.instance_type, "InstanceType"),
    ] {
        if value.is_empty() {
            let message = format!("The request must contain the parameter {parameter}");
            return Err(unusable(&message));
        }
    }
    Ok(Some(TemplateChoice {
        id: from.id,
        name: from.name,
        version,
    }))
}

fn subnets(input: &Value) -> Result<Option<Vec<String>>, ApiError> {
    let Some(text) = text(input, "VPCZoneIdentifier")? else {
        return Ok(None);
    };
    let subnets: Vec<String> = text
        .split(',')
        .map(|subnet| subnet.trim().to_owned())
        .collect();
    match subnets.iter().find(|subnet| !subnet.starts_with("subnet-")) {
        Some(other) => Err(validation(format!(
            "The subnet ID '{other}' does not exist: VPCZoneIdentifier holds subnet ids, separated by commas"
        ))),
        None => Ok(Some(subnets)),
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            health_check_grace_seconds: 0,
            default_cooldown_seconds: 300,
            termination_policies: vec!["Default".to_owned()],
            protect_new: false,
            on_terminate_abandon: None,
            tags: Vec::new(),
        }
    }
}

/// Takes over what a call gives, and leaves the rest.
fn set(settings: &mut Settings, input: &Value) -> Result<(), ApiError> {
    if let Some(kind) = text(input, "HealthCheckType")?.filter(|kind| *kind != "EC2") {
        return Err(ApiError::not_known(format_args!(
            "HealthCheckType {kind}; only EC2"
        )));
    }
    if let Some(seconds) = number(input, "HealthCheckGracePeriod")? {
        settings.health_check_grace_seconds = seconds;
    }
    if let Some(seconds) = number(input, "DefaultCooldown")? {
        settings.default_cooldown_seconds = seconds;
    }
    if let Some(protect) = boolean(input, "NewInstancesProtectedFromScaleIn")? {
        settings.protect_new = protect;
    }
    let policies = texts(input, "TerminationPolicies")?;
    if let Some(policy) = policies
        .iter()
        .find(|policy| !POLICIES.contains(&policy.as_str()))
    {
        return Err(ApiError::not_known(format_args!(
            "the termination policy {policy}; only {}",
            POLICIES.join(", ")
        )));
    }
    if !policies.is_empty() {
        settings.termination_policies = policies;
    }
    if let Some(policy) = input.get("InstanceLifecyclePolicy") {
        settings.on_terminate_abandon = on_abandon(policy)?;
    }
    Ok(())
}

fn on_abandon(policy: &Value) -> Result<Option<OnAbandon>, ApiError> {
    only("InstanceLifecyclePolicy", policy, &["RetentionTriggers"])?;
    let Some(triggers) = policy.get("RetentionTriggers") else {
        return Ok(None);
    };
    only("RetentionTriggers", triggers, &["TerminateHookAbandon"])?;
    match text(triggers, "TerminateHookAbandon")? {
        None => Ok(None),
        Some("retain") => Ok(Some(OnAbandon::Retain)),
        Some("terminate") => Ok(Some(OnAbandon::Terminate)),
        Some(other) => Err(super::input::not_one_of(
            "TerminateHookAbandon",
            other,
            &["retain", "terminate"],
        )),
    }
}

fn tags(group: &str, input: &Value) -> Result<Vec<Value>, ApiError> {
    list(input, "Tags")?
        .iter()
        .map(|tag| {
            let known = [
                "Key",
                "Value",
                "PropagateAtLaunch",
                "ResourceId",
                "ResourceType",
            ];
            only("Tags", tag, &known)?;
            Ok(json!({
                "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": required(tag, "Key")?,
                "Value": text(tag, "Value")?.unwrap_or_default(),
                "PropagateAtLaunch": boolean(tag, "PropagateAtLaunch")?.unwrap_or(false),
            }))
        })
        .collect()
}
