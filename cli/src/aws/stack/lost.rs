//! A stack whose resources are gone, though it is there: its deletion has begun, or failed.

use workers::Error;

use super::{FailedOperation, Stack};
use crate::aws::with_access;

/// The error code of a state machine that is not there
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
const NO_STATE_MACHINE: &str = "StateMachineDoesNotExist";

/// Whether a call was refused because a resource of the stack is not there.
pub fn is_about_lost_resource(error: &Error) -> bool {
    match error {
        Error::GroupNotFound { .. } | Error::ClusterNotFound { .. } => true,
        Error::BadAnswer { what, .. } => what.starts_with(NO_STATE_MACHINE),
        _ => false,
    }
}

/// That nothing can be reported of a stack whose resources are gone: its state, the cause, and the
/// way out.
pub fn without_resources(stack: &Stack, cause: Option<&str>) -> String {
    let (name, status) = (&stack.name, &stack.status);
    let has_cause = cause.is_some();
    let cause = cause.map_or_else(String::new, |cause| {
        format!(" ({})", cause.trim_end_matches('.'))
    });
    let next = match FailedOperation::of(name, status) {
        Some(FailedOperation {
            command: Some(command),
            ..
        }) if has_cause => format!("remove the cause, then `{command}`"),
        Some(failed) => failed.way_out("`"),
        None if stack.is_busy() => {
            let watch = with_access(&format!("ecs-rollout watch {name}"));
            format!("follow it to its end with `{watch}`")
        }
        None => "create the stack again".to_owned(),
    };
    format!(
        "stack {name} is {status}{cause}: resources of it are gone, and with its state machine what AWS remembered of its rollouts, \
         so there is nothing to report. Next: {next}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use workers::model::GroupName;

    #[test]
    fn a_stack_without_its_resources_is_named_with_state_cause_and_way_out() {
        let mut stack = Stack::with_parameters("prod", []);
        stack.status = "DELETE_FAILED".to_owned();
        let cause = "Role is DELETE_FAILED: Cannot delete entity.";
        let text = without_resources(&stack, Some(cause));
        assert!(
            text.starts_with(
                "stack prod is DELETE_FAILED (Role is DELETE_FAILED: Cannot delete entity): "
            ),
            "{text}"
        );
        assert!(
            text.ends_with(
                "Next: remove the cause, then `aws cloudformation delete-stack --stack-name prod`"
            ),
            "{text}"
        );
        let text = without_resources(&stack, None);
        assert!(text.contains("find the cause with `aws cloudformation describe-stack-events"));
        stack.status = "DELETE_IN_PROGRESS".to_owned();
        let text = without_resources(&stack, None);
        assert!(
            text.contains("stack prod is DELETE_IN_PROGRESS: "),
            "{text}"
        );
        assert!(text.ends_with("`ecs-rollout watch prod`"), "{text}");
    }

    #[test]
    fn resources_may_be_gone_in_a_deletion_however_it_ends_and_in_a_failed_creation() {
        let group = Error::GroupNotFound {
            call: "autoscaling:DescribeAutoScalingGroups",
            group: GroupName::new("g"),
        };
        let machine = Error::bad_answer(
            "states:ListExecutions",
            "StateMachineDoesNotExist: State Machine Does Not Exist",
        );
        let other = Error::bad_answer("states:ListExecutions", "InvalidArn: no");
        assert!(is_about_lost_resource(&group) && is_about_lost_resource(&machine));
        assert!(!is_about_lost_resource(&other));
        let mut stack = Stack::with_parameters("prod", []);
        for (status, may_lack) in [
            ("CREATE_IN_PROGRESS", true),
            ("CREATE_FAILED", true),
            ("CREATE_COMPLETE", false),
            ("ROLLBACK_IN_PROGRESS", true),
            ("ROLLBACK_FAILED", true),
            ("ROLLBACK_COMPLETE", true),
            ("DELETE_IN_PROGRESS", true),
            ("DELETE_FAILED", true),
            ("DELETE_COMPLETE", true),
            ("UPDATE_IN_PROGRESS", false),
            ("UPDATE_ROLLBACK_FAILED", false),
            ("UPDATE_ROLLBACK_COMPLETE", false),
            ("UPDATE_COMPLETE", false),
        ] {
            stack.status = status.to_owned();
            assert_eq!(stack.may_lack_resources(), may_lack, "{status}");
        }
    }
}
