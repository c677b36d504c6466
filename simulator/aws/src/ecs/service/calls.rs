//! The calls about services.

use serde::Deserialize;
use serde_json::Value;

use super::super::cluster::{failed_arn, named};
use super::super::definition;
use super::super::input::{Include, Page, failure, invalid, names, paged, within};
use super::super::launch_type::LaunchType;
use super::super::scheduler;
use super::create::{NO_DESIRED_COUNT, deployment};
use super::describe::{answer, described};
use super::request::DeploymentConfiguration;
use super::settings::{
    Placement, as_given, left_to_code_deploy, percentages, permitted, placement,
};
use super::{Status, repeat_steady};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

/// The name of the service that `service` means.
fn found(account: &Account, cluster: &str, service: &str) -> Result<String, ApiError> {
    match account[ECS].cluster(cluster).service(service) {
        None => Err(ApiError::client(
            "ServiceNotFoundException",
            "Service not found.",
        )),
        Some(service) if !service.active() => Err(ApiError::client(
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        )),
        Some(service) => Ok(service.name.clone()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct UpdateService<'a> {
    cluster: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    service: &'a str,
    task_definition: Option<&'a str>,
    desired_count: Option<i64>,
    #[serde(default)]
    force_new_deployment: bool,
    #[serde(borrow)]
    deployment_configuration: Option<DeploymentConfiguration<'a>>,
    placement_constraints: Option<Vec<Value>>,
    placement_strategy: Option<Vec<Value>>,
    health_check_grace_period_seconds: Option<Value>,
    #[serde(rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: Option<Value>,
    propagate_tags: Option<Value>,
}

/// UpdateService. Another task definition, or forceNewDeployment, begins a new deployment.
pub(in crate::ecs) fn update(
    account: &mut Account,
    request: UpdateService<'_>,
) -> Result<Value, ApiError> {
    let cluster = named(account, request.cluster)?;
    let name = found(account, &cluster, request.service)?;
    let definition = match request.task_definition {
        Some(wanted) => Some(definition::find(account, wanted)?),
        None => None,
    };
    let force = request.force_new_deployment;
    let service = account[ECS].service_mut(&cluster, &name);
    let desired = within("desiredCount", request.desired_count, 0..=5000)?;
    if service.daemon && desired.is_some() {
        return Err(invalid(NO_DESIRED_COUNT));
    }
    let desired = desired.map_or(service.desired, |desired| desired as u64);
    if service.by_code_deploy {
        left_to_code_deploy(definition.is_some(), force)?;
    }
    // What may be refused comes first: a call that is refused changes nothing.
    let place = Placement {
        constraints: request.placement_constraints.as_deref(),
        strategy: request.placement_strategy.as_deref(),
    };
    permitted(service.daemon, &place)?;
    if let Some(given) = &request.deployment_configuration {
        percentages(service, given)?;
    }
    placement(service, &place)?;
    as_given(
        service,
        [
            (
                "healthCheckGracePeriodSeconds",
                request.health_check_grace_period_seconds,
            ),
            ("enableECSManagedTags", request.enable_ecs_managed_tags),
            ("propagateTags", request.propagate_tags),
        ],
    );
    service.desired = desired;
    let present = service.primary().definition.clone();
    let other = definition
        .as_ref()
        .is_some_and(|definition| definition.arn != present.arn);
    if other || force {
        let deployment = deployment(account, definition.unwrap_or(present), desired);
        account[ECS]
            .service_mut(&cluster, &name)
            .deployments
            .insert(0, deployment);
    }
    scheduler::mark(account, &cluster, &name);
    answer(account, &cluster, &name)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DeleteService<'a> {
    cluster: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    service: &'a str,
    #[serde(default)]
    force: bool,
}

/// DeleteService. Without `force` a REPLICA service must be scaled to nothing first.
pub(in crate::ecs) fn delete(
    account: &mut Account,
    request: DeleteService<'_>,
) -> Result<Value, ApiError> {
    let cluster = named(account, request.cluster)?;
    let name = found(account, &cluster, request.service)?;
    let force = request.force;
    let service = account[ECS].service_mut(&cluster, &name);
    if !service.daemon && service.desired > 0 && !force {
        return Err(invalid(
            "The service cannot be stopped while it is scaled above 0.",
        ));
    }
    service.status = Status::Draining;
    service.desired = 0;
    scheduler::mark(account, &cluster, &name);
    answer(account, &cluster, &name)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct ListServices<'a> {
    cluster: Option<&'a str>,
    launch_type: Option<&'a str>,
    scheduling_strategy: Option<&'a str>,
    max_results: Option<i64>,
    next_token: Option<&'a str>,
}

/// ListServices: ten on a page unless the call says otherwise. A service that was deleted and still
/// has tasks (DRAINING) is not listed:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>.
pub(in crate::ecs) fn list(
    account: &Account,
    request: ListServices<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let launch = LaunchType::named(request.launch_type)?;
    let strategy = request.scheduling_strategy;
    let cluster = account[ECS].cluster(&name);
    let meant = cluster.services.values().filter(|service| {
        service.active()
            && strategy.is_none_or(|strategy| (strategy == "DAEMON") == service.daemon)
            && launch.is_none_or(|launch| launch == service.launch)
    });
    let page = Page::new(request.max_results, request.next_token, 10);
    let (page, next) = page.of(meant.map(|service| service.name.as_str()))?;
    let arns = page
        .iter()
        .map(|name| cluster.arn_of("service", name))
        .collect();
    Ok(paged("serviceArns", arns, next))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct DescribeServices<'a> {
    cluster: Option<&'a str>,
    #[serde(default)]
    services: Vec<&'a str>,
    #[serde(default)]
    _include: Vec<Include>,
}

/// DescribeServices, of ten services at most.
pub(in crate::ecs) fn describe(
    account: &mut Account,
    request: DescribeServices<'_>,
) -> Result<Value, ApiError> {
    let name = named(account, request.cluster)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in names("services", request.services, 10)? {
        match account[ECS]
            .cluster(&name)
            .service(wanted)
            .map(|service| service.name.clone())
        {
            Some(service) => {
                repeat_steady(account, &name, &service);
                let cluster = account[ECS].cluster(&name);
                found.extend(
                    cluster
                        .service(&service)
                        .map(|service| described(cluster, service)),
                );
            }
            None => failures.push(failure(&failed_arn(&name, "service", wanted), "MISSING")),
        }
    }
    Ok(lists([("services", found), ("failures", failures)]))
}
