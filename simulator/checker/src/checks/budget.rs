//! What the workers' answers cost: API calls by worker, and heartbeats. statemachine/README.md
//! states the budget.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;

use super::super::CheckerState;
use super::since;
use crate::invariants::Invariant;
use aws::account::Account;
use aws::faults::{FAULTS, Fault};

/// So many calls an answer of each worker takes at most, on average over a rollout. `reconcile` is
/// not about one instance.
const CALLS: [(Worker, u64); 5] = [
    (Worker::Joined, 6),
    (Worker::Draining, 16),
    (Worker::Drained, 8),
    (Worker::Stable, 5),
    (Worker::CompleteAction, 4),
];

/// An average of fewer answers says little: the first checks take more calls than those after them.
const ANSWERS: u64 = 10;

/// So many instances, or more, are on each page of an answer.
const PAGE: u64 = 50;

/// A lifecycle action needs a heartbeat every three minutes; checks do not come exactly then.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(150);

/// Heartbeats of an execution that are due to no time: the first of each of its phases, and one
/// before each change.
const HEARTBEATS_AT_ONCE: u64 = 8;

/// What was called since the rollout began.
#[derive(Debug, Default)]
pub(in super::super) struct Usage {
    /// Calls that were answered, and invocations, by function.
    functions: BTreeMap<String, (u64, u64)>,
    heartbeats: u64,
    /// Whether answers had small pages (the fault `small-pages`), so that a check took more calls.
    small_pages: bool,
    /// How many heartbeats the executions that have ended needed at most.
    heartbeats_allowed: u64,
}

impl Usage {
    /// A function's call was answered.
    pub(in super::super) fn calls(&mut self, account: &Account, function: &str, action: &str) {
        self.small_pages |= account[FAULTS].active.has(Fault::SmallPages);
        self.functions.entry(function.to_owned()).or_default().0 += 1;
        self.heartbeats += u64::from(action == "RecordLifecycleActionHeartbeat");
    }

    /// A function was invoked.
    pub(in super::super) fn invokes(&mut self, function: &str) {
        self.functions.entry(function.to_owned()).or_default().1 += 1;
    }

    /// An execution has run for so long.
    pub(in super::super) fn allows(&mut self, lasted: Duration) {
        let in_time = lasted.as_secs() / HEARTBEAT_EVERY.as_secs();
        self.heartbeats_allowed += in_time + HEARTBEATS_AT_ONCE;
    }
}

impl CheckerState {
    /// The calls and heartbeats of a rollout, which ends now, are within their budget.
    pub(in super::super) fn stays_within_budget(&mut self) {
        let Some(at) = self.checks.last_at() else {
            return;
        };
        let mut usage = std::mem::take(&mut self.checks.usage);
        let pages = self.instances.len() as u64 / PAGE;
        for (worker, most) in CALLS {
            let own = usage.functions.iter();
            let own = own.filter(|(name, _)| name.ends_with(worker.name()));
            let (calls, answers) = own.fold((0, 0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1));
            if answers >= ANSWERS && calls > answers * (most + pages) && !usage.small_pages {
                let name = worker.name();
                let detail = format!(
                    "{answers} answers of {name} took {calls} calls, more than {most} for each"
                );
                self.violate(Invariant::WithinBudget, at, detail);
            }
        }
        let open: Vec<Timestamp> = self.open_executions.values().copied().collect();
        for began in open {
            usage.allows(since(began, at));
        }
        let (sent, needed) = (usage.heartbeats, usage.heartbeats_allowed);
        if sent > needed {
            let detail = format!("{sent} heartbeats were sent, and at most {needed} were needed");
            self.violate(Invariant::WithinBudget, at, detail);
        }
    }
}
