//! Lines about instances, and about the refresh that replaces them.

use workers::reconcile::NAME_PREFIX;

use super::Severity;
use crate::trace::{ContainerInstanceStatus, LifecycleState, RefreshStatus, SpotEvent, TraceEvent};
use workers::text::count;

/// How far an instance refresh is.
pub fn refresh_line(fact: &TraceEvent) -> Option<(String, String, String, Severity)> {
    let TraceEvent::Refresh {
        status,
        percent,
        left,
        reason,
        ..
    } = fact
    else {
        return None;
    };
    let severity = match status {
        RefreshStatus::Successful => Severity::Good,
        RefreshStatus::Pending | RefreshStatus::InProgress => Severity::Plain,
        RefreshStatus::Baking => Severity::Waiting,
        RefreshStatus::Failed
        | RefreshStatus::Cancelling
        | RefreshStatus::Cancelled
        | RefreshStatus::RollbackInProgress
        | RefreshStatus::RollbackSuccessful
        | RefreshStatus::RollbackFailed => Severity::Bad,
    };
    let standing = format!(
        "{percent}% complete, {} to update",
        count(*left, "instance")
    );
    let reason = match reason.as_str() {
        "" => standing,
        reason => format!("{standing}: {reason}"),
    };
    Some((
        "instance refresh".to_owned(),
        status.to_string(),
        reason,
        severity,
    ))
}

/// The state of an instance, in its group or in its cluster.
pub fn instance_line(fact: &TraceEvent) -> Option<(String, String, String, Severity)> {
    match fact {
        TraceEvent::Lifecycle {
            instance,
            state,
            reason,
            ami,
            ..
        } => {
            let severity = match state {
                LifecycleState::InService | LifecycleState::Terminated => Severity::Good,
                state if state.is_retained() => Severity::Bad,
                _ => Severity::Plain,
            };
            let reason = match state {
                LifecycleState::Pending => format!("{ami}; {reason}"),
                _ => reason.to_string(),
            };
            Some((instance.clone(), state.to_string(), reason, severity))
        }
        TraceEvent::ContainerInstance {
            instance,
            status,
            agent_connected,
            ..
        } => {
            let agent = if *agent_connected || *status == ContainerInstanceStatus::Inactive {
                ""
            } else {
                ", no agent"
            };
            let state = format!("ECS {status}{agent}");
            Some((instance.clone(), state, String::new(), Severity::Plain))
        }
        _ => None,
    }
}

/// An execution that no event has started.
pub(super) fn reconciled_line(
    execution: &str,
    instance: &str,
) -> Option<(String, String, String, Severity)> {
    let reason = "No event came: the reconciler has started its execution.".to_owned();
    let state = "execution started".to_owned();
    execution
        .starts_with(NAME_PREFIX)
        .then(|| (instance.to_owned(), state, reason, Severity::Plain))
}

/// What EC2 says about a Spot instance, as a state and a reason.
pub(super) fn spot(what: SpotEvent) -> (&'static str, String) {
    match what {
        SpotEvent::Notice => {
            let reason = "EC2 takes it back in two minutes, whatever holds it";
            ("Spot notice", reason.to_owned())
        }
        SpotEvent::AtRisk => {
            let reason = "EC2 recommends to replace it";
            ("Spot at risk", reason.to_owned())
        }
        SpotEvent::Reclaimed { not_stopped } => {
            let reason = format!(
                "two minutes after the notice, with {} not stopped",
                count(not_stopped, "task")
            );
            ("Spot reclaimed", reason)
        }
    }
}
