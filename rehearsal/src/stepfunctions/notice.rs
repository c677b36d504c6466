//! The event that Step Functions puts on the bus when an execution starts or ends.

use serde_json::{Value, json};

use super::execution::{Execution, Status};
use super::run::execution;
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge;

/// Inputs and outputs over 248 KB are left out of the event (documented).
const DATA_LIMIT_BYTES: usize = 248 * 1024;

/// Puts the event about the status that the execution has now.
pub fn status_changed(account: &mut Account, run: usize) {
    let now = account.now;
    let changed = execution(account, run);
    let event = json!({
        "version": "0", "detail-type": "Step Functions Execution Status Change", "source": "aws.states",
        "account": ACCOUNT_ID, "time": format!("{now:.0}"), "region": REGION, "resources": [changed.arn],
        "detail": detail(changed),
    });
    eventbridge::put_event(account, event);
}

fn detail(of: &Execution) -> Value {
    let part = |text: Option<&String>| match text {
        Some(text) if text.len() <= DATA_LIMIT_BYTES => (json!(text), json!({"included": true})),
        Some(_) => (Value::Null, json!({"included": false})),
        None => (Value::Null, Value::Null),
    };
    let (input, input_details) = part(Some(&of.input_text));
    let (output, output_details) = part(of.output.as_ref());
    let (redrive_status, redrive_reason) = redrive(of.status);
    json!({
        "executionArn": of.arn, "stateMachineArn": of.state_machine, "name": of.name, "status": of.status.name(),
        "startDate": of.start.as_millisecond(), "stopDate": of.stop.map(|stop| stop.as_millisecond()),
        "input": input, "output": output, "stateMachineVersionArn": null, "stateMachineAliasArn": null,
        "redriveCount": 0, "redriveDate": null, "redriveStatus": redrive_status,
        "redriveStatusReason": redrive_reason, "inputDetails": input_details, "outputDetails": output_details,
        "error": of.error, "cause": of.cause,
    })
}

/// Whether an execution of this status could be redriven, and if not, why.
pub fn redrive(status: Status) -> (&'static str, Option<String>) {
    match status {
        Status::Failed | Status::TimedOut | Status::Aborted => ("REDRIVABLE", None),
        Status::Running | Status::Succeeded => {
            let reason = format!("Execution is {} and cannot be redriven", status.name());
            ("NOT_REDRIVABLE", Some(reason))
        }
    }
}
