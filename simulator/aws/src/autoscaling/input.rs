//! What the calls have in common: how requests are read, errors about them, and pages.

use crate::wire::request::lower_first;
use crate::wire::{ApiError, Requests, paging};

/// How requests are read.
pub const REQUESTS: Requests = Requests::query("ValidationError");

/// A `ValidationError`, as Auto Scaling answers nearly everything that is wrong.
pub fn validation(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}

/// What is answered for a value that is none of `choices`.
pub fn not_one_of(member: &str, value: &str, choices: &[&str]) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
        lower_first(member),
        choices.join(", ")
    ))
}

/// One page of `items` in the order of their keys, and the token of the next.
pub fn page<T>(
    max_records: Option<u32>,
    token: Option<&str>,
    items: impl IntoIterator<Item = (String, T)>,
    usual: u32,
    most: u32,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = max_records.unwrap_or(usual);
    if size == 0 || size > most {
        return Err(validation(format!(
            "MaxRecords is {size}; it must be between 1 and {most}"
        )));
    }
    let token = token.filter(|token| !token.is_empty());
    paging::page(items, token, size as usize)
        .ok_or_else(|| ApiError::client("InvalidNextToken", "The NextToken value is not valid."))
}
