//! How long things take in ECS, and which of two readings of its behaviour holds.

use std::time::Duration;

/// Timings and model variants. Each says where its default is from: a page, a report of users, or
/// an assumption, which the times of events and descriptions on AWS prove where nothing else is
/// said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From EC2's `running` until an instance's agent registers, from-to: boot, cloud-init, then
    /// the agent. Auto Scaling does not wait for it: without a launch hook an instance is InService
    /// long before. An assumption.
    pub registration: (Duration, Duration),
    /// How long the agent waits before it tries again to register with a cluster that is not there.
    /// An assumption, which the agent's log proves.
    pub registration_retry: Duration,
    /// From a change until the service scheduler acts on it, from-to. An assumption.
    pub scheduler: (Duration, Duration),
    /// How long a task is PROVISIONING. An assumption.
    pub provisioning: Duration,
    /// How long a task is PENDING when its images are on the instance already, from-to. An
    /// assumption.
    pub pending: (Duration, Duration),
    /// How long a task is PENDING when its images must be pulled, from-to. An assumption.
    pub pending_with_pull: (Duration, Duration),
    /// How long a task is ACTIVATING. An assumption.
    pub activating: Duration,
    /// How long after RUNNING a task counts as healthy, without a load balancer or a health check
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>).
    pub healthy_after: Duration,
    /// How long a task without a load balancer is DEACTIVATING. An assumption.
    pub deactivating: Duration,
    /// How long a container takes to exit after SIGTERM, unless its task definition says so,
    /// from-to. An assumption.
    pub exit: (Duration, Duration),
    /// When SIGKILL follows SIGTERM, unless the container says so
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>).
    pub stop_timeout: Duration,
    /// How long a task is DEPROVISIONING. An assumption.
    pub deprovisioning: Duration,
    /// How long a task that is STOPPED, or an instance that is INACTIVE, can still be described
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>,
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_instances.html>).
    pub remembered: Duration,
    /// After how long a service that is steady says so again
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html>).
    pub steady_state_again: Duration,
    /// Whether a task that is being stopped still counts toward maximumPercent. At 100 % it does: a
    /// replacement comes only after the stop
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html>);
    /// the API's page names just RUNNING and PENDING
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>).
    pub stopping_counts_toward_maximum: bool,
    /// Whether a daemon's task on a draining instance also outlives the standalone tasks there, or
    /// just the replica tasks
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html>).
    /// That it outlives both is an assumption.
    pub daemon_outlives_standalone: bool,
    /// Whether task protection holds back a drain. An assumption, after a report of users
    /// (<https://github.com/aws/containers-roadmap/issues/256>); the documentation is silent.
    pub protection_blocks_drain: bool,
    /// From a Spot interruption notice until the agent has read it. An assumption: 1 to 5 s.
    pub spot_notice: (Duration, Duration),
    /// Whether a container instance whose machine was stopped and started again keeps the status
    /// that it had. DRAINING stays until somebody sets it ACTIVE
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-draining.html>).
    /// That it outlives a new start of the agent is an assumption. Default true.
    pub restart_keeps_status: bool,
    /// From an instance's coming to its terminate hook until managed draining sets it DRAINING,
    /// from-to. An assumption.
    pub managed_draining: (Duration, Duration),
    /// After how long managed draining ends, whatever runs on the instance
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html>).
    pub managed_draining_longest: Duration,
    /// Whether instances that were members before their group's capacity provider was associated do
    /// not belong to it. They "might not be properly registered"
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/asg-capacity-providers.html>);
    /// by default they belong to it.
    pub earlier_instances_have_no_provider: bool,
    /// Whether calls are refused when their token bucket is empty (the page of `throttle`). Off by
    /// default: a rehearsal sets its cluster up in an instant, which no real account would allow.
    pub throttling: bool,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            registration: (seconds(35), seconds(52)),
            registration_retry: seconds(30),
            scheduler: (seconds(1), seconds(5)),
            provisioning: seconds(1),
            pending: (seconds(2), seconds(5)),
            pending_with_pull: (seconds(8), seconds(25)),
            activating: seconds(1),
            healthy_after: seconds(40),
            deactivating: seconds(1),
            exit: (seconds(2), seconds(10)),
            stop_timeout: seconds(30),
            deprovisioning: seconds(1),
            remembered: seconds(3600),
            steady_state_again: seconds(6 * 3600),
            stopping_counts_toward_maximum: true,
            daemon_outlives_standalone: true,
            protection_blocks_drain: true,
            spot_notice: (seconds(1), seconds(5)),
            restart_keeps_status: true,
            managed_draining: (seconds(1), seconds(5)),
            managed_draining_longest: seconds(48 * 3600),
            earlier_instances_have_no_provider: false,
            throttling: false,
        }
    }
}
