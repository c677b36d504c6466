//! What a group is told about itself, as the calls that create and update it give it.

use serde_json::{Value, json};

use super::group::{OnAbandon, Settings, TemplateChoice};
use super::input::{boolean, list, not_one_of, number, required, text, texts, validation};
use crate::account::Account;
use crate::ec2;
use crate::ec2::EC2;
use crate::wire::{ApiError, only};

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

/// The launch template that a call names, if it names one: it must be there, and whole.
pub fn template(account: &Account, input: &Value) -> Result<Option<TemplateChoice>, ApiError> {
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
pub fn subnets(input: &Value) -> Result<Option<Vec<String>>, ApiError> {
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
            rebalances: false,
            on_terminate_abandon: None,
            max_lifetime: None,
            tags: Vec::new(),
        }
    }
}

/// Takes over what a call gives, and leaves the rest.
pub fn set(settings: &mut Settings, input: &Value) -> Result<(), ApiError> {
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
    if let Some(rebalances) = boolean(input, "CapacityRebalance")? {
        settings.rebalances = rebalances;
    }
    let policies = texts(input, "TerminationPolicies")?;
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
        settings.termination_policies = policies;
    }
    if let Some(seconds) = super::lifetime::read(input)? {
        settings.max_lifetime = Some(seconds);
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
        Some(other) => Err(not_one_of(
            "TerminateHookAbandon",
            other,
            &["retain", "terminate"],
        )),
    }
}

/// The tags of a new group, as the API answers them.
pub fn tags(group: &str, input: &Value) -> Result<Vec<Value>, ApiError> {
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
