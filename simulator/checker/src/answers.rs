//! What executions and workers do to the checker: how long and how large executions get, and after
//! which answer a hook is answered CONTINUE.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use workers::Worker;
use workers::cause::in_words;
use workers::model::{Verdict, WaitCause};

use super::checks::Check;
use super::{CheckerState, InstanceObservation, LastAnswer};
use crate::invariants::Invariant;
use aws::account::Account;
use aws::ecs::ECS;
use aws::lambda::LAMBDA;
use aws::trace::{
    ExecutionEvent, ExecutionStatus, LifecycleState, Record, StackStatus, TraceEvent,
};

/// A check and the answer that follows from it are no further apart, with everything that is
/// retried between.
const RETAINED_SEEN: SignedDuration = SignedDuration::from_mins(2);

impl CheckerState {
    pub(super) fn execution(&mut self, at: Timestamp, execution: &str, what: &ExecutionEvent) {
        match what {
            ExecutionEvent::Started | ExecutionEvent::Redriven => {
                if *what == ExecutionEvent::Redriven {
                    self.checks.redriven(execution);
                }
                self.open_executions.insert(execution.to_owned(), at);
            }
            // A drain may have to wait for its turn in a rollout, and its deadline counts from
            // that.
            ExecutionEvent::Entered { state, .. } => {
                self.reach(format!("state {state}"));
                if state == "Drained" && self.turns_seen.insert(execution.to_owned()) {
                    self.open_executions.insert(execution.to_owned(), at);
                }
            }
            ExecutionEvent::Ended {
                status,
                history_events,
                cause,
                error,
            } => {
                self.lateness.ends(execution);
                let started = self.checks.began(execution);
                let began = self.open_executions.remove(execution).unwrap_or(at);
                let drains = self.turns_seen.remove(execution);
                if !self.reconcilers.remove(execution) && *status == ExecutionStatus::Failed {
                    self.failed(at, execution, error, cause);
                }
                self.checks
                    .usage
                    .allows(started.map_or(Duration::ZERO, |since| {
                        at.duration_since(since).try_into().unwrap_or_default()
                    }));
                // A new instance may be held by drain after drain.
                let freed = self.last_at_hook.filter(|_| !drains);
                let began = freed.map_or(began, |freed| freed.max(began));
                let late = at > began + self.terms.longest_execution(self.event_lost);
                self.tally.max_history_events = self.tally.max_history_events.max(*history_events);
                if late || *status == ExecutionStatus::TimedOut || *history_events >= 25_000 {
                    let detail = format!(
                        "execution {execution} ended {status} after {} s and {history_events} events: {}",
                        at.duration_since(began).as_secs(),
                        in_words(None, cause)
                    );
                    self.violate(Invariant::ExecutionsEnd, at, detail);
                }
            }
        }
    }

    pub(super) fn invocation(&mut self, account: &Account, record: &Record) {
        let TraceEvent::Invocation {
            execution,
            function,
            instance,
            result,
            failed,
            verdict,
            billed_ms,
            ..
        } = &record.event
        else {
            return;
        };
        if *failed && function.ends_with(Worker::Reconcile.name()) {
            self.actions.hinder(record.at);
        }
        self.counts_answer(account, record);
        if result == "ABANDON" {
            self.abandoned.insert(instance.clone());
        }
        if result == "CONTINUE" && !failed {
            self.rolls_on(account, record.at, instance);
        }
        self.tally.invocations += 1;
        let memory = account[LAMBDA]
            .function(function)
            .map_or(0, |function| function.memory_mb);
        self.tally.megabyte_ms += memory * billed_ms;
        if result.is_empty() {
            let answer = if *failed {
                LastAnswer::Error(verdict.clone())
            } else {
                LastAnswer::Verdict(Verdict::named(verdict))
            };
            self.last_answers.insert(execution.clone(), answer);
            return;
        }
        let why_not = match self.last_answers.get(execution) {
            Some(LastAnswer::Error(error)) => format!("after the error {error}"),
            Some(LastAnswer::Verdict(Some(Verdict::NotYet))) => {
                "after the verdict NotYet".to_owned()
            }
            Some(LastAnswer::Verdict(Some(Verdict::Never))) if !self.never_may_continue() => {
                "after the verdict Never".to_owned()
            }
            _ => return,
        };
        if result == "CONTINUE" {
            let detail = format!("the hook of {instance} was answered CONTINUE {why_not}");
            self.violate(Invariant::NoErrorContinues, record.at, detail);
        }
    }

    fn reach(&mut self, branch: String) {
        *self.reached.entry(branch).or_default() += 1;
    }

    /// Counts an answer, and checks it if it answers a check.
    fn counts_answer(&mut self, account: &Account, record: &Record) {
        let TraceEvent::Invocation {
            execution,
            function,
            instance,
            result,
            failed,
            verdict,
            answer,
            billed_ms,
            ..
        } = &record.event
        else {
            return;
        };
        let name = execution.rsplit(':').next().unwrap_or_default();
        self.checks.usage.invokes(function);
        if *failed {
            self.checks.errs(name);
        }
        let Some(worker) = worker_of(function) else {
            return;
        };
        if result.is_empty() {
            let check = Check {
                at: record.at,
                lasted: Duration::from_millis(*billed_ms),
                worker,
                execution: name,
                instance,
                verdict: Verdict::named(verdict).filter(|_| !failed),
            };
            self.check_answered(account, check);
        }
        self.reach(format!("{} {verdict}", worker.name()));
        for cause in WaitCause::of_answer(answer) {
            self.reach(format!("{} waits: {cause:?}", worker.name()));
        }
    }

    /// A new instance is let in by the launch hook: it must have joined.
    pub(super) fn let_in(&mut self, at: Timestamp, instance: &str) {
        let joined = self.instances.get(instance).is_some_and(|seen| seen.joined);
        if !joined && !self.died.contains(instance) {
            let detail = format!("{instance} was let in, though it never joined the cluster");
            self.violate(Invariant::NoErrorContinues, at, detail);
        }
    }

    /// While an update goes forward no new instance is let in once a drain has failed.
    fn rolls_on(&mut self, account: &Account, at: Timestamp, instance: &str) {
        // CONTINUE is repeated until it has counted, when much may have happened.
        let again = !self.continued.insert(instance.to_owned());
        let new = self.instances.get(instance).is_some_and(|seen| {
            let states = [
                LifecycleState::PendingWait,
                LifecycleState::PendingProceed,
                LifecycleState::InService,
            ];
            states.contains(&seen.state)
        });
        if again || !new || self.stack_status != Some(StackStatus::UpdateInProgress) {
            return;
        }
        // One that is kept for its standalone tasks has not failed, and one that is being ended was
        // looked at.
        let kept = account[ECS].kept();
        let ended = &self.to_be_ended;
        let long_ago = |seen: &InstanceObservation| {
            let since = seen.retained_since;
            since.is_some_and(|since| at.duration_since(since) > RETAINED_SEEN)
        };
        let mut all = self.instances.iter();
        let failed =
            all.find(|(id, seen)| long_ago(seen) && !kept.contains(id) && !ended.contains_key(*id));
        if let Some((failed, _)) = failed {
            let detail = format!("{instance} was let in, though the drain of {failed} had failed");
            self.violate(Invariant::NoErrorContinues, at, detail);
        }
    }

    /// At a drain deadline the user may have chosen to go on; and a stack that is deleted keeps
    /// nothing.
    fn never_may_continue(&self) -> bool {
        self.terms.policy != "retain" || self.stack_goes()
    }

    /// Whether the stack is being deleted, or taken back before it was ever there.
    pub(super) fn stack_goes(&self) -> bool {
        matches!(
            self.stack_status,
            Some(StackStatus::DeleteInProgress | StackStatus::RollbackInProgress)
        )
    }
}

/// The worker that a function or an activity is named after.
fn worker_of(function: &str) -> Option<Worker> {
    let mut all = Worker::ALL.into_iter();
    all.find(|worker| function.ends_with(worker.name()))
}
