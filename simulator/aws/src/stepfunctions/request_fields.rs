//! What the calls have in common: reading members, and paging.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::wire::{ApiError, paging};

/// A string member that must be there.
pub fn text<'a>(action: &str, input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    match &input[member] {
        Value::String(text) => Ok(text),
        other => Err(ApiError::client(
            "ValidationException",
            format!("{action} needs {member}, a string, and was given {other}"),
        )),
    }
}

/// An ARN, whatever it names.
///
/// # Errors
/// `InvalidArn` (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/test_sfn_api.snapshot.json, 2024-03).
pub fn checked_arn(arn: &str) -> Result<&str, ApiError> {
    if arn.starts_with("arn:") {
        return Ok(arn);
    }
    let message = format!("Invalid Arn: 'Invalid ARN prefix: {arn}'");
    Err(ApiError::client("InvalidArn", message))
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    token: Option<&'a str>,
    count: usize,
}

/// Reads `maxResults` and `nextToken`; `0` stands for 100
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
pub fn page(input: &Value, most: usize) -> Result<Page<'_>, ApiError> {
    let count = match &input["maxResults"] {
        Value::Null => 100,
        value => match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
            Some(0) => 100,
            Some(count) if count <= most => count,
            Some(_) => {
                return Err(ApiError::client(
                    "ValidationException",
                    format!(
                        "1 validation error detected: Value '{value}' at 'maxResults' failed to satisfy constraint: \
                         Member must have value less than or equal to {most}"
                    ),
                ));
            }
            None => {
                return Err(ApiError::client(
                    "ValidationException",
                    format!("maxResults {value} is not a whole number from 0 to {most}"),
                ));
            }
        },
    };
    let token = match &input["nextToken"] {
        Value::Null => None,
        token => Some(token.as_str().ok_or_else(|| invalid_token(token))?),
    };
    Ok(Page { token, count })
}

fn invalid_token(token: impl Display) -> ApiError {
    ApiError::client("InvalidToken", format!("Invalid Token: '{token}'"))
}

/// The part of `all` asked for, under `member`, in the order of the keys, with the token of the
/// next part if there is one.
pub fn list(
    member: &str,
    all: impl IntoIterator<Item = (String, Value)>,
    page: Page<'_>,
) -> Result<Value, ApiError> {
    let Some((part, next)) = paging::page(all, page.token, page.count) else {
        return Err(invalid_token(page.token.unwrap_or_default()));
    };
    let mut answer = json!({ member: part });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}
