//! What is said of a stack that is not there, or not complete.

use super::Stack;
use crate::aws::with_access;

/// There is no stack of this name: why that may be, and the way out.
pub(super) fn no_stack(name: &str, region: &str) -> String {
    format!(
        "there is no stack {name} in {region}: it was never created, it was deleted, or it is in another Region or account. List \
         the stacks with {}; choose another Region or account with --region and --profile",
        with_access("aws cloudformation list-stacks")
    )
}

/// A stack lacks one of the outputs that our template gives it.
///
/// A stack has its outputs once it is complete, and CREATE_FAILED takes an update, a retry or a
/// rollback:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>
pub(super) fn no_output(stack: &Stack, output: &str) -> String {
    let (name, status) = (&stack.name, &stack.status);
    if let Some(why) = only_drafted(name, status) {
        return why;
    }
    let events = failure_events(name);
    match status.as_str() {
        "CREATE_IN_PROGRESS" => format!(
            "stack {name} is {status}, so it has no output {output} yet; wait until it is CREATE_COMPLETE"
        ),
        "CREATE_FAILED" => format!(
            "stack {name} is CREATE_FAILED: it was never complete, so it has no output {output} and nothing to roll. Find the \
             cause with {events}. Then update the stack, which tries again what failed; or delete it with {}, since it has no earlier \
             state to go back to",
            with_access(&format!(
                "aws cloudformation rollback-stack --stack-name {name}"
            ))
        ),
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => format!(
            "stack {name} is {status}: its creation failed, so it has no output {output}. It takes no update: find the cause \
             with {events}, delete the stack, and create it again"
        ),
        _ => format!(
            "stack {name} is {status} and has no output {output}, so it is not a stack of template/ecs-cluster.yaml; name one that is"
        ),
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
    fn a_stack_that_was_never_complete_is_told_with_the_way_out() {
        let mut stack = Stack::with_parameters("prod", []);
        let mut said = |status: &str| {
            stack.status = status.to_owned();
            stack.group().expect_err("it has no outputs")
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
}
