//! The statuses of things, as the APIs write them.

use std::fmt;

/// Makes enums whose variants have the names that an API writes.
macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The status that the API calls so.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|status| status.name() == name)
            }

            /// As the API writes it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.name())
            }
        }
    )*};
}

statuses! {
    /// Of a CloudFormation stack, or of a resource in it. All of
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html>
    /// that the account enters.
    StackStatus {
        /// It is being made.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// It could not be made.
        CreateFailed = "CREATE_FAILED",
        /// It is made.
        CreateComplete = "CREATE_COMPLETE",
        /// What a failed creation had made is being deleted.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// What a failed creation had made could not be deleted.
        RollbackFailed = "ROLLBACK_FAILED",
        /// What a failed creation had made is deleted.
        RollbackComplete = "ROLLBACK_COMPLETE",
        /// It is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// It could not be deleted.
        DeleteFailed = "DELETE_FAILED",
        /// It is deleted.
        DeleteComplete = "DELETE_COMPLETE",
        /// The template retains it.
        DeleteSkipped = "DELETE_SKIPPED",
        /// It is being changed.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// It could not be changed.
        UpdateFailed = "UPDATE_FAILED",
        /// It is changed.
        UpdateComplete = "UPDATE_COMPLETE",
        /// It is changed, and what is no longer needed is being deleted.
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        /// It is being changed back.
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        /// It could not be changed back.
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        /// It is changed back.
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// It is changed back, and what is no longer needed is being deleted.
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        /// A change set for a new stack is there, and nothing else.
        ReviewInProgress = "REVIEW_IN_PROGRESS",
    }

    /// Of a container instance.
    ContainerInstanceStatus {
        /// It is known, but no task can be placed on it yet.
        Registering = "REGISTERING",
        /// Tasks may be placed on it.
        Active = "ACTIVE",
        /// Its service tasks are moved away, and none is placed.
        Draining = "DRAINING",
        /// It is deregistered: still described for a while, never listed.
        Inactive = "INACTIVE",
    }

    /// Of a task: its lastStatus.
    TaskStatus {
        /// It has a place, and nothing else yet.
        Provisioning = "PROVISIONING",
        /// The agent pulls its images.
        Pending = "PENDING",
        /// Its containers start, and its targets are registered.
        Activating = "ACTIVATING",
        /// It runs.
        Running = "RUNNING",
        /// It is to stop: its targets are deregistered, and finish what they have.
        Deactivating = "DEACTIVATING",
        /// Its containers have had SIGTERM.
        Stopping = "STOPPING",
        /// Its containers have exited; what it held is given back.
        Deprovisioning = "DEPROVISIONING",
        /// It is over.
        Stopped = "STOPPED",
    }

    /// Of an instance refresh.
    RefreshStatus {
        /// It has not begun yet.
        Pending = "Pending",
        /// It replaces instances.
        InProgress = "InProgress",
        /// All are replaced, and it watches alarms for a while.
        Baking = "Baking",
        /// Done.
        Successful = "Successful",
        /// It has given up.
        Failed = "Failed",
        /// Somebody has cancelled it.
        Cancelling = "Cancelling",
        /// It is cancelled.
        Cancelled = "Cancelled",
        /// It brings the group back to what was before.
        RollbackInProgress = "RollbackInProgress",
        /// The group is what it was before.
        RollbackSuccessful = "RollbackSuccessful",
        /// It has given up on the way back.
        RollbackFailed = "RollbackFailed",
    }

    /// Of an execution.
    ExecutionStatus {
        /// It goes on.
        Running = "RUNNING",
        /// It came to a Succeed state or an End.
        Succeeded = "SUCCEEDED",
        /// It came to a Fail state or an error that nothing caught.
        Failed = "FAILED",
        /// It took longer than the definition's TimeoutSeconds.
        TimedOut = "TIMED_OUT",
        /// It was stopped.
        Aborted = "ABORTED",
    }
}

impl StackStatus {
    /// Whether something goes on.
    pub fn is_in_progress(self) -> bool {
        self.name().ends_with("_IN_PROGRESS")
    }

    /// Whether something went wrong, and stands so.
    pub fn is_failed(self) -> bool {
        self.name().ends_with("_FAILED")
    }

    /// Whether it is at rest, and as it should be after what was done.
    pub fn is_complete(self) -> bool {
        self.name().ends_with("_COMPLETE")
    }

    /// Whether it is being deleted, was, or could not be.
    pub fn is_of_a_deletion(self) -> bool {
        matches!(
            self,
            Self::DeleteInProgress | Self::DeleteFailed | Self::DeleteComplete
        )
    }

    /// Whether a creation is or was taken back.
    pub fn is_of_a_failed_creation(self) -> bool {
        matches!(
            self,
            Self::RollbackInProgress | Self::RollbackFailed | Self::RollbackComplete
        )
    }

    /// Whether a creation or a change is or was taken back.
    pub fn is_of_a_rollback(self) -> bool {
        self.is_of_a_failed_creation()
            || matches!(
                self,
                Self::UpdateRollbackInProgress
                    | Self::UpdateRollbackFailed
                    | Self::UpdateRollbackComplete
                    | Self::UpdateRollbackCompleteCleanupInProgress
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_progress_is_at_no_end() {
        for status in StackStatus::ALL.iter().copied() {
            let ends = [
                status.is_in_progress(),
                status.is_failed(),
                status.is_complete(),
                status == StackStatus::DeleteSkipped,
            ];
            assert_eq!(ends.iter().filter(|is| **is).count(), 1, "{status}");
            assert_eq!(
                status.is_of_a_rollback(),
                status.name().contains("ROLLBACK"),
                "{status}"
            );
            assert_eq!(StackStatus::named(status.name()), Some(status));
        }
    }
}
