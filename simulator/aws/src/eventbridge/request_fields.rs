//! What the calls have in common: reading members.

use serde_json::Value;

use crate::wire::ApiError;

/// The error about a member that is not right.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationException", message)
}

/// A string member that must be there.
pub fn text<'a>(action: &str, input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    input[member].as_str().ok_or_else(|| {
        invalid(format!(
            "{action} needs {member}, a string, and was given {}",
            input[member]
        ))
    })
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
