//! Tasks that wait in PROVISIONING until an instance of their capacity provider has room for them.
//!
//! assumption: up to 500 of a cluster do, where the page of 2022 said 300
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html>), and each
//! for as long as it is wanted. The quota, and a task that ECS gives up, prove it wrong.

use super::super::Event;
use super::super::placement::{self, Demand, Rules};
use super::super::task::{self, Task};
use crate::account::Account;
use crate::ecs::ECS;

/// How many tasks of a cluster may wait.
const MOST: usize = 500;

/// What a task that waits asks of its place; a service's task asks what its service does.
#[derive(Debug, Clone)]
pub(in crate::ecs) struct Waiting {
    pub(in crate::ecs) id: String,
    /// Of a standalone task.
    pub(in crate::ecs) rules: Option<Rules>,
}

/// Has those that wait in a cluster looked at soon.
pub(in crate::ecs) fn mark(account: &mut Account, cluster: &str) {
    let known = account[ECS].cluster_mut(cluster);
    if known.waiting.is_empty() || std::mem::replace(&mut known.placing, true) {
        return;
    }
    let (from, to) = account[ECS].timing.scheduler;
    let delay = account.between(from, to);
    let cluster = cluster.to_owned();
    account.after(delay, Event::PlaceWaiting { cluster });
}

/// Gives those that wait a place, the first first.
pub(in crate::ecs) fn place(account: &mut Account, cluster: &str) {
    let known = account[ECS].cluster_mut(cluster);
    known.placing = false;
    let all: Vec<(u64, Waiting)> = known
        .waiting
        .iter()
        .map(|(number, one)| (*number, one.clone()))
        .collect();
    for (number, one) in all {
        let (ecs, random) = account.with_chance(ECS);
        let known = ecs.cluster(cluster);
        let found = known.tasks.get(&one.id).and_then(|task| {
            let rules = one.rules.as_ref().or_else(|| {
                let service = known.services.get(task.service.as_ref()?)?;
                Some(&service.rules)
            })?;
            let of_group = |other: &&Task| other.group == task.group && other.id != task.id;
            let demand = Demand {
                definition: &task.definition,
                rules,
                provider: task.provider.as_deref(),
                peers: known.tasks.values().filter(of_group).collect(),
            };
            placement::find(known, &demand, random).ok()
        });
        if let Some(instance) = found {
            account[ECS].cluster_mut(cluster).waiting.remove(&number);
            task::place(account, cluster, &one.id, &instance);
        }
    }
}

/// A task that was started without an instance waits for one.
pub(in crate::ecs) fn wait(account: &mut Account, cluster: &str, id: &str, rules: Option<Rules>) {
    let number = account[ECS].task_mut(cluster, id).number;
    let one = Waiting {
        id: id.to_owned(),
        rules,
    };
    account[ECS]
        .cluster_mut(cluster)
        .waiting
        .insert(number, one);
}

/// Whether one more may wait.
pub(in crate::ecs) fn has_room(account: &Account, cluster: &str) -> bool {
    account[ECS].cluster(cluster).waiting.len() < MOST
}
