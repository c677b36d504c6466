//! What a request and an answer look like between a client and a service.

use serde_json::Value;

/// An error as AWS answers it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The error code, such as `ValidationError`.
    pub code: String,
    /// The message, in AWS's words where they are known.
    pub message: String,
}

impl ApiError {
    /// An error with HTTP status 400.
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: message.into(),
        }
    }

    /// A call that the account in memory does not know.
    pub fn not_implemented(service: &str, action: &str) -> Self {
        Self {
            status: 501,
            code: "NotImplemented".to_owned(),
            message: format!("the account in memory does not know the call {service}:{action}"),
        }
    }

    /// A part of a call, `what`, that the account in memory does not know and will not ignore.
    pub fn not_known(what: impl std::fmt::Display) -> Self {
        Self {
            status: 501,
            code: "NotImplemented".to_owned(),
            message: format!("the account in memory does not know {what}"),
        }
    }
}

/// Refuses every member of `input` that is not in `known`: nothing is ever ignored.
///
/// # Errors
/// `NotImplemented`, naming the call and the member.
pub fn only(action: &str, input: &Value, known: &[&str]) -> Result<(), ApiError> {
    let Some(members) = input.as_object() else {
        return Err(ApiError::client(
            "ValidationError",
            format!("the input of {action} is not an object"),
        ));
    };
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ApiError::not_known(format_args!("{key} of {action}"))),
        None => Ok(()),
    }
}
