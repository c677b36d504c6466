//! ECS: clusters, container instances, services and tasks, and how they move.
//!
//! - `cluster`, `definition`, `instance`, `service`, `task`: one noun each, its calls and changes.
//! - `filter`: the cluster query language. `placement`: on which instance a task goes.
//! - `provider`: capacity providers, with managed scaling, termination protection and draining.
//! - `scheduler`: the service scheduler, which replaces what drains; its decisions are pure.
//! - [`Timing`]: how long things take. `view`: what the invariants look at.
//!
//! Health checks never fail, and images are always found. The docker labels
//! `ecs-rollout.exit-seconds` and `ecs-rollout.run-seconds` say how long a container takes to exit.

mod cluster;
mod definition;
mod event;
mod filter;
mod input;
mod instance;
mod launch_type;
mod placement;
mod provider;
mod scheduler;
mod service;
mod targets;
mod task;
#[cfg(test)]
mod tests;
mod throttle;
mod timing;
mod unmet;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::account::{Account, Caller};
use crate::ec2::EC2;
use crate::signal::Signal;
use crate::state::Key;
use crate::trace::{SpotEvent, TraceEvent};
use crate::wire::ApiError;
use input::REQUESTS;

pub use crate::autoscaling::MANAGED_DRAINING;
pub use definition::{EXIT_SECONDS, RUN_SECONDS};
use event::Event;
pub use filter::FilterError;
pub use targets::{Target, TargetHealth};
pub use task::OWN_EXIT;
pub use throttle::{Limit, limit};
pub use timing::Timing;
pub use unmet::{Unmet, UnmetAttribute};
pub use view::{ServiceView, TaskView};

/// The way to what ECS remembers of an account.
pub const ECS: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take.
    pub timing: Timing,
    /// The target groups that services may name, by ARN.
    pub target_groups: BTreeMap<String, TargetGroup>,
    clusters: BTreeMap<String, cluster::Cluster>,
    providers: BTreeMap<String, provider::Provider>,
    /// What RunTask was asked with a token and what it started, by cluster and token.
    run_tokens: BTreeMap<(String, String), (Value, Vec<Value>)>,
    definitions: BTreeMap<String, Vec<Arc<definition::TaskDefinition>>>,
    /// EC2 instances whose agent has not registered yet.
    booting: BTreeMap<String, crate::ec2::Instance>,
    /// The cluster of each EC2 instance that has registered.
    homes: BTreeMap<String, String>,
    buckets: throttle::Buckets,
    /// Counts what is created, for an order that is the same each time.
    count: u64,
}

/// A load balancer's target group, as far as tasks notice it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// How long a target that is deregistered finishes what it has.
    pub deregistration_delay_seconds: u64,
    /// From the start of a task until its target is healthy.
    pub healthy_after_seconds: u64,
}

impl Default for TargetGroup {
    /// The default delay: see `elasticloadbalancing`.
    ///
    /// assumption: healthy in two checks of ten seconds, which your health check may prove wrong.
    fn default() -> Self {
        Self {
            deregistration_delay_seconds: 300,
            healthy_after_seconds: 20,
        }
    }
}

/// Answers a call.
///
/// # Errors
/// What AWS would answer, in its words where they are known; `NotImplemented` for what the account
/// does not know.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    throttle::pass(account, action)?;
    match action {
        "CreateCluster" => cluster::create(account, REQUESTS.read(action, input)?),
        "DeleteCluster" => cluster::delete(account, REQUESTS.read(action, input)?),
        "ListClusters" => cluster::list(account, REQUESTS.read(action, input)?),
        "DescribeClusters" => cluster::describe(account, REQUESTS.read(action, input)?),
        "CreateCapacityProvider" => provider::create(account, REQUESTS.read(action, input)?),
        "UpdateCapacityProvider" => provider::update(account, REQUESTS.read(action, input)?),
        "DeleteCapacityProvider" => provider::delete(account, REQUESTS.read(action, input)?),
        "DescribeCapacityProviders" => provider::describe(account, REQUESTS.read(action, input)?),
        "PutClusterCapacityProviders" => provider::put(account, REQUESTS.read(action, input)?),
        "RegisterTaskDefinition" => definition::register(account, REQUESTS.read(action, input)?),
        "DescribeTaskDefinition" => definition::describe(account, REQUESTS.read(action, input)?),
        "ListContainerInstances" => instance::list(account, REQUESTS.read(action, input)?),
        "DescribeContainerInstances" => instance::describe(account, REQUESTS.read(action, input)?),
        "UpdateContainerInstancesState" => {
            instance::update_state(account, REQUESTS.read(action, input)?)
        }
        "DeregisterContainerInstance" => {
            instance::deregister(account, REQUESTS.read(action, input)?)
        }
        "PutAttributes" => instance::put_attributes(account, REQUESTS.read(action, input)?),
        "CreateService" => service::create(account, REQUESTS.read(action, input)?),
        "UpdateService" => service::update(account, REQUESTS.read(action, input)?),
        "DeleteService" => service::delete(account, REQUESTS.read(action, input)?),
        "ListServices" => service::list(account, REQUESTS.read(action, input)?),
        "DescribeServices" => service::describe(account, REQUESTS.read(action, input)?),
        "RunTask" => task::run(account, input),
        "StopTask" => task::stop_call(account, REQUESTS.read(action, input)?),
        "ListTasks" => task::list(account, REQUESTS.read(action, input)?),
        "DescribeTasks" => task::describe(account, REQUESTS.read(action, input)?),
        "UpdateTaskProtection" => task::update_protection(account, REQUESTS.read(action, input)?),
        "GetTaskProtection" => task::get_protection(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("ecs", action)),
    }
}

/// An EC2 instance has started to boot: its agent will register with the cluster that the user data
/// names in `ECS_CLUSTER`, unless the account's faults say that it never will.
pub fn instance_started(account: &mut Account, instance: &crate::ec2::Instance) {
    instance::started(account, instance);
}

/// Notices what other services do.
pub fn notice(account: &mut Account, signal: &Signal) {
    match signal {
        Signal::Booting(id) => {
            if let Some(instance) = account[EC2].instance(id).cloned() {
                instance_started(account, &instance);
            }
        }
        Signal::Down(id) | Signal::Died(id) => instance::terminated(account, id),
        Signal::Stopped(id) => instance::stopped(account, id),
        Signal::SpotNotice(id) => {
            if let Some(instance) = account[EC2].instance(id).cloned() {
                instance::spot_notice(account, &instance);
            }
        }
        Signal::SpotReclaimed(id) => {
            let not_stopped = account[ECS].tasks_on(id).len();
            let what = SpotEvent::Reclaimed { not_stopped };
            let instance = id.clone();
            account.record(TraceEvent::Spot { instance, what });
        }
        Signal::HookReached { hook, instance } if hook == MANAGED_DRAINING => {
            provider::begin_draining(account, instance);
        }
        Signal::HookReached { .. }
        | Signal::Running(_)
        | Signal::Gone(_)
        | Signal::RebalanceRecommended(_)
        | Signal::TextStored { .. } => {}
    }
}

/// The agent of an EC2 instance loses its connection: nothing is placed there, and the tasks stay
/// as they are.
pub fn agent_disconnected(account: &mut Account, instance: &str) {
    instance::set_agent(account, instance, false);
}

/// The agent of an EC2 instance is connected again, and reports what it could not.
pub fn agent_reconnected(account: &mut Account, instance: &str) {
    instance::set_agent(account, instance, true);
}

/// The agent of an EC2 instance will be connected again after `delay`.
pub fn agent_returns_after(account: &mut Account, instance: &str, delay: std::time::Duration) {
    let instance = instance.to_owned();
    account.after(delay, Event::AgentReturns { instance });
}

/// The containers of a task end by themselves, now.
pub fn task_exits(account: &mut Account, cluster: &str, task: &str) {
    task::exit_now(account, cluster, task);
}

/// An instance as it would register.
struct Offer<'a> {
    instance: &'a str,
    attributes: &'a BTreeMap<String, String>,
}

impl filter::Asked for Offer<'_> {
    fn values(&self, subject: &filter::Subject) -> Vec<String> {
        match subject {
            filter::Subject::AgentConnected => vec!["true".to_owned()],
            filter::Subject::RunningTasksCount => vec!["0".to_owned()],
            filter::Subject::Ec2InstanceId => vec![self.instance.to_owned()],
            filter::Subject::Attribute(name) => {
                self.attributes.get(name).cloned().into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Whether the expression of a memberOf constraint means an instance with these attributes, on
/// which nothing runs yet.
///
/// # Errors
/// What is wrong with the expression.
pub fn meets(
    expression: &str,
    instance: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<bool, FilterError> {
    let offer = Offer {
        instance,
        attributes,
    };
    Ok(filter::Expression::parse(expression)?.holds(&offer))
}

/// Names inside this module come from the state itself, and nothing but a task or an instance is
/// ever removed from it, each with all that points to it. So a name that is not found is a mistake
/// here, not in a call.
impl State {
    /// Adds a target group that services may name, or changes it.
    pub fn add_target_group(&mut self, arn: &str, group: TargetGroup) {
        self.target_groups.insert(arn.to_owned(), group);
    }

    fn cluster(&self, name: &str) -> &cluster::Cluster {
        self.clusters.get(name).expect("a cluster is never removed")
    }

    fn cluster_mut(&mut self, name: &str) -> &mut cluster::Cluster {
        self.clusters
            .get_mut(name)
            .expect("a cluster is never removed")
    }

    fn instance_mut(&mut self, cluster: &str, id: &str) -> &mut instance::ContainerInstance {
        let cluster = self.cluster_mut(cluster);
        cluster
            .instances
            .get_mut(id)
            .expect("an instance outlives its tasks, and is removed with its names")
    }

    fn service_mut(&mut self, cluster: &str, name: &str) -> &mut service::Service {
        self.cluster_mut(cluster)
            .services
            .get_mut(name)
            .expect("a service is never removed")
    }

    fn task_mut(&mut self, cluster: &str, id: &str) -> &mut task::Task {
        self.cluster_mut(cluster)
            .tasks
            .get_mut(id)
            .expect("a task is removed with its names")
    }

    /// The deployment that started a task, while the service has it.
    fn deployment_of(&mut self, cluster: &str, id: &str) -> Option<&mut service::Deployment> {
        let cluster = self.clusters.get_mut(cluster)?;
        let task = cluster.tasks.get(id)?;
        let service = cluster.services.get_mut(task.service.as_ref()?)?;
        let mut deployments = service.deployments.iter_mut();
        deployments.find(|one| Some(&one.id) == task.deployment.as_ref())
    }

    /// The cluster and the container instance of an EC2 instance that is registered.
    fn cluster_of(&self, ec2: &str) -> Option<(String, String)> {
        let cluster = self.homes.get(ec2)?;
        let id = self.cluster(cluster).by_ec2.get(ec2)?;
        Some((cluster.clone(), id.clone()))
    }
}
