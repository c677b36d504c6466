//! A service's refusal, as a stack event shows it.

use crate::account::Account;
use crate::wire::{self, ApiError};

/// A service's error, as a stack event shows it. Recorded (radkawar/stackd
/// testdata/aws/cloudformation/lifecycle.json, 2026-09), for an SQS queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Resource handler returned message: \"{} (Service: {}, Status Code: {}, Request ID: {request}) \
     (SDK Attempt Count: 1)\" (RequestToken: {token}, HandlerErrorCode: {})",
    .error.message,
    sdk_name(.service),
    .error.status,
    handler_error_code(.error)
)]
pub struct ServiceRefusal {
    /// The service, such as `ecs`.
    pub service: String,
    /// The service's error.
    pub error: ApiError,
    /// Id of the request that was refused.
    pub request: String,
    /// The token by which CloudFormation's own request can be found.
    pub token: String,
}

/// The refusal of a call of `service`, with ids of its own.
pub fn record(account: &mut Account, service: &str, error: ApiError) -> Box<ServiceRefusal> {
    Box::new(ServiceRefusal {
        service: service.to_owned(),
        error,
        request: wire::request_id(account),
        token: wire::request_id(account),
    })
}

/// The name of a service in AWS's SDK for Java 2, in which the handlers are written. Recorded for
/// SQS (lifecycle.json, as above).
///
/// assumption: the names of the others are those of the SDK's client classes. A failed resource of
/// such a service proves it.
fn sdk_name(service: &str) -> &str {
    match service {
        "autoscaling" => "AutoScaling",
        "cloudformation" => "CloudFormation",
        "cloudwatch" => "CloudWatch",
        "ec2" => "Ec2",
        "ecs" => "Ecs",
        "events" => "EventBridge",
        "iam" => "Iam",
        "lambda" => "Lambda",
        "logs" => "CloudWatchLogs",
        "sns" => "Sns",
        "sqs" => "Sqs",
        "states" => "Sfn",
        other => other,
    }
}

/// What a handler makes of a service's error code:
/// <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html>
///
/// assumption: which of them each handler takes, but for GeneralServiceException, which is recorded
/// (lifecycle.json, as above). A failed resource of such a type proves it.
fn handler_error_code(error: &ApiError) -> &'static str {
    match error.code.as_str() {
        "AccessDenied" | "AccessDeniedException" => "AccessDenied",
        "AlreadyExists" | "AlreadyExistsException" | "ResourceConflictException" => "AlreadyExists",
        "ResourceNotFoundException" | "ClusterNotFoundException" => "NotFound",
        "ResourceInUseException" | "ResourceInUse" => "ResourceConflict",
        "Throttling" | "ThrottlingException" => "Throttling",
        _ => "GeneralServiceException",
    }
}
