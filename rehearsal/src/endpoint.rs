//! The account on loopback: any AWS client may call it over HTTP. Which call it is the client says, in one of AWS's
//! protocols; who calls, the access key of its signature says (signatures themselves are not checked).

mod invoke;
mod objects;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpListener;

use crate::wire::{self, ApiError};
use crate::world::World;

/// The largest request that is read: a zip for a bucket is a few megabytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Takes one line about each call that was refused.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
struct Desk {
    world: World,
    log: Log,
}

/// Listens at `address`, which must be one of this machine's own loopback.
///
/// # Errors
/// A sentence: another address, or a port that is taken.
pub fn listen(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    if !address.ip().is_loopback() {
        return Err(format!(
            "{address} is not a loopback address: whoever reaches the account may do anything in it; listen on \
             127.0.0.1:{}",
            address.port()
        ));
    }
    let listener = std::net::TcpListener::bind(address).map_err(|error| {
        format!("{address}: {error}; name another port, or 0 for one that is free")
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|error| format!("{address}: {error}"))?;
    Ok(listener)
}

/// Where clients find a listener.
///
/// # Errors
/// If the system does not know either.
pub fn url(listener: &std::net::TcpListener) -> Result<String, String> {
    let address = listener.local_addr();
    address
        .map(|address| format!("http://{address}"))
        .map_err(|error| format!("the listener has no address: {error}"))
}

/// Serves `world` to whoever connects, without end.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: std::net::TcpListener,
    world: World,
    log: Log,
) -> Result<(), std::io::Error> {
    let router = Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Desk { world, log });
    axum::serve(TcpListener::from_std(listener)?, router).await
}

async fn answer(
    State(desk): State<Desk>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (service, access_key) = wire::signed_for(header("authorization").unwrap_or_default());
    let caller = wire::caller(access_key);
    if service == "s3" {
        let response = objects::answer(&desk.world, &caller, &method, &uri, &headers, &body);
        // Whoever uploads looks first what is there already.
        if response.status() != StatusCode::NOT_FOUND && response.status().as_u16() >= 400 {
            (desk.log)(&format!("s3: {method} {uri} {}", response.status()));
        }
        return dated(&desk.world, response);
    }
    if let Some(name) = invoke::function(&uri) {
        let response = invoke::answer(&desk.world, &method, &name, &headers, &body).await;
        return dated(&desk.world, response);
    }
    let target = header("x-amz-target");
    let call =
        readable(&method, &uri, service, target).and_then(|()| wire::read(target, service, &body));
    let response = match call {
        Ok(call) => {
            let response = desk.world.serve(&caller, &call).await;
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
            desk.world.refuse(target, error)
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
fn dated(world: &World, mut response: Response) -> Response {
    let now = DateTimePrinter::new().timestamp_to_rfc9110_string(&world.now());
    let now = now.ok().and_then(|now| HeaderValue::from_str(&now).ok());
    if let Some(now) = now {
        response.headers_mut().insert("date", now);
    }
    response
}
