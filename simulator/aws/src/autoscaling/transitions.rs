//! The states of an instance in a group, and the moves between them.

use std::fmt;

/// Where an instance of a group is. The account never enters the states of root volume replacement,
/// because it refuses the calls that lead there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LifecycleState {
    /// EC2 prepares it, or it is on its way from the warm pool.
    Pending,
    /// A launch hook holds it; the machine runs.
    PendingWait,
    /// All launch hooks are done.
    PendingProceed,
    /// It counts, and its health is checked.
    InService,
    /// It was chosen to go, and counts no longer.
    Terminating,
    /// A terminate hook holds it; the machine still runs.
    TerminatingWait,
    /// All terminate hooks are done; EC2 shuts it down.
    TerminatingProceed,
    /// A terminate hook was abandoned, and the group's policy keeps the machine for a person.
    TerminatingRetained,
    /// It is gone.
    Terminated,
    /// A user puts it aside.
    EnteringStandby,
    /// It is put aside: the machine runs, and nobody counts it, checks it or scales it in.
    Standby,
    /// A user takes it out of the group.
    Detaching,
    /// The group has it no longer; the machine runs.
    Detached,
    /// EC2 prepares it for the warm pool.
    WarmedPending,
    /// A hook holds it on its way into the warm pool: a launch hook if it is new, a terminate hook
    /// if it comes out of the group.
    WarmedPendingWait,
    /// All hooks on its way into the warm pool are done.
    WarmedPendingProceed,
    /// As [`Self::TerminatingRetained`], on its way out of the group into the warm pool.
    WarmedPendingRetained,
    /// It waits in the warm pool, stopped.
    WarmedStopped,
    /// It waits in the warm pool, running.
    WarmedRunning,
    /// It leaves the warm pool for good.
    WarmedTerminating,
    /// A terminate hook holds it on its way out of the warm pool.
    WarmedTerminatingWait,
    /// All terminate hooks on its way out of the warm pool are done.
    WarmedTerminatingProceed,
    /// As [`Self::TerminatingRetained`], out of the warm pool.
    WarmedTerminatingRetained,
    /// It is gone from the warm pool.
    WarmedTerminated,
}

impl LifecycleState {
    const ALL: [Self; 24] = [
        Self::Pending,
        Self::PendingWait,
        Self::PendingProceed,
        Self::InService,
        Self::Terminating,
        Self::TerminatingWait,
        Self::TerminatingProceed,
        Self::TerminatingRetained,
        Self::Terminated,
        Self::EnteringStandby,
        Self::Standby,
        Self::Detaching,
        Self::Detached,
        Self::WarmedPending,
        Self::WarmedPendingWait,
        Self::WarmedPendingProceed,
        Self::WarmedPendingRetained,
        Self::WarmedStopped,
        Self::WarmedRunning,
        Self::WarmedTerminating,
        Self::WarmedTerminatingWait,
        Self::WarmedTerminatingProceed,
        Self::WarmedTerminatingRetained,
        Self::WarmedTerminated,
    ];

    /// The state that the API calls so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
            Self::TerminatingRetained => "Terminating:Retained",
            Self::Terminated => "Terminated",
            Self::EnteringStandby => "EnteringStandby",
            Self::Standby => "Standby",
            Self::Detaching => "Detaching",
            Self::Detached => "Detached",
            Self::WarmedPending => "Warmed:Pending",
            Self::WarmedPendingWait => "Warmed:Pending:Wait",
            Self::WarmedPendingProceed => "Warmed:Pending:Proceed",
            Self::WarmedPendingRetained => "Warmed:Pending:Retained",
            Self::WarmedStopped => "Warmed:Stopped",
            Self::WarmedRunning => "Warmed:Running",
            Self::WarmedTerminating => "Warmed:Terminating",
            Self::WarmedTerminatingWait => "Warmed:Terminating:Wait",
            Self::WarmedTerminatingProceed => "Warmed:Terminating:Proceed",
            Self::WarmedTerminatingRetained => "Warmed:Terminating:Retained",
            Self::WarmedTerminated => "Warmed:Terminated",
        }
    }

    /// Whether the group counts the instance against its desired capacity. Observed: a terminating
    /// instance does not count, however long its hook holds it; so its replacement is launched at
    /// once.
    pub fn counts(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::PendingWait | Self::PendingProceed | Self::InService
        )
    }

    /// Whether the instance is in the warm pool, or on its way into it or out of it for good.
    pub fn is_warm(self) -> bool {
        self.as_str().starts_with("Warmed:")
    }

    /// Whether the instance is put aside, or about to be.
    pub fn is_on_standby(self) -> bool {
        matches!(self, Self::EnteringStandby | Self::Standby)
    }

    /// Whether the instance waits in the warm pool to be used.
    pub fn is_ready_in_pool(self) -> bool {
        matches!(self, Self::WarmedStopped | Self::WarmedRunning)
    }

    /// Whether an abandoned terminate hook left the machine for a person.
    pub fn is_retained(self) -> bool {
        matches!(
            self,
            Self::TerminatingRetained
                | Self::WarmedPendingRetained
                | Self::WarmedTerminatingRetained
        )
    }
}

impl fmt::Display for LifecycleState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Which hooks a move meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// `autoscaling:EC2_INSTANCE_LAUNCHING`.
    Launching,
    /// `autoscaling:EC2_INSTANCE_TERMINATING`.
    Terminating,
}

impl Transition {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }

    /// What EventBridge calls the event of a hook of this transition.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html>
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Launching => "EC2 Instance-launch Lifecycle Action",
            Self::Terminating => "EC2 Instance-terminate Lifecycle Action",
        }
    }

    /// From what the API writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Launching, Self::Terminating]
            .into_iter()
            .find(|transition| transition.as_str() == text)
    }
}

/// A move of an instance, with at most one hold at hooks in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// A new instance into the group.
    Launch,
    /// A new instance into the warm pool.
    Warm,
    /// Out of the warm pool into the group.
    Join,
    /// Out of the group, for good.
    Terminate,
    /// Out of the group into its warm pool, on a scale-in with reuse.
    Return,
    /// Out of the warm pool, for good.
    Discard,
}

impl Move {
    /// Which hooks it meets.
    pub fn transition(self) -> Transition {
        match self {
            Self::Launch | Self::Warm | Self::Join => Transition::Launching,
            Self::Terminate | Self::Return | Self::Discard => Transition::Terminating,
        }
    }

    /// The states that it goes through: when it begins, at hooks, after the hooks.
    pub fn states(self) -> [LifecycleState; 3] {
        use LifecycleState as S;
        match self {
            Self::Launch | Self::Join => [S::Pending, S::PendingWait, S::PendingProceed],
            Self::Warm | Self::Return => [
                S::WarmedPending,
                S::WarmedPendingWait,
                S::WarmedPendingProceed,
            ],
            Self::Terminate => [S::Terminating, S::TerminatingWait, S::TerminatingProceed],
            Self::Discard => [
                S::WarmedTerminating,
                S::WarmedTerminatingWait,
                S::WarmedTerminatingProceed,
            ],
        }
    }

    /// Where an instance that leaves for good ends, and where it stays if its hook is abandoned and
    /// it is retained.
    pub fn ends(self) -> (LifecycleState, LifecycleState) {
        use LifecycleState as S;
        match self {
            Self::Warm | Self::Discard => (S::WarmedTerminated, S::WarmedTerminatingRetained),
            Self::Return => (S::WarmedTerminated, S::WarmedPendingRetained),
            Self::Launch | Self::Join | Self::Terminate => (S::Terminated, S::TerminatingRetained),
        }
    }

    /// Origin and Destination, as the hook's event names them.
    pub fn ways(self) -> (&'static str, &'static str) {
        match self {
            Self::Launch => ("EC2", "AutoScalingGroup"),
            Self::Warm => ("EC2", "WarmPool"),
            Self::Join => ("WarmPool", "AutoScalingGroup"),
            Self::Terminate => ("AutoScalingGroup", "EC2"),
            Self::Return => ("AutoScalingGroup", "WarmPool"),
            Self::Discard => ("WarmPool", "EC2"),
        }
    }

    /// The move that takes away an instance whose launch was abandoned.
    pub fn undone(self) -> Self {
        match self {
            Self::Warm | Self::Discard => Self::Discard,
            Self::Launch | Self::Join | Self::Terminate | Self::Return => Self::Terminate,
        }
    }
}
