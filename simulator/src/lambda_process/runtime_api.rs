//! The Lambda Runtime API, as one environment sees it: it asks for the next event, and posts an
//! answer or an error.

use std::net::SocketAddr;
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
use crate::invocation::failure;
use crate::lambda::Failure;

/// The most bytes that a function may answer: 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
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
pub enum RuntimeMessage {
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
pub struct RuntimeApi {
    /// Where the environment finds it.
    pub address: SocketAddr,
    /// Takes the next event.
    pub events: mpsc::Sender<Event>,
    /// Gives what the function says.
    pub messages: mpsc::Receiver<RuntimeMessage>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct ApiState {
    function_arn: String,
    events: Mutex<mpsc::Receiver<Event>>,
    messages: mpsc::Sender<RuntimeMessage>,
}

/// Opens the Runtime API for one environment of the function.
///
/// The Runtime API knows no keys, and AWS_LAMBDA_RUNTIME_API has no room for a secret: clients take
/// a host and a port there. Pages in browsers are kept away by the account's own guard; other users
/// of this machine could ask it, on a port that is random and lives as long as the environment.
///
/// # Errors
/// If there is no free port.
pub fn open(function_arn: String) -> std::io::Result<RuntimeApi> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (events, to_give) = mpsc::channel(1);
    let (sender, receiver) = mpsc::channel(8);
    let desk = Arc::new(ApiState {
        function_arn,
        events: Mutex::new(to_give),
        messages: sender,
    });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::disable())
        .with_state(desk)
        .layer(axum::middleware::from_fn_with_state(address, guard::layer));
    let server = tokio::spawn(async move {
        // It ends with the conversation, and a listener on loopback does not fail before.
        let _ended = axum::serve(listener, router).await;
    });
    Ok(RuntimeApi {
        address,
        events,
        messages: receiver,
        server,
    })
}

async fn next(State(desk): State<Arc<ApiState>>) -> Response {
    let mut events = desk.events.lock().await;
    if desk.messages.send(RuntimeMessage::Next).await.is_err() {
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
    State(desk): State<Arc<ApiState>>,
    Path(request_id): Path<String>,
    body: Bytes,
) -> Response {
    if body.len() > RESPONSE_LIMIT {
        let message = format!(
            "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
        );
        let error_type = "Function.ResponseSizeTooLarge".to_owned();
        let failed = failure(&error_type, &message, &error_type);
        send(&desk, RuntimeMessage::Error(request_id, failed)).await;
        return refused(StatusCode::PAYLOAD_TOO_LARGE, &error_type, &message);
    }
    match serde_json::from_slice(&body) {
        Ok(value) => send(&desk, RuntimeMessage::Answer(request_id, value)).await,
        Err(error) => {
            let message = format!("The function answered what is not JSON: {error}");
            let error_type = "Runtime.MarshalError";
            let failed = failure(error_type, &message, error_type);
            send(&desk, RuntimeMessage::Error(request_id, failed)).await;
        }
    }
    accepted()
}

async fn error(
    State(desk): State<Arc<ApiState>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let failure = read_error(&headers, &body);
    send(&desk, RuntimeMessage::Error(request_id, failure)).await;
    accepted()
}

async fn init_error(
    State(desk): State<Arc<ApiState>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let failure = read_error(&headers, &body);
    send(&desk, RuntimeMessage::InitError(failure)).await;
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

async fn send(desk: &ApiState, message: RuntimeMessage) {
    // Nobody listens to an environment that is given up.
    let _given_up = desk.messages.send(message).await;
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
