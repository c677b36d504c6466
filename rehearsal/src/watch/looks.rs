//! Whether the looks of executions come in time and say what is so.
//!
//! A look is one question to one of the workers joined, draining, drained and stable. Three rules together bound how late
//! anything is noticed: the next look comes within the pace of its phase; a look that answers `NotYet` has something to wait
//! for, and its deadline has not passed; a look that answers `Never` comes after its deadline or limit, and something is
//! left. What is so is read from the account, not from the workers.

mod budget;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use workers::Worker;
use workers::drained::STOP_GRACE;
use workers::model::Transition;
use workers::model::group::HOLD_TAG;
use workers::reconcile::hook_of;

use super::Inner;
use crate::account::Account;
use crate::ecs::TaskView;
use crate::faults::Fault;
use crate::promises::Claim;

/// A worker's clock may be wrong by five seconds before it is corrected, and an event's time is in whole seconds.
const SKEW: Duration = Duration::from_secs(6);

/// What a look reads may be ten seconds old (the fault `stale-read`); two more are for the calls themselves.
const STALE: Duration = Duration::from_secs(12);

/// From a Wait's end to the next look, beyond what the worker said.
const BETWEEN_STATES: Duration = Duration::from_secs(15);

/// An activity worker's handler may run for a minute, and the question after it waits so long.
const HANDLER: Duration = Duration::from_secs(60);

/// What each open execution adds to the wait for an activity worker, which answers a few at a time.
const IN_TURN: Duration = Duration::from_secs(2);

/// A wait is at most one part in this many of its phase so far.
const PART_OF_PHASE: u32 = 15;

/// A wait is at least so long, but before a deadline.
const SHORTEST: Duration = Duration::from_secs(5);

/// A wait is at most so long.
const LONGEST: Duration = Duration::from_secs(300);

/// In a large batch the first looks of its instances are spread over so much time for each instance.
const FIRST_LOOKS: Duration = Duration::from_millis(1500);

/// A drain waits so long for others to be seen, and for Auto Scaling to show the instance at its hook.
const BELIEVED: Duration = Duration::from_secs(30);

/// Waits shorter than [`SHORTEST`] that a phase may have: a phase has a few deadlines, and a look may come just before one.
const SHORT_WAITS: u32 = 8;

/// Without a fault of reads each `NotYet` must have a cause. A fault of reads may hide it from so many looks in a row.
const HIDDEN_LOOKS: u32 = 6;

/// A look, and its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    /// When the answer came.
    pub(super) at: Timestamp,
    /// For how long the worker ran.
    pub(super) lasted: Duration,
    pub(super) worker: Worker,
    /// Name of the execution.
    pub(super) execution: &'a str,
    pub(super) instance: &'a str,
    pub(super) failed: bool,
    pub(super) verdict: &'a str,
}

impl Look<'_> {
    fn started(&self) -> Timestamp {
        self.at - self.lasted
    }
}

/// What is known of an execution's looks.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The time of its event.
    began: Timestamp,
    /// Whether the event names a lifecycle transition that there is.
    is_known: bool,
    /// The last look: by whom, when it ended, and how.
    worker: Option<Worker>,
    ended: Timestamp,
    failed: bool,
    verdict: String,
    /// When the first look of this phase started.
    phase_began: Timestamp,
    /// When the drain was admitted, at the earliest and at the latest.
    admitted: Option<(Timestamp, Timestamp)>,
    /// How many looks in a row said `NotYet` with nothing to wait for.
    needless: u32,
    /// How many waits of this phase were shorter than needed.
    short_waits: u32,
    /// The last heartbeat of its lifecycle action, and the hook's timeout.
    heartbeat: Option<(Timestamp, Duration)>,
    /// How many invocations ended in an error.
    errors: u32,
}

impl Asked {
    fn leaves(&self) -> bool {
        self.admitted.is_some()
    }

    /// The last look before this one, if it was in the same phase and has said to wait.
    fn waited(&self, worker: Worker) -> bool {
        self.worker == Some(worker) && !self.failed && self.verdict == "NotYet"
    }

    fn has_failed(&self, worker: &[Worker]) -> bool {
        let asked = self.worker.is_some_and(|asked| worker.contains(&asked));
        asked && !self.failed && self.verdict == "Never"
    }
}

/// The looks of all executions, and when what they look at has changed.
#[derive(Debug, Default)]
pub(super) struct Looks {
    asked: BTreeMap<String, Asked>,
    /// When a registration or a task of an instance changed.
    instances: BTreeMap<String, Timestamp>,
    /// When a task of a service changed, or somebody changed a service.
    services: Option<Timestamp>,
    /// When an instance of the group changed its state, or somebody a tag of the group.
    group: Option<Timestamp>,
    /// When the drain of an instance was admitted, by the execution that was first.
    admitted: BTreeMap<String, Timestamp>,
    /// What was called since the rollout began.
    pub(super) usage: budget::Usage,
}

impl Looks {
    /// An execution has started, for an event of this time, which names a lifecycle transition.
    pub(super) fn starts(&mut self, name: &str, began: Timestamp, transition: &str) {
        let known = [Transition::Launching, Transition::Terminating];
        let asked = Asked {
            began,
            is_known: known.iter().any(|one| one.name() == transition),
            worker: None,
            ended: began,
            failed: false,
            verdict: String::new(),
            phase_began: began,
            admitted: None,
            needless: 0,
            short_waits: 0,
            heartbeat: None,
            errors: 0,
        };
        self.asked.insert(name.to_owned(), asked);
    }

    /// An execution runs again from the state in which it ended: nobody knows how long it has not.
    pub(super) fn redriven(&mut self, name: &str) {
        if let Some(asked) = self.asked.get_mut(name) {
            asked.failed = true;
        }
    }

    /// A function that an execution asked ended in an error.
    pub(super) fn errs(&mut self, name: &str) {
        if let Some(asked) = self.asked.get_mut(name) {
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
        self.asked.get(name).map(|asked| asked.began)
    }

    /// When the last answer came.
    fn last_at(&self) -> Option<Timestamp> {
        self.asked.values().map(|asked| asked.ended).max()
    }

    /// When the drain of an instance was admitted.
    pub(super) fn admitted(&self, instance: &str) -> Option<Timestamp> {
        self.admitted.get(instance).copied()
    }
}

impl Inner {
    /// A worker has answered.
    pub(super) fn looked(&mut self, account: &Account, look: Look<'_>) {
        let Some(mut before) = self.looks.asked.get(look.execution).cloned() else {
            return;
        };
        self.comes_in_time(account, look, &mut before);
        let settled = !look.failed && self.is_settled(account, look, &before);
        match look.verdict {
            "NotYet" if !look.failed => self.waits_for_cause(account, look, &before, settled),
            "Never" if !look.failed => self.fails_for_cause(account, look, &before, settled),
            _ => {}
        }
        self.note(account, look, before, settled);
    }

    fn note(&mut self, account: &Account, look: Look<'_>, before: Asked, settled: bool) {
        let same = before.worker == Some(look.worker);
        let mut asked = Asked {
            worker: Some(look.worker),
            ended: look.at,
            failed: look.failed,
            verdict: look.verdict.to_owned(),
            heartbeat: self.heartbeat(account, look),
            ..before
        };
        if !same {
            (asked.phase_began, asked.short_waits) = (look.started(), 0);
        }
        let needless = settled && look.verdict == "NotYet";
        asked.needless = if needless && same {
            asked.needless + 1
        } else {
            u32::from(needless)
        };
        let admits = look.worker == Worker::Draining && !look.failed && look.verdict == "Reached";
        if admits && asked.admitted.is_none() {
            // An update of the state that did not take is repeated after the admission.
            let unsure = account.faults.has(Fault::Failures);
            let first = if unsure {
                asked.phase_began
            } else {
                look.started()
            };
            asked.admitted = Some((first, look.at));
            let known = self.looks.admitted.entry(look.instance.to_owned());
            known.and_modify(|at| *at = first.min(*at)).or_insert(first);
        }
        self.looks.asked.insert(look.execution.to_owned(), asked);
    }

    /// The last heartbeat of the lifecycle action, and its hook's timeout.
    fn heartbeat(&self, account: &Account, look: Look<'_>) -> Option<(Timestamp, Duration)> {
        let group = account.autoscaling.group(&self.group)?;
        let instance = group.instance(look.instance)?;
        instance.last_heartbeat(hook_of(instance.transition_name())?)
    }

    /// Whether a look comes within the pace of its phase, not more often than that, and with the heartbeats that its
    /// lifecycle action needs.
    fn comes_in_time(&mut self, account: &Account, look: Look<'_>, before: &mut Asked) {
        if !before.waited(look.worker) || self.is_out_of_step(account) {
            return;
        }
        let waited = since(before.ended, look.started());
        let spent = since(before.phase_began, before.ended);
        let (execution, worker) = (look.execution, look.worker.name());
        let most = self.longest_wait(spent) + self.longest_way();
        if waited > most {
            let detail = format!(
                "{execution} asked {worker} again after {} s, {} s into its phase",
                waited.as_secs(),
                spent.as_secs()
            );
            self.broke(Claim::NoticedInTime, look.at, detail);
        }
        if waited + Duration::from_secs(1) < SHORTEST {
            before.short_waits += 1;
            if before.short_waits == SHORT_WAITS {
                let detail = format!(
                    "{execution} asked {worker} {SHORT_WAITS} times within {} s of the answer before",
                    SHORTEST.as_secs()
                );
                self.broke(Claim::WithinBudget, look.at, detail);
            }
        }
        self.heartbeats_are_sent(look, before);
    }

    fn heartbeats_are_sent(&mut self, look: Look<'_>, before: &Asked) {
        let Some((last, timeout)) = before.heartbeat else {
            return;
        };
        let silent = since(last, look.started());
        if silent > timeout / 3 + self.longest_way() {
            let detail = format!(
                "the lifecycle action of {} had no heartbeat for {} s, of a timeout of {} s",
                look.instance,
                silent.as_secs(),
                timeout.as_secs()
            );
            self.broke(Claim::WithinBudget, look.at, detail);
        }
    }

    /// From a Wait's end to the next look.
    fn longest_way(&self) -> Duration {
        let open = u32::try_from(self.open_executions.len()).unwrap_or(u32::MAX);
        let in_turns = match self.terms.in_turns {
            true => HANDLER + IN_TURN.saturating_mul(open),
            false => Duration::ZERO,
        };
        BETWEEN_STATES + self.terms.latency + in_turns
    }

    fn longest_wait(&self, spent: Duration) -> Duration {
        let batch = u32::try_from(self.terms.batch).unwrap_or(u32::MAX);
        let even = (spent / PART_OF_PHASE).clamp(SHORTEST, LONGEST);
        let in_turn = FIRST_LOOKS.saturating_mul(batch);
        if batch < 20 { even } else { even.max(in_turn) }
    }

    /// Whether nobody can say when a look is due: functions cannot be invoked.
    fn is_out_of_step(&self, account: &Account) -> bool {
        let away = account.faults.functions_away_until;
        away.is_some_and(|until| account.now <= until + LONGEST)
    }

    /// What a wait is for must be there, and its deadline must not have passed.
    fn waits_for_cause(
        &mut self,
        account: &Account,
        look: Look<'_>,
        before: &Asked,
        settled: bool,
    ) {
        let hidden = [Fault::Failures, Fault::StaleRead];
        let tolerated = match hidden.iter().any(|fault| account.faults.has(*fault)) {
            true => HIDDEN_LOOKS,
            false => 0,
        };
        // Of services is known only that they are well now, not since when.
        let tolerated = tolerated + u32::from(look.worker == Worker::Stable);
        if settled && before.needless >= tolerated {
            let detail = format!(
                "{} answered NotYet for {}, though there was nothing to wait for",
                look.worker.name(),
                look.instance
            );
            self.broke(Claim::NoticedInTime, look.at, detail);
        }
        let Some(end) = self.end(look.worker, before, before.admitted.map(|(_, last)| last)) else {
            return;
        };
        if look.started() > end + SKEW && !self.stack_goes() {
            let detail = format!(
                "{} answered NotYet for {} at {}, though its deadline was at {end}",
                look.worker.name(),
                look.instance,
                look.started()
            );
            self.broke(Claim::NoticedInTime, look.at, detail);
        }
    }

    /// When a phase must have ended, of a drain that was `admitted` then.
    fn end(&self, worker: Worker, asked: &Asked, admitted: Option<Timestamp>) -> Option<Timestamp> {
        let stops = self.terms.policy == "stop-tasks";
        match worker {
            Worker::Joined => Some(asked.began + self.terms.join_deadline),
            Worker::Drained if stops => Some(admitted? + self.terms.drain_deadline + STOP_GRACE),
            Worker::Drained | Worker::Stable => Some(admitted? + self.terms.drain_deadline),
            _ => None,
        }
    }

    /// A phase fails only after its deadline or limit, and only if what it waits for is missing.
    fn fails_for_cause(
        &mut self,
        account: &Account,
        look: Look<'_>,
        before: &Asked,
        settled: bool,
    ) {
        let claim = match look.worker {
            Worker::Joined => Claim::AbandonedForCause,
            Worker::Stable if !before.leaves() => return self.stops_for_cause(look),
            _ => Claim::RetainedForCause,
        };
        if self.stack_goes() {
            return;
        }
        let (worker, instance) = (look.worker.name(), look.instance);
        if settled {
            let detail = format!(
                "{worker} answered Never for {instance}, though nothing was left to wait for"
            );
            self.broke(claim, look.at, detail);
        }
        let first = before.admitted.map_or(before.began, |(first, _)| first);
        let end = match look.worker {
            Worker::Draining => Some(before.began + self.terms.drain_deadline),
            worker => self.end(worker, before, Some(first)),
        };
        let is_over = end.is_none_or(|end| look.at + SKEW >= end);
        let has_limit = look.worker == Worker::Drained
            && (self.agent_is_over(look) || self.is_kept(&account.ecs.tasks_on(instance)));
        if !is_over && !has_limit {
            let end = end.unwrap_or(look.at);
            let detail = format!(
                "{worker} answered Never for {instance}, though its deadline was only at {end}"
            );
            self.broke(claim, look.at, detail);
        }
    }

    /// A rollout is stopped only after a drain that failed.
    fn stops_for_cause(&mut self, look: Look<'_>) {
        if self.ever_retained.is_empty() {
            let detail = format!(
                "{} was to stop the rollout, though no drain had failed",
                look.instance
            );
            self.broke(Claim::RetainedForCause, look.at, detail);
        }
    }

    fn agent_is_over(&self, look: Look<'_>) -> bool {
        let gone = self.agentless.get(look.instance);
        let over = |since: &Timestamp| look.at + SKEW >= *since + self.terms.agent_limit;
        self.terms.policy != "terminate" && gone.is_some_and(over)
    }

    /// Whether an instance is kept for the tasks that are left on it, as the operator chose.
    fn is_kept(&self, left: &[TaskView]) -> bool {
        let stands_alone = |task: &TaskView| !task.group.starts_with("service:");
        self.terms.keeps_standalone && left.iter().any(stands_alone)
    }

    /// Whether there was nothing to wait for, from before the look started.
    fn is_settled(&self, account: &Account, look: Look<'_>, before: &Asked) -> bool {
        let Some(started) = look.started().checked_sub(STALE).ok() else {
            return false;
        };
        let changed = |at: Option<Timestamp>| at.is_none_or(|at| at > started);
        let instance = self.looks.instances.get(look.instance).copied();
        match look.worker {
            Worker::Joined => !changed(instance) && self.has_joined(account, look.instance),
            Worker::Drained => {
                !changed(instance)
                    && account.ecs.tasks_on(look.instance).is_empty()
                    && !is_active(account, look.instance)
            }
            Worker::Stable if before.leaves() => {
                !changed(self.looks.services) && services_are_well(account)
            }
            Worker::Stable => !changed(self.looks.group) && self.is_alone(account, look.instance),
            Worker::Draining => {
                let batch = u32::try_from(self.terms.batch).unwrap_or(u32::MAX);
                let begins = before.began + BELIEVED + FIRST_LOOKS.saturating_mul(batch);
                !changed(self.looks.group)
                    && !changed(instance)
                    && begins < started
                    && is_active(account, look.instance)
                    && self.is_alone(account, look.instance)
            }
            _ => false,
        }
    }

    /// Whether an instance is ACTIVE with its agent connected, and has a task of each daemon.
    fn has_joined(&self, account: &Account, instance: &str) -> bool {
        let registrations = account.ecs.registrations(instance);
        let is_ready = registrations.contains(&("ACTIVE", true));
        let daemons_run = || {
            let tasks = account.ecs.tasks_on(instance);
            let runs = |name: &str| {
                let is_of = |task: &TaskView| task.group.strip_prefix("service:") == Some(name);
                tasks
                    .iter()
                    .any(|task| is_of(task) && task.last_status == "RUNNING")
            };
            let services = account.ecs.services();
            let mut daemons = services.iter().filter(|service| service.daemon);
            daemons.all(|daemon| runs(&daemon.name))
        };
        is_ready && (!self.terms.waits_for_daemons || daemons_run())
    }

    /// Whether no other instance of the group leaves or is retained, and nobody has paused the group.
    fn is_alone(&self, account: &Account, instance: &str) -> bool {
        let group = account.autoscaling.group(&self.group);
        let is_paused = group.is_some_and(|group| group.has_tag(HOLD_TAG));
        let mut others = self
            .instances
            .iter()
            .filter(|(id, _)| id.as_str() != instance);
        !is_paused && !others.any(|(_, seen)| seen.leaves())
    }

    /// An execution has failed: the cause that it names has happened.
    pub(super) fn failed(&mut self, at: Timestamp, name: &str, error: &str, cause: &str) {
        let Some(asked) = self.looks.asked.get(name) else {
            return;
        };
        let drains = [Worker::Draining, Worker::Drained, Worker::Stable];
        let is_so = match error {
            "DrainFailed" => asked.has_failed(&drains),
            "LaunchAbandoned" => asked.has_failed(&[Worker::Joined]) || asked.errors > 0,
            "RollStopped" => asked.has_failed(&[Worker::Stable]) && !self.ever_retained.is_empty(),
            "HookLeftOpen" => asked.errors > 0,
            "UnknownTransition" => !asked.is_known,
            _ => false,
        };
        if !is_so || cause.is_empty() {
            let detail = format!(
                "execution {name} ended with {error}, and nothing of that kind happened: {cause}"
            );
            self.broke(Claim::FailuresExplained, at, detail);
        }
    }
}

fn is_active(account: &Account, instance: &str) -> bool {
    let registrations = account.ecs.registrations(instance);
    registrations.iter().any(|(status, _)| *status == "ACTIVE")
}

fn services_are_well(account: &Account) -> bool {
    let services = account.ecs.services();
    let mut replicas = services.iter().filter(|service| !service.daemon);
    replicas.all(|it| it.deployments <= 1 && it.running == it.desired && it.pending == 0)
}

/// From `first` to `last`, or nothing if that is before.
fn since(first: Timestamp, last: Timestamp) -> Duration {
    let passed: SignedDuration = last.duration_since(first);
    passed.try_into().unwrap_or_default()
}
