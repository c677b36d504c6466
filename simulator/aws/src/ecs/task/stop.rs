//! How a task ends: by itself, in good order, or at once.

use std::time::Duration;

use super::super::scheduler;
use super::health::set_healthy;
use super::lifecycle::{agent_connected, current, enter};
use super::{Status, StopCode, Task};
use crate::account::Account;
use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault};

/// The stoppedReason of a task whose container ended by itself.
pub const OWN_EXIT: &str = "Essential container in task exited";

/// A task's container ends by itself.
pub(in crate::ecs) fn exit(account: &mut Account, cluster: &str, id: &str, version: u64) {
    if !current(account, cluster, id, version) {
        return;
    }
    if !agent_connected(account, cluster, id) {
        account[ECS].task_mut(cluster, id).held = true;
        return;
    }
    let reason = OWN_EXIT;
    unwanted(
        account,
        cluster,
        id,
        StopCode::EssentialContainerExited,
        reason,
    );
    enter(account, cluster, id, Status::Deprovisioning, reason);
}

/// What keeps a task from running under the fault `tasks-fail`, in the words of a pull that failed.
const NOT_PULLED: &str = "CannotPullContainerError: pull access denied for this image";

/// Whether a fault keeps this task of a service from running.
pub(super) fn fails_to_start(account: &mut Account, cluster: &str, id: &str) -> bool {
    let is_of_service = account[ECS].task_mut(cluster, id).service.is_some();
    is_of_service
        && account[FAULTS].active.has(Fault::TasksFail)
        && account[FAULTS].random.u8(0..4) == 0
}

/// A task does not come to RUNNING.
pub(super) fn fail_to_start(account: &mut Account, cluster: &str, id: &str) {
    if let Some(deployment) = account[ECS].deployment_of(cluster, id) {
        deployment.failed_tasks = deployment.failed_tasks.map(|failed| failed + 1);
    }
    unwanted(
        account,
        cluster,
        id,
        StopCode::TaskFailedToStart,
        NOT_PULLED,
    );
    enter(account, cluster, id, Status::Deprovisioning, NOT_PULLED);
}

/// A task's container ends by itself at this moment, whatever was planned.
pub(in crate::ecs) fn exit_now(account: &mut Account, cluster: &str, id: &str) {
    let known = account[ECS].clusters.get(cluster);
    let version = known
        .and_then(|known| known.tasks.get(id))
        .map(|task| task.version);
    if let Some(version) = version {
        exit(account, cluster, id, version);
    }
}

fn unwanted(account: &mut Account, cluster: &str, id: &str, code: StopCode, reason: &str) {
    let now = account.now;
    set_healthy(account, cluster, id, false);
    let task = account[ECS].task_mut(cluster, id);
    task.wanted = false;
    task.protected_until = None;
    task.stopping_at = Some(now);
    task.stop_code = Some(code);
    task.stopped_reason = reason.to_owned();
}

/// Stops a task in good order. To be stopped already is no change. `why` is told, `reason` is what
/// AWS says.
pub(in crate::ecs) fn stop(
    account: &mut Account,
    cluster: &str,
    id: &str,
    code: StopCode,
    reason: &str,
    why: &str,
) {
    let task = account[ECS].task_mut(cluster, id);
    if !task.wanted {
        return;
    }
    let next = match task.status {
        Status::Activating | Status::Running => Status::Deactivating,
        _ => Status::Deprovisioning,
    };
    unwanted(account, cluster, id, code, reason);
    enter(account, cluster, id, next, why);
    scheduler::task_changed(account, cluster, id);
}

/// The longest deregistration delay of the target groups of the task's service, if it has any.
pub(super) fn deregistration(account: &Account, cluster: &str, task: &Task) -> Option<Duration> {
    let service = account[ECS]
        .cluster(cluster)
        .services
        .get(task.service.as_ref()?)?;
    let groups = service.load_balancers.iter();
    groups
        .filter_map(|balancer| account[ECS].target_groups.get(&balancer.target_group))
        .map(|group| Duration::from_secs(group.deregistration_delay_seconds))
        .max()
}

/// Ends a task at once: its machine is gone, or ECS no longer knows it.
pub(in crate::ecs) fn cut_off(
    account: &mut Account,
    cluster: &str,
    id: &str,
    code: StopCode,
    reason: &str,
) {
    unwanted(account, cluster, id, code, reason);
    account[ECS].task_mut(cluster, id).exit_code = 137;
    enter(account, cluster, id, Status::Stopped, reason);
}

/// Forgets a task that is STOPPED.
pub(in crate::ecs) fn forget(account: &mut Account, cluster: &str, id: &str) {
    let cluster = account[ECS].cluster_mut(cluster);
    let Some(task) = cluster.tasks.remove(id) else {
        return;
    };
    if let Some(instance) = cluster.instances.get_mut(&task.instance) {
        instance.gone.remove(id);
    }
    if let Some(service) = task
        .service
        .and_then(|name| cluster.services.get_mut(&name))
    {
        service.gone.remove(id);
    }
}
