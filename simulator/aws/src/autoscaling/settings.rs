//! What a group is told about itself, as the calls that create and update it give it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::{OnAbandon, Settings, TemplateChoice};
use super::group_calls::GroupRequest;
use super::input::{not_one_of, validation};
use crate::account::Account;
use crate::ec2;
use crate::ec2::EC2;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// The termination policies that AWS knows, in the order in which it names them (recorded:
/// radkawar/stackd testdata/aws/autoscaling/termination_native.json, 2026-09).
const ALL_POLICIES: [&str; 8] = [
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "Lambda",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
];

/// The termination policies that there are here.
const POLICIES: [&str; 4] = [
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchTemplate",
];

/// A launch template, as a call names it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LaunchTemplateSpecification<'a> {
    launch_template_id: Option<&'a str>,
    launch_template_name: Option<&'a str>,
    version: Option<Value>,
}

/// The HealthCheckType that is known here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthCheckType {
    /// EC2's own check.
    Ec2,
}

/// The InstanceLifecyclePolicy of a group, as a call gives it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceLifecyclePolicy<'a> {
    #[serde(borrow)]
    retention_triggers: Option<RetentionTriggers<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RetentionTriggers<'a> {
    terminate_hook_abandon: Option<&'a str>,
}

/// A tag, as a call gives it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag<'a> {
    /// Its key.
    #[serde(deserialize_with = "non_empty")]
    pub key: &'a str,
    value: Option<&'a str>,
    propagate_at_launch: Option<bool>,
    /// The group's name.
    pub resource_id: Option<&'a str>,
    /// What has the tag.
    pub resource_type: Option<&'a str>,
}

/// The launch template that a call names, if it names one: it must be there, and whole.
pub fn template(
    account: &Account,
    choice: Option<&LaunchTemplateSpecification<'_>>,
) -> Result<Option<TemplateChoice>, ApiError> {
    let Some(choice) = choice else {
        return Ok(None);
    };
    let id_or_name = match (choice.launch_template_id, choice.launch_template_name) {
        (Some(one), None) | (None, Some(one)) => one,
        _ => {
            return Err(validation(
                "Valid requests must contain either launchTemplateId or LaunchTemplateName",
            ));
        }
    };
    let version = match &choice.version {
        None => "$Default".to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => other.as_str().unwrap_or_default().to_owned(),
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
    let (from, data) = account[EC2]
        .template_version(id_or_name, &version)
        .map_err(|error| match error.code.as_str() {
            // Recorded: radkawar/stackd testdata/aws/autoscaling/lifecycle_native.json, 2026-09.
            ec2::VERSION_NOT_FOUND => validation(format!(
                "Could not find the specified version {version} for the launch template with ID {id_or_name}."
            )),
            _ => unusable(&error.message),
        })?;
    for (value, parameter) in [
        (&data.ami, "ImageId"),
        (&data.instance_type, "InstanceType"),
    ] {
        if value.is_empty() {
            let message = format!("The request must contain the parameter {parameter}");
            return Err(unusable(&message));
        }
    }
    // As users report (hashicorp/terraform-provider-aws and others): the launch is tried out.
    let fits = account[EC2].check_template(&data);
    fits.map_err(|error| unusable(&error.message))?;
    Ok(Some(TemplateChoice {
        id: from.id,
        name: from.name,
        version,
    }))
}

/// The subnets that a call gives, if it gives any.
pub fn subnets(given: Option<&str>) -> Result<Option<Vec<String>>, ApiError> {
    let Some(text) = given else {
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
            rebalances: false,
            on_terminate_abandon: None,
            max_lifetime: None,
            tags: Vec::new(),
        }
    }
}

/// Takes over what a call gives, and leaves the rest.
pub(super) fn set(settings: &mut Settings, request: &GroupRequest<'_>) -> Result<(), ApiError> {
    if let Some(seconds) = request.health_check_grace_period {
        settings.health_check_grace_seconds = seconds;
    }
    if let Some(seconds) = request.default_cooldown {
        settings.default_cooldown_seconds = seconds;
    }
    if let Some(protect) = request.new_instances_protected_from_scale_in {
        settings.protect_new = protect;
    }
    if let Some(rebalances) = request.capacity_rebalance {
        settings.rebalances = rebalances;
    }
    let policies = &request.termination_policies;
    if let Some(policy) = policies
        .iter()
        .find(|policy| !POLICIES.contains(&policy.as_str()))
    {
        let is_function = policy.starts_with("arn:");
        if !is_function && !ALL_POLICIES.contains(&policy.as_str()) {
            return Err(validation(format!(
                "[{policy}] is not a valid termination policy. Valid termination policies are: [{}].",
                ALL_POLICIES.join(", ")
            )));
        }
        return Err(ApiError::not_known(format_args!(
            "the termination policy {policy}; only {}",
            POLICIES.join(", ")
        )));
    }
    if !policies.is_empty() {
        settings.termination_policies = policies.clone();
    }
    if let Some(seconds) = super::lifetime::checked(request.max_instance_lifetime)? {
        settings.max_lifetime = Some(seconds);
    }
    if let Some(policy) = &request.instance_lifecycle_policy {
        settings.on_terminate_abandon = on_abandon(policy)?;
    }
    Ok(())
}

fn on_abandon(policy: &InstanceLifecyclePolicy<'_>) -> Result<Option<OnAbandon>, ApiError> {
    let triggers = policy.retention_triggers.as_ref();
    match triggers.and_then(|triggers| triggers.terminate_hook_abandon) {
        None => Ok(None),
        Some("retain") => Ok(Some(OnAbandon::Retain)),
        Some("terminate") => Ok(Some(OnAbandon::Terminate)),
        Some(other) => Err(not_one_of(
            "TerminateHookAbandon",
            other,
            &["retain", "terminate"],
        )),
    }
}

/// The tags of the group, as the API answers them.
pub fn tags(group: &str, given: &[Tag<'_>]) -> Vec<Value> {
    let tags = given.iter().map(|tag| {
        json!({
            "ResourceId": group, "ResourceType": "auto-scaling-group", "Key": tag.key,
            "Value": tag.value.unwrap_or_default(),
            "PropagateAtLaunch": tag.propagate_at_launch.unwrap_or(false),
        })
    });
    tags.collect()
}
