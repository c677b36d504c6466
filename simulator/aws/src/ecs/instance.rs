//! Container instances: what a machine offers, and how it comes, drains and goes.

mod attributes;
mod calls;
mod describe;
mod machine;
mod register;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::filter::{Asked, Subject};
use super::task::{self, Ids, StopCode};
use super::{Event, cluster::Cluster, scheduler};
use crate::account::{Account, arn};
use crate::ec2;
use crate::ecs::ECS;
use crate::trace::TraceEvent;

pub(super) use crate::trace::ContainerInstanceStatus as Status;
pub(super) use calls::{deregister, describe, list, put_attributes, update_state};
pub(super) use register::{register, registered, started};

/// A container instance.
#[derive(Debug)]
pub(super) struct ContainerInstance {
    pub(super) id: String,
    pub(super) arn: String,
    /// Counts up in order of registration, so that ties are broken the same way each time.
    pub(super) number: u64,
    pub(super) ec2: String,
    pub(super) zone: String,
    pub(super) status: Status,
    pub(super) agent_connected: bool,
    pub(super) registered_at: Timestamp,
    pub(super) cpu: u64,
    pub(super) memory: u64,
    pub(super) used_cpu: u64,
    pub(super) used_memory: u64,
    /// Host ports in use, with their protocols.
    pub(super) ports: BTreeSet<(String, u16)>,
    pub(super) next_port: u16,
    /// Tasks that are not STOPPED.
    pub(super) live: Ids,
    /// Tasks that are STOPPED and still remembered.
    pub(super) gone: BTreeSet<String>,
    /// Images that need no pull.
    pub(super) images: BTreeSet<String>,
    pub(super) attributes: Vec<(String, Option<String>)>,
    pub(super) version: u64,
    /// The capacity provider of its group.
    pub(super) provider: Option<String>,
}

impl ContainerInstance {
    /// Whether it is still part of the cluster.
    pub(super) fn registered(&self) -> bool {
        self.status != Status::Inactive
    }

    /// The value of its attribute `name`.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(value.as_deref().unwrap_or(""))
    }
}

/// An instance with its cluster's tasks, as an expression asks it.
pub(super) struct InCluster<'a>(pub(super) &'a ContainerInstance, pub(super) &'a Cluster);

impl Asked for InCluster<'_> {
    fn values(&self, subject: &Subject) -> Vec<String> {
        let Self(instance, cluster) = self;
        match subject {
            Subject::AgentConnected => vec![instance.agent_connected.to_string()],
            Subject::AgentVersion => vec![machine::AGENT_VERSION.to_owned()],
            Subject::Attribute(name) => instance
                .attribute(name)
                .map(str::to_owned)
                .into_iter()
                .collect(),
            Subject::Ec2InstanceId => vec![instance.ec2.clone()],
            Subject::RegisteredAt => vec![instance.registered_at.to_string()],
            Subject::RunningTasksCount => vec![running_count(cluster, instance).to_string()],
            Subject::TaskGroup => cluster
                .tasks_of(&instance.live)
                .filter(|task| task.wanted)
                .map(|task| task.group.clone())
                .collect(),
        }
    }
}

/// `runningTasksCount`: the tasks whose desired status is RUNNING
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html>).
pub(super) fn running_count(cluster: &Cluster, instance: &ContainerInstance) -> usize {
    cluster
        .tasks_of(&instance.live)
        .filter(|task| task.wanted)
        .count()
}

/// Tells of a change, and counts the version up.
fn changed(account: &mut Account, cluster: &str, id: &str) {
    let instance = account[ECS].instance_mut(cluster, id);
    instance.version += 1;
    let fact = TraceEvent::ContainerInstance {
        cluster: cluster.to_owned(),
        instance: instance.ec2.clone(),
        status: instance.status,
        agent_connected: instance.agent_connected,
    };
    account.record(fact);
}

/// Makes an instance ACTIVE or DRAINING. To be so already is no change.
fn set_status(account: &mut Account, cluster: &str, id: &str, status: Status) {
    let instance = account[ECS].instance_mut(cluster, id);
    if instance.status == status {
        return;
    }
    instance.status = status;
    changed(account, cluster, id);
    scheduler::instance_changed(account, cluster, id);
}

/// Sets an instance DRAINING that is ACTIVE.
pub(super) fn drain(account: &mut Account, cluster: &str, id: &str) {
    if account[ECS].instance_mut(cluster, id).status == Status::Active {
        set_status(account, cluster, id, Status::Draining);
    }
}

/// The agent of an instance loses or regains its connection. Without it nothing is placed on the
/// instance, and the tasks there stay as they are.
pub(super) fn set_agent(account: &mut Account, ec2: &str, connected: bool) {
    let Some((cluster, id)) = account[ECS].cluster_of(ec2) else {
        return;
    };
    let instance = account[ECS].instance_mut(&cluster, &id);
    if !instance.registered() || instance.agent_connected == connected {
        return;
    }
    instance.agent_connected = connected;
    let live: Vec<String> = instance.live.keys().cloned().collect();
    changed(account, &cluster, &id);
    if connected {
        for task in live {
            task::resume(account, &cluster, &task);
        }
    }
    scheduler::instance_changed(account, &cluster, &id);
}

/// The machine has gone: what was not STOPPED is killed, and the instance deregistered.
pub(super) fn terminated(account: &mut Account, ec2: &str) {
    account[ECS].booting.remove(ec2);
    let Some((cluster, id)) = account[ECS].cluster_of(ec2) else {
        return;
    };
    account[ECS].homes.remove(ec2);
    cut_off(account, &cluster, &id, "terminated");
    retire(account, &cluster, &id);
    // What an agent left behind is taken to go with its machine too.
    let left = account[ECS].cluster_mut(&cluster).left_behind.remove(ec2);
    if let Some(id) = left {
        retire(account, &cluster, &id);
    }
}

/// The machine has stopped: what was not STOPPED is killed. The container instance stays ACTIVE,
/// with its agent not connected
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_instances.html>), or DRAINING
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html>).
pub(super) fn stopped(account: &mut Account, ec2: &str) {
    account[ECS].booting.remove(ec2);
    if let Some((cluster, id)) = account[ECS].cluster_of(ec2) {
        cut_off(account, &cluster, &id, "stopped");
        set_agent(account, ec2, false);
    }
}

/// What is still on a machine that went away ends with it.
fn cut_off(account: &mut Account, cluster: &str, id: &str, how: &str) {
    let instance = account[ECS].instance_mut(cluster, id);
    let (ec2, live) = (instance.ec2.clone(), instance.live.clone());
    for id in live.into_keys() {
        let task = account[ECS].task_mut(cluster, &id);
        let fact = TraceEvent::TaskKilled {
            task: id.clone(),
            group: task.group.clone(),
            instance: ec2.clone(),
            last_status: task.status,
        };
        account.record(fact);
        let reason = format!("Host EC2 (instance {ec2}) {how}.");
        task::cut_off(account, cluster, &id, StopCode::TerminationNotice, &reason);
    }
}

/// With `ECS_ENABLE_SPOT_INSTANCE_DRAINING=true` the container instance is set DRAINING when its
/// agent reads the interruption notice
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-spot.html>).
/// How soon that is: `spot_notice` in [`super::Timing`].
pub(super) fn spot_notice(account: &mut Account, machine: &ec2::Instance) {
    let told = "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true";
    if machine.user_data.contains(told) {
        let (least, most) = account[ECS].timing.spot_notice;
        let delay = account.between(least, most);
        let instance = machine.id.clone();
        account.after(delay, Event::SpotNotice { instance });
    }
}

/// The agent acts on the notice, if it is connected.
pub(super) fn spot_drains(account: &mut Account, ec2: &str) {
    let Some((cluster, id)) = account[ECS].cluster_of(ec2) else {
        return;
    };
    let instance = account[ECS].instance_mut(&cluster, &id);
    if instance.status == Status::Active && instance.agent_connected {
        set_status(account, &cluster, &id, Status::Draining);
    }
}

/// Makes an instance INACTIVE, to be forgotten later.
fn retire(account: &mut Account, cluster: &str, id: &str) {
    let instance = account[ECS].instance_mut(cluster, id);
    if !instance.registered() {
        return;
    }
    instance.status = Status::Inactive;
    instance.agent_connected = false;
    changed(account, cluster, id);
    scheduler::instance_changed(account, cluster, id);
    let event = Event::ForgetInstance {
        cluster: cluster.to_owned(),
        id: id.to_owned(),
    };
    account.after(account[ECS].timing.remembered, event);
}

/// Forgets an INACTIVE instance.
pub(super) fn forget(account: &mut Account, cluster: &str, id: &str) {
    let cluster = account[ECS].cluster_mut(cluster);
    if let Some(instance) = cluster.instances.remove(id)
        && cluster.by_ec2.get(&instance.ec2) == Some(&instance.id)
    {
        cluster.by_ec2.remove(&instance.ec2);
    }
}

/// The ARN of the container instance `id` of `cluster`.
fn arn_of(cluster: &str, id: &str) -> String {
    arn("ecs", &format!("container-instance/{cluster}/{id}"))
}
