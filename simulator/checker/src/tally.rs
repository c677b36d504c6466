//! What a rollout comes to in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::PhaseLateness;
use crate::invariants::Violation;

/// What was counted and seen since the rollout began.
#[derive(Debug, Default)]
pub struct Tally {
    /// Calls of our functions, by `service:Action`.
    pub api_calls: BTreeMap<String, u64>,
    /// Invocations of our functions, and what they are billed for, in MB-milliseconds.
    pub invocations: u64,
    /// Memory in MB times milliseconds, summed over the invocations.
    pub megabyte_ms: u64,
    /// Service tasks that stopped on an instance that was leaving.
    pub tasks_moved: u64,
    /// Tasks that were cut off, though the user had not asked for it.
    pub tasks_killed_early: u64,
    /// Tasks that had not stopped when EC2 took their Spot instance back.
    pub tasks_lost_to_spot: u64,
    /// Most drains that were open at one time.
    pub max_open_drains: usize,
    /// Instances that went away.
    pub terminated: BTreeSet<String>,
    /// By how much earlier the rollout would have been over if every condition had been noticed
    /// when it became true.
    pub avoidable_delay: Duration,
    /// How late conditions were noticed, by the worker that notices them; `queued` is a new
    /// instance's wait for drains.
    pub lateness: BTreeMap<&'static str, PhaseLateness>,
    /// Longest history of an execution that ended, in events.
    pub max_history_events: usize,
    /// Violations of invariants.
    pub violations: Vec<Violation>,
}
