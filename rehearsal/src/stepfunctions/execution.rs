//! One execution: its history, as the real service writes it, and where it stands.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition::{Definition, Then};
use super::path::Scope;

/// The most events that a history can have; the last one is then `ExecutionFailed` (documented).
pub const HISTORY_LIMIT: usize = 25_000;

/// The state of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It goes on.
    Running,
    /// It came to a Succeed state or an End.
    Succeeded,
    /// It came to a Fail state or an error that nothing caught.
    Failed,
    /// It took longer than the definition's TimeoutSeconds.
    TimedOut,
    /// It was stopped.
    Aborted,
}

impl Status {
    /// As the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// One event of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// Counted from 1.
    pub id: usize,
    /// The event from which this one follows; 0 for the first two.
    pub previous_event_id: usize,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Its type, such as `TaskStateEntered`.
    pub kind: String,
    /// The member for its details, and the details, if it has any.
    pub details: Option<(&'static str, Value)>,
}

impl HistoryEvent {
    /// As `GetExecutionHistory` answers it.
    pub fn to_json(&self, with_data: bool) -> Value {
        let mut event = json!({
            "timestamp": self.timestamp.to_string(), "type": self.kind,
            "id": self.id, "previousEventId": self.previous_event_id,
        });
        if let Some((member, details)) = &self.details {
            let mut details = details.clone();
            if let (false, Some(details)) = (with_data, details.as_object_mut()) {
                details.shift_remove("input");
                details.shift_remove("output");
            }
            event[*member] = details;
        }
        event
    }
}

/// An execution.
#[derive(Debug)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// ARN of its state machine.
    pub state_machine: String,
    /// What it was started with.
    pub input: Value,
    /// The same as text, as it was given.
    pub input_text: String,
    /// How it stands.
    pub status: Status,
    /// When it started.
    pub start: Timestamp,
    /// When it ended.
    pub stop: Option<Timestamp>,
    /// With what it ended, as JSON text.
    pub output: Option<String>,
    /// With what error it ended.
    pub error: Option<String>,
    /// The cause of that error.
    pub cause: Option<String>,
    /// What happened, in order.
    pub history: Vec<HistoryEvent>,
    /// States entered, and retries: what AWS bills.
    pub transitions: u64,
    pub(super) definition: Arc<Definition>,
    pub(super) role: String,
    pub(super) attempts: u64,
    pub(super) ahead: Option<(String, Value)>,
    pub(super) visit: Option<Visit>,
}

/// The state in which an execution is.
#[derive(Debug)]
pub(super) struct Visit {
    pub state: String,
    pub entered_event: usize,
    pub input: Value,
    pub context: Value,
    /// Retries so far, for each entry of Retry.
    pub retries: Vec<u64>,
    /// The attempt whose answer is awaited.
    pub awaited: Option<u64>,
    /// When a Wait state is over, and what the account's count of changes was when it began.
    pub waits_until: (Timestamp, u64),
    /// What a Wait state does when it is over.
    pub afterwards: Option<(Value, Then)>,
}

impl Visit {
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            input: &self.input,
            context: &self.context,
        }
    }
}

impl Execution {
    /// The instance that the execution is about, if its input names one; empty otherwise.
    pub fn instance(&self) -> &str {
        self.input["detail"]["EC2InstanceId"]
            .as_str()
            .unwrap_or_default()
    }

    /// Writes an event down, and gives its id. Every event follows from the one before it; the first state's from
    /// none (recorded: both it and `ExecutionStarted` have 0).
    pub(super) fn write(
        &mut self,
        now: Timestamp,
        kind: &str,
        details: Option<(&'static str, Value)>,
    ) -> usize {
        let before = self.history.len();
        self.history.push(HistoryEvent {
            id: before + 1,
            previous_event_id: if before < 2 { 0 } else { before },
            timestamp: now,
            kind: kind.to_owned(),
            details,
        });
        before + 1
    }

    /// The context object, for a state entered now.
    pub(super) fn context(&self, now: Timestamp, state: &str) -> Value {
        let machine = self.state_machine.rsplit(':').next().unwrap_or_default();
        json!({
            "Execution": {
                "Id": self.arn, "Input": self.input, "StartTime": millis(self.start), "Name": self.name,
                "RoleArn": self.role, "RedriveCount": 0,
            },
            "StateMachine": {"Id": self.state_machine, "Name": machine},
            "State": {"Name": state, "EnteredTime": millis(now)},
        })
    }
}

/// As the context object writes instants, to the millisecond.
fn millis(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// The details of an event that carries an input.
pub(super) fn with_input(mut details: Value, input: &str) -> Value {
    details["input"] = json!(input);
    details["inputDetails"] = json!({"truncated": false});
    details
}

/// The details of an event that carries an output.
pub(super) fn with_output(mut details: Value, output: &str) -> Value {
    details["output"] = json!(output);
    details["outputDetails"] = json!({"truncated": false});
    details
}

/// The details of an event that carries an error.
pub(super) fn with_error(error: Option<&str>, cause: Option<&str>) -> Value {
    let mut details = json!({});
    for (member, value) in [("error", error), ("cause", cause)] {
        if let Some(value) = value {
            details[member] = json!(value);
        }
    }
    details
}
