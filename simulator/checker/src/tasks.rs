//! What happens to tasks: whether they had stopped when their instance was let go, and whether
//! their services stay healthy enough. A Spot instance that is let go with tasks on it before EC2
//! takes it back is our doing; what is on it when EC2 does is counted as that. What an instance
//! does that died, or a task that ended by itself, is nobody's breach; nor is what the user chose
//! for a drain deadline that has passed, or for a stack that is deleted.

use std::time::Duration;

use jiff::Timestamp;
use workers::model::cluster::is_in_force;
use workers::terminate::STOP_REASON;

use super::{CheckerState, InstanceObservation};
use crate::invariants::Invariant;
use aws::account::Account;
use aws::ecs::ECS;
use aws::ecs::OWN_EXIT;
use aws::trace::{Record, TaskStatus, TraceEvent};

/// A drain that is not admitted has its deadline from the time of its event, which EventBridge
/// tells in whole seconds.
const WHOLE_SECONDS: Duration = Duration::from_secs(1);

/// How long tasks may take that are told to stop because their stack is deleted.
const GRACE: Duration = Duration::from_secs(900);

impl CheckerState {
    /// What happened to a task.
    pub(super) fn task(&mut self, account: &Account, record: &Record) {
        match &record.event {
            TraceEvent::TaskHealthy { group } => self.health(account, record.at, group, true),
            TraceEvent::Task {
                group,
                instance,
                last_status,
                reason,
                ..
            } => {
                let seen = self.instances.get(instance);
                let leaving = seen.is_some_and(InstanceObservation::leaves);
                if leaving && *last_status == TaskStatus::Stopped && group.starts_with("service:") {
                    self.tally.tasks_moved += 1;
                }
                let ours = self.is_our_doing(record.at, instance, reason);
                self.health(account, record.at, group, ours);
            }
            TraceEvent::TaskKilled {
                task,
                group,
                instance,
                last_status,
            } => {
                let what =
                    format!("task {task} of {group} was {last_status} when {instance} went away");
                self.killed(record.at, instance, what);
                let ours = self.is_our_doing(record.at, instance, "");
                self.health(account, record.at, group, ours);
            }
            _ => {}
        }
    }

    /// Whether a task's end, for this `reason`, is the doing of a drain, and not what the user
    /// chose.
    fn is_our_doing(&self, at: Timestamp, instance: &str, reason: &str) -> bool {
        let by_choice = self.terms.policy != "retain" && self.is_overdue(at, instance);
        // Of a Spot instance that EC2 has given notice of, the agent drains it: its end is EC2's
        // doing.
        let by_ec2 = self.interrupted.contains(instance);
        // The operator stops the tasks of a retained instance, whose drain is over.
        let by_operator = reason == STOP_REASON;
        reason != OWN_EXIT
            && !by_ec2
            && !by_operator
            && !self.is_excused(at, instance)
            && !self.stack_goes()
            && !by_choice
    }

    /// Checks a service after something happened to a task of it, which was our doing or not.
    fn health(&mut self, account: &Account, at: Timestamp, group: &str, ours: bool) {
        let Some(service) = group.strip_prefix("service:") else {
            return;
        };
        let Some((healthy, minimum)) = account[ECS].service_health(service) else {
            return;
        };
        let before = self
            .healthy
            .insert(service.to_owned(), healthy)
            .unwrap_or(healthy);
        if self.rolls() && ours && healthy < before && healthy < minimum {
            let detail =
                format!("service {service} has {healthy} healthy tasks, its minimum is {minimum}");
            self.violate(Invariant::MinimumHealthy, at, detail);
        }
    }

    /// Its hook has let it go: whatever is still on it has some seconds left.
    pub(super) fn let_go(&mut self, account: &Account, at: Timestamp, instance: &str) {
        let left = account[ECS].tasks_on(instance).into_iter().next();
        if let Some(task) = left.filter(|_| !self.is_excused(at, instance)) {
            let detail = format!(
                "{instance} was released with task {} of {} {}",
                task.id, task.group, task.last_status
            );
            self.violate(Invariant::DrainedBeforeGone, at, detail);
        }
    }

    /// Whether an instance may go with what runs on it: it died, nobody was asked about its launch
    /// (the event was lost, and the hook timed out), the operator asked to end it while it was
    /// retained, or the user chose so.
    fn is_excused(&self, at: Timestamp, instance: &str) -> bool {
        self.died.contains(instance)
            || self.is_unasked(instance)
            || self.joined_too_late.contains(instance)
            || self.is_over_with_its_stack(at, instance)
            || self.is_ended_on_request(instance)
            || self.by_policy(at, instance)
    }

    /// Whether the operator asked to end it, not long before its terminate hook opened for the last
    /// time: a request that was not carried out cuts no later drain short.
    fn is_ended_on_request(&self, instance: &str) -> bool {
        let began = self
            .instances
            .get(instance)
            .and_then(|seen| seen.drain_began);
        let asked = self.to_be_ended.get(instance);
        asked.is_some_and(|asked| began.is_none_or(|began| is_in_force(*asked, began)))
    }

    /// Whether nobody was asked about an instance: its launch timed out with no answer, and nobody
    /// heard of its terminate hook.
    fn is_unasked(&self, instance: &str) -> bool {
        let seen = self.instances.get(instance);
        self.launches_over.contains(instance)
            && !self.abandoned.contains(instance)
            && seen.is_some_and(|seen| seen.drain_began.is_none())
    }

    /// Whether it goes with its stack, and its tasks have had their time after they were told to
    /// stop, or its agent has been gone for as long as an agent may be.
    pub(super) fn is_over_with_its_stack(&self, at: Timestamp, instance: &str) -> bool {
        let seen = self.instances.get(instance);
        let began = seen.and_then(|seen| seen.drain_began);
        let over = |began| at + WHOLE_SECONDS >= began + GRACE;
        let gone = self.agentless.get(instance);
        let gone_for_long = gone.is_some_and(|since| at >= *since + self.terms.agent_limit);
        self.stack_goes() && (began.is_some_and(over) || gone_for_long)
    }

    /// Whether the user chose `terminate`, and the deadline has passed.
    fn by_policy(&self, at: Timestamp, instance: &str) -> bool {
        self.terms.policy == "terminate" && self.is_overdue(at, instance)
    }

    /// Whether the drain deadline of an instance has passed.
    fn is_overdue(&self, at: Timestamp, instance: &str) -> bool {
        let seen = self.instances.get(instance);
        let began = seen.and_then(|seen| seen.drain_began);
        let admitted = self.checks.admitted(instance).or(began);
        admitted.is_some_and(|began| at + WHOLE_SECONDS >= began + self.terms.drain_deadline)
    }

    fn killed(&mut self, at: Timestamp, instance: &str, what: String) {
        if !self.is_excused(at, instance) {
            self.tally.tasks_killed_early += 1;
            self.violate(Invariant::DrainedBeforeGone, at, what);
        }
    }
}
