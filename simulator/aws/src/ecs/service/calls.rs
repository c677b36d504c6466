//! The calls about services.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::cluster::{failed_arn, named};
use super::super::definition::{self, TaskDefinition};
use super::super::input::{Input, failure, invalid, paged};
use super::super::launch_type::LaunchType;
use super::super::placement::Rules;
use super::super::scheduler;
use super::describe::described;
use super::settings::{
    AS_GIVEN, as_given, capacity, controller, launch_type, left_to_code_deploy, load_balancers,
    percentages, permitted, placement,
};
use super::{Deployment, Service, Status, repeat_steady};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::{ApiError, lists};

/// AWS's answer to a desired count of daemons. Recorded: radkawar/stackd
/// testdata/aws/ecs/services.json, 2026-09.
const NO_DESIRED_COUNT: &str = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again";

/// Members of CreateService that the account acts on.
const CREATED_WITH: [&str; 12] = [
    "deploymentController",
    "cluster",
    "serviceName",
    "taskDefinition",
    "desiredCount",
    "schedulingStrategy",
    "launchType",
    "loadBalancers",
    "deploymentConfiguration",
    "placementConstraints",
    "placementStrategy",
    "capacityProviderStrategy",
];

/// CreateService.
pub(in crate::ecs) fn create(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let input = Input::new(
        "CreateService",
        members,
        &[&CREATED_WITH[..], &AS_GIVEN[..]].concat(),
    )?;
    let cluster = named(account, &input)?;
    let name = input.needed("serviceName")?;
    let known = account[ECS].cluster(&cluster).services.get(name);
    if known.is_some_and(|service| !service.inactive()) {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let definition = definition::find(account, input.needed("taskDefinition")?)?;
    let service = made(account, &cluster, &input, definition)?;
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
    input: &Input<'_>,
    definition: Arc<TaskDefinition>,
) -> Result<Service, ApiError> {
    let daemon = match input.text("schedulingStrategy")?.unwrap_or("REPLICA") {
        "REPLICA" => false,
        "DAEMON" => true,
        other => return Err(invalid(format!("Invalid schedulingStrategy: {other}"))),
    };
    if daemon && input.has("desiredCount") {
        return Err(invalid(NO_DESIRED_COUNT));
    }
    let desired = input.within("desiredCount", 0..=5000, -1)?;
    if !daemon && desired < 0 {
        return Err(invalid(
            "Desired count can not be null for replica scheduling strategy.",
        ));
    }
    let name = input.needed("serviceName")?;
    let mut service = Service {
        name: name.to_owned(),
        arn: account[ECS].cluster(cluster).arn_of("service", name),
        status: Status::Active,
        daemon,
        desired: desired.max(0) as u64,
        minimum_percent: if daemon { 0 } else { 100 },
        maximum_percent: if daemon { 100 } else { 200 },
        load_balancers: load_balancers(account, input, &definition)?,
        rules: Rules::default(),
        launch: LaunchType::Ec2,
        provider: None,
        by_code_deploy: false,
        deployments: vec![deployment(account, definition, desired.max(0) as u64)],
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
    percentages(&mut service, input)?;
    placement(&mut service, input)?;
    as_given(&mut service, input);
    launch_type(&mut service, input)?;
    controller(&mut service, input)?;
    capacity(account, cluster, &mut service, input)?;
    Ok(service)
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

/// The name of the service that `member` means.
fn found(account: &Account, cluster: &str, input: &Input<'_>) -> Result<String, ApiError> {
    match account[ECS]
        .cluster(cluster)
        .service(input.needed("service")?)
    {
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

/// UpdateService. Another task definition, or forceNewDeployment, begins a new deployment.
pub(in crate::ecs) fn update(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let known = [
        "cluster",
        "service",
        "taskDefinition",
        "desiredCount",
        "forceNewDeployment",
        "deploymentConfiguration",
        "placementConstraints",
        "placementStrategy",
        "healthCheckGracePeriodSeconds",
        "enableECSManagedTags",
        "propagateTags",
    ];
    let input = Input::new("UpdateService", members, &known)?;
    let cluster = named(account, &input)?;
    let name = found(account, &cluster, &input)?;
    let definition = match input.text("taskDefinition")? {
        Some(wanted) => Some(definition::find(account, wanted)?),
        None => None,
    };
    let force = input.flag("forceNewDeployment")?;
    let service = account[ECS].service_mut(&cluster, &name);
    if service.daemon && input.has("desiredCount") {
        return Err(invalid(NO_DESIRED_COUNT));
    }
    let desired = input.within("desiredCount", 0..=5000, service.desired as i64)?;
    if service.by_code_deploy {
        left_to_code_deploy(definition.is_some(), force)?;
    }
    // What may be refused comes first: a call that is refused changes nothing.
    permitted(service.daemon, &input)?;
    percentages(service, &input)?;
    placement(service, &input)?;
    as_given(service, &input);
    service.desired = desired as u64;
    let present = service.primary().definition.clone();
    let other = definition
        .as_ref()
        .is_some_and(|definition| definition.arn != present.arn);
    if other || force {
        let deployment = deployment(account, definition.unwrap_or(present), desired as u64);
        account[ECS]
            .service_mut(&cluster, &name)
            .deployments
            .insert(0, deployment);
    }
    scheduler::mark(account, &cluster, &name);
    answer(account, &cluster, &name)
}

/// DeleteService. Without `force` a REPLICA service must be scaled to nothing first.
pub(in crate::ecs) fn delete(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let input = Input::new("DeleteService", members, &["cluster", "service", "force"])?;
    let cluster = named(account, &input)?;
    let name = found(account, &cluster, &input)?;
    let force = input.flag("force")?;
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

/// ListServices: ten on a page unless the call says otherwise. A service that was deleted and still
/// has tasks (DRAINING) is not listed:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>.
pub(in crate::ecs) fn list(account: &Account, members: &Value) -> Result<Value, ApiError> {
    let known = [
        "cluster",
        "launchType",
        "schedulingStrategy",
        "maxResults",
        "nextToken",
    ];
    let input = Input::new("ListServices", members, &known)?;
    let name = named(account, &input)?;
    let launch = LaunchType::named(&input)?;
    let strategy = input.text("schedulingStrategy")?;
    let cluster = account[ECS].cluster(&name);
    let meant = cluster.services.values().filter(|service| {
        service.active()
            && strategy.is_none_or(|strategy| (strategy == "DAEMON") == service.daemon)
            && launch.is_none_or(|launch| launch == service.launch)
    });
    let (page, next) = input.page(meant.map(|service| service.name.as_str()), 10)?;
    let arns = page
        .iter()
        .map(|name| cluster.arn_of("service", name))
        .collect();
    Ok(paged("serviceArns", arns, next))
}

/// DescribeServices, of ten services at most.
pub(in crate::ecs) fn describe(account: &mut Account, members: &Value) -> Result<Value, ApiError> {
    let input = Input::new(
        "DescribeServices",
        members,
        &["cluster", "services", "include"],
    )?;
    input.include(&["TAGS"])?;
    let name = named(account, &input)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in input.names("services", 10)? {
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
