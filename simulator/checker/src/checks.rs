//! Whether the checks of executions come in time and say what is so.
//!
//! A check is one question to one of the workers joined, draining, drained and stable. Three rules
//! together bound how late anything is noticed: the next check comes within the pace of its phase;
//! a check that answers `NotYet` has something to wait for, and its deadline has not passed; a
//! check that answers `Never` comes after its deadline or limit, and something is left. What is so
//! is read from the account, not from the workers.

mod budget;
mod cause;
mod changes;
mod conditions;
mod pace;

pub(super) use conditions::{is_active, services_are_well};

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use workers::Worker;
use workers::model::{Transition, Verdict};
use workers::reconcile::hook_of;

use super::CheckerState;
use aws::account::Account;
use aws::autoscaling::AUTOSCALING;
use aws::ecs::ECS;
use aws::faults::{FAULTS, Fault};

/// In a large batch the first checks of its instances are spread over so much time for each
/// instance.
const FIRST_CHECKS: Duration = Duration::from_millis(1500);

/// No wait between two checks or heartbeats is longer.
const FAILED_POLLS_COUNT_FOR: Duration = Duration::from_secs(3600);

/// A check, and its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'a> {
    /// When the answer came.
    pub(super) at: Timestamp,
    /// For how long the worker ran.
    pub(super) lasted: Duration,
    pub(super) worker: Worker,
    /// Name of the execution.
    pub(super) execution: &'a str,
    pub(super) instance: &'a str,
    /// Nothing, if it ended in an error.
    pub(super) verdict: Option<Verdict>,
}

impl Check<'_> {
    pub(super) fn started(&self) -> Timestamp {
        self.at - self.lasted
    }
}

/// What is known of an execution's checks.
#[derive(Debug, Clone)]
pub(super) struct ExecutionChecks {
    /// The time of its event.
    began: Timestamp,
    /// Whether the event names a lifecycle transition that there is.
    is_known: bool,
    /// The last check: by whom, when it ended, and how.
    worker: Option<Worker>,
    ended: Timestamp,
    verdict: Option<Verdict>,
    /// When the first check of this phase started.
    phase_began: Timestamp,
    /// When the drain was admitted, at the earliest and at the latest.
    admitted: Option<(Timestamp, Timestamp)>,
    /// When joined first said to wait for an instance that was ready, but for its daemons.
    ready_since: Option<Timestamp>,
    /// How many checks in a row said `NotYet` with nothing to wait for.
    needless: u32,
    /// How many waits of this phase were shorter than needed.
    short_waits: u32,
    /// The last heartbeat of its lifecycle action, and the hook's timeout.
    heartbeat: Option<(Timestamp, Duration)>,
    /// How many invocations ended in an error.
    errors: u32,
}

impl ExecutionChecks {
    fn leaves(&self) -> bool {
        self.admitted.is_some()
    }

    /// The last check before this one, if it was in the same phase and has said to wait.
    fn waited(&self, worker: Worker) -> bool {
        self.worker == Some(worker) && self.verdict == Some(Verdict::NotYet)
    }

    fn has_failed(&self, worker: &[Worker]) -> bool {
        let asked = self.worker.is_some_and(|asked| worker.contains(&asked));
        asked && self.verdict == Some(Verdict::Never)
    }
}

/// The checks of all executions, and when what they are about has changed.
#[derive(Debug, Default)]
pub(super) struct Checks {
    executions: BTreeMap<String, ExecutionChecks>,
    /// When a registration or a task of an instance changed.
    instances: BTreeMap<String, Timestamp>,
    /// When a task of a service changed, or somebody changed a service.
    services: Option<Timestamp>,
    /// When an operator's call was answered.
    operator: Option<Timestamp>,
    /// When an instance of the group changed its state, or somebody a tag of the group.
    group: Option<Timestamp>,
    /// When the drain of an instance was admitted, by the execution that was first.
    admitted: BTreeMap<String, Timestamp>,
    /// When polls of an activity worker failed.
    failed_polls: Vec<Timestamp>,
    /// What was called since the rollout began.
    pub(super) usage: budget::Usage,
}

impl Checks {
    /// A poll of an activity worker failed then.
    pub(super) fn poll_fails(&mut self, at: Timestamp) {
        self.failed_polls
            .retain(|earlier| at < *earlier + FAILED_POLLS_COUNT_FOR);
        self.failed_polls.push(at);
    }

    /// An execution has started, for an event of this time, which names a lifecycle transition.
    pub(super) fn starts(&mut self, name: &str, began: Timestamp, transition: &str) {
        let known = [Transition::Launching, Transition::Terminating];
        let asked = ExecutionChecks {
            began,
            is_known: known.iter().any(|one| one.name() == transition),
            worker: None,
            ended: began,
            verdict: None,
            phase_began: began,
            admitted: None,
            ready_since: None,
            needless: 0,
            short_waits: 0,
            heartbeat: None,
            errors: 0,
        };
        self.executions.insert(name.to_owned(), asked);
    }

    /// An execution runs again from the state in which it ended: nobody knows how long it has not.
    pub(super) fn redriven(&mut self, name: &str) {
        if let Some(asked) = self.executions.get_mut(name) {
            asked.verdict = None;
        }
    }

    /// A function that an execution asked ended in an error.
    pub(super) fn errs(&mut self, name: &str) {
        if let Some(asked) = self.executions.get_mut(name) {
            asked.errors += 1;
        }
    }

    /// A registration or a task of an instance has changed.
    pub(super) fn instance_changes(&mut self, at: Timestamp, instance: &str) {
        self.instances.insert(instance.to_owned(), at);
    }

    /// A service has changed, or a task of it.
    pub(super) fn service_changes(&mut self, at: Timestamp) {
        self.services = Some(at);
    }

    /// An operator has changed something: perhaps a service or a tag of the group.
    pub(super) fn operator_calls(&mut self, at: Timestamp) {
        self.operator = Some(at);
        self.services = Some(at);
        self.group = Some(at);
    }

    /// The group has changed, or an instance of it.
    pub(super) fn group_changes(&mut self, at: Timestamp) {
        self.group = Some(at);
    }

    /// An instance has come to its terminate hook: its drain is another one from now on.
    pub(super) fn drain_begins(&mut self, instance: &str) {
        self.admitted.remove(instance);
    }

    /// The time of an execution's event.
    pub(super) fn began(&self, name: &str) -> Option<Timestamp> {
        self.executions.get(name).map(|asked| asked.began)
    }

    /// When the last answer came.
    fn last_at(&self) -> Option<Timestamp> {
        self.executions.values().map(|asked| asked.ended).max()
    }

    /// When the drain of an instance was admitted.
    pub(super) fn admitted(&self, instance: &str) -> Option<Timestamp> {
        self.admitted.get(instance).copied()
    }
}

impl CheckerState {
    /// A worker has answered.
    pub(super) fn check_answered(&mut self, account: &Account, check: Check<'_>) {
        let Some(mut before) = self.checks.executions.get(check.execution).cloned() else {
            return;
        };
        self.comes_in_time(account, check, &mut before);
        let waits_to_join =
            check.worker == Worker::Joined && check.verdict == Some(Verdict::NotYet);
        if waits_to_join
            && account[ECS]
                .registrations(check.instance)
                .contains(&("ACTIVE", true))
        {
            before.ready_since.get_or_insert(check.at);
        }
        let settled = check.verdict.is_some() && self.is_settled(account, check, &before);
        match check.verdict {
            Some(Verdict::NotYet) => self.waits_for_cause(account, check, &before, settled),
            Some(Verdict::Never) => self.fails_for_cause(account, check, &before, settled),
            _ => {}
        }
        let admitted = before.admitted.map(|(first, _)| first);
        let deadline = self.end(check.worker, &before, admitted);
        self.notices(account, check, deadline);
        self.note(account, check, before, settled);
    }

    fn note(
        &mut self,
        account: &Account,
        check: Check<'_>,
        before: ExecutionChecks,
        settled: bool,
    ) {
        let same = before.worker == Some(check.worker);
        let mut asked = ExecutionChecks {
            worker: Some(check.worker),
            ended: check.at,
            verdict: check.verdict,
            heartbeat: self.heartbeat(account, check),
            ..before
        };
        if !same {
            (asked.phase_began, asked.short_waits) = (check.started(), 0);
        }
        let needless = settled && check.verdict == Some(Verdict::NotYet);
        asked.needless = if needless && same {
            asked.needless + 1
        } else {
            u32::from(needless)
        };
        let admits = check.worker == Worker::Draining && check.verdict == Some(Verdict::Reached);
        if admits && asked.admitted.is_none() {
            // An update of the state that did not take is repeated after the admission.
            let unsure = account[FAULTS].active.has(Fault::Failures);
            let first = if unsure {
                asked.phase_began
            } else {
                check.started()
            };
            asked.admitted = Some((first, check.at));
            let known = self.checks.admitted.entry(check.instance.to_owned());
            known.and_modify(|at| *at = first.min(*at)).or_insert(first);
        }
        self.checks
            .executions
            .insert(check.execution.to_owned(), asked);
    }

    /// The last heartbeat of the lifecycle action, and its hook's timeout.
    fn heartbeat(&self, account: &Account, check: Check<'_>) -> Option<(Timestamp, Duration)> {
        let group = account[AUTOSCALING].group(&self.group)?;
        let instance = group.instance(check.instance)?;
        instance.last_heartbeat(hook_of(instance.transition_name())?)
    }
}

/// From `first` to `last`, or nothing if that is before.
fn since(first: Timestamp, last: Timestamp) -> Duration {
    let passed: SignedDuration = last.duration_since(first);
    passed.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
