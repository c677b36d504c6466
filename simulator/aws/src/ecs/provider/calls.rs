//! The calls about capacity providers.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::input::{Include, Page, failure, invalid, names, paged};
use super::settings::{GroupProvider, group, legal, short, take};
use super::{Provider, Scaling, association, scaling};
use crate::account::{Account, arn};
use crate::autoscaling::AUTOSCALING;
use crate::ecs::ECS;
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct CreateCapacityProvider<'a> {
    #[serde(deserialize_with = "non_empty")]
    name: &'a str,
    #[serde(borrow)]
    auto_scaling_group_provider: GroupProvider<'a>,
    #[serde(default)]
    tags: Vec<Value>,
}

/// CreateCapacityProvider. Managed draining is on unless the call says otherwise, as for AWS's.
pub(in crate::ecs) fn create(
    account: &mut Account,
    request: CreateCapacityProvider<'_>,
) -> Result<Value, ApiError> {
    let (name, given) = (request.name, request.auto_scaling_group_provider);
    legal(name)?;
    if account[ECS].provider(name).is_some() {
        return Err(invalid(
            "The specified capacity provider already exists. To change the configuration of an existing capacity \
             provider, update the capacity provider.",
        ));
    }
    let mut provider = Provider {
        name: name.to_owned(),
        arn: arn("ecs", &format!("capacity-provider/{name}")),
        group: String::new(),
        active: true,
        scaling: Scaling::default(),
        protects: false,
        drains: true,
        tags: request.tags.into(),
        below: 0,
        turn: 0,
        told: String::new(),
    };
    take(&mut provider, &given)?;
    let named = given.auto_scaling_group_arn.unwrap_or_default();
    provider.group = group(&account[AUTOSCALING], named, provider.protects)?;
    let others = account[ECS].providers.values();
    if let Some(other) = others
        .filter(|other| other.active)
        .find(|other| other.group == provider.group)
    {
        return Err(invalid(format!(
            "The Auto Scaling group {} is in use by the capacity provider {}.",
            provider.group, other.name
        )));
    }
    let answer = json!({"capacityProvider": described(account, &provider)});
    account[ECS].providers.insert(name.to_owned(), provider);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct UpdateCapacityProvider<'a> {
    #[serde(deserialize_with = "non_empty")]
    name: &'a str,
    #[serde(borrow)]
    auto_scaling_group_provider: GroupProvider<'a>,
}

/// UpdateCapacityProvider. What it leaves out stays.
pub(in crate::ecs) fn update(
    account: &mut Account,
    request: UpdateCapacityProvider<'_>,
) -> Result<Value, ApiError> {
    let (name, given) = (short(request.name), request.auto_scaling_group_provider);
    let Some(before) = account[ECS].provider(&name) else {
        return Err(not_found(&name));
    };
    let mut provider = before.clone();
    if given.auto_scaling_group_arn.is_some() {
        return Err(ApiError::not_known(
            "autoScalingGroupArn of UpdateCapacityProvider",
        ));
    }
    take(&mut provider, &given)?;
    group(&account[AUTOSCALING], &provider.group, provider.protects)?;
    account[ECS].providers.insert(name.clone(), provider);
    if account[ECS].cluster_with(&name).is_some() {
        association::equip(account, &name);
        scaling::begin(account, &name);
    }
    let provider = account[ECS].provider(&name).expect("it was there before");
    Ok(json!({"capacityProvider": described(account, provider)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DeleteCapacityProvider<'a> {
    #[serde(deserialize_with = "non_empty")]
    capacity_provider: &'a str,
}

/// DeleteCapacityProvider: not of one that a cluster has.
///
/// assumption: its group keeps what protects its instances, as users report.
/// DescribeAutoScalingInstances after the call proves it.
pub(in crate::ecs) fn delete(
    account: &mut Account,
    request: DeleteCapacityProvider<'_>,
) -> Result<Value, ApiError> {
    let name = short(request.capacity_provider);
    if account[ECS].provider(&name).is_none() {
        return Err(not_found(&name));
    }
    if account[ECS].cluster_with(&name).is_some() {
        return Err(invalid(
            "Cannot delete a capacity provider while it is associated with a cluster.",
        ));
    }
    let provider = account[ECS].providers.get_mut(&name);
    let provider = provider.expect("it was there a moment ago");
    provider.active = false;
    let provider = provider.clone();
    Ok(json!({"capacityProvider": described(account, &provider)}))
}

fn not_found(name: &str) -> ApiError {
    invalid(format!(
        "The specified capacity provider {name} was not found."
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DescribeCapacityProviders<'a> {
    capacity_providers: Option<Vec<&'a str>>,
    #[serde(default)]
    _include: Vec<Include>,
    max_results: Option<i64>,
    next_token: Option<&'a str>,
}

/// DescribeCapacityProviders: those named, or all.
pub(in crate::ecs) fn describe(
    account: &Account,
    request: DescribeCapacityProviders<'_>,
) -> Result<Value, ApiError> {
    let providers = &account[ECS].providers;
    if let Some(wanted) = request.capacity_providers {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for wanted in names("capacityProviders", wanted, 100)? {
            match providers.get(&short(wanted)) {
                Some(provider) => found.push(described(account, provider)),
                None => failures.push(failure(
                    &arn("ecs", &format!("capacity-provider/{}", short(wanted))),
                    "MISSING",
                )),
            }
        }
        return Ok(lists([
            ("capacityProviders", found),
            ("failures", failures),
        ]));
    }
    let active = providers.values().filter(|provider| provider.active);
    let page = Page {
        max_results: request.max_results,
        next_token: request.next_token,
        default: 100,
    };
    let (names, next) = page.of(active.map(|provider| provider.name.as_str()))?;
    let names = names.into_iter().map(str::to_owned).collect();
    let mut answer = paged("capacityProviders", names, next);
    let named = answer["capacityProviders"].as_array().cloned();
    let found = named.unwrap_or_default().into_iter().filter_map(|name| {
        let provider = providers.get(name.as_str()?)?;
        Some(described(account, provider))
    });
    answer["capacityProviders"] = found.collect();
    answer["failures"] = json!([]);
    Ok(answer)
}

fn described(account: &Account, provider: &Provider) -> Value {
    let on = |is: bool| if is { "ENABLED" } else { "DISABLED" };
    let group = account[AUTOSCALING].group(&provider.group);
    json!({
        "capacityProviderArn": provider.arn,
        "name": provider.name,
        "type": "EC2_AUTOSCALING",
        "status": if provider.active { "ACTIVE" } else { "INACTIVE" },
        "updateStatus": if provider.active { "UPDATE_COMPLETE" } else { "DELETE_COMPLETE" },
        "autoScalingGroupProvider": {
            "autoScalingGroupArn": group.map_or(&provider.group, |group| &group.arn),
            "managedScaling": {
                "status": on(provider.scaling.enabled),
                "targetCapacity": provider.scaling.target,
                "minimumScalingStepSize": provider.scaling.least_step,
                "maximumScalingStepSize": provider.scaling.most_step,
                "instanceWarmupPeriod": provider.scaling.warmup,
            },
            "managedTerminationProtection": on(provider.protects),
            "managedDraining": on(provider.drains),
        },
        "tags": provider.tags,
    })
}
