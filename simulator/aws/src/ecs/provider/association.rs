//! Which providers a cluster has, and what ECS does to a group when one comes or goes.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::{Cluster, answer, named};
use super::super::input::invalid;
use super::scaling;
use super::settings::{StrategyItem, short, strategy};
use crate::account::{Account, Caller};
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::MANAGED_DRAINING;
use crate::ecs::ECS;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct PutClusterCapacityProviders<'a> {
    #[serde(deserialize_with = "non_empty")]
    cluster: &'a str,
    #[serde(default)]
    capacity_providers: Vec<&'a str>,
    #[serde(borrow, default)]
    default_capacity_provider_strategy: Vec<StrategyItem<'a>>,
}

/// PutClusterCapacityProviders: the cluster has these from now on, and no others.
pub(in crate::ecs) fn put(
    account: &mut Account,
    request: PutClusterCapacityProviders<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, Some(request.cluster))?;
    let mut wanted = Vec::new();
    for provider in request.capacity_providers {
        let provider = short(provider);
        if account[ECS].provider(&provider).is_none() {
            return Err(invalid(format!(
                "The specified capacity provider {provider} was not found."
            )));
        }
        let elsewhere = account[ECS].cluster_with(&provider);
        if elsewhere.is_some_and(|cluster| cluster.name != name) {
            return Err(ApiError::not_known(
                "a capacity provider of several clusters",
            ));
        }
        wanted.push(provider);
    }
    let given = request.default_capacity_provider_strategy;
    let default = strategy(&account[ECS], &name, &wanted, &given)?;
    let before: BTreeSet<String> = account[ECS]
        .cluster(&name)
        .providers
        .iter()
        .cloned()
        .collect();
    let after: BTreeSet<String> = wanted.iter().cloned().collect();
    for gone in before.difference(&after) {
        if is_used(account[ECS].cluster(&name), gone) {
            return Err(ApiError::client(
                "ResourceInUseException",
                "The specified capacity provider is in use and cannot be removed.",
            ));
        }
    }
    let cluster = account[ECS].cluster_mut(&name);
    (cluster.providers, cluster.default_strategy) = (wanted, default);
    for gone in before.difference(&after) {
        strip(account, gone);
    }
    for new in after.difference(&before) {
        if !account[ECS].timing.earlier_instances_have_no_provider {
            take_over(account, &name, new);
        }
        equip(account, new);
        scaling::begin(account, new);
    }
    Ok(answer(account[ECS].cluster(&name)))
}

/// Whether a service, or a task that is not STOPPED, takes its capacity from the provider.
fn is_used(cluster: &Cluster, provider: &str) -> bool {
    let uses = |used: &Option<String>| used.as_deref() == Some(provider);
    let mut services = cluster
        .services
        .values()
        .filter(|service| !service.inactive());
    let mut tasks = cluster.tasks.values().filter(|task| !task.stopped());
    services.any(|service| uses(&service.provider)) || tasks.any(|task| uses(&task.provider))
}

/// An instance that registers belongs to the provider of its group, if the cluster has that.
pub(in crate::ecs) fn adopt(account: &mut Account, cluster: &str, id: &str) {
    let ec2 = account[ECS].instance_mut(cluster, id).ec2.clone();
    let Some(group) = account[AUTOSCALING].group_of(&ec2) else {
        return;
    };
    let providers = account[ECS].cluster(cluster).providers.iter();
    let of_group = |name: &&String| {
        let provider = account[ECS].provider(name);
        provider.is_some_and(|provider| provider.group == group.name)
    };
    let provider = providers.into_iter().find(of_group).cloned();
    account[ECS].instance_mut(cluster, id).provider = provider;
}

/// The instances of the provider's group that are members of the cluster already belong to it too.
/// They "might not be properly registered" with it, see `earlier_instances_have_no_provider`.
fn take_over(account: &mut Account, cluster: &str, provider: &str) {
    let Some(known) = account[ECS].provider(provider) else {
        return;
    };
    let Some(group) = account[AUTOSCALING].group(&known.group) else {
        return;
    };
    let of_group: BTreeSet<String> = group.instances.iter().map(|one| one.id.clone()).collect();
    let instances = account[ECS].cluster_mut(cluster).instances.values_mut();
    for instance in instances.filter(|one| of_group.contains(&one.ec2)) {
        instance.provider = Some(provider.to_owned());
    }
}

/// Gives the provider's group the hook of managed draining, or takes it away.
pub(super) fn equip(account: &mut Account, name: &str) {
    let Some(provider) = account[ECS].provider(name) else {
        return;
    };
    let (group, drains) = (provider.group.clone(), provider.drains);
    let has = account[AUTOSCALING]
        .group(&group)
        .is_some_and(|group| group.hooks.contains_key(MANAGED_DRAINING));
    // assumption: CONTINUE by default, and an hour, as users report. DescribeLifecycleHooks of such
    // a group proves it.
    let hook = json!({"AutoScalingGroupName": group, "LifecycleHookName": MANAGED_DRAINING,
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "DefaultResult": "CONTINUE", "HeartbeatTimeout": 3600});
    let named = json!({"AutoScalingGroupName": group, "LifecycleHookName": MANAGED_DRAINING});
    match (drains, has) {
        (true, false) => asks(account, "PutLifecycleHook", &hook),
        (false, true) => asks(account, "DeleteLifecycleHook", &named),
        _ => {}
    }
}

/// A cluster has the provider no more: its group loses the hook.
///
/// assumption: what protects instances stays, as users report. DescribeAutoScalingInstances after
/// the call proves it.
fn strip(account: &mut Account, name: &str) {
    if let Some(provider) = account[ECS].providers.get_mut(name) {
        provider.turn += 1;
        let drains = std::mem::replace(&mut provider.drains, false);
        equip(account, name);
        if let Some(provider) = account[ECS].providers.get_mut(name) {
            provider.drains = drains;
        }
    }
}

/// ECS calls Auto Scaling by its own role. What is refused it tries again some other time.
pub(super) fn asks(account: &mut Account, action: &str, input: &Value) {
    let _answer = account.call(&Caller::Service("ecs"), "autoscaling", action, input);
}
