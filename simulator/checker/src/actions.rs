//! Whether every lifecycle action of ours gets an execution, even if its event is lost, and none
//! gets two that act against each other. What the reconciler starts is judged by what there was
//! when it started it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use workers::Worker;
use workers::model::Transition;
use workers::reconcile::{NAME_PREFIX, SOURCE, hook_of};

use super::CheckerState;
use crate::invariants::Invariant;
use aws::account::Account;
use aws::autoscaling::AUTOSCALING;
use aws::stepfunctions::Execution;
use aws::stepfunctions::STEPFUNCTIONS;
use aws::trace::Record;

/// Within this time an action gets its execution: the reconciler's tail (180 s), the period of its
/// rule (300 s), and slack for an event of that rule that is five minutes late (the fault
/// `event-late`) and for retries.
const SERVED_WITHIN: SignedDuration = SignedDuration::from_secs(180 + 300 + 420);

/// The reconciler starts nothing before an action is this old: its tail, less what a worker's clock
/// may be ahead unnoticed.
const TAIL: SignedDuration = SignedDuration::from_secs(180 - 5);

/// An execution that has run for so long is seen by the reconciler, which itself is done within
/// this.
const SEEN_BY_THEN: SignedDuration = SignedDuration::from_mins(1);

/// The lifecycle actions, and their executions.
#[derive(Debug, Default)]
pub(super) struct Actions {
    /// The instances at our hooks for which no execution has started, and since when.
    unserved: BTreeMap<String, Timestamp>,
    /// When the first of them has waited for too long; nothing is looked at before.
    due: Option<Timestamp>,
    /// When the reconciler was last kept from its work, by a fault.
    hindered: Option<Timestamp>,
    /// What the reconciler has started: instance, hook, and when the action began.
    reconciled: BTreeSet<(String, String, String)>,
}

impl Actions {
    /// The reconciler could not do its work at `at`: an event of its rule was lost, or its worker
    /// had no answer.
    pub(super) fn hinder(&mut self, at: Timestamp) {
        self.hindered = Some(at);
        self.plan();
    }

    /// Works out when the first unserved action has waited for too long.
    fn plan(&mut self) {
        let first = self.unserved.values().min().copied();
        self.due =
            first.map(|since| self.hindered.map_or(since, |at| at.max(since)) + SERVED_WITHIN);
    }
}

impl CheckerState {
    /// An event did not reach the target of `rule`.
    pub(super) fn loses_event(&mut self, at: Timestamp, rule: &str) {
        self.event_lost = true;
        if rule.ends_with(Worker::Reconcile.name()) {
            self.actions.hinder(at);
        }
    }

    /// An instance has entered a state.
    pub(super) fn enters(&mut self, account: &Account, at: Timestamp, group: &str, id: &str) {
        let group = account[AUTOSCALING].group(group);
        let instance = group.and_then(|group| group.instance(id));
        let is_held = instance.is_some_and(|instance| {
            let hook = hook_of(instance.transition_name());
            instance.state.is_at_hook()
                && hook
                    .is_some_and(|hook| group.is_some_and(|group| group.hooks.contains_key(hook)))
        });
        if is_held {
            self.actions.unserved.insert(id.to_owned(), at);
        } else {
            self.actions.unserved.remove(id);
        }
        self.actions.plan();
    }

    /// An execution has started.
    pub(super) fn starts(&mut self, account: &Account, at: Timestamp, name: &str, id: &str) {
        if id.is_empty() {
            self.reconcilers.insert(name.to_owned());
        }
        let mut all = account[STEPFUNCTIONS].executions().iter().rev();
        let Some(started) = all.find(|one| one.name == name) else {
            return;
        };
        let hook = text(&started.input["detail"]["LifecycleHookName"]);
        let transition = text(&started.input["detail"]["LifecycleTransition"]);
        let time = text(&started.input["time"]).parse();
        self.checks.starts(name, time.unwrap_or(at), &transition);
        let known = [Transition::Launching, Transition::Terminating];
        if let Some(transition) = known.into_iter().find(|one| one.name() == transition) {
            let launches = transition == Transition::Launching;
            self.action_starts(account, at, name, id, launches);
        }
        let moves = self.instances.get(id).map(|seen| seen.transition());
        if moves.is_some_and(|moves| moves.is_some_and(|moves| moves.name() == transition)) {
            self.actions.unserved.remove(id);
            self.actions.plan();
        }
        if !name.starts_with(NAME_PREFIX) || started.input["source"] != SOURCE {
            return;
        }
        let began = text(&started.input["time"]);
        let young = began
            .parse::<Timestamp>()
            .is_ok_and(|began| at < began + TAIL);
        if young {
            let detail = format!(
                "an execution was started for {id} at {hook}, whose action began at {began}: its event may still come"
            );
            self.violate(Invariant::EveryActionServed, at, detail);
        }
        let seen_by_then = |one: &&Execution| {
            one.stop.is_none()
                && one.instance() == id
                && one.input["detail"]["LifecycleHookName"] == hook.as_str()
                && one.start + SEEN_BY_THEN <= at
        };
        let mut others = account[STEPFUNCTIONS].executions().iter();
        if let Some(other) = others.find(seen_by_then) {
            let detail = format!(
                "an execution was started for {id} at {hook}, though {} runs for it since {}",
                other.name, other.start
            );
            self.violate(Invariant::EveryActionServed, at, detail);
        }
        let detail =
            format!("the action of {id} at {hook} that began at {began} was started twice");
        if !self.actions.reconciled.insert((id.to_owned(), hook, began)) {
            self.violate(Invariant::EveryActionServed, at, detail);
        }
    }

    /// Whether an action has waited for too long by now.
    pub(super) fn every_action_is_served(&mut self, record: &Record) {
        let at = record.at;
        if self.actions.due.is_none_or(|due| at <= due) {
            return;
        }
        let since = self.actions.unserved.clone();
        let hindered = self.actions.hindered;
        let late = |since: Timestamp| {
            let from = hindered.map_or(since, |hindered| hindered.max(since));
            at > from + SERVED_WITHIN
        };
        for (id, since) in since.into_iter().filter(|(_, since)| late(*since)) {
            self.actions.unserved.remove(&id);
            let minutes = at.duration_since(since).as_mins();
            let detail = format!(
                "{id} waits at its hook for {minutes} minutes, and no execution was started for it"
            );
            self.violate(Invariant::EveryActionServed, at, detail);
        }
        self.actions.plan();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl super::InstanceObservation {
    /// Which way it moves, by its state.
    fn transition(&self) -> Option<Transition> {
        if self.leaves() || self.state.is_out_of_pool() {
            Some(Transition::Terminating)
        } else if self.state.is_pending() || self.state.is_into_pool() {
            Some(Transition::Launching)
        } else {
            None
        }
    }
}
