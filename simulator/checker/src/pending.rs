//! What of a rollout is under way.

use super::CheckerState;
use aws::trace::{LifecycleState, StackStatus};

impl CheckerState {
    /// What has not ended yet, if anything has not.
    pub(super) fn pending(&self) -> Option<String> {
        if let Some(status) = self.stack_status.filter(|status| status.is_in_progress()) {
            return Some(format!("the stack is {status}"));
        }
        if let Some(status) = self.refresh {
            return Some(format!("an instance refresh is {status}"));
        }
        let moving = self.instances.iter().find(|(_, seen)| {
            let at_rest = [
                LifecycleState::InService,
                LifecycleState::TerminatingRetained,
                LifecycleState::WarmedPendingRetained,
                LifecycleState::Standby,
                LifecycleState::WarmedStopped,
                LifecycleState::WarmedRunning,
            ];
            !at_rest.contains(&seen.state)
        });
        if let Some((id, seen)) = moving {
            return Some(format!("{id} is {}", seen.state));
        }
        // Step Functions counts neither limit of an activity's Task before a worker takes the
        // question (Developer Guide, "Task workflow state"). A question in a deleted activity
        // therefore waits until its execution's own limit, two days, and holds nothing up.
        let is_deleted = self.stack_status == Some(StackStatus::DeleteComplete);
        if is_deleted && self.terms.in_turns {
            return None;
        }
        // The reconciler runs again and again, whatever is under way.
        let mut open = self.open_executions.keys();
        open.find(|execution| !self.reconcilers.contains(*execution))
            .map(|execution| format!("execution {execution} is running"))
    }
}
