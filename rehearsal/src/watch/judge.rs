//! What each fact does to the watch: how things stand after it, what it adds to the counts, which promise it breaks.

use jiff::Timestamp;

use super::{Answered, Inner, InstanceSeen};
use crate::account::{Account, Caller};
use crate::fact::{ExecutionFact, Fact, Told};
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
            .first()
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
            } => self.lifecycle(told.at, instance, ami, state),
            Fact::ContainerInstance {
                instance, status, ..
            } => {
                if let Some(seen) = self.instances.get_mut(instance) {
                    seen.member = status != "INACTIVE";
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
                caller: Caller::Function(_),
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
        let drain_began = match state {
            "Terminating:Wait" => Some(at),
            _ => before.and_then(|seen| seen.drain_began),
        };
        let seen = InstanceSeen {
            ami: ami.to_owned(),
            state: state.to_owned(),
            drain_began,
            member,
        };
        self.instances.insert(instance.to_owned(), seen);
        self.drains_open(at);
    }

    /// A drain is open while a member of the cluster is at its terminate hook.
    fn drains_open(&mut self, at: Timestamp) {
        let open: Vec<&String> = self
            .instances
            .iter()
            .filter(|(_, seen)| seen.member && seen.state == "Terminating:Wait")
            .map(|(id, _)| id)
            .collect();
        if self.rolling && open.len() > self.terms.batch && open.len() > self.seen.max_open_drains {
            let names = open
                .iter()
                .map(|id| id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let detail = format!(
                "{} drains were open with a batch of {}: {names}",
                open.len(),
                self.terms.batch
            );
            self.seen.broken.push(Broken {
                claim: Claim::OneBatchOfDrains,
                at,
                detail,
            });
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
        if self.rolling && healthy < before && healthy < minimum {
            let detail =
                format!("service {service} has {healthy} healthy tasks, its minimum is {minimum}");
            self.seen.broken.push(Broken {
                claim: Claim::MinimumHealthy,
                at,
                detail,
            });
        }
    }

    fn killed(&mut self, at: Timestamp, instance: &str, what: String) {
        let drain_began = self
            .instances
            .get(instance)
            .and_then(|seen| seen.drain_began);
        let deadline_passed =
            drain_began.is_some_and(|began| at >= began + self.terms.drain_deadline);
        let by_policy = self.terms.policy == "terminate" && deadline_passed;
        if by_policy {
            return;
        }
        self.seen.tasks_killed_early += 1;
        self.seen.broken.push(Broken {
            claim: Claim::DrainedBeforeGone,
            at,
            detail: what,
        });
    }

    fn execution(&mut self, at: Timestamp, execution: &str, what: &ExecutionFact) {
        match what {
            ExecutionFact::Started => {
                self.open_executions.insert(execution.to_owned());
            }
            ExecutionFact::Entered { .. } => {}
            ExecutionFact::Ended {
                status,
                history_events,
                cause,
                ..
            } => {
                self.open_executions.remove(execution);
                *self.seen.executions.entry(status.clone()).or_default() += 1;
                self.seen.max_history_events = self.seen.max_history_events.max(*history_events);
                if status == "TIMED_OUT" || *history_events >= 25_000 {
                    let detail = format!(
                        "execution {execution} ended {status} after {history_events} events: {cause}"
                    );
                    self.seen.broken.push(Broken {
                        claim: Claim::ExecutionsEnd,
                        at,
                        detail,
                    });
                }
            }
        }
    }

    fn invocation(&mut self, account: &Account, told: &Told) {
        let Fact::Invocation {
            execution,
            function,
            instance,
            result,
            failed,
            verdict,
            billed_ms,
            ..
        } = &told.fact
        else {
            return;
        };
        self.seen.invocations += 1;
        let memory = account
            .lambda
            .function(function)
            .map_or(0, |function| function.memory_mb);
        self.seen.megabyte_ms += memory * billed_ms;
        if result.is_empty() {
            let answered = Answered {
                failed: *failed,
                verdict: verdict.clone(),
            };
            self.last_answers.insert(execution.clone(), answered);
            return;
        }
        let why_not = match self.last_answers.get(execution) {
            Some(answered) if answered.failed => format!("after the error {}", answered.verdict),
            Some(answered) if answered.verdict == "NotYet" => "after the verdict NotYet".to_owned(),
            _ => return,
        };
        if result == "CONTINUE" {
            let detail = format!("the hook of {instance} was answered CONTINUE {why_not}");
            self.seen.broken.push(Broken {
                claim: Claim::NoErrorContinues,
                at: told.at,
                detail,
            });
        }
    }
}
