//! What the calls that begin something have in common in what they are asked.

use serde_json::Value;

use super::node::scalar_text;
use super::template::{self, Template};
use super::{files, invalid, validate};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// The members that create a stack, or the change set for one.
pub const CREATION: [&str; 8] = [
    "StackName",
    "TemplateBody",
    "TemplateURL",
    "Parameters",
    "Capabilities",
    "RoleARN",
    "Tags",
    "NotificationARNs",
];

/// The RoleARN of a call. The stack keeps it, and CloudFormation calls with its rights, see
/// `permissions`.
///
/// # Errors
/// `ValidationError` if it is none; `NotImplemented` for tags and topics.
pub fn role_and_tags(action: &str, input: &Value) -> Result<Option<String>, ApiError> {
    for list in ["Tags", "NotificationARNs"] {
        if !empty(&input[list]) {
            return Err(ApiError::not_known(format_args!("{list} of {action}")));
        }
    }
    match input["RoleARN"].as_str() {
        Some(role) if !role.starts_with("arn:") || !role.contains(":role/") => Err(invalid(
            format!("Role {role} is invalid or cannot be assumed"),
        )),
        role => Ok(role.map(str::to_owned)),
    }
}

/// Whether a list has nothing in it. The Query protocol writes an empty list as an empty value.
fn empty(list: &Value) -> bool {
    match list {
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        other => other.is_null(),
    }
}

/// The StackName of a call.
///
/// # Errors
/// `ValidationError` if there is none.
pub fn stack_name<'a>(action: &str, input: &'a Value) -> Result<&'a str, ApiError> {
    input["StackName"]
        .as_str()
        .ok_or_else(|| invalid(format!("{action} needs StackName")))
}

/// Refuses every value of `member` but the default.
///
/// # Errors
/// `NotImplemented`.
pub fn default_only(
    action: &str,
    input: &Value,
    member: &str,
    default: &str,
) -> Result<(), ApiError> {
    match input.get(member) {
        Some(value) if !scalar_text(value).eq_ignore_ascii_case(default) => Err(
            ApiError::not_known(format_args!("{member} {value} of {action}")),
        ),
        _ => Ok(()),
    }
}

/// The template that a call brings along.
///
/// # Errors
/// `ValidationError`.
pub fn given_template(account: &Account, input: &Value) -> Result<Option<Template>, ApiError> {
    match (
        input["TemplateBody"].as_str(),
        input["TemplateURL"].as_str(),
    ) {
        (None, None) => Ok(None),
        (Some(text), None) => template::read("TemplateBody", text)
            .map(Some)
            .map_err(|refusal| invalid(refusal.to_string())),
        (None, Some(url)) => {
            let path = files::located(url).map_err(|why| invalid(why.to_string()))?;
            account[CLOUDFORMATION].template(&path).map(Some)
        }
        (Some(_), Some(_)) => Err(invalid(
            "You cannot specify both TemplateBody and TemplateURL.",
        )),
    }
}

/// AWS's answer to a call without a template.
pub fn no_template() -> ApiError {
    invalid("Either Template URL or Template Body must be specified.")
}

/// The capabilities that a call acknowledges.
pub fn capabilities(input: &Value) -> Vec<String> {
    input["Capabilities"]
        .as_array()
        .into_iter()
        .flatten()
        .map(scalar_text)
        .collect()
}

/// Refuses a call that does not acknowledge what its template needs.
///
/// # Errors
/// `InsufficientCapabilitiesException`.
pub fn acknowledged(account: &Account, template: &Template, input: &Value) -> Result<(), ApiError> {
    let given = capabilities(input);
    let has = |capability: &str| given.iter().any(|given| given == capability);
    match validate::capability(account, template) {
        Some(needed) if !has(needed) && !has("CAPABILITY_NAMED_IAM") => Err(ApiError::client(
            "InsufficientCapabilitiesException",
            format!("Requires capabilities : [{needed}]"),
        )),
        _ => Ok(()),
    }
}
