//! The workers in this process: their SDK clients are handed an HTTP client that ends in the account (see
//! [`crate::inside`]), so that the real serialisation, retries and error parsing always run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use workers::Clients;

use super::{Answered, Crash, crashed, failure, timed_out};
use crate::account::{Account, Caller};
use crate::inside;
use crate::lambda::{Failure, Function};
use crate::world::World;

/// How long an environment takes to be there before the first event. Observed for Rust on arm64: 16 to 22 ms.
const COLD_START: Duration = Duration::from_millis(20);
/// From Step Functions to a warm function and back. Assumed.
const INVOKE: Duration = Duration::from_millis(12);
/// Of ten invocations under the fault `worker-error`, so many crash, half of them before they do anything, half of
/// them when all is done but the answer.
const CRASHES_IN_TEN: u8 = 2;

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
    pub fn environment(&mut self, world: &World, account: &Account, name: &str) -> Environment {
        let clients = self
            .clients
            .entry(name.to_owned())
            .or_insert_with(|| {
                let wire = inside::wire(world, Caller::Function(name.to_owned()));
                Clients::new(&inside::sdk_config(world, wire))
            })
            .clone();
        // An environment more than ever before is a cold one.
        let running = account.lambda.running(name);
        let most = self.most.entry(name.to_owned()).or_default();
        let cold = running > *most;
        *most = running.max(*most);
        Environment { clients, cold }
    }
}

impl Environment {
    /// Gives the event to the worker, and waits for its answer.
    pub async fn answer(self, world: &World, name: &str, payload: &Value) -> Answered {
        let overhead = if self.cold {
            INVOKE + COLD_START
        } else {
            INVOKE
        };
        tokio::time::sleep(overhead).await;
        let began = world.now();
        let (function, crash) = world.with(|account| {
            let function = account.lambda.function(name).cloned();
            (function, crash(account))
        });
        let result = match function {
            Some(function) => execute(world, &self.clients, payload, &function, crash).await,
            None => Err(super::not_found(name)),
        };
        let billed = world.now().duration_since(began);
        Answered {
            result,
            billed_ms: billed.as_millis() as u64,
        }
    }
}

/// Whether, and when, the next invocation crashes.
pub fn crash(account: &mut Account) -> Crash {
    if !account.faults.worker_error || account.wire_random.u8(0..10) >= CRASHES_IN_TEN {
        return Crash::Never;
    }
    if account.wire_random.bool() {
        Crash::Before
    } else {
        Crash::After
    }
}

async fn execute(
    world: &World,
    clients: &Clients,
    payload: &Value,
    function: &Function,
    crash: Crash,
) -> Result<Value, Failure> {
    if crash == Crash::Before {
        return Err(crashed("The process was killed"));
    }
    let Some(worker) = function.worker() else {
        return Err(failure(
            "Runtime.InvalidEntrypoint",
            &format!(
                "{} is none of our workers, and only they run in process",
                function.code
            ),
            "",
        ));
    };
    let clock = world.clone();
    let answer = workers::answer(worker, payload.clone(), clients, move || clock.now());
    match tokio::time::timeout(Duration::from_secs(function.timeout_seconds), answer).await {
        Err(_) => Err(timed_out(function)),
        Ok(_) if crash == Crash::After => Err(crashed("The process was killed")),
        Ok(Err(error)) => Err(failure(error.name(), &error.chain(), error.name())),
        Ok(Ok(answer)) => Ok(serde_json::to_value(answer).expect("an answer is plain data")),
    }
}
