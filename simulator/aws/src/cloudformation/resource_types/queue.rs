//! AWS::SQS::Queue.

use std::time::Duration;

use serde_json::json;

use super::{Handler, ResourceType};
use crate::account::{ACCOUNT_ID, Account, REGION, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, last};
use crate::cloudformation::timing::Timing;

/// An SQS queue.
pub static QUEUE: ResourceType = ResourceType {
    name: "AWS::SQS::Queue",
    name_property: Some("QueueName"),
    required: &[],
    optional: &[
        "KmsMasterKeyId",
        "MessageRetentionPeriod",
        "QueueName",
        "SqsManagedSseEnabled",
        "Tags",
        "VisibilityTimeout",
    ],
    fixed: &["QueueName"],
    attributes: &["Arn", "QueueName", "QueueUrl"],
    handler: &Queue,
};

#[derive(Debug)]
struct Queue;

impl Handler for Queue {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let url = format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}");
        let arn = arn("sqs", &name);
        Ok(CreatedResource::new(
            url.clone(),
            [
                ("Arn", arn.into()),
                ("QueueName", name.into()),
                ("QueueUrl", url.into()),
            ],
        ))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let actions: &[&str] = match verb {
            Verb::Create => &[
                "CreateQueue",
                "GetQueueUrl",
                "GetQueueAttributes",
                "ListQueueTags",
            ],
            Verb::Change(_) => &["SetQueueAttributes", "GetQueueAttributes", "ListQueueTags"],
            Verb::Delete => &["DeleteQueue", "GetQueueAttributes"],
        };
        let input = json!({"QueueName": last(subject.name)});
        Ok(each("sqs", actions, &input))
    }

    /// Recorded (radkawar/stackd testdata/aws/cloudformation/lifecycle.json, 2026-09) for a queue,
    /// and not for a topic, a role or a bucket; which other types have it is not known.
    fn has_consistency_check(&self) -> bool {
        true
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.queue
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.queue
    }
}
