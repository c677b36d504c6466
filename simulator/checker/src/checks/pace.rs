//! Whether checks come within the pace of their phase, not more often, and with heartbeats.

use std::time::Duration;

use jiff::Timestamp;

use super::super::CheckerState;
use super::{Check, ExecutionChecks, FIRST_CHECKS, since};
use crate::invariants::Invariant;
use aws::account::Account;
use aws::faults::FAULTS;

/// From a Wait's end to the next check, beyond what the worker said.
const BETWEEN_STATES: Duration = Duration::from_secs(15);

/// An activity worker's handler may run for a minute, and the question after it waits so long.
const HANDLER: Duration = Duration::from_secs(60);

/// After a poll that failed, an activity worker polls again within this.
const BACKOFF: Duration = Duration::from_secs(20);

/// What each open execution adds to the wait for an activity worker, which answers a few at a time.
const IN_TURN: Duration = Duration::from_secs(2);

/// A wait is at most one part in this many of its phase so far.
const PART_OF_PHASE: u32 = 15;

/// A wait is at least so long, but before a deadline.
const SHORTEST: Duration = Duration::from_secs(5);

/// A wait is at most so long.
const LONGEST: Duration = Duration::from_secs(300);

/// Waits shorter than [`SHORTEST`] that a phase may have: a phase has a few deadlines, and a check
/// may come just before one.
const SHORT_WAITS: u32 = 8;

impl CheckerState {
    /// Whether a check comes within the pace of its phase, not more often than that, and with the
    /// heartbeats that its lifecycle action needs.
    pub(super) fn comes_in_time(
        &mut self,
        account: &Account,
        check: Check<'_>,
        before: &mut ExecutionChecks,
    ) {
        if !before.waited(check.worker) || self.is_out_of_step(account) {
            return;
        }
        let waited = since(before.ended, check.started());
        let spent = since(before.phase_began, before.ended);
        let (execution, worker) = (check.execution, check.worker.name());
        let most = self.longest_wait(spent) + self.longest_way(before.ended, check.started());
        if waited > most {
            let detail = format!(
                "{execution} asked {worker} again after {} s, {} s into its phase",
                waited.as_secs(),
                spent.as_secs()
            );
            self.violate(Invariant::NoticedInTime, check.at, detail);
        }
        if waited + Duration::from_secs(1) < SHORTEST {
            before.short_waits += 1;
            if before.short_waits == SHORT_WAITS {
                let detail = format!(
                    "{execution} asked {worker} {SHORT_WAITS} times within {} s of the answer before",
                    SHORTEST.as_secs()
                );
                self.violate(Invariant::WithinBudget, check.at, detail);
            }
        }
        self.heartbeats_are_sent(check, before);
    }

    pub(super) fn heartbeats_are_sent(&mut self, check: Check<'_>, before: &ExecutionChecks) {
        let Some((last, timeout)) = before.heartbeat else {
            return;
        };
        let silent = since(last, check.started());
        if silent > timeout / 3 + self.longest_way(last, check.started()) {
            let detail = format!(
                "the lifecycle action of {} had no heartbeat for {} s, of a timeout of {} s",
                check.instance,
                silent.as_secs(),
                timeout.as_secs()
            );
            self.violate(Invariant::WithinBudget, check.at, detail);
        }
    }

    /// From a Wait's end to the next check, when the check before was at `from` and this one at
    /// `to`. An activity worker's polls may fail in between. The trace does not name their
    /// activity.
    fn longest_way(&self, from: Timestamp, to: Timestamp) -> Duration {
        let open = u32::try_from(self.open_executions.len()).unwrap_or(u32::MAX);
        let in_turns = if self.terms.in_turns {
            let failed = self.checks.failed_polls.iter();
            let failed = failed
                .filter(|at| (from - BACKOFF..=to).contains(*at))
                .count();
            let failed = u32::try_from(failed).unwrap_or(u32::MAX);
            HANDLER + BACKOFF.saturating_mul(failed) + IN_TURN.saturating_mul(open)
        } else {
            Duration::ZERO
        };
        BETWEEN_STATES + self.terms.latency + in_turns
    }

    fn longest_wait(&self, spent: Duration) -> Duration {
        let batch = u32::try_from(self.terms.batch).unwrap_or(u32::MAX);
        let even = (spent / PART_OF_PHASE).clamp(SHORTEST, LONGEST);
        let in_turn = FIRST_CHECKS.saturating_mul(batch);
        if batch < 20 { even } else { even.max(in_turn) }
    }

    /// Whether nobody can say when a check is due: functions cannot be invoked.
    fn is_out_of_step(&self, account: &Account) -> bool {
        let away = account[FAULTS].active.functions_away_until;
        away.is_some_and(|until| account.now <= until + LONGEST)
    }
}
