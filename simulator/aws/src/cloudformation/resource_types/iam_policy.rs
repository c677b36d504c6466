//! AWS::IAM::Policy: an inline policy of roles.

use std::time::Duration;

use super::identity::identity_capability;
use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::template::{Declared, Template};
use crate::cloudformation::timing::Timing;

/// An inline policy of roles.
pub static IAM_POLICY: ResourceType = ResourceType {
    name: "AWS::IAM::Policy",
    name_property: Some("PolicyName"),
    required: &["PolicyDocument", "PolicyName"],
    optional: &["Roles"],
    fixed: &["PolicyName"],
    attributes: &["Id"],
    handler: &IamPolicy,
};

#[derive(Debug)]
struct IamPolicy;

impl Handler for IamPolicy {
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

    fn capability(&self, _: &Account, _: &Template, declared: &Declared) -> Option<&'static str> {
        Some(identity_capability(declared))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.identity
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.identity_deletion
    }
}
