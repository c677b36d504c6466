//! What the user chose for the hard cases of a rollout: tasks that no service replaces, an agent
//! that is gone, daemons.

use jiff::SignedDuration;

/// What becomes of a leaving instance's standalone tasks, which ECS does not stop on a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandaloneTaskPolicy {
    /// They are waited for until the drain deadline.
    Wait,
    /// They are stopped once they have had their own limit.
    Stop,
    /// They run on: the services' tasks leave, and the instance is kept.
    SkipInstance,
}

/// The settings for hard cases. Metadata of an earlier template has none of them: then the defaults
/// hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainOptions {
    /// What becomes of standalone tasks.
    pub standalone: StandaloneTaskPolicy,
    /// How long standalone tasks may run on under `stop`, counted as the drain deadline is.
    pub standalone_limit: SignedDuration,
    /// For how long the agent of a leaving instance may be disconnected before its drain counts as
    /// failed.
    pub agent_limit: SignedDuration,
    /// Whether a new instance has joined only when its daemons run on it.
    pub wait_for_daemons: bool,
}

impl Default for DrainOptions {
    fn default() -> Self {
        Self {
            standalone: StandaloneTaskPolicy::Wait,
            standalone_limit: SignedDuration::from_secs(900),
            agent_limit: SignedDuration::from_secs(600),
            wait_for_daemons: true,
        }
    }
}
