//! One environment: a process of the function's binary.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use super::runtime_api::{Event, RuntimeApi, RuntimeMessage, open};
use super::{Host, Log, StartError, ended};
use crate::account::{REGION, arn};
use crate::interceptors::invocations::Crash;
use crate::invocation::{Answered, timed_out};
use crate::lambda::{Failure, Function};

/// How long a function may take until it asks for its first event
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How often the memory of a busy process is looked at.
const MEMORY_LOOK: Duration = Duration::from_millis(25);
/// A secret key, for clients to sign with. The account does not check signatures: the access key id
/// is the secret.
const SECRET: &str = "not-checked";

/// A process, and the conversation with it.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    conversation: RuntimeApi,
    started: Instant,
    asked_for_event: bool,
    served: u64,
    broken: bool,
    function: Function,
}

impl Child {
    /// Starts one.
    ///
    /// # Errors
    /// If the Runtime API has no port, or the system does not start the binary.
    pub fn start(
        name: &str,
        function: &Function,
        binary: &Path,
        host: &Host,
    ) -> Result<Self, StartError> {
        let conversation =
            open(arn("lambda", &format!("function:{name}"))).map_err(StartError::NoPort)?;
        let mut process = command(name, function, binary, host, &conversation)
            .spawn()
            .map_err(|cause| StartError::NotStarted {
                binary: binary.to_owned(),
                cause,
            })?;
        read_lines(process.stdout.take(), name, &host.log);
        read_lines(process.stderr.take(), name, &host.log);
        Ok(Self {
            process,
            conversation,
            started: Instant::now(),
            asked_for_event: false,
            served: 0,
            broken: false,
            function: function.clone(),
        })
    }

    /// Whether it can serve another event.
    pub fn is_well(&mut self) -> bool {
        !self.broken && matches!(self.process.try_wait(), Ok(None))
    }

    /// Whether it was started from the function as it is now.
    pub fn runs(&self, function: &Function) -> bool {
        self.function == *function
    }

    /// Gives it one event, and waits for what comes of it.
    pub async fn serve(&mut self, function: &Function, payload: &Value, crash: Crash) -> Answered {
        // An environment's first invocation pays for its start as well.
        let began = if self.served == 0 {
            self.started
        } else {
            Instant::now()
        };
        self.served += 1;
        let request_id = format!(
            "{:08x}-0000-4000-a000-{:012x}",
            self.process.id().unwrap_or(0),
            self.served
        );
        let result = self.talk(function, payload, crash, &request_id).await;
        Answered {
            result,
            billed_ms: began.elapsed().as_millis() as u64,
        }
    }

    async fn talk(
        &mut self,
        function: &Function,
        payload: &Value,
        crash: Crash,
        request_id: &str,
    ) -> Result<Value, Failure> {
        let timeout = Duration::from_secs(function.timeout_seconds);
        if !self.asked_for_event {
            self.hear(INIT_LIMIT + timeout, function, request_id)
                .await?;
        }
        if crash == Crash::Before {
            return Err(self.kill(request_id).await);
        }
        let deadline = SystemTime::now() + timeout;
        let event = Event {
            request_id: request_id.to_owned(),
            deadline_ms: deadline
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_millis(),
            payload: payload.to_string(),
        };
        self.asked_for_event = false;
        if self.conversation.events.send(event).await.is_err() {
            return Err(self.kill(request_id).await);
        }
        let until = Instant::now() + timeout;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.hear(left, function, request_id).await? {
                RuntimeMessage::Answer(id, _) if id == request_id && crash == Crash::After => {
                    return Err(self.kill(request_id).await);
                }
                RuntimeMessage::Answer(id, value) if id == request_id => return Ok(value),
                RuntimeMessage::Error(id, failed) if id == request_id => return Err(failed),
                // About an event of long ago, or the next question already.
                RuntimeMessage::Answer(..)
                | RuntimeMessage::Error(..)
                | RuntimeMessage::Next
                | RuntimeMessage::InitError(..) => {}
            }
        }
    }

    /// The next thing that it says, unless it ends, takes too long or takes too much memory.
    async fn hear(
        &mut self,
        limit: Duration,
        function: &Function,
        request_id: &str,
    ) -> Result<RuntimeMessage, Failure> {
        let over = tokio::time::sleep(limit);
        tokio::pin!(over);
        let mut memory = tokio::time::interval(MEMORY_LOOK);
        loop {
            tokio::select! {
                biased;
                message = self.conversation.messages.recv() => match message {
                    Some(RuntimeMessage::InitError(failed)) => {
                        self.broken = true;
                        let error = "Lambda.Unknown".to_owned();
                        return Err(Failure { error, ..failed });
                    }
                    Some(said) => {
                        self.asked_for_event = matches!(said, RuntimeMessage::Next);
                        return Ok(said);
                    }
                    None => return Err(self.kill(request_id).await),
                },
                status = self.process.wait() => {
                    self.broken = true;
                    let status = status.map_or_else(|error| error.to_string(), in_words);
                    return Err(ended(request_id, &status));
                }
                () = &mut over => {
                    self.kill(request_id).await;
                    return Err(timed_out(function));
                }
                _ = memory.tick() => if self.takes_more_than(function.memory_mb) {
                    return Err(self.kill(request_id).await);
                },
            }
        }
    }

    /// Whether it has more memory than the function may have. Only Linux tells; elsewhere nothing
    /// is enforced.
    fn takes_more_than(&self, megabytes: u64) -> bool {
        let Some(id) = self.process.id() else {
            return false;
        };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        resident_kib(&status).is_some_and(|kib| kib > megabytes * 1024)
    }

    async fn kill(&mut self, request_id: &str) -> Failure {
        self.broken = true;
        // It may have ended by itself just now.
        let _ended = self.process.kill().await;
        ended(request_id, "signal: killed")
    }
}

/// The resident memory that a process's `status` tells, in KiB.
fn resident_kib(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn command(
    name: &str,
    function: &Function,
    binary: &Path,
    host: &Host,
    conversation: &RuntimeApi,
) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TZ", ":UTC")
        .env("AWS_LAMBDA_RUNTIME_API", conversation.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory_mb.to_string(),
        )
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .env("_HANDLER", "bootstrap")
        .env(
            "LAMBDA_TASK_ROOT",
            binary.parent().unwrap_or(Path::new("/")),
        )
        .env("AWS_REGION", REGION.as_str())
        .env("AWS_DEFAULT_REGION", REGION.as_str())
        .env("AWS_ENDPOINT_URL", &host.endpoint)
        .env("AWS_ACCESS_KEY_ID", host.keys.function(name))
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_SESSION_TOKEN", SECRET)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn read_lines(from: Option<impl AsyncRead + Unpin + Send + 'static>, name: &str, log: &Log) {
    let Some(from) = from else { return };
    let (name, log) = (name.to_owned(), log.clone());
    tokio::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log(&name, &line);
        }
    });
}

/// As Lambda puts it.
fn in_words(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return match signal {
            9 => "signal: killed".to_owned(),
            other => format!("signal: {other}"),
        };
    }
    format!("exit status {}", status.code().unwrap_or(-1))
}

#[cfg(test)]
mod tests;
