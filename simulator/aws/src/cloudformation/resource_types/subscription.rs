//! AWS::SNS::Subscription.

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource};
use crate::cloudformation::node::scalar_text;

/// A subscription to a topic.
pub static SUBSCRIPTION: ResourceType = ResourceType {
    name: "AWS::SNS::Subscription",
    name_property: None,
    required: &["Protocol", "TopicArn"],
    optional: &["Endpoint", "FilterPolicy", "RawMessageDelivery"],
    fixed: &["Endpoint", "Protocol", "TopicArn"],
    attributes: &["Arn"],
    handler: &Subscription,
};

#[derive(Debug)]
struct Subscription;

impl Handler for Subscription {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let id = account.uuid();
        let arn = format!("{}:{id}", scalar_text(&desired.properties["TopicArn"]));
        Ok(CreatedResource::new(arn.clone(), [("Arn", arn.into())]))
    }

    fn is_only_kept(&self) -> bool {
        true
    }
}
