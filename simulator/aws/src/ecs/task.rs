//! Tasks: what is known of one, and its way from PROVISIONING to STOPPED.

mod calls;
mod describe;
mod health;
mod lifecycle;
mod protection;
mod run;
mod start;
mod stop;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::definition::{Port, TaskDefinition};
use super::launch_type::LaunchType;

pub(super) use crate::trace::TaskStatus as Status;
pub(super) use calls::{describe, list, stop as stop_call};
pub(super) use health::healthy;
pub(super) use lifecycle::{resume, step};
pub(super) use protection::{
    ended as protection_ended, get as get_protection, update as update_protection,
};
pub(super) use run::run;
pub(super) use start::{Start, place, start};
pub use stop::OWN_EXIT;
pub(super) use stop::{cut_off, exit, exit_now, forget, stop};
pub(super) use tasks::{Ids, Tasks};

impl Status {
    /// What comes after it by itself. A task that runs stays so until something stops it.
    fn next(self) -> Option<Self> {
        match self {
            Self::Provisioning => Some(Self::Pending),
            Self::Pending => Some(Self::Activating),
            Self::Activating => Some(Self::Running),
            Self::Running | Self::Stopped => None,
            Self::Deactivating => Some(Self::Stopping),
            Self::Stopping => Some(Self::Deprovisioning),
            Self::Deprovisioning => Some(Self::Stopped),
        }
    }
}

/// Who or what stopped a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopCode {
    EssentialContainerExited,
    TaskFailedToStart,
    UserInitiated,
    ServiceSchedulerInitiated,
    TerminationNotice,
}

/// A task.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) id: String,
    /// Counts up in order of creation.
    pub(super) number: u64,
    pub(super) definition: Arc<TaskDefinition>,
    pub(super) group: String,
    pub(super) service: Option<String>,
    /// The id of the deployment that started it.
    pub(super) deployment: Option<String>,
    pub(super) started_by: Option<String>,
    /// The capacity provider from which it takes its instance.
    pub(super) provider: Option<String>,
    pub(super) launch: LaunchType,
    /// Empty, as `ec2` and `zone` are, while it waits for one, and always on Fargate.
    pub(super) instance: String,
    pub(super) ec2: String,
    pub(super) zone: String,
    pub(super) status: Status,
    /// Since when it has been in `status`.
    pub(super) since: Timestamp,
    /// Whether its desiredStatus is RUNNING.
    pub(super) wanted: bool,
    /// Whether it counts toward minimumHealthyPercent.
    pub(super) healthy: bool,
    pub(super) protected_until: Option<Timestamp>,
    pub(super) ports: Vec<Port>,
    pub(super) version: u64,
    /// Its next step waits for the agent to be connected again.
    held: bool,
    /// How long a container takes to exit, where its definition does not say.
    exit: Duration,
    exit_code: i32,
    created_at: Timestamp,
    pull_started_at: Option<Timestamp>,
    pull_stopped_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    stopping_at: Option<Timestamp>,
    execution_stopped_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    stop_code: Option<StopCode>,
    stopped_reason: String,
}

impl Task {
    /// Whether it is STOPPED.
    pub(super) fn stopped(&self) -> bool {
        self.status == Status::Stopped
    }

    /// Whether it runs and is to go on running.
    pub(super) fn running(&self) -> bool {
        self.wanted && self.status == Status::Running
    }

    /// Whether it is on its way to RUNNING.
    pub(super) fn pending(&self) -> bool {
        self.wanted && self.status < Status::Running
    }

    /// Whether it has an instance.
    pub(super) fn placed(&self) -> bool {
        !self.instance.is_empty()
    }

    /// Whether it still waits for an instance.
    pub(super) fn waits(&self) -> bool {
        self.launch == LaunchType::Ec2 && !self.placed()
    }

    /// Who started it: its service's deployment, or what RunTask said.
    fn started_by(&self) -> Option<&str> {
        self.deployment.as_deref().or(self.started_by.as_deref())
    }

    /// The longest that its containers take to exit after SIGTERM, and whether one of them has to
    /// be killed, as all have that are heedless.
    fn leaving(&self, default_timeout: Duration, heedless: bool) -> (Duration, bool) {
        let (mut longest, mut killed) = (Duration::ZERO, false);
        for container in &self.definition.containers {
            let exit = container.exit.unwrap_or(self.exit);
            let timeout = container.stop_timeout.unwrap_or(default_timeout);
            let exit = if heedless { Duration::MAX } else { exit };
            longest = longest.max(exit.min(timeout));
            killed |= exit > timeout;
        }
        (longest, killed)
    }
}
