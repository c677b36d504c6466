//! What `drained` changes: it stops tasks, and marks an instance that is kept.

use jiff::Timestamp;

use super::Decision;
use crate::Clients;
use crate::at_hook;
use crate::error::Error;
use crate::model::{Assessment, Policy, Subject};

/// What StopTask puts on record with a task at the drain deadline.
pub(super) const STOP_REASON: &str =
    "ecs-rollout: the drain deadline of this instance has passed, and its policy is stop-tasks";

/// What StopTask puts on record with a standalone task before that.
const STANDALONE_STOP_REASON: &str =
    "ecs-rollout: this instance leaves, and the limit of its standalone tasks has passed";

/// What an instance is marked as kept for.
const STANDALONE_TASKS: &str = "standalone-tasks";

/// Stops the tasks that are to be stopped, and marks the instance if it is kept for standalone
/// tasks. If ECS knows it no more it cannot be marked: then it is kept as a failed drain is.
/// Nothing is done to an instance that has left its hook.
pub(super) async fn act(
    subject: &Subject,
    decision: Decision,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    let keeps = decision.finding.extra.policy == Some(Policy::Keep);
    if decision.stop.is_empty() && !keeps {
        return Ok(decision.finding);
    }
    if let Some(finding) = at_hook::look_before_change(subject, clients, now).await? {
        return Ok(finding);
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let overdue = now() >= subject.drain_deadline();
    let reason = [STANDALONE_STOP_REASON, STOP_REASON][usize::from(overdue)];
    for task in &decision.stop {
        ecs.stop_task(cluster, task, reason).await?;
    }
    let finding = decision.finding;
    if !keeps {
        return Ok(finding);
    }
    let registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    let arns: Vec<_> = registrations.into_iter().map(|one| one.arn).collect();
    ecs.keep_for(cluster, &arns, STANDALONE_TASKS).await?;
    if arns.is_empty() {
        Ok(finding.under(Policy::Retain))
    } else {
        Ok(finding)
    }
}
