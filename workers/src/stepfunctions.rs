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

/// How many executions a page may list: the most that ListExecutions takes (Step Functions API
/// Reference). More than we describe, so that one page holds them all, and none that ends between
/// two pages can shift another out of sight: the one not seen would get a second execution.
const LISTED_AT_ONCE: i32 = 1000;

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
            .max_results(LISTED_AT_ONCE)
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_sfn::config::Sleep;
    use serde_json::json;

    use super::*;
    use crate::stub;
    use crate::tables::lists::{PAGE, items, page_of};

    #[tokio::test]
    async fn running_executions_are_read_to_the_last_page_and_ended_ones_are_not_counted() {
        let about = |n: usize| AtHook {
            instance: InstanceId::new(format!("i-{n:08x}")),
            hook: HookName::new("h"),
        };
        for pages in 1..=3 {
            let listed = Arc::new(Mutex::new(0));
            let count = Arc::clone(&listed);
            let aws = stub::aws(move |asked| {
                let body = asked.json();
                let answer = match asked.action.as_str() {
                    "ListExecutions" => {
                        assert_eq!(body["statusFilter"], "RUNNING");
                        assert_eq!(body["maxResults"], 1000);
                        *count.lock().expect("a count") += 1;
                        let (page, next) = page_of(body["nextToken"].as_str(), pages);
                        let one = |n: usize| {
                            json!({"executionArn": n.to_string(), "stateMachineArn": "m", "name": format!("n{n}"),
                            "status": "RUNNING", "startDate": 1_790_000_000})
                        };
                        let mut answer = json!({"executions": items(page, one)});
                        if let Some(next) = next {
                            answer["nextToken"] = json!(next);
                        }
                        answer
                    }
                    _ => {
                        let n: usize = body["executionArn"]
                            .as_str()
                            .expect("an ARN")
                            .parse()
                            .expect("a number");
                        // Each second one has ended since it was listed.
                        let status = ["RUNNING", "SUCCEEDED"][n % 2];
                        let detail = json!({"EC2InstanceId": format!("i-{n:08x}"), "LifecycleHookName": "h"});
                        json!({"executionArn": "e", "stateMachineArn": "m", "status": status, "startDate": 1_790_000_000,
                            "input": json!({"detail": detail}).to_string()})
                    }
                };
                (200, answer.to_string())
            });
            let client = StepFunctions::new(&aws, &Clock::default());
            let last = pages * PAGE - 2;
            let wanted = [0, 1, last].map(|n| (about(n), format!("reconcile-{n}")));
            let found = client.running("m", &wanted).await.expect("an answer");
            assert_eq!(found, [about(0), about(last)], "{pages} pages");
            assert_eq!(*listed.lock().expect("a count"), pages);
            // By its name one is known without a look, whatever it has ended as.
            let named = [(about(1), "n1".to_owned())];
            let found = client.running("m", &named).await.expect("an answer");
            assert_eq!(found, [about(1)]);
        }
    }

    /// Counts the waits, and makes each of them none.
    #[derive(Debug, Clone, Default)]
    struct Waits(Arc<Mutex<Vec<Duration>>>);

    impl AsyncSleep for Waits {
        fn sleep(&self, duration: Duration) -> Sleep {
            self.0.lock().expect("a list").push(duration);
            Sleep::new(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn three_hundred_executions_are_read_and_from_the_hundredth_on_with_pauses() {
        let mut of_the_sdk = None;
        for (count, pauses, is_well) in [
            (100, 0, true),
            (101, 1, true),
            (300, 200, true),
            (301, 200, false),
        ] {
            let waits = Waits::default();
            let aws = stub::aws(move |asked| {
                let answer = match asked.action.as_str() {
                    "ListExecutions" => {
                        let one = |n: usize| {
                            json!({"executionArn": n.to_string(), "stateMachineArn": "m", "name": format!("n{n}"),
                            "status": "RUNNING", "startDate": 1_790_000_000})
                        };
                        json!({"executions": (0..count).map(one).collect::<Vec<Value>>()})
                    }
                    _ => {
                        json!({"executionArn": "e", "stateMachineArn": "m", "status": "RUNNING", "startDate": 1_790_000_000,
                        "input": "{}"})
                    }
                };
                (200, answer.to_string())
            });
            let aws = aws.into_builder().sleep_impl(waits.clone()).build();
            let client = StepFunctions::new(&aws, &Clock::default());
            let nobody = AtHook {
                instance: InstanceId::new("i-00000000"),
                hook: HookName::new("h"),
            };
            let found = client.running("m", &[(nobody, "none".to_owned())]).await;
            match found {
                Ok(found) => assert!(is_well && found.is_empty(), "{count}: {found:?}"),
                Err(error) => assert!(!is_well && error.name() == "BadAnswer", "{count}: {error}"),
            }
            // The SDK has waits of its own, as many for each call.
            let waited = waits.0.lock().expect("a list").clone();
            let pause = Duration::from_millis(100);
            let waited = waited.iter().filter(|one| **one == pause).count();
            let calls = 1 + count.min(300);
            let of_the_sdk = *of_the_sdk.get_or_insert(waited / calls);
            assert_eq!(waited, of_the_sdk * calls + pauses, "{count}");
        }
    }

    #[tokio::test]
    async fn an_execution_about_no_lifecycle_action_is_about_nobody_and_one_without_input_is_an_error()
     {
        for (input, is_well) in [
            (json!("no JSON"), true),
            (json!("{}"), true),
            (
                json!("{\"detail\": {\"EC2InstanceId\": \"i-00000000\"}}"),
                true,
            ),
            (json!("{\"detail\": {\"LifecycleHookName\": \"h\"}}"), true),
            (Value::Null, false),
        ] {
            let aws = stub::aws(move |asked| {
                let one = json!({"executionArn": "e", "stateMachineArn": "m", "name": "n", "status": "RUNNING",
                    "startDate": 1_790_000_000});
                let mut answer = one.clone();
                if asked.action == "ListExecutions" {
                    answer = json!({"executions": [one]});
                } else if !input.is_null() {
                    answer["input"] = input.clone();
                }
                (200, answer.to_string())
            });
            let client = StepFunctions::new(&aws, &Clock::default());
            let wanted = AtHook {
                instance: InstanceId::new("i-00000000"),
                hook: HookName::new("h"),
            };
            let found = client.running("m", &[(wanted, "none".to_owned())]).await;
            assert_eq!(found.map(|found| found.len()).ok(), is_well.then_some(0));
        }
    }
}
