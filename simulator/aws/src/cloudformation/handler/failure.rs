//! A service's refusal, as a stack event shows it.

use crate::account::Account;
use crate::wire::{self, ApiError};

/// A service's error, as a stack event shows it. Recorded (radkawar/stackd
/// testdata/aws/cloudformation/lifecycle.json, 2026-09), for an SQS queue.
pub fn record(account: &mut Account, service: &str, error: &ApiError) -> String {
    let (request, token) = (wire::request_id(account), wire::request_id(account));
    format!(
        "Resource handler returned message: \"{} (Service: {}, Status Code: {}, Request ID: {request}) \
         (SDK Attempt Count: 1)\" (RequestToken: {token}, HandlerErrorCode: {})",
        error.message,
        sdk_name(service),
        error.status,
        handler_error_code(&error.code),
    )
}

/// The name of a service in AWS's SDK for Java 2, in which the handlers are written. Recorded for
/// SQS, documented for the others (the SDK's client classes).
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

/// What a handler makes of a service's error code. Documented:
/// <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html>; which of
/// them each handler takes is assumed, but for GeneralServiceException, which was recorded.
fn handler_error_code(code: &str) -> &'static str {
    match code {
        "AccessDenied" | "AccessDeniedException" => "AccessDenied",
        "AlreadyExists" | "AlreadyExistsException" | "ResourceConflictException" => "AlreadyExists",
        "ResourceNotFoundException" | "ClusterNotFoundException" => "NotFound",
        "ResourceInUseException" | "ResourceInUse" => "ResourceConflict",
        "Throttling" | "ThrottlingException" => "Throttling",
        _ => "GeneralServiceException",
    }
}
