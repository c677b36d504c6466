//! Whether waits and failures have a cause: something is left, and the deadline has not passed, or
//! has.

use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;
use workers::drained::STOP_GRACE;

use super::super::CheckerState;
use super::{Check, ExecutionChecks};
use crate::invariants::Invariant;
use aws::account::Account;
use aws::ecs::ECS;
use aws::ecs::TaskView;
use aws::faults::{FAULTS, Fault};

/// A worker's clock may be wrong by five seconds before it is corrected, and an event's time is in
/// whole seconds.
const SKEW: Duration = Duration::from_secs(6);

/// An instance that is ready gets this time for its daemons, from the first check that saw it
/// ready.
const DAEMONS_JUDGED: Duration = Duration::from_secs(180);

/// Without a fault of reads each `NotYet` must have a cause. A fault of reads may hide it from so
/// many checks in a row.
const HIDDEN_LOOKS: u32 = 6;

impl CheckerState {
    /// What a wait is for must be there, and its deadline must not have passed.
    pub(super) fn waits_for_cause(
        &mut self,
        account: &Account,
        check: Check<'_>,
        before: &ExecutionChecks,
        settled: bool,
    ) {
        let hidden = [Fault::Failures, Fault::StaleRead];
        let tolerated = if hidden
            .iter()
            .any(|fault| account[FAULTS].active.has(*fault))
        {
            HIDDEN_LOOKS
        } else {
            0
        };
        // Of services is known only that they are well now, not since when.
        let tolerated = tolerated + u32::from(check.worker == Worker::Stable);
        if settled && before.needless >= tolerated {
            let detail = format!(
                "{} answered NotYet for {}, though there was nothing to wait for",
                check.worker.name(),
                check.instance
            );
            self.violate(Invariant::NoticedInTime, check.at, detail);
        }
        let Some(end) = self.end(check.worker, before, before.admitted.map(|(_, last)| last))
        else {
            return;
        };
        if check.started() > end + SKEW && !self.stack_goes() {
            let detail = format!(
                "{} answered NotYet for {} at {}, though its deadline was at {end}",
                check.worker.name(),
                check.instance,
                check.started()
            );
            self.violate(Invariant::NoticedInTime, check.at, detail);
        }
    }

    /// When a phase must have ended, of a drain that was `admitted` then.
    pub(super) fn end(
        &self,
        worker: Worker,
        asked: &ExecutionChecks,
        admitted: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let stops = self.terms.policy == "stop-tasks";
        match worker {
            Worker::Joined => {
                let deadline = asked.began + self.terms.join_deadline;
                let ready = asked.ready_since.map(|since| since + DAEMONS_JUDGED);
                Some(ready.map_or(deadline, |ready| ready.max(deadline)))
            }
            Worker::Drained if stops => Some(admitted? + self.terms.drain_deadline + STOP_GRACE),
            Worker::Drained | Worker::Stable => Some(admitted? + self.terms.drain_deadline),
            _ => None,
        }
    }

    /// A phase fails only after its deadline or limit, and only if what it waits for is missing.
    pub(super) fn fails_for_cause(
        &mut self,
        account: &Account,
        check: Check<'_>,
        before: &ExecutionChecks,
        settled: bool,
    ) {
        let invariant = match check.worker {
            Worker::Joined => Invariant::AbandonedForCause,
            Worker::Stable if !before.leaves() => return self.stops_for_cause(check),
            _ => Invariant::RetainedForCause,
        };
        if self.stack_goes() {
            return;
        }
        let (worker, instance) = (check.worker.name(), check.instance);
        if settled {
            let detail = format!(
                "{worker} answered Never for {instance}, though nothing was left to wait for"
            );
            self.violate(invariant, check.at, detail);
        }
        let first = before.admitted.map_or(before.began, |(first, _)| first);
        let end = match check.worker {
            Worker::Draining => Some(before.began + self.terms.drain_deadline),
            // The time for daemons is that of an instance that still is ready.
            Worker::Joined => Some(before.began + self.terms.join_deadline),
            worker => self.end(worker, before, Some(first)),
        };
        let is_over = end.is_none_or(|end| check.at + SKEW >= end);
        let has_limit = check.worker == Worker::Drained
            && (self.agent_is_over(check) || self.is_kept(&account[ECS].tasks_on(instance)));
        if !is_over && !has_limit {
            let end = end.unwrap_or(check.at);
            let detail = format!(
                "{worker} answered Never for {instance}, though its deadline was only at {end}"
            );
            self.violate(invariant, check.at, detail);
        }
    }

    /// A rollout is stopped only after a drain that failed.
    fn stops_for_cause(&mut self, check: Check<'_>) {
        if self.ever_retained.is_empty() {
            let detail = format!(
                "{} was to stop the rollout, though no drain had failed",
                check.instance
            );
            self.violate(Invariant::RetainedForCause, check.at, detail);
        }
    }

    fn agent_is_over(&self, check: Check<'_>) -> bool {
        let gone = self.agentless.get(check.instance);
        let over = |since: &Timestamp| check.at + SKEW >= *since + self.terms.agent_limit;
        self.terms.policy != "terminate" && gone.is_some_and(over)
    }

    /// Whether an instance is kept for the tasks that are left on it, as the operator chose.
    fn is_kept(&self, left: &[TaskView]) -> bool {
        let stands_alone = |task: &TaskView| !task.group.starts_with("service:");
        self.terms.keeps_standalone && left.iter().any(stands_alone)
    }

    /// An execution has failed: the cause that it names has happened.
    pub(in super::super) fn failed(&mut self, at: Timestamp, name: &str, error: &str, cause: &str) {
        let Some(asked) = self.checks.executions.get(name) else {
            return;
        };
        let drains = [Worker::Draining, Worker::Drained, Worker::Stable];
        let is_so = match error {
            "DrainFailed" => asked.has_failed(&drains),
            "LaunchAbandoned" => asked.has_failed(&[Worker::Joined]) || asked.errors > 0,
            "RolloutStopped" => {
                asked.has_failed(&[Worker::Stable]) && !self.ever_retained.is_empty()
            }
            "HookLeftOpen" => asked.errors > 0,
            "UnknownTransition" => !asked.is_known,
            _ => false,
        };
        if !is_so || cause.is_empty() {
            let detail = format!(
                "execution {name} ended with {error}, and nothing of that kind happened: {cause}"
            );
            self.violate(Invariant::FailuresExplained, at, detail);
        }
    }
}
