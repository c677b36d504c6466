//! The statuses in which a failed operation leaves a stack, and the way out of each.

use super::failure_events;
use crate::aws::with_access;

/// An operation of CloudFormation that failed and left the stack where only you can continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOperation {
    /// What failed, as the beginning of a sentence.
    pub what: &'static str,
    /// The first step that leads on.
    pub first: FirstStep,
    /// The command that leads out of the status, once the cause is removed; of some there is none.
    pub command: Option<String>,
}

/// What comes before the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstStep {
    /// The cause that CloudFormation named has to be removed.
    RemoveCause,
    /// The cause has to be found, with this command.
    FindCause(String),
}

impl FailedOperation {
    /// What failed, if the stack is in a status that an operation which failed has left.
    ///
    /// A rollback that failed is continued:
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html>.
    /// An operation whose rollback was disabled leaves UPDATE_FAILED or CREATE_FAILED:
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html>.
    /// The other statuses leave nothing but to delete the stack:
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
    pub fn of(stack: &str, status: &str) -> Option<Self> {
        let aws =
            |verb: &str| with_access(&format!("aws cloudformation {verb} --stack-name {stack}"));
        let find = FirstStep::FindCause(failure_events(stack));
        let (what, first, command) = match status {
            "UPDATE_ROLLBACK_FAILED" => (
                "The rollback failed",
                FirstStep::RemoveCause,
                Some(aws("continue-update-rollback")),
            ),
            "UPDATE_FAILED" => (
                "The update failed, and its rollback was disabled",
                find,
                Some(aws("rollback-stack")),
            ),
            "CREATE_FAILED" => (
                "The creation of the stack failed, and its rollback was disabled",
                find,
                Some(aws("rollback-stack")),
            ),
            "ROLLBACK_FAILED" => (
                "The creation of the stack failed, and so did its rollback",
                find,
                Some(aws("delete-stack")),
            ),
            "DELETE_FAILED" => (
                "The deletion of the stack failed",
                find,
                Some(aws("delete-stack")),
            ),
            other if other.ends_with("_FAILED") => {
                ("The operation of the stack failed", find, None)
            }
            _ => return None,
        };
        Some(Self {
            what,
            first,
            command,
        })
    }

    /// The steps that lead out; each command is within these `quotes`.
    pub fn way_out(&self, quotes: &str) -> String {
        let first = match &self.first {
            FirstStep::RemoveCause => "remove the cause".to_owned(),
            FirstStep::FindCause(find) => format!("find the cause with {quotes}{find}{quotes}"),
        };
        match &self.command {
            Some(command) => format!("{first}, then {quotes}{command}{quotes}"),
            None => first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_a_failed_operation_has_a_way_out() {
        for (status, command) in [
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_FAILED", "rollback-stack"),
            ("CREATE_FAILED", "rollback-stack"),
            ("ROLLBACK_FAILED", "delete-stack"),
            ("DELETE_FAILED", "delete-stack"),
            ("IMPORT_ROLLBACK_FAILED", "describe-stack-events"),
        ] {
            let failed = FailedOperation::of("prod", status).expect(status);
            let way_out = failed.way_out("`");
            let command = format!("`aws cloudformation {command} --stack-name prod`");
            assert!(way_out.ends_with(&command), "{status}: {way_out}");
        }
        for status in [
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_IN_PROGRESS",
            "",
        ] {
            assert_eq!(FailedOperation::of("prod", status), None, "{status}");
        }
    }
}
