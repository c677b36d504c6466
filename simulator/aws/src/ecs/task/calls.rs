//! The calls about tasks.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::{Cluster, failed_arn, named};
use super::super::input::{Include, Page, failure, invalid, names, paged};
use super::super::launch_type::LaunchType;
use super::describe::described;
use super::{Ids, StopCode, Task};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct StopTask<'a> {
    cluster: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    task: &'a str,
    reason: Option<&'a str>,
}

/// StopTask.
pub(in crate::ecs) fn stop(
    account: &mut Account,
    request: StopTask<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let Some(task) = account[ECS].cluster(&name).task(request.task) else {
        return Err(invalid("The referenced task was not found."));
    };
    let id = task.id.clone();
    let reason = request.reason.unwrap_or("Task stopped by user");
    super::stop(account, &name, &id, StopCode::UserInitiated, reason, reason);
    let cluster = account[ECS].cluster(&name);
    Ok(json!({"task": cluster.task(&id).map(|task| described(cluster, task))}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DescribeTasks<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    tasks: Vec<&'a str>,
    #[serde(default)]
    _include: Vec<Include>,
}

/// DescribeTasks.
pub(in crate::ecs) fn describe(
    account: &Account,
    request: DescribeTasks<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let cluster = account[ECS].cluster(&name);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("tasks", request.tasks, 100)? {
        match cluster.task(wanted) {
            Some(task) => found.push(described(cluster, task)),
            None => failures.push(failure(&failed_arn(&name, "task", wanted), "MISSING")),
        }
    }
    Ok(lists([("tasks", found), ("failures", failures)]))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct ListTasks<'a> {
    cluster: Option<&'a str>,
    container_instance: Option<&'a str>,
    service_name: Option<&'a str>,
    family: Option<&'a str>,
    started_by: Option<&'a str>,
    desired_status: Option<&'a str>,
    launch_type: Option<&'a str>,
    max_results: Option<i64>,
    next_token: Option<&'a str>,
}

/// ListTasks: those whose desiredStatus is RUNNING, or STOPPED; with PENDING, as documented, none.
pub(in crate::ecs) fn list(account: &Account, request: ListTasks<'_>) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let launch = LaunchType::named(request.launch_type)?;
    let wanted = match request.desired_status.unwrap_or("RUNNING") {
        "RUNNING" => Some(true),
        "STOPPED" => Some(false),
        "PENDING" => None,
        other => return Err(invalid(format!("Invalid desiredStatus: {other}"))),
    };
    let ListTasks {
        container_instance,
        service_name: service,
        family,
        started_by,
        ..
    } = request;
    let others = [container_instance, service, family];
    if started_by.is_some() && others.iter().any(Option::is_some) {
        return Err(invalid(
            "When you specify startedBy, it must be the only filter that you use.",
        ));
    }
    let cluster = account[ECS].cluster(&name);
    let service = match service {
        None => None,
        Some(service) => match cluster.service(service) {
            Some(service) => Some(service),
            None => {
                return Err(ApiError::client(
                    "ServiceNotFoundException",
                    "Service not found.",
                ));
            }
        },
    };
    let meant = |task: &Task| {
        wanted == Some(task.wanted)
            && service.is_none_or(|service| task.service.as_ref() == Some(&service.name))
            && family.is_none_or(|family| task.definition.family == family)
            && started_by.is_none_or(|by| task.started_by() == Some(by))
            && launch.is_none_or(|launch| launch == task.launch)
    };
    let among: BTreeSet<&str> = match (container_instance, service) {
        (Some(instance), _) => on_instance(cluster, instance)?,
        (None, Some(service)) => remembered(&service.live, &service.gone),
        (None, None) => cluster.tasks.keys().map(String::as_str).collect(),
    };
    let ids = among
        .into_iter()
        .filter(|id| cluster.tasks.get(id).is_some_and(meant));
    let page = Page::new(request.max_results, request.next_token, 100);
    let (page, next) = page.of(ids)?;
    let arns = page.iter().map(|id| cluster.arn_of("task", id)).collect();
    Ok(paged("taskArns", arns, next))
}

/// The ids of the tasks on an instance, STOPPED ones that are remembered included, in order.
fn on_instance<'a>(cluster: &'a Cluster, instance: &str) -> Result<BTreeSet<&'a str>, ApiError> {
    let Some(instance) = cluster.instance(instance) else {
        return Err(invalid("Container instance not found."));
    };
    Ok(remembered(&instance.live, &instance.gone))
}

fn remembered<'a>(live: &'a Ids, gone: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
    live.keys().chain(gone).map(String::as_str).collect()
}
