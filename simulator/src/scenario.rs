//! A scenario: an account, a stack, a workload, and what an operator does, played to its end in
//! virtual time.
//!
//! [`parse`] reads scenarios from text, [`run()`] plays them, [`files`] holds the template and
//! definition they use.

mod action;
pub mod expectation;
pub mod files;
pub mod incident;
pub mod parse;
pub mod print;

mod runner;
mod step_error;
mod unplayable;

pub use crate::faults::Fault;
pub use action::{Action, Call, Termination};
pub use runner::{
    Inspect, Outcome, Paced, Visitor, Visitors, play_and_look, run, run_and_inspect, run_paced,
    run_watched, run_with_processes, visitors,
};
pub use step_error::{NotEnded, StepError};
pub use unplayable::{About, Unplayable};

use std::path::PathBuf;

use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::cloudformation::CLOUDFORMATION;
use crate::ecs::ECS;
use crate::endpoint::keys::Keys;
use crate::eventbridge;
use crate::eventbridge::EVENTBRIDGE;
use crate::interceptors::mutation::Mutation;
use crate::lambda_process::{CodeError, Host, LambdaProcesses, Log};
use crate::narrator::LogLine;
use crate::trace::Record;
use crate::workload::Workload;
use files::Files;

/// Everything that a scenario follows from. The same settings give the same scenario, to the byte.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The template and what it names.
    pub files: Files,
    /// Parameters of the stack.
    pub parameters: Vec<(String, String)>,
    /// What runs on the cluster.
    pub workload: Workload,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Where all chance comes from.
    pub seed: u64,
    /// Whether behaviours of AWS that nobody has proven go the other way than usual.
    pub variants: Vec<ModelVariant>,
    /// What the workers are made to do wrong, for a test that somebody notices.
    pub mutation: Option<Mutation>,
}

/// How the workers run as processes of their own.
#[derive(Clone)]
pub struct Processes {
    /// The folder of their binaries.
    pub workers: PathBuf,
    /// Virtual seconds in a second.
    pub speed: u32,
    /// Takes what they write.
    pub log: Log,
}

impl Processes {
    fn environments(&self, endpoint: &str, keys: &Keys) -> Result<LambdaProcesses, CodeError> {
        let environments = LambdaProcesses::new(Host {
            workers: self.workers.clone(),
            endpoint: endpoint.to_owned(),
            keys: keys.clone(),
            runs_uploaded_code: false,
            log: self.log.clone(),
        });
        environments.check()?;
        Ok(environments)
    }
}

/// A behaviour of AWS that nobody has proven, switched to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelVariant {
    /// A signal sent before CloudFormation sees the instance InService is lost.
    EarlySignalLost,
    /// An execution started by a rule is named after the event, so that a second delivery is
    /// refused.
    ExecutionNamedAfterEvent,
    /// An abandoned launch makes an instance refresh fail.
    AbandonedLaunchFailsRefresh,
    /// An instance refresh does not wait for instances at their terminate hooks before it
    /// continues.
    RefreshPassesTerminateHooks,
    /// The container instance of a machine that is started again is ACTIVE, whatever it was before.
    RestartedAgentIsActive,
    /// Instances that joined before their group's capacity provider was associated do not belong to
    /// it.
    EarlierInstancesHaveNoProvider,
}

impl ModelVariant {
    /// All switches with their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::EarlySignalLost, "early-signal-lost"),
        (
            Self::ExecutionNamedAfterEvent,
            "execution-named-after-event",
        ),
        (
            Self::AbandonedLaunchFailsRefresh,
            "abandoned-launch-fails-refresh",
        ),
        (
            Self::RefreshPassesTerminateHooks,
            "refresh-passes-terminate-hooks",
        ),
        (Self::RestartedAgentIsActive, "restarted-agent-is-active"),
        (
            Self::EarlierInstancesHaveNoProvider,
            "earlier-instances-have-no-provider",
        ),
    ];

    /// Applies the model variant to `account`.
    pub fn apply(self, account: &mut Account) {
        match self {
            Self::EarlySignalLost => {
                account[CLOUDFORMATION]
                    .timing
                    .signal_before_in_service_counts = false
            }
            Self::AbandonedLaunchFailsRefresh => {
                account[AUTOSCALING].timing.abandoned_launch_fails_refresh = true
            }
            Self::RefreshPassesTerminateHooks => {
                account[AUTOSCALING].timing.refresh_awaits_terminate_hooks = false
            }
            Self::RestartedAgentIsActive => account[ECS].timing.restart_keeps_status = false,
            Self::EarlierInstancesHaveNoProvider => {
                account[ECS].timing.earlier_instances_have_no_provider = true;
            }
            Self::ExecutionNamedAfterEvent => {
                account[EVENTBRIDGE].timing.execution_name = eventbridge::ExecutionName::EventId;
            }
        }
    }
}

/// Who is told of the lines of a scenario as they happen.
pub trait Listener: Send {
    /// Takes a line.
    fn line(&mut self, line: &LogLine);
    /// Takes a remark on what the rehearsal leaves out.
    fn remark(&mut self, _remark: &str) {}
    /// Takes a fact, with the account as it stands then.
    fn fact(&mut self, _account: &Account, _told: &Record) {}
    /// Takes how much simulated time has passed.
    fn passed(&mut self, _at: std::time::Duration) {}
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Silence;

impl Listener for Silence {
    fn line(&mut self, _line: &LogLine) {}
}

impl Settings {
    /// A cluster of `instances` with the built-in template, parameters and workload, in which
    /// nothing goes wrong.
    pub fn built_in(instances: u64) -> Self {
        let mut settings = Self {
            files: files::Files::built_in(),
            parameters: files::built_in_parameters(),
            workload: Workload::built_in(instances),
            faults: Vec::new(),
            seed: 1,
            variants: Vec::new(),
            mutation: None,
        };
        settings.set_instances(instances);
        settings
    }

    /// Makes the cluster `size` instances large, and leaves room to double it during a rollout.
    pub fn set_instances(&mut self, size: u64) {
        self.set_parameter("ClusterSize", size.to_string());
        self.set_parameter("ClusterMaxSize", (2 * size).to_string());
    }

    /// The value of a parameter, if it is set.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether there is a capacity provider for which the parameter `key`, by default `default`, is
    /// ENABLED.
    pub fn has_capacity_provider(&self, key: &str, default: &str) -> bool {
        self.parameter("CapacityProvider") == Some("ENABLED")
            && self.parameter(key).unwrap_or(default) == "ENABLED"
    }

    /// Sets a parameter.
    pub fn set_parameter(&mut self, key: &str, value: impl Into<String>) {
        let value = value.into();
        match self.parameters.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((key.to_owned(), value)),
        }
    }
}
