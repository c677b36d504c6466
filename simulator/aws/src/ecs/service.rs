//! Services: what one promises, its deployments, and what it says of itself.

mod calls;
mod create;
mod describe;
mod request;
mod settings;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::cluster::Cluster;
use super::definition::TaskDefinition;
use super::instance::{ContainerInstance, Status as InstanceStatus};
use super::launch_type::LaunchType;
use super::placement::{self, Demand, Rules};
use super::task::{Ids, Task};
use crate::account::Account;
use crate::ecs::ECS;

pub(super) use calls::{delete, describe, list, update};
pub(super) use create::create;
pub(super) use settings::share;

/// Where a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It keeps its tasks running.
    Active,
    /// It was deleted, and its tasks stop.
    Draining,
    /// It was deleted, and has no tasks.
    Inactive,
}

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) status: Status,
    pub(super) daemon: bool,
    /// desiredCount of a REPLICA service.
    pub(super) desired: u64,
    pub(super) minimum_percent: u64,
    pub(super) maximum_percent: u64,
    pub(super) load_balancers: Vec<LoadBalancer>,
    pub(super) rules: Rules,
    pub(super) launch: LaunchType,
    /// The capacity provider of its strategy; its launch type is what counts if it has none.
    pub(super) provider: Option<String>,
    /// Whether CodeDeploy deploys it: then ECS describes its deployments as task sets.
    pub(super) by_code_deploy: bool,
    /// The PRIMARY one first.
    pub(super) deployments: Vec<Deployment>,
    /// Newest first, a hundred at most.
    pub(super) events: VecDeque<(Timestamp, String, String)>,
    /// Tasks that are not STOPPED.
    pub(super) live: Ids,
    /// How many of them are healthy: counted as they change, since it is asked at every step of
    /// every task.
    pub(super) healthy: u64,
    /// Tasks that are STOPPED and still remembered.
    pub(super) gone: BTreeSet<String>,
    /// The scheduler will look at it.
    pub(super) planned: bool,
    /// When it last said that it is steady, as long as it is.
    pub(super) steady: Option<Timestamp>,
    /// What it last said of a task without a place, and when.
    pub(super) unplaced: Option<(Timestamp, String)>,
    created_at: Timestamp,
    /// Members that are answered as they were given.
    pub(super) as_given: Value,
}

/// A target group that a service's tasks are registered with.
#[derive(Debug)]
pub(super) struct LoadBalancer {
    pub(super) target_group: String,
    container: String,
    pub(super) port: u16,
}

/// A deployment of a service.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) id: String,
    pub(super) definition: Arc<TaskDefinition>,
    /// How many tasks the scheduler wanted of it when it last looked. Recorded (radkawar/stackd
    /// testdata/aws/ecs/services.json, 2026-09): after UpdateService the service's number is new at
    /// once, and the deployment's follows seconds later.
    pub(super) desired: u64,
    pub(super) completed: bool,
    /// How many of its tasks did not come to RUNNING. None once one has: from then on failures are
    /// not counted any more (documented:
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>).
    pub(super) failed_tasks: Option<u64>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl Service {
    pub(super) fn active(&self) -> bool {
        self.status == Status::Active
    }

    pub(super) fn draining(&self) -> bool {
        self.status == Status::Draining
    }

    pub(super) fn inactive(&self) -> bool {
        self.status == Status::Inactive
    }

    /// The deployment that is to be.
    pub(super) fn primary(&self) -> &Deployment {
        self.deployments
            .first()
            .expect("a service always has a PRIMARY deployment")
    }

    /// The deployment that is to be, to be changed.
    pub(super) fn primary_mut(&mut self) -> &mut Deployment {
        self.deployments
            .first_mut()
            .expect("a service always has a PRIMARY deployment")
    }

    /// How many tasks must stay healthy: minimumHealthyPercent of `desired`, rounded up.
    pub(super) fn minimum(&self, desired: u64) -> u64 {
        (desired * self.minimum_percent).div_ceil(100)
    }

    /// How many tasks there may be: maximumPercent of `desired`, rounded down.
    pub(super) fn maximum(&self, desired: u64) -> u64 {
        desired * self.maximum_percent / 100
    }

    /// How many tasks it is to have in `cluster`: of a DAEMON service one on each ACTIVE instance
    /// that its constraints mean.
    pub(super) fn desired_in(&self, cluster: &Cluster) -> u64 {
        match (self.status, self.daemon) {
            (Status::Active, true) => self.eligible(cluster).count() as u64,
            (Status::Active, false) => self.desired,
            _ => 0,
        }
    }

    /// The ACTIVE instances that its constraints mean.
    pub(super) fn eligible<'a>(
        &'a self,
        cluster: &'a Cluster,
    ) -> impl Iterator<Item = &'a ContainerInstance> {
        let demand = Demand {
            definition: &self.primary().definition,
            rules: &self.rules,
            provider: None,
            peers: Vec::new(),
        };
        cluster.instances.values().filter(move |instance| {
            instance.status == InstanceStatus::Active
                && placement::eligible(cluster, &demand, instance)
        })
    }

    /// Its tasks that are not STOPPED.
    pub(super) fn tasks<'a>(&'a self, cluster: &'a Cluster) -> impl Iterator<Item = &'a Task> {
        cluster.tasks_of(&self.live)
    }
}

/// Adds a service event, `(service NAME) ` before it.
pub(super) fn add_event(account: &mut Account, cluster: &str, service: &str, message: &str) {
    let id = account.uuid();
    repeat_steady(account, cluster, service);
    add_event_with_id(account, cluster, service, id, message);
}

/// Adds a service event with this id, `(service NAME) ` before its text.
pub(super) fn add_event_with_id(
    account: &mut Account,
    cluster: &str,
    service: &str,
    id: String,
    message: &str,
) {
    let now = account.now;
    let service = account[ECS].service_mut(cluster, service);
    let message = format!("(service {}) {message}", service.name);
    service.events.push_front((now, id, message));
    service.events.truncate(100);
}

/// Adds the steady-state messages that have come due since the last look. They change nothing, so
/// nobody has to wake up for them.
pub(super) fn repeat_steady(account: &mut Account, cluster: &str, service: &str) {
    let (now, again) = (account.now, account[ECS].timing.steady_state_again);
    loop {
        let known = account[ECS].service_mut(cluster, service);
        let Some(next) = known
            .steady
            .map(|last| last + again)
            .filter(|next| *next <= now)
        else {
            return;
        };
        let message = format!("(service {}) {STEADY}", known.name);
        known.steady = Some(next);
        let id = account.uuid();
        let known = account[ECS].service_mut(cluster, service);
        known.events.push_front((next, id, message));
        known.events.truncate(100);
    }
}

/// What a service says that has all its tasks.
pub(super) const STEADY: &str = "has reached a steady state.";
