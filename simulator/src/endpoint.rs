//! The account on loopback: AWS's clients call it over HTTP. Which call it is the client says, in
//! one of AWS's protocols; who calls, the access key of its signature says.
//!
//! - this file: from a request to a call, and back
//! - `error`: why it cannot be served
//! - `guard`: who may ask at all: no page in a browser, nobody without a key
//! - `keys`: the access keys, which are random
//! - `invoke`, `objects`: Lambda's and S3's requests
//! - `protocol`: in which protocol a client speaks

mod error;
pub mod guard;
mod invoke;
pub mod keys;
mod objects;
mod protocol;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpListener;

use crate::host::SimulationHost;
use crate::wire::{self, ApiError};
pub use error::EndpointError;
use guard::Signed;
use keys::Keys;
use protocol::Protocol;

/// The largest request that is read: a zip for a bucket is a few megabytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Takes one line about each call that was refused.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
struct Desk {
    world: SimulationHost,
    keys: Keys,
    own: SocketAddr,
    log: Log,
}

/// Listens at `address`, which must be one of this machine's own loopback.
///
/// # Errors
/// If the address is another, or the system does not give it.
pub fn listen(address: SocketAddr) -> Result<std::net::TcpListener, EndpointError> {
    if !address.ip().is_loopback() {
        return Err(EndpointError::NotLoopback(address));
    }
    let listener = std::net::TcpListener::bind(address)
        .map_err(|cause| EndpointError::AddressTaken { address, cause })?;
    listener
        .set_nonblocking(true)
        .map_err(|cause| EndpointError::Blocking { address, cause })?;
    Ok(listener)
}

/// Where clients find a listener.
///
/// # Errors
/// If the system does not know either.
pub fn url(listener: &std::net::TcpListener) -> Result<String, EndpointError> {
    let address = listener.local_addr();
    address
        .map(|address| format!("http://{address}"))
        .map_err(EndpointError::NoAddress)
}

/// Serves `world` to whoever has one of `keys`, without end.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: std::net::TcpListener,
    world: SimulationHost,
    keys: Keys,
    log: Log,
) -> Result<(), std::io::Error> {
    let own = listener.local_addr()?;
    let desk = Desk {
        world,
        keys,
        own,
        log,
    };
    let router = Router::new().fallback(guarded).with_state(desk);
    axum::serve(TcpListener::from_std(listener)?, router).await
}

/// The answer to a request that passes the guard, whose body is not read before.
async fn guarded(State(desk): State<Desk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let refused = match guard::check(&parts, desk.own, &desk.keys) {
        Ok(signed) => match to_bytes(body, BODY_LIMIT).await {
            Ok(body) => return answer(&desk, &signed, &parts, &body).await,
            Err(error) => ApiError {
                status: 413,
                code: "RequestEntityTooLarge".to_owned(),
                message: format!(
                    "the body cannot be read, or has more than {BODY_LIMIT} bytes: {error}"
                ),
            },
        },
        Err(error) => error,
    };
    // Not the whole address: that of a presigned request has the key in it.
    (desk.log)(&format!("{} {}: {refused}", parts.method, parts.uri.path()));
    refusal(&desk.world, &parts, refused)
}

/// An error about a request that nobody has read, in the protocol that its client speaks, as far as
/// the head shows it.
fn refusal(world: &SimulationHost, parts: &Parts, error: ApiError) -> Response {
    let service = guard::service(parts);
    let response = match protocol::of(parts, &service) {
        Protocol::RestJson => {
            let mut response = invoke::failed(&error);
            if let Ok(id) = HeaderValue::from_str(&world.with(wire::request_id)) {
                response.headers_mut().insert("x-amzn-requestid", id);
            }
            response
        }
        Protocol::RestXml => objects::refused(world, &error),
        Protocol::Json | Protocol::Query | Protocol::Ec2 => {
            http(&world.refuse(target(&parts.headers), &service, error))
        }
    };
    dated(world, response)
}

fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}

async fn answer(desk: &Desk, signed: &Signed, parts: &Parts, body: &[u8]) -> Response {
    let Signed { caller, service } = signed;
    let Parts {
        method,
        uri,
        headers,
        ..
    } = parts;
    if service == "s3" {
        let response = objects::answer(&desk.world, caller, method, uri, headers, body);
        // Whoever uploads looks first what is there already.
        if response.status() != StatusCode::NOT_FOUND && response.status().as_u16() >= 400 {
            (desk.log)(&format!("s3: {method} {uri} {}", response.status()));
        }
        return dated(&desk.world, response);
    }
    if let Some(name) = invoke::function(uri) {
        let response = invoke::answer(&desk.world, caller, &name, parts, body).await;
        return dated(&desk.world, response);
    }
    let target = target(headers);
    let call =
        readable(method, uri, service, target).and_then(|()| wire::read(target, service, body));
    let response = match call {
        Ok(call) => {
            let response = desk.world.serve(caller, &call).await;
            if response.status >= 400 {
                (desk.log)(&format!(
                    "{}:{} {} {}",
                    call.service, call.action, response.status, response.body
                ));
            }
            response
        }
        Err(error) => {
            (desk.log)(&format!("{method} {uri}: {error}"));
            return refusal(&desk.world, parts, error);
        }
    };
    dated(&desk.world, http(&response))
}

/// Whether a request is one of the two protocols at all.
fn readable(
    method: &Method,
    uri: &Uri,
    service: &str,
    target: Option<&str>,
) -> Result<(), ApiError> {
    let known = [
        "autoscaling",
        "cloudformation",
        "ec2",
        "elasticloadbalancing",
        "sns",
        "sts",
    ];
    if method != Method::POST || uri.path() != "/" {
        return Err(ApiError::not_known(format_args!(
            "{method} {} of the service {service:?}",
            uri.path()
        )));
    }
    if target.is_none() && service.is_empty() {
        return Err(ApiError {
            status: 403,
            code: "MissingAuthenticationToken".to_owned(),
            message: "The request has neither a signature, which names the service, nor the header x-amz-target"
                .to_owned(),
        });
    }
    if target.is_none() && !known.contains(&service) {
        return Err(ApiError::not_known(format_args!("the service {service}")));
    }
    Ok(())
}

fn http(response: &wire::Response) -> Response {
    let mut http = Response::new(Body::from(response.body.clone()));
    *http.status_mut() =
        StatusCode::from_u16(response.status).expect("our services answer with valid statuses");
    let headers = http.headers_mut();
    headers.insert(
        "content-type",
        HeaderValue::from_static(response.content_type),
    );
    if let Ok(id) = HeaderValue::from_str(&response.request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    http
}

/// With the account's own time, which is how clients know it.
fn dated(world: &SimulationHost, mut response: Response) -> Response {
    let now = DateTimePrinter::new().timestamp_to_rfc9110_string(&world.now());
    let now = now.ok().and_then(|now| HeaderValue::from_str(&now).ok());
    if let Some(now) = now {
        response.headers_mut().insert("date", now);
    }
    response
}
