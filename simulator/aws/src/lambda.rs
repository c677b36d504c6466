//! Lambda: functions, and the invocations that wait for somebody to run them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::account::{Account, Caller, arn};
use crate::s3::S3;
use crate::state::Key;
use crate::wire::{ApiError, Requests};

/// How requests are read.
const REQUESTS: Requests = Requests::json("InvalidParameterValueException");

/// The runtime of a binary called `bootstrap`.
const RUNTIME: &str = "provided.al2023";

/// The functions whose zips the build makes: `target/lambda/NAME/bootstrap.zip`. A stack may name
/// these without an upload.
pub const PACKAGES: [&str; 6] = [
    "joined",
    "draining",
    "drained",
    "stable",
    "complete-action",
    "reconcile",
];

/// The way to what Lambda remembers of an account.
pub const LAMBDA: Key<State> = Key::new();

/// The functions by name, and the invocations that nobody has taken up yet.
#[derive(Debug, Default)]
pub struct State {
    functions: BTreeMap<String, Function>,
    running: BTreeMap<String, usize>,
    /// Whether functions whose code was uploaded are refused: the account runs functions, but may
    /// not run these.
    pub refuses_uploads: bool,
    /// Invocations to run, oldest first. The driver takes them, and answers Step
    /// Functions.
    pub waiting: VecDeque<Invocation>,
}

/// A function as it was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// ARN of its execution role.
    pub role: String,
    /// Seconds until it is cut off.
    pub timeout_seconds: u64,
    /// Memory in MB, which the price follows.
    pub memory_mb: u64,
    /// Path of the zip, as the template names it, or `s3://bucket/key`.
    pub code: String,
    /// The zip itself, if it was put into a bucket.
    pub zip: Option<Arc<Vec<u8>>>,
}

/// One invocation, from a Task state.
#[derive(Debug)]
pub struct Invocation {
    /// Name of the function.
    pub function: String,
    /// What it is given.
    pub payload: Value,
    /// To whom the answer goes.
    pub ticket: Ticket,
}

/// Who asked for a task: one attempt of one state of one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// ARN of the execution.
    pub execution: String,
    /// Which attempt, counted through the whole execution; a ticket that is no longer awaited is
    /// ignored.
    pub attempt: u64,
}

/// A function's error, as Step Functions sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The errorType, which Retry and Catch name.
    pub error: String,
    /// The error's body, as JSON text.
    pub cause: String,
}

impl State {
    /// The function called `name`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// How many invocations of the function are in line or run now.
    pub fn running(&self, name: &str) -> usize {
        self.running.get(name).copied().unwrap_or_default()
    }

    /// Notes that an invocation of the function has begun.
    pub fn begun(&mut self, name: &str) {
        *self.running.entry(name.to_owned()).or_default() += 1;
    }

    /// Notes that an invocation of the function has ended.
    pub fn ended(&mut self, name: &str) {
        if let Some(running) = self.running.get_mut(name) {
            *running = running.saturating_sub(1);
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionRequest {
    function_name: String,
    #[serde(default)]
    role: String,
    timeout: Option<u64>,
    memory_size: Option<u64>,
    runtime: Option<String>,
    _handler: Option<IgnoredAny>,
    _architectures: Option<IgnoredAny>,
    code: Option<Value>,
    _logging_config: Option<IgnoredAny>,
    _tracing_config: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

/// Answers `CreateFunction`, `UpdateFunctionConfiguration` and `DeleteFunction`.
///
/// # Errors
/// `ResourceConflictException`, `ResourceNotFoundException`, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let request: FunctionRequest = REQUESTS.read(action, input)?;
    let runtime = request.runtime.as_deref();
    if let Some(runtime) = runtime.filter(|runtime| *runtime != RUNTIME) {
        return Err(ApiError::not_known(format_args!(
            "the runtime {runtime}; our workers are binaries for {RUNTIME}"
        )));
    }
    let name = &request.function_name;
    let exists = account[LAMBDA].functions.contains_key(name);
    match (action, exists) {
        ("CreateFunction", true) => Err(ApiError::client(
            "ResourceConflictException",
            format!("Function already exist: {name}"),
        )),
        ("CreateFunction", false) | ("UpdateFunctionConfiguration", true) => {
            put_function(account, request)
        }
        ("DeleteFunction", true) => {
            account[LAMBDA].functions.remove(name);
            Ok(json!({}))
        }
        ("UpdateFunctionConfiguration" | "DeleteFunction", false) => Err(ApiError::client(
            "ResourceNotFoundException",
            format!(
                "Function not found: {}",
                arn("lambda", &format!("function:{name}"))
            ),
        )),
        _ => Err(ApiError::not_implemented("lambda", action)),
    }
}

fn put_function(account: &mut Account, request: FunctionRequest) -> Result<Value, ApiError> {
    let name = request.function_name;
    let code = request.code.as_ref().and_then(Value::as_str);
    let code = code.unwrap_or_default().to_owned();
    let zip = account[S3].object(&code);
    if zip.is_some() && account[LAMBDA].refuses_uploads {
        let message = refused_upload(&name, &code);
        return Err(ApiError::client("InvalidParameterValueException", message));
    }
    let function = Function {
        role: request.role,
        timeout_seconds: request.timeout.unwrap_or(3),
        memory_mb: request.memory_size.unwrap_or(128),
        zip,
        code,
    };
    let arn = arn("lambda", &format!("function:{name}"));
    let answer = json!({"FunctionName": name, "FunctionArn": arn});
    account[LAMBDA].functions.insert(name, function);
    Ok(answer)
}

/// Why a function whose code was uploaded is not run, and the way out.
pub fn refused_upload(name: &str, code: &str) -> String {
    format!(
        "the code of the function {name} was uploaded ({code}), and this account does not run uploaded code; start it with \
         `ecs-rollout account --run-uploaded-code` if you trust whoever uploads, since it runs with all your rights"
    )
}

/// Puts an invocation of the function with ARN `function` in line.
///
/// # Errors
/// `Lambda.ResourceNotFoundException` if there is no such function.
pub fn invoke(
    account: &mut Account,
    function: &str,
    payload: Value,
    ticket: Ticket,
) -> Result<(), Failure> {
    let name = function.rsplit(':').next().unwrap_or_default();
    if function != arn("lambda", &format!("function:{name}"))
        || account[LAMBDA].function(name).is_none()
    {
        return Err(Failure {
            error: "Lambda.ResourceNotFoundException".to_owned(),
            cause: format!("Function not found: {function}"),
        });
    }
    account[LAMBDA].begun(name);
    account[LAMBDA].waiting.push_back(Invocation {
        function: name.to_owned(),
        payload,
        ticket,
    });
    Ok(())
}
