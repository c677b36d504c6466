//! Lambda's Invoke, the one call of a REST protocol: the function is in the path, the payload is
//! the body.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use crate::account::Caller;
use crate::host::SimulationHost;
use crate::lambda::LAMBDA;
use crate::wire::{self, ApiError};

/// Where Lambda's functions are.
const FUNCTIONS: &str = "/2015-03-31/functions/";
/// The one call there that is known.
const INVOCATIONS: &str = "/invocations";

/// The path after that of all functions, if the request is about one.
pub fn function(uri: &Uri) -> Option<String> {
    let rest = uri.path().strip_prefix(FUNCTIONS)?;
    Some(rest.replace("%3A", ":").replace("%3a", ":"))
}

/// Answers a request about the function at `rest`.
pub async fn answer(
    world: &SimulationHost,
    caller: &Caller,
    rest: &str,
    head: &Parts,
    body: &[u8],
) -> Response {
    let request_id = world.with(wire::request_id);
    let asked = may_invoke(caller).and_then(|()| asked(&head.method, rest, &head.headers, body));
    let answered = match asked {
        Ok(Asked { name, payload, dry }) => {
            let known = world.with(|account| account[LAMBDA].function(&name).is_some());
            match (known, dry) {
                (false, _) => Err(ApiError {
                    status: 404,
                    code: "ResourceNotFoundException".to_owned(),
                    message: format!(
                        "Function not found: {}",
                        crate::account::arn("lambda", &format!("function:{name}"))
                    ),
                }),
                (true, true) => Ok((204, None, String::new())),
                (true, false) => Ok(match world.invoke(&name, payload).await {
                    Ok(answer) => (200, None, answer.to_string()),
                    Err(failure) => (200, Some("Unhandled"), failure.cause),
                }),
            }
        }
        Err(error) => Err(error),
    };
    let mut response = match answered {
        Ok((status, function_error, body)) => succeeded(status, function_error, body),
        Err(error) => failed(&error),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Nobody but an operator: no role and no policy of the templates has lambda:InvokeFunction for a
/// client out there.
fn may_invoke(caller: &Caller) -> Result<(), ApiError> {
    if *caller == Caller::Operator {
        return Ok(());
    }
    Err(ApiError {
        status: 403,
        ..ApiError::client("AccessDeniedException", "Only an operator may Invoke here")
    })
}

struct Asked {
    name: String,
    payload: Value,
    dry: bool,
}

fn asked(method: &Method, rest: &str, headers: &HeaderMap, body: &[u8]) -> Result<Asked, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(function) = rest
        .strip_suffix(INVOCATIONS)
        .filter(|_| method == Method::POST)
    else {
        return Err(ApiError::not_known(format_args!(
            "{method} {FUNCTIONS}{rest}; of Lambda it serves Invoke"
        )));
    };
    let dry = match header("x-amz-invocation-type") {
        None | Some("RequestResponse") => false,
        Some("DryRun") => true,
        Some(other) => {
            return Err(ApiError::not_known(format_args!(
                "InvocationType {other} of Invoke"
            )));
        }
    };
    if header("x-amz-log-type").is_some_and(|kind| kind != "None") {
        return Err(ApiError::not_known("LogType Tail of Invoke"));
    }
    let payload = match body {
        [] => json!({}),
        body => serde_json::from_slice(body).map_err(|error| {
            ApiError::client(
                "InvalidRequestContentException",
                format!("Could not parse request body into json: {error}"),
            )
        })?,
    };
    // A name, or an ARN with or without a version.
    let name = match function.split_once(":function:") {
        Some((_, rest)) => rest.split(':').next().unwrap_or_default(),
        None => function,
    };
    Ok(Asked {
        name: name.to_owned(),
        payload,
        dry,
    })
}

fn succeeded(status: u16, function_error: Option<&'static str>, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert(
        "x-amz-executed-version",
        HeaderValue::from_static("$LATEST"),
    );
    if let Some(error) = function_error {
        headers.insert("x-amz-function-error", HeaderValue::from_static(error));
    }
    response
}

/// An error in Lambda's protocol.
pub fn failed(error: &ApiError) -> Response {
    let body = json!({"Type": "User", "Message": error.message, "message": error.message});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if let Ok(code) = HeaderValue::from_str(&error.code) {
        headers.insert("x-amzn-errortype", code);
    }
    response
}
