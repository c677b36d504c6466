//! How a task begins: it takes what it needs of its instance.

use std::sync::Arc;

use super::super::cluster::Cluster;
use super::super::definition::{Port, TaskDefinition};
use super::super::instance::ContainerInstance;
use super::super::launch_type::LaunchType;
use super::lifecycle::enter;
use super::{Status, Task};
use crate::account::Account;
use crate::ecs::ECS;

/// What is to be started where.
pub(in crate::ecs) struct Start<'a> {
    pub(in crate::ecs) cluster: &'a str,
    pub(in crate::ecs) launch: LaunchType,
    /// Where; nowhere on Fargate, and nowhere yet while it waits for its capacity provider.
    pub(in crate::ecs) instance: Option<&'a str>,
    pub(in crate::ecs) definition: Arc<TaskDefinition>,
    pub(in crate::ecs) group: String,
    pub(in crate::ecs) service: Option<String>,
    pub(in crate::ecs) deployment: Option<String>,
    pub(in crate::ecs) started_by: Option<String>,
    pub(in crate::ecs) provider: Option<String>,
}

/// Starts a task on an instance that has room for it, or on none yet, and returns its id.
pub(in crate::ecs) fn start(account: &mut Account, start: Start<'_>) -> String {
    let id = account.hex(32);
    let (from, to) = account[ECS].timing.exit;
    let exit = account.between(from, to);
    account[ECS].count += 1;
    let (number, now) = (account[ECS].count, account.now);
    let task = Task {
        id: id.clone(),
        number,
        ports: Vec::new(),
        definition: start.definition,
        group: start.group,
        service: start.service,
        deployment: start.deployment,
        started_by: start.started_by,
        provider: start.provider,
        launch: start.launch,
        instance: String::new(),
        ec2: String::new(),
        zone: String::new(),
        status: Status::Provisioning,
        since: now,
        wanted: true,
        healthy: false,
        protected_until: None,
        version: 0,
        held: false,
        exit,
        exit_code: 0,
        created_at: now,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        execution_stopped_at: None,
        stopped_at: None,
        stop_code: None,
        stopped_reason: String::new(),
    };
    let service = task.service.clone();
    let home = account[ECS].cluster_mut(start.cluster);
    let stands = home.tasks.insert(task);
    if let Some(service) = service.and_then(|name| home.services.get_mut(&name)) {
        service.live.insert(id.clone(), stands);
    }
    if let Some(instance) = start.instance {
        settle(home, &id, instance);
    }
    enter(account, start.cluster, &id, Status::Provisioning, "");
    id
}

/// A task that waited for its capacity provider has found a place.
pub(in crate::ecs) fn place(account: &mut Account, cluster: &str, id: &str, instance: &str) {
    let home = account[ECS].cluster_mut(cluster);
    if settle(home, id, instance) {
        let why = "its capacity provider has room";
        enter(account, cluster, id, Status::Provisioning, why);
    }
}

/// Gives a task its instance, if both are there.
fn settle(home: &mut Cluster, id: &str, instance: &str) -> bool {
    let Some(stands) = home.tasks.place(id) else {
        return false;
    };
    let task = home.tasks.get_mut(id);
    let (Some(task), Some(instance)) = (task, home.instances.get_mut(instance)) else {
        return false;
    };
    task.ports = take(instance, &task.definition);
    task.instance.clone_from(&instance.id);
    task.ec2.clone_from(&instance.ec2);
    task.zone.clone_from(&instance.zone);
    instance.live.insert(task.id.clone(), stands);
    true
}

/// Takes what a task needs of an instance: resources, and host ports, picked where they are free to
/// pick.
fn take(instance: &mut ContainerInstance, definition: &TaskDefinition) -> Vec<Port> {
    instance.used_cpu += definition.cpu;
    instance.used_memory += definition.memory;
    let mut taken = Vec::new();
    for port in definition
        .containers
        .iter()
        .flat_map(|container| &container.ports)
    {
        let mut port = port.clone();
        if port.host == 0 {
            port.host = instance.next_port;
            // Docker's range ends at 60999, and begins anew.
            instance.next_port = match instance.next_port {
                60_999.. => 32_768,
                next => next + 1,
            };
        }
        instance.ports.insert((port.protocol.clone(), port.host));
        taken.push(port);
    }
    taken
}
