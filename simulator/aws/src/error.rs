//! What AWS answers a call that it refuses.

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
