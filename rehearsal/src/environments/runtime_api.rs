//! The Lambda Runtime API, as one environment sees it: it asks for the next event, and posts an answer or an error.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

use crate::endpoint::guard;
use crate::functions::failure;
use crate::lambda::Failure;

/// The most bytes that a function may answer (documented).
const RESPONSE_LIMIT: usize = 6 * 1024 * 1024;
/// What a header may say of an error's type if the body does not.
const ERROR_TYPE_HEADER: &str = "lambda-runtime-function-error-type";

/// An event for the function.
#[derive(Debug)]
pub struct Event {
    /// Of the invocation.
    pub request_id: String,
    /// When the function is cut off, in milliseconds since 1970.
    pub deadline_ms: u128,
    /// What it is given.
    pub payload: String,
}

/// What the function says.
#[derive(Debug)]
pub enum Said {
    /// It has started, and asks for an event.
    Next,
    /// Its answer to the event with this id.
    Answer(String, Value),
    /// Its error about the event with this id.
    Error(String, Failure),
    /// It could not start.
    InitError(Failure),
}

/// Both ends of the conversation with one environment.
#[derive(Debug)]
pub struct Conversation {
    /// Where the environment finds it: host, port, and a path that nobody else knows.
    pub address: String,
    /// Takes the next event.
    pub events: mpsc::Sender<Event>,
    /// Gives what the function says.
    pub said: mpsc::Receiver<Said>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Desk {
    function_arn: String,
    events: Mutex<mpsc::Receiver<Event>>,
    said: mpsc::Sender<Said>,
}

/// Opens the Runtime API for one environment of the function.
///
/// The Runtime API knows no keys. What keeps everybody else on this machine away is the path before its own, which clients
/// of AWS_LAMBDA_RUNTIME_API take with the host; what keeps pages in browsers away is the account's own guard.
///
/// # Errors
/// If there is no free port, or no randomness.
pub fn open(function_arn: String) -> std::io::Result<Conversation> {
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).map_err(std::io::Error::other)?;
    let path = format!("/{:032x}", u128::from_be_bytes(secret));
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let own = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (events, to_give) = mpsc::channel(1);
    let (said, heard) = mpsc::channel(8);
    let desk = Arc::new(Desk {
        function_arn,
        events: Mutex::new(to_give),
        said,
    });
    let calls = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::disable())
        .with_state(desk);
    let router = Router::new()
        .nest(&path, calls)
        .layer(axum::middleware::from_fn_with_state(own, guard::layer));
    let server = tokio::spawn(async move {
        // It ends with the conversation, and a listener on loopback does not fail before.
        let _ended = axum::serve(listener, router).await;
    });
    Ok(Conversation {
        address: format!("{own}{path}"),
        events,
        said: heard,
        server,
    })
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    let mut events = desk.events.lock().await;
    if desk.said.send(Said::Next).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let Some(event) = events.recv().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.request_id),
        ("lambda-runtime-deadline-ms", event.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            desk.function_arn.clone(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned(),
        ),
    ];
    (headers, event.payload).into_response()
}

async fn answer(
    State(desk): State<Arc<Desk>>,
    Path(request_id): Path<String>,
    body: Bytes,
) -> Response {
    if body.len() > RESPONSE_LIMIT {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        );
        let error_type = "Function.ResponseSizeTooLarge".to_owned();
        let failed = failure(&error_type, &message, &error_type);
        say(&desk, Said::Error(request_id, failed)).await;
        return refused(StatusCode::PAYLOAD_TOO_LARGE, &error_type, &message);
    }
    match serde_json::from_slice(&body) {
        Ok(value) => say(&desk, Said::Answer(request_id, value)).await,
        Err(error) => {
            let message = format!("The function answered what is not JSON: {error}");
            let error_type = "Runtime.MarshalError";
            let failed = failure(error_type, &message, error_type);
            say(&desk, Said::Error(request_id, failed)).await;
        }
    }
    accepted()
}

async fn error(
    State(desk): State<Arc<Desk>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let failure = read_error(&headers, &body);
    say(&desk, Said::Error(request_id, failure)).await;
    accepted()
}

async fn init_error(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let failure = read_error(&headers, &body);
    say(&desk, Said::InitError(failure)).await;
    accepted()
}

/// The error's name is the body's type, or the header's; its cause is the whole body as it was
/// posted, with whatever else the runtime wrote into it, such as a stack trace (recorded:
/// localstack/localstack
/// tests/aws/services/stepfunctions/v2/error_handling/test_task_lambda.snapshot.json, 2024-11).
fn read_error(headers: &HeaderMap, body: &[u8]) -> Failure {
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    let header = headers
        .get(ERROR_TYPE_HEADER)
        .and_then(|value| value.to_str().ok());
    let error_type = read["errorType"]
        .as_str()
        .or(header)
        .unwrap_or("Runtime.Unknown");
    if read.is_object() {
        let cause = String::from_utf8_lossy(body).into_owned();
        return Failure {
            error: error_type.to_owned(),
            cause,
        };
    }
    failure(error_type, "", error_type)
}

async fn say(desk: &Desk, said: Said) {
    // Nobody listens to an environment that is given up.
    let _given_up = desk.said.send(said).await;
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, json!({"status": "OK"}).to_string()).into_response()
}

fn refused(status: StatusCode, error_type: &str, message: &str) -> Response {
    let body = json!({"errorType": error_type, "errorMessage": message});
    (status, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_s_cause_is_the_body_as_it_was_posted() {
        let body =
            r#"{"errorMessage": "no", "errorType": "E", "requestId": "r", "stackTrace": ["  at"]}"#;
        let failure = read_error(&HeaderMap::new(), body.as_bytes());
        assert_eq!(failure.error, "E");
        assert_eq!(failure.cause, body);
        let mut headers = HeaderMap::new();
        headers.insert(ERROR_TYPE_HEADER, "H".parse().expect("a header"));
        let failure = read_error(&headers, b"no JSON");
        assert_eq!(failure.error, "H");
        assert_eq!(failure.cause, r#"{"errorMessage":"","errorType":"H"}"#);
    }
}
