//! What is known of one call before and after it: for `--debug`, and for a connection that fails.

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
    pub fn named(&self, error: ConnectorError) -> ConnectorError {
        let message = format!("{} does not answer", self.endpoint);
        if error.is_timeout() {
            return ConnectorError::timeout(Unanswered::boxed(message, error));
        }
        if error.is_io() {
            return ConnectorError::io(Unanswered::boxed(message, error));
        }
        // Its kind decides whether the SDK tries again, and cannot be set from here.
        error
    }
}

/// A connector's error, and which address it is about.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Unanswered {
    message: String,
    source: ConnectorError,
}

impl Unanswered {
    fn boxed(message: String, source: ConnectorError) -> Box<Self> {
        Box::new(Self { message, source })
    }
}

/// The part of an address before its path.
fn endpoint(uri: &str) -> String {
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

    #[test]
    fn a_failed_connection_names_the_address_and_keeps_its_kind() {
        let call = Call::of(&request(None, ""));
        let named = call.named(ConnectorError::io("refused".into()));
        assert!(named.is_io());
        let chain = format!("{:?}", named);
        assert!(
            chain.contains("ecs.eu-west-1.amazonaws.com does not answer"),
            "{chain}"
        );
        assert!(
            call.named(ConnectorError::timeout("late".into()))
                .is_timeout()
        );
    }
}
