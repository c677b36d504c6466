//! What `ecs-rollout terminate` asks of ECS. No worker makes these calls.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;

use super::{Ecs, TERMINATE, refused};
use crate::error::Error;
use crate::model::{ClusterName, ContainerInstanceArn};

impl Ecs {
    /// Notes on container instances that you asked to end their instance `at` this time. It may be
    /// noted again.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn request_termination(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
        at: Timestamp,
    ) -> Result<(), Error> {
        // An attribute's value takes 128 characters, among them the colons of a time:
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attribute.html
        let time = format!("{at:.0}");
        self.put_attribute(cluster, arns, TERMINATE, &time).await
    }

    /// Deregisters a container instance by force, with whatever ECS believes to run on it.
    /// Finding it deregistered is not an error.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn deregister(
        &self,
        cluster: &ClusterName,
        arn: &ContainerInstanceArn,
    ) -> Result<(), Error> {
        if self.dry_run {
            return Ok(());
        }
        let sent = self
            .client
            .deregister_container_instance()
            .cluster(cluster.as_str())
            .container_instance(arn.as_str())
            .force(true)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            // ECS was quicker: it deregisters the instance itself when EC2 terminates it.
            Err(error) if error.code() == Some("InvalidParameterException") => {
                let known = self
                    .container_instances(cluster, std::slice::from_ref(arn))
                    .await?;
                if known.iter().any(|one| one.status.is_registered()) {
                    Err(refused("ecs:DeregisterContainerInstance", cluster, error))
                } else {
                    Ok(())
                }
            }
            Err(error) => Err(refused("ecs:DeregisterContainerInstance", cluster, error)),
        }
    }
}
