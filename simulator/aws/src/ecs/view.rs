//! What the invariants, the driver and the report look at, without a call.

use jiff::Timestamp;

use super::State;
use super::cluster::Cluster;
use super::service::Service;
use super::task::{Status, Task};
use crate::trace::TaskStatus;

/// The attribute by which an instance is marked as kept.
const KEPT_FOR: &str = "ecs-rollout.kept-for";

/// A service as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceView {
    /// Name of its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Whether its scheduling strategy is DAEMON.
    pub daemon: bool,
    /// How many tasks it is to have.
    pub desired: u64,
    /// How many must stay healthy: minimumHealthyPercent of `desired`, rounded up; 0 for a DAEMON
    /// service, whose tasks go with their instances.
    pub minimum_healthy: u64,
    /// How many tasks are healthy: to go on running, and past their health checks.
    pub healthy: u64,
    /// How many tasks run and are to go on running.
    pub running: u64,
    /// How many tasks are on their way to RUNNING.
    pub pending: u64,
    /// How many deployments it has: one, unless one is under way.
    pub deployments: usize,
}

/// A task as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Name of its cluster.
    pub cluster: String,
    /// Its id.
    pub id: String,
    /// `service:NAME` or `family:NAME`.
    pub group: String,
    /// Id of the EC2 instance on which it is.
    pub instance: String,
    /// Its lastStatus.
    pub last_status: TaskStatus,
    /// Since when it has had that.
    pub since: Timestamp,
    /// Whether its desiredStatus is RUNNING.
    pub wanted: bool,
    /// Whether it counts as healthy.
    pub healthy: bool,
    /// Whether it is a task of a DAEMON service.
    pub daemon: bool,
}

/// A service that finds no place for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnplacedView {
    /// Its name.
    pub service: String,
    /// What its last event says of that.
    pub message: String,
    /// Its placement constraints, as its caller gave them: type and expression.
    pub constraints: Vec<String>,
}

impl State {
    /// A service that finds no place for a task, if there is one.
    pub fn unplaced(&self) -> Option<UnplacedView> {
        let mut services = self
            .clusters
            .values()
            .flat_map(|cluster| cluster.services.values());
        services.find_map(|service| {
            let (_, message) = service.unplaced.as_ref().filter(|_| service.active())?;
            let given = service.as_given["placementConstraints"].as_array();
            let constraints = given.into_iter().flatten().map(|constraint| {
                let text = |member: &str| constraint[member].as_str().unwrap_or_default();
                format!("{} {}", text("type"), text("expression"))
            });
            Some(UnplacedView {
                service: service.name.clone(),
                message: message.clone(),
                constraints: constraints.map(|one| one.trim_end().to_owned()).collect(),
            })
        })
    }

    /// All services that are ACTIVE.
    pub fn services(&self) -> Vec<ServiceView> {
        let clusters = self.clusters.values();
        let services = clusters.flat_map(|cluster| {
            cluster
                .services
                .values()
                .map(move |service| (cluster, service))
        });
        services
            .filter(|(_, service)| service.active())
            .map(|(cluster, service)| {
                let desired = service.desired_in(cluster);
                let count = |test: fn(&super::task::Task) -> bool| {
                    service.tasks(cluster).filter(|task| test(task)).count() as u64
                };
                ServiceView {
                    cluster: cluster.name.clone(),
                    name: service.name.clone(),
                    daemon: service.daemon,
                    desired,
                    minimum_healthy: if service.daemon {
                        0
                    } else {
                        service.minimum(desired)
                    },
                    healthy: service.healthy,
                    running: count(|task| task.running()),
                    pending: count(|task| task.pending()),
                    deployments: service.deployments.len(),
                }
            })
            .collect()
    }

    /// How many tasks of the service called `name` are healthy, and how many must be; of its first
    /// cluster, if several have such a service.
    pub fn service_health(&self, name: &str) -> Option<(u64, u64)> {
        let mut clusters = self.clusters.values();
        let (cluster, service) =
            clusters.find_map(|cluster| Some((cluster, cluster.services.get(name)?)))?;
        let minimum = if service.daemon {
            0
        } else {
            service.minimum(service.desired_in(cluster))
        };
        service.active().then_some((service.healthy, minimum))
    }

    /// What an EC2 instance is registered as: each registration's status, and whether its agent is
    /// connected.
    pub fn registrations(&self, instance: &str) -> Vec<(&'static str, bool)> {
        let clusters = self.clusters.values();
        let all = clusters.flat_map(|cluster| cluster.instances.values());
        let own = all.filter(|one| one.ec2 == instance);
        own.map(|one| (one.status.name(), one.agent_connected))
            .collect()
    }

    /// Whether there is a cluster of this name.
    pub fn has_cluster(&self, name: &str) -> bool {
        self.clusters.get(name).is_some_and(|known| known.active)
    }

    /// The EC2 instances that are marked as kept for something.
    pub fn kept(&self) -> Vec<String> {
        self.with_attribute(KEPT_FOR)
    }

    /// The EC2 instances whose container instance has an attribute of this name.
    pub fn with_attribute(&self, name: &str) -> Vec<String> {
        let instances = self
            .clusters
            .values()
            .flat_map(|cluster| cluster.instances.values());
        let marked = instances.filter(|instance| instance.attribute(name).is_some());
        marked.map(|instance| instance.ec2.clone()).collect()
    }

    /// All tasks that are not STOPPED.
    pub fn tasks(&self) -> Vec<TaskView> {
        self.tasks_that(|_| true)
    }

    /// The tasks on an EC2 instance that are not STOPPED.
    pub fn tasks_on(&self, instance: &str) -> Vec<TaskView> {
        self.tasks_that(|task| task.ec2 == instance)
    }

    fn tasks_that(&self, wanted: impl Fn(&Task) -> bool) -> Vec<TaskView> {
        let clusters = self.clusters.values();
        let tasks =
            clusters.flat_map(|cluster| cluster.tasks.values().map(move |task| (cluster, task)));
        tasks
            .filter(|(_, task)| !task.stopped() && wanted(task))
            .map(|(cluster, task)| seen(cluster, task))
            .collect()
    }

    /// What is still under way, for a person: a task between two states, or a service that has not
    /// all its tasks healthy. `None` when all is settled.
    pub fn pending(&self) -> Option<String> {
        match self.first_busy()? {
            Quiescence::Task(cluster, id) => {
                let task = self.clusters.get(&cluster)?.tasks.get(&id)?;
                let (group, status) = (&task.group, task.status.name());
                Some(format!("task {id} of {group} is {status}"))
            }
            Quiescence::Service(cluster, name) => {
                let known = self.clusters.get(&cluster)?;
                let service = known.services.get(&name)?;
                let (healthy, desired) = (service.healthy, service.desired_in(known));
                Some(format!(
                    "service {name} wants {desired} healthy and has {healthy}"
                ))
            }
        }
    }

    /// Whether nothing is under way. This is asked after every event: while what was found under
    /// way last, in `busy`, still is, nothing else has to be looked at.
    pub fn is_idle(&self, busy: &mut Option<Quiescence>) -> bool {
        if busy.as_ref().is_some_and(|busy| self.is_still(busy)) {
            return false;
        }
        *busy = self.first_busy();
        busy.is_none()
    }

    fn is_still(&self, busy: &Quiescence) -> bool {
        let cluster = |name: &String| self.clusters.get(name);
        match busy {
            Quiescence::Task(name, id) => cluster(name)
                .and_then(|cluster| cluster.tasks.get(id))
                .is_some_and(is_busy),
            Quiescence::Service(name, service) => cluster(name).is_some_and(|cluster| {
                let service = cluster.services.get(service);
                service.is_some_and(|service| is_short(cluster, service))
            }),
        }
    }

    fn first_busy(&self) -> Option<Quiescence> {
        let task = self.clusters.values().find_map(|cluster| {
            let task = cluster.tasks.values().find(|task| is_busy(task))?;
            Some(Quiescence::Task(cluster.name.clone(), task.id.clone()))
        });
        task.or_else(|| {
            self.clusters.values().find_map(|cluster| {
                let mut services = cluster.services.values();
                let short = services.find(|service| is_short(cluster, service))?;
                Some(Quiescence::Service(
                    cluster.name.clone(),
                    short.name.clone(),
                ))
            })
        })
    }
}

/// Something that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quiescence {
    /// A task between two states: its cluster and its id.
    Task(String, String),
    /// A service that has not what it wants: its cluster and its name.
    Service(String, String),
}

/// Whether a service has not all its tasks yet, or has a deployment under way.
fn is_short(cluster: &Cluster, service: &Service) -> bool {
    let desired = service.desired_in(cluster);
    let running = || service.tasks(cluster).filter(|task| task.running()).count() as u64;
    service.active()
        && (service.healthy != desired || service.deployments.len() != 1 || running() != desired)
}

/// Whether a task is on its way from one state to another.
fn is_busy(task: &Task) -> bool {
    !matches!(task.status, Status::Running | Status::Stopped)
}

fn seen(cluster: &Cluster, task: &Task) -> TaskView {
    let service = task.service.as_ref();
    let service = service.and_then(|name| cluster.services.get(name));
    TaskView {
        cluster: cluster.name.clone(),
        id: task.id.clone(),
        group: task.group.clone(),
        instance: task.ec2.clone(),
        last_status: task.status,
        since: task.since,
        wanted: task.wanted,
        healthy: task.healthy,
        daemon: service.is_some_and(|service| service.daemon),
    }
}
