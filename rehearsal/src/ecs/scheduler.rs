//! The service scheduler: when it looks at a service, and what it does there. What is to be done is decided in
//! [`decide`], from a picture of the service's tasks alone.

mod decide;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Event;
use super::cluster::Cluster;
use super::definition::TaskDefinition;
use super::instance::Status as InstanceStatus;
use super::placement::{self, Demand, Unplaced};
use super::service::{STEADY, Service, Status, say};
use super::task::{self, Start, Status as TaskStatus, StopCode};
use crate::account::Account;
use decide::{Picture, Plan, Replica, Why};

/// Has the scheduler look at a service soon.
pub(super) fn mark(account: &mut Account, cluster: &str, service: &str) {
    let known = account.ecs.service_mut(cluster, service);
    if known.planned || known.inactive() {
        return;
    }
    known.planned = true;
    let (from, to) = account.ecs.dynamics.scheduler;
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

/// An instance has joined: each daemon gets its task there at once, before anything else takes the room; and then
/// those look again that found no place.
pub(super) fn instance_joined(account: &mut Account, cluster: &str) {
    let known = account.ecs.cluster(cluster);
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
}

/// An instance is DRAINING, ACTIVE again, gone, or its agent is connected or not.
pub(super) fn instance_changed(account: &mut Account, cluster: &str, instance: &str) {
    let known = account.ecs.cluster(cluster);
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
}

/// A task runs, is healthy, or is to stop.
pub(super) fn task_changed(account: &mut Account, cluster: &str, task: &str) {
    let service = account
        .ecs
        .cluster(cluster)
        .tasks
        .get(task)
        .and_then(|task| task.service.clone());
    if let Some(service) = service {
        mark(account, cluster, &service);
    }
}

/// A task is over: there is room for those that found none, and, on a draining instance, perhaps an end for daemons.
pub(super) fn task_stopped(account: &mut Account, cluster: &str, task: &str) {
    let known = account.ecs.cluster(cluster);
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
}

/// Looks at a service as planned.
pub(super) fn run(account: &mut Account, cluster: &str, service: &str) {
    account.ecs.service_mut(cluster, service).planned = false;
    look(account, cluster, service);
}

fn look(account: &mut Account, cluster: &str, name: &str) {
    let known = account.ecs.cluster(cluster);
    let service = known
        .services
        .get(name)
        .expect("a service is never removed");
    let picture = picture(account, known, service);
    let plan = match service.daemon {
        true => decide::daemon(&picture),
        false => decide::replica(&picture),
    };
    let starts = !plan.start.is_empty();
    stop_all(account, cluster, name, &plan);
    account.ecs.cluster_mut(cluster).hungry.remove(name);
    if starts {
        start_all(account, cluster, name, &plan.start);
    }
    conclude(account, cluster, name, &picture);
}

/// What the decision looks at.
fn picture(account: &Account, cluster: &Cluster, service: &Service) -> Picture {
    let desired = service.desired_in(cluster);
    let primary = service.primary().id.as_str();
    let protects = account.ecs.dynamics.protection_blocks_drain;
    let tasks = service.tasks(cluster).map(|task| {
        let instance = cluster.instances.get(&task.instance);
        let draining = instance.is_some_and(|instance| instance.status == InstanceStatus::Draining);
        Replica {
            id: task.id.clone(),
            number: task.number,
            instance: task.instance.clone(),
            zone: task.zone.clone(),
            primary: task.deployment.as_deref() == Some(primary),
            draining,
            alone: draining && alone(account, cluster, &task.instance),
            started: task.status >= TaskStatus::Running,
            healthy: task.healthy,
            wanted: task.wanted,
            protected: task.protected(account.now) && (protects || !draining),
        }
    });
    let homes = match service.daemon {
        true => service
            .eligible(cluster)
            .filter(|id| {
                cluster
                    .instances
                    .get(*id)
                    .is_some_and(|instance| instance.agent_connected)
            })
            .map(str::to_owned)
            .collect(),
        false => Vec::new(),
    };
    Picture {
        desired,
        minimum: service.minimum(desired),
        maximum: service.maximum(desired),
        stopping_counts: account.ecs.dynamics.stopping_counts_toward_maximum,
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
            None => !account.ecs.dynamics.daemon_outlives_standalone,
        })
}

fn stop_all(account: &mut Account, cluster: &str, name: &str, plan: &Plan) {
    if plan.stop.is_empty() {
        return;
    }
    let service = account.ecs.service_mut(cluster, name);
    service.steady = None;
    let reason = format!(
        "Scaling activity initiated by (deployment {})",
        service.primary().id
    );
    let groups: Vec<String> = service
        .load_balancers
        .iter()
        .map(|balancer| balancer.target_group.clone())
        .collect();
    for (id, why) in &plan.stop {
        let why = match why {
            Why::Draining => "its instance is draining",
            Why::Replaced => "a new deployment replaces it",
            Why::Surplus => "the service has more than it wants",
        };
        task::stop(
            account,
            cluster,
            id,
            StopCode::ServiceSchedulerInitiated,
            &reason,
            why,
        );
    }
    let (count, ids) = (plan.stop.len(), listed(plan.stop.iter().map(|(id, _)| id)));
    for group in &groups {
        say(
            account,
            cluster,
            name,
            &format!("deregistered {count} targets in (target-group {group})"),
        );
    }
    if !groups.is_empty() {
        say(
            account,
            cluster,
            name,
            &format!("has begun draining connections on {count} tasks."),
        );
    }
    say(
        account,
        cluster,
        name,
        &format!("has stopped {count} running tasks: {ids}."),
    );
}

fn listed<'a>(ids: impl Iterator<Item = &'a String>) -> String {
    ids.map(|id| format!("(task {id})"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Starts one task for each entry: on the instance named, or wherever there is room.
fn start_all(account: &mut Account, cluster: &str, name: &str, starts: &[Option<String>]) {
    let service = account.ecs.service_mut(cluster, name);
    service.steady = None;
    let primary = service.primary();
    let (deployment, definition) = (primary.id.clone(), primary.definition.clone());
    let (mut started, mut hungry) = (Vec::new(), Vec::new());
    for home in starts {
        match find(account, cluster, name, &definition, home.as_deref()) {
            Ok(instance) => {
                let start = Start {
                    cluster,
                    instance: &instance,
                    definition: definition.clone(),
                    group: format!("service:{name}"),
                    service: Some(name.to_owned()),
                    deployment: Some(deployment.clone()),
                    started_by: None,
                };
                started.push(task::start(account, start));
            }
            Err(unplaced) => {
                hungry.push(unplaced);
                // The next one of a REPLICA service would find no place either.
                if home.is_none() {
                    break;
                }
            }
        }
    }
    if !started.is_empty() {
        let (count, ids) = (started.len(), listed(started.iter()));
        let message = format!("has started {count} tasks: {ids}.");
        say(account, cluster, name, &message);
    }
    for unplaced in &hungry {
        hunger(account, cluster, name, unplaced);
    }
}

fn find(
    account: &mut Account,
    cluster: &str,
    service: &str,
    definition: &Arc<TaskDefinition>,
    home: Option<&str>,
) -> Result<String, Unplaced> {
    let Account { ecs, random, .. } = account;
    let cluster = ecs.cluster(cluster);
    let service = cluster
        .services
        .get(service)
        .expect("a service is never removed");
    let demand = Demand {
        definition,
        rules: &service.rules,
        peers: service.tasks(cluster).collect(),
    };
    match home.and_then(|id| cluster.instances.get(id)) {
        Some(instance) => placement::fits(cluster, &demand, instance).map(|()| instance.id.clone()),
        None => placement::find(cluster, &demand, random),
    }
}

/// A task found no place: says so, unless the same was said in the last six hours, and waits for a change.
fn hunger(account: &mut Account, cluster: &str, name: &str, unplaced: &Unplaced) {
    account
        .ecs
        .cluster_mut(cluster)
        .hungry
        .insert(name.to_owned());
    let message = unplaced.message();
    let (again, now) = (account.ecs.dynamics.steady_state_again, account.now);
    let service = account.ecs.service_mut(cluster, name);
    let said = service
        .unplaced
        .as_ref()
        .is_some_and(|(at, said)| *said == message && *at + again > now);
    if !said {
        service.unplaced = Some((now, message.clone()));
        say(account, cluster, name, &message);
    }
}

/// Ends deployments that are through, says that the service is steady, or lets a deleted one go.
fn conclude(account: &mut Account, cluster: &str, name: &str, picture: &Picture) {
    let known = account.ecs.cluster(cluster);
    let service = known
        .services
        .get(name)
        .expect("a service is never removed");
    if service.draining() && service.live.is_empty() {
        account.ecs.service_mut(cluster, name).status = Status::Inactive;
        return;
    }
    let deployments: BTreeSet<&str> = service
        .tasks(known)
        .filter_map(|task| task.deployment.as_deref())
        .collect();
    let left: Vec<bool> = service
        .deployments
        .iter()
        .enumerate()
        .map(|(place, deployment)| place == 0 || deployments.contains(deployment.id.as_str()))
        .collect();
    let steady =
        picture.steady() && left.iter().filter(|left| **left).count() == 1 && service.active();
    let now = account.now;
    let service = account.ecs.service_mut(cluster, name);
    let mut left = left.into_iter();
    service.deployments.retain(|_| left.next().unwrap_or(true));
    if !steady {
        service.steady = None;
        return;
    }
    service.unplaced = None;
    let primary = service
        .deployments
        .first_mut()
        .expect("a service always has a PRIMARY deployment");
    let completed = !std::mem::replace(&mut primary.completed, true);
    if completed {
        primary.updated_at = now;
        let message = format!("(deployment {}) deployment completed.", primary.id);
        say(account, cluster, name, &message);
    }
    if account.ecs.service_mut(cluster, name).steady.is_none() {
        say(account, cluster, name, STEADY);
        account.ecs.service_mut(cluster, name).steady = Some(now);
    }
}
