//! What is seen of the Auto Scaling group and of its stack.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::InstanceId;

/// Where an instance of a group stands in its life, as far as a rollout cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleState {
    /// Launched, its launch hook not yet open.
    Pending,
    /// At its launch hook.
    PendingWait,
    /// Past its launch hook.
    PendingProceed,
    /// At work.
    InService,
    /// Leaving, its terminate hook not yet open: load balancers let go of it first.
    Terminating,
    /// At its terminate hook.
    TerminatingWait,
    /// Past its terminate hook.
    TerminatingProceed,
    /// Its drain failed, and it is kept for a person.
    TerminatingRetained,
    /// On its way into the warm pool, the hook of that way not yet open.
    WarmedPending,
    /// At the hook of its way into the warm pool: at its launch hook if it is new, at its terminate
    /// hook if it comes out of the group.
    WarmedPendingWait,
    /// It came out of the group for the warm pool, its drain failed, and it is kept for a person.
    WarmedPendingRetained,
    /// A person puts it aside.
    EnteringStandby,
    /// A person has put it aside: it runs, and counts no longer.
    Standby,
    /// A person takes it out of the group; it runs on.
    Detaching,
    /// A person has taken it out of the group; it runs on.
    Detached,
    /// Leaving the warm pool for good, its terminate hook not yet open.
    WarmedTerminating,
    /// At its terminate hook, on its way out of the warm pool for good.
    WarmedTerminatingWait,
    /// Past its terminate hook, on its way out of the warm pool for good.
    WarmedTerminatingProceed,
    /// Nobody answered the hook on its way out of the warm pool, and it is kept for a person.
    WarmedTerminatingRetained,
    /// Any other: in the warm pool, gone.
    Other(String),
}

impl LifecycleState {
    /// Reads the name that Auto Scaling gives it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "Pending" => Self::Pending,
            "Pending:Wait" => Self::PendingWait,
            "Pending:Proceed" => Self::PendingProceed,
            "InService" => Self::InService,
            "Terminating" => Self::Terminating,
            "Terminating:Wait" => Self::TerminatingWait,
            "Terminating:Proceed" => Self::TerminatingProceed,
            "Terminating:Retained" => Self::TerminatingRetained,
            "EnteringStandby" => Self::EnteringStandby,
            "Standby" => Self::Standby,
            "Detaching" => Self::Detaching,
            "Detached" => Self::Detached,
            "Warmed:Pending" => Self::WarmedPending,
            "Warmed:Pending:Wait" => Self::WarmedPendingWait,
            "Warmed:Pending:Retained" => Self::WarmedPendingRetained,
            "Warmed:Terminating" => Self::WarmedTerminating,
            "Warmed:Terminating:Wait" => Self::WarmedTerminatingWait,
            "Warmed:Terminating:Proceed" => Self::WarmedTerminatingProceed,
            "Warmed:Terminating:Retained" => Self::WarmedTerminatingRetained,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether an instance in this state has a drain open, or is about to. Of those on their way
    /// into the warm pool this holds only if they come out of the group, see
    /// [`crate::group_snapshot`].
    pub fn is_draining(&self) -> bool {
        self.enters_pool() || matches!(self, Self::Terminating | Self::TerminatingWait)
    }

    /// Whether an instance in this state stands at its terminate hook; see [`Self::is_draining`].
    pub fn awaits_end(&self) -> bool {
        matches!(self, Self::TerminatingWait | Self::WarmedPendingWait)
    }

    /// Whether its group retains it, so that you can end it with `ecs-rollout terminate`. One that
    /// nobody answered for on its way out of the warm pool is retained too, but no drain of it
    /// failed.
    pub fn can_be_ended(&self) -> bool {
        self.is_retained() || *self == Self::WarmedTerminatingRetained
    }

    /// Whether its drain failed, and it is kept for a person.
    pub fn is_retained(&self) -> bool {
        matches!(
            self,
            Self::TerminatingRetained | Self::WarmedPendingRetained
        )
    }

    /// Whether an instance in this state is on its way into the warm pool, new or out of the group.
    pub fn enters_pool(&self) -> bool {
        matches!(self, Self::WarmedPending | Self::WarmedPendingWait)
    }

    /// Whether an instance in this state has been in service, and was put aside or taken out of the
    /// group since. No hook holds it, and none did on that way
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html>).
    pub fn is_set_aside(&self) -> bool {
        matches!(
            self,
            Self::EnteringStandby | Self::Standby | Self::Detaching | Self::Detached
        )
    }

    /// Whether a lifecycle hook of the group holds an instance in this state, ours or somebody
    /// else's.
    pub fn is_at_hook(&self) -> bool {
        matches!(
            self,
            Self::PendingWait
                | Self::TerminatingWait
                | Self::WarmedPendingWait
                | Self::WarmedTerminatingWait
        )
    }

    /// Whether an instance in this state is at its launch hook, or was a moment ago.
    pub fn awaits_launch(&self) -> bool {
        matches!(self, Self::Pending | Self::PendingWait)
    }
}

impl fmt::Display for LifecycleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
            Self::TerminatingRetained => "Terminating:Retained",
            Self::EnteringStandby => "EnteringStandby",
            Self::Standby => "Standby",
            Self::Detaching => "Detaching",
            Self::Detached => "Detached",
            Self::WarmedPending => "Warmed:Pending",
            Self::WarmedPendingWait => "Warmed:Pending:Wait",
            Self::WarmedPendingRetained => "Warmed:Pending:Retained",
            Self::WarmedTerminating => "Warmed:Terminating",
            Self::WarmedTerminatingWait => "Warmed:Terminating:Wait",
            Self::WarmedTerminatingProceed => "Warmed:Terminating:Proceed",
            Self::WarmedTerminatingRetained => "Warmed:Terminating:Retained",
            Self::Other(name) => name,
        })
    }
}

/// An instance as the group sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInstance {
    /// The instance.
    pub instance: InstanceId,
    /// Where it stands.
    pub state: LifecycleState,
    /// What it was launched from: a launch template's id and version, or a launch configuration's
    /// name.
    pub launched_from: Option<String>,
}

/// The tag of a group by which a person holds everything in it as it is; its value says why.
pub const PAUSE_TAG: &str = "ecs-rollout:hold";

/// Stands in the tag's value before the time: AWS has no time of a tag. Of characters that a tag
/// takes everywhere
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html>).
const SINCE: &str = " - since ";

/// Why a rollout of the group is paused: what the value of tag [`PAUSE_TAG`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The reason that was given.
    pub why: String,
    /// Since when; not known if somebody wrote the tag by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Pause {
    /// Reads the tag's value.
    pub fn read(value: &str) -> Self {
        let parts = value.rsplit_once(SINCE);
        let parts = parts.and_then(|(why, since)| Some((why, since.parse().ok()?)));
        match parts {
            Some((why, since)) => Self {
                why: why.to_owned(),
                since: Some(since),
            },
            None => Self {
                why: value.to_owned(),
                since: None,
            },
        }
    }

    /// The tag's value.
    pub fn value(&self) -> String {
        match self.since {
            Some(since) => format!("{}{SINCE}{since:.0}", self.why),
            None => self.why.clone(),
        }
    }
}

/// A group, as far as drains go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// Its ARN.
    pub arn: Option<String>,
    /// Its instances.
    pub instances: Vec<GroupInstance>,
    /// Whether it has a warm pool.
    pub has_pool: bool,
    /// Its pause, if an operator has paused it.
    pub pause: Option<Pause>,
}

/// What the group's stack is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StackState {
    /// An update goes forward. A rolling update of the group happens in here.
    Updating,
    /// Another operation on a stack that lives: a rollback of an update (which rolls the group
    /// back), a clean-up after one, an import.
    Busy(String),
    /// It is being created: the group has no past to roll away from.
    Creating,
    /// It is being deleted, or its creation is being undone.
    Deleting,
    /// Nothing happens to it.
    Settled(String),
    /// There is none of that name.
    Absent,
}

impl StackState {
    /// Reads the status that CloudFormation gives it.
    pub fn from_name(name: &str) -> Self {
        match name {
            "UPDATE_IN_PROGRESS" => Self::Updating,
            "CREATE_IN_PROGRESS" | "REVIEW_IN_PROGRESS" => Self::Creating,
            "DELETE_IN_PROGRESS" | "ROLLBACK_IN_PROGRESS" => Self::Deleting,
            busy if busy.ends_with("_IN_PROGRESS") => Self::Busy(busy.to_owned()),
            settled => Self::Settled(settled.to_owned()),
        }
    }
}

impl fmt::Display for StackState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Updating => "UPDATE_IN_PROGRESS",
            Self::Creating => "being created",
            Self::Deleting => "being deleted",
            Self::Busy(status) | Self::Settled(status) => status,
            Self::Absent => "not there",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_it_was_written() {
        let since = "2026-11-30T15:28:49Z".parse().ok();
        for (why, since) in [("x", since), ("sale - since Monday", since), ("x", None)] {
            let why = why.to_owned();
            let pause = Pause { why, since };
            assert_eq!(Pause::read(&pause.value()), pause);
        }
        assert_eq!(Pause::read("x - since 2026-11-30T15:28:49Z").why, "x");
        assert_eq!(Pause::read("ask Kim").since, None);
    }

    #[test]
    fn what_a_person_has_set_aside_is_at_no_hook_and_no_drain() {
        for name in ["EnteringStandby", "Standby", "Detaching", "Detached"] {
            let state = LifecycleState::from_name(name);
            assert_eq!(state.to_string(), name);
            assert!(state.is_set_aside());
            assert!(!state.is_draining() && !state.awaits_end() && !state.is_retained());
            assert!(!state.awaits_launch() && !state.enters_pool());
        }
        for name in ["InService", "Pending", "Terminating:Wait", "Warmed:Stopped"] {
            assert!(!LifecycleState::from_name(name).is_set_aside(), "{name}");
        }
    }
}
