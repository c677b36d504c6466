//! When a task counts as healthy.

use std::time::Duration;

use super::super::scheduler;
use super::Task;
use super::lifecycle::current;
use crate::account::Account;
use crate::ecs::ECS;
use crate::trace::TraceEvent;

/// From RUNNING until healthy: what the health checks and the targets take, or a fixed time if
/// there are none.
pub(super) fn healthy_after(account: &Account, cluster: &str, task: &Task) -> Duration {
    let checks = task
        .definition
        .containers
        .iter()
        .filter_map(|container| container.healthy_after);
    let service = task
        .service
        .as_ref()
        .and_then(|name| account[ECS].cluster(cluster).services.get(name));
    let targets = service
        .iter()
        .flat_map(|service| &service.load_balancers)
        .filter_map(|balancer| account[ECS].target_groups.get(&balancer.target_group))
        .map(|group| Duration::from_secs(group.healthy_after_seconds));
    checks
        .chain(targets)
        .max()
        .unwrap_or(account[ECS].timing.healthy_after)
}

/// Notes whether a task is healthy, and counts it in its service.
pub(super) fn set_healthy(account: &mut Account, cluster: &str, id: &str, healthy: bool) {
    let home = account[ECS].cluster_mut(cluster);
    let task = home
        .tasks
        .get_mut(id)
        .expect("the task was there a moment ago");
    if std::mem::replace(&mut task.healthy, healthy) == healthy {
        return;
    }
    if let Some(service) = task
        .service
        .as_ref()
        .and_then(|name| home.services.get_mut(name))
    {
        if healthy {
            service.healthy += 1
        } else {
            service.healthy -= 1
        }
    }
}

/// A task passes its health checks, or has run long enough to count as healthy.
pub(in crate::ecs) fn healthy(account: &mut Account, cluster: &str, id: &str, version: u64) {
    if current(account, cluster, id, version) {
        set_healthy(account, cluster, id, true);
        let group = account[ECS].task_mut(cluster, id).group.clone();
        account.record(TraceEvent::TaskHealthy { group });
        scheduler::task_changed(account, cluster, id);
    }
}
