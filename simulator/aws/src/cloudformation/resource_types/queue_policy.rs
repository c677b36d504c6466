//! AWS::SQS::QueuePolicy: the policy of queues.

use serde_json::json;

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, items, last};

/// The policy of queues.
pub static QUEUE_POLICY: ResourceType = ResourceType {
    name: "AWS::SQS::QueuePolicy",
    name_property: None,
    required: &["PolicyDocument", "Queues"],
    optional: &[],
    fixed: &[],
    attributes: &["Id"],
    handler: &QueuePolicy,
};

#[derive(Debug)]
struct QueuePolicy;

impl Handler for QueuePolicy {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let id = name(account, desired);
        Ok(CreatedResource::new(id.clone(), [("Id", id.into())]))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, _: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let queues = items(&subject.properties["Queues"]).into_iter();
        let names = queues.map(|url| last(url.as_str().unwrap_or_default()));
        let of_queue = |queue: &str| {
            let actions = ["GetQueueAttributes", "SetQueueAttributes"];
            each("sqs", &actions, &json!({"QueueName": queue}))
        };
        Ok(names.flat_map(of_queue).collect())
    }
}
