//! What is to be done next about an instance that is to end, and why it may not be: decided by what
//! was seen of it.

use std::fmt;

use jiff::Timestamp;

use crate::ecs::TERMINATE;
use crate::model::cluster::{ContainerInstance, termination_requested};
use crate::model::group::LifecycleState;
use crate::model::{ClusterName, ContainerInstanceArn, GroupName, HookName, InstanceId};

/// The instance that is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The instance.
    pub instance: InstanceId,
    /// Its group.
    pub group: GroupName,
    /// The cluster whose member it is.
    pub cluster: ClusterName,
    /// Our terminate hook.
    pub hook: HookName,
    /// The terminate hooks of others, which they answer.
    pub other_hooks: Vec<HookName>,
}

impl Target {
    /// Whether the group is known. Otherwise a person named the cluster, and the name may be wrong.
    pub fn has_group(&self) -> bool {
        !self.group.as_str().is_empty()
    }
}

/// What was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Where it stands in its group, if a group has it.
    pub state: Option<LifecycleState>,
    /// What it is registered as in the cluster.
    pub registrations: Vec<ContainerInstance>,
}

/// What this run has done already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// It has taken a step, so that the instance was one to be ended.
    pub begun: bool,
    /// It was terminated.
    pub terminated: bool,
    /// Its hook was answered.
    pub answered: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Note the request on these container instances.
    Request(Vec<ContainerInstanceArn>),
    /// Terminate it.
    Terminate,
    /// Wait until its terminate hook opens.
    AwaitHook,
    /// Answer our hook.
    Answer,
    /// Wait until it has left its group, and its cluster.
    AwaitEnd,
    /// Deregister this one, which ECS still shows.
    Deregister(ContainerInstanceArn),
    /// Nothing: it is gone.
    Done,
}

impl Step {
    /// Whether it changes anything.
    pub fn acts(&self) -> bool {
        !matches!(self, Self::AwaitHook | Self::AwaitEnd | Self::Done)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(_) => write!(
                f,
                "Noting the request in ECS (attribute {TERMINATE}), so that no worker drains it again."
            ),
            Self::Terminate => {
                f.write_str("Terminating it. The group's desired capacity stays as it is.")
            }
            Self::AwaitHook => f.write_str("Waiting for its terminate hook to open."),
            Self::Answer => f.write_str("Answering its terminate hook with CONTINUE."),
            Self::AwaitEnd => {
                f.write_str("Waiting until EC2 has terminated it: about two minutes.")
            }
            Self::Deregister(arn) => write!(f, "Deregistering {arn}, which ECS still shows."),
            Self::Done => f.write_str("It is gone."),
        }
    }
}

/// Why an instance is not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No group has it, and nobody asked to end it.
    NotInGroup,
    /// No group has it and nobody asked to end it, but it is registered in the cluster.
    OnlyInCluster,
    /// It is not retained, but stands there.
    NotRetained(LifecycleState),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use LifecycleState as S;
        let state = match self {
            Self::NotInGroup => {
                return f.write_str(
                    "no Auto Scaling group has it, and no request to end it is noted in the cluster: it is gone already",
                );
            }
            Self::OnlyInCluster => {
                return f.write_str(
                    "no Auto Scaling group has it, but it is registered in the cluster: it was detached, or was never in a group.",
                );
            }
            Self::NotRetained(state) => state,
        };
        write!(
            f,
            "it is {state}, and only a retained instance can be ended. "
        )?;
        f.write_str(match state {
            S::InService => {
                "It is in service. A rollout replaces it, and Auto Scaling can terminate it, which drains it first."
            }
            S::TerminatingWait | S::WarmedPendingWait | S::WarmedTerminatingWait => {
                "Its terminate hook is open. Wait until its drain ends or fails."
            }
            S::TerminatingProceed | S::WarmedTerminatingProceed => {
                "Its terminate hook is answered, and EC2 terminates it: nothing is left to end."
            }
            S::Terminating | S::WarmedTerminating | S::WarmedPending => {
                "It is on its way out, and its terminate hook opens within seconds."
            }
            S::Pending | S::PendingWait | S::PendingProceed => {
                "It is being launched. If it does not join, its launch is abandoned at the join deadline."
            }
            S::Standby | S::EnteringStandby => {
                "When it is in service again, the next rollout replaces it."
            }
            S::Detaching | S::Detached => {
                "It has left the group, or is about to: drain it in ECS, then terminate it in EC2."
            }
            _ => "Auto Scaling can terminate it, which drains it first.",
        })
    }
}

/// Decides what comes next.
///
/// # Errors
/// Why it is not to be ended.
pub fn next_step(progress: Progress, seen: &Observation, now: Timestamp) -> Result<Step, Refusal> {
    use LifecycleState as S;
    let is_requested = termination_requested(&seen.registrations, now).is_some();
    let is_ours = progress.begun || is_requested;
    let Some(state) = &seen.state else {
        return left_over(is_ours, &seen.registrations);
    };
    match state {
        // The answer may be some seconds older than the termination.
        retained if retained.can_be_ended() && progress.terminated => Ok(Step::AwaitHook),
        retained if retained.can_be_ended() => {
            let arns = seen.registrations.iter().map(|one| one.arn.clone());
            if is_requested || seen.registrations.is_empty() {
                Ok(Step::Terminate)
            } else {
                Ok(Step::Request(arns.collect()))
            }
        }
        S::Terminating | S::WarmedTerminating if is_ours => Ok(Step::AwaitHook),
        S::TerminatingWait | S::WarmedTerminatingWait if is_ours && !progress.answered => {
            Ok(Step::Answer)
        }
        S::TerminatingWait
        | S::WarmedTerminatingWait
        | S::TerminatingProceed
        | S::WarmedTerminatingProceed
            if is_ours =>
        {
            Ok(Step::AwaitEnd)
        }
        other => Err(Refusal::NotRetained(other.clone())),
    }
}

/// No group has it any more. ECS deregisters an instance that EC2 terminates, unless its agent was
/// not connected.
fn left_over(is_ours: bool, registrations: &[ContainerInstance]) -> Result<Step, Refusal> {
    match registrations.first() {
        None if !is_ours => Err(Refusal::NotInGroup),
        Some(_) if !is_ours => Err(Refusal::OnlyInCluster),
        None => Ok(Step::Done),
        Some(one) if one.agent_connected => Ok(Step::AwaitEnd),
        Some(one) => Ok(Step::Deregister(one.arn.clone())),
    }
}
