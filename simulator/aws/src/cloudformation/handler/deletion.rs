//! The deletion of a resource.

use serde_json::Value;

use super::{ExistingResource, ServiceRefusal, raw, record};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::permissions;
use crate::wire::ApiError;

/// Why a resource cannot be deleted now.
#[derive(Debug)]
pub struct NotDeleted {
    /// Whether something still uses it, so that it can be tried again.
    pub in_use: bool,
    /// As a stack event shows it.
    pub refusal: Box<ServiceRefusal>,
}

impl NotDeleted {
    /// The error of a call of `service`.
    pub fn new(account: &mut Account, service: &str, error: ApiError) -> Self {
        Self {
            in_use: error.code == "ResourceInUseException",
            refusal: record(account, service, error),
        }
    }
}

impl ExistingResource {
    /// Deletes the resource by `action` of `service`.
    ///
    /// # Errors
    /// Why it cannot be deleted.
    pub fn delete_by(
        &self,
        account: &mut Account,
        service: &str,
        action: &str,
        input: &Value,
    ) -> Result<(), NotDeleted> {
        raw(account, &self.stack_id, service, action, input)
            .map(drop)
            .map_err(|error| NotDeleted::new(account, service, error))
    }
}

/// Deletes the resource `name` of the stack `id`, if the stack's service role allows it.
///
/// # Errors
/// Why it cannot be deleted.
pub fn delete(account: &mut Account, id: &str, name: &str) -> Result<(), NotDeleted> {
    let resource = &account[CLOUDFORMATION].at(id).resources[name];
    let kind = resource.kind;
    let existing = ExistingResource {
        stack_id: id.to_owned(),
        physical_id: resource.physical_id.clone(),
        properties: resource.properties.clone(),
    };
    let calls = permissions::deletion(account, kind, &existing);
    permissions::check(account, id, calls)
        .map_err(|(service, error)| NotDeleted::new(account, &service, error))?;
    kind.handler.delete(account, &existing)
}
