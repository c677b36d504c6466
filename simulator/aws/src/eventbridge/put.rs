//! Events put on the bus: by AWS services, and by `PutEvents`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::delivery;
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge::EVENTBRIDGE;
use crate::wire::{ApiError, only};

/// The most entries that one call may have.
const ENTRY_LIMIT: usize = 10;

/// The event with its id, its members in the order in which AWS writes them.
pub fn with_id(id: &str, event: &Value) -> Value {
    let mut whole =
        json!({"version": event.get("version").cloned().unwrap_or(json!("0")), "id": id});
    for (member, value) in event.as_object().into_iter().flatten() {
        if member != "id" {
            whole[member] = value.clone();
        }
    }
    whole
}

/// Keeps an event that a service or a call puts on the bus, if somebody wants it kept.
pub fn archive(account: &mut Account, event: &Value) {
    let now = account.now;
    if let Some(archive) = &mut account[EVENTBRIDGE].archive {
        archive.push((now, event.clone()));
    }
}

/// `PutEvents`: each entry succeeds or fails by itself.
pub fn put_events(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("PutEvents", input, &["Entries"])?;
    let entries = input["Entries"]
        .as_array()
        .filter(|all| (1..=ENTRY_LIMIT).contains(&all.len()));
    let entries = entries.ok_or_else(|| {
        let message = format!("PutEvents needs Entries, a list of 1 to {ENTRY_LIMIT} events");
        ApiError::client("ValidationException", message)
    })?;
    let known = [
        "Source",
        "DetailType",
        "Detail",
        "Resources",
        "Time",
        "EventBusName",
    ];
    for entry in entries {
        only("an entry of PutEvents", entry, &known)?;
        if !matches!(entry["EventBusName"].as_str(), None | Some("default")) {
            return Err(ApiError::not_known(format_args!(
                "the event bus {} of PutEvents",
                entry["EventBusName"]
            )));
        }
    }
    let mut failed = 0;
    let mut answers = Vec::new();
    for entry in entries {
        answers.push(match event(account, entry) {
            Ok(event) => {
                let id = account.uuid();
                let event = with_id(&id, &event);
                archive(account, &event);
                delivery::plan(account, event);
                json!({"EventId": id})
            }
            Err((code, message)) => {
                failed += 1;
                json!({"ErrorCode": code, "ErrorMessage": message})
            }
        });
    }
    Ok(json!({"FailedEntryCount": failed, "Entries": answers}))
}

fn event(account: &Account, entry: &Value) -> Result<Value, (&'static str, String)> {
    let text = |member: &str| {
        entry[member]
            .as_str()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| {
                let message = format!(
                    "Parameter {member} is not valid. Reason: {member} is a required argument."
                );
                ("InvalidArgument", message)
            })
    };
    let (source, detail_type, detail) = (text("Source")?, text("DetailType")?, text("Detail")?);
    if source.starts_with("aws.") {
        return Err((
            "NotAuthorizedForSourceException",
            "Not authorized for the source.".to_owned(),
        ));
    }
    let detail = serde_json::from_str::<Value>(detail)
        .ok()
        .filter(Value::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let time = match &entry["Time"] {
        Value::Null => Some(account.now),
        Value::String(text) => text.parse().ok(),
        seconds => seconds
            .as_f64()
            .and_then(|seconds| Timestamp::from_second(seconds as i64).ok()),
    };
    let time = time.ok_or_else(|| {
        let message = format!(
            "Parameter Time is not valid. Reason: {} is no instant.",
            entry["Time"]
        );
        ("InvalidArgument", message)
    })?;
    Ok(json!({
        "version": "0", "detail-type": detail_type, "source": source, "account": ACCOUNT_ID, "time": format!("{time:.0}"),
        "region": REGION, "resources": entry.get("Resources").cloned().unwrap_or(json!([])), "detail": detail,
    }))
}
