//! S3's requests: which bucket and object, the path says; the body is the object.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;

use crate::account::Caller;
use crate::host::SimulationHost;
use crate::s3;
use crate::wire::{self, ApiError};

/// Answers a request.
pub fn answer(
    world: &SimulationHost,
    caller: &Caller,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let headers: Vec<_> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let request = s3::Request {
        method: method.as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let (answer, id) = world.with(|account| {
        (
            s3::serve(account, caller, &request),
            wire::request_id(account),
        )
    });
    http(answer, id)
}

/// An error about a request that nobody has read.
pub fn refused(world: &SimulationHost, error: &ApiError) -> Response {
    http(s3::refused(error), world.with(wire::request_id))
}

fn http(answer: s3::Response, id: String) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).expect("our services answer with valid statuses");
    let own = [("x-amz-request-id".to_owned(), id)];
    for (name, value) in answer.headers.into_iter().chain(own) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
