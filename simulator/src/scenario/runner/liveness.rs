//! The second act of a scenario with faults: they stop, an operator does what the documentation
//! says, and within a bound everything must have ended, with all capacity on one AMI at full size.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::Runner;
use super::outcome::on_another_ami;
use crate::account::Account;
use crate::eventbridge::lateness;
use crate::invariants::{Invariant, Violation};
use crate::scenario::StepError;
use crate::scenario::Termination;
use crate::trace::{LifecycleState, StackStatus};
use workers::text::count;

/// After this time every event of a service has reached its targets, and what it starts has begun.
pub(super) const EVENTS_HAVE_COME: Duration =
    lateness::LATEST.saturating_add(Duration::from_secs(6));
/// So long nothing may be under way before it counts as rest: the health check finds a dead
/// instance within a minute.
const QUIET: Duration = Duration::from_secs(300);
/// How long a hook stays open that nobody answers (the template's heartbeat timeout).
const HOOK: Duration = Duration::from_secs(3600);
/// The grace of `stop-tasks`, and the retries of the definition.
const GRACE_AND_RETRIES: Duration = Duration::from_secs(900 + 2 * 1562);
/// So often at most an operator helps a stack on that has failed.
const MOST_CURES: u32 = 3;
/// Launches and terminations of one batch.
const MACHINES: Duration = Duration::from_secs(300);

impl Runner {
    /// Ends the faults, and waits until all is at rest.
    pub(super) async fn heal(&mut self) -> Result<(), StepError> {
        if let Some((at, _)) = self.due.last() {
            let at = *at;
            self.run_until(|_| false, at).await?;
        }
        self.stop_faults()?;
        let mut limit = self.host.now() + self.bound();
        let mut cures = 0;
        let protects = self.is_protected_by_ecs();
        loop {
            let (watch, again) = (self.checker.clone(), self.checker.clone());
            // The operator acts at once on a retained instance, and on a protected one of a stack
            // that is being deleted: everything else may wait for it. The deletion fails after some
            // hours, and takes the listener away all the same: CloudFormation deletes what a
            // resource depends on although the resource's deletion failed (seen in the events of
            // <https://github.com/eksctl-io/eksctl/issues/616>).
            let ready = move |_: &mut Account| {
                let instances = watch.instances();
                let has =
                    |is: fn(LifecycleState) -> bool| instances.values().any(|seen| is(seen.state));
                let status = watch.stack_status();
                let is_deleted = matches!(
                    status,
                    Some(StackStatus::DeleteInProgress | StackStatus::RollbackInProgress)
                );
                watch.pending().is_none()
                    || has(LifecycleState::is_retained)
                    || (protects && is_deleted && has(|state| state == LifecycleState::InService))
            };
            self.run_until(ready, limit).await?;
            let quiet = self.host.now() + QUIET;
            self.run_until(|_| false, quiet).await?;
            let has_healed = self.end_retained().await;
            self.unprotect_what_is_deleted();
            let at_rest = again.pending().is_none();
            if at_rest && cures < MOST_CURES && self.cure_the_stack() {
                cures += 1;
                limit = self.host.now() + self.bound();
            } else if self.host.now() >= limit
                || (at_rest && !has_healed && !self.is_changing_size())
            {
                break;
            }
        }
        if self.checker.stack_status() == Some(StackStatus::UpdateComplete)
            && let Some(ami) = self.released.take()
        {
            self.ami = ami;
        }
        let mut broken = self.checker.end_roll().violations;
        if let Some(detail) = self.not_at_rest() {
            broken.push(Violation {
                invariant: Invariant::RollEnds,
                at: self.host.now(),
                detail,
            });
        }
        self.broken.extend(broken);
        Ok(())
    }

    /// All batches there and all back, each as long as its deadlines allow, and what was stuck
    /// before times out first.
    fn bound(&self) -> Duration {
        let terms = self.checker.terms();
        let instances = self.checker.instances().len().max(self.size());
        let batches = u32::try_from(instances.div_ceil(terms.batch)).unwrap_or(u32::MAX);
        // An instance has an event at each of its two hooks.
        let events = 2 * EVENTS_HAVE_COME;
        let batch =
            terms.join_deadline + terms.drain_deadline + GRACE_AND_RETRIES + MACHINES + events;
        2 * HOOK + 2 * batches * batch
    }

    fn size(&self) -> usize {
        let size = self.settings.parameter("ClusterSize");
        size.and_then(|size| size.parse().ok()).unwrap_or(1)
    }

    /// Whether the group has another number of instances than it wants: after failed launches Auto
    /// Scaling takes its time, and managed scaling may just have changed what it wants.
    fn is_changing_size(&self) -> bool {
        let serving = u64::try_from(self.checker.in_service()).unwrap_or(u64::MAX);
        let wanted = self.desired();
        serving < wanted || (serving > wanted && !self.is_protected_by_ecs())
    }

    /// Ends retained instances, which an operator has looked at. Says whether there were any. Where
    /// ECS drains as well, its own hook waits for tasks that run, so the operator stops them first.
    async fn end_retained(&mut self) -> bool {
        let retained = [self.retained(false), self.retained(true)].concat();
        let termination = Termination {
            stop_tasks: self.checker.terms().managed_draining,
            ..Termination::default()
        };
        for id in &retained {
            // Not ended: somebody else was quicker, and the next look shows it.
            let _outcome = self.terminate(id, termination).await;
        }
        !retained.is_empty()
    }

    /// The group's DesiredCapacity.
    pub(super) fn desired(&self) -> u64 {
        self.group()["DesiredCapacity"].as_u64().unwrap_or_default()
    }

    /// Whether managed scaling sets it.
    pub(super) fn is_scaled_by_ecs(&self) -> bool {
        self.settings
            .has_capacity_provider("ManagedScaling", "ENABLED")
    }

    /// Whether ECS keeps instances with tasks from scale-in, so that there may be more of them than
    /// are desired.
    fn is_protected_by_ecs(&self) -> bool {
        let protects = "ManagedTerminationProtection";
        self.is_scaled_by_ecs() && self.settings.has_capacity_provider(protects, "DISABLED")
    }

    /// Waits until the stack's creation has come to its end, and takes protection away while it is
    /// rolled back, as docs/uninstall.md says: what is protected keeps the group, and once the
    /// group's deletion has failed no worker is left that would drain its instances.
    pub(super) async fn unprotect_a_failed_creation(
        &mut self,
        until: Timestamp,
    ) -> Result<(), StepError> {
        while self.is_protected_by_ecs() {
            let watch = self.checker.clone();
            let ready = move |_: &mut Account| {
                let status = watch.stack_status();
                let is_over = status.is_some_and(|status| !status.is_in_progress());
                let goes = status == Some(StackStatus::RollbackInProgress);
                is_over || (goes && watch.in_service() > 0)
            };
            let is_ready = self.run_until(ready, until).await?;
            if !is_ready || self.checker.stack_status() != Some(StackStatus::RollbackInProgress) {
                break;
            }
            self.unprotect_what_is_deleted();
            let quiet = self.host.now() + QUIET;
            self.run_until(|_| false, quiet).await?;
        }
        Ok(())
    }

    /// What ECS has protected from scale-in stays so when its capacity provider is gone, and keeps
    /// the stack from going.
    fn unprotect_what_is_deleted(&self) {
        if !self.checker.stack_status().is_some_and(is_deleted) || !self.is_protected_by_ecs() {
            return;
        }
        let serving = self.checker.instances().into_iter();
        for (id, _) in serving.filter(|(_, seen)| seen.state == LifecycleState::InService) {
            let input = json!({"AutoScalingGroupName": self.cluster, "InstanceIds": [id], "ProtectedFromScaleIn": false});
            // Refused: it has gone, which is as well.
            let _answer = self.call("autoscaling", "SetInstanceProtection", &input);
        }
    }

    /// Continues a rollback that failed, deletes again what could not be deleted. Says whether
    /// anything began.
    fn cure_the_stack(&self) -> bool {
        let action = match self.checker.stack_status() {
            Some(StackStatus::UpdateRollbackFailed) => "ContinueUpdateRollback",
            Some(StackStatus::DeleteFailed | StackStatus::RollbackFailed) => "DeleteStack",
            _ => return false,
        };
        self.call("cloudformation", action, &json!({"StackName": self.stack}))
            .is_ok()
    }

    /// Why this is no good end, if it is none.
    fn not_at_rest(&self) -> Option<String> {
        if let Some(pending) = self.checker.pending() {
            let hours = self.bound().as_secs() / 3600;
            return Some(format!("{hours} hours after the faults stopped, {pending}"));
        }
        let status = self.checker.stack_status()?;
        let instances = self.checker.instances();
        if [StackStatus::DeleteComplete, StackStatus::RollbackComplete].contains(&status) {
            let left = instances.keys().next();
            return left.map(|id| format!("the stack is {status}, and {id} is left"));
        }
        let good = [
            StackStatus::CreateComplete,
            StackStatus::UpdateComplete,
            StackStatus::UpdateRollbackComplete,
        ];
        if !good.contains(&status) {
            return Some(format!("the stack ended {status}"));
        }
        let serving: Vec<_> = instances
            .iter()
            .filter(|(_, seen)| seen.state == LifecycleState::InService)
            .collect();
        if let Some((id, _)) = serving.iter().find(|(_, seen)| !seen.member) {
            return Some(format!("{id} is in service, but no member of the cluster"));
        }
        if let Some(id) = self.checker.drained_in_service() {
            return Some(format!("{id} is in service, but DRAINING in the cluster"));
        }
        if let Some((id, seen)) = on_another_ami(&instances, &self.ami) {
            return Some(format!(
                "the stack is {status}, and {id} is {} on {}, not on {}",
                seen.state, seen.ami, self.ami
            ));
        }
        let (wanted, there) = (self.desired(), serving.len() as u64);
        let is_kept = there > wanted && self.is_protected_by_ecs();
        (there != wanted && !is_kept).then(|| {
            format!(
                "in service: {}; the group wants {wanted}",
                count(serving.len(), "instance")
            )
        })
    }
}

/// Whether what the stack has is being deleted, or was: by a deletion, or by the rollback of its
/// creation.
fn is_deleted(status: StackStatus) -> bool {
    status.is_of_a_deletion() || status.is_of_a_failed_creation()
}
