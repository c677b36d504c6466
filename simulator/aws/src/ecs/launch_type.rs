//! On what a task runs.

use super::definition::TaskDefinition;
use super::input::invalid;
use crate::wire::ApiError;

/// On what a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaunchType {
    /// On a container instance.
    Ec2,
    /// On capacity that AWS keeps: such a task has no container instance, and no drain concerns it.
    Fargate,
}

impl LaunchType {
    /// As the API writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Fargate => "FARGATE",
        }
    }

    /// The launch type that a call names, if it names one.
    ///
    /// # Errors
    /// Launch types on hosts that the account does not have are refused by name.
    pub(super) fn named(given: Option<&str>) -> Result<Option<Self>, ApiError> {
        match given {
            None => Ok(None),
            Some("EC2") => Ok(Some(Self::Ec2)),
            Some("FARGATE") => Ok(Some(Self::Fargate)),
            Some(other @ ("EXTERNAL" | "MANAGED_INSTANCES")) => {
                Err(ApiError::not_known(format_args!(
                    "launchType {other}: it has EC2 instances and Fargate only; use one of them, or leave the service out"
                )))
            }
            Some(other) => Err(invalid(format!("Invalid launchType: {other}"))),
        }
    }

    /// Whether tasks of `definition` may run so, on the network that the call gives them. The words
    /// of the refusals are those that users report (the first in aws/aws-cli issue 3983). That a
    /// task of Fargate has its own network interface is documented:
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html>.
    pub(super) fn permits(
        self,
        definition: &TaskDefinition,
        has_network: bool,
    ) -> Result<(), ApiError> {
        match (self, definition.fargate) {
            (Self::Fargate, false) => Err(invalid(
                "Task definition does not support launch_type FARGATE.",
            )),
            (Self::Ec2, true) => Err(ApiError::not_known(
                "networkMode awsvpc on an EC2 instance, which needs network interfaces; use launchType FARGATE",
            )),
            (Self::Fargate, true) if !has_network => Err(invalid(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
            )),
            _ => Ok(()),
        }
    }
}
