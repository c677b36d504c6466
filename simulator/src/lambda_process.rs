//! Lambda's execution environments as processes: the function's `bootstrap` runs as a child, and is
//! given its events through the Lambda Runtime API. One environment serves one invocation at a
//! time; it is kept for the next one.
//!
//! - this file: which environment serves an invocation, and how many were started
//! - `child`: one process, from its start to its end
//! - `runtime_api`: what it is told, and what it says
//! - `code`: where the binary is, and what a zip may be
//! - `error`: why a function cannot be started

mod child;
mod code;
mod error;
mod runtime_api;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use serde_json::Value;

use crate::endpoint::keys::Keys;
use crate::interceptors::invocations::Crash;
use crate::invocation::{Answered, crashed, failure, worker_of};
use crate::lambda::Function;
use child::Child;
pub use error::{CodeError, StartError, ZipError};

/// Takes a line that a function has written, and the function's name.
pub type Log = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// The environments of all functions. Clones are the same.
#[derive(Clone)]
pub struct LambdaProcesses {
    inner: Arc<Inner>,
}

struct Inner {
    host: Host,
    state: Mutex<State>,
}

/// What environments are started with.
pub struct Host {
    /// The folder of the workers' binaries.
    pub workers: PathBuf,
    /// Where the account listens, such as `http://127.0.0.1:4500`.
    pub endpoint: String,
    /// The account's access keys, of which each function gets its own.
    pub keys: Keys,
    /// Whether zips that were uploaded are run, with all rights of the user who started the
    /// account.
    pub runs_uploaded_code: bool,
    /// Takes what functions write.
    pub log: Log,
}

#[derive(Default)]
struct State {
    idle: BTreeMap<String, Vec<Child>>,
    starts: BTreeMap<String, Starts>,
    unpacked: code::Unpacked,
}

/// How often a function was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Starts {
    /// In a new environment.
    pub cold: u64,
    /// In one that had served before.
    pub warm: u64,
}

impl fmt::Debug for LambdaProcesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environments of {}", self.inner.host.workers.display())
    }
}

impl LambdaProcesses {
    /// Environments on `host`.
    pub fn new(host: Host) -> Self {
        let state = Mutex::default();
        Self {
            inner: Arc::new(Inner { host, state }),
        }
    }

    /// Whether the binaries of all workers are there.
    ///
    /// # Errors
    /// The first one that is not there, or does not run here.
    pub fn check(&self) -> Result<(), CodeError> {
        for worker in workers::Worker::ALL {
            code::runs_here(&code::binary(&self.inner.host.workers, worker)?)?;
        }
        Ok(())
    }

    /// How often each function was started.
    pub fn starts(&self) -> BTreeMap<String, Starts> {
        self.lock().starts.clone()
    }

    /// Gives `payload` to the function, in an idle environment or a new one, and waits for what
    /// comes of it.
    pub async fn invoke(
        &self,
        name: &str,
        function: &Function,
        payload: &Value,
        crash: Crash,
    ) -> Answered {
        let mut child = match self.environment(name, function) {
            Ok(child) => child,
            Err(error) => {
                let result = Err(failure(
                    "Lambda.Unknown",
                    &error.to_string(),
                    "Runtime.InvalidEntrypoint",
                ));
                return Answered {
                    result,
                    billed_ms: 0,
                };
            }
        };
        let served = child.serve(function, payload, crash).await;
        if child.is_well() {
            self.lock()
                .idle
                .entry(name.to_owned())
                .or_default()
                .push(child);
        }
        served
    }

    /// One that is idle and alive, or a new one.
    fn environment(&self, name: &str, function: &Function) -> Result<Child, StartError> {
        let mut state = self.lock();
        while let Some(mut child) = state.idle.get_mut(name).and_then(Vec::pop) {
            if child.is_well() && child.runs(function) {
                state.starts.entry(name.to_owned()).or_default().warm += 1;
                return Ok(child);
            }
        }
        let binary = match &function.zip {
            Some(_) if !self.inner.host.runs_uploaded_code => {
                return Err(StartError::Uploaded {
                    function: name.to_owned(),
                    code: function.code.clone(),
                });
            }
            Some(zip) => state.unpacked.bootstrap(&function.code, zip)?,
            None => {
                let worker = worker_of(function).ok_or_else(|| StartError::NotAWorker {
                    code: function.code.clone(),
                })?;
                code::binary(&self.inner.host.workers, worker)?
            }
        };
        code::runs_here(&binary)?;
        state.starts.entry(name.to_owned()).or_default().cold += 1;
        Child::start(name, function, &binary, &self.inner.host)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run")
    }
}

/// The failure of a process that ended with `status` while it was asked.
fn ended(request_id: &str, status: &str) -> crate::lambda::Failure {
    crashed(&format!(
        "RequestId: {request_id} Error: Runtime exited with error: {status}"
    ))
}
