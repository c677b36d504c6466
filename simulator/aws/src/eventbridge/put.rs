//! Events put on the bus: by AWS services, and by `PutEvents`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery;
use super::request_fields::{Bus, invalid};
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge::EVENTBRIDGE;
use crate::wire::ApiError;

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutEvents<'a> {
    #[serde(borrow)]
    entries: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    source: Option<&'a str>,
    detail_type: Option<&'a str>,
    detail: Option<&'a str>,
    #[serde(default)]
    resources: Vec<Value>,
    time: Option<Value>,
    _event_bus_name: Option<Bus>,
}

/// `PutEvents`: each entry succeeds or fails by itself.
pub fn put_events(
    account: &mut Account,
    PutEvents { entries }: PutEvents<'_>,
) -> Result<Value, ApiError> {
    if !(1..=ENTRY_LIMIT).contains(&entries.len()) {
        let message = format!("PutEvents needs Entries, a list of 1 to {ENTRY_LIMIT} events");
        return Err(invalid(message));
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

fn event(account: &Account, entry: Entry<'_>) -> Result<Value, (&'static str, String)> {
    let needed = |member: &str, given: Option<&str>| {
        let message =
            format!("Parameter {member} is not valid. Reason: {member} is a required argument.");
        let given = given.filter(|text| !text.is_empty()).map(str::to_owned);
        given.ok_or(("InvalidArgument", message))
    };
    let source = needed("Source", entry.source)?;
    let detail_type = needed("DetailType", entry.detail_type)?;
    let detail = needed("Detail", entry.detail)?;
    if source.starts_with("aws.") {
        return Err((
            "NotAuthorizedForSourceException",
            "Not authorized for the source.".to_owned(),
        ));
    }
    let detail = serde_json::from_str::<Value>(&detail)
        .ok()
        .filter(Value::is_object);
    let detail = detail.ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let time = match &entry.time {
        None => Some(account.now),
        Some(Value::String(text)) => text.parse().ok(),
        Some(seconds) => seconds
            .as_f64()
            .and_then(|seconds| Timestamp::from_second(seconds as i64).ok()),
    };
    let time = time.ok_or_else(|| {
        let time = entry.time.unwrap_or_default();
        let message = format!("Parameter Time is not valid. Reason: {time} is no instant.");
        ("InvalidArgument", message)
    })?;
    Ok(json!({
        "version": "0", "detail-type": detail_type, "source": source, "account": ACCOUNT_ID, "time": format!("{time:.0}"),
        "region": REGION, "resources": entry.resources, "detail": detail,
    }))
}
