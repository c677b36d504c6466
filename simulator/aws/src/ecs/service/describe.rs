//! A service as it is described.

use serde_json::{Value, json};

use super::super::cluster::Cluster;
use super::super::launch_type::LaunchType;
use super::super::task::Task;
use super::{Deployment, Service, Status};
use crate::account::{ACCOUNT_ID, Account, PARTITION, arn};
use crate::ecs::ECS;
use crate::wire::ApiError;

/// An answer with the service.
pub(super) fn answer(account: &Account, cluster: &str, name: &str) -> Result<Value, ApiError> {
    let cluster = account[ECS].cluster(cluster);
    Ok(json!({"service": cluster.service(name).map(|service| described(cluster, service))}))
}

/// The members that real answers carry.
pub(super) fn described(cluster: &Cluster, service: &Service) -> Value {
    let desired = service.desired_in(cluster);
    let tasks: Vec<&Task> = service.tasks(cluster).collect();
    let events: Vec<Value> = service
        .events
        .iter()
        .map(|(at, id, message)| json!({"id": id, "createdAt": at.to_string(), "message": message}))
        .collect();
    let mut described = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": arn("ecs", &format!("cluster/{}", cluster.name)),
        "loadBalancers": load_balancers(service),
        "serviceRegistries": [],
        "status": match service.status {
            Status::Active => "ACTIVE",
            Status::Draining => "DRAINING",
            Status::Inactive => "INACTIVE",
        },
        "desiredCount": desired,
        "runningCount": tasks.iter().filter(|task| task.running()).count(),
        "pendingCount": tasks.iter().filter(|task| task.pending()).count(),
        "taskDefinition": service.primary().definition.arn,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
            "maximumPercent": service.maximum_percent,
            "minimumHealthyPercent": service.minimum_percent,
        },
        "deployments": [],
        "events": [],
        "createdAt": service.created_at.to_string(),
        "schedulingStrategy": if service.daemon { "DAEMON" } else { "REPLICA" },
        "deploymentController": {"type": if service.by_code_deploy { "CODE_DEPLOY" } else { "ECS" }},
        "createdBy": format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:role/operator"),
        "enableExecuteCommand": false,
    });
    // Put in as they are: json! would copy them, and there are a hundred events.
    if service.by_code_deploy {
        described["taskSets"] = Value::Array(task_sets(service, desired, &tasks))
    } else {
        described["deployments"] = Value::Array(deployments(service, desired, &tasks))
    }
    described["events"] = Value::Array(events);
    if service.provider.is_none() {
        described["launchType"] = service.launch.name().into();
    }
    if service.launch == LaunchType::Fargate {
        described["platformVersion"] = "LATEST".into();
        described["platformFamily"] = "Linux".into();
    }
    if let Some(given) = service.as_given.as_object() {
        for (member, value) in given {
            described[member] = value.clone();
        }
    }
    described
}

fn load_balancers(service: &Service) -> Vec<Value> {
    let balancers = service.load_balancers.iter();
    balancers
        .map(|balancer| {
            json!({"targetGroupArn": balancer.target_group, "containerName": balancer.container,
                "containerPort": balancer.port})
        })
        .collect()
}

/// The service's deployments, the PRIMARY first. `wanted` is how many tasks a DAEMON service wants.
fn deployments(service: &Service, wanted: u64, tasks: &[&Task]) -> Vec<Value> {
    let deployments = service.deployments.iter().enumerate();
    deployments
        .map(|(place, deployment)| {
            let desired = match (place, service.daemon) {
                (0, true) => wanted,
                (0, false) => deployment.desired,
                _ => 0,
            };
            let mut described = described_deployment(deployment, place == 0, desired, tasks);
            described["launchType"] = service.launch.name().into();
            described
        })
        .collect()
}

/// What a service that CodeDeploy deploys has instead of deployments. Of a primary task set all
/// tasks are wanted.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html>
fn task_sets(service: &Service, wanted: u64, tasks: &[&Task]) -> Vec<Value> {
    let sets = deployments(service, wanted, tasks).into_iter();
    sets.map(|deployment| {
        let steady = deployment["runningCount"] == deployment["desiredCount"]
            && deployment["pendingCount"] == 0;
        let id = deployment["id"].as_str().unwrap_or_default();
        let arn = service.arn.replacen(":service/", ":task-set/", 1);
        json!({
            "id": id,
            "taskSetArn": format!("{arn}/{id}"),
            "startedBy": "CODE_DEPLOY",
            "status": deployment["status"],
            "taskDefinition": deployment["taskDefinition"],
            "computedDesiredCount": deployment["desiredCount"],
            "pendingCount": deployment["pendingCount"],
            "runningCount": deployment["runningCount"],
            "createdAt": deployment["createdAt"],
            "updatedAt": deployment["updatedAt"],
            "launchType": service.launch.name(),
            "loadBalancers": load_balancers(service),
            "scale": {"value": 100.0, "unit": "PERCENT"},
            "stabilityStatus": if steady { "STEADY_STATE" } else { "STABILIZING" },
        })
    })
    .collect()
}

fn described_deployment(
    deployment: &Deployment,
    primary: bool,
    desired: u64,
    tasks: &[&Task],
) -> Value {
    let own = |test: fn(&Task) -> bool| {
        let of = |task: &&&Task| task.deployment.as_deref() == Some(&deployment.id) && test(task);
        tasks.iter().filter(of).count()
    };
    let (state, reason) = if deployment.completed {
        ("COMPLETED", "completed")
    } else {
        ("IN_PROGRESS", "in progress")
    };
    json!({
        "id": deployment.id,
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.definition.arn,
        "desiredCount": desired,
        "pendingCount": own(Task::pending),
        "runningCount": own(Task::running),
        "failedTasks": deployment.failed_tasks.unwrap_or_default(),
        "createdAt": deployment.created_at.to_string(),
        "updatedAt": deployment.updated_at.to_string(),
        "rolloutState": state,
        "rolloutStateReason": format!("ECS deployment {} {reason}.", deployment.id),
    })
}
