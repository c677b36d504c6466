//! The calls about services.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::{failed_arn, named};
use super::super::definition::{self, TaskDefinition};
use super::super::input::{Include, Page, failure, invalid, names, paged, within};
use super::super::launch_type::LaunchType;
use super::super::placement::Rules;
use super::super::provider::StrategyItem;
use super::super::scheduler;
use super::describe::described;
use super::settings::{
    DeploymentConfiguration, DeploymentController, LoadBalancerRequest, Placement, as_given,
    capacity, controller, launch_type, left_to_code_deploy, load_balancers, percentages, permitted,
    placement,
};
use super::{Deployment, Service, Status, repeat_steady};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::request::non_empty;
use crate::wire::{ApiError, lists};

/// AWS's answer to a desired count of daemons. Recorded: radkawar/stackd
/// testdata/aws/ecs/services.json, 2026-09.
const NO_DESIRED_COUNT: &str = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::ecs) struct CreateService<'a> {
    #[serde(borrow)]
    deployment_controller: Option<DeploymentController<'a>>,
    cluster: Option<&'a str>,
    #[serde(deserialize_with = "non_empty")]
    service_name: &'a str,
    #[serde(deserialize_with = "non_empty")]
    task_definition: &'a str,
    desired_count: Option<i64>,
    scheduling_strategy: Option<&'a str>,
    launch_type: Option<&'a str>,
    #[serde(borrow, default)]
    load_balancers: Vec<LoadBalancerRequest<'a>>,
    #[serde(borrow)]
    deployment_configuration: Option<DeploymentConfiguration<'a>>,
    placement_constraints: Option<Vec<Value>>,
    placement_strategy: Option<Vec<Value>>,
    #[serde(borrow, default)]
    capacity_provider_strategy: Vec<StrategyItem<'a>>,
    #[serde(rename = "enableECSManagedTags")]
    enable_ecs_managed_tags: Option<Value>,
    /// How long failing health checks are overlooked: in the account in memory none fails.
    health_check_grace_period_seconds: Option<Value>,
    /// The network of tasks on Fargate.
    network_configuration: Option<Value>,
    propagate_tags: Option<Value>,
    tags: Option<Value>,
}

/// CreateService.
pub(in crate::ecs) fn create(
    account: &mut Account,
    request: CreateService<'_>,
) -> Result<Value, ApiError> {
    let cluster = named(account, request.cluster)?;
    let name = request.service_name;
    let known = account[ECS].cluster(&cluster).services.get(name);
    if known.is_some_and(|service| !service.inactive()) {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let definition = definition::find(account, request.task_definition)?;
    let service = made(account, &cluster, request, definition)?;
    account[ECS]
        .cluster_mut(&cluster)
        .services
        .insert(name.to_owned(), service);
    scheduler::mark(account, &cluster, name);
    answer(account, &cluster, name)
}

fn made(
    account: &mut Account,
    cluster: &str,
    request: CreateService<'_>,
    definition: Arc<TaskDefinition>,
) -> Result<Service, ApiError> {
    let daemon = match request.scheduling_strategy.unwrap_or("REPLICA") {
        "REPLICA" => false,
        "DAEMON" => true,
        other => return Err(invalid(format!("Invalid schedulingStrategy: {other}"))),
    };
    let desired = within("desiredCount", request.desired_count, 0..=5000)?;
    if daemon && desired.is_some() {
        return Err(invalid(NO_DESIRED_COUNT));
    }
    if !daemon && desired.is_none() {
        return Err(invalid(
            "Desired count can not be null for replica scheduling strategy.",
        ));
    }
    let (name, desired) = (request.service_name, desired.unwrap_or(0) as u64);
    let mut service = Service {
        name: name.to_owned(),
        arn: account[ECS].cluster(cluster).arn_of("service", name),
        status: Status::Active,
        daemon,
        desired,
        minimum_percent: if daemon { 0 } else { 100 },
        maximum_percent: if daemon { 100 } else { 200 },
        load_balancers: load_balancers(account, &request.load_balancers, &definition)?,
        rules: Rules::default(),
        launch: LaunchType::Ec2,
        provider: None,
        by_code_deploy: false,
        deployments: vec![deployment(account, definition, desired)],
        events: VecDeque::new(),
        live: Default::default(),
        healthy: 0,
        gone: BTreeSet::new(),
        planned: false,
        steady: None,
        unplaced: None,
        created_at: account.now,
        as_given: json!({"placementConstraints": [], "placementStrategy": [], "enableECSManagedTags": false, "propagateTags": "NONE"}),
    };
    configure(account, cluster, &mut service, request)?;
    Ok(service)
}

/// Takes over what the request says besides the service's size and its load balancers.
fn configure(
    account: &Account,
    cluster: &str,
    service: &mut Service,
    request: CreateService<'_>,
) -> Result<(), ApiError> {
    if let Some(given) = &request.deployment_configuration {
        percentages(service, given)?;
    }
    let place = Placement {
        constraints: request.placement_constraints.as_deref(),
        strategy: request.placement_strategy.as_deref(),
    };
    placement(service, &place)?;
    let (launch, has_network) = (request.launch_type, request.network_configuration.is_some());
    as_given(
        service,
        [
            ("enableECSManagedTags", request.enable_ecs_managed_tags),
            (
                "healthCheckGracePeriodSeconds",
                request.health_check_grace_period_seconds,
            ),
            ("networkConfiguration", request.network_configuration),
            ("propagateTags", request.propagate_tags),
            ("tags", request.tags),
        ],
    );
    launch_type(service, launch, has_network)?;
    if let Some(given) = &request.deployment_controller {
        controller(service, given)?;
    }
    let strategy = request.capacity_provider_strategy;
    capacity(account, cluster, service, &strategy, launch.is_some())
}

fn deployment(account: &mut Account, definition: Arc<TaskDefinition>, desired: u64) -> Deployment {
    let number = account
        .random
        .u64(1_000_000_000_000_000_000..=9_223_372_036_854_775_807);
    Deployment {
        id: format!("ecs-svc/{number}"),
        definition,
        desired,
        completed: false,
        failed_tasks: Some(0),
        created_at: account.now,
        updated_at: account.now,
    }
}

fn answer(account: &Account, cluster: &str, name: &str) -> Result<Value, ApiError> {
    let cluster = account[ECS].cluster(cluster);
    Ok(json!({"service": cluster.service(name).map(|service| described(cluster, service))}))
}

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
    let page = Page {
        max_results: request.max_results,
        next_token: request.next_token,
        default: 10,
    };
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
