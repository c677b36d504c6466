//! Where a state machine logs to, checked as AWS checks it when a machine is created or updated.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::stepfunctions::request_fields::REQUESTS;
use crate::wire::ApiError;

/// The levels that there are.
const LEVELS: [&str; 4] = ["ALL", "ERROR", "FATAL", "OFF"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoggingConfiguration<'a> {
    level: Option<&'a str>,
    #[serde(default, borrow)]
    destinations: Vec<Destination<'a>>,
    include_execution_data: Option<bool>,
}

#[derive(Deserialize)]
struct Destination<'a> {
    #[serde(borrow, rename = "cloudWatchLogsLogGroup")]
    group: Option<LogGroup<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogGroup<'a> {
    log_group_arn: Option<&'a str>,
}

/// Checks a `loggingConfiguration`, and fills in what it leaves out. Exactly one destination, which
/// is a log group that there is; none only for the level OFF (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/test_sfn_api_logs.snapshot.json, 2024-06).
///
/// # Errors
/// `InvalidLoggingConfiguration`; `ValidationException` for a level that there is not.
pub fn checked(account: &Account, given: &Value) -> Result<Value, ApiError> {
    let request: LoggingConfiguration<'_> = REQUESTS.read("loggingConfiguration", given)?;
    let level = request.level.unwrap_or("OFF");
    if !LEVELS.contains(&level) {
        return Err(ApiError::client(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{level}' at 'loggingConfiguration.level' failed to satisfy \
                 constraint: Member must satisfy enum value set: [{}]",
                LEVELS.join(", ")
            ),
        ));
    }
    match request.destinations.as_slice() {
        [] if level == "OFF" => {}
        [Destination { group: Some(group) }] => {
            let group = group.log_group_arn.ok_or_else(must_be_one)?;
            if !account[CLOUDFORMATION].has_log_group(group) {
                return Err(invalid("Log Destination not found."));
            }
        }
        _ => return Err(must_be_one()),
    }
    let mut checked = given.clone();
    checked["level"] = json!(level);
    if request.include_execution_data.is_none() {
        checked["includeExecutionData"] = json!(false);
    }
    Ok(checked)
}

fn must_be_one() -> ApiError {
    invalid("Must specify exactly one Log Destination.")
}

fn invalid(what: &str) -> ApiError {
    ApiError::client(
        "InvalidLoggingConfiguration",
        format!("Invalid Logging Configuration: {what}"),
    )
}
