//! One question from its token to its answer, with a beat every now and then.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use workers::{Clients, Worker};

use crate::pace::HEARTBEAT;
use crate::stepfunctions::{Delivered, StepFunctions, Task};

/// A handler that takes longer than the functions may is given up, as Lambda would: the question is
/// asked again.
const HANDLER_LIMIT: Duration = Duration::from_secs(60);

/// What a question is answered with.
#[derive(Debug, PartialEq)]
enum Outcome {
    Answer(String),
    Error { name: String, cause: String },
}

/// Answers `task`, unless Step Functions does not await the answer any more.
pub async fn answer(
    worker: Worker,
    task: Task,
    stepfunctions: StepFunctions,
    clients: Clients,
    now: impl Fn() -> Timestamp,
) {
    let work = work(worker, &task.input, &clients, now);
    let Some(outcome) = beating(worker, &task.token, &stepfunctions, work).await else {
        return;
    };
    let sent = match outcome {
        Outcome::Answer(output) => stepfunctions.succeed(&task.token, output).await,
        Outcome::Error { name, cause } => stepfunctions.fail(&task.token, &name, &cause).await,
    };
    match sent {
        Ok(Delivered::Taken) => {}
        Ok(Delivered::TooLate) => {
            tracing::warn!(worker = worker.name(), "nobody awaits this answer any more");
        }
        Err(error) => {
            let chain = error.chain();
            tracing::error!(
                worker = worker.name(),
                chain,
                "the answer was not taken; the question will be asked again"
            );
        }
    }
}

async fn work(
    worker: Worker,
    input: &str,
    clients: &Clients,
    now: impl Fn() -> Timestamp,
) -> Outcome {
    let input: Value = match serde_json::from_str(input) {
        Ok(input) => input,
        Err(error) => {
            return failed(
                worker,
                "BadEvent",
                &format!("the input is not JSON: {error}"),
            );
        }
    };
    let answer = workers::answer(worker, input, clients, now);
    match tokio::time::timeout(HANDLER_LIMIT, answer).await {
        Ok(Ok(answer)) => {
            let output = serde_json::to_string(&answer).expect("an answer is plain data");
            Outcome::Answer(output)
        }
        Ok(Err(error)) => failed(worker, error.name(), &error.chain()),
        Err(_) => {
            let limit = HANDLER_LIMIT.as_secs();
            failed(
                worker,
                "Unavailable",
                &format!("no answer within {limit} s; retry later"),
            )
        }
    }
}

/// The cause has the shape that Lambda gives it, so that a history reads alike wherever the workers
/// run.
fn failed(worker: Worker, name: &str, chain: &str) -> Outcome {
    tracing::error!(worker = worker.name(), error = name, chain, "no answer");
    Outcome::Error {
        name: name.to_owned(),
        cause: json!({"errorMessage": chain, "errorType": name}).to_string(),
    }
}

/// What `work` comes to, with beats meanwhile; nothing if nobody awaits it any more.
async fn beating<T>(
    worker: Worker,
    token: &str,
    stepfunctions: &StepFunctions,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        outcome = work => Some(outcome),
        () = beat(worker, token, stepfunctions) => None,
    }
}

/// Beats until nobody awaits the answer any more.
async fn beat(worker: Worker, token: &str, stepfunctions: &StepFunctions) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        match stepfunctions.beat(token).await {
            Ok(Delivered::Taken) => {}
            Ok(Delivered::TooLate) => {
                tracing::warn!(
                    worker = worker.name(),
                    "nobody awaits this answer any more; the question is dropped"
                );
                return;
            }
            Err(error) => {
                let chain = error.chain();
                tracing::warn!(worker = worker.name(), chain, "a heartbeat was not taken");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use workers::clock::Clock;

    use super::*;

    /// Takes so many beats, and is then told nobody waits any more; counts them all.
    #[derive(Debug, Clone)]
    struct Beats {
        taken: usize,
        seen: Arc<AtomicUsize>,
    }

    impl HttpConnector for Beats {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let target = request.headers().get("x-amz-target");
            assert_eq!(target, Some("AWSStepFunctions.SendTaskHeartbeat"));
            let seen = self.seen.fetch_add(1, Ordering::Relaxed);
            let (status, body) = if seen < self.taken {
                (200, "{}")
            } else {
                (400, r#"{"__type": "TaskTimedOut", "message": "gone"}"#)
            };
            let status = status.try_into().expect("an HTTP status");
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
        }
    }

    /// What work of `seconds` comes to when so many beats are taken, and how many there were.
    async fn works(seconds: u64, taken: usize) -> (Option<u64>, usize) {
        let seen = Arc::new(AtomicUsize::new(0));
        let connector = SharedHttpConnector::new(Beats {
            taken,
            seen: seen.clone(),
        });
        let credentials = Credentials::new("id", "secret", None, None, "stub");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        let stepfunctions = StepFunctions::new(&config, &Clock::default());
        let began = tokio::time::Instant::now();
        let work = tokio::time::sleep(Duration::from_secs(seconds));
        let done = beating(Worker::Joined, "token", &stepfunctions, work).await;
        let done = done.map(|()| began.elapsed().as_secs());
        (done, seen.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn long_work_is_reported_every_thirty_seconds() {
        assert_eq!(works(29, 9).await, (Some(29), 0));
        assert_eq!(works(100, 9).await, (Some(100), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_nobody_awaits_is_dropped_at_the_next_beat() {
        assert_eq!(works(100, 1).await, (None, 2));
    }
}
