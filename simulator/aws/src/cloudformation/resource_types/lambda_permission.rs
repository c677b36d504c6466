//! AWS::Lambda::Permission: who may invoke a function.

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};

/// Who may invoke a function.
pub static LAMBDA_PERMISSION: ResourceType = ResourceType {
    name: "AWS::Lambda::Permission",
    name_property: None,
    required: &["Action", "FunctionName", "Principal"],
    optional: &["SourceAccount", "SourceArn"],
    fixed: &[],
    attributes: &["Id"],
    handler: &LambdaPermission,
};

#[derive(Debug)]
struct LambdaPermission;

impl Handler for LambdaPermission {
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
