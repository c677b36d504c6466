//! The targets that ECS registers in the target groups of its services: one for each task, from
//! RUNNING until its deregistration delay is over.

use serde_json::{Value, json};

use super::State;
use super::service::{Service, add_event_with_id};
use super::task::{Status, Task};
use crate::account::Account;
use crate::ecs::ECS;

/// A target, as a target group shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Id of the EC2 instance: tasks on a bridge network are targets by instance and host port.
    pub instance: String,
    /// The host port.
    pub port: u16,
    /// How it is.
    pub health: TargetHealth,
}

/// The health of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetHealth {
    /// The first health checks are not over.
    Initial,
    /// It gets requests.
    Healthy,
    /// It finishes the requests that it has.
    Draining,
}

impl TargetHealth {
    /// As DescribeTargetHealth answers it, with the documented reasons
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html>).
    pub fn to_json(self) -> Value {
        let (state, reason, description) = match self {
            Self::Healthy => return json!({"State": "healthy"}),
            Self::Initial => (
                "initial",
                "Elb.InitialHealthChecking",
                "Initial health checks in progress",
            ),
            Self::Draining => (
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            ),
        };
        json!({"State": state, "Reason": reason, "Description": description})
    }
}

impl State {
    /// The targets of the target group of this ARN, in the order in which their tasks were started.
    pub fn targets(&self, group: &str) -> Vec<Target> {
        let clusters = self.clusters.values();
        let services =
            clusters.flat_map(|cluster| cluster.services.values().map(move |it| (cluster, it)));
        let targets = services.flat_map(|(cluster, service)| {
            let ports = ports(service, group);
            let tasks = service.tasks(cluster);
            tasks.flat_map(move |task| targets(task, &ports).collect::<Vec<_>>())
        });
        targets.collect()
    }
}

/// The container ports with which a service is in the target group.
fn ports(service: &Service, group: &str) -> Vec<u16> {
    let balancers = service.load_balancers.iter();
    let own = balancers.filter(|balancer| balancer.target_group == group);
    own.map(|balancer| balancer.port).collect()
}

fn targets<'a>(task: &'a Task, ports: &'a [u16]) -> impl Iterator<Item = Target> + 'a {
    let health = match task.status {
        Status::Running if task.healthy => Some(TargetHealth::Healthy),
        Status::Running => Some(TargetHealth::Initial),
        Status::Deactivating => Some(TargetHealth::Draining),
        _ => None,
    };
    let own = task
        .ports
        .iter()
        .filter(|port| ports.contains(&port.container));
    own.filter_map(move |port| {
        Some(Target {
            instance: task.ec2.clone(),
            port: port.host,
            health: health?,
        })
    })
}

/// A task of a service runs: its targets are registered, and the service says so. The event's id
/// follows from the task's, so that chance goes on as if nothing was said.
pub(super) fn registered(account: &mut Account, cluster: &str, task: &str) {
    let home = account[ECS].cluster(cluster);
    let service = home.tasks.get(task).and_then(|task| task.service.clone());
    let Some(service) = service.and_then(|name| home.services.get(&name)) else {
        return;
    };
    let (name, groups) = (service.name.clone(), service.load_balancers.iter());
    let groups: Vec<String> = groups.map(|it| it.target_group.clone()).collect();
    for (place, group) in groups.iter().enumerate() {
        let turned = task.len() - 1 - place % task.len();
        let digits = format!("{}{}", &task[turned..], &task[..turned]);
        let (a, rest) = digits.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        let id = format!("{a}-{b}-{c}-{d}-{e}");
        let message = format!("registered 1 targets in (target-group {group})");
        add_event_with_id(account, cluster, &name, id, &message);
    }
}
