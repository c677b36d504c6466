//! Runs the functions' invocations, as Lambda would run them: an environment for each concurrent
//! invocation, a timeout, errors by their type. The environments are either in this process
//! ([`InProcess`]), or processes of the real binaries ([`LambdaProcesses`]).

mod in_process;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::account::Account;
use crate::host::{FunctionRunner, SimulationHost};
use crate::interceptors::invocations::crash;
use crate::invocation::{Answered, not_found};
use crate::lambda::LAMBDA;
use crate::lambda::{Failure, Invocation};
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

enum Environment {
    InProcess(in_process::Environment),
    Processes(LambdaProcesses),
}

impl Invoker {
    /// Functions run in this process.
    pub fn in_process() -> Self {
        Self::InProcess(InProcess::default())
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

impl FunctionRunner for Invoker {
    fn run(&mut self, world: &SimulationHost, account: &Account, invocation: Invocation) {
        let environment = self.environment(world, account, &invocation.function);
        let world = world.clone();
        tokio::spawn(async move {
            let (name, payload) = (&invocation.function, &invocation.payload);
            let answered = environment.answer(&world, name, payload).await;
            world.with(|account| {
                account[LAMBDA].ended(name);
                account.record(invocation_event(&invocation, &answered));
                stepfunctions::task_returned(account, &invocation.ticket, answered.result);
            });
        });
    }

    fn answer(
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
            world.with(|account| account[LAMBDA].ended(&name));
            // Whoever asked may have gone away meanwhile; Lambda does not mind either.
            let _gone = sender.send(answered.result);
        });
        receiver
    }
}

impl Environment {
    async fn answer(self, world: &SimulationHost, name: &str, payload: &Value) -> Answered {
        let environments = match self {
            Self::InProcess(environment) => return environment.answer(world, name, payload).await,
            Self::Processes(environments) => environments,
        };
        let (function, crash) = world.with(|account| {
            let function = account[LAMBDA].function(name).cloned();
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

fn invocation_event(invocation: &Invocation, answered: &Answered) -> TraceEvent {
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
