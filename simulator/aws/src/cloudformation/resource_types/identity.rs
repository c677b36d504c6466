//! What the resource types of IAM have in common.

use serde_json::Value;

use crate::account::{ACCOUNT_ID, PARTITION};
use crate::cloudformation::handler::DesiredResource;
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::template::Declared;

/// The ARN of a role, instance profile or policy: its `kind` is such as `role`.
pub(super) fn identity_arn(desired: &DesiredResource, kind: &str, name: &str) -> Value {
    let path = path(&desired.properties);
    format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:{kind}{path}{name}").into()
}

/// The path of an identity.
pub(super) fn path(properties: &Value) -> String {
    properties
        .get("Path")
        .map_or_else(|| "/".to_owned(), scalar_text)
}

/// The capability that a stack needs for an identity.
pub(super) fn identity_capability(declared: &Declared) -> &'static str {
    let is_named = ["RoleName", "InstanceProfileName"]
        .iter()
        .any(|name| declared.property(name).is_some());
    if is_named {
        "CAPABILITY_NAMED_IAM"
    } else {
        "CAPABILITY_IAM"
    }
}
