//! What happens in a scenario.

use super::Fault;
use super::incident::Incident;

/// What an operator, or the world, does in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Creates the stack and starts the workload; goes on when all is at rest.
    Deploy,
    /// Puts a new AMI id into the SSM parameter, updates the stack, and goes on when nothing is
    /// under way any more.
    Roll,
    /// Sets the group's desired capacity.
    Scale(u64),
    /// Gives the group a warm pool of this size.
    WarmPool(u64),
    /// Puts an event on the bus; `$INSTANCE` in it stands for the id of the group's oldest
    /// instance, `$GROUP` for its name.
    PutEvent(serde_json::Value),
    /// Deregisters the container instance of the group's oldest instance by force, so that it is no
    /// member any more.
    Deregister,
    /// Lets time pass until nothing is under way.
    WaitIdle,
    /// Lets so many seconds pass.
    Advance(u64),
    /// Deletes the services of the workload by force.
    DeleteServices,
    /// Deletes the stack, and goes on when it is gone or that has failed.
    Delete,
    /// Creates the stack, and goes on when nothing is under way any more, whatever has come of it.
    Create,
    /// Starts the workload on a stack that was created, and goes on when it is at rest.
    StartWorkload,
    /// A call by an operator with all rights, which must be answered.
    Call(Call),
    /// The same, which must be refused.
    Refused(Call),
    /// The operator ends the first retained instance with the steps of `ecs-rollout terminate`.
    Terminate(Termination),
    /// A CloudWatch alarm rings.
    Alarm(String),
    /// A CloudWatch alarm rings no more.
    AlarmEnds(String),
    /// A fault sets in.
    FaultStarts(Fault),
    /// A fault is mended, or all of them are.
    FaultEnds(Option<Fault>),
    /// An incident happens.
    Inject(Incident),
    /// A step that may be refused.
    Try(Box<Action>),
    /// The faults begin; with a rollout they begin by themselves.
    StartFaults,
    /// Begins a rollout as `Roll` does, and goes on at once.
    StartRollout,
    /// The faults stop, an operator does what the documentation says, and all must come to rest
    /// within a bound.
    Heal,
    /// Happens so many seconds from now, while what comes next goes on. It must have happened when
    /// the scenario ends.
    In(u64, Box<Action>),
}

impl Action {
    /// Whether virtual time passes in it: such a thing cannot happen in the middle of another.
    pub(super) fn takes_time(&self) -> bool {
        if let Self::Try(action) = self {
            return action.takes_time();
        }
        matches!(
            self,
            Self::Deploy
                | Self::Create
                | Self::StartWorkload
                | Self::Roll
                | Self::WaitIdle
                | Self::Advance(_)
                | Self::Heal
                | Self::Delete
                | Self::Terminate(_)
                | Self::In(..)
        )
    }
}

/// How the operator ends a retained instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Termination {
    /// Whether its tasks are stopped first, and waited for.
    pub stop_tasks: bool,
    /// After this many steps that change something the operator's program is killed.
    pub steps: Option<u64>,
}

/// A call of an AWS API, as [`crate::account::Account::call`] takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Such as `autoscaling`.
    pub service: String,
    /// Such as `StartInstanceRefresh`.
    pub action: String,
    /// What it is given; `$GROUP` and the like stand for what [`super::parse`] says.
    pub input: serde_json::Value,
}
