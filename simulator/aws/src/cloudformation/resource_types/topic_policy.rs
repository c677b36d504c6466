//! AWS::SNS::TopicPolicy: the policy of topics.

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};

/// The policy of topics.
pub static TOPIC_POLICY: ResourceType = ResourceType {
    name: "AWS::SNS::TopicPolicy",
    name_property: None,
    required: &["PolicyDocument", "Topics"],
    optional: &[],
    fixed: &[],
    attributes: &["Id"],
    handler: &TopicPolicy,
};

#[derive(Debug)]
struct TopicPolicy;

impl Handler for TopicPolicy {
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
}
