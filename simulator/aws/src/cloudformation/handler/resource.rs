//! A resource as a handler is given it, and as it makes it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::Account;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::resource_types::ResourceType;

/// A resource as it shall be.
#[derive(Debug, Clone)]
pub struct DesiredResource {
    /// Id of the stack.
    pub stack_id: String,
    /// Name of the stack.
    pub stack_name: String,
    /// Logical id.
    pub name: String,
    /// Type.
    pub kind: &'static ResourceType,
    /// Properties, worked out.
    pub properties: Value,
    /// Path of the template, against which its local files are resolved.
    pub base: String,
}

/// A resource that exists, and is to be deleted.
#[derive(Debug)]
pub struct ExistingResource {
    /// Id of the stack.
    pub stack_id: String,
    /// Physical id.
    pub physical_id: String,
    /// Properties, worked out.
    pub properties: Value,
}

/// What a handler has made.
#[derive(Debug)]
pub struct CreatedResource {
    /// Physical id.
    pub physical_id: String,
    /// What Ref and GetAtt answer.
    pub known: ResolvedResource,
}

impl CreatedResource {
    /// A resource whose Ref is its physical id.
    pub fn new<const N: usize>(
        physical_id: impl Into<String>,
        attributes: [(&str, Value); N],
    ) -> Self {
        let physical_id = physical_id.into();
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        let known = ResolvedResource {
            reference: physical_id.clone(),
            attributes: BTreeMap::from(attributes),
        };
        Self { physical_id, known }
    }
}

/// The name that the type's name property gives, or one made of stack, logical id and chance.
pub fn name(account: &mut Account, desired: &DesiredResource) -> String {
    let declared = desired.kind.name_property;
    match declared.and_then(|property| desired.properties.get(property)) {
        Some(name) => scalar_text(name),
        None => {
            let suffix = account.hex(12).to_uppercase();
            format!("{}-{}-{suffix}", desired.stack_name, desired.name)
        }
    }
}
