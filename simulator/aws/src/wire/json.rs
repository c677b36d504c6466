//! The AWS JSON protocol, 1.0 and 1.1: the call in a header, members in a JSON object, times as
//! seconds since 1970.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ApiError, Response};

/// The content type of version 1.0.
pub const VERSION_1_0: &str = "application/x-amz-json-1.0";
/// The content type of version 1.1.
pub const VERSION_1_1: &str = "application/x-amz-json-1.1";

/// Reads the members of a request.
///
/// # Errors
/// `SerializationException` if the body is not a JSON object.
pub fn read(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(other) => Err(ApiError::client(
            "SerializationException",
            format!("the body is no JSON object: {other}"),
        )),
        Err(error) => Err(ApiError::client(
            "SerializationException",
            format!("the body is no JSON: {error}"),
        )),
    }
}

/// Writes an answer, or an error, in the protocol's version of this content type.
pub fn write(
    content_type: &'static str,
    request_id: String,
    answer: Result<Value, ApiError>,
) -> Response {
    let (status, mut body) = match answer {
        Ok(body) => (200, body),
        // Some errors have no message at all (recorded: SSM's ParameterNotFound; radkawar/stackd
        // testdata/aws/ssm/parameter_store.json, 2026-09).
        Err(error) if error.message.is_empty() => (error.status, json!({"__type": error.code})),
        Err(error) => (
            error.status,
            json!({"__type": error.code, "message": error.message}),
        ),
    };
    times_as_seconds(&mut body);
    Response {
        status,
        content_type,
        body: serde_json::to_string(&body).expect("JSON data has a text"),
        request_id,
    }
}

/// The services write a time as a number of seconds. Their time members are those whose names end
/// so.
fn is_time(member: &str) -> bool {
    ["At", "Date", "timestamp"]
        .iter()
        .any(|end| member.ends_with(end))
}

fn times_as_seconds(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(times_as_seconds),
        Value::Object(members) => {
            for (member, value) in members.iter_mut() {
                match value {
                    Value::String(text) if is_time(member) => {
                        if let Ok(time) = text.parse::<Timestamp>() {
                            *value = json!(time.as_millisecond() as f64 / 1000.0);
                        }
                    }
                    _ => times_as_seconds(value),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_seconds_and_other_text_is_left_alone() {
        let answer = json!({"tasks": [{"createdAt": "2026-11-23T00:00:00.5Z", "group": "2026-11-23T00:00:00Z"}]});
        let body: Value = serde_json::from_str(&write(VERSION_1_1, String::new(), Ok(answer)).body)
            .expect("JSON");
        assert_eq!(
            body,
            json!({"tasks": [{"createdAt": 1795392000.5, "group": "2026-11-23T00:00:00Z"}]})
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        assert_eq!(
            read(b"[1]").expect_err("a list").code,
            "SerializationException"
        );
    }
}
