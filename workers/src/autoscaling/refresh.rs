//! What we ask of Auto Scaling about a group's instance refresh.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{AutoScaling, refused};
use crate::error::Error;
use crate::model::GroupName;

/// What became of a group's instance refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshIs {
    /// It is being cancelled.
    Cancelled,
    /// None went on any more.
    Over,
}

impl AutoScaling {
    /// Cancels the group's instance refresh, so that CloudFormation, which follows it, rolls back.
    /// Finding none that is open is not an error.
    ///
    /// Launches and terminations under way are not waited for (WaitForTransitioningInstances, true
    /// unless given:
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CancelInstanceRefresh.html>). They end at their hooks
    /// either way. Waiting would keep the refresh `Cancelling` behind an open drain, for an hour or
    /// more. Until CloudFormation puts the old launch template back, Auto Scaling keeps filling the
    /// group from the new one, which has just failed. Drains of both directions stay apart without
    /// it: each waits for its turn (see [`crate::drain_admission`]).
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `GroupNotFound`.
    pub async fn cancel_refresh(&self, group: &GroupName) -> Result<RefreshIs, Error> {
        let sent = self
            .client
            .cancel_instance_refresh()
            .auto_scaling_group_name(group.as_str())
            .wait_for_transitioning_instances(false)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(RefreshIs::Cancelled),
            Err(error) if error.code() == Some("ActiveInstanceRefreshNotFound") => {
                Ok(RefreshIs::Over)
            }
            Err(error) => Err(refused("autoscaling:CancelInstanceRefresh", group, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{self, autoscaling};

    #[tokio::test]
    async fn a_refresh_is_cancelled_and_one_that_is_over_stays_so() {
        let group = GroupName::new("DevCluster");
        let taken = autoscaling(|asked| {
            assert_eq!(asked.action, "CancelInstanceRefresh");
            assert!(asked.body.contains("AutoScalingGroupName=DevCluster"));
            let waits = "WaitForTransitioningInstances=false";
            assert!(asked.body.contains(waits), "{}", asked.body);
            let id = "<InstanceRefreshId>1</InstanceRefreshId>";
            (200, stub::xml("CancelInstanceRefresh", id))
        });
        let done = taken.cancel_refresh(&group).await;
        assert_eq!(done.expect("an answer"), RefreshIs::Cancelled);
        let over = autoscaling(|_| {
            (
                400,
                stub::xml_error("ActiveInstanceRefreshNotFound", "none"),
            )
        });
        let done = over.cancel_refresh(&group).await;
        assert_eq!(done.expect("an answer"), RefreshIs::Over);
        let busy = autoscaling(|_| (400, stub::xml_error("Throttling", "Rate exceeded")));
        let error = busy.cancel_refresh(&group).await.expect_err("a refusal");
        assert_eq!(error.name(), "Throttled");
    }
}
