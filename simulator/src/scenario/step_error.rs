//! Why a step of a scenario failed.

use std::time::Duration;

use workers::terminate::{Observation, Refusal};

use super::{Action, Fault, Unplayable};
use crate::ec2::NotSpot;
use crate::narrator::clock;
use crate::wire::ApiError;
use crate::workload::Refused;

/// What went wrong at a step.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// A service refused a call.
    #[error("{action} was refused: {error}")]
    Refused {
        /// The call.
        action: String,
        /// The service's answer.
        error: ApiError,
    },
    /// A service accepted a call that the scenario expects to be refused.
    #[error("{service} {action} was accepted, though the scenario says `refused`")]
    Accepted {
        /// The service.
        service: String,
        /// The call.
        action: String,
    },
    /// A step that takes time was put off.
    #[error("{0:?} takes time, so it cannot be put off")]
    TakesTime(Box<Action>),
    /// The task that hangs was to begin in the middle.
    #[error("drain-hangs is a task that runs from the start: write `fault drain-hangs` alone")]
    HangsFromTheStart,
    /// A fault was to begin without a rollout.
    #[error("{} is a fault of a rollout: write it before `roll`", .0.name())]
    NoRollout(Fault),
    /// What stands for a name makes the JSON invalid.
    #[error("{text}: {cause}")]
    NotJson {
        /// The JSON, with what its names stand for.
        text: String,
        /// The reader's message.
        cause: String,
    },
    /// No instance can be deregistered.
    #[error("the group has no instance to deregister")]
    NothingToDeregister,
    /// No instance can be terminated.
    #[error("no instance is retained that could be ended")]
    NothingRetained,
    /// The group has no hook at which an instance would be terminated.
    #[error("the group has no terminate hook of ours")]
    NoHook,
    /// The termination of a retained instance did not come to its end.
    #[error("{instance} was not ended: {why}")]
    NotEnded {
        /// The instance.
        instance: String,
        /// Why.
        why: NotEnded,
    },
    /// The same for hours.
    #[error("{instance} was not ended in {} hours", hours(*.after))]
    NotEndedInTime {
        /// The instance.
        instance: String,
        /// For how long the scenario waited.
        after: Duration,
    },
    /// Something is still under way after a bound.
    #[error("{} hours later {pending}", hours(*.after))]
    Pending {
        /// The bound.
        after: Duration,
        /// What is under way.
        pending: String,
    },
    /// The scenario ended before a step that was put off.
    #[error(
        "the scenario ended at {}, before the step that was due at {}: {action:?}; make it due earlier, or let more time `pass`",
        clock(*.ended), clock(*.due)
    )]
    NeverDue {
        /// When the scenario ended.
        ended: Duration,
        /// When the step was due.
        due: Duration,
        /// The step.
        action: Box<Action>,
    },
    /// The daemon that no instance can take was refused.
    #[error("the broken daemon: {0}")]
    BrokenDaemon(Refused),
    /// The new AMI cannot be released.
    #[error(transparent)]
    Release(#[from] Unplayable),
    /// EC2 interrupts Spot instances alone.
    #[error(transparent)]
    NotSpot(#[from] NotSpot),
}

/// Why the termination of a retained instance did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotEnded {
    /// The state of the instance or of its group does not allow it.
    #[error("{0}")]
    Refused(Refusal),
    /// The instance is still there.
    #[error("{0:?}")]
    StillThere(Observation),
    /// Its tasks did not stop.
    #[error("its tasks did not stop")]
    TasksLeft,
    /// A call failed.
    #[error("{}", .0.chain())]
    Failed(workers::Error),
}

fn hours(span: Duration) -> u64 {
    span.as_secs() / 3600
}
