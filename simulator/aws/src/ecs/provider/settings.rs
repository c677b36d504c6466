//! Reading what calls say of capacity providers and of strategies.

use serde::Deserialize;
use serde_json::Value;

use super::super::State;
use super::super::input::{invalid, within};
use super::{Provider, Scaling};
use crate::account::arn;
use crate::autoscaling;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// One provider of a strategy, with its weight and its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ecs) struct Share {
    pub(in crate::ecs) provider: String,
    /// As it is described.
    pub(in crate::ecs) described: Value,
}

impl Default for Scaling {
    /// What a provider has that does not say
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ManagedScaling.html>);
    /// DISABLED without any managedScaling.
    fn default() -> Self {
        Self {
            enabled: false,
            target: 100,
            least_step: 1,
            most_step: 10_000,
            warmup: 300,
        }
    }
}

/// The `autoScalingGroupProvider` of a call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct GroupProvider<'a> {
    pub(super) auto_scaling_group_arn: Option<&'a str>,
    #[serde(borrow)]
    managed_scaling: Option<ManagedScaling<'a>>,
    managed_termination_protection: Option<&'a str>,
    managed_draining: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManagedScaling<'a> {
    status: Option<&'a str>,
    target_capacity: Option<i64>,
    minimum_scaling_step_size: Option<i64>,
    maximum_scaling_step_size: Option<i64>,
    instance_warmup_period: Option<i64>,
}

/// One item of a capacity provider strategy.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct StrategyItem<'a> {
    #[serde(deserialize_with = "non_empty")]
    capacity_provider: &'a str,
    weight: Option<i64>,
    base: Option<i64>,
}

/// Takes over what `autoScalingGroupProvider` says besides its group.
///
/// # Errors
/// `InvalidParameterException`.
pub(super) fn take(provider: &mut Provider, given: &GroupProvider<'_>) -> Result<(), ApiError> {
    if let Some(given) = &given.managed_scaling {
        provider.scaling = scaling(&provider.scaling, given)?;
    }
    let (protects, drains) = (given.managed_termination_protection, given.managed_draining);
    provider.protects = variant("managedTerminationProtection", protects, provider.protects)?;
    provider.drains = variant("managedDraining", drains, provider.drains)?;
    if provider.protects && !provider.scaling.enabled {
        return Err(invalid(
            "Managed termination protection requires managed scaling to be ENABLED.",
        ));
    }
    Ok(())
}

fn scaling(before: &Scaling, given: &ManagedScaling<'_>) -> Result<Scaling, ApiError> {
    let number = |member: &str, number: Option<i64>, bounds, default: u32| {
        let number = within(member, number, bounds)?.unwrap_or(default.into());
        Ok::<u32, ApiError>(u32::try_from(number).unwrap_or(default))
    };
    let (least, most) = (
        given.minimum_scaling_step_size,
        given.maximum_scaling_step_size,
    );
    let (target, warmup) = (given.target_capacity, given.instance_warmup_period);
    Ok(Scaling {
        enabled: variant("status", given.status, true)?,
        target: number("targetCapacity", target, 1..=100, before.target)?,
        least_step: number(
            "minimumScalingStepSize",
            least,
            1..=10_000,
            before.least_step,
        )?,
        most_step: number("maximumScalingStepSize", most, 1..=10_000, before.most_step)?,
        warmup: number("instanceWarmupPeriod", warmup, 0..=10_000, before.warmup)?,
    })
}

fn variant(member: &str, given: Option<&str>, default: bool) -> Result<bool, ApiError> {
    match given {
        None => Ok(default),
        Some("ENABLED") => Ok(true),
        Some("DISABLED") => Ok(false),
        Some(other) => Err(invalid(format!("Invalid {member}: {other}"))),
    }
}

/// The group that `named` (a name or an ARN) means: it must be there, and, for termination
/// protection, protect its new instances.
pub(super) fn group(
    groups: &autoscaling::State,
    named: &str,
    protects: bool,
) -> Result<String, ApiError> {
    let group = groups
        .groups()
        .find(|group| group.name == named || group.arn == named)
        .ok_or_else(|| invalid(format!("The Auto Scaling group {named} does not exist.")))?;
    if protects && !group.protects_new() {
        // A condition:
        // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html
        // assumption: ECS does not switch it on by itself. CreateCapacityProvider for a group
        // without it proves it.
        return Err(invalid(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed \
             termination protection for a capacity provider, the Auto Scaling group must have instance protection from \
             scale in enabled.",
        ));
    }
    Ok(group.name.clone())
}

/// A name that a new provider may have.
pub(super) fn legal(name: &str) -> Result<(), ApiError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let reserved = ["aws", "ecs", "fargate"];
    let lower = name.to_ascii_lowercase();
    let is_reserved = reserved.iter().any(|prefix| lower.starts_with(prefix));
    if name.is_empty() || name.len() > 255 || !name.chars().all(letters) || is_reserved {
        return Err(invalid(format!(
            "The specified capacity provider name is invalid: {name}. Up to 255 letters, numbers, hyphens and underscores \
             are allowed, and it cannot be prefixed with \"aws\", \"ecs\", or \"fargate\"."
        )));
    }
    Ok(())
}

/// The short form of a provider's name or ARN.
pub(super) fn short(name: &str) -> String {
    let prefix = arn("ecs", "capacity-provider/");
    name.strip_prefix(&prefix).unwrap_or(name).to_owned()
}

/// The strategy in `member`, if there is one that says anything.
///
/// # Errors
/// Providers that are not there, or that the cluster does not have; `NotImplemented` for a strategy
/// of several.
pub(in crate::ecs) fn strategy(
    state: &State,
    cluster: &str,
    associated: &[String],
    list: &[StrategyItem<'_>],
) -> Result<Option<Share>, ApiError> {
    let [one] = list else {
        return match list {
            [] => Ok(None),
            _ => Err(ApiError::not_known(
                "a capacity provider strategy of several providers",
            )),
        };
    };
    let name = short(one.capacity_provider);
    let weight = within("weight", one.weight, 0..=1000)?.unwrap_or(0);
    let base = within("base", one.base, 0..=100_000)?.unwrap_or(0);
    if name.starts_with("FARGATE") {
        return Err(ApiError::not_known(format_args!(
            "the capacity provider {name}: only the launch type EC2 is known"
        )));
    }
    let active: Vec<&str> = state
        .providers
        .values()
        .filter(|provider| provider.active)
        .map(|provider| provider.name.as_str())
        .collect();
    if state.provider(&name).is_none() {
        let there = match active.as_slice() {
            [] => "the account has none".to_owned(),
            some => format!("there are {}", some.join(", ")),
        };
        return Err(invalid(format!(
            "The specified capacity provider {name} was not found ({there})."
        )));
    }
    if !associated.contains(&name) {
        return Err(invalid(format!(
            "The capacity provider {name} is not associated with the cluster {cluster}."
        )));
    }
    // What is above a base goes by weight, so a strategy of weights of 0 alone would place nothing.
    if weight == 0 {
        return Err(invalid(
            "The capacity provider strategy must have at least one capacity provider with a weight greater than 0.",
        ));
    }
    let described = serde_json::json!({"capacityProvider": name, "weight": weight, "base": base});
    Ok(Some(Share {
        provider: name,
        described,
    }))
}
