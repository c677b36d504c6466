//! What we ask of Step Functions, in our words: the only file here that names its SDK.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::Builder;
use aws_sdk_sfn::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use workers::Error;
use workers::clock::Clock;
use workers::error::Refusal;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Step Functions holds a poll open for 60 s, and documents that the client should wait for 65 at
/// least.
const POLL_TIMEOUT: Duration = Duration::from_secs(70);

/// Answers and beats are taken within a second or two.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 5;

/// The most characters of an error's cause that Step Functions takes.
const LONGEST_CAUSE: usize = 32_768;

/// Clients of Step Functions.
#[derive(Debug, Clone)]
pub struct StepFunctions {
    polls: Client,
    answers: Client,
}

/// A question, as a worker takes it.
#[derive(Debug)]
pub struct Task {
    /// What answers and beats name.
    pub token: String,
    /// The question, as JSON text.
    pub input: String,
}

/// What became of an answer or a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Step Functions took it.
    Taken,
    /// Nobody awaits it any more: the question timed out, or its execution has ended.
    TooLate,
}

impl StepFunctions {
    /// Clients with `config`'s Region, credentials, HTTP client, clock and sleep, whose answers set
    /// `clock`.
    pub fn new(config: &SdkConfig, clock: &Clock) -> Self {
        let client = |attempt: Duration, call: Duration, retries: RetryConfig| {
            let timeouts = TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_attempt_timeout(attempt)
                .operation_timeout(call);
            // The SDK's retry quota would run out in an hour of disturbances (see the other clients
            // of the workers).
            let patient = RetryPartition::custom("worker").token_bucket(TokenBucket::unlimited());
            let config = Builder::from(config)
                .timeout_config(timeouts.build())
                .retry_config(retries)
                .retry_partition(patient.build())
                // The answer to a poll may well take a minute to begin.
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .interceptor(clock.clone())
                .build();
            Client::from_conf(config)
        };
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        Self {
            // A poll is tried again by us, at our pace.
            polls: client(POLL_TIMEOUT, POLL_TIMEOUT, RetryConfig::disabled()),
            answers: client(ATTEMPT_TIMEOUT, CALL_TIMEOUT, retries),
        }
    }

    /// Waits up to a minute for a question of `activity`.
    ///
    /// # Errors
    /// Any; all of them are worth another try.
    pub async fn next(&self, activity: &str, worker_name: &str) -> Result<Option<Task>, Error> {
        let call = "states:GetActivityTask";
        let request = self.polls.get_activity_task();
        let polled = request
            .activity_arn(activity)
            .worker_name(worker_name)
            .send()
            .await;
        let polled = polled.map_err(|error| match &error {
            SdkError::ServiceError(refused) if refused.err().is_activity_does_not_exist() => {
                Error::bad_answer(call, format!(
                    "there is no activity {activity}; is the stack deployed with WorkerHost=Activity, in this account and Region?"
                ))
            }
            _ => Error::from_sdk(call, error),
        })?;
        Ok(match (polled.task_token, polled.input) {
            (Some(token), Some(input)) if !token.is_empty() => Some(Task { token, input }),
            _ => None,
        })
    }

    /// Says that the question is still being worked on.
    ///
    /// # Errors
    /// Any but that it is too late.
    pub async fn beat(&self, token: &str) -> Result<Delivered, Error> {
        let sent = self
            .answers
            .send_task_heartbeat()
            .task_token(token)
            .send()
            .await;
        delivered("states:SendTaskHeartbeat", sent)
    }

    /// Answers the question with `output`, JSON text.
    ///
    /// # Errors
    /// Any but that it is too late.
    pub async fn succeed(&self, token: &str, output: String) -> Result<Delivered, Error> {
        let request = self.answers.send_task_success();
        let sent = request.task_token(token).output(output).send().await;
        delivered("states:SendTaskSuccess", sent)
    }

    /// Answers the question with an error.
    ///
    /// # Errors
    /// Any but that it is too late.
    pub async fn fail(&self, token: &str, error: &str, cause: &str) -> Result<Delivered, Error> {
        let cause = &cause[..cause.floor_char_boundary(LONGEST_CAUSE)];
        let request = self.answers.send_task_failure();
        let sent = request
            .task_token(token)
            .error(error)
            .cause(cause)
            .send()
            .await;
        delivered("states:SendTaskFailure", sent)
    }
}

fn delivered<T, E: Refusal>(
    call: &'static str,
    sent: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Delivered, Error> {
    let error = match sent {
        Ok(_) => return Ok(Delivered::Taken),
        Err(error) => error,
    };
    let code = match &error {
        SdkError::ServiceError(refused) => refused.err().code(),
        _ => None,
    };
    match code {
        Some("TaskTimedOut" | "TaskDoesNotExist") => Ok(Delivered::TooLate),
        _ => Err(Error::from_sdk(call, error)),
    }
}
