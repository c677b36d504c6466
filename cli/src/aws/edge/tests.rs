//! Hostile text in an answer to each of the operator's readers, and to the workers' readers that
//! `explain` and `plan` use.

use std::fmt::Debug;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::json;
use workers::model::{ClusterName, InstanceId};

use crate::aws::{Aws, error_text};

/// A clear screen, a title, a turned direction, no width, a new line that looks like ours.
const HOSTILE: &str =
    "EVIL\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}1A\u{202e}\u{2066}\u{200b}\r\nREADY\u{2028}\u{7f}";

/// Answers every request with hostile text in each member that is a text.
#[derive(Debug)]
struct Stranger;

impl HttpConnector for Stranger {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let action = match &target {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None => {
                let named = body
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("Action="));
                named.unwrap_or_default().to_owned()
            }
        };
        let (status, text) = answer(&action);
        let status = status.try_into().expect("an HTTP status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(text))))
    }
}

fn answer(action: &str) -> (u16, String) {
    let nested = json!({"detail": {"EC2InstanceId": HOSTILE}, "reason": HOSTILE}).to_string();
    let references: String = HOSTILE
        .chars()
        .map(|c| format!("&#{};", u32::from(c)))
        .collect();
    let xml = |result: String| {
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
    };
    let arn = |rest: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{rest}");
    let answered = match action {
        "DescribeScalingActivities" => xml(format!(
            "<Activities><member><ActivityId>a</ActivityId><Description>{HOSTILE}</Description><StatusCode>Failed</StatusCode>\
             <StatusMessage>{references}</StatusMessage><Cause>{HOSTILE}</Cause><AutoScalingGroupName>g</AutoScalingGroupName>\
             <StartTime>2026-11-23T00:00:00Z</StartTime></member></Activities>"
        )),
        "DescribeStackEvents" => xml(format!(
            "<StackEvents><member><EventId>e</EventId><StackId>s</StackId><StackName>s</StackName>\
             <LogicalResourceId>{references}</LogicalResourceId><ResourceStatus>UPDATE_FAILED</ResourceStatus>\
             <ResourceStatusReason>{HOSTILE}</ResourceStatusReason><Timestamp>2026-11-23T00:00:00Z</Timestamp></member></StackEvents>"
        )),
        "DescribeStacks" => xml(format!(
            "<Stacks><member><StackName>{HOSTILE}</StackName><CreationTime>2026-11-23T00:00:00Z</CreationTime>\
             <StackStatus>UPDATE_COMPLETE</StackStatus><Outputs><member><OutputKey>ClusterName</OutputKey>\
             <OutputValue>{references}</OutputValue></member></Outputs></member></Stacks>"
        )),
        "ListTasks" => json!({"taskArns": [arn("task/c/1")]}).to_string(),
        "DescribeTasks" => json!({"tasks": [{"taskArn": arn("task/c/1"), "group": HOSTILE, "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING", "containerInstanceArn": arn("container-instance/c/1"), "startedBy": HOSTILE,
            "taskDefinitionArn": HOSTILE, "launchType": "EC2"}]})
        .to_string(),
        "ListServices" => json!({"serviceArns": [HOSTILE]}).to_string(),
        "DescribeServices" => json!({"services": [{"serviceName": HOSTILE, "serviceArn": arn("service/c/s"),
            "status": "ACTIVE", "desiredCount": 1, "events": [{"message": HOSTILE}], "launchType": "EC2",
            "schedulingStrategy": "REPLICA"}]})
        .to_string(),
        "GetExecutionHistory" => json!({"events": [
            {"timestamp": 1, "type": "TaskStateEntered", "id": 1, "stateEnteredEventDetails": {"name": HOSTILE, "input": nested}},
            {"timestamp": 1, "type": "ExecutionFailed", "id": 2,
             "executionFailedEventDetails": {"error": HOSTILE, "cause": nested}}]})
        .to_string(),
        "GetParameter" => json!({"Parameter": {"Name": "/n", "Value": HOSTILE}}).to_string(),
        _ => return (400, json!({"__type": "OddException", "message": HOSTILE}).to_string()),
    };
    (200, answered)
}

fn account() -> Aws {
    let connector = SharedHttpConnector::new(Stranger);
    let keys = Credentials::new("id", "secret", None, None, "stub");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Aws::of(&config, "eu-west-1".to_owned())
}

/// Debug writes what must not be shown as an escape sequence, but for quotation marks.
fn is_fit_to_show(reader: &str, read: impl Debug) {
    let read = format!("{read:?}");
    assert!(read.contains("EVIL"), "{reader} read nothing: {read}");
    let escapes = ["\\u{", "\\n", "\\r", "\\t", "\\0"];
    assert!(
        !escapes.iter().any(|it| read.contains(it)),
        "{reader}: {read}"
    );
    assert!(
        !read.contains(['\u{1b}', '\u{202e}', '\u{9b}']),
        "{reader}: {read}"
    );
}

#[tokio::test]
async fn no_reader_lets_hostile_text_in() {
    let aws = account();
    let page = aws.activities("g", None).await;
    is_fit_to_show("activities", page.expect("read"));
    let page = aws.stack_events_from("s", None).await;
    is_fit_to_show("stack_events_from", page.expect("read"));
    is_fit_to_show("stack", aws.stack("s").await.expect("read"));
    is_fit_to_show("started_tasks", aws.started_tasks("c").await.expect("read"));
    is_fit_to_show("all_services", aws.all_services("c").await.expect("read"));
    let page = aws.services_listed("c", None).await;
    is_fit_to_show("services_listed", page.expect("read"));
    let services = aws.services("c", &[HOSTILE.to_owned()]).await;
    is_fit_to_show("services", services.expect("read"));
    is_fit_to_show("history", aws.history("e", None).await.expect("read"));
    is_fit_to_show("parameter", aws.parameter("/n").await.expect("read"));
}

#[tokio::test]
async fn what_is_written_within_an_input_stays_fit_when_it_is_read() {
    let history = account().history("e", None).await.expect("read");
    let history = history.expect("there is one").items;
    let input: serde_json::Value = serde_json::from_str(&history[0].input).expect("JSON");
    let cause: serde_json::Value = serde_json::from_str(&history[1].cause).expect("JSON");
    for text in [
        &input["detail"]["EC2InstanceId"],
        &input["reason"],
        &cause["reason"],
    ] {
        let text = text.as_str().expect("a text");
        assert!(text.contains("EVIL"), "{text:?}");
        assert_eq!(workers::text::printable(text), text);
    }
}

#[tokio::test]
async fn errors_and_the_workers_own_readers_are_fit_to_show() {
    let aws = account();
    let error = aws.machines("c").await.expect_err("it is refused");
    is_fit_to_show("an error", error_text(&error));
    let (cluster, instance) = (ClusterName::new("c"), InstanceId::new("i-1"));
    let error = aws.clients.ecs.registrations(&cluster, &instance).await;
    is_fit_to_show(
        "a worker's error",
        error.expect_err("it is refused").chain(),
    );
}
