//! CreateService.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cluster::named;
use super::super::definition::{self, TaskDefinition};
use super::super::input::{invalid, within};
use super::super::launch_type::LaunchType;
use super::super::placement::Rules;
use super::super::provider::StrategyItem;
use super::super::scheduler;
use super::describe::answer;
use super::request::{DeploymentConfiguration, DeploymentController, LoadBalancerRequest};
use super::settings::{
    Placement, as_given, capacity, controller, launch_type, load_balancers, percentages, placement,
};
use super::{Deployment, Service, Status};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// AWS's answer to a desired count of daemons. Recorded: radkawar/stackd
/// testdata/aws/ecs/services.json, 2026-09.
pub(super) const NO_DESIRED_COUNT: &str = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again";

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

/// A new deployment of `definition`.
pub(super) fn deployment(
    account: &mut Account,
    definition: Arc<TaskDefinition>,
    desired: u64,
) -> Deployment {
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
