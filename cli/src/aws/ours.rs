//! The cluster of an instance that is in no group any more.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use workers::Error;

use super::Aws;

/// At most this many groups are looked at, because each takes a call. Groups that CloudFormation
/// made come first.
const GROUPS_LOOKED_AT: usize = 50;

/// The tag that CloudFormation sets on a group of a stack
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html>).
const OF_STACK: &str = "aws:cloudformation:stack-name";

impl Aws {
    /// The cluster in which ECS shows the instance, among those of the groups with hooks of ours.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn cluster_of(&self, instance: &str) -> Result<Option<String>, Error> {
        let call = "autoscaling:DescribeAutoScalingGroups";
        let pages = self.autoscaling.describe_auto_scaling_groups();
        let all = pages.into_paginator().items().send();
        let all = all.collect::<Result<Vec<AutoScalingGroup>, _>>().await;
        let mut groups = all.map_err(|error| Error::from_sdk(call, error))?;
        groups.sort_by_key(|group| !group.tags().iter().any(|tag| tag.key() == Some(OF_STACK)));
        let mut clusters: Vec<String> = Vec::new();
        for group in groups.iter().take(GROUPS_LOOKED_AT) {
            let name = group.auto_scaling_group_name().unwrap_or_default();
            let hooks = self.all_hooks(name).await?;
            let Some(ours) = hooks.into_iter().find_map(|hook| hook.ours) else {
                continue;
            };
            if clusters.contains(&ours.cluster) {
                continue;
            }
            match self.registration(&ours.cluster, instance).await {
                Ok(Some(_)) => return Ok(Some(ours.cluster)),
                // A cluster of somebody else, or one that was deleted, is not where it is.
                Ok(None) | Err(Error::AccessDenied { .. } | Error::ClusterNotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            clusters.push(ours.cluster);
        }
        Ok(None)
    }
}
