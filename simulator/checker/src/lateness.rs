//! When each condition of a rollout became true, and when a worker noticed it. What is so is read
//! from the account at every trace event that could have changed it, not from the workers.

mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;
use workers::model::Verdict;

use super::CheckerState;
use super::checks::Check;
use super::critical_path::{ActionTimes, PhaseTimes, avoidable_delay};
use aws::account::{Account, Caller};
use aws::trace::{LifecycleState, Record, TraceEvent};
use view::View;

/// How late the conditions of one phase were noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseLateness {
    /// How many conditions became true.
    pub times: u32,
    /// From when they were true until they were noticed, summed up.
    pub total: Duration,
    /// The longest of these.
    pub longest: Duration,
}

/// The lifecycle actions of a rollout.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    /// When each instance began to launch or to leave.
    began: BTreeMap<String, Timestamp>,
    /// The executions that run, by name.
    open: BTreeMap<String, OpenAction>,
    /// What ended.
    done: Vec<ActionTimes>,
}

/// A lifecycle action whose execution runs.
#[derive(Debug)]
struct OpenAction {
    times: ActionTimes,
    /// The worker that is asked until its condition is true.
    phase: Worker,
    /// When the phase began.
    began: Timestamp,
    /// When the condition was last said not to be true; when the phase began, before that.
    denied: Timestamp,
    /// Since when the condition is true, and by whose leaving, as far as the account shows it.
    ready: Option<(Timestamp, Option<String>)>,
}

impl OpenAction {
    /// The condition was noticed, or its deadline was.
    fn ends_phase(&mut self, ready: Timestamp, noticed: Timestamp, freed_by: Option<String>) {
        self.times.phases.push(PhaseTimes {
            worker: self.phase,
            // What nobody can say became true, at the earliest, when it was last denied.
            ready: ready.clamp(self.began, noticed),
            noticed,
            freed_by,
        });
    }

    /// The worker that is asked next.
    fn next(&self) -> Option<Worker> {
        match self.phase {
            Worker::Joined => Some(Worker::Stable),
            Worker::Draining => Some(Worker::Drained),
            Worker::Drained => Some(Worker::Stable),
            _ => None,
        }
    }

    /// Whether the leaving of other instances can make its condition true.
    fn waits_for_others(&self) -> bool {
        self.phase == Worker::Draining || (self.phase == Worker::Stable && self.times.launches)
    }

    fn waits_for_services(&self) -> bool {
        self.phase == Worker::Stable && !self.times.launches
    }
}

/// How much of the account changed.
#[derive(Clone, Copy)]
enum Changed<'a> {
    Instance(&'a str),
    InstanceAndServices(&'a str),
    Services,
    Group,
    Everything,
}

impl Changed<'_> {
    fn concerns(self, action: &OpenAction) -> bool {
        match self {
            Self::Instance(instance) => action.times.instance == instance,
            Self::InstanceAndServices(instance) => {
                action.times.instance == instance || action.waits_for_services()
            }
            Self::Services => action.waits_for_services(),
            Self::Group => action.waits_for_others(),
            Self::Everything => true,
        }
    }
}

impl Lateness {
    /// Forgets what ended, and what began before.
    pub(super) fn begin_rollout(&mut self) {
        self.done.clear();
        self.open.clear();
    }

    /// By how much earlier the rollout could have been over, and how late each phase was noticed,
    /// by its worker's name.
    pub(super) fn end_rollout(&mut self) -> (Duration, BTreeMap<&'static str, PhaseLateness>) {
        let open = std::mem::take(&mut self.open);
        self.done.extend(open.into_values().map(|it| it.times));
        let done = std::mem::take(&mut self.done);
        let mut phases: BTreeMap<&'static str, PhaseLateness> = BTreeMap::new();
        for action in &done {
            for phase in &action.phases {
                let name = match phase.worker {
                    Worker::Stable if action.launches => "queued",
                    worker => worker.name(),
                };
                let late = phase.noticed.duration_since(phase.ready);
                let late = Duration::try_from(late).unwrap_or_default();
                let sum = phases.entry(name).or_default();
                sum.times += 1;
                sum.total += late;
                sum.longest = sum.longest.max(late);
            }
        }
        (avoidable_delay(&done), phases)
    }

    /// An execution has ended.
    pub(super) fn ends(&mut self, name: &str) {
        let times = self.open.remove(name).map(|it| it.times);
        self.done.extend(times);
    }
}

impl CheckerState {
    /// An execution for a lifecycle action has started.
    pub(super) fn action_starts(
        &mut self,
        account: &Account,
        at: Timestamp,
        name: &str,
        instance: &str,
        launches: bool,
    ) {
        let began = self.lateness.began.get(instance).copied();
        let phase = if launches {
            Worker::Joined
        } else {
            Worker::Draining
        };
        let mut action = OpenAction {
            times: ActionTimes {
                instance: instance.to_owned(),
                launches,
                began: began.unwrap_or(at),
                phases: Vec::new(),
            },
            phase,
            began: at,
            denied: at,
            ready: None,
        };
        self.sees(account, at, &mut action);
        self.lateness.open.insert(name.to_owned(), action);
    }

    /// A worker has answered; `deadline` is that of its phase.
    pub(super) fn notices(
        &mut self,
        account: &Account,
        check: Check<'_>,
        deadline: Option<Timestamp>,
    ) {
        let Some(mut action) = self.lateness.open.remove(check.execution) else {
            return;
        };
        let verdict = check.verdict.filter(|_| check.worker == action.phase);
        let Some(verdict) = verdict else {
            self.lateness
                .open
                .insert(check.execution.to_owned(), action);
            return;
        };
        match verdict {
            Verdict::Reached => {
                let denied = action.denied;
                let (ready, freed_by) = action.ready.take().unwrap_or((denied, None));
                action.ends_phase(ready, check.at, freed_by);
                if let Some(next) = action.next() {
                    action.phase = next;
                    (action.began, action.denied) = (check.at, check.at);
                    self.sees(account, check.at, &mut action);
                }
            }
            Verdict::Never => {
                let denied = action.denied;
                let passed = deadline.filter(|deadline| *deadline >= denied);
                action.ends_phase(passed.unwrap_or(denied), check.at, None);
            }
            // Nothing was to be done: this execution delays nothing.
            Verdict::Over => return,
            Verdict::NotYet => {
                action.denied = check.at;
                let since = action.ready.as_ref().map(|(since, _)| *since);
                // The worker waits for more than the account shows.
                if since.is_some_and(|since| since < check.started()) {
                    action.ready = None;
                }
            }
        }
        self.lateness
            .open
            .insert(check.execution.to_owned(), action);
    }

    /// Something has happened: conditions may have become true, or may no longer be.
    pub(super) fn conditions_change(&mut self, account: &Account, record: &Record) {
        use LifecycleState as S;
        let (changed, by) = match &record.event {
            TraceEvent::ContainerInstance { instance, .. } => (Changed::Instance(instance), None),
            TraceEvent::Task { instance, .. } | TraceEvent::TaskKilled { instance, .. } => {
                (Changed::InstanceAndServices(instance), None)
            }
            TraceEvent::TaskHealthy { .. } => (Changed::Services, None),
            TraceEvent::Lifecycle {
                instance, state, ..
            } => {
                if matches!(state, S::Pending | S::Terminating | S::WarmedPending) {
                    self.lateness.began.insert(instance.clone(), record.at);
                }
                (Changed::Group, Some(instance))
            }
            TraceEvent::ApiCall {
                caller: Caller::Operator,
                error: None,
                ..
            } => (Changed::Everything, None),
            _ => return,
        };
        let mut open = std::mem::take(&mut self.lateness.open);
        let mut concerned: Vec<&mut OpenAction> = open
            .values_mut()
            .filter(|action| changed.concerns(action))
            .collect();
        if !concerned.is_empty() {
            let view = View::of(self, account, &concerned);
            for action in &mut concerned {
                let ready = view.is_ready(self, account, action);
                action.ready = match action.ready.take() {
                    Some(since) if ready => Some(since),
                    None if ready => Some((record.at, by.cloned())),
                    _ => None,
                };
            }
        }
        self.lateness.open = open;
    }

    /// Finds out whether a condition is true when its phase begins.
    fn sees(&self, account: &Account, at: Timestamp, action: &mut OpenAction) {
        let view = View::of(self, account, &[action]);
        action.ready = view.is_ready(self, account, action).then_some((at, None));
    }
}
