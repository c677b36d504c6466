//! What is seen of an ECS cluster: its container instances, their tasks, and the services.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ContainerInstanceArn, ServiceName, TaskArn};
use crate::text::between;
use crate::text::count;

pub mod shortage;
mod terms;

pub use shortage::Shortage;
pub use terms::{ServiceEvent, ServiceTerms};

/// Where a container instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerInstanceStatus {
    /// Being registered; nothing is placed on it yet.
    Registering,
    /// Could not be registered; nothing is ever placed on it.
    RegistrationFailed,
    /// Tasks are placed on it while its agent is connected.
    Active,
    /// Nothing new is placed on it, service tasks move away.
    Draining,
    /// Being taken out of the cluster.
    Deregistering,
    /// Taken out of the cluster; ECS forgets it after about an hour.
    Inactive,
}

impl ContainerInstanceStatus {
    /// Reads the name that ECS gives it, if it is one that we know.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "REGISTERING" => Self::Registering,
            "REGISTRATION_FAILED" => Self::RegistrationFailed,
            "ACTIVE" => Self::Active,
            "DRAINING" => Self::Draining,
            "DEREGISTERING" => Self::Deregistering,
            "INACTIVE" => Self::Inactive,
            _ => return None,
        })
    }

    /// Whether it is in the cluster, or on its way in or out.
    pub fn is_registered(self) -> bool {
        !matches!(self, Self::Inactive | Self::RegistrationFailed)
    }
}

impl fmt::Display for ContainerInstanceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Registering => "REGISTERING",
            Self::RegistrationFailed => "REGISTRATION_FAILED",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Deregistering => "DEREGISTERING",
            Self::Inactive => "INACTIVE",
        })
    }
}

/// One registration of an EC2 instance. An instance has several when its agent lost its data and
/// registered anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInstance {
    /// Its ARN.
    pub arn: ContainerInstanceArn,
    /// Where it stands.
    pub status: ContainerInstanceStatus,
    /// Whether its agent is connected right now. Agents reconnect several times an hour in normal
    /// work.
    pub agent_connected: bool,
    /// When you asked `ecs-rollout terminate` to end the instance, if you did.
    pub termination_requested_at: Option<Timestamp>,
}

/// A request to end an instance is in force for as long as the template lets a hook wait
/// without a heartbeat. The verb takes some minutes. A request that was never carried out must not
/// cut a later drain short.
const REQUEST_IN_FORCE: SignedDuration = SignedDuration::from_hours(1);

/// Whether a request of this time to end an instance is still in force.
pub fn is_in_force(requested_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(requested_at) < REQUEST_IN_FORCE
}

/// When you asked to end the instance of these registrations, if you did and that is in force.
pub fn termination_requested(
    registrations: &[ContainerInstance],
    now: Timestamp,
) -> Option<Timestamp> {
    let requests = registrations
        .iter()
        .filter_map(|one| one.termination_requested_at);
    requests.max().filter(|at| is_in_force(*at, now))
}

/// The registrations that say how an instance stands: those whose agent is connected, if there is
/// one, and else all.
///
/// An agent that lost its data registers its instance as a new container instance. ECS shows the
/// old record on, as it was last, with an agent that never connects again. Both have the same EC2
/// instance id.
pub fn current(registrations: &[ContainerInstance]) -> impl Iterator<Item = &ContainerInstance> {
    let is_connected = |one: &ContainerInstance| one.status.is_registered() && one.agent_connected;
    let has_connected = registrations.iter().any(is_connected);
    let all = registrations.iter();
    all.filter(move |one| !has_connected || is_connected(one))
}

/// Whether none of the live registrations of an instance has its agent connected, and there is one.
pub fn agent_is_gone(registrations: &[ContainerInstance]) -> bool {
    use ContainerInstanceStatus::{Active, Draining};
    let is_live = |one: &&ContainerInstance| matches!(one.status, Active | Draining);
    let mut live = registrations.iter().filter(is_live).peekable();
    live.peek().is_some() && live.all(|one| !one.agent_connected)
}

/// A task on a container instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: TaskArn,
    /// `service:NAME` for a service's task, the family or a free name for a standalone one.
    pub group: String,
    /// The state that the agent reported last, as ECS spells it.
    pub last_status: String,
    /// Whether ECS wants it to run (`RUNNING`), or to end (`STOPPED`).
    pub wanted: bool,
    /// Since when it runs, or since when it is being stopped.
    pub since: Option<Timestamp>,
    /// Why it stopped, in ECS's words, if it has.
    pub stopped_reason: Option<String>,
}

impl Task {
    /// Whether nothing of it is left on the machine.
    pub fn is_stopped(&self) -> bool {
        // DELETED comes after STOPPED, for a moment.
        matches!(self.last_status.as_str(), "STOPPED" | "DELETED")
    }

    /// The service that it belongs to, if it is not a standalone task.
    pub fn service(&self) -> Option<&str> {
        self.group.strip_prefix("service:")
    }

    /// The last part of its ARN, by which the API and the console name it.
    pub fn id(&self) -> &str {
        self.arn.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// Its service's name; for a standalone task its family or group. ECS puts a task that RunTask
    /// started without a group into `family:NAME`
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>).
    fn label(&self) -> &str {
        let group = self.service().unwrap_or(&self.group);
        match group.strip_prefix("family:").unwrap_or(group) {
            "" => self.id(),
            label => label,
        }
    }

    /// Which it is: `web`, or `batch (standalone)`.
    pub fn name(&self) -> String {
        match self.service() {
            Some(_) => self.label().to_owned(),
            None => format!("{} (standalone)", self.label()),
        }
    }

    /// The task in words: `web (STOPPING 35s)`, or `batch (RUNNING 4m00s, standalone)`.
    pub fn describe(&self, now: Timestamp) -> String {
        let kind = if self.service().is_some() {
            ""
        } else {
            "standalone"
        };
        self.describe_as(kind, now)
    }

    /// The same with what is to be said of it, such as `daemon`.
    pub fn describe_as(&self, kind: &str, now: Timestamp) -> String {
        let (label, status) = (self.label(), &self.last_status);
        let lasted = self.since.map(|since| between(since, now));
        let lasted = lasted.map_or_else(String::new, |lasted| format!(" {lasted}"));
        let comma = if kind.is_empty() { "" } else { ", " };
        format!("{label} ({status}{lasted}{comma}{kind})")
    }
}

/// A service's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Whether it is ACTIVE: the others are being deleted, and nobody waits for them.
    pub active: bool,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Its counts.
    pub counts: ServiceCounts,
    /// By which rules its tasks come and go, and what it last said of them.
    pub terms: ServiceTerms,
}

/// What tells whether a service is stable. ECS starts no deployment for a drain, so the counts
/// matter most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCounts {
    /// Its name.
    pub service: ServiceName,
    /// How many deployments it has; 0 if another controller than ECS deploys it.
    pub deployments: i64,
    /// Tasks that run.
    pub running: i64,
    /// Tasks that are starting.
    pub pending: i64,
    /// Tasks that it wants.
    pub desired: i64,
}

impl ServiceCounts {
    /// One deployment, as many running as wanted, none pending.
    pub fn is_stable(&self) -> bool {
        self.deployments == 1 && self.running == self.desired && self.pending == 0
    }

    /// How many tasks are missing.
    pub fn deficit(&self) -> i64 {
        (self.desired - self.running).max(0)
    }

    /// Whether it is in a worse state than `before`, or than a stable one if it was stable before.
    pub fn is_worse_than(&self, before: Option<&ServiceCounts>) -> bool {
        let deployments = before.map_or(1, |counts| counts.deployments.max(1));
        let pending = before.map_or(0, |counts| counts.pending);
        let deficit = before.map_or(0, ServiceCounts::deficit);
        self.deployments > deployments || self.pending > pending || self.deficit() > deficit
    }
}

/// So many services are counted in an answer, which stays in the execution's input.
const SERVICES_COUNTED: usize = 20;

/// The counts of services for a report: without daemons, those first that lack most.
pub fn counted(services: &[Service]) -> Vec<ServiceCounts> {
    let those = services.iter();
    let those = those.filter(|service| service.active && !service.terms.is_daemon);
    let mut counts: Vec<ServiceCounts> = those.map(|service| service.counts.clone()).collect();
    counts.sort_by_key(|counts| std::cmp::Reverse(counts.deficit()));
    counts.truncate(SERVICES_COUNTED);
    counts
}

impl fmt::Display for ServiceCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            deployments,
            running,
            pending,
            desired,
        } = self;
        write!(
            f,
            "{service} ({running} of {} running",
            count(*desired, "task")
        )?;
        if *pending > 0 {
            write!(f, ", {pending} pending")?;
        }
        if *deployments > 1 {
            write!(f, ", {deployments} deployments")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests;
