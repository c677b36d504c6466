//! What the calls have in common: reading members, and paging.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::{ApiError, Requests, paging};

/// How requests are read.
pub const REQUESTS: Requests = Requests::json("ValidationException");

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

/// The fields of a request for a list, which has nothing else to say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListAll<'a> {
    max_results: Option<usize>,
    next_token: Option<&'a str>,
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    token: Option<&'a str>,
    count: usize,
}

/// The most items of a page
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).
const PAGE_LIMIT: usize = 1000;

impl<'a> Page<'a> {
    /// The part that `maxResults` and `nextToken` say; `0` stands for 100, by the same page.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn new(max_results: Option<usize>, token: Option<&'a str>) -> Result<Self, ApiError> {
        match max_results.unwrap_or_default() {
            0 => Ok(Self { token, count: 100 }),
            count if count <= PAGE_LIMIT => Ok(Self { token, count }),
            count => Err(ApiError::client(
                "ValidationException",
                format!(
                    "1 validation error detected: Value '{count}' at 'maxResults' failed to satisfy constraint: \
                     Member must have value less than or equal to {PAGE_LIMIT}"
                ),
            )),
        }
    }

    /// The part that is asked for.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn of_list(request: &ListAll<'a>) -> Result<Self, ApiError> {
        Self::new(request.max_results, request.next_token)
    }
}

/// The part of `all` asked for, under `member`, in the order of the keys, with the token of the
/// next part if there is one.
pub fn list(
    member: &str,
    all: impl IntoIterator<Item = (String, Value)>,
    page: Page<'_>,
) -> Result<Value, ApiError> {
    let Some((part, next)) = paging::page(all, page.token, page.count) else {
        let token = page.token.unwrap_or_default();
        let message = format!("Invalid Token: '{token}'");
        return Err(ApiError::client("InvalidToken", message));
    };
    let mut answer = json!({ member: part });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}
