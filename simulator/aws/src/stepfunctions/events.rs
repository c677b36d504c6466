//! The event that Step Functions puts on the bus when an execution starts or ends.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::execution::Execution;
use super::redrive;
use super::run::execution;
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge;

/// Inputs and outputs over this size are left out of the event.
///
/// assumption: 248 KB. An event of an execution with a longer input that has it proves it wrong.
const DATA_LIMIT_BYTES: usize = 248 * 1024;

/// Puts the event about the status that the execution has now.
pub fn status_changed(account: &mut Account, run: usize) {
    let now = account.now;
    let changed = execution(account, run);
    let event = json!({
        "version": "0", "detail-type": "Step Functions Execution Status Change", "source": "aws.states",
        "account": ACCOUNT_ID, "time": format!("{now:.0}"), "region": REGION, "resources": [changed.arn],
        "detail": detail(changed, now),
    });
    eventbridge::put_event(account, event);
}

pub(super) fn detail(of: &Execution, now: Timestamp) -> Value {
    let part = |text: Option<&String>| match text {
        Some(text) if text.len() <= DATA_LIMIT_BYTES => (json!(text), json!({"included": true})),
        Some(_) => (Value::Null, json!({"included": false})),
        None => (Value::Null, Value::Null),
    };
    let (input, input_details) = part(Some(&of.input_text));
    let (output, output_details) = part(of.output.as_ref());
    let (redrive_status, redrive_reason) = redrive::status(of, now);
    json!({
        "executionArn": of.arn, "stateMachineArn": of.state_machine, "name": of.name, "status": of.status.name(),
        "startDate": of.start.as_millisecond(), "stopDate": of.stop.map(|stop| stop.as_millisecond()),
        "input": input, "output": output, "stateMachineVersionArn": null, "stateMachineAliasArn": null,
        "redriveCount": of.redrives.count,
        "redriveDate": of.redrives.last.map(|last| last.as_millisecond()),
        "redriveStatus": redrive_status,
        "redriveStatusReason": redrive_reason, "inputDetails": input_details, "outputDetails": output_details,
        "error": of.error, "cause": of.cause,
    })
}
