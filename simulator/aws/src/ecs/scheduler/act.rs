//! Doing what was decided, and saying so in the service's events.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::definition::TaskDefinition;
use super::super::launch_type::LaunchType;
use super::super::placement::{self, Demand, Unplaced};
use super::super::provider;
use super::super::service::{STEADY, Status, add_event};
use super::super::task::{self, Start, StopCode, Task};
use super::decide::{Plan, Why};
use crate::account::Account;
use crate::ecs::ECS;

/// Stops the tasks of a plan.
pub(super) fn stop_all(account: &mut Account, cluster: &str, name: &str, plan: &Plan) {
    if plan.stop.is_empty() {
        return;
    }
    let service = account[ECS].service_mut(cluster, name);
    service.steady = None;
    let reason = format!(
        "Scaling activity initiated by (deployment {})",
        service.primary().id
    );
    let known = account[ECS].cluster(cluster);
    let (pending, running): (Vec<&String>, Vec<&String>) = plan
        .stop
        .iter()
        .map(|(id, _)| id)
        .partition(|id| known.tasks.get(id).is_some_and(Task::pending));
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
    if !pending.is_empty() {
        // Recorded: radkawar/stackd testdata/aws/ecs/services.json, 2026-09.
        let message = format!("stopped {} pending tasks.", pending.len());
        add_event(account, cluster, name, &message);
    }
    if !running.is_empty() {
        add_stopped_events(account, cluster, name, &running);
    }
}

/// Adds the events that running tasks were stopped, the load balancers before the tasks.
fn add_stopped_events(account: &mut Account, cluster: &str, name: &str, running: &[&String]) {
    let count = running.len();
    let service = account[ECS].service_mut(cluster, name);
    let balancers = service.load_balancers.iter();
    let mut messages: Vec<String> = balancers
        .map(|one| {
            let group = &one.target_group;
            format!("deregistered {count} targets in (target-group {group})")
        })
        .collect();
    if !messages.is_empty() {
        messages.push(format!("has begun draining connections on {count} tasks."));
    }
    let ids = listed(running.iter().copied());
    messages.push(format!("has stopped {count} running tasks: {ids}."));
    for message in &messages {
        add_event(account, cluster, name, message);
    }
}

fn listed<'a>(ids: impl Iterator<Item = &'a String>) -> String {
    ids.map(|id| format!("(task {id})"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Starts one task for each entry: on the instance named, or wherever there is room.
pub(super) fn start_all(
    account: &mut Account,
    cluster: &str,
    name: &str,
    starts: &[Option<String>],
) {
    let service = account[ECS].service_mut(cluster, name);
    service.steady = None;
    let primary = service.primary();
    let (deployment, definition) = (primary.id.clone(), primary.definition.clone());
    let from = service.provider.clone();
    let launch = service.launch;
    let (mut started, mut hungry) = (Vec::new(), Vec::new());
    for home in starts {
        let start = |instance| Start {
            cluster,
            launch,
            instance,
            definition: definition.clone(),
            group: format!("service:{name}"),
            service: Some(name.to_owned()),
            deployment: Some(deployment.clone()),
            started_by: None,
            provider: from.clone(),
        };
        if launch == LaunchType::Fargate {
            started.push(task::start(account, start(None)));
            continue;
        }
        match find(account, cluster, name, &definition, home.as_deref()) {
            Ok(instance) => started.push(task::start(account, start(Some(&instance)))),
            Err(_) if from.is_some() && provider::has_room(account, cluster) => {
                let id = task::start(account, start(None));
                provider::wait(account, cluster, &id, None);
                started.push(id);
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
        add_event(account, cluster, name, &message);
    }
    for unplaced in &hungry {
        report_unplaced(account, cluster, name, unplaced);
    }
}

fn find(
    account: &mut Account,
    cluster: &str,
    service: &str,
    definition: &Arc<TaskDefinition>,
    home: Option<&str>,
) -> Result<String, Unplaced> {
    let (ecs, random) = account.with_chance(ECS);
    let cluster = ecs.cluster(cluster);
    let service = cluster
        .services
        .get(service)
        .expect("a service is never removed");
    let mut demand = Demand {
        definition,
        rules: &service.rules,
        provider: service.provider.as_deref(),
        peers: Vec::new(),
    };
    match home.and_then(|id| cluster.instances.get(id)) {
        Some(instance) => placement::fits(cluster, &demand, instance).map(|()| instance.id.clone()),
        None => {
            demand.peers = service.tasks(cluster).collect();
            placement::find(cluster, &demand, random)
        }
    }
}

/// A task found no place: says so, unless the same was said in the last six hours, and waits for a
/// change.
fn report_unplaced(account: &mut Account, cluster: &str, name: &str, unplaced: &Unplaced) {
    account[ECS]
        .cluster_mut(cluster)
        .hungry
        .insert(name.to_owned());
    let message = unplaced.message();
    let (again, now) = (account[ECS].timing.steady_state_again, account.now);
    let service = account[ECS].service_mut(cluster, name);
    let said = service
        .unplaced
        .as_ref()
        .is_some_and(|(at, said)| *said == message && *at + again > now);
    if !said {
        service.unplaced = Some((now, message.clone()));
        add_event(account, cluster, name, &message);
    }
}

/// Ends deployments that are through, says that the service is steady if its tasks are `settled`,
/// or lets a deleted one go.
pub(super) fn conclude(account: &mut Account, cluster: &str, name: &str, settled: bool) {
    let known = account[ECS].cluster(cluster);
    let service = known
        .services
        .get(name)
        .expect("a service is never removed");
    if service.draining() && service.live.is_empty() {
        account[ECS].service_mut(cluster, name).status = Status::Inactive;
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
    let steady = settled && left.iter().filter(|left| **left).count() == 1 && service.active();
    let now = account.now;
    let service = account[ECS].service_mut(cluster, name);
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
        add_event(account, cluster, name, &message);
    }
    if account[ECS].service_mut(cluster, name).steady.is_none() {
        add_event(account, cluster, name, STEADY);
        account[ECS].service_mut(cluster, name).steady = Some(now);
    }
}
