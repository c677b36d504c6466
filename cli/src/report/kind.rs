//! The phases in the life of an instance.

use serde::Serialize;

/// A phase in the life of an instance. JSON and the page's styles both take its name from the
/// variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// EC2 starts it.
    Launching,
    /// It is to join the cluster.
    Joining,
    /// It waits until earlier drains have ended.
    Queued,
    /// It waits until an operator resumes the rollout.
    Paused,
    /// It serves.
    InService,
    /// It waits in the warm pool.
    InPool,
    /// It leaves, and its terminate hook is not open yet: load balancers deregister it first.
    Leaving,
    /// It is set DRAINING, or waits for its turn.
    Draining,
    /// Its tasks stop.
    TasksStop,
    /// The services are to be as well off as before.
    Settling,
    /// The hook is answered.
    Answering,
    /// Something that another definition than ours asks.
    Asking,
    /// EC2 terminates it.
    Terminating,
    /// It is retained for a person.
    Retained,
    /// Its hook is open, and nobody asks about it.
    HookOpen,
}

impl Kind {
    /// All, in the order in which an instance may meet them.
    pub const ALL: [Self; 15] = [
        Self::Launching,
        Self::Joining,
        Self::Queued,
        Self::Paused,
        Self::InService,
        Self::InPool,
        Self::Leaving,
        Self::Draining,
        Self::TasksStop,
        Self::Settling,
        Self::Answering,
        Self::Asking,
        Self::Terminating,
        Self::Retained,
        Self::HookOpen,
    ];

    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Launching => "EC2 starts it",
            Self::Joining => "joins the cluster",
            Self::Queued => "waits for earlier drains",
            Self::Paused => "paused",
            Self::InService => "in service",
            Self::InPool => "in the warm pool",
            Self::Leaving => "leaves, hook not open yet",
            Self::Draining => "waits for its turn to drain",
            Self::TasksStop => "tasks stop",
            Self::Settling => "services recover",
            Self::Answering => "hook is answered",
            Self::Asking => "another question",
            Self::Terminating => "EC2 terminates it",
            Self::Retained => "retained",
            Self::HookOpen => "hook left open",
        }
    }

    /// The name in the page's styles.
    pub fn class(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}
