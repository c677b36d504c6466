//! Checks a rollout: counts what the report needs, and notes each violation of an invariant at the
//! trace event after which it did not hold.
//!
//! - [`invariants`]: their names and sentences. `apply` takes each trace event, keeps how things
//!   stand (`CheckerState`), and asks the rules:
//!   - `tasks`: drained-before-gone, minimum-healthy; `drains`: one-batch-of-drains;
//!   - `actions`: every-action-served; `answers`: executions-end, no-error-continues;
//!   - `checks`: noticed-in-time, within-budget, retained-for-cause, abandoned-for-cause,
//!     failures-explained.
//!   - rollout-ends is a question to the end of a run: `pending` has what is under way.
//! - `terms`: what the stack's parameters mean for the bounds.
//! - `tally`, `lateness`, `critical_path`: the numbers of the report.

mod actions;
mod answers;
mod apply;
mod checks;
mod critical_path;
mod drains;
pub mod invariants;
mod lateness;
mod pending;
mod tally;
mod tasks;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use workers::model::Verdict;

use aws::account::Account;
use aws::account::Observer;
use aws::ec2::TemplateVersion;
use aws::trace::{LifecycleState, Record, RefreshStatus, StackStatus};

pub use lateness::PhaseLateness;
pub use tally::Tally;
pub use terms::Terms;

/// An instance as the checker last saw it.
#[derive(Debug, Clone)]
pub struct InstanceObservation {
    /// The AMI that it runs.
    pub ami: String,
    /// The launch template version that it came from: a version is another though its AMI be the
    /// same.
    pub launched_from: Option<TemplateVersion>,
    /// Its lifecycle state.
    pub state: LifecycleState,
    /// When it came to its terminate hook, if it has.
    pub drain_began: Option<Timestamp>,
    /// Whether it is a container instance of the cluster.
    pub member: bool,
    /// Whether it has been ACTIVE with its agent connected since it was last out of the group.
    pub joined: bool,
    /// Whether it came out of the group for the warm pool: it drains on its way, and was none of
    /// the pool's before.
    pub returns: bool,
    /// Since when it is retained, if it is.
    pub retained_since: Option<Timestamp>,
    /// Whether it was retained for a person, who may ask to end it.
    pub retained: bool,
    /// Whether it is DRAINING in the cluster.
    pub is_draining: bool,
    /// Whether it was taken out of service by a stack operation or an instance refresh, not by a
    /// scale-in after it.
    pub is_rolled: bool,
    /// The operation that terminated it by name, if one did.
    pub terminated_in: Option<u32>,
}

/// Checks the invariants on the trace of an account; clones share what they saw.
#[derive(Debug, Clone)]
pub struct InvariantChecker {
    inner: Arc<Mutex<CheckerState>>,
}

/// How things stand.
#[derive(Debug)]
struct CheckerState {
    actions: actions::Actions,
    checks: checks::Checks,
    lateness: lateness::Lateness,
    /// Name of the group.
    group: String,
    terms: Terms,
    rolling: bool,
    stack_status: Option<StackStatus>,
    /// How often the stack's status has changed.
    operation: u32,
    first_failure: Option<String>,
    /// The status of the group's instance refresh while it goes on.
    refresh: Option<RefreshStatus>,
    instances: BTreeMap<String, InstanceObservation>,
    open_executions: BTreeMap<String, Timestamp>,
    /// Those that are about no instance: the reconciler's.
    reconcilers: BTreeSet<String>,
    /// Executions whose drain's turn has come.
    turns_seen: BTreeSet<String>,
    last_answers: BTreeMap<String, LastAnswer>,
    healthy: BTreeMap<String, u64>,
    /// The instances that were retained, those too that have gone.
    ever_retained: BTreeSet<String>,
    /// The retained instances that the operator asked to end, and when he asked last.
    to_be_ended: BTreeMap<String, Timestamp>,
    /// The instances whose hooks were answered CONTINUE.
    continued: BTreeSet<String>,
    /// The instances that a user set DRAINING.
    drained_by_hand: BTreeSet<String>,
    /// The instances whose launch we abandoned, and all whose launch was abandoned: those that
    /// timed out too.
    abandoned: BTreeSet<String>,
    launches_over: BTreeSet<String>,
    /// Most drains of a rollout that were open at one time while they were judged.
    most_judged: usize,
    /// When an instance was last seen at its terminate hook.
    last_at_hook: Option<Timestamp>,
    /// Whether an event was lost.
    event_lost: bool,
    /// The instances that joined the cluster only after their hook had let them go.
    joined_too_late: BTreeSet<String>,
    /// The instances whose agent is not connected, and since when.
    agentless: BTreeMap<String, Timestamp>,
    /// The instances that died.
    died: BTreeSet<String>,
    /// The Spot instances that EC2 has given notice of.
    interrupted: BTreeSet<String>,
    /// The operation during which the group launched instances that were not the operation's.
    launched_for_others: Option<u32>,
    tally: Tally,
    /// How often each branch was reached: see [`InvariantChecker::reached`].
    reached: BTreeMap<String, u64>,
}

/// What the last worker said in an execution.
#[derive(Debug, Clone)]
enum LastAnswer {
    /// Its verdict; nothing if the answer has none.
    Verdict(Option<Verdict>),
    /// The name of the error with which it failed.
    Error(String),
}

impl InvariantChecker {
    /// A checker of a stack with these terms.
    pub fn new(terms: Terms) -> Self {
        let inner = CheckerState {
            actions: actions::Actions::default(),
            checks: checks::Checks::default(),
            lateness: lateness::Lateness::default(),
            group: String::new(),
            terms,
            rolling: false,
            stack_status: None,
            operation: 0,
            first_failure: None,
            refresh: None,
            instances: BTreeMap::new(),
            open_executions: BTreeMap::new(),
            reconcilers: BTreeSet::new(),
            turns_seen: BTreeSet::new(),
            last_answers: BTreeMap::new(),
            healthy: BTreeMap::new(),
            ever_retained: BTreeSet::new(),
            to_be_ended: BTreeMap::new(),
            continued: BTreeSet::new(),
            drained_by_hand: BTreeSet::new(),
            abandoned: BTreeSet::new(),
            launches_over: BTreeSet::new(),
            most_judged: 0,
            last_at_hook: None,
            event_lost: false,
            joined_too_late: BTreeSet::new(),
            agentless: BTreeMap::new(),
            died: BTreeSet::new(),
            interrupted: BTreeSet::new(),
            launched_for_others: None,
            tally: Tally::default(),
            reached: BTreeMap::new(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, CheckerState> {
        self.inner
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run")
    }

    /// Forgets what was counted, and judges from now on by the terms of a rollout.
    pub fn begin_roll(&self) {
        let mut inner = self.lock();
        inner.rolling = true;
        inner.most_judged = 0;
        inner.checks.usage = Default::default();
        inner.lateness.begin_rollout();
        // The report of the rollout has the violations before it, too: no other report will.
        let violations = std::mem::take(&mut inner.tally.violations);
        inner.tally = Tally {
            violations,
            ..Tally::default()
        };
    }

    /// Takes what was counted and seen since the rollout began.
    pub fn end_roll(&self) -> Tally {
        let mut inner = self.lock();
        inner.stays_within_budget();
        inner.rolling = false;
        let (avoidable_delay, lateness) = inner.lateness.end_rollout();
        Tally {
            avoidable_delay,
            lateness,
            ..std::mem::take(&mut inner.tally)
        }
    }

    /// Takes notice that a user sets an instance DRAINING.
    pub fn drained_by_hand(&self, instance: &str) {
        self.lock().drained_by_hand.insert(instance.to_owned());
    }

    /// What the stack's parameters say.
    pub fn terms(&self) -> Terms {
        self.lock().terms.clone()
    }

    /// How often each state of the definition was entered (`state NAME`), each answer given
    /// (`WORKER VERDICT`, or the error in its place) and each cause of a wait named (`WORKER waits:
    /// CAUSE`), since the account began.
    pub fn reached(&self) -> BTreeMap<String, u64> {
        self.lock().reached.clone()
    }

    /// How many instances were ever retained.
    pub fn ever_retained(&self) -> usize {
        self.lock().ever_retained.len()
    }

    /// The stack's status.
    pub fn stack_status(&self) -> Option<StackStatus> {
        self.lock().stack_status
    }

    /// How many instances of the group are in service.
    pub fn in_service(&self) -> usize {
        let inner = self.lock();
        let instances = inner.instances.values();
        instances
            .filter(|seen| seen.state == LifecycleState::InService)
            .count()
    }

    /// The first resource that failed, and why.
    pub fn first_failure(&self) -> Option<String> {
        self.lock().first_failure.clone()
    }

    /// The instances of the group that have not gone away, by id.
    pub fn instances(&self) -> BTreeMap<String, InstanceObservation> {
        self.lock().instances.clone()
    }

    /// How many instances are in service on this AMI.
    pub fn in_service_on(&self, ami: &str) -> usize {
        let inner = self.lock();
        let serving = inner.instances.values();
        let serving =
            serving.filter(|seen| seen.state == LifecycleState::InService && seen.ami == ami);
        serving.count()
    }

    /// How many instances of the group have another AMI than this one, those left out that are in
    /// its warm pool, or retained: another serves in their place.
    pub fn in_group_without(&self, ami: &str) -> usize {
        let inner = self.lock();
        let counts = |state: LifecycleState| !state.is_warm() && !state.is_retained();
        let others = inner.instances.values();
        let others = others.filter(|seen| seen.ami != ami && counts(seen.state));
        others.count()
    }

    /// What is still under way, in words; nothing if all is at rest.
    pub fn pending(&self) -> Option<String> {
        self.lock().pending()
    }
}

impl Observer for InvariantChecker {
    fn observe(&mut self, account: &Account, record: &Record) {
        self.lock().observe(account, record);
    }
}
