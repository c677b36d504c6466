//! The calls about executions.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ending::{Ending, end};
use super::execution::{Execution, Redrives, Status};
use super::failure::Failure;
use super::machines::{checked_name, machine};
use super::redrive;
use super::request_fields::{Page, checked_arn, list};
use super::run::{PAYLOAD_LIMIT, begin, execution};
use crate::account::{Account, arn};
use crate::stepfunctions::STEPFUNCTIONS;
use crate::wire::{ApiError, paging};

/// How long the name of a closed execution stays taken
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
const NAME_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartExecution<'a> {
    state_machine_arn: &'a str,
    name: Option<&'a str>,
    input: Option<&'a str>,
}

/// `StartExecution`: the same name with the same input is answered the same while the execution
/// runs.
pub fn start(account: &mut Account, request: StartExecution<'_>) -> Result<Value, ApiError> {
    let state_machine = request.state_machine_arn.to_owned();
    let machine = machine(account, &state_machine)?;
    let (role, definition) = (machine.role.clone(), machine.definition.clone());
    let (machine_name, deleting) = (machine.name.clone(), machine.deleted.is_some());
    if deleting {
        let message = format!("State Machine is being deleted: '{state_machine}'");
        return Err(ApiError::client("StateMachineDeleting", message));
    }
    let (input_text, input_value) = checked_input(request.input.unwrap_or("{}"))?;
    let name = match request.name {
        Some(name) => checked_name(name)?.to_owned(),
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

fn checked_input(given: &str) -> Result<(String, Value), ApiError> {
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

/// Which execution has this ARN.
pub(super) fn named(account: &Account, arn: &str) -> Result<usize, ApiError> {
    let arn = checked_arn(arn)?;
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeExecution<'a> {
    execution_arn: &'a str,
    #[serde(default)]
    included_data: IncludedData,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum IncludedData {
    #[default]
    AllData,
    MetadataOnly,
}

/// `DescribeExecution`.
pub fn describe(account: &mut Account, request: DescribeExecution<'_>) -> Result<Value, ApiError> {
    let with_data = request.included_data == IncludedData::AllData;
    let run = named(account, request.execution_arn)?;
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListExecutions<'a> {
    state_machine_arn: &'a str,
    status_filter: Option<&'a str>,
    max_results: Option<usize>,
    next_token: Option<&'a str>,
}

/// `ListExecutions`: the newest first.
pub fn list_all(account: &mut Account, request: ListExecutions<'_>) -> Result<Value, ApiError> {
    let arn = request.state_machine_arn;
    machine(account, arn)?;
    let filter = request.status_filter.map(checked_status).transpose()?;
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
    let page = Page::new(request.max_results, request.next_token)?;
    list("executions", listed, page)
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopExecution<'a> {
    execution_arn: &'a str,
    error: Option<String>,
    cause: Option<String>,
}

/// `StopExecution`: one that has ended stays as it ended.
pub fn stop(account: &mut Account, request: StopExecution<'_>) -> Result<Value, ApiError> {
    let run = named(account, request.execution_arn)?;
    if execution(account, run).status == Status::Running {
        let trouble = Failure {
            error: request.error,
            cause: request.cause,
        };
        end(account, run, Ending::Aborted(trouble));
    }
    let stop = execution(account, run).stop.map(|stop| stop.to_string());
    Ok(json!({"stopDate": stop}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetExecutionHistory<'a> {
    execution_arn: &'a str,
    max_results: Option<usize>,
    #[serde(default)]
    reverse_order: bool,
    next_token: Option<&'a str>,
    include_execution_data: Option<bool>,
}

/// `GetExecutionHistory`.
pub fn history(account: &mut Account, request: GetExecutionHistory<'_>) -> Result<Value, ApiError> {
    let run = named(account, request.execution_arn)?;
    if account[STEPFUNCTIONS].forget_histories && execution(account, run).stop.is_some() {
        return Err(ApiError::not_known(format_args!(
            "the history of {}, which has ended: this account keeps no histories of ended executions",
            execution(account, run).arn
        )));
    }
    let with_data = request.include_execution_data.unwrap_or(true);
    let page = Page::new(request.max_results, request.next_token)?;
    let place = if request.reverse_order {
        paging::newest_first
    } else {
        paging::oldest_first
    };
    let events = execution(account, run).history.iter().zip(0..);
    let events = events.map(|(event, n)| (place(n), event.to_json(with_data)));
    list("events", events, page)
}
