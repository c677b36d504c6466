//! A task as it is described.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::cluster::Cluster;
use super::super::definition::Container;
use super::super::launch_type::LaunchType;
use super::{Status, StopCode, Task};
use crate::account::arn;

impl StopCode {
    fn name(self) -> &'static str {
        match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            Self::TerminationNotice => "TerminationNotice",
        }
    }
}

/// The members that real answers carry.
///
/// assumption: those that do not hold yet, such as `startedAt`, are left out. A null in an answer
/// proves it wrong.
pub(super) fn described(cluster: &Cluster, task: &Task) -> Value {
    let name = &cluster.name;
    let names: Vec<Value> = task
        .definition
        .containers
        .iter()
        .map(|container| json!({"name": container.name}))
        .collect();
    let connected = match cluster.instances.get(&task.instance) {
        Some(instance) => instance.agent_connected,
        None => task.launch == LaunchType::Fargate,
    };
    let mut described = json!({
        "taskArn": cluster.arn_of("task", &task.id),
        "clusterArn": arn("ecs", &format!("cluster/{name}")),
        "taskDefinitionArn": task.definition.arn,
        "overrides": {"containerOverrides": names, "inferenceAcceleratorOverrides": []},
        "lastStatus": task.status.name(),
        "desiredStatus": if task.wanted { "RUNNING" } else { "STOPPED" },
        "cpu": task.definition.cpu.to_string(),
        "memory": task.definition.memory.to_string(),
        "containers": containers(cluster, task),
        "version": task.version,
        "connectivity": if connected { "CONNECTED" } else { "DISCONNECTED" },
        "connectivityAt": task.created_at.to_string(),
        "createdAt": task.created_at.to_string(),
        "group": task.group,
        "launchType": task.launch.name(),
        "attachments": [],
        "attributes": [],
        "enableExecuteCommand": false,
        "healthStatus": health(task),
        "tags": [],
    });
    let times: [(&str, Option<Timestamp>); 6] = [
        ("pullStartedAt", task.pull_started_at),
        ("pullStoppedAt", task.pull_stopped_at),
        ("startedAt", task.started_at),
        ("stoppingAt", task.stopping_at),
        ("executionStoppedAt", task.execution_stopped_at),
        ("stoppedAt", task.stopped_at),
    ];
    for (member, time) in times {
        if let Some(time) = time {
            described[member] = time.to_string().into();
        }
    }
    add_place(&mut described, cluster, task);
    if let Some(started_by) = task.started_by() {
        described["startedBy"] = started_by.into();
    }
    if let Some(code) = task.stop_code {
        described["stopCode"] = code.name().into();
        described["stoppedReason"] = task.stopped_reason.as_str().into();
    }
    described
}

/// Where it is, if it has a place, and from which capacity provider.
fn add_place(described: &mut Value, cluster: &Cluster, task: &Task) {
    if task.placed() {
        let arn = cluster.arn_of("container-instance", &task.instance);
        described["containerInstanceArn"] = arn.into();
        described["availabilityZone"] = task.zone.as_str().into();
    }
    if task.launch == LaunchType::Fargate {
        described["platformVersion"] = PLATFORM_VERSION.into();
        described["platformFamily"] = "Linux".into();
    }
    if let Some(provider) = &task.provider {
        described["capacityProviderName"] = provider.as_str().into();
    }
}

/// What LATEST stands for:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html>.
const PLATFORM_VERSION: &str = "1.4.0";

/// The health of a task without health checks is UNKNOWN, whatever its targets say.
fn health(task: &Task) -> &'static str {
    let checked = task
        .definition
        .containers
        .iter()
        .any(|container| container.healthy_after.is_some());
    match (checked, task.healthy) {
        (false, _) => "UNKNOWN",
        (true, true) => "HEALTHY",
        (true, false) => "UNKNOWN",
    }
}

fn containers(cluster: &Cluster, task: &Task) -> Vec<Value> {
    task.definition
        .containers
        .iter()
        .map(|container| described_container(cluster, task, container))
        .collect()
}

fn described_container(cluster: &Cluster, task: &Task, container: &Container) -> Value {
    // A container knows no preparations: it is PENDING until it runs, and STOPPED once it has
    // exited.
    let status = match task.status {
        Status::Provisioning | Status::Pending | Status::Activating => "PENDING",
        Status::Running | Status::Deactivating | Status::Stopping => "RUNNING",
        Status::Deprovisioning | Status::Stopped => "STOPPED",
    };
    let bindings: Vec<Value> = match status {
        "PENDING" => Vec::new(),
        _ => task
            .ports
            .iter()
            .filter(|port| {
                container
                    .ports
                    .iter()
                    .any(|own| own.container == port.container)
            })
            .map(|port| {
                json!({"bindIP": "0.0.0.0", "containerPort": port.container, "hostPort": port.host,
                    "protocol": port.protocol})
            })
            .collect(),
    };
    let mut described = json!({
        "containerArn": cluster.arn_of("container", &format!("{}/{}", task.id, container.name)),
        "taskArn": cluster.arn_of("task", &task.id),
        "name": container.name,
        "image": container.image,
        "lastStatus": status,
        "networkBindings": bindings,
        "networkInterfaces": [],
        "healthStatus": health(task),
        "cpu": container.cpu.to_string(),
    });
    if let Some(memory) = container.memory {
        described["memory"] = memory.to_string().into();
    }
    if let Some(reservation) = container.memory_reservation {
        described["memoryReservation"] = reservation.to_string().into();
    }
    if task.started_at.is_some() && status == "STOPPED" {
        described["exitCode"] = task.exit_code.into();
    }
    described
}
