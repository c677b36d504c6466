//! The workers in this process: their SDK clients are handed an HTTP client that ends in the
//! account (see [`crate::sdk_client`]), so that the real serialisation, retries and error parsing
//! always run.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use workers::Clients;

use crate::account::{Account, Caller};
use crate::faults::FAULTS;
use crate::host::SimulationHost;
use crate::interceptors::invocations::{self, Crash, End};
use crate::interceptors::mutation;
use crate::invocation::{
    Answered, away, crashed, failure, out_of_memory, throttled, timed_out, worker_of,
};
use crate::lambda::LAMBDA;
use crate::lambda::{Failure, Function};
use crate::sdk_client;

/// How long an environment takes to be there before the first event.
///
/// assumption: 20 ms for Rust. The `Init Duration` in the function's logs proves it.
const COLD_START: Duration = Duration::from_millis(20);
/// From Step Functions to a warm function and back.
///
/// assumption: 12 ms. The times of `LambdaFunctionStarted` and `Succeeded` in a history prove it.
const INVOKE: Duration = Duration::from_millis(12);

/// The clients of each function, and the most environments that each has had.
#[derive(Debug, Default)]
pub struct InProcess {
    clients: BTreeMap<String, Clients>,
    most: BTreeMap<String, usize>,
}

/// One environment, about to be given an event.
#[derive(Debug)]
pub struct Environment {
    clients: Clients,
    cold: bool,
}

impl InProcess {
    /// An environment for an invocation that has just begun.
    pub fn environment(
        &mut self,
        world: &SimulationHost,
        account: &Account,
        name: &str,
    ) -> Environment {
        let clients = self
            .clients
            .entry(name.to_owned())
            .or_insert_with(|| {
                let wire =
                    sdk_client::in_process_connector(world, Caller::Function(name.to_owned()));
                Clients::new(&sdk_client::sdk_config(world, wire))
                    .measured_by(sdk_client::metrics(world))
            })
            .clone();
        // An environment more than ever before is a cold one.
        let running = account[LAMBDA].running(name);
        let most = self.most.entry(name.to_owned()).or_default();
        let cold = running > *most;
        *most = running.max(*most);
        Environment { clients, cold }
    }
}

impl Environment {
    /// Gives the event to the worker, and waits for its answer.
    pub async fn answer(self, world: &SimulationHost, name: &str, payload: &Value) -> Answered {
        let overhead = if self.cold {
            INVOKE + COLD_START
        } else {
            INVOKE
        };
        tokio::time::sleep(overhead).await;
        let began = world.now();
        let (function, (crash, end), is_away) = world.with(|account| {
            let function = account[LAMBDA].function(name).cloned();
            let is_away = account[FAULTS].active.functions_away_until > Some(account.now);
            (function, invocations::end(account), is_away)
        });
        let result = match function {
            _ if is_away => Err(away()),
            Some(function) => execute(world, &self.clients, payload, &function, crash, end).await,
            None => Err(super::not_found(name)),
        };
        let billed = world.now().duration_since(began);
        Answered {
            result,
            billed_ms: billed.as_millis() as u64,
        }
    }
}

async fn execute(
    world: &SimulationHost,
    clients: &Clients,
    payload: &Value,
    function: &Function,
    crash: Crash,
    end: End,
) -> Result<Value, Failure> {
    if crash == Crash::Before {
        return Err(ended(function, end, world.now(), world).await);
    }
    let Some(worker) = worker_of(function) else {
        return Err(failure(
            "Runtime.InvalidEntrypoint",
            &format!(
                "{} is not one of our workers, and only they run in process",
                function.code
            ),
            "",
        ));
    };
    let (clock, began) = (world.clone(), world.now());
    let wrong = world.mutation();
    let mut asked = payload.clone();
    mutation::asked(wrong, &mut asked);
    let answer = workers::answer(worker, asked, clients, move || clock.machine_time());
    let result =
        match tokio::time::timeout(Duration::from_secs(function.timeout_seconds), answer).await {
            Err(_) => Err(timed_out(function)),
            Ok(_) if crash == Crash::After => Err(ended(function, end, began, world).await),
            Ok(Err(error)) => Err(failure(error.name(), &error.chain(), error.name())),
            Ok(Ok(answer)) => Ok(serde_json::to_value(answer).expect("an answer is plain data")),
        };
    mutation::answered(wrong, worker, payload, result)
}

/// How an invocation that `began` then is told to have ended by a fault.
async fn ended(function: &Function, end: End, began: Timestamp, world: &SimulationHost) -> Failure {
    match end {
        End::Crash => crashed("The process was killed"),
        End::Memory => out_of_memory(),
        End::Throttled => throttled(),
        End::Timeout => {
            let spent = world.now().duration_since(began).unsigned_abs();
            let timeout = Duration::from_secs(function.timeout_seconds);
            tokio::time::sleep(timeout.saturating_sub(spent)).await;
            timed_out(function)
        }
    }
}
