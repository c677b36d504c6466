//! Whether there is nothing to wait for, as the account shows it.

use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;
use workers::model::group::PAUSE_TAG;

use super::super::CheckerState;
use super::{Check, ExecutionChecks, FIRST_CHECKS};
use aws::account::Account;
use aws::autoscaling::AUTOSCALING;
use aws::ecs::ECS;
use aws::ecs::TaskView;
use aws::trace::TaskStatus;

/// What a check reads may be ten seconds old (the fault `stale-read`); two more are for the calls
/// themselves.
const STALE: Duration = Duration::from_secs(12);

/// A drain waits so long for others to be seen, and for Auto Scaling to show the instance at its
/// hook.
const BELIEVED: Duration = Duration::from_secs(30);

/// What ECS says of a daemon is asked only when its task has had so long to run: until then one
/// that an operator has deleted is missed.
const DAEMONS_ASKED_FOR: Duration = Duration::from_secs(30);

impl CheckerState {
    /// Whether there was nothing to wait for, from before the check started.
    pub(super) fn is_settled(
        &self,
        account: &Account,
        check: Check<'_>,
        before: &ExecutionChecks,
    ) -> bool {
        let Some(started) = check.started().checked_sub(STALE).ok() else {
            return false;
        };
        let changed = |at: Option<Timestamp>| at.is_none_or(|at| at > started);
        let instance = self.checks.instances.get(check.instance).copied();
        // The first checks of a large batch take turns, however late the event was.
        let batch = u32::try_from(self.terms.batch).unwrap_or(u32::MAX);
        let in_turn = before.phase_began + FIRST_CHECKS.saturating_mul(batch);
        match check.worker {
            Worker::Joined => {
                let asked_for = self.checks.operator.map(|at| at + DAEMONS_ASKED_FOR);
                in_turn < started
                    && !changed(instance)
                    && !changed(asked_for)
                    && self.has_joined(account, check.instance)
            }
            Worker::Drained => {
                !changed(instance)
                    && account[ECS].tasks_on(check.instance).is_empty()
                    && !is_active(account, check.instance)
            }
            Worker::Stable if before.leaves() => {
                !changed(self.checks.services) && services_are_well(account)
            }
            Worker::Stable => !changed(self.checks.group) && self.is_alone(account, check.instance),
            Worker::Draining => {
                let begins = before.began + BELIEVED + FIRST_CHECKS.saturating_mul(batch);
                !changed(self.checks.group)
                    && !changed(instance)
                    && begins < started
                    && is_active(account, check.instance)
                    && self.is_alone(account, check.instance)
            }
            _ => false,
        }
    }

    /// Whether an instance is ACTIVE with its agent connected, and has a task of each daemon.
    pub(in super::super) fn has_joined(&self, account: &Account, instance: &str) -> bool {
        let registrations = account[ECS].registrations(instance);
        let is_ready = registrations.contains(&("ACTIVE", true));
        let daemons_run = || {
            let tasks = account[ECS].tasks_on(instance);
            let runs = |name: &str| {
                let is_of = |task: &TaskView| task.group.strip_prefix("service:") == Some(name);
                tasks
                    .iter()
                    .any(|task| is_of(task) && task.last_status == TaskStatus::Running)
            };
            let services = account[ECS].services();
            let mut daemons = services.iter().filter(|service| service.daemon);
            daemons.all(|daemon| runs(&daemon.name))
        };
        is_ready && (!self.terms.waits_for_daemons || daemons_run())
    }

    /// Whether no other instance of the group leaves or is retained, and nobody has paused the
    /// group.
    fn is_alone(&self, account: &Account, instance: &str) -> bool {
        let mut others = self
            .instances
            .iter()
            .filter(|(id, _)| id.as_str() != instance);
        !self.is_paused(account) && !others.any(|(_, seen)| seen.leaves())
    }

    /// Whether an operator has paused the group.
    pub(in super::super) fn is_paused(&self, account: &Account) -> bool {
        let group = account[AUTOSCALING].group(&self.group);
        group.is_some_and(|group| group.has_tag(PAUSE_TAG))
    }
}

/// Whether an instance has a registration that is ACTIVE.
pub(in super::super) fn is_active(account: &Account, instance: &str) -> bool {
    let registrations = account[ECS].registrations(instance);
    registrations.iter().any(|(status, _)| *status == "ACTIVE")
}

/// Whether every service has what it is to have: one deployment, and as many tasks running as
/// desired.
pub(in super::super) fn services_are_well(account: &Account) -> bool {
    let services = account[ECS].services();
    let mut replicas = services.iter().filter(|service| !service.daemon);
    replicas.all(|it| it.deployments <= 1 && it.running == it.desired && it.pending == 0)
}
