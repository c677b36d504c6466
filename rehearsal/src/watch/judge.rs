//! What each fact does to the watch: how things stand after it, what it adds to the counts, which promise it breaks.

use std::time::Duration;

use jiff::Timestamp;

use super::{Inner, InstanceSeen};
use crate::account::{Account, Caller};
use crate::fact::{Fact, Told};
use crate::promises::{Broken, Claim};

impl Inner {
    pub(super) fn pending(&self) -> Option<String> {
        if self.stack_status.ends_with("_IN_PROGRESS") {
            return Some(format!("the stack is {}", self.stack_status));
        }
        if let Some(status) = &self.refresh {
            return Some(format!("an instance refresh is {status}"));
        }
        let moving = self.instances.iter().find(|(_, seen)| {
            let at_rest = [
                "InService",
                "Terminating:Retained",
                "Standby",
                "Warmed:Stopped",
                "Warmed:Running",
            ];
            !at_rest.contains(&seen.state.as_str())
        });
        if let Some((id, seen)) = moving {
            return Some(format!("{id} is {}", seen.state));
        }
        self.open_executions
            .keys()
            .next()
            .map(|execution| format!("execution {execution} is running"))
    }

    pub(super) fn observe(&mut self, account: &Account, told: &Told) {
        match &told.fact {
            Fact::Stack { .. } => self.stack(&told.fact),
            Fact::Lifecycle {
                instance,
                ami,
                state,
                ..
            } => {
                self.lifecycle(told.at, instance, ami, state);
                if state == "Terminating:Proceed" {
                    self.let_go(account, told.at, instance);
                }
            }
            Fact::Refresh { status, .. } => {
                let goes_on = ["InProgress", "Baking", "Cancelling", "RollbackInProgress"];
                self.refresh = goes_on.contains(&status.as_str()).then(|| status.clone());
            }
            Fact::TaskHealthy { group } => self.health(account, told.at, group),
            Fact::ContainerInstance {
                instance, status, ..
            } => {
                if let Some(seen) = self.instances.get_mut(instance) {
                    seen.member = status != "INACTIVE";
                    seen.is_draining = status == "DRAINING";
                }
                self.drains_open(told.at);
            }
            Fact::Task {
                group,
                instance,
                last_status,
                ..
            } => self.task(account, told.at, group, instance, last_status),
            Fact::TaskKilled {
                task,
                group,
                instance,
                last_status,
            } => {
                let what =
                    format!("task {task} of {group} was {last_status} when {instance} went away");
                self.killed(told.at, instance, what);
                self.health(account, told.at, group);
            }
            Fact::Execution {
                execution, what, ..
            } => self.execution(told.at, execution, what),
            Fact::Invocation { .. } => self.invocation(account, told),
            Fact::ApiCall {
                caller: Caller::Function(_) | Caller::ActivityWorker(_),
                service,
                action,
                ..
            } => {
                *self
                    .seen
                    .api_calls
                    .entry(format!("{service}:{action}"))
                    .or_default() += 1;
            }
            _ => {}
        }
    }

    fn stack(&mut self, fact: &Fact) {
        let Fact::Stack {
            logical_id,
            status,
            reason,
            resource_type,
            ..
        } = fact
        else {
            return;
        };
        if *logical_id == self.terms.stack {
            self.stack_status.clone_from(status);
        } else if status.ends_with("_FAILED") && resource_type != "AWS::CloudFormation::Stack" {
            let failure = format!("{logical_id} {status}: {reason}");
            self.first_failure.get_or_insert(failure);
        }
    }

    fn lifecycle(&mut self, at: Timestamp, instance: &str, ami: &str, state: &str) {
        if matches!(state, "Terminated" | "Warmed:Terminated" | "Detached") {
            self.instances.remove(instance);
            self.seen.replaced.insert(instance.to_owned());
            return;
        }
        let before = self.instances.get(instance);
        let member = before.is_some_and(|seen| seen.member);
        let is_draining = before.is_some_and(|seen| seen.is_draining);
        let is_rolled = match state {
            "Terminating" => self.rolls() && self.in_operation(),
            _ => before.is_some_and(|seen| seen.is_rolled),
        };
        let drain_began = match state {
            "Terminating:Wait" => Some(at),
            _ => before.and_then(|seen| seen.drain_began),
        };
        let seen = InstanceSeen {
            ami: ami.to_owned(),
            state: state.to_owned(),
            drain_began,
            member,
            is_draining,
            is_rolled,
        };
        self.instances.insert(instance.to_owned(), seen);
        self.drains_open(at);
    }

    /// Whether the promises about a roll are judged: not of a stack that is deleted, which takes all instances at once.
    fn rolls(&self) -> bool {
        let deleted = self.stack_status.starts_with("DELETE_");
        (self.rolling || self.refresh.is_some()) && !deleted
    }

    /// Whether the stack, or an instance refresh, is at it.
    fn in_operation(&self) -> bool {
        self.refresh.is_some() || self.stack_status.ends_with("_IN_PROGRESS")
    }

    /// A drain is open while a DRAINING instance is at its terminate hook. One that waits there for its turn works on.
    fn drains_open(&mut self, at: Timestamp) {
        let open: Vec<String> = self
            .instances
            .iter()
            .filter(|(_, seen)| seen.is_draining && seen.state == "Terminating:Wait")
            .map(|(id, _)| id.clone())
            .collect();
        // A scale-in after the operation takes as many at once as it likes.
        let rolled = open.iter().filter(|id| self.instances[*id].is_rolled);
        let rolled: Vec<&str> = rolled.map(String::as_str).collect();
        let more = open.len() > self.seen.max_open_drains;
        if self.rolls() && rolled.len() > self.terms.batch && more {
            let detail = format!(
                "{} drains were open with a batch of {}: {}",
                rolled.len(),
                self.terms.batch,
                rolled.join(", ")
            );
            self.broke(Claim::OneBatchOfDrains, at, detail);
        }
        self.seen.max_open_drains = self.seen.max_open_drains.max(open.len());
    }

    fn task(
        &mut self,
        account: &Account,
        at: Timestamp,
        group: &str,
        instance: &str,
        last_status: &str,
    ) {
        let leaving = self
            .instances
            .get(instance)
            .is_some_and(|seen| seen.state.starts_with("Terminating"));
        if leaving && last_status == "STOPPED" && group.starts_with("service:") {
            self.seen.tasks_moved += 1;
        }
        self.health(account, at, group);
    }

    fn health(&mut self, account: &Account, at: Timestamp, group: &str) {
        let Some(service) = group.strip_prefix("service:") else {
            return;
        };
        let Some((healthy, minimum)) = account.ecs.service_health(service) else {
            return;
        };
        let before = self
            .healthy
            .insert(service.to_owned(), healthy)
            .unwrap_or(healthy);
        if self.rolls() && healthy < before && healthy < minimum {
            let detail =
                format!("service {service} has {healthy} healthy tasks, its minimum is {minimum}");
            self.broke(Claim::MinimumHealthy, at, detail);
        }
    }

    /// Its hook has let it go: whatever is still on it has some seconds left.
    fn let_go(&mut self, account: &Account, at: Timestamp, instance: &str) {
        let tasks = account.ecs.tasks();
        let left = tasks.iter().find(|task| task.instance == instance);
        if let Some(task) = left.filter(|_| !self.by_policy(at, instance)) {
            let detail = format!(
                "{instance} was let go with task {} of {} {}",
                task.id, task.group, task.last_status
            );
            self.broke(Claim::DrainedBeforeGone, at, detail);
        }
    }

    /// Whether the user chose `terminate`, and the deadline has passed.
    fn by_policy(&self, at: Timestamp, instance: &str) -> bool {
        let seen = self.instances.get(instance);
        let began = seen.and_then(|seen| seen.drain_began);
        // The worker counts from its event's time, which is written to the whole second before.
        let deadline =
            |began: Timestamp| began + self.terms.drain_deadline - Duration::from_secs(1);
        let passed = began.is_some_and(|began| at >= deadline(began));
        self.terms.policy == "terminate" && passed
    }

    fn killed(&mut self, at: Timestamp, instance: &str, what: String) {
        if !self.by_policy(at, instance) {
            self.seen.tasks_killed_early += 1;
            self.broke(Claim::DrainedBeforeGone, at, what);
        }
    }

    pub(super) fn broke(&mut self, claim: Claim, at: Timestamp, detail: String) {
        self.seen.broken.push(Broken { claim, at, detail });
    }
}
