//! Where an instance of a group is, and why.

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
}

impl fmt::Display for LifecycleState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why an instance is launched or goes, as the cause of its activity tells it after the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There are fewer or more instances than desired: from how many to how many.
    Difference(u32, u32),
    /// An unhealthy instance is replaced.
    Replacement,
    /// Its group is deleted by force.
    GroupDeletion,
    /// Somebody told it to go by name, a user or a rolling update; with the capacity before and
    /// after, if it shrinks with it.
    UserRequest(Option<(u32, u32)>),
    /// EC2 says that it is dead.
    HealthCheck,
    /// A user says that it is unhealthy.
    UserHealthCheck,
    /// Its launch was abandoned.
    LaunchFailure,
    /// An instance refresh.
    Refresh,
    /// The group's MaxInstanceLifetime.
    Lifetime,
    /// Capacity Rebalancing.
    Rebalance,
}

/// In a few words, for the narration.
impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Difference(from, to) => {
                return write!(formatter, "the capacity goes from {from} to {to}");
            }
            Self::Replacement => "replaces an unhealthy instance",
            Self::UserRequest(_) => "requested by a user",
            Self::GroupDeletion => "its group is deleted by force",
            Self::HealthCheck => "the health check found it dead",
            Self::UserHealthCheck => "a user set it unhealthy",
            Self::LaunchFailure => "its launch was abandoned",
            Self::Refresh => "for the instance refresh",
            Self::Rebalance => "a Spot instance is at risk, and the group rebalances",
            Self::Lifetime => "older than the group's maximum instance lifetime",
        };
        formatter.write_str(text)
    }
}

/// Why an instance entered a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleReason {
    /// Why it is launched or goes.
    Cause(Cause),
    /// What holds it, let it go on, or has come to its end; in a few words.
    Step(String),
}

impl From<&Cause> for LifecycleReason {
    fn from(cause: &Cause) -> Self {
        Self::Cause(cause.clone())
    }
}

impl From<&str> for LifecycleReason {
    fn from(text: &str) -> Self {
        Self::Step(text.to_owned())
    }
}

impl fmt::Display for LifecycleReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cause(cause) => cause.fmt(formatter),
            Self::Step(text) => formatter.write_str(text),
        }
    }
}
