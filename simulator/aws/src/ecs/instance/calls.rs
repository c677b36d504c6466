//! The calls about container instances.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Event;
use super::super::cluster::{failed_arn, named};
use super::super::filter::Expression;
use super::super::input::{Include, Page, failure, invalid, names, paged};
use super::super::task::{self, StopCode};
pub(in crate::ecs) use super::attributes::put as put_attributes;
use super::describe::described;
use super::{ContainerInstance, InCluster, Status, retire, set_status};
use crate::account::Account;
use crate::ecs::ECS;
use crate::faults::{AGENT_GONE_AFTER, FAULTS, Fault};
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct ListContainerInstances<'a> {
    cluster: Option<&'a str>,
    filter: Option<&'a str>,
    status: Option<&'a str>,
    max_results: Option<i64>,
    next_token: Option<&'a str>,
}

/// ListContainerInstances: all but the INACTIVE ones, or those of one status.
pub(in crate::ecs) fn list(
    account: &Account,
    request: ListContainerInstances<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let status = request.status;
    let statuses = [
        "ACTIVE",
        "DRAINING",
        "REGISTERING",
        "DEREGISTERING",
        "REGISTRATION_FAILED",
    ];
    if let Some(other) = status.filter(|status| !statuses.contains(status)) {
        return Err(invalid(format!("Invalid status: {other}")));
    }
    let filter = match request.filter {
        None => None,
        Some(text) => Some(
            Expression::parse(text)
                .map_err(|why| invalid(format!("Invalid filter expression: {text}: {why}")))?,
        ),
    };
    let cluster = account[ECS].cluster(&name);
    let just = filter.as_ref().and_then(Expression::just_instance);
    let among: Box<dyn Iterator<Item = &ContainerInstance>> = match just {
        Some(ec2) => Box::new(
            BTreeSet::from_iter([cluster.by_ec2.get(ec2), cluster.left_behind.get(ec2)])
                .into_iter()
                .filter_map(|id| cluster.instances.get(id?)),
        ),
        None => Box::new(cluster.instances.values()),
    };
    let meant = among.filter(|instance| {
        instance.registered()
            && status.is_none_or(|status| instance.status.name() == status)
            && filter
                .as_ref()
                .is_none_or(|filter| filter.holds(&InCluster(instance, cluster)))
    });
    let page = Page {
        max_results: request.max_results,
        next_token: request.next_token,
        default: 100,
    };
    let (page, next) = page.of(meant.map(|instance| instance.id.as_str()))?;
    let arns = page
        .iter()
        .map(|id| cluster.arn_of("container-instance", id))
        .collect();
    Ok(paged("containerInstanceArns", arns, next))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DescribeContainerInstances<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    container_instances: Vec<&'a str>,
    #[serde(default)]
    _include: Vec<Include>,
}

/// DescribeContainerInstances.
pub(in crate::ecs) fn describe(
    account: &Account,
    request: DescribeContainerInstances<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let cluster = account[ECS].cluster(&name);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("containerInstances", request.container_instances, 100)? {
        match cluster.instance(wanted) {
            Some(instance) => found.push(described(cluster, instance)),
            None => failures.push(missing(&name, wanted)),
        }
    }
    Ok(lists([
        ("containerInstances", found),
        ("failures", failures),
    ]))
}

fn missing(cluster: &str, wanted: &str) -> Value {
    failure(
        &failed_arn(cluster, "container-instance", wanted),
        "MISSING",
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct UpdateContainerInstancesState<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    container_instances: Vec<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    status: &'a str,
}

/// UpdateContainerInstancesState: ACTIVE or DRAINING, of ten instances at most.
pub(in crate::ecs) fn update_state(
    account: &mut Account,
    request: UpdateContainerInstancesState<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let status = match request.status {
        "ACTIVE" => Status::Active,
        "DRAINING" => Status::Draining,
        other => {
            return Err(invalid(format!(
                "Container instance status cannot be set to {other}"
            )));
        }
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("containerInstances", request.container_instances, 10)? {
        let cluster = account[ECS].cluster(&name);
        match cluster
            .instance(wanted)
            .map(|instance| (instance.id.clone(), instance.registered()))
        {
            // Only an ACTIVE instance can be set DRAINING:
            // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html
            // assumption: a failure with this reason, not an error. The same call proves it.
            Some((id, true)) if cluster.instance(&id).is_some_and(is_registering) => {
                let arn = cluster.arn_of("container-instance", &id);
                failures.push(failure(&arn, "REGISTERING"));
            }
            Some((id, true)) => {
                set_status(account, &name, &id, status);
                lose_agent(account, &name, &id);
                let cluster = account[ECS].cluster(&name);
                found.extend(
                    cluster
                        .instance(&id)
                        .map(|instance| described(cluster, instance)),
                );
            }
            Some((id, false)) => {
                let arn = cluster.arn_of("container-instance", &id);
                failures.push(failure(&arn, "INACTIVE"));
            }
            None => failures.push(missing(&name, wanted)),
        }
    }
    Ok(lists([
        ("containerInstances", found),
        ("failures", failures),
    ]))
}

/// If the account's faults say so, the first instance that is drained loses its agent.
fn lose_agent(account: &mut Account, cluster: &str, id: &str) {
    let first = account[FAULTS].active.has(Fault::AgentGone);
    let instance = account[ECS].instance_mut(cluster, id);
    if instance.status == Status::Draining && first {
        let instance = instance.ec2.clone();
        account[FAULTS].active.clear(Some(Fault::AgentGone));
        account.after(AGENT_GONE_AFTER, Event::AgentGone { instance });
    }
}

fn is_registering(instance: &ContainerInstance) -> bool {
    instance.status == Status::Registering
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DeregisterContainerInstance<'a> {
    cluster: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    container_instance: &'a str,
    #[serde(default)]
    force: bool,
}

/// DeregisterContainerInstance. With `force` the tasks that are there are orphaned: ECS stops
/// knowing them.
pub(in crate::ecs) fn deregister(
    account: &mut Account,
    request: DeregisterContainerInstance<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let wanted = request.container_instance;
    let cluster = account[ECS].cluster(&name);
    let Some(instance) = cluster
        .instance(wanted)
        .filter(|instance| instance.registered())
    else {
        return Err(invalid("Container instance not found."));
    };
    if !instance.live.is_empty() && !request.force {
        return Err(invalid("Found running tasks on the instance."));
    }
    let (id, ec2) = (instance.id.clone(), instance.ec2.clone());
    for task in instance.live.clone().into_keys() {
        let reason = "Container instance deregistration forced by user.";
        task::cut_off(account, &name, &task, StopCode::UserInitiated, reason);
    }
    account[ECS].homes.remove(&ec2);
    retire(account, &name, &id);
    let cluster = account[ECS].cluster(&name);
    Ok(
        json!({"containerInstance": cluster.instance(&id).map(|instance| described(cluster, instance))}),
    )
}
