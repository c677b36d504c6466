//! What is known of one call before and after it: for `--debug`, and for a connection that fails.

use std::error::Error as StdError;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;

/// Where AWS puts a request's id, which its support asks for: JSON, query and EC2 services, and S3
/// (<https://docs.aws.amazon.com/general/latest/gr/aws_troubleshooting.html>).
const REQUEST_ID: [&str; 3] = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"];

/// One attempt of a call. Neither headers nor bodies are kept: they carry signatures and tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Scheme, host and port.
    endpoint: String,
    /// The operation, as in `ListTasks`.
    operation: String,
}

impl Call {
    /// What a request is about.
    pub fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target");
        let operation = target
            .and_then(|target| target.rsplit('.').next())
            .or_else(|| {
                let body = std::str::from_utf8(request.body().bytes()?).ok()?;
                body.split('&')
                    .find_map(|pair| pair.strip_prefix("Action="))
            });
        Self {
            endpoint: endpoint(request.uri()),
            operation: operation.unwrap_or("request").to_owned(),
        }
    }

    /// One line of `--debug`.
    pub fn line(&self, answer: Result<&HttpResponse, &ConnectorError>, took: Duration) -> String {
        let Self {
            endpoint,
            operation,
        } = self;
        let took = took.as_millis();
        match answer {
            Ok(answer) => {
                let ids = REQUEST_ID.iter();
                let id = ids.filter_map(|name| answer.headers().get(*name)).next();
                format!(
                    "debug: {endpoint} {operation}: HTTP {} in {took} ms, request id {}",
                    answer.status().as_u16(),
                    id.unwrap_or("none")
                )
            }
            Err(error) => format!("debug: {endpoint} {operation}: no answer in {took} ms: {error}"),
        }
    }

    /// The error with the address that was tried: a wrong AWS_ENDPOINT_URL shows by it.
    pub async fn named(&self, error: ConnectorError) -> ConnectorError {
        let is_found = has_refused(&error) || is_found(&self.endpoint).await;
        // Its kind decides whether the SDK tries again.
        let (is_timeout, is_io, kind) = (error.is_timeout(), error.is_io(), error.as_other());
        if error.is_user() {
            return error;
        }
        let unanswered = Unanswered::boxed(self.endpoint.clone(), is_found, error);
        if is_timeout {
            ConnectorError::timeout(unanswered)
        } else if is_io {
            ConnectorError::io(unanswered)
        } else {
            ConnectorError::other(unanswered, kind)
        }
    }
}

/// A connector's error, and which address it is about.
#[derive(Debug, thiserror::Error)]
#[error("{endpoint} does not answer")]
pub struct Unanswered {
    /// Scheme, host and port.
    pub endpoint: String,
    /// Whether the host's name is known to the resolver.
    pub is_found: bool,
    source: ConnectorError,
}

impl Unanswered {
    /// The error of a connector that was to ask `endpoint`.
    pub fn boxed(endpoint: String, is_found: bool, source: ConnectorError) -> Box<Self> {
        Box::new(Self {
            endpoint,
            is_found,
            source,
        })
    }
}

/// An error and its causes.
pub fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn cause<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        let error: &'a (dyn StdError + 'static) = *error;
        error.source()
    }
    std::iter::successors(Some(error), cause)
}

/// Whether the host itself, and so one that was found, has refused or dropped the connection.
fn has_refused(error: &ConnectorError) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut};
    chain(error).any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| {
            let kinds = [
                ConnectionAborted,
                ConnectionRefused,
                ConnectionReset,
                TimedOut,
            ];
            kinds.contains(&io.kind())
        })
    })
}

/// Whether the resolver knows the host of an address: the connector's error does not say in which
/// step it failed.
async fn is_found(endpoint: &str) -> bool {
    let host = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => {
            tokio::net::lookup_host(host).await.is_ok()
        }
        _ => tokio::net::lookup_host((host, 443)).await.is_ok(),
    }
}

/// The part of an address before its path.
pub fn endpoint(uri: &str) -> String {
    let host = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[host..]
        .find(['/', '?'])
        .map_or(uri.len(), |at| host + at);
    uri[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn request(target: Option<&str>, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request
            .set_uri("https://ecs.eu-west-1.amazonaws.com/?secret=1")
            .expect("an address");
        request.headers_mut().insert("authorization", "AWS4 secret");
        if let Some(target) = target {
            request
                .headers_mut()
                .insert("x-amz-target", target.to_owned());
        }
        request
    }

    #[test]
    fn a_line_has_operation_status_and_request_id_and_no_secret() {
        let json = request(
            Some("AmazonEC2ContainerServiceV20141113.ListTasks"),
            "{\"secret\":1}",
        );
        let query = request(None, "Action=DescribeStacks&Version=2010-05-15&Secret=1");
        let mut answer = HttpResponse::new(
            StatusCode::try_from(200_u16).expect("a status"),
            SdkBody::from("secret"),
        );
        answer.headers_mut().insert("x-amzn-requestid", "4f4cf2f7");
        let took = Duration::from_millis(23);
        assert_eq!(
            Call::of(&json).line(Ok(&answer), took),
            "debug: https://ecs.eu-west-1.amazonaws.com ListTasks: HTTP 200 in 23 ms, request id 4f4cf2f7"
        );
        let line = Call::of(&query).line(Ok(&answer), took);
        assert!(line.contains(" DescribeStacks: HTTP 200"), "{line}");
        assert!(!line.contains("ecret"), "{line}");
    }

    #[tokio::test]
    async fn a_failed_connection_names_the_address_and_keeps_its_kind() {
        let call = Call::of(&request(None, ""));
        let named = call.named(ConnectorError::io("refused".into())).await;
        assert!(named.is_io());
        let chain = format!("{named:?}");
        assert!(chain.contains("ecs.eu-west-1.amazonaws.com"), "{chain}");
        assert!(
            call.named(ConnectorError::timeout("late".into()))
                .await
                .is_timeout()
        );
        let other = call.named(ConnectorError::other("odd".into(), None)).await;
        assert!(other.is_other());
        assert!(format!("{other:?}").contains("Unanswered"), "{other:?}");
        assert!(is_found("http://127.0.0.1:1").await);
        assert!(!is_found("https://ecs.eu-wset-1.amazonaws.com").await);
    }
}
