//! Where the AMI id comes from that `--restore-ami` puts back into the SSM parameter.

use workers::Error;

use crate::aws::{Aws, Group, Stack, failure_events, with_access};

/// What knows the AMI id that the next update should find in the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldAmi {
    /// CloudFormation, which rolls the stack back to it, or has done so.
    OfRollback,
    /// CloudFormation: the last update was complete.
    OfLastUpdate,
    /// An instance that the update has not replaced.
    OfInstances,
    /// Nobody: the stack was never complete.
    NoneYet,
    /// Nobody needs it: the stack is deleted, or can only be deleted.
    NoneAnyMore,
}

impl OldAmi {
    /// Of a stack with this status:
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>.
    pub fn by_status(status: &str) -> Self {
        match status {
            "UPDATE_ROLLBACK_IN_PROGRESS"
            | "UPDATE_ROLLBACK_FAILED"
            | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
            | "UPDATE_ROLLBACK_COMPLETE" => Self::OfRollback,
            // The rollback of an update that failed was disabled: the stack has the new AMI, and
            // some instances have the old one.
            "UPDATE_IN_PROGRESS" | "UPDATE_FAILED" => Self::OfInstances,
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
            | "IMPORT_COMPLETE"
            | "IMPORT_IN_PROGRESS"
            | "IMPORT_ROLLBACK_IN_PROGRESS"
            | "IMPORT_ROLLBACK_FAILED"
            | "IMPORT_ROLLBACK_COMPLETE" => Self::OfLastUpdate,
            deleted if deleted.starts_with("DELETE_") => Self::NoneAnyMore,
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => Self::NoneAnyMore,
            _ => Self::NoneYet,
        }
    }

    /// Why there is no AMI id to put back, and the way out.
    pub fn why_none(self, stack: &Stack) -> String {
        let (name, parameter) = (&stack.name, stack.ami_parameter());
        match self {
            Self::OfRollback | Self::OfLastUpdate => format!(
                "CloudFormation does not say which AMI SSM parameter {parameter} held at the last update of stack {name}. Find \
                 it with {}, and put it back yourself",
                with_access(&format!("ecs-rollout report {name}"))
            ),
            Self::OfInstances => format!(
                "no instance of the old launch template names it any more. Find it with {}, and put it back yourself",
                with_access(&format!("ecs-rollout report {name}"))
            ),
            Self::NoneYet => format!(
                "stack {name} was never complete, so it has no old AMI. Put the AMI id that you want into SSM parameter \
                 {parameter} yourself"
            ),
            Self::NoneAnyMore => format!(
                "no update of stack {name} will read SSM parameter {parameter} any more, since the stack can only be deleted. See \
                 why with {}",
                failure_events(name)
            ),
        }
    }
}

/// The AMI of an instance that the update has not replaced yet; nothing if none is left, or if none
/// is registered.
///
/// # Errors
/// As [`Error::from_sdk`].
pub async fn of_instances(
    aws: &Aws,
    stack: &Stack,
    group: &Group,
) -> Result<Option<String>, Error> {
    let Ok(cluster) = stack.cluster() else {
        return Ok(None);
    };
    let members = group.members.iter();
    for old in members.filter(|one| one.version != group.version) {
        let Some(arn) = aws.registration(&cluster, &old.id).await? else {
            continue;
        };
        if let Some(ami) = aws.ami(&cluster, &arn).await? {
            return Ok(Some(ami));
        }
    }
    Ok(None)
}
