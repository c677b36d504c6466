//! Groups of ours, found without their names.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use workers::Error;

use super::{Aws, Group, Hooks};

/// At most this many groups are looked at, because each takes a call. Groups that CloudFormation
/// made come first.
const GROUPS_LOOKED_AT: usize = 50;

/// The tag that CloudFormation sets on a group of a stack
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html>).
const OF_STACK: &str = "aws:cloudformation:stack-name";

/// What the groups with hooks of ours say.
#[derive(Debug, Clone)]
pub struct HookSearch {
    /// Of each group that was looked at, what its hooks say.
    pub found: Vec<Hooks>,
    /// How many groups were not looked at.
    pub left_out: usize,
}

impl Aws {
    async fn described_groups(&self) -> Result<Vec<AutoScalingGroup>, Error> {
        let call = "autoscaling:DescribeAutoScalingGroups";
        let pages = self.autoscaling.describe_auto_scaling_groups();
        let all = pages.into_paginator().items().send();
        let all = all.collect::<Result<Vec<AutoScalingGroup>, _>>().await;
        all.map_err(|error| Error::from_sdk(call, error))
    }

    /// All groups of the account in this Region, by name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn groups(&self) -> Result<Vec<(String, Group)>, Error> {
        let all = self.described_groups().await?;
        let named = all.iter().filter_map(|group| {
            let name = group.auto_scaling_group_name()?.to_owned();
            Some((name, Group::read(group)))
        });
        Ok(named.collect())
    }

    /// The names of the groups among which ours are looked for, and how many were left out.
    async fn candidates(&self) -> Result<(Vec<String>, usize), Error> {
        let mut groups = self.described_groups().await?;
        groups.sort_by_key(|group| !group.tags().iter().any(|tag| tag.key() == Some(OF_STACK)));
        let left_out = groups.len().saturating_sub(GROUPS_LOOKED_AT);
        groups.truncate(GROUPS_LOOKED_AT);
        let names = groups
            .into_iter()
            .filter_map(|it| it.auto_scaling_group_name);
        Ok((names.collect(), left_out))
    }

    /// What the metadata of our hooks says, of every group that has them.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn hooks_of_ours(&self) -> Result<HookSearch, Error> {
        let (names, left_out) = self.candidates().await?;
        let mut found = Vec::new();
        for name in names {
            let hooks = self.all_hooks(&name).await?;
            found.extend(hooks.into_iter().find_map(|hook| hook.ours));
        }
        Ok(HookSearch { found, left_out })
    }

    /// The cluster in which ECS shows the instance, among those of the groups with hooks of ours.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn cluster_of(&self, instance: &str) -> Result<Option<String>, Error> {
        let (names, _) = self.candidates().await?;
        let mut clusters: Vec<String> = Vec::new();
        for name in names {
            let hooks = self.all_hooks(&name).await?;
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
