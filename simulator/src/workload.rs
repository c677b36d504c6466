//! What runs on the cluster: services and standalone tasks, the built-in ones or those of a file
//! that `aws ecs describe-services` wrote.

mod error;
mod left_out;
mod read;
mod start;

pub use error::{MemberError, WorkloadError};
pub use left_out::{LeftOut, WhyLeftOut};
pub use start::{OtherProvider, Refused, on_this_cluster, start};

use serde_json::{Value, json};

/// Deregistration delay of a target group that nobody has set
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>).
const DEREGISTRATION_DELAY_SECONDS: u64 = 300;
/// How long a built-in container takes to exit after SIGTERM.
///
/// assumption: it handles the signal. A container that ignores SIGTERM proves it wrong: it is
/// killed at its stop timeout.
const EXIT_SECONDS: u64 = 3;

/// What runs on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Workload {
    /// Services.
    pub services: Vec<Service>,
    /// Tasks started with RunTask.
    pub tasks: Vec<Standalone>,
    /// What was assumed about services read from a file, for people to see.
    pub assumed: Vec<String>,
    /// The services of the files that are not rehearsed, and why each of them is not.
    pub left_out: Vec<LeftOut>,
    /// Whether files described it. A service whose capacity provider the cluster does not have is
    /// then left out, as one that runs elsewhere; otherwise it is refused.
    pub described: bool,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// serviceName.
    pub name: String,
    /// desiredCount; `None` for schedulingStrategy DAEMON.
    pub desired: Option<u64>,
    /// minimumHealthyPercent.
    pub minimum_percent: u64,
    /// maximumPercent.
    pub maximum_percent: u64,
    /// CPU units of a task.
    pub cpu: u64,
    /// MiB of a task.
    pub memory: u64,
    /// Seconds of its target group's deregistration delay; `None` if it has no load balancer.
    pub deregistration_seconds: Option<u64>,
    /// A fixed host port, if it has one.
    pub host_port: Option<u64>,
    /// stopTimeout of its container.
    pub stop_timeout_seconds: u64,
    /// How long its container takes to exit after SIGTERM.
    pub exit_seconds: u64,
    /// placementConstraints, as the API spells them.
    pub placement_constraints: Value,
    /// The capacity provider of its strategy; `None` for the cluster's default one, or the launch
    /// type EC2 if it has none.
    pub capacity_provider: Option<String>,
    /// Where it runs and who deploys it.
    pub kind: Kind,
}

/// Where a service runs and who deploys it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// On the cluster's instances; ECS deploys it.
    #[default]
    Ecs,
    /// On the cluster's instances; CodeDeploy deploys it.
    CodeDeploy,
    /// On Fargate: no drain concerns it.
    Fargate,
}

/// A task started with RunTask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standalone {
    /// Family of its task definition.
    pub family: String,
    /// How many.
    pub count: u64,
    /// Seconds until it ends by itself; `None` for never.
    pub run_seconds: Option<u64>,
    /// Id of the EC2 instance on which it must run, if it must.
    pub on_instance: Option<String>,
}

impl Service {
    /// A service of `desired` tasks with ECS's defaults and a small task.
    pub fn replica(name: &str, desired: u64) -> Self {
        Self {
            name: name.to_owned(),
            desired: Some(desired),
            minimum_percent: 100,
            maximum_percent: 200,
            cpu: 256,
            memory: 512,
            deregistration_seconds: None,
            host_port: None,
            stop_timeout_seconds: 30,
            exit_seconds: EXIT_SECONDS,
            placement_constraints: json!([]),
            capacity_provider: None,
            kind: Kind::Ecs,
        }
    }

    /// A DAEMON service.
    pub fn daemon(name: &str) -> Self {
        Self {
            desired: None,
            minimum_percent: 0,
            maximum_percent: 100,
            cpu: 64,
            memory: 128,
            ..Self::replica(name, 0)
        }
    }
}

impl Workload {
    /// The built-in workload of a cluster of `instances`: two services behind load balancers, one
    /// without, a daemon, and a standalone task that ends by itself.
    pub fn built_in(instances: u64) -> Self {
        let web = Service {
            deregistration_seconds: Some(DEREGISTRATION_DELAY_SECONDS),
            ..Service::replica("web", instances)
        };
        let api = Service {
            deregistration_seconds: Some(30),
            minimum_percent: 50,
            ..Service::replica("api", instances.div_ceil(2))
        };
        let queue = Service {
            exit_seconds: 20,
            ..Service::replica("queue", instances)
        };
        Self {
            services: vec![web, api, queue, Service::daemon("logs")],
            tasks: vec![Standalone {
                family: "report".to_owned(),
                count: 1,
                run_seconds: Some(600),
                on_instance: None,
            }],
            assumed: Vec::new(),
            left_out: Vec::new(),
            described: false,
        }
    }
}
