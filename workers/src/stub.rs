//! For tests only: a subject, its event, and an AWS that is a closure behind the SDK's own HTTP
//! layer.

use std::fmt;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::autoscaling::AutoScaling;
use crate::clock::Clock;
use crate::config::read_event;
use crate::model::{Subject, later};

/// When the events were written.
const BEGAN: &str = "2026-11-23T00:00:00Z";

/// So many seconds after the event.
pub fn at(seconds: i64) -> Timestamp {
    let began = BEGAN.parse().expect("a time");
    later(began, SignedDuration::from_secs(seconds))
}

/// The event of a `launch` or a `terminate` hook.
pub fn event(kind: &str) -> Value {
    let (transition, origin, destination) = match kind {
        "launch" => ("EC2_INSTANCE_LAUNCHING", "EC2", "AutoScalingGroup"),
        _ => ("EC2_INSTANCE_TERMINATING", "AutoScalingGroup", "EC2"),
    };
    let metadata = json!({
        "cluster": "DevCluster", "stack": "dev", "resource": "EcsAutoScalingGroup",
        "heartbeatTimeoutSeconds": 3600, "joinDeadlineSeconds": 900, "drainDeadlineSeconds": 3000,
        "drainDeadlinePolicy": "retain", "batchSize": 1, "updateMethod": "RollingUpdate",
    });
    json!({
        "version": "0", "id": "1", "account": "123456789012", "region": "eu-central-1", "resources": [],
        "source": "aws.autoscaling", "time": BEGAN,
        "detail-type": format!("EC2 Instance-{kind} Lifecycle Action"),
        "detail": {
            "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
            "AutoScalingGroupName": "DevCluster",
            "LifecycleHookName": format!("ecs-rollout-{kind}"),
            "EC2InstanceId": "i-0123456789abcdef0",
            "LifecycleTransition": format!("autoscaling:{transition}"),
            "NotificationMetadata": metadata.to_string(),
            "Origin": origin, "Destination": destination,
        },
    })
}

/// An instance at its launch hook.
pub fn launching() -> Subject {
    read_event(&event("launch"))
        .subject()
        .expect("a good event")
}

/// An instance at its terminate hook.
pub fn terminating() -> Subject {
    read_event(&event("terminate"))
        .subject()
        .expect("a good event")
}

/// What a request asked for: the action, and the body (JSON for ECS, a form for the query
/// services).
pub struct StubRequest {
    /// The API action.
    pub action: String,
    /// The body as text.
    pub body: String,
}

impl StubRequest {
    /// The body of a JSON service.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

type Answering = dyn Fn(StubRequest) -> (u16, String) + Send + Sync;

/// The second is the `Date` of its answers.
struct Closure(Arc<Answering>, Option<&'static str>);

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closure")
    }
}

impl HttpConnector for Closure {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().expect("a body in memory");
        let body = String::from_utf8(body.to_vec()).expect("a text");
        let action = match request.headers().get("x-amz-target") {
            Some(target) => target.rsplit('.').next(),
            None => body
                .split('&')
                .find_map(|pair| pair.strip_prefix("Action=")),
        };
        let action = action.unwrap_or_default().to_owned();
        let (status, text) = (self.0)(StubRequest { action, body });
        let status = status.try_into().expect("an HTTP status");
        let mut response = HttpResponse::new(status, SdkBody::from(text));
        if let Some(date) = self.1 {
            response.headers_mut().insert("date", date);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// A configuration whose every request is answered by `answering`, in one attempt.
pub fn aws(answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static) -> SdkConfig {
    answered_by(Closure(Arc::new(answering), None))
}

/// The same, whose answers have this `Date`.
pub fn aws_on(
    date: &'static str,
    answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static,
) -> SdkConfig {
    answered_by(Closure(Arc::new(answering), Some(date)))
}

fn answered_by(closure: Closure) -> SdkConfig {
    let connector = SharedHttpConnector::new(closure);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "id", "secret", None, None, "stub",
        )))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}

/// Auto Scaling whose every call is answered by `answering`.
pub fn autoscaling(
    answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static,
) -> AutoScaling {
    AutoScaling::new(&aws(answering), &Clock::default())
}

/// What Auto Scaling answers about the instance of these events that is in this state.
pub fn in_state(state: &str) -> (u16, String) {
    let id = terminating().action.instance;
    let one = format!(
        "<member><InstanceId>{id}</InstanceId><LifecycleState>{state}</LifecycleState></member>"
    );
    let all = format!("<AutoScalingInstances>{one}</AutoScalingInstances>");
    (200, xml("DescribeAutoScalingInstances", &all))
}

/// What Auto Scaling answers to a heartbeat of an action that is open, or over.
pub fn heartbeat(is_open: bool) -> (u16, String) {
    if is_open {
        return (200, xml("RecordLifecycleActionHeartbeat", ""));
    }
    let text = "No active Lifecycle Action found with token x";
    (400, xml_error("ValidationError", text))
}

/// An answer in XML of a query service, around its result.
pub fn xml(action: &str, result: &str) -> String {
    format!(
        "<{action}Response><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// An error in XML of a query service.
pub fn xml_error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}
