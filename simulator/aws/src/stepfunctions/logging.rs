//! Where a state machine logs to, checked as AWS checks it when a machine is created or updated.

use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::{ApiError, only};

/// The levels that there are.
const LEVELS: [&str; 4] = ["ALL", "ERROR", "FATAL", "OFF"];

/// Checks a `loggingConfiguration`, and fills in what it leaves out. Exactly one destination, which
/// is a log group that there is; none only for the level OFF (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/test_sfn_api_logs.snapshot.json, 2024-06).
///
/// # Errors
/// `InvalidLoggingConfiguration`; `ValidationException` for a level that there is not.
pub fn checked(account: &Account, given: &Value) -> Result<Value, ApiError> {
    let known = ["destinations", "includeExecutionData", "level"];
    only("loggingConfiguration", given, &known)?;
    let level = given["level"].as_str().unwrap_or("OFF");
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
    let destinations = given["destinations"].as_array();
    match destinations.map_or(&[][..], Vec::as_slice) {
        [] if level == "OFF" => {}
        [destination] => {
            let group = &destination["cloudWatchLogsLogGroup"]["logGroupArn"];
            let group = group.as_str().ok_or_else(must_be_one)?;
            if !account[CLOUDFORMATION].has_log_group(group) {
                return Err(invalid("Log Destination not found."));
            }
        }
        _ => return Err(must_be_one()),
    }
    let mut checked = given.clone();
    checked["level"] = json!(level);
    if checked.get("includeExecutionData").is_none() {
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
