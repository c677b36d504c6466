//! Reads a Task state with its Retry and Catch.

use serde_json::Value;

use super::definition::{Catcher, Retrier, Task};
use super::host::Host;
use super::members::{Members, schema};
use super::parse::{parse_result_path, parse_template, parse_then};
use crate::wire::ApiError;

/// Reads the fields of a Task state.
///
/// # Errors
/// `InvalidDefinition`, or `NotImplemented` for a resource other than a Lambda function or an
/// activity.
pub fn parse(members: &Members<'_>) -> Result<Task, ApiError> {
    let resource = members.required_text("Resource")?.to_owned();
    let host = parse_host(&members.place, &resource)?;
    let timeout_seconds = members.whole("TimeoutSeconds", 1)?;
    Ok(Task {
        resource,
        host,
        timeout_seconds,
        heartbeat_seconds: parse_heartbeat(members, timeout_seconds)?,
        parameters: parse_template(members, "Parameters")?,
        result_selector: parse_template(members, "ResultSelector")?,
        result_path: parse_result_path(members)?,
        retry: parse_entries(members, "Retry", parse_retrier)?,
        catch: parse_entries(members, "Catch", parse_catcher)?,
        then: parse_then(members)?,
    })
}

fn parse_heartbeat(members: &Members<'_>, timeout: Option<u64>) -> Result<Option<u64>, ApiError> {
    let heartbeat = members.whole("HeartbeatSeconds", 1)?;
    match (heartbeat, timeout) {
        (Some(heartbeat), Some(timeout)) if heartbeat >= timeout => Err(schema(
            format_args!("HeartbeatSeconds {heartbeat} is not less than TimeoutSeconds {timeout}"),
            &members.place,
        )),
        _ => Ok(heartbeat),
    }
}

fn parse_host(place: &str, resource: &str) -> Result<Host, ApiError> {
    let parts: Vec<&str> = resource.split(':').collect();
    match parts[..] {
        ["arn", _, "lambda", _, _, "function", name] if !name.is_empty() => Ok(Host::Function),
        ["arn", _, "states", _, _, "activity", name] if !name.is_empty() => Ok(Host::Activity),
        ["arn", _, "states" | "lambda", ..] => Err(ApiError::not_known(format_args!(
            "the resource {resource} at {place}/Resource"
        ))),
        _ => Err(schema(
            format_args!("Value \"{resource}\" is not a valid resource ARN"),
            &format!("{place}/Resource"),
        )),
    }
}

fn parse_entries<T>(
    members: &Members<'_>,
    name: &'static str,
    parse: fn(&Members<'_>) -> Result<T, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let entries = members
        .read(name, "a list", Value::as_array)?
        .map_or(&[][..], Vec::as_slice);
    let mut read = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let entry = Members::of(entry, format!("{}/{name}[{at}]", members.place))?;
        let is_all = entry
            .take("ErrorEquals")
            .is_some_and(|names| names == &serde_json::json!(["States.ALL"]));
        if is_all && at + 1 < entries.len() {
            return Err(schema(
                "States.ALL must appear in the last entry",
                &entry.place_of("ErrorEquals"),
            ));
        }
        read.push(parse(&entry)?);
        entry.finish()?;
    }
    Ok(read)
}

fn parse_error_equals(members: &Members<'_>) -> Result<Vec<String>, ApiError> {
    let names: Option<Vec<String>> =
        members.read("ErrorEquals", "a list of error names", |names| {
            names
                .as_array()?
                .iter()
                .map(|name| name.as_str().map(str::to_owned))
                .collect()
        })?;
    let names = names.unwrap_or_default();
    let place = members.place_of("ErrorEquals");
    if names.is_empty() {
        return Err(schema("ErrorEquals must name an error", &place));
    }
    if names.len() > 1 && names.iter().any(|name| name == "States.ALL") {
        return Err(schema("States.ALL must appear alone", &place));
    }
    Ok(names)
}

fn parse_retrier(members: &Members<'_>) -> Result<Retrier, ApiError> {
    members.text("Comment")?;
    let retrier = Retrier {
        error_equals: parse_error_equals(members)?,
        interval_seconds: members.whole("IntervalSeconds", 1)?.unwrap_or(1),
        max_attempts: members.whole("MaxAttempts", 0)?.unwrap_or(3),
        backoff_rate: members
            .read("BackoffRate", "a number of at least 1.0", |rate| {
                rate.as_f64().filter(|rate| *rate >= 1.0)
            })?
            .unwrap_or(2.0),
        max_delay_seconds: members.whole("MaxDelaySeconds", 1)?,
        full_jitter: members
            .read(
                "JitterStrategy",
                "FULL or NONE",
                |strategy| match strategy.as_str()? {
                    "FULL" => Some(true),
                    "NONE" => Some(false),
                    _ => None,
                },
            )?
            .unwrap_or(false),
    };
    match retrier.max_delay_seconds {
        Some(most) if most <= retrier.interval_seconds || most >= 31_622_400 => Err(schema(
            format_args!("MaxDelaySeconds {most} is not over IntervalSeconds and under 31622400"),
            &members.place,
        )),
        _ => Ok(retrier),
    }
}

fn parse_catcher(members: &Members<'_>) -> Result<Catcher, ApiError> {
    members.text("Comment")?;
    Ok(Catcher {
        error_equals: parse_error_equals(members)?,
        result_path: parse_result_path(members)?,
        next: members.required_text("Next")?.to_owned(),
    })
}
