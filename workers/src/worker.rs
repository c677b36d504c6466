//! The workers' names: of binaries, functions and phases.

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// See [`crate::joined`].
    Joined,
    /// See [`crate::draining`].
    Draining,
    /// See [`crate::drained`].
    Drained,
    /// See [`crate::stable`].
    Stable,
    /// See [`crate::complete_action`].
    CompleteAction,
    /// See [`crate::reconcile`].
    Reconcile,
}

impl Worker {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Joined,
        Self::Draining,
        Self::Drained,
        Self::Stable,
        Self::CompleteAction,
        Self::Reconcile,
    ];

    /// Those that the state machine of a lifecycle action asks.
    pub const OF_AN_ACTION: [Self; 5] = [
        Self::Joined,
        Self::Draining,
        Self::Drained,
        Self::Stable,
        Self::CompleteAction,
    ];

    /// Its name: of its binary, and after the cluster's name of its function.
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Stable => "stable",
            Self::CompleteAction => "complete-action",
            Self::Reconcile => "reconcile",
        }
    }

    /// The worker of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worker| worker.name() == name)
    }

    /// The worker that a function runs: the function's name ends with the worker's.
    pub fn of_function(function: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|worker| function.ends_with(worker.name()))
    }

    /// The worker whose answers the state machine keeps there.
    pub fn of_phase(phase: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worker| worker.phase() == phase)
    }

    /// Where the state machine keeps its answer.
    pub(crate) fn phase(self) -> &'static str {
        match self {
            Self::CompleteAction => "completed",
            other => other.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_found_by_the_end_of_its_function_s_name() {
        for worker in Worker::ALL {
            let function = format!("DevCluster-{}", worker.name());
            assert_eq!(Worker::of_function(&function), Some(worker));
        }
        assert_eq!(Worker::of_function("DevCluster-joined-2"), None);
    }
}
