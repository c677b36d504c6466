//! What we ask of CloudFormation: how the stack stands, and the signal. The only file that names
//! its SDK.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_cloudformation::types::ResourceSignalStatus;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::clock::Clock;
use crate::error::Error;
use crate::model::group::StackState;
use crate::model::{InstanceId, StackName, StackResource};

/// CloudFormation.
#[derive(Debug, Clone)]
pub struct CloudFormation {
    client: Client,
}

/// What CloudFormation is told about a new instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It has joined.
    Success,
    /// It will not join.
    Failure,
}

impl Signal {
    /// As CloudFormation spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
        }
    }
}

/// What became of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalOutcome {
    /// It was taken.
    Taken,
    /// Nobody waits for it (no operation runs), or it was taken before; this is what CloudFormation
    /// said.
    NotNeeded(String),
}

impl CloudFormation {
    /// A client with the settings of `config`, whose answers set `clock`.
    pub fn new(config: &SdkConfig, clock: &Clock) -> Self {
        // One worker makes a handful of calls, of a few attempts each. The SDK's retry quota, made
        // for long-lived clients, would run out in an hour of throttling and leave a single attempt
        // to every call from then on.
        let patient = RetryPartition::custom("worker").token_bucket(TokenBucket::unlimited());
        let config = aws_sdk_cloudformation::config::Builder::from(config)
            .retry_partition(patient.build())
            .interceptor(clock.clone())
            .build();
        Self {
            client: Client::from_conf(config),
        }
    }

    /// What the stack is doing.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `BadAnswer`.
    pub async fn stack_state(&self, stack: &StackName) -> Result<StackState, Error> {
        let call = "cloudformation:DescribeStacks";
        let sent = self
            .client
            .describe_stacks()
            .stack_name(stack.as_str())
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error)
                if error.code() == Some("ValidationError")
                    && error
                        .message()
                        .is_some_and(|it| it.ends_with("does not exist")) =>
            {
                return Ok(StackState::Absent);
            }
            Err(error) => return Err(Error::from_sdk(call, error)),
        };
        let status = answer
            .stacks()
            .first()
            .and_then(|found| found.stack_status());
        match status {
            Some(status) => Ok(StackState::from_name(status.as_str())),
            None => Err(Error::bad_answer(
                call,
                format!("stack {stack} without a status"),
            )),
        }
    }

    /// Tells the stack how it went with `instance`. A repeated signal, or one that nobody waits
    /// for, is no error.
    ///
    /// # Errors
    /// As [`Error::from_sdk`]; `BadAnswer` if the stack or the resource is not there, since then
    /// the rollout would wait in vain for each of its signals.
    pub async fn signal(
        &self,
        target: &StackResource,
        instance: &InstanceId,
        signal: Signal,
    ) -> Result<SignalOutcome, Error> {
        let sent = self
            .client
            .signal_resource()
            .stack_name(target.stack.as_str())
            .logical_resource_id(target.resource.as_str())
            .unique_id(instance.as_str())
            .status(ResourceSignalStatus::from(signal.name()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(SignalOutcome::Taken),
            Err(error) => match error.message() {
                Some(text) if error.code() == Some("ValidationError") && is_harmless(text) => {
                    Ok(SignalOutcome::NotNeeded(text.to_owned()))
                }
                _ => Err(Error::from_sdk("cloudformation:SignalResource", error)),
            },
        }
    }
}

/// All refusals share one code, so the text has to tell. Stack and resource spell "can not"
/// differently.
fn is_harmless(text: &str) -> bool {
    let nobody_waits = text.contains("cannot be signaled") || text.contains("can not be signaled");
    let wrong_resource = text.contains("is of type");
    (nobody_waits && !wrong_resource) || text.contains("already exists")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{self, StubRequest};

    fn cloudformation(
        answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static,
    ) -> CloudFormation {
        CloudFormation::new(&stub::aws(answering), &Clock::default())
    }

    #[tokio::test]
    async fn a_signal_names_stack_resource_and_instance() {
        let cloudformation = cloudformation(|asked| {
            for part in [
                "StackName=dev",
                "LogicalResourceId=EcsAutoScalingGroup",
                "UniqueId=i-0123456789abcdef0",
                "Status=FAILURE",
            ] {
                assert!(asked.body.contains(part), "{part} in {}", asked.body);
            }
            (200, stub::xml("SignalResource", ""))
        });
        let subject = stub::launching();
        let target = &subject.settings.target;
        let signalled = cloudformation.signal(target, &subject.action.instance, Signal::Failure);
        assert_eq!(signalled.await.expect("an answer"), SignalOutcome::Taken);
    }

    #[tokio::test]
    async fn only_refusals_that_do_no_harm_are_taken_for_success() {
        for (message, harmless) in [
            (
                "Stack arn:aws:x is in UPDATE_COMPLETE state and cannot be signaled",
                true,
            ),
            (
                "Resource EcsAutoScalingGroup is in UPDATE_COMPLETE state and can not be signaled",
                true,
            ),
            (
                "Signal with ID i-1 for resource EcsAutoScalingGroup already exists. Signals may only …",
                true,
            ),
            (
                "Resource EcsCluster is of type AWS::ECS::Cluster and cannot be signaled",
                false,
            ),
            (
                "Resource EcsAutoScalingGroup does not exist for stack dev",
                false,
            ),
            ("Stack [dev] does not exist", false),
        ] {
            let answer = stub::xml_error("ValidationError", message);
            let cloudformation = cloudformation(move |_| (400, answer.clone()));
            let subject = stub::launching();
            let target = &subject.settings.target;
            let signalled = cloudformation
                .signal(target, &subject.action.instance, Signal::Success)
                .await;
            match signalled {
                Ok(SignalOutcome::NotNeeded(text)) => assert!(harmless && text == message),
                Ok(SignalOutcome::Taken) => panic!("taken: {message}"),
                Err(error) => assert!(!harmless && error.name() == "BadAnswer", "{message}"),
            }
        }
    }

    #[tokio::test]
    async fn a_stack_s_state_is_read() {
        for (status, state) in [
            ("UPDATE_IN_PROGRESS", StackState::Updating),
            ("CREATE_IN_PROGRESS", StackState::Creating),
            ("DELETE_IN_PROGRESS", StackState::Deleting),
            (
                "UPDATE_COMPLETE",
                StackState::Settled("UPDATE_COMPLETE".to_owned()),
            ),
        ] {
            let stack = format!(
                "<Stacks><member><StackName>dev</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
                 <StackStatus>{status}</StackStatus></member></Stacks>"
            );
            let answer = stub::xml("DescribeStacks", &stack);
            let cloudformation = cloudformation(move |_| (200, answer.clone()));
            let seen = cloudformation.stack_state(&StackName::new("dev")).await;
            assert_eq!(seen.expect("an answer"), state);
        }
    }

    #[tokio::test]
    async fn a_stack_that_is_not_there_is_an_answer_and_a_throttle_is_not() {
        for (code, message, name) in [
            ("ValidationError", "Stack with id dev does not exist", None),
            ("Throttling", "Rate exceeded", Some("Throttled")),
        ] {
            let answer = stub::xml_error(code, message);
            let cloudformation = cloudformation(move |_| (400, answer.clone()));
            let seen = cloudformation.stack_state(&StackName::new("dev")).await;
            match name {
                None => assert_eq!(seen.expect("an answer"), StackState::Absent),
                Some(name) => assert_eq!(seen.expect_err("a refusal").name(), name),
            }
        }
    }
}
