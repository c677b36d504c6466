//! What each trace event does to the checker: how things stand after it, what it adds to the
//! counts, which invariant it violates.

use jiff::Timestamp;
use workers::ecs::TERMINATE;

use super::{CheckerState, InstanceObservation};
use crate::invariants::{Invariant, Violation};
use aws::account::{Account, Caller};
use aws::autoscaling::AUTOSCALING;
use aws::ec2::TemplateVersion;
use aws::trace::{
    Cause, ContainerInstanceStatus, ExecutionEvent, LifecycleReason, LifecycleState, Record,
    SpotEvent, TraceEvent,
};

/// The call by which an activity worker waits for a question.
const POLL: &str = "GetActivityTask";

/// What a user calls to change how many instances a group is to have.
const SIZES_A_GROUP: [&str; 3] = [
    "SetDesiredCapacity",
    "UpdateAutoScalingGroup",
    "TerminateInstanceInAutoScalingGroup",
];

impl CheckerState {
    pub(super) fn observe(&mut self, account: &Account, record: &Record) {
        self.every_action_is_served(record);
        self.changes(record);
        self.apply(account, record);
        self.conditions_change(account, record);
    }

    fn apply(&mut self, account: &Account, record: &Record) {
        match &record.event {
            TraceEvent::Stack { .. } => self.stack(&record.event),
            TraceEvent::Lifecycle { .. } => self.moves(account, record),
            TraceEvent::Died { instance } => {
                self.died.insert(instance.clone());
                self.launches_for_others();
            }
            TraceEvent::Spot { instance, what } => self.spot(instance, *what),
            TraceEvent::Delivery { rule, outcome, .. } if outcome != "delivered" => {
                self.loses_event(record.at, rule);
            }
            TraceEvent::Refresh { status, .. } => {
                self.refresh = Some(*status).filter(|status| status.is_active());
            }
            TraceEvent::ContainerInstance { .. } => self.registers(record),
            // The request counts for a retained instance only: of another it would cut a drain
            // short.
            TraceEvent::Attribute { instance, name } if name == TERMINATE => {
                let seen = self.instances.get(instance);
                if seen.is_some_and(|seen| seen.retained) {
                    self.to_be_ended.insert(instance.clone(), record.at);
                }
            }
            TraceEvent::Task { .. }
            | TraceEvent::TaskKilled { .. }
            | TraceEvent::TaskHealthy { .. } => {
                self.task(account, record);
            }
            TraceEvent::Execution {
                execution,
                instance,
                what,
            } => {
                if *what == ExecutionEvent::Started {
                    self.starts(account, record.at, execution, instance);
                }
                self.execution(record.at, execution, what);
            }
            TraceEvent::Invocation { .. } => self.invocation(account, record),
            TraceEvent::ApiCall {
                caller: Caller::Function(name) | Caller::ActivityWorker(name),
                service,
                action,
                error,
            } => {
                if error.is_some() && action == POLL {
                    self.checks.poll_fails(record.at);
                }
                if error.is_none() {
                    self.checks.usage.calls(account, name, action);
                }
                let calls = &mut self.tally.api_calls;
                *calls.entry(format!("{service}:{action}")).or_default() += 1;
            }
            TraceEvent::ApiCall {
                caller: Caller::Operator,
                action,
                error: None,
                ..
            } if SIZES_A_GROUP.contains(&action.as_str()) => self.launches_for_others(),
            _ => {}
        }
    }

    fn spot(&mut self, instance: &str, what: SpotEvent) {
        match what {
            SpotEvent::Notice => {
                self.interrupted.insert(instance.to_owned());
                self.launches_for_others();
            }
            SpotEvent::AtRisk => {}
            SpotEvent::Reclaimed { not_stopped } => {
                self.tally.tasks_lost_to_spot += not_stopped as u64;
            }
        }
    }

    fn stack(&mut self, event: &TraceEvent) {
        let TraceEvent::Stack {
            logical_id,
            status,
            reason,
            resource_type,
            ..
        } = event
        else {
            return;
        };
        if *logical_id == self.terms.stack {
            self.operation += u32::from(self.stack_status != Some(*status));
            self.stack_status = Some(*status);
        } else if status.is_failed() && resource_type != "AWS::CloudFormation::Stack" {
            let failure = format!("{logical_id} {status}: {reason}");
            self.first_failure.get_or_insert(failure);
        }
    }

    fn moves(&mut self, account: &Account, record: &Record) {
        let TraceEvent::Lifecycle {
            group,
            instance,
            ami,
            state,
            reason,
        } = &record.event
        else {
            return;
        };
        if *reason == LifecycleReason::Cause(Cause::LaunchFailure) {
            self.launches_over.insert(instance.clone());
        }
        self.enters(account, record.at, group, instance);
        self.group.clone_from(group);
        let group = account[AUTOSCALING].group(group);
        let known = group.and_then(|group| group.instance(instance));
        let launched_from = known.map(|known| known.template.clone());
        self.lifecycle(record.at, instance, ami, launched_from, *state);
        if *state == LifecycleState::Terminating
            && matches!(reason, LifecycleReason::Cause(Cause::UserRequest(_)))
            && let Some(seen) = self.instances.get_mut(instance)
        {
            seen.terminated_in = Some(self.operation);
        }
        let seen = self.instances.get(instance);
        let returns = seen.is_some_and(|seen| seen.returns);
        match state {
            LifecycleState::TerminatingProceed => self.let_go(account, record.at, instance),
            LifecycleState::WarmedPendingProceed if returns => {
                self.let_go(account, record.at, instance);
            }
            LifecycleState::PendingProceed => self.let_in(record.at, instance),
            _ => {}
        }
    }

    fn registers(&mut self, record: &Record) {
        let TraceEvent::ContainerInstance {
            instance,
            status,
            agent_connected,
            ..
        } = &record.event
        else {
            return;
        };
        match agent_connected {
            true => drop(self.agentless.remove(instance)),
            false => drop(self.agentless.entry(instance.clone()).or_insert(record.at)),
        };
        if let Some(seen) = self.instances.get_mut(instance) {
            if !seen.member
                && *status == ContainerInstanceStatus::Active
                && seen.state == LifecycleState::TerminatingProceed
            {
                self.joined_too_late.insert(instance.clone());
            }
            seen.member = *status != ContainerInstanceStatus::Inactive;
            seen.joined |= *status == ContainerInstanceStatus::Active && *agent_connected;
            seen.is_draining = *status == ContainerInstanceStatus::Draining;
        }
        self.drains_open(record.at);
    }

    fn lifecycle(
        &mut self,
        at: Timestamp,
        instance: &str,
        ami: &str,
        launched_from: Option<TemplateVersion>,
        state: LifecycleState,
    ) {
        use LifecycleState as S;
        if matches!(state, S::Terminated | S::WarmedTerminated | S::Detached) {
            self.instances.remove(instance);
            self.tally.terminated.insert(instance.to_owned());
            return;
        }
        let before = self.instances.get(instance);
        let member = before.is_some_and(|seen| seen.member);
        let is_draining = before.is_some_and(|seen| seen.is_draining);
        let returns = match state {
            // A new instance of the pool has not been seen before.
            S::WarmedPending => before.is_some(),
            warm if warm.is_into_pool() => before.is_some_and(|seen| seen.returns),
            _ => false,
        };
        let is_rolled = match state {
            S::Terminating => self.rolls() && self.in_operation(),
            S::WarmedPending if returns => self.rolls() && self.in_operation(),
            _ => before.is_some_and(|seen| seen.is_rolled),
        };
        let terminated_in = match state {
            S::Terminating => None,
            _ => before.and_then(|seen| seen.terminated_in),
        };
        let drain_began = match state {
            S::TerminatingWait => Some(at),
            S::WarmedPendingWait if returns => Some(at),
            _ => before.and_then(|seen| seen.drain_began),
        };
        let joined = !state.is_warm() && before.is_some_and(|seen| seen.joined);
        let is_retained = (returns || state.is_leaving()) && state.is_retained();
        let retained_since = is_retained.then_some(at);
        if retained_since.is_some() {
            self.ever_retained.insert(instance.to_owned());
        }
        let retained = is_retained || before.is_some_and(|seen| seen.retained);
        let seen = InstanceObservation {
            ami: ami.to_owned(),
            launched_from,
            joined,
            returns,
            retained_since,
            retained,
            state,
            drain_began,
            member,
            is_draining,
            is_rolled,
            terminated_in,
        };
        if seen.drain_began == Some(at) {
            self.checks.drain_begins(instance);
        }
        self.instances.insert(instance.to_owned(), seen);
        self.drains_open(at);
    }

    pub(super) fn violate(&mut self, invariant: Invariant, at: Timestamp, detail: String) {
        self.tally.violations.push(Violation {
            invariant,
            at,
            detail,
        });
    }
}
