//! The executions of the state machine: which run, what they know, how they ended.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use jiff::Timestamp;
use serde_json::Value;
use workers::Error;

use super::Aws;

/// So many events of a history are read back from its end: the last state entered is among them.
const EVENTS_READ: i32 = 50;

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, or how it ended.
    pub status: String,
}

/// How far an execution has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The state that it entered last.
    pub state: String,
    /// When.
    pub since: Timestamp,
    /// What that state was given: the event, and the workers' answers.
    pub input: Value,
    /// Error and cause, if it failed.
    pub failure: Option<(String, String)>,
}

impl Ran {
    /// The instance that it is about.
    pub fn instance(&self) -> &str {
        self.input["detail"]["EC2InstanceId"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Aws {
    /// Executions of this status, newest first: all that run, or as many of the ended ones as one page has.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn executions(
        &self,
        machine: &str,
        status: ExecutionStatus,
    ) -> Result<Vec<Execution>, Error> {
        let call = "states:ListExecutions";
        let is_running = status == ExecutionStatus::Running;
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let sent = self
                .stepfunctions
                .list_executions()
                .state_machine_arn(machine)
                .status_filter(status.clone())
                .set_next_token(next)
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            found.extend(answer.executions().iter().map(|one| Execution {
                arn: one.execution_arn().to_owned(),
                name: one.name().to_owned(),
                status: one.status().as_str().to_owned(),
            }));
            next = answer.next_token().map(str::to_owned);
            if next.is_none() || !is_running {
                return Ok(found);
            }
        }
    }

    /// How far an execution has come, read back from the end of its history; nothing if it has not entered any state.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn ran(&self, execution: &str) -> Result<Option<Ran>, Error> {
        let call = "states:GetExecutionHistory";
        let mut failure = None;
        let mut next = None;
        loop {
            let sent = self
                .stepfunctions
                .get_execution_history()
                .execution_arn(execution)
                .reverse_order(true)
                .max_results(EVENTS_READ)
                .set_next_token(next)
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            for event in answer.events() {
                if let Some(failed) = event.execution_failed_event_details() {
                    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                    failure = Some((text(failed.error()), text(failed.cause())));
                }
                if let Some(mut ran) = entered(event) {
                    ran.failure = failure;
                    return Ok(Some(ran));
                }
            }
            next = answer.next_token().map(str::to_owned);
            if next.is_none() {
                return Ok(None);
            }
        }
    }
}

fn entered(event: &HistoryEvent) -> Option<Ran> {
    let entered = event.state_entered_event_details()?;
    Some(Ran {
        state: entered.name().to_owned(),
        since: super::time(Some(event.timestamp()))?,
        input: serde_json::from_str(entered.input()?).ok()?,
        failure: None,
    })
}
