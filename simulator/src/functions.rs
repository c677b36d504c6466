//! Runs the functions' invocations, as Lambda would run them: an environment for each concurrent
//! invocation, a timeout, errors by their type. The environments are either in this process
//! ([`InProcess`]), or processes of the real binaries ([`LambdaProcesses`]).

mod in_process;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use workers::Worker;

use crate::account::Account;
use crate::host::SimulationHost;
use crate::interceptors::invocations::crash;
use crate::lambda::{Failure, Function, Invocation};
use crate::lambda_process::LambdaProcesses;
use crate::stepfunctions;
use crate::trace::TraceEvent;

pub use in_process::InProcess;

/// Runs invocations.
#[derive(Debug)]
pub enum Invoker {
    /// In this process.
    InProcess(InProcess),
    /// As processes of their own.
    Processes(LambdaProcesses),
}

/// What came of an invocation.
#[derive(Debug)]
pub struct Answered {
    /// The answer, or how it failed.
    pub result: Result<Value, Failure>,
    /// For how many milliseconds it is billed.
    pub billed_ms: u64,
}

enum Environment {
    InProcess(in_process::Environment),
    Processes(LambdaProcesses),
}

impl Invoker {
    /// Functions run in this process.
    pub fn in_process() -> Self {
        Self::InProcess(InProcess::default())
    }

    /// Starts `invocation`; its answer goes back to Step Functions when it is there.
    pub fn run(&mut self, world: &SimulationHost, account: &Account, invocation: Invocation) {
        let environment = self.environment(world, account, &invocation.function);
        let world = world.clone();
        tokio::spawn(async move {
            let (name, payload) = (&invocation.function, &invocation.payload);
            let answered = environment.answer(&world, name, payload).await;
            world.with(|account| {
                account.lambda.ended(name);
                account.record(told(&invocation, &answered));
                stepfunctions::task_returned(account, &invocation.ticket, answered.result);
            });
        });
    }

    /// Starts an invocation that somebody waits for himself.
    pub fn answer(
        &mut self,
        world: &SimulationHost,
        account: &Account,
        name: &str,
        payload: Value,
    ) -> oneshot::Receiver<Result<Value, Failure>> {
        let environment = self.environment(world, account, name);
        let (sender, receiver) = oneshot::channel();
        let (world, name) = (world.clone(), name.to_owned());
        tokio::spawn(async move {
            let answered = environment.answer(&world, &name, &payload).await;
            world.with(|account| account.lambda.ended(&name));
            // Whoever asked may have gone away meanwhile; Lambda does not mind either.
            let _gone = sender.send(answered.result);
        });
        receiver
    }

    fn environment(
        &mut self,
        world: &SimulationHost,
        account: &Account,
        name: &str,
    ) -> Environment {
        match self {
            Self::InProcess(here) => Environment::InProcess(here.environment(world, account, name)),
            Self::Processes(environments) => Environment::Processes(environments.clone()),
        }
    }
}

impl Environment {
    async fn answer(self, world: &SimulationHost, name: &str, payload: &Value) -> Answered {
        let environments = match self {
            Self::InProcess(environment) => return environment.answer(world, name, payload).await,
            Self::Processes(environments) => environments,
        };
        let (function, crash) = world.with(|account| {
            let function = account.lambda.function(name).cloned();
            (function, crash(account))
        });
        match function {
            Some(function) => environments.invoke(name, &function, payload, crash).await,
            None => Answered {
                result: Err(not_found(name)),
                billed_ms: 0,
            },
        }
    }
}

/// The failure of a function that is not there.
pub fn not_found(name: &str) -> Failure {
    Failure {
        error: "Lambda.ResourceNotFoundException".to_owned(),
        cause: format!("Function not found: {name}"),
    }
}

/// The failure of a process that ended before it answered: `message` says how.
pub fn crashed(message: &str) -> Failure {
    failure("Lambda.Unknown", message, "Runtime.ExitError")
}

/// The failure of a process that took more memory than it had.
pub fn out_of_memory() -> Failure {
    crashed("RequestId: unknown Error: Runtime exited with error: signal: killed")
}

/// The failure of an invocation while Lambda itself is in trouble.
pub fn away() -> Failure {
    failure(
        "Lambda.ServiceException",
        "An error occurred and the request cannot be processed.",
        "ServiceException",
    )
}

/// The failure of an invocation that Lambda throttled, as Step Functions shows it
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>).
pub fn throttled() -> Failure {
    failure(
        "Lambda.TooManyRequestsException",
        "Rate Exceeded.",
        "TooManyRequestsException",
    )
}

/// The failure of an invocation that was cut off.
pub fn timed_out(function: &Function) -> Failure {
    let message = format!(
        "Task timed out after {}.00 seconds",
        function.timeout_seconds
    );
    failure("Lambda.Unknown", &message, "Sandbox.Timedout")
}

/// A failure under the name `error`, with a body of message and type.
pub fn failure(error: &str, message: &str, error_type: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: json!({"errorMessage": message, "errorType": error_type}).to_string(),
    }
}

fn told(invocation: &Invocation, answered: &Answered) -> TraceEvent {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (verdict, reason, answer) = match &answered.result {
        Ok(answer) => (
            text(&answer["verdict"]),
            text(&answer["reason"]),
            answer.clone(),
        ),
        Err(failure) => {
            let cause: Value = serde_json::from_str(&failure.cause).unwrap_or_default();
            (
                failure.error.clone(),
                text(&cause["errorMessage"]),
                Value::Null,
            )
        }
    };
    TraceEvent::Invocation {
        execution: invocation.ticket.execution.clone(),
        function: invocation.function.clone(),
        instance: text(&invocation.payload["detail"]["EC2InstanceId"]),
        result: text(&invocation.payload["result"]),
        failed: answered.result.is_err(),
        verdict,
        reason,
        answer,
        billed_ms: answered.billed_ms,
    }
}

/// The worker in the function's zip, by the folder in which the build puts it.
pub fn worker_of(function: &Function) -> Option<Worker> {
    let folder = function.code.rsplit('/').nth(1)?;
    Worker::from_name(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zips_that_a_stack_may_name_are_those_of_the_workers() {
        let packages = crate::lambda::PACKAGES.map(Worker::from_name);
        assert_eq!(packages, Worker::ALL.map(Some));
    }
}
