//! What changes what a look is about: an instance, a service, the group.

use super::super::Inner;
use crate::account::Caller;
use crate::fact::{Fact, Told};

impl Inner {
    /// Notes that what looks are about has changed.
    pub(in super::super) fn changes(&mut self, told: &Told) {
        match &told.fact {
            Fact::ContainerInstance { instance, .. } => {
                self.looks.instance_changes(told.at, instance);
            }
            Fact::Task { instance, .. } | Fact::TaskKilled { instance, .. } => {
                self.looks.instance_changes(told.at, instance);
                self.looks.service_changes(told.at);
            }
            Fact::TaskHealthy { .. } => self.looks.service_changes(told.at),
            Fact::Lifecycle { .. } => self.looks.group_changes(told.at),
            // A tag pauses the group, a call of ECS may change a service.
            Fact::ApiCall {
                caller: Caller::Operator,
                error: None,
                ..
            } => self.looks.operator_calls(told.at),
            _ => {}
        }
    }
}
