//! Which of several instances drain or are members of the cluster, asked for with few calls.

use aws_sdk_ecs::types::{self, ContainerInstanceStatus as SdkStatus};

use super::Ecs;
use super::translation::container_instance;
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus as Status, current};
use crate::model::{ClusterName, InstanceId};

/// So many ids are named in one filter: some 1,200 characters. An expression of a placement
/// constraint, in the same language, takes 2,000
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementConstraint.html>).
///
/// assumption: so does a filter. An `InvalidParameterException` proves it wrong.
const FILTERED_AT_ONCE: usize = 50;

impl Ecs {
    /// Those of `instances` that are DRAINING, by their current registrations. If none has a
    /// registration that is DRAINING, which is the rule, that takes one call for each 50.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`, `BadAnswer`.
    pub async fn draining_among(
        &self,
        cluster: &ClusterName,
        instances: &[InstanceId],
    ) -> Result<Vec<InstanceId>, Error> {
        let mut found = Vec::new();
        for some in instances.chunks(FILTERED_AT_ONCE) {
            let filter = in_list(some);
            let draining = self.listed(cluster, Some(SdkStatus::Draining), filter.clone());
            if draining.await?.is_empty() {
                continue;
            }
            let arns = self.listed(cluster, None, filter).await?;
            let all = self.described_instances(cluster, &arns).await?;
            found.extend(draining_of(some, &all)?);
        }
        Ok(found)
    }

    /// Those of `instances` that have a registration which is ACTIVE or DRAINING.
    pub async fn members_among(
        &self,
        cluster: &ClusterName,
        instances: &[InstanceId],
    ) -> Result<Vec<InstanceId>, Error> {
        let mut members = Vec::new();
        for some in instances.chunks(FILTERED_AT_ONCE) {
            let arns = self.listed(cluster, None, in_list(some)).await?;
            let all = self.described_instances(cluster, &arns).await?;
            let is_member =
                |one: &ContainerInstance| matches!(one.status, Status::Active | Status::Draining);
            for instance in some {
                if registrations_of(instance, &all)?.iter().any(is_member) {
                    members.push(instance.clone());
                }
            }
        }
        Ok(members)
    }

    /// How many ACTIVE container instances of the cluster have no agent that is connected.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn active_without_agent(&self, cluster: &ClusterName) -> Result<usize, Error> {
        let filter = "agentConnected == false".to_owned();
        let arns = self
            .listed(cluster, Some(SdkStatus::Active), filter)
            .await?;
        Ok(arns.len())
    }
}

/// Those of `instances` whose current registration among `all` is DRAINING.
fn draining_of(
    instances: &[InstanceId],
    all: &[types::ContainerInstance],
) -> Result<Vec<InstanceId>, Error> {
    let mut draining = Vec::new();
    for instance in instances {
        let own = registrations_of(instance, all)?;
        if current(&own).any(|one| one.status == Status::Draining) {
            draining.push(instance.clone());
        }
    }
    Ok(draining)
}

/// The registrations of one instance, of those of several.
fn registrations_of(
    instance: &InstanceId,
    all: &[types::ContainerInstance],
) -> Result<Vec<ContainerInstance>, Error> {
    let call = "ecs:DescribeContainerInstances";
    let mut own = Vec::new();
    for one in all {
        if one.ec2_instance_id() == Some(instance.as_str()) {
            own.push(container_instance(call, one)?);
        }
    }
    Ok(own)
}

/// A filter of container instances, in ECS's cluster query language
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html>).
fn in_list(instances: &[InstanceId]) -> String {
    let ids: Vec<String> = instances.iter().map(|id| format!("'{id}'")).collect();
    format!("ec2InstanceId in [{}]", ids.join(", "))
}
