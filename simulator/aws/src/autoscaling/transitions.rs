//! The states of an instance in a group, and the moves between them.

pub use crate::trace::LifecycleState;

impl LifecycleState {
    /// Whether the group counts the instance against its desired capacity. A terminating instance
    /// does not count, however long its hook holds it; so its replacement is launched at once
    /// (recorded: radkawar/stackd testdata/aws/autoscaling/retention_native.json, 2026-09).
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

    /// Whether the instance is on its way into the warm pool, or was retained on it.
    pub fn is_into_pool(self) -> bool {
        matches!(
            self,
            Self::WarmedPending
                | Self::WarmedPendingWait
                | Self::WarmedPendingProceed
                | Self::WarmedPendingRetained
        )
    }

    /// Whether the instance is on its way out of the warm pool for good, or has gone that way.
    pub fn is_out_of_pool(self) -> bool {
        matches!(
            self,
            Self::WarmedTerminating
                | Self::WarmedTerminatingWait
                | Self::WarmedTerminatingProceed
                | Self::WarmedTerminatingRetained
        )
    }

    /// Whether the instance is on its way out of the group for good, or was retained on it.
    pub fn is_leaving(self) -> bool {
        matches!(
            self,
            Self::Terminating
                | Self::TerminatingWait
                | Self::TerminatingProceed
                | Self::TerminatingRetained
        )
    }

    /// Whether the instance is on its way into the group.
    pub fn is_pending(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::PendingWait | Self::PendingProceed
        )
    }

    /// Whether hooks hold the instance.
    pub fn is_at_hook(self) -> bool {
        matches!(
            self,
            Self::PendingWait
                | Self::TerminatingWait
                | Self::WarmedPendingWait
                | Self::WarmedTerminatingWait
        )
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
