//! What is said of a stack that is not there, or not complete.

use std::fmt;

use workers::Error;

use super::Stack;
use crate::aws::with_access;
use crate::failure::Failure;

/// There is no stack of this name: why that may be, and the way out.
pub(super) fn no_stack(name: &str, region: &str) -> String {
    format!(
        "there is no stack {name} in {region}: it was never created, it was deleted, or it is in another Region or account. List \
         the stacks with {}; choose another Region or account with --region and --profile",
        with_access("aws cloudformation list-stacks")
    )
}

/// A stack lacks one of the outputs that our template gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOutput {
    /// The stack's name.
    pub stack: String,
    /// Its status.
    pub status: String,
    /// The output that is not there.
    pub output: &'static str,
}

impl std::error::Error for NoOutput {}

/// A stack has its outputs once it is complete, and CREATE_FAILED takes an update, a retry or a
/// rollback:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>
impl fmt::Display for NoOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stack: name,
            status,
            output,
        } = self;
        if let Some(why) = only_drafted(name, status) {
            return f.write_str(&why);
        }
        let events = failure_events(name);
        match status.as_str() {
            "CREATE_IN_PROGRESS" => write!(
                f,
                "stack {name} is {status}, so it has no output {output} yet; wait until it is CREATE_COMPLETE"
            ),
            "CREATE_FAILED" => write!(
                f,
                "stack {name} is CREATE_FAILED: it was never complete, so it has no output {output} and nothing to roll. Find the \
                 cause with {events}. Then update the stack, which tries again what failed; or delete it with {}, since it has no earlier \
                 state to go back to",
                with_access(&format!(
                    "aws cloudformation rollback-stack --stack-name {name}"
                ))
            ),
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => write!(
                f,
                "stack {name} is {status}: its creation failed, so it has no output {output}. It takes no update: find the cause \
                 with {events}, delete the stack, and create it again"
            ),
            _ => write!(
                f,
                "stack {name} is {status} and has no output {output}, so it is not a stack of template/ecs-cluster.yaml; name one that is"
            ),
        }
    }
}

impl From<NoOutput> for Failure {
    fn from(error: NoOutput) -> Self {
        Self::from(error.to_string())
    }
}

/// That a stack was only drafted by a change set, and the way out: it has no resources until
/// somebody executes that
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>).
pub fn only_drafted(name: &str, status: &str) -> Option<String> {
    (status == "REVIEW_IN_PROGRESS").then(|| {
        format!(
            "stack {name} is REVIEW_IN_PROGRESS: a change set was created for it and never executed, so it has no resources. \
             Execute the change set, or delete the stack: {}",
            with_access(&format!(
                "aws cloudformation delete-stack --stack-name {name}"
            ))
        )
    })
}

/// What an error that met the group of a stack is: in the words of the stack's deletion, if that
/// has taken the group away.
///
/// A stack whose deletion failed can only be deleted again:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
pub fn missing_group(stack: &Stack, error: Error) -> Failure {
    let Error::GroupNotFound { group, .. } = &error else {
        return Failure::from(&error);
    };
    let (name, status) = (&stack.name, &stack.status);
    let gone = format!("stack {name} is {status}, and its Auto Scaling group {group} is gone");
    Failure::refused(match status.as_str() {
        "DELETE_IN_PROGRESS" => format!(
            "{gone}: the deletion has taken it away, so there is nothing to roll, to pause or to resume. Follow the deletion: {}",
            with_access(&format!("ecs-rollout watch {name}"))
        ),
        "DELETE_COMPLETE" => {
            format!("{gone}: the stack was deleted. Create it again before you roll")
        }
        "DELETE_FAILED" => format!(
            "{gone}: its deletion failed on other resources, so there is nothing to roll, to pause or to resume. Find the cause \
             with {}, remove it, and delete the stack again: {}",
            failure_events(name),
            with_access(&format!(
                "aws cloudformation delete-stack --stack-name {name}"
            ))
        ),
        _ => format!(
            "{gone}: somebody deleted it outside CloudFormation. An update that changes the group fails. Delete the stack and \
             create it again: {}",
            with_access(&format!(
                "aws cloudformation delete-stack --stack-name {name}"
            ))
        ),
    })
}

/// The command that shows why a stack failed.
pub fn failure_events(stack: &str) -> String {
    with_access(&format!(
        "aws cloudformation describe-stack-events --stack-name {stack}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_was_never_complete_is_reported_with_the_way_out() {
        let mut stack = Stack::with_parameters("prod", []);
        let mut said = |status: &str| {
            stack.status = status.to_owned();
            let error = stack.group().expect_err("it has no outputs");
            error.to_string()
        };
        assert!(
            said("CREATE_FAILED").contains("aws cloudformation rollback-stack --stack-name prod")
        );
        assert!(said("CREATE_FAILED").contains("update the stack"));
        assert!(said("ROLLBACK_COMPLETE").contains("takes no update"));
        assert!(said("CREATE_IN_PROGRESS").contains("wait until"));
        let drafted = said("REVIEW_IN_PROGRESS");
        assert!(!drafted.contains("wait until"), "{drafted}");
        assert!(drafted.contains("Execute the change set, or delete the stack: aws"));
        assert!(said("UPDATE_COMPLETE").contains("template/ecs-cluster.yaml"));
    }
    #[test]
    fn a_group_that_is_gone_is_named_with_the_state_of_its_stack() {
        let mut stack = Stack::with_parameters("prod", []);
        let mut said = |status: &str| {
            stack.status = status.to_owned();
            missing_group(
                &stack,
                Error::GroupNotFound {
                    call: "autoscaling:DescribeAutoScalingGroups",
                    group: workers::model::GroupName::new("prod-group"),
                },
            )
        };
        for (status, way_out) in [
            ("DELETE_IN_PROGRESS", "ecs-rollout watch prod"),
            (
                "DELETE_FAILED",
                "aws cloudformation delete-stack --stack-name prod",
            ),
            ("UPDATE_COMPLETE", "outside CloudFormation"),
        ] {
            let failure = said(status);
            assert_eq!(failure.exit.code(), 3, "{status}");
            let text = failure.to_string();
            for part in [status, "prod-group", way_out] {
                assert!(text.contains(part), "{status}: {text}");
            }
        }
        let other = Error::bad_answer("autoscaling:DescribeAutoScalingGroups", "odd");
        assert_eq!(missing_group(&stack, other).exit.code(), 2);
    }
}
