//! One execution: its history, as the real service writes it, and where it stands.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition::{Definition, Next};
use super::path::Scope;

pub use crate::trace::ExecutionStatus as Status;

/// The most events that a history can have; the execution then fails
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/limits.html>).
///
/// assumption: the last of them is `ExecutionFailed`. A longer history proves it wrong.
pub const HISTORY_LIMIT: usize = 25_000;

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
    details: Option<Details>,
}

/// What an event says beside its type. Most of a history is the same few texts over and over, so
/// they are shared.
#[derive(Debug, Clone, PartialEq)]
struct Details {
    member: &'static str,
    rest: Value,
    data: Option<(&'static str, Arc<str>)>,
}

/// The members whose texts are shared.
const DATA: [&str; 2] = ["input", "output"];
/// Among so many events a text is looked for: a Task's five.
const SHARED_WITH_LAST: usize = 5;

impl HistoryEvent {
    /// As `GetExecutionHistory` answers it.
    pub fn to_json(&self, with_data: bool) -> Value {
        let mut event = json!({
            "timestamp": self.timestamp.to_string(), "type": self.kind,
            "id": self.id, "previousEventId": self.previous_event_id,
        });
        if let Some(details) = &self.details {
            let mut record = details.rest.clone();
            if let (true, Some((name, text))) = (with_data, &details.data) {
                record[*name] = json!(&**text);
            }
            event[details.member] = record;
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
    pub(super) redrives: Redrives,
    pub(super) definition: Arc<Definition>,
    pub(super) role: String,
    pub(super) attempts: u64,
    pub(super) ahead: Option<ReturnState>,
    pub(super) visit: Option<Visit>,
}

/// How often an execution was redriven.
#[derive(Debug, Default)]
pub(super) struct Redrives {
    pub count: u64,
    /// When it was redriven last.
    pub last: Option<Timestamp>,
    /// The tokens with which it was, and when, oldest first.
    pub tokens: Vec<(String, Timestamp)>,
}

/// The state that comes next, with its input, as JSON text too.
#[derive(Debug)]
pub(super) struct ReturnState {
    pub state: String,
    pub input: Value,
    pub text: String,
}

/// The state in which an execution is.
#[derive(Debug)]
pub(super) struct Visit {
    pub state: String,
    pub entered_event: usize,
    pub input: Value,
    /// The input as JSON text.
    pub text: String,
    pub context: Value,
    /// Retries so far, for each entry of Retry.
    pub retries: Vec<u64>,
    /// The attempt whose answer is awaited.
    pub awaited: Option<u64>,
    /// When an activity worker took that attempt, or sent its last heartbeat.
    pub heard: Timestamp,
    /// What a Wait state does when it is over.
    pub afterwards: Option<(Value, Next)>,
    /// Whether a redrive has come back to this state, and has not asked anything yet.
    pub redriven: bool,
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

    /// Writes an event down, and gives its id. It follows from `previous`, or else from the one
    /// before it; the first state's from none: both it and `ExecutionStarted` have 0 (recorded:
    /// radkawar/stackd testdata/aws/stepfunctions/callback_lifecycle.json, 2026-09).
    pub(super) fn write(
        &mut self,
        now: Timestamp,
        kind: &str,
        details: Option<(&'static str, Value)>,
        previous: Option<usize>,
    ) -> usize {
        let before = self.history.len();
        let details = details.map(|(member, rest)| self.shared(member, rest));
        let usual = if before < 2 { 0 } else { before };
        self.history.push(HistoryEvent {
            id: before + 1,
            previous_event_id: previous.unwrap_or(usual),
            timestamp: now,
            kind: kind.to_owned(),
            details,
        });
        before + 1
    }

    /// The details, with their text shared with one of the last events that has the same.
    fn shared(&self, member: &'static str, mut rest: Value) -> Details {
        let mut data = None;
        for name in DATA {
            if let Some(Value::String(text)) = rest
                .as_object_mut()
                .and_then(|members| members.shift_remove(name))
            {
                data = Some((name, self.known_text(&text).unwrap_or_else(|| text.into())));
            }
        }
        Details { member, rest, data }
    }

    fn known_text(&self, text: &str) -> Option<Arc<str>> {
        let last = self.history.iter().rev().take(SHARED_WITH_LAST);
        let mut texts = last.filter_map(|event| event.details.as_ref()?.data.as_ref());
        texts
            .find(|(_, known)| **known == *text)
            .map(|(_, known)| Arc::clone(known))
    }

    /// The context object, for a state entered now; an empty one if no path of the definition reads
    /// it.
    pub(super) fn context(&self, now: Timestamp, state: &str) -> Value {
        if !self.definition.reads_context {
            return json!({"State": {}});
        }
        let machine = self.state_machine.rsplit(':').next().unwrap_or_default();
        let mut execution = json!({
            "Id": self.arn, "Input": self.input, "StartTime": millis(self.start), "Name": self.name,
            "RoleArn": self.role, "RedriveCount": self.redrives.count,
        });
        if let Some(last) = self.redrives.last {
            execution["RedriveTime"] = json!(millis(last));
        }
        json!({
            "Execution": execution,
            "StateMachine": {"Id": self.state_machine, "Name": machine},
            "State": {"Name": state, "EnteredTime": millis(now)},
        })
    }
}

/// As the context object writes instants, to the millisecond.
pub(super) fn millis(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// The details of an event that carries an input.
pub(super) fn with_input(mut details: Value, input: String) -> Value {
    details["input"] = Value::String(input);
    details["inputDetails"] = json!({"truncated": false});
    details
}

/// The details of an event that carries an output.
pub(super) fn with_output(mut details: Value, output: String) -> Value {
    details["output"] = Value::String(output);
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
