//! The calls about tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::cluster::{Cluster, failed_arn, named};
use super::super::definition;
use super::super::input::{Include, Page, REQUESTS, failure, invalid, names, paged, within};
use super::super::launch_type::LaunchType;
use super::super::placement::{self, Demand, Rules};
use super::super::provider::{self, StrategyItem};
use super::super::service;
use super::describe::described;
use super::{Ids, Start, StopCode, Task, start};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunTask<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    client_token: &'a str,
    #[serde(deserialize_with = "non_empty")]
    task_definition: &'a str,
    count: Option<i64>,
    group: Option<&'a str>,
    started_by: Option<String>,
    launch_type: Option<&'a str>,
    #[serde(default)]
    placement_constraints: Vec<Value>,
    #[serde(default)]
    placement_strategy: Vec<Value>,
    #[serde(rename = "enableECSManagedTags")]
    _enable_ecs_managed_tags: Option<IgnoredAny>,
    #[serde(borrow, default)]
    capacity_provider_strategy: Vec<StrategyItem<'a>>,
    network_configuration: Option<IgnoredAny>,
}

/// RunTask: standalone tasks, ten at most. What finds no place is a failure, not an error.
pub(in crate::ecs) fn run(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let asked: RunTask<'_> = REQUESTS.read("RunTask", members)?;
    let name = named(account, asked.cluster)?;
    let launch = LaunchType::named(asked.launch_type)?.unwrap_or(LaunchType::Ec2);
    let definition = definition::find(account, asked.task_definition)?;
    launch.permits(&definition, asked.network_configuration.is_some())?;
    let count = within("count", asked.count, 1..=10)?.unwrap_or(1);
    let group = group(asked.group, &definition)?;
    let token = asked.client_token;
    if let Some(before) = asked_before(account, &name, token, members)? {
        return Ok(before);
    }
    let rules = Rules::read(&asked.placement_constraints, &asked.placement_strategy)?;
    let (strategy, has_launch) = (
        asked.capacity_provider_strategy,
        asked.launch_type.is_some(),
    );
    let share = service::share(account, &name, &strategy, has_launch)?;
    let provider = share.map(|one| one.provider);
    let mut instances = account[ECS].cluster(&name).instances.values();
    let needs_instance = provider.is_none() && launch == LaunchType::Ec2;
    if needs_instance && !instances.any(|instance| instance.registered()) {
        return Err(invalid(
            "No Container Instances were found in your cluster.",
        ));
    }
    let (mut started, mut failures) = (Vec::new(), Vec::new());
    let request = Request {
        cluster: &name,
        definition,
        group,
        rules,
        started_by: asked.started_by,
        provider,
        launch,
    };
    for _ in 0..count {
        match place_one(account, &request) {
            Ok(task) => started.push(task),
            Err(failure) => failures.push(failure),
        }
    }
    if !token.is_empty() {
        let arns = started.iter().map(|task| task["taskArn"].clone()).collect();
        let asked = (members.clone(), arns);
        account[ECS]
            .run_tokens
            .insert((name, token.to_owned()), asked);
    }
    Ok(json!({"tasks": started, "failures": failures}))
}

/// The group that a standalone task says it is of, or that of its family.
fn group(given: Option<&str>, definition: &definition::TaskDefinition) -> Result<String, ApiError> {
    match given {
        Some(group) if group.starts_with("service:") => Err(invalid(
            "The prefix 'service:' is reserved for service tasks.",
        )),
        Some(group) => Ok(group.to_owned()),
        None => Ok(format!("family:{}", definition.family)),
    }
}

/// The tasks that a call with the same token has started: SDKs repeat a call whose answer did not
/// arrive.
fn asked_before(
    account: &Account,
    cluster: &str,
    token: &str,
    members: &Value,
) -> Result<Option<Value>, ApiError> {
    let key = (cluster.to_owned(), token.to_owned());
    match account[ECS].run_tokens.get(&key) {
        None => Ok(None),
        Some((asked, _)) if asked != members => Err(ApiError::client(
            "ConflictException",
            format!("The clientToken {token} was used with other parameters"),
        )),
        Some((_, arns)) => {
            let cluster = account[ECS].cluster(cluster);
            let id = |arn: &Value| {
                arn.as_str()
                    .and_then(|arn| arn.rsplit('/').next().map(str::to_owned))
            };
            let tasks = arns
                .iter()
                .filter_map(|arn| cluster.task(&id(arn)?))
                .map(|task| described(cluster, task));
            Ok(Some(
                json!({"tasks": tasks.collect::<Vec<_>>(), "failures": []}),
            ))
        }
    }
}

/// What RunTask asks for, once or more.
struct Request<'a> {
    cluster: &'a str,
    definition: Arc<definition::TaskDefinition>,
    group: String,
    rules: Rules,
    started_by: Option<String>,
    provider: Option<String>,
    launch: LaunchType,
}

/// Starts one task where it finds a place, or has it wait for its capacity provider: the task as it
/// is described, or the failure.
fn place_one(account: &mut Account, request: &Request<'_>) -> Result<Value, Value> {
    if request.launch == LaunchType::Fargate {
        return Ok(begun(account, request, None));
    }
    let (ecs, random) = account.with_chance(ECS);
    let cluster = ecs.cluster(request.cluster);
    let of_group = |task: &&Task| task.group == request.group;
    let demand = Demand {
        definition: &request.definition,
        rules: &request.rules,
        provider: request.provider.as_deref(),
        peers: cluster.tasks.values().filter(of_group).collect(),
    };
    let found = placement::find(cluster, &demand, random);
    let waits = request.provider.is_some() && provider::has_room(account, request.cluster);
    let instance = match found {
        Ok(instance) => Some(instance),
        Err(_) if waits => None,
        Err(unplaced) => return Err(unplaced.failure(account[ECS].cluster(request.cluster))),
    };
    Ok(begun(account, request, instance.as_deref()))
}

/// Starts a task there, or where it needs no instance or waits for one: the task as it is
/// described.
fn begun(account: &mut Account, request: &Request<'_>, instance: Option<&str>) -> Value {
    let task = Start {
        cluster: request.cluster,
        launch: request.launch,
        instance,
        definition: request.definition.clone(),
        group: request.group.clone(),
        service: None,
        deployment: None,
        started_by: request.started_by.clone(),
        provider: request.provider.clone(),
    };
    let id = start(account, task);
    if instance.is_none() && request.launch == LaunchType::Ec2 {
        let rules = Some(request.rules.clone());
        provider::wait(account, request.cluster, &id, rules);
    }
    let cluster = account[ECS].cluster(request.cluster);
    let task = cluster.task(&id).expect("it was started a moment ago");
    described(cluster, task)
}

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

/// ListTasks: those whose desiredStatus is RUNNING, or STOPPED; with PENDING none
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>).
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
    let page = Page {
        max_results: request.max_results,
        next_token: request.next_token,
        default: 100,
    };
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
