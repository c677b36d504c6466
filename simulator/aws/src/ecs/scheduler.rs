//! The service scheduler: when it looks at a service, and what it does there. What is to be done is
//! decided in [`decide`], from a picture of the service's tasks alone.

mod act;
mod decide;

use std::collections::{BTreeMap, BTreeSet};

use super::Event;
use super::cluster::Cluster;
use super::filter::Expression;
use super::instance::Status as InstanceStatus;
use super::provider;
use super::service::Service;
use super::task::Status as TaskStatus;
use crate::account::Account;
use crate::ecs::ECS;
use act::{conclude, start_all, stop_all};
use decide::{Picture, Replica};

/// Has the scheduler look at a service soon.
pub(super) fn mark(account: &mut Account, cluster: &str, service: &str) {
    let known = account[ECS].service_mut(cluster, service);
    if known.planned || known.inactive() {
        return;
    }
    known.planned = true;
    let (from, to) = account[ECS].timing.scheduler;
    let delay = account.between(from, to);
    account.after(
        delay,
        Event::Schedule {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        },
    );
}

fn mark_all(account: &mut Account, cluster: &str, services: BTreeSet<String>) {
    for service in services {
        mark(account, cluster, &service);
    }
}

/// The services of the tasks that are not STOPPED on an instance.
fn services_on(cluster: &Cluster, instance: &str) -> BTreeSet<String> {
    let live = cluster
        .instances
        .get(instance)
        .map(|instance| &instance.live);
    live.into_iter()
        .flat_map(|live| cluster.tasks_of(live))
        .filter_map(|task| task.service.clone())
        .collect()
}

/// An instance has joined: each daemon gets its task there at once, before anything else takes the
/// room; and then those look again that found no place.
pub(super) fn instance_joined(account: &mut Account, cluster: &str) {
    let known = account[ECS].cluster(cluster);
    let hungry = known.hungry.clone();
    let daemons: Vec<String> = known
        .services
        .values()
        .filter(|service| service.daemon && service.active())
        .map(|s| s.name.clone())
        .collect();
    for daemon in daemons {
        look(account, cluster, &daemon);
    }
    mark_all(account, cluster, hungry);
    provider::place_waiting_soon(account, cluster);
}

/// An instance is DRAINING, ACTIVE again, gone, or its agent is connected or not.
pub(super) fn instance_changed(account: &mut Account, cluster: &str, instance: &str) {
    let known = account[ECS].cluster(cluster);
    let mut services = services_on(known, instance);
    services.extend(known.hungry.iter().cloned());
    services.extend(
        known
            .services
            .values()
            .filter(|service| service.daemon)
            .map(|service| service.name.clone()),
    );
    mark_all(account, cluster, services);
    provider::place_waiting_soon(account, cluster);
}

/// A task runs, is healthy, or is to stop: its service looks again, and those that wait for a place
/// which other tasks make good or bad.
pub(super) fn task_changed(account: &mut Account, cluster: &str, task: &str) {
    let known = account[ECS].cluster(cluster);
    let own = known.tasks.get(task).and_then(|task| task.service.clone());
    let asking = |name: &&String| {
        let service = known.services.get(*name);
        service.is_some_and(|service| {
            service
                .rules
                .member_of
                .iter()
                .any(Expression::asks_of_tasks)
        })
    };
    let mut services: BTreeSet<String> = known.hungry.iter().filter(asking).cloned().collect();
    services.extend(own);
    mark_all(account, cluster, services);
    provider::place_waiting_soon(account, cluster);
}

/// A task is over: there is room for those that found none, and, on a draining instance, perhaps an
/// end for daemons.
pub(super) fn task_stopped(account: &mut Account, cluster: &str, task: &str) {
    let known = account[ECS].cluster(cluster);
    let Some(task) = known.tasks.get(task) else {
        return;
    };
    let mut services = known.hungry.clone();
    services.extend(task.service.iter().cloned());
    if known
        .instances
        .get(&task.instance)
        .is_some_and(|instance| instance.status == InstanceStatus::Draining)
    {
        services.extend(services_on(known, &task.instance));
    }
    mark_all(account, cluster, services);
    provider::place_waiting_soon(account, cluster);
}

/// Looks at a service as planned.
pub(super) fn run(account: &mut Account, cluster: &str, service: &str) {
    // A cluster that was deleted and made again has other services than those that were planned
    // for.
    let known = account[ECS].cluster_mut(cluster).services.get_mut(service);
    let Some(known) = known.filter(|known| known.planned) else {
        return;
    };
    known.planned = false;
    look(account, cluster, service);
}

fn look(account: &mut Account, cluster: &str, name: &str) {
    let known = account[ECS].cluster(cluster);
    let service = known
        .services
        .get(name)
        .expect("a service is never removed");
    let picture = picture(account, known, service);
    let plan = if service.daemon {
        decide::daemon(&picture)
    } else {
        decide::replica(&picture)
    };
    let desired = picture.desired;
    let starts = !plan.start.is_empty();
    let steady = picture.steady();
    account[ECS]
        .service_mut(cluster, name)
        .primary_mut()
        .desired = desired;
    stop_all(account, cluster, name, &plan);
    account[ECS].cluster_mut(cluster).hungry.remove(name);
    if starts {
        start_all(account, cluster, name, &plan.start);
    }
    conclude(account, cluster, name, steady);
}

/// What the decision looks at.
fn picture<'a>(account: &Account, cluster: &'a Cluster, service: &'a Service) -> Picture<'a> {
    let desired = service.desired_in(cluster);
    let primary = service.primary().id.as_str();
    let protects = account[ECS].timing.protection_blocks_drain;
    // Few drain: they are looked up once, and not each task's instance among all.
    let drains = cluster.instances.values();
    let drains = drains.filter(|instance| instance.status == InstanceStatus::Draining);
    let drains: BTreeSet<&str> = drains.map(|instance| instance.id.as_str()).collect();
    let tasks = service.tasks(cluster).map(|task| {
        let draining = drains.contains(task.instance.as_str());
        Replica {
            id: &task.id,
            number: task.number,
            instance: &task.instance,
            zone: &task.zone,
            primary: task.deployment.as_deref() == Some(primary),
            draining,
            alone: draining && alone(account, cluster, &task.instance),
            started: task.status >= TaskStatus::Running,
            healthy: task.healthy,
            wanted: task.wanted,
            protected: task.protected(account.now) && (protects || !draining),
        }
    });
    let homes = if service.daemon && service.active() {
        service
            .eligible(cluster)
            .map(|instance| (instance.id.as_str(), instance.agent_connected))
            .collect()
    } else {
        BTreeMap::new()
    };
    Picture {
        desired,
        minimum: service.minimum(desired),
        maximum: service.maximum(desired),
        stopping_counts: account[ECS].timing.stopping_counts_toward_maximum,
        tasks: tasks.collect(),
        homes,
    }
}

/// Whether daemons are all that is left on an instance.
fn alone(account: &Account, cluster: &Cluster, instance: &str) -> bool {
    let Some(instance) = cluster.instances.get(instance) else {
        return true;
    };
    cluster
        .tasks_of(&instance.live)
        .all(|task| match &task.service {
            Some(service) => cluster
                .services
                .get(service)
                .is_some_and(|service| service.daemon),
            None => !account[ECS].timing.daemon_outlives_standalone,
        })
}
