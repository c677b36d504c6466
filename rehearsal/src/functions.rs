//! Runs the real workers in process, as Lambda would run them: an environment for each concurrent invocation, a
//! timeout, errors by their type.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use workers::{Clients, Worker};

use crate::account::{Account, Caller, REGION};
use crate::changes::Sight;
use crate::fact::Fact;
use crate::lambda::{Failure, Function, Invocation};
use crate::world::World;
use crate::{stepfunctions, wire};

/// How long an environment takes to be there before the first event. Observed for Rust on arm64: 16 to 22 ms.
const COLD_START: Duration = Duration::from_millis(20);
/// From Step Functions to a warm function and back. Assumed.
const INVOKE: Duration = Duration::from_millis(12);
/// Of ten invocations under the fault `worker-error`, so many crash, half of them before they do anything, half of
/// them when all is done but the answer.
const CRASHES_IN_TEN: u8 = 2;

/// Runs invocations.
#[derive(Debug, Default)]
pub struct Invoker {
    clients: BTreeMap<String, Clients>,
    cold: BTreeMap<String, usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crash {
    Never,
    Before,
    After,
}

impl Invoker {
    /// Starts `invocation`; its answer goes back to Step Functions when it is there.
    pub fn run(&mut self, world: &World, account: &Account, invocation: Invocation) {
        let name = invocation.function.clone();
        let clients = self
            .clients
            .entry(name.clone())
            .or_insert_with(|| Clients::new(&sdk_config(world, &name)))
            .clone();
        // An environment more than ever before is a cold one.
        let running = account.lambda.running(&name);
        let most = self.cold.entry(name).or_default();
        let cold = running > *most;
        *most = running.max(*most);
        let world = world.clone();
        tokio::spawn(async move { run(world, clients, invocation, cold).await });
    }
}

async fn run(world: World, clients: Clients, invocation: Invocation, cold: bool) {
    let overhead = if cold { INVOKE + COLD_START } else { INVOKE };
    tokio::time::sleep(overhead).await;
    let began = world.now();
    let (function, crash) = world.with(|account| {
        let function = account.lambda.function(&invocation.function).cloned();
        (function, crash(account))
    });
    let result = match function {
        Some(function) => execute(&world, &clients, &invocation, &function, crash).await,
        None => Err(Failure {
            error: "Lambda.ResourceNotFoundException".to_owned(),
            cause: format!("Function not found: {}", invocation.function),
        }),
    };
    let billed = world.now().duration_since(began).as_millis() as u64;
    world.with(|account| {
        account.lambda.ended(&invocation.function);
        account.tell(told(&invocation, &result, billed));
        stepfunctions::task_returned(account, &invocation.ticket, result);
    });
}

fn crash(account: &mut Account) -> Crash {
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
    invocation: &Invocation,
    function: &Function,
    crash: Crash,
) -> Result<Value, Failure> {
    let crashed = || {
        failure(
            "Lambda.Unknown",
            "The process was killed",
            "Runtime.ExitError",
        )
    };
    if crash == Crash::Before {
        return Err(crashed());
    }
    let Some(worker) = function.worker() else {
        return Err(failure(
            "Runtime.InvalidEntrypoint",
            &format!("{} is none of our workers", function.code),
            "",
        ));
    };
    let clock = world.clone();
    let answer = workers::answer(worker, invocation.payload.clone(), clients, move || {
        clock.now()
    });
    match tokio::time::timeout(Duration::from_secs(function.timeout_seconds), answer).await {
        Err(_) => Err(failure(
            "Lambda.Unknown",
            &format!(
                "Task timed out after {}.00 seconds",
                function.timeout_seconds
            ),
            "Sandbox.Timedout",
        )),
        Ok(_) if crash == Crash::After => Err(crashed()),
        Ok(Err(error)) => Err(failure(error.name(), &error.chain(), error.name())),
        Ok(Ok(answer)) => Ok(serde_json::to_value(answer).expect("an answer is plain data")),
    }
}

fn failure(error: &str, message: &str, error_type: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: json!({"errorMessage": message, "errorType": error_type}).to_string(),
    }
}

fn told(invocation: &Invocation, result: &Result<Value, Failure>, billed_ms: u64) -> Fact {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (verdict, reason) = match result {
        Ok(answer) => (text(&answer["verdict"]), text(&answer["reason"])),
        Err(failure) => {
            let cause: Value = serde_json::from_str(&failure.cause).unwrap_or_default();
            (failure.error.clone(), text(&cause["errorMessage"]))
        }
    };
    Fact::Invocation {
        execution: invocation.ticket.execution.clone(),
        function: invocation.function.clone(),
        instance: text(&invocation.payload["detail"]["EC2InstanceId"]),
        result: text(&invocation.payload["result"]),
        failed: result.is_err(),
        verdict,
        reason,
        billed_ms,
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
        let call = wire::read(
            request.headers().get("x-amz-target"),
            signed_for(request.headers().get("authorization").unwrap_or_default()),
            request.body().bytes().unwrap_or_default(),
        );
        let (world, caller) = (self.world.clone(), self.caller.clone());
        HttpConnectorFuture::new(async move {
            let response = world.serve(&caller, call).await;
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

/// The service in the credential scope of a signature: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn signed_for(authorization: &str) -> &str {
    authorization
        .split("Credential=")
        .nth(1)
        .and_then(|scope| scope.split('/').nth(3))
        .unwrap_or_default()
}

impl Function {
    /// How much of the account the worker looks at when it is asked about `event`.
    pub fn sight<'a>(&self, event: &'a Value) -> Sight<'a> {
        let instance = event["detail"]["EC2InstanceId"]
            .as_str()
            .unwrap_or_default();
        let launching =
            event["detail"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING";
        match self.worker() {
            Some(Worker::Joined | Worker::Draining | Worker::Drained) => Sight::Instance(instance),
            Some(Worker::Stable) if launching => Sight::Group,
            _ => Sight::All,
        }
    }

    /// The worker in the function's zip, by the folder in which the build puts it.
    pub fn worker(&self) -> Option<Worker> {
        let folder = self.code.rsplit('/').nth(1)?;
        Worker::from_name(folder)
    }
}
