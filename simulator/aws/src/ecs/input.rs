//! What the calls have in common: how requests are read, bounds, and pages.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::{ApiError, Requests, paging};

/// How requests are read.
pub(super) const REQUESTS: Requests = Requests::json("InvalidParameterException");

/// What `include` of a call may hold, for calls that answer tags in any case.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Include {
    Tags,
}

/// Which part of a list a call wants, and how many items it has on a page by default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    pub(super) max_results: Option<i64>,
    pub(super) next_token: Option<&'a str>,
    pub(super) default: i64,
}

impl Page<'_> {
    /// This page of `keys`, in order, and the next token.
    pub(super) fn of<'k>(
        self,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<(Vec<&'k str>, Option<String>), ApiError> {
        let size = within("maxResults", self.max_results, 1..=100)?;
        let size = size.unwrap_or(self.default) as usize;
        let token = self.next_token;
        paging::page(keys.map(|key| (key.to_owned(), key)), token, size)
            .ok_or_else(|| invalid(format!("Invalid token: {}", token.unwrap_or_default())))
    }
}

/// AWS's answer to a member that is missing, of the wrong kind, or out of range.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", message)
}

/// The number that `member` has, if it has one.
///
/// # Errors
/// `InvalidParameterException` outside `bounds`.
pub(super) fn within(
    member: &str,
    number: Option<i64>,
    bounds: RangeInclusive<i64>,
) -> Result<Option<i64>, ApiError> {
    match number {
        Some(number) if !bounds.contains(&number) => Err(invalid(format!(
            "{member} must be from {} to {}, not {number}",
            bounds.start(),
            bounds.end()
        ))),
        number => Ok(number),
    }
}

/// The names that `member` has, from one to `most`.
///
/// # Errors
/// `InvalidParameterException`.
pub(super) fn names<'a>(
    member: &str,
    names: Vec<&'a str>,
    most: usize,
) -> Result<Vec<&'a str>, ApiError> {
    if names.is_empty() {
        return Err(invalid(format!("{member} cannot be empty.")));
    }
    if names.len() > most {
        return Err(invalid(format!(
            "{member} can have at most {most} items, not {}",
            names.len()
        )));
    }
    Ok(names)
}

/// An answer with one page under `member`, and the next token if there is more.
pub(super) fn paged(member: &str, page: Vec<String>, next: Option<String>) -> Value {
    let mut answer = json!({ member: page });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    answer
}

/// An entry of `failures`.
pub(super) fn failure(arn: &str, reason: &str) -> Value {
    json!({"arn": arn, "reason": reason})
}
