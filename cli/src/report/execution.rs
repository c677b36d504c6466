//! One execution: what was asked, what failed, and how it ended.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use workers::model::cluster::ServiceCounts;

use super::{Failure, Phase};
use crate::aws::{Pause, current_name};

/// One execution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionTrace {
    /// Its ARN.
    pub arn: String,
    /// The instance that it is about; empty if its input names none.
    pub instance: String,
    /// Whether that is on its way in.
    pub launches: bool,
    /// Whether that goes into a warm pool.
    pub to_pool: bool,
    /// When it started.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub stopped: Option<Timestamp>,
    /// `RUNNING`, or how it ended.
    pub status: String,
    /// The error with which it ended, as AWS has it; empty if with none.
    pub error: String,
    /// The cause of that.
    pub cause: String,
    /// What was asked, one after the other.
    pub phases: Vec<Phase>,
    /// The pauses that its workers saw, and when: each reason once.
    pub pauses_seen: Vec<(Timestamp, Pause)>,
    /// What the workers counted of services, and when.
    pub counted: Vec<(Timestamp, ServiceCounts)>,
    /// The DAEMON services that had a task on the instance when its drain began.
    pub daemons: BTreeSet<String>,
    /// Attempts at a task that failed.
    pub failures: Vec<Failure>,
    /// How often it entered each state.
    pub states: BTreeMap<String, u64>,
    /// How often it went from one state to another.
    pub arrows: BTreeMap<(String, String), u64>,
    /// States entered, and attempts after the first: what Step Functions bills.
    pub transitions: u64,
    /// Functions invoked.
    pub invocations: u64,
    /// For how many milliseconds these ran, as the history shows it.
    pub function_ms: u64,
}

/// The errors of the definition's Fail states in which the hook was answered.
const RETAINED: &str = "DrainFailed";
const ABANDONED: &str = "LaunchAbandoned";
const ROLLOUT_STOPPED: &str = "RolloutStopped";

impl ExecutionTrace {
    /// Whether it ended otherwise than well.
    pub fn has_failed(&self) -> bool {
        !["RUNNING", "SUCCEEDED"].contains(&self.status.as_str())
    }

    /// Whether its drain failed, and the instance was retained.
    pub fn has_retained(&self) -> bool {
        self.error == RETAINED
    }

    /// Whether the instance was kept for its standalone tasks.
    pub fn has_kept(&self) -> bool {
        self.states.contains_key("InstanceRetained")
    }

    /// Whether the launch was given up.
    pub fn has_abandoned(&self) -> bool {
        self.error == ABANDONED
    }

    /// Whether it ended without an answer to the hook.
    pub fn has_left_open(&self) -> bool {
        let answered = [RETAINED, ABANDONED, ROLLOUT_STOPPED];
        self.has_failed() && !answered.contains(&current_name(&self.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_rollout_has_answered_its_hook_by_either_name_of_the_error() {
        for (error, is_open) in [
            ("RolloutStopped", false),
            ("RollStopped", false),
            ("DrainFailed", false),
            ("LaunchAbandoned", false),
            ("HookLeftOpen", true),
        ] {
            let passage = ExecutionTrace {
                status: "FAILED".to_owned(),
                error: error.to_owned(),
                ..ExecutionTrace::default()
            };
            assert_eq!(passage.has_left_open(), is_open, "{error}");
        }
    }
}
