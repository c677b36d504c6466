//! What an open lifecycle action waits for, as the account stands now.

use std::collections::BTreeSet;

use workers::Worker;

use super::OpenAction;
use crate::CheckerState;
use crate::checks::{is_active, services_are_well};
use aws::account::Account;
use aws::ecs::ECS;

/// What is the same for all actions, looked up once.
pub(super) struct View {
    leaving: BTreeSet<String>,
    is_paused: bool,
    services_are_well: bool,
}

impl View {
    pub(super) fn of(
        inner: &CheckerState,
        account: &Account,
        concerned: &[&mut OpenAction],
    ) -> Self {
        let of_others = concerned.iter().any(|action| action.waits_for_others());
        let of_services = concerned.iter().any(|action| action.waits_for_services());
        let leaving = inner.instances.iter().filter(|(_, seen)| seen.leaves());
        Self {
            leaving: if of_others {
                leaving.map(|(id, _)| id.clone()).collect()
            } else {
                BTreeSet::new()
            },
            is_paused: of_others && inner.is_paused(account),
            services_are_well: of_services && services_are_well(account),
        }
    }

    /// Whether the condition of an action's phase is true.
    pub(super) fn is_ready(
        &self,
        inner: &CheckerState,
        account: &Account,
        action: &OpenAction,
    ) -> bool {
        let instance = action.times.instance.as_str();
        let is_alone = || !self.is_paused && self.leaving.iter().all(|leaving| leaving == instance);
        match action.phase {
            Worker::Joined => inner.has_joined(account, instance),
            Worker::Drained => {
                account[ECS].tasks_on(instance).is_empty() && !is_active(account, instance)
            }
            Worker::Stable if action.times.launches => is_alone(),
            Worker::Stable => self.services_are_well,
            Worker::Draining => is_active(account, instance) && is_alone(),
            _ => false,
        }
    }
}
