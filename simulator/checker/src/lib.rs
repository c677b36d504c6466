//! Watches a rollout: counts what the report needs, and notes each broken invariant at the event
//! that broke it.

mod actions;
mod answers;
mod apply;
mod checks;
mod critical_path;
mod drains;
pub mod invariants;
mod lateness;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;

use crate::invariants::Violation;
use aws::account::Account;
use aws::account::Observer;
use aws::ec2::TemplateVersion;
use aws::trace::Record;

pub use lateness::PhaseLateness;

/// What the stack's parameters say about a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Name of the stack.
    pub stack: String,
    /// BatchSize.
    pub batch: usize,
    /// DrainDeadlineSeconds.
    pub drain_deadline: Duration,
    /// DrainDeadlinePolicy.
    pub policy: String,
    /// JoinDeadlineSeconds.
    pub join_deadline: Duration,
    /// Whether ECS's managed draining drains beside the workers, and knows no turns.
    pub managed_draining: bool,
    /// AgentDisconnectedLimitSeconds.
    pub agent_limit: Duration,
    /// Whether an instance is kept for its standalone tasks (StandaloneTaskPolicy skip-instance).
    pub keeps_standalone: bool,
    /// WaitForDaemons.
    pub waits_for_daemons: bool,
    /// How much later a look may come than in virtual time, since the machine takes its time.
    pub latency: Duration,
    /// Whether activity workers answer: they take so many questions at a time.
    pub in_turns: bool,
}

impl Terms {
    /// No execution may take longer: a join, the drain that holds it with the grace of
    /// `stop-tasks`, and the patience of the definition's retries, 1562 s, once for each. A drain's
    /// time counts from its turn, that of a new instance from when no drain holds it any more. If
    /// an event was lost the reconciler starts its execution within minutes: its tail, and a few of
    /// its periods, since an event of its own rule may be lost too.
    fn longest_execution(&self, event_lost: bool) -> Duration {
        const GRACE_AND_RETRIES: Duration = Duration::from_secs(900 + 2 * 1562);
        const RECONCILED: Duration = Duration::from_secs(180 + 4 * 300);
        let lost = if event_lost {
            RECONCILED
        } else {
            Duration::ZERO
        };
        self.join_deadline + self.drain_deadline + GRACE_AND_RETRIES + lost
    }
}

/// An instance as the watch last saw it.
#[derive(Debug, Clone)]
pub struct InstanceObservation {
    /// The AMI that it runs.
    pub ami: String,
    /// The launch template version that it came from: a version is another though its AMI be the
    /// same.
    pub launched_from: Option<TemplateVersion>,
    /// Its lifecycle state.
    pub state: String,
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
    /// The operation that told it to go by name, if one did.
    pub told_in: Option<u32>,
}

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
    /// Invariants broken.
    pub violations: Vec<Violation>,
}

/// Watches the account; clones share what they saw.
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
    stack_status: String,
    /// How often the stack's status has changed.
    operation: u32,
    first_failure: Option<String>,
    /// The status of the group's instance refresh while it goes on.
    refresh: Option<String>,
    instances: BTreeMap<String, InstanceObservation>,
    open_executions: BTreeMap<String, Timestamp>,
    /// Those that are about no instance: the reconciler's.
    reconcilers: BTreeSet<String>,
    /// Executions whose drain's turn has come.
    turns_seen: BTreeSet<String>,
    last_answers: BTreeMap<String, Answered>,
    healthy: BTreeMap<String, u64>,
    /// The instances that were retained, those too that have gone.
    ever_retained: BTreeSet<String>,
    /// The retained instances that the operator asked to end, and when he asked last.
    to_be_ended: BTreeMap<String, Timestamp>,
    /// The instances whose hooks were answered CONTINUE.
    told_to_go_on: BTreeSet<String>,
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
#[derive(Debug)]
struct Answered {
    failed: bool,
    verdict: String,
}

impl InvariantChecker {
    /// A watch over a stack with these terms.
    pub fn new(terms: Terms) -> Self {
        let inner = CheckerState {
            actions: actions::Actions::default(),
            checks: checks::Checks::default(),
            lateness: lateness::Lateness::default(),
            group: String::new(),
            terms,
            rolling: false,
            stack_status: String::new(),
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
            told_to_go_on: BTreeSet::new(),
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
        // What broke before the rollout is the rollout's to tell: nobody else will.
        let broken = std::mem::take(&mut inner.tally.violations);
        inner.tally = Tally {
            violations: broken,
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
    pub fn stack_status(&self) -> String {
        self.lock().stack_status.clone()
    }

    /// How many instances of the group are in service.
    pub fn in_service(&self) -> usize {
        let inner = self.lock();
        let instances = inner.instances.values();
        instances.filter(|seen| seen.state == "InService").count()
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
        let serving = serving.filter(|seen| seen.state == "InService" && seen.ami == ami);
        serving.count()
    }

    /// How many instances of the group have another AMI than this one, those left out that are in
    /// its warm pool, or retained: another serves in their place.
    pub fn in_group_without(&self, ami: &str) -> usize {
        let inner = self.lock();
        let counts = |state: &str| !state.starts_with("Warmed:") && !state.ends_with(":Retained");
        let others = inner.instances.values();
        let others = others.filter(|seen| seen.ami != ami && counts(&seen.state));
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
