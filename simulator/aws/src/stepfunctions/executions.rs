//! The calls about executions.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::ending::{Ending, end};
use super::execution::{Execution, Redrives, Status};
use super::failure::Failure;
use super::machines::{checked_name, machine};
use super::redrive;
use super::request_fields::{checked_arn, list, page, text};
use super::run::{PAYLOAD_LIMIT, begin, execution};
use crate::account::{Account, arn};
use crate::stepfunctions::STEPFUNCTIONS;
use crate::wire::{ApiError, only, paging};

/// How long the name of a closed execution stays taken
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
const NAME_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// `StartExecution`: the same name with the same input is answered the same while the execution
/// runs.
pub fn start(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "StartExecution";
    only(action, input, &["stateMachineArn", "name", "input"])?;
    let machine = machine(account, action, input)?;
    let (role, definition) = (machine.role.clone(), machine.definition.clone());
    let (machine_name, deleting) = (machine.name.clone(), machine.deleted.is_some());
    let state_machine = text(action, input, "stateMachineArn")?.to_owned();
    if deleting {
        let message = format!("State Machine is being deleted: '{state_machine}'");
        return Err(ApiError::client("StateMachineDeleting", message));
    }
    let (input_text, input_value) = checked_input(input)?;
    let name = match input.get("name") {
        Some(_) => checked_name(text(action, input, "name")?)?.to_owned(),
        None => account.uuid(),
    };
    let arn = arn("states", &format!("execution:{machine_name}:{name}"));
    if let Some(started) = already_started(account, &arn, &input_text)? {
        return Ok(started);
    }
    let start = account.now;
    let run = account[STEPFUNCTIONS].executions.len();
    account[STEPFUNCTIONS].by_arn.insert(arn.clone(), run);
    account[STEPFUNCTIONS].executions.push(Execution {
        arn,
        name,
        state_machine,
        input: input_value,
        input_text,
        status: Status::Running,
        start,
        stop: None,
        output: None,
        error: None,
        cause: None,
        history: Vec::new(),
        transitions: 0,
        redrives: Redrives::default(),
        definition,
        role,
        attempts: 0,
        ahead: None,
        visit: None,
    });
    begin(account, run);
    Ok(started(execution(account, run)))
}

fn started(execution: &Execution) -> Value {
    json!({"executionArn": execution.arn, "startDate": execution.start.to_string()})
}

fn checked_input(input: &Value) -> Result<(String, Value), ApiError> {
    let given = match input.get("input") {
        Some(_) => text("StartExecution", input, "input")?,
        None => "{}",
    };
    if given.len() > PAYLOAD_LIMIT {
        return Err(ApiError::client(
            "ValidationException",
            format!(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {PAYLOAD_LIMIT}"
            ),
        ));
    }
    if given.is_empty() {
        let message = "Invalid State Machine Execution Input: 'Invalid execution input.'";
        return Err(ApiError::client("InvalidExecutionInput", message));
    }
    match serde_json::from_str(given) {
        Ok(value) => Ok((given.to_owned(), value)),
        Err(error) => {
            let message = format!("Invalid State Machine Execution Input: '{error}'");
            Err(ApiError::client("InvalidExecutionInput", message))
        }
    }
}

fn already_started(
    account: &mut Account,
    arn: &str,
    input: &str,
) -> Result<Option<Value>, ApiError> {
    let now = account.now;
    let Some(old) = account[STEPFUNCTIONS].execution(arn) else {
        return Ok(None);
    };
    match old.stop {
        None if old.input_text == input => Ok(Some(started(old))),
        Some(stop) if now.duration_since(stop) > NAME_KEPT => Ok(None),
        _ => Err(ApiError::client(
            "ExecutionAlreadyExists",
            format!("Execution Already Exists: '{arn}'"),
        )),
    }
}

/// Which execution `input` names.
pub(super) fn named(account: &Account, action: &str, input: &Value) -> Result<usize, ApiError> {
    let arn = checked_arn(text(action, input, "executionArn")?)?;
    account[STEPFUNCTIONS]
        .by_arn
        .get(arn)
        .copied()
        .ok_or_else(|| {
            ApiError::client(
                "ExecutionDoesNotExist",
                format!("Execution Does Not Exist: '{arn}'"),
            )
        })
}

/// `DescribeExecution`.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only(
        "DescribeExecution",
        input,
        &["executionArn", "includedData"],
    )?;
    let with_data = match input["includedData"].as_str() {
        None | Some("ALL_DATA") => true,
        Some("METADATA_ONLY") => false,
        Some(other) => return Err(ApiError::not_known(format_args!("includedData {other}"))),
    };
    let run = named(account, "DescribeExecution", input)?;
    let now = account.now;
    let of = execution(account, run);
    let mut answer = json!({
        "executionArn": of.arn, "stateMachineArn": of.state_machine, "name": of.name, "status": of.status.name(),
        "startDate": of.start.to_string(), "inputDetails": {"included": with_data},
        "redriveCount": of.redrives.count,
    });
    let (redrive_status, redrive_reason) = redrive::status(of, now);
    answer["redriveStatus"] = json!(redrive_status);
    let data = |text: Option<&String>| text.filter(|_| with_data).cloned();
    let optional = [
        ("redriveStatusReason", redrive_reason),
        ("stopDate", of.stop.map(|stop| stop.to_string())),
        ("redriveDate", of.redrives.last.map(|last| last.to_string())),
        ("input", data(Some(&of.input_text))),
        ("output", data(of.output.as_ref())),
        ("error", of.error.clone()),
        ("cause", of.cause.clone()),
    ];
    for (member, value) in optional {
        if let Some(value) = value {
            answer[member] = json!(value);
        }
    }
    if of.output.is_some() {
        answer["outputDetails"] = json!({"included": with_data});
    }
    Ok(answer)
}

/// `ListExecutions`: the newest first.
pub fn list_all(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "ListExecutions";
    only(
        action,
        input,
        &["stateMachineArn", "statusFilter", "maxResults", "nextToken"],
    )?;
    machine(account, action, input)?;
    let arn = text(action, input, "stateMachineArn")?;
    let filter = match input.get("statusFilter") {
        Some(_) => Some(checked_status(text(action, input, "statusFilter")?)?),
        None => None,
    };
    let wanted = |of: &Execution| {
        of.state_machine == arn && filter.is_none_or(|status| status == of.status.name())
    };
    let listed = account[STEPFUNCTIONS]
        .executions
        .iter()
        .zip(0..)
        .filter(|(of, _)| wanted(of))
        .map(|(of, n)| {
            let mut item = json!({
                "executionArn": of.arn, "stateMachineArn": of.state_machine, "name": of.name,
                "status": of.status.name(), "startDate": of.start.to_string(), "redriveCount": of.redrives.count,
            });
            for (member, at) in [("stopDate", of.stop), ("redriveDate", of.redrives.last)] {
                if let Some(at) = at {
                    item[member] = json!(at.to_string());
                }
            }
            (paging::newest_first(n), item)
        });
    list("executions", listed, page(input, 1000)?)
}

/// A status that a list can be filtered by, of which one is for Map states alone.
fn checked_status(status: &str) -> Result<&str, ApiError> {
    let statuses = [
        "SUCCEEDED",
        "TIMED_OUT",
        "PENDING_REDRIVE",
        "ABORTED",
        "FAILED",
        "RUNNING",
    ];
    if statuses.contains(&status) {
        return Ok(status);
    }
    // Recorded: localstack/localstack
    // tests/aws/services/stepfunctions/v2/test_sfn_api.snapshot.json, 2024-03.
    Err(ApiError::client(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{status}' at 'statusFilter' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            statuses.join(", ")
        ),
    ))
}

/// `StopExecution`: one that has ended stays as it ended.
pub fn stop(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("StopExecution", input, &["executionArn", "error", "cause"])?;
    let run = named(account, "StopExecution", input)?;
    if execution(account, run).status == Status::Running {
        let words = |member: &str| input[member].as_str().map(str::to_owned);
        let trouble = Failure {
            error: words("error"),
            cause: words("cause"),
        };
        end(account, run, Ending::Aborted(trouble));
    }
    let stop = execution(account, run).stop.map(|stop| stop.to_string());
    Ok(json!({"stopDate": stop}))
}

/// `GetExecutionHistory`.
pub fn history(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "executionArn",
        "maxResults",
        "reverseOrder",
        "nextToken",
        "includeExecutionData",
    ];
    only("GetExecutionHistory", input, &known)?;
    let run = named(account, "GetExecutionHistory", input)?;
    if account[STEPFUNCTIONS].forget_histories && execution(account, run).stop.is_some() {
        return Err(ApiError::not_known(format_args!(
            "the history of {}, which has ended: this account keeps no histories of ended executions",
            execution(account, run).arn
        )));
    }
    let with_data = input["includeExecutionData"].as_bool().unwrap_or(true);
    let page = page(input, 1000)?;
    let place = match input["reverseOrder"].as_bool() {
        Some(true) => paging::newest_first,
        _ => paging::oldest_first,
    };
    let events = execution(account, run).history.iter().zip(0..);
    let events = events.map(|(event, n)| (place(n), event.to_json(with_data)));
    list("events", events, page)
}
