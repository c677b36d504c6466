//! AWS::SNS::Topic.

use std::time::Duration;

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::timing::Timing;

/// An SNS topic.
pub static TOPIC: ResourceType = ResourceType {
    name: "AWS::SNS::Topic",
    name_property: Some("TopicName"),
    required: &[],
    optional: &[
        "DisplayName",
        "KmsMasterKeyId",
        "Subscription",
        "Tags",
        "TopicName",
    ],
    fixed: &["TopicName"],
    attributes: &["TopicArn", "TopicName"],
    handler: &Topic,
};

#[derive(Debug)]
struct Topic;

impl Handler for Topic {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let arn = arn("sns", &name);
        Ok(CreatedResource::new(
            arn.clone(),
            [("TopicArn", arn.into()), ("TopicName", name.into())],
        ))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn update_time(&self, timing: &Timing) -> Duration {
        timing.topic_change
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.topic_deletion
    }
}
