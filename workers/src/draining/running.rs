//! The tasks of a leaving instance before its drain, and their services.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::Clients;
use crate::error::Error;
use crate::model::{ClusterName, ContainerInstanceArn, ServiceName, TasksLeft};

/// What runs on the registrations of an instance.
pub(super) struct Running {
    /// The services that have tasks there.
    pub services: BTreeSet<ServiceName>,
    /// Those of them whose tasks a drain that began before may have stopped.
    pub suspects: BTreeSet<String>,
    /// The tasks that have not stopped.
    pub left: TasksLeft,
}

/// Looks at the registrations that are to be set DRAINING, and at those that are so already.
///
/// # Errors
/// What ECS meets.
pub(super) async fn what_runs(
    clients: &Clients,
    cluster: &ClusterName,
    active: &[ContainerInstanceArn],
    draining: &[ContainerInstanceArn],
    now: Timestamp,
) -> Result<Running, Error> {
    let ecs = &clients.ecs;
    let mut running = Running {
        services: BTreeSet::new(),
        suspects: BTreeSet::new(),
        left: TasksLeft {
            arns: Vec::new(),
            listed_at: now,
            named: Vec::new(),
        },
    };
    for arn in active.iter().chain(draining) {
        // Tasks that ECS stops already are not this drain's, unless it began before.
        let is_draining = draining.contains(arn);
        let tasks = if is_draining {
            ecs.tasks_on(cluster, arn, &[]).await?
        } else {
            ecs.tasks_wanted_on(cluster, arn).await?
        };
        let services = tasks.iter().filter_map(|task| task.service());
        let services: BTreeSet<ServiceName> = services.map(ServiceName::new).collect();
        if is_draining {
            let names = services.iter().map(ServiceName::to_string);
            running.suspects.extend(names);
        }
        running.services.extend(services);
        let not_stopped = tasks.into_iter().filter(|task| !task.is_stopped());
        running.left.arns.extend(not_stopped.map(|task| task.arn));
    }
    Ok(running)
}
