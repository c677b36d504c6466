//! All that was seen of a roll.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Pace;
use crate::aws::{Activity, Member, Service, StackEvent};
use crate::explanation::asked_now;

/// So many entries of the log are kept.
const ENTRIES_KEPT: usize = 500;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// The stack's name.
    pub stack: String,
    /// The Region.
    pub region: String,
    /// The stack's status.
    pub status: String,
    /// When its operation began.
    pub began: Option<Timestamp>,
    /// The version that new instances come from.
    pub version: String,
    /// The instances.
    pub members: Vec<Member>,
    /// How fast it goes, once that can be told.
    pub pace: Pace,
    /// The executions that were read, by instance.
    pub asked: BTreeMap<String, Asked>,
    /// How many executions run.
    pub running: usize,
    /// Executions that ended badly, newest first.
    pub ended: Vec<Ended>,
    /// The services that were looked at, by ARN.
    pub services: BTreeMap<String, Service>,
    /// How many services there are, once that is known.
    pub services_listed: Option<usize>,
    /// What happened, newest first.
    pub log: Vec<Entry>,
    /// Whether everything was looked at once.
    pub is_whole: bool,
}

/// An execution that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its ARN.
    pub execution: String,
    /// When its hook opened.
    pub began: Option<Timestamp>,
    /// What was said last.
    pub said: Said,
}

/// What a worker said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Which.
    pub worker: &'static str,
    /// Its verdict; empty if it has not answered yet.
    pub verdict: String,
    /// Its reason.
    pub reason: String,
    /// Since when it is asked, if it has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// An execution that ended badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its ARN.
    pub execution: String,
    /// The instance that it was about.
    pub instance: String,
    /// Such as `FAILED`.
    pub status: String,
    /// When.
    pub at: Timestamp,
    /// Error and cause.
    pub reason: String,
}

/// What happened to the stack or the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The resource, or `scaling`.
    pub subject: String,
    /// Its status.
    pub status: String,
    /// What, and why.
    pub text: String,
}

impl Sight {
    /// Adds what happened: the newest is first.
    pub fn happened(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.log.extend(entries);
        self.log.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        self.log.truncate(ENTRIES_KEPT);
    }
}

impl From<&StackEvent> for Entry {
    fn from(event: &StackEvent) -> Self {
        Self {
            at: event.at,
            subject: event.resource.clone(),
            status: event.status.clone(),
            text: event.reason.clone(),
        }
    }
}

impl From<&Activity> for Entry {
    fn from(activity: &Activity) -> Self {
        Self {
            at: activity.ended.unwrap_or(activity.began),
            subject: "scaling".to_owned(),
            status: activity.status.clone(),
            text: match activity.is_foreign() {
                true => format!("{}: {}", activity.description, activity.cause),
                false => activity.description.clone(),
            },
        }
    }
}

impl Said {
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
        Self {
            since: since.and_then(|since| since.parse().ok()),
            worker,
            verdict: text("verdict"),
            reason: text("reason"),
        }
    }
}
