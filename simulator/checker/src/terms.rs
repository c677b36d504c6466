//! What the stack's parameters say about a rollout.

use std::time::Duration;

/// What the stack's parameters say about a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Name of the stack.
    pub stack: String,
    /// BatchSize.
    pub batch: usize,
    /// DrainDeadlineSeconds.
    pub drain_deadline: Duration,
    /// DrainDeadlinePolicy.
    pub policy: String,
    /// JoinDeadlineSeconds.
    pub join_deadline: Duration,
    /// Whether ECS's managed draining drains beside the workers, and knows no turns.
    pub managed_draining: bool,
    /// AgentDisconnectedLimitSeconds.
    pub agent_limit: Duration,
    /// Whether an instance is kept for its standalone tasks (StandaloneTaskPolicy skip-instance).
    pub keeps_standalone: bool,
    /// WaitForDaemons.
    pub waits_for_daemons: bool,
    /// How much later a check may come than in virtual time, since the machine takes its time.
    pub latency: Duration,
    /// Whether activity workers answer: they take so many questions at a time.
    pub in_turns: bool,
}

impl Terms {
    /// No execution may take longer: a join, the drain that holds it with the grace of
    /// `stop-tasks`, and the patience of the definition's retries, 1562 s, once for each. A drain's
    /// time counts from its turn, that of a new instance from when no drain holds it any more. If
    /// an event was lost the reconciler starts its execution within minutes: its tail, and a few of
    /// its periods, since an event of its own rule may be lost too.
    pub(super) fn longest_execution(&self, event_lost: bool) -> Duration {
        const GRACE_AND_RETRIES: Duration = Duration::from_secs(900 + 2 * 1562);
        const RECONCILED: Duration = Duration::from_secs(180 + 4 * 300);
        let lost = if event_lost {
            RECONCILED
        } else {
            Duration::ZERO
        };
        self.join_deadline + self.drain_deadline + GRACE_AND_RETRIES + lost
    }
}
