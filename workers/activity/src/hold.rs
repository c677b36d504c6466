//! One question from its token to its answer, with a beat every now and then.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use workers::{Clients, Worker};

use crate::pace::HEARTBEAT;
use crate::stepfunctions::{Delivered, StepFunctions, Task};

/// A handler that takes longer than the functions may is given up, as Lambda would: the question is asked again.
const HANDLER_LIMIT: Duration = Duration::from_secs(60);

/// What a question is answered with.
#[derive(Debug, PartialEq)]
enum Outcome {
    Answer(String),
    Error { name: String, cause: String },
}

/// Answers `task`, unless Step Functions does not await the answer any more.
pub async fn hold(
    worker: Worker,
    task: Task,
    stepfunctions: StepFunctions,
    clients: Clients,
    now: impl Fn() -> Timestamp,
) {
    let outcome = tokio::select! {
        biased;
        outcome = work(worker, &task.input, &clients, now) => outcome,
        () = beat(worker, &task.token, &stepfunctions) => return,
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
                &format!("no answer within {limit} s; ask again later"),
            )
        }
    }
}

/// The cause has the shape that Lambda gives it, so that a history reads alike wherever the workers run.
fn failed(worker: Worker, name: &str, chain: &str) -> Outcome {
    tracing::error!(worker = worker.name(), error = name, chain, "no answer");
    Outcome::Error {
        name: name.to_owned(),
        cause: json!({"errorMessage": chain, "errorType": name}).to_string(),
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
