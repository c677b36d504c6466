//! A task's way from PROVISIONING to RUNNING, and from there to STOPPED: what each state means, and
//! how long it lasts.

use std::time::Duration;

use super::super::{Event, scheduler, targets};
use super::health::healthy_after;
use super::{Status, stop};
use crate::account::Account;
use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault};
use crate::trace::TraceEvent;

/// Puts a task into a status, and plans what comes after it.
pub(super) fn enter(account: &mut Account, cluster: &str, id: &str, status: Status, reason: &str) {
    let now = account.now;
    let task = account[ECS].task_mut(cluster, id);
    task.status = status;
    task.since = now;
    task.version += 1;
    match status {
        Status::Pending => task.pull_started_at = Some(now),
        Status::Activating => task.pull_stopped_at = Some(now),
        Status::Running => task.started_at = Some(now),
        Status::Deprovisioning => task.execution_stopped_at = Some(now),
        Status::Stopped => task.stopped_at = Some(now),
        Status::Provisioning | Status::Deactivating | Status::Stopping => {}
    }
    let fact = TraceEvent::Task {
        task: id.to_owned(),
        group: task.group.clone(),
        instance: task.ec2.clone(),
        last_status: status,
        reason: reason.to_owned(),
    };
    let version = task.version;
    account.record(fact);
    match status {
        Status::Running => runs(account, cluster, id, version),
        Status::Stopped => over(account, cluster, id),
        _ => {
            let delay = time_in(account, cluster, id);
            account.after(
                delay,
                Event::Task {
                    cluster: cluster.to_owned(),
                    id: id.to_owned(),
                    version,
                },
            );
        }
    }
}

/// How long a task stays in the status which it has just entered.
fn time_in(account: &mut Account, cluster: &str, id: &str) -> Duration {
    let dynamics = account[ECS].timing.clone();
    let task = account[ECS]
        .cluster(cluster)
        .tasks
        .get(id)
        .expect("the task was there a moment ago");
    match task.status {
        Status::Provisioning => dynamics.provisioning,
        Status::Pending => {
            let images: Vec<String> = task
                .definition
                .containers
                .iter()
                .map(|container| container.image.clone())
                .collect();
            let instance = task.instance.clone();
            let pulls = match account[ECS]
                .cluster_mut(cluster)
                .instances
                .get_mut(&instance)
            {
                Some(home) => {
                    let new = images
                        .into_iter()
                        .filter(|image| home.images.insert(image.clone()));
                    new.count() > 0
                }
                // Each task of Fargate has a machine of its own, which has no images yet.
                None => true,
            };
            let (from, to) = if pulls {
                dynamics.pending_with_pull
            } else {
                dynamics.pending
            };
            account.between(from, to)
        }
        Status::Activating => dynamics.activating,
        Status::Deactivating => {
            stop::deregistration(account, cluster, task).unwrap_or(dynamics.deactivating)
        }
        Status::Stopping => {
            let heedless = account[FAULTS].active.has(Fault::IgnoresSigterm);
            let (longest, killed) = task.leaving(dynamics.stop_timeout, heedless);
            if killed {
                account[ECS].task_mut(cluster, id).exit_code = 137;
            }
            longest
        }
        Status::Deprovisioning => dynamics.deprovisioning,
        Status::Running | Status::Stopped => Duration::ZERO,
    }
}

/// A task runs: plans when it counts as healthy, and when it ends by itself.
fn runs(account: &mut Account, cluster: &str, id: &str, version: u64) {
    let task = account[ECS]
        .cluster(cluster)
        .tasks
        .get(id)
        .expect("the task was there a moment ago");
    let healthy = healthy_after(account, cluster, task);
    let run = task.definition.run;
    let (cluster, id) = (cluster.to_owned(), id.to_owned());
    account.after(
        healthy,
        Event::Healthy {
            cluster: cluster.clone(),
            id: id.clone(),
            version,
        },
    );
    if let Some(run) = run {
        account.after(
            run,
            Event::Exit {
                cluster: cluster.clone(),
                id: id.clone(),
                version,
            },
        );
    }
    if let Some(deployment) = account[ECS].deployment_of(&cluster, &id) {
        deployment.failed_tasks = None;
    }
    targets::registered(account, &cluster, &id);
    scheduler::task_changed(account, &cluster, &id);
}

/// A task is over: gives back what it held, and plans to forget it.
fn over(account: &mut Account, cluster: &str, id: &str) {
    let remembered = account[ECS].timing.remembered;
    let home = account[ECS].cluster_mut(cluster);
    let task = home
        .tasks
        .get_mut(id)
        .expect("the task was there a moment ago");
    home.waiting.remove(&task.number);
    if let Some(instance) = home.instances.get_mut(&task.instance) {
        instance.used_cpu -= task.definition.cpu;
        instance.used_memory -= task.definition.memory;
        for port in &task.ports {
            instance.ports.remove(&(port.protocol.clone(), port.host));
        }
        instance.live.remove(id);
        instance.gone.insert(id.to_owned());
    }
    if let Some(service) = task
        .service
        .as_ref()
        .and_then(|name| home.services.get_mut(name))
    {
        service.live.remove(id);
        service.gone.insert(id.to_owned());
    }
    account.after(
        remembered,
        Event::ForgetTask {
            cluster: cluster.to_owned(),
            id: id.to_owned(),
        },
    );
    scheduler::task_stopped(account, cluster, id);
}

/// Does a planned step, unless the task has gone another way since, or its agent cannot be reached.
pub(in crate::ecs) fn step(account: &mut Account, cluster: &str, id: &str, version: u64) {
    if !current(account, cluster, id, version) {
        return;
    }
    let task = account[ECS].task_mut(cluster, id);
    let Some(next) = task.status.next() else {
        return;
    };
    let reason = task.stopped_reason.clone();
    if task.waits() && next == Status::Pending {
        return;
    }
    // Finding a place is ECS's own work; all else is done, and reported, by the agent.
    if next != Status::Pending && !agent_connected(account, cluster, id) {
        account[ECS].task_mut(cluster, id).held = true;
        return;
    }
    if next == Status::Running && stop::fails_to_start(account, cluster, id) {
        return stop::fail_to_start(account, cluster, id);
    }
    enter(account, cluster, id, next, &reason);
}

pub(super) fn current(account: &Account, cluster: &str, id: &str, version: u64) -> bool {
    let cluster = account[ECS].clusters.get(cluster);
    cluster
        .and_then(|cluster| cluster.tasks.get(id))
        .is_some_and(|task| task.version == version)
}

pub(super) fn agent_connected(account: &Account, cluster: &str, id: &str) -> bool {
    let cluster = account[ECS].cluster(cluster);
    cluster
        .tasks
        .get(id)
        .is_some_and(|task| match cluster.instances.get(&task.instance) {
            Some(instance) => instance.agent_connected,
            // What never had a place needs no agent to end.
            None => !task.placed(),
        })
}

/// The agent is connected again: what it could not report comes now.
pub(in crate::ecs) fn resume(account: &mut Account, cluster: &str, id: &str) {
    let task = account[ECS].task_mut(cluster, id);
    if !std::mem::take(&mut task.held) {
        return;
    }
    let (version, running) = (task.version, task.status == Status::Running);
    let (cluster, id) = (cluster.to_owned(), id.to_owned());
    let event = if running {
        Event::Exit {
            cluster,
            id,
            version,
        }
    } else {
        Event::Task {
            cluster,
            id,
            version,
        }
    };
    account.after(Duration::from_secs(1), event);
}
