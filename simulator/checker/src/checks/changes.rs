//! What changes what a check is about: an instance, a service, the group.

use super::super::CheckerState;
use aws::account::Caller;
use aws::trace::{Record, TraceEvent};

impl CheckerState {
    /// Notes that what checks are about has changed.
    pub(in super::super) fn changes(&mut self, record: &Record) {
        match &record.event {
            TraceEvent::ContainerInstance { instance, .. } => {
                self.checks.instance_changes(record.at, instance);
            }
            TraceEvent::Task { instance, .. } | TraceEvent::TaskKilled { instance, .. } => {
                self.checks.instance_changes(record.at, instance);
                self.checks.service_changes(record.at);
            }
            TraceEvent::TaskHealthy { .. } => self.checks.service_changes(record.at),
            TraceEvent::Lifecycle { .. } => self.checks.group_changes(record.at),
            // A tag pauses the group, a call of ECS may change a service.
            TraceEvent::ApiCall {
                caller: Caller::Operator,
                error: None,
                ..
            } => self.checks.operator_calls(record.at),
            _ => {}
        }
    }
}
