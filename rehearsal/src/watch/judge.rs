//! What each fact does to the watch: how things stand after it, what it adds to the counts, which promise it breaks.

use jiff::Timestamp;

use super::{Inner, InstanceSeen};
use crate::account::{Account, Caller};
use crate::autoscaling::LAUNCH_ABANDONED;
use crate::fact::{Fact, Told};
use crate::promises::{Broken, Claim};

impl Inner {
    pub(super) fn pending(&self) -> Option<String> {
        if self.stack_status.ends_with("_IN_PROGRESS") {
            return Some(format!("the stack is {}", self.stack_status));
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
                reason,
                ..
            } => {
                if reason == LAUNCH_ABANDONED {
                    self.launches_over.insert(instance.clone());
                }
                self.lifecycle(told.at, instance, ami, state);
                match state.as_str() {
                    "Terminating:Proceed" => self.let_go(account, told.at, instance),
                    "Pending:Proceed" => self.let_in(told.at, instance),
                    _ => {}
                }
            }
            Fact::TaskHealthy { group } => self.health(account, told.at, group, true),
            Fact::Died { instance } => {
                self.died.insert(instance.clone());
            }
            Fact::ContainerInstance {
                instance,
                status,
                agent_connected,
                ..
            } => {
                if let Some(seen) = self.instances.get_mut(instance) {
                    seen.member = status != "INACTIVE";
                    seen.joined |= status == "ACTIVE" && *agent_connected;
                    seen.is_draining = status == "DRAINING";
                }
                self.drains_open(told.at);
            }
            Fact::Task {
                group,
                instance,
                last_status,
                reason,
                ..
            } => {
                self.task(group, instance, last_status);
                let ours = self.is_our_doing(told.at, instance, reason);
                self.health(account, told.at, group, ours);
            }
            Fact::TaskKilled {
                task,
                group,
                instance,
                last_status,
            } => {
                let what =
                    format!("task {task} of {group} was {last_status} when {instance} went away");
                self.killed(told.at, instance, what);
                let ours = self.is_our_doing(told.at, instance, "");
                self.health(account, told.at, group, ours);
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
        let drain_began = match state {
            "Terminating:Wait" => Some(at),
            _ => before.and_then(|seen| seen.drain_began),
        };
        let joined = state.starts_with("Warmed") || before.is_some_and(|seen| seen.joined);
        let retained_since = (state == "Terminating:Retained").then_some(at);
        if retained_since.is_some() {
            self.ever_retained.insert(instance.to_owned());
        }
        let retained = state == "Terminating:Retained" || before.is_some_and(|seen| seen.retained);
        let seen = InstanceSeen {
            ami: ami.to_owned(),
            joined,
            retained_since,
            retained,
            state: state.to_owned(),
            drain_began,
            member,
            is_draining,
        };
        self.instances.insert(instance.to_owned(), seen);
        self.drains_open(at);
    }

    fn task(&mut self, group: &str, instance: &str, last_status: &str) {
        let leaving = self
            .instances
            .get(instance)
            .is_some_and(|seen| seen.state.starts_with("Terminating"));
        if leaving && last_status == "STOPPED" && group.starts_with("service:") {
            self.seen.tasks_moved += 1;
        }
    }

    pub(super) fn broke(&mut self, claim: Claim, at: Timestamp, detail: String) {
        self.seen.broken.push(Broken { claim, at, detail });
    }
}
