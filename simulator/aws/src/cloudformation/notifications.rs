//! The events that CloudFormation puts on the bus when a stack or a resource enters a status. AWS
//! calls their delivery durable.

use serde_json::{Value, json};

use super::resource_types::nested_stack::NESTED_STACK;
use super::stack::StackEvent;
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge;

/// Puts the event about `what` has just happened in the stack `id`.
pub fn status_changed(account: &mut Account, id: &str, what: &StackEvent) {
    let status = json!({"status": what.status, "status-reason": what.reason.to_string()});
    let itself = what.resource_type == NESTED_STACK.name && what.physical_id == id;
    let (detail_type, detail) = if itself {
        (
            "CloudFormation Stack Status Change",
            json!({"stack-id": id, "status-details": status, "client-request-token": ""}),
        )
    } else {
        (
            "CloudFormation Resource Status Change",
            resource(id, what, status),
        )
    };
    let event = json!({
        "version": "0", "detail-type": detail_type, "source": "aws.cloudformation", "account": ACCOUNT_ID,
        "time": format!("{:.0}", what.at), "region": REGION, "resources": [id], "detail": detail,
    });
    eventbridge::put_event_known_as(account, &what.id, event);
}

fn resource(id: &str, what: &StackEvent, status: Value) -> Value {
    json!({
        "stack-id": id, "logical-resource-id": what.logical_id, "physical-resource-id": what.physical_id,
        "status-details": status, "resource-type": what.resource_type, "client-request-token": "",
    })
}
