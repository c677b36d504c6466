//! What the reconciler asks of Step Functions. The only file of this crate that names its SDK; only
//! the reconciler makes this client, so no other function's zip carries the SDK.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_sfn::config::{AsyncSleep, SharedAsyncSleep};
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;

use crate::clock::Clock;
use crate::error::Error;
use crate::model::{HookName, InstanceId};

/// How many executions are described without a pause: DescribeExecution's bucket holds 250 at least
/// (Step Functions Developer Guide, "Service quotas"), and the operator's tool reads from the same
/// one.
const DESCRIBED_AT_ONCE: usize = 100;

/// The pause before each further one. The bucket refills with 10 a second at least.
const PAUSE: Duration = Duration::from_millis(100);

/// No more than these are described, which takes half a minute: the open drains of two batches of
/// 100, and a batch of launches. A function ends after 60 seconds.
const DESCRIBED_AT_MOST: usize = 300;

/// Step Functions.
#[derive(Debug)]
pub struct StepFunctions {
    client: Client,
    sleep: Option<SharedAsyncSleep>,
}

/// What an execution is about: an instance at a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtHook {
    /// The instance.
    pub instance: InstanceId,
    /// The hook.
    pub hook: HookName,
}

/// What became of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The execution runs.
    Started,
    /// One of that name was started before, and may have ended. Step Functions starts no second one
    /// for 90 days.
    StartedBefore,
}

impl StepFunctions {
    /// A client with the settings of `config`, whose answers set `clock`.
    pub fn new(config: &SdkConfig, clock: &Clock) -> Self {
        // As the other clients: the SDK's retry quota would run out in an hour of throttling.
        let patient = RetryPartition::custom("worker").token_bucket(TokenBucket::unlimited());
        let built = aws_sdk_sfn::config::Builder::from(config)
            .retry_partition(patient.build())
            .interceptor(clock.clone())
            .build();
        Self {
            client: Client::from_conf(built),
            sleep: config.sleep_impl(),
        }
    }

    /// Those of `wanted` that a running execution of the machine is about. An execution that has
    /// one of the `names` is about the `wanted` one at the same place; the input of each other one
    /// is read, until all are found.
    ///
    /// # Errors
    /// As [`Error::from_sdk`]. `BadAnswer` if an input cannot be read, or if there are too many: an
    /// execution that was not looked at may be about any of them.
    pub async fn running(
        &self,
        machine: &str,
        wanted: &[(AtHook, String)],
    ) -> Result<Vec<AtHook>, Error> {
        let list = "states:ListExecutions";
        let mut left: Vec<&(AtHook, String)> = wanted.iter().collect();
        let mut found = Vec::new();
        let mut described = 0;
        let mut executions = self
            .client
            .list_executions()
            .state_machine_arn(machine)
            .status_filter(ExecutionStatus::Running)
            .into_paginator()
            .items()
            .send();
        while let Some(one) = executions.next().await {
            let one = one.map_err(|error| Error::from_sdk(list, error))?;
            let named = left.iter().find(|(_, name)| name == one.name());
            let about = match named {
                Some((about, _)) => Some(about.clone()),
                None if described == DESCRIBED_AT_MOST => {
                    let what = format!("more than {DESCRIBED_AT_MOST} running executions");
                    return Err(Error::bad_answer(list, what));
                }
                None => {
                    self.pause(described).await;
                    described += 1;
                    self.subject(one.execution_arn()).await?
                }
            };
            let Some(about) = about.filter(|about| left.iter().any(|(it, _)| it == about)) else {
                continue;
            };
            left.retain(|(it, _)| *it != about);
            found.push(about);
            if left.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    async fn pause(&self, described: usize) {
        if let Some(sleep) = self
            .sleep
            .as_ref()
            .filter(|_| described >= DESCRIBED_AT_ONCE)
        {
            sleep.sleep(PAUSE).await;
        }
    }

    /// What an execution is about while it runs; nothing if it has ended, or is about no lifecycle
    /// action.
    async fn subject(&self, execution: &str) -> Result<Option<AtHook>, Error> {
        let call = "states:DescribeExecution";
        let request = self.client.describe_execution();
        let sent = request.execution_arn(execution).send().await;
        let answer = sent.map_err(|error| Error::from_sdk(call, error))?;
        if *answer.status() != ExecutionStatus::Running {
            return Ok(None);
        }
        let Some(input) = answer.input() else {
            let what = format!("execution {execution} without its input");
            return Err(Error::bad_answer(call, what));
        };
        Ok(subject_of(input))
    }

    /// Starts an execution of the machine called `name`.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn start(&self, machine: &str, name: &str, input: String) -> Result<Start, Error> {
        let request = self.client.start_execution().state_machine_arn(machine);
        let sent = request.name(name).input(input).send().await;
        match sent {
            Ok(_) => Ok(Start::Started),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|refused| refused.is_execution_already_exists()) =>
            {
                Ok(Start::StartedBefore)
            }
            Err(error) => Err(Error::from_sdk("states:StartExecution", error)),
        }
    }
}

/// What an execution with this input is about, if that is a lifecycle action.
fn subject_of(input: &str) -> Option<AtHook> {
    let input: Value = serde_json::from_str(input).ok()?;
    let detail = &input["detail"];
    Some(AtHook {
        instance: InstanceId::new(detail["EC2InstanceId"].as_str()?),
        hook: HookName::new(detail["LifecycleHookName"].as_str()?),
    })
}
