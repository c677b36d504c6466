//! What the calls have in common: fields of their requests.

use serde::Deserialize;

use crate::wire::{ApiError, Requests};

/// How requests are read.
pub const REQUESTS: Requests = Requests::json("ValidationException");

/// The only event bus that is known here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bus {
    /// The default bus of the account.
    Default,
}

/// The error about a member that is not right.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}

/// A name or an id, of the characters that AWS takes.
pub fn checked_id<'a>(member: &str, value: &'a str) -> Result<&'a str, ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if (1..=64).contains(&value.len()) && value.chars().all(allowed) {
        return Ok(value);
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+, with 1 to 64 characters"
    )))
}
