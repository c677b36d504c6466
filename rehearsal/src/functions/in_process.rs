//! The workers in this process: their SDK clients are handed an HTTP client that ends in the account, so that the real
//! serialisation, retries and error parsing always run.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use workers::Clients;

use super::{Answered, Crash, crashed, failure, timed_out};
use crate::account::{Account, Caller, REGION};
use crate::lambda::{Failure, Function};
use crate::wire;
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
            .or_insert_with(|| Clients::new(&sdk_config(world, name)))
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

fn sdk_config(world: &World, function: &str) -> aws_config::SdkConfig {
    let wire = Wire {
        world: world.clone(),
        caller: Caller::Function(function.to_owned()),
    };
    let connector = SharedHttpConnector::new(wire);
    let credentials = aws_credential_types::Credentials::new(
        "AKIDREHEARSAL",
        "rehearsal",
        None,
        None,
        "rehearsal",
    );
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new(REGION))
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(credentials),
        )
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(Clock(world.clone())))
        .build()
}

#[derive(Debug)]
struct Clock(World);

impl TimeSource for Clock {
    fn now(&self) -> std::time::SystemTime {
        self.0.now().into()
    }
}

/// The HTTP client of one function's SDKs.
#[derive(Debug)]
struct Wire {
    world: World,
    caller: Caller,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        let authorization = request.headers().get("authorization").unwrap_or_default();
        let (service, _) = wire::signed_for(authorization);
        let body = request.body().bytes().unwrap_or_default();
        let call = wire::read(target.as_deref(), service, body);
        let (world, caller) = (self.world.clone(), self.caller.clone());
        HttpConnectorFuture::new(async move {
            let response = match call {
                Ok(call) => world.serve(&caller, &call).await,
                Err(error) => world.refuse(target.as_deref(), error),
            };
            let status = response
                .status
                .try_into()
                .expect("our services answer with valid statuses");
            let mut http = HttpResponse::new(status, SdkBody::from(response.body));
            http.headers_mut()
                .insert("content-type", response.content_type);
            Ok(http)
        })
    }
}
