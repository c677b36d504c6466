//! Starts a workload by the calls that a user would make.

use std::fmt;

use serde_json::{Value, json};

use super::{EXIT_SECONDS, Kind, Service, Standalone, Workload};
use crate::account::{REGION, arn};
use crate::ecs::ECS;
use crate::ecs::TargetGroup;
use crate::host::SimulationHost;
use crate::wire::ApiError;

/// Where tasks on Fargate have their interfaces; nothing follows from it.
const FARGATE_SUBNET: &str = "subnet-0a1b2c3d4e5f60718";

/// A service of a capacity provider that the cluster does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "service {service} uses the capacity provider {provider}, which cluster {cluster} does not have: {}",
    providers(.there)
)]
pub struct OtherProvider {
    /// The service.
    pub service: String,
    /// Its capacity provider.
    pub provider: String,
    /// The cluster.
    pub cluster: String,
    /// The capacity providers that the cluster has.
    pub there: Vec<String>,
}

fn providers(there: &[String]) -> String {
    match there {
        [] => "it has none; rehearse with the parameter CapacityProvider=ENABLED, whose capacity provider is called cp- and the cluster's name".to_owned(),
        some => format!("it has {}; name that in the file", some.join(", ")),
    }
}

/// The part of the workload that runs on `cluster`, and the services of other capacity providers,
/// which are left out.
///
/// # Errors
/// If nobody described the workload, so that the provider is a mistake, or if nothing is left.
pub fn on_this_cluster(
    world: &SimulationHost,
    cluster: &str,
    mut workload: Workload,
) -> Result<(Workload, Vec<OtherProvider>), OtherProvider> {
    let there = world.with(|account| account[ECS].capacity_providers(cluster));
    let of_others = |service: &Service| {
        let provider = service.capacity_provider.as_ref();
        let provider = provider.filter(|provider| !there.contains(provider))?;
        Some(OtherProvider {
            service: service.name.clone(),
            provider: provider.clone(),
            cluster: cluster.to_owned(),
            there: there.clone(),
        })
    };
    let strangers: Vec<OtherProvider> = workload.services.iter().filter_map(of_others).collect();
    let nothing_is_left = strangers.len() == workload.services.len();
    match strangers.first() {
        Some(first) if nothing_is_left || !workload.described => Err(first.clone()),
        _ => {
            workload.services.retain(|it| of_others(it).is_none());
            Ok((workload, strangers))
        }
    }
}

/// A part of the workload that ECS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which: `service web`, or `task report`.
    pub what: String,
    /// What ECS answered.
    pub error: ApiError,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was refused: {}", self.what, self.error)
    }
}

/// Starts the workload on `cluster`, by the calls that a user would make: without a launch type if
/// the cluster has a default capacity provider.
///
/// # Errors
/// What ECS refuses.
pub fn start(world: &SimulationHost, cluster: &str, workload: &Workload) -> Result<(), Refused> {
    let has_default = world.with(|account| account[ECS].has_default_provider(cluster));
    for service in &workload.services {
        start_service(world, cluster, service, has_default)
            .map_err(|error| refused("service", &service.name, error))?;
    }
    for task in &workload.tasks {
        start_task(world, cluster, task, has_default)
            .map_err(|error| refused("task", &task.family, error))?;
    }
    Ok(())
}

fn refused(kind: &str, name: &str, error: ApiError) -> Refused {
    let what = format!("{kind} {name}");
    Refused { what, error }
}

fn start_service(
    world: &SimulationHost,
    cluster: &str,
    service: &Service,
    has_default: bool,
) -> Result<(), ApiError> {
    world.call("ecs", "RegisterTaskDefinition", &task_definition(service))?;
    let on_fargate = service.kind == Kind::Fargate;
    let mut create = json!({
        "cluster": cluster, "serviceName": service.name, "taskDefinition": service.name,
        "deploymentConfiguration": {"minimumHealthyPercent": service.minimum_percent, "maximumPercent": service.maximum_percent},
        "placementConstraints": service.placement_constraints,
    });
    match &service.capacity_provider {
        Some(provider) => {
            let share = json!({"capacityProvider": provider, "weight": 1});
            create["capacityProviderStrategy"] = json!([share]);
        }
        None if on_fargate => {
            create["launchType"] = json!("FARGATE");
            create["networkConfiguration"] =
                json!({"awsvpcConfiguration": {"subnets": [FARGATE_SUBNET]}});
        }
        None if has_default && service.desired.is_some() => {}
        None => create["launchType"] = json!("EC2"),
    }
    match service.desired {
        Some(desired) => {
            create["schedulingStrategy"] = json!("REPLICA");
            create["desiredCount"] = json!(desired);
            if !on_fargate {
                create["placementStrategy"] = json!([
                {"type": "spread", "field": "attribute:ecs.availability-zone"}, {"type": "spread", "field": "instanceId"}]);
            }
        }
        None => create["schedulingStrategy"] = json!("DAEMON"),
    }
    if service.kind == Kind::CodeDeploy {
        create["deploymentController"] = json!({"type": "CODE_DEPLOY"});
    }
    if let Some(seconds) = service.deregistration_seconds {
        let target_group = arn(
            "elasticloadbalancing",
            &format!("targetgroup/{}/0123456789abcdef", service.name),
        );
        let group = TargetGroup {
            deregistration_delay_seconds: seconds,
            ..TargetGroup::default()
        };
        world.with(|account| account[ECS].add_target_group(&target_group, group));
        create["loadBalancers"] = json!([{"targetGroupArn": target_group, "containerName": service.name, "containerPort": 8080}]);
    }
    world.call("ecs", "CreateService", &create).map(drop)
}

fn task_definition(service: &Service) -> Value {
    let ports = match (service.host_port, service.deregistration_seconds) {
        (None, None) => json!([]),
        (host, _) => {
            json!([{"containerPort": 8080, "hostPort": host.unwrap_or(0), "protocol": "tcp"}])
        }
    };
    let mut definition = json!({
        "family": service.name, "networkMode": "bridge", "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [{
            "name": service.name, "image": format!("{REGION}.example/{}:1", service.name), "essential": true,
            "cpu": service.cpu, "memory": service.memory, "portMappings": ports,
            "stopTimeout": service.stop_timeout_seconds,
            "dockerLabels": {"ecs-rollout.exit-seconds": service.exit_seconds.to_string()},
        }],
    });
    if service.kind == Kind::Fargate {
        definition["networkMode"] = json!("awsvpc");
        definition["requiresCompatibilities"] = json!(["FARGATE"]);
        definition["cpu"] = json!(service.cpu.to_string());
        definition["memory"] = json!(service.memory.to_string());
    }
    definition
}

fn start_task(
    world: &SimulationHost,
    cluster: &str,
    task: &Standalone,
    has_default: bool,
) -> Result<(), ApiError> {
    let mut labels = json!({"ecs-rollout.exit-seconds": EXIT_SECONDS.to_string()});
    if let Some(seconds) = task.run_seconds {
        labels["ecs-rollout.run-seconds"] = json!(seconds.to_string());
    }
    let definition = json!({
        "family": task.family, "networkMode": "bridge", "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [{
            "name": task.family, "image": format!("{REGION}.example/{}:1", task.family), "essential": true,
            "cpu": 128, "memory": 256, "dockerLabels": labels,
        }],
    });
    world.call("ecs", "RegisterTaskDefinition", &definition)?;
    let mut run = json!({"cluster": cluster, "taskDefinition": task.family, "count": task.count});
    if !has_default {
        run["launchType"] = json!("EC2");
    }
    if let Some(instance) = &task.on_instance {
        run["placementConstraints"] =
            json!([{"type": "memberOf", "expression": format!("ec2InstanceId == {instance}")}]);
    }
    world.call("ecs", "RunTask", &run).map(drop)
}
