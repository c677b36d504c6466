//! What a rollout came to, in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api_quota::{QuotaUsage, rounded};
use crate::checker::{PhaseLateness, Tally};
use crate::invariants::CheckedInvariant;
use crate::lambda_process::Starts;

/// US dollars for 1,000 state transitions (public price, most Regions).
const USD_PER_1000_TRANSITIONS: f64 = 0.025;
/// US dollars for a million invocations (public price).
const USD_PER_MILLION_INVOCATIONS: f64 = 0.20;
/// US dollars for a GB-second on x86_64, which functions have by default (public price, first
/// tier). On arm64 it is a fifth less.
const USD_PER_GB_SECOND: f64 = 0.000_016_666_7;

/// A rollout in numbers. Members are spelled so in JSON output, and keep their names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Final status of the stack.
    pub outcome: String,
    /// The AMIs.
    pub ami: Amis,
    /// Size of the group when the rollout began.
    pub instances: usize,
    /// How many of them are replaced at the end: one on the new AMI is in service, and the old one
    /// is gone, or retained. None after a rollback.
    pub replaced: usize,
    /// Instances that left the group during the rollout, in a rollback too.
    pub terminated: usize,
    /// Instances whose drain failed and which the template's policy keeps for a person.
    pub retained: Vec<String>,
    /// Instances that are kept for their standalone tasks, as StandaloneTaskPolicy says.
    pub retained_for_standalone_tasks: Vec<String>,
    /// From the update of the stack until nothing was under way any more, in virtual seconds.
    pub roll_seconds: f64,
    /// How long it would have taken if every condition had been noticed when it became true.
    pub lower_bound_seconds: f64,
    /// The ratio of the two.
    pub overhead: f64,
    /// How late conditions were noticed, by the worker that notices them; `queued` is a new
    /// instance's wait for drains.
    pub lateness: BTreeMap<&'static str, Lateness>,
    /// Service tasks that stopped on instances that were leaving.
    pub tasks_moved: u64,
    /// Tasks cut off though nobody had asked for it.
    pub tasks_killed_early: u64,
    /// Tasks that had not stopped when EC2 took their Spot instance back, two minutes after its
    /// notice.
    pub tasks_lost_to_spot: u64,
    /// Most drains open at one time.
    pub max_open_drains: usize,
    /// The workers' calls, retries included, by `service:Action`.
    pub api_calls: BTreeMap<String, u64>,
    /// The workers' calls for each instance that went away.
    pub api_calls_per_instance: f64,
    /// How much of each documented API limit the rollout used.
    pub api_buckets: Vec<QuotaUsage>,
    /// Invocations that ended in an error which Step Functions saw, by the error's name.
    pub failed_invocations: BTreeMap<String, u64>,
    /// State transitions, as Step Functions bills them.
    pub state_transitions: u64,
    /// Longest history of an execution.
    pub max_history_events: usize,
    /// State transitions and invocations by the public prices, without the free tier.
    pub cost_usd: f64,
    /// How often each function was started, if they ran as processes: since the stack was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<BTreeMap<String, Starts>>,
    /// Each invariant, held or broken.
    #[serde(rename = "invariants")]
    pub invariants: Vec<CheckedInvariant>,
    /// The seed that gives this scenario again.
    pub seed: u64,
}

/// The AMIs of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amis {
    /// Before.
    pub old: String,
    /// The one released.
    pub new: String,
}

/// How late the conditions of one phase were noticed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lateness {
    /// How many conditions became true.
    pub times: u32,
    /// The mean time from when a condition was true until it was noticed, in seconds.
    pub mean_seconds: f64,
    /// The longest such time, in seconds.
    pub longest_seconds: f64,
}

impl From<PhaseLateness> for Lateness {
    fn from(phase: PhaseLateness) -> Self {
        let mean = phase.total.as_secs_f64() / f64::from(phase.times.max(1));
        Self {
            times: phase.times,
            mean_seconds: rounded(mean, 1),
            longest_seconds: rounded(phase.longest.as_secs_f64(), 1),
        }
    }
}

impl Report {
    /// Whether the rollout ended as asked: all on the new AMI, nothing kept back, every invariant
    /// held.
    pub fn as_asked(&self) -> bool {
        self.outcome == "UPDATE_COMPLETE" && self.retained.is_empty() && self.invariants_hold()
    }

    /// Whether every invariant held.
    pub fn invariants_hold(&self) -> bool {
        self.invariants.iter().all(|invariant| invariant.held)
    }
}

/// What the rollout's transitions and invocations cost, in US dollars.
pub fn cost_usd(transitions: u64, seen: &Tally) -> f64 {
    let (states, functions) = cost_parts_usd(transitions, seen.invocations, seen.megabyte_ms);
    states + functions
}

/// What the transitions cost, and what the invocations, in US dollars; `megabyte_ms` is the sum of
/// what each invocation held of memory for how long.
pub fn cost_parts_usd(transitions: u64, invocations: u64, megabyte_ms: u64) -> (f64, f64) {
    let gb_seconds = megabyte_ms as f64 / 1024.0 / 1000.0;
    let functions =
        invocations as f64 / 1e6 * USD_PER_MILLION_INVOCATIONS + gb_seconds * USD_PER_GB_SECOND;
    (
        transitions as f64 / 1000.0 * USD_PER_1000_TRANSITIONS,
        functions,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_follows_the_public_prices() {
        let seen = Tally {
            invocations: 1_000_000,
            megabyte_ms: 128 * 1_000_000 * 100,
            ..Tally::default()
        };
        // 1,000 transitions, a million invocations of 100 ms with 128 MB (12,500 GB-s).
        assert_eq!(
            rounded(cost_usd(1000, &seen), 4),
            rounded(0.025 + 0.20 + 12_500.0 * 0.000_016_666_7, 4)
        );
    }
}
