//! What the executions that run are waiting for.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::aws::with_access_in;
use crate::question::{asked_now, is_of_launch};

/// An execution that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its ARN.
    pub execution: String,
    /// When its hook opened.
    pub began: Option<Timestamp>,
    /// When the question has to be answered, if it has a deadline.
    pub deadline: Option<Timestamp>,
    /// What was said last.
    pub said: LastAnswer,
}

/// What a worker said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastAnswer {
    /// Which.
    pub worker: &'static str,
    /// Its verdict; empty if it has not answered yet.
    pub verdict: String,
    /// Its reason.
    pub reason: String,
    /// The pause that it waits for the end of, if it waits for one.
    #[serde(rename = "pausedFor", skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Since when it is asked, if it has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether it is about an instance at its launch hook.
    #[serde(skip)]
    pub is_of_launch: bool,
}

impl LastAnswer {
    /// What the answers in an execution's input say last.
    pub fn last(input: &Value) -> Self {
        let worker = asked_now(input).name();
        let text = |member: &str| {
            input[worker][member]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let since = input[worker]["since"].as_str();
        let paused = input[worker]["paused"]["why"].as_str();
        Self {
            paused: paused.map(str::to_owned),
            is_of_launch: is_of_launch(input),
            since: since.and_then(|since| since.parse().ok()),
            worker,
            verdict: text("verdict"),
            reason: with_access_in(&text("reason")),
        }
    }
}
