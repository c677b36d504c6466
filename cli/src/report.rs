//! The tale of a past roll, put together from what AWS remembers of it: execution histories, stack
//! events, scaling activities. Nothing here asks AWS.

mod commands;
mod cost;
mod errors;
mod execution;
mod execution_trace;
mod headline;
mod kind;
mod links;
mod milestones;
mod operations;
mod pauses;
mod services;
mod timelines;
mod totals;

use jiff::Timestamp;
use serde::Serialize;

use crate::aws::{Activity, Member, Pause, StackEvent};

pub use cost::Cost;
pub use errors::ErrorSum;
pub use execution::ExecutionTrace;
pub use execution_trace::{Reading, answers};
pub use headline::Headline;
pub use kind::Kind;
pub use links::Link;
pub use milestones::Milestone;
pub use operations::OperationSummary;
pub use services::{Sample, ServiceSeries};
pub use timelines::{End, InstanceTimeline, Origin};
pub use totals::{Arrow, StateSum, Wait};

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Name of the stack.
    pub stack: String,
    /// Its ARN.
    pub stack_id: String,
    /// Its status now.
    pub status: String,
    /// Its group.
    pub group: String,
    /// The situation of a paused group.
    pub paused: Option<String>,
    /// What puts the old AMI id back, if the stack was rolled back.
    pub restore: Option<String>,
    /// The AMI of the group's newest instances.
    pub ami: Option<String>,
    /// The cluster.
    pub cluster: String,
    /// The Region.
    pub region: String,
    /// AWS's time when it was read.
    pub now: Timestamp,
    /// When the tale begins.
    pub began: Timestamp,
    /// From when until when anything belongs to each operation, oldest first; the last has no end
    /// while it is under way.
    pub operations: Vec<(Timestamp, Option<Timestamp>)>,
    /// The stack's events since, oldest first.
    pub events: Vec<StackEvent>,
    /// What the group did since.
    pub activities: Vec<Activity>,
    /// The executions since.
    pub passages: Vec<ExecutionTrace>,
    /// Executions whose history Step Functions has forgotten.
    pub forgotten: usize,
    /// The group's instances now.
    pub members: Vec<Member>,
    /// Its desired capacity now; 0 if that is not known.
    pub size: usize,
    /// The launch template's version that the group launches from now.
    pub version: String,
    /// The definition of the state machine.
    pub definition: String,
}

/// The tale. Members are spelled so in JSON output.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutReport {
    /// Name of the stack.
    pub stack: String,
    /// The cluster.
    pub cluster: String,
    /// The Region.
    pub region: String,
    /// The stack's status at the end.
    pub outcome: String,
    /// Whether it ended as it was meant to; not known while it goes on.
    pub well: Option<bool>,
    /// When it began.
    pub began: Timestamp,
    /// When the last thing of it ended, or, while it goes on, until when it is told.
    pub ended: Timestamp,
    /// The time between, in seconds.
    pub seconds: f64,
    /// The launch template's version that the group launches from.
    pub version: String,
    /// Its AMI, while an instance of it is in the cluster.
    pub ami: Option<String>,
    /// What came of it, why, and what is next.
    pub headline: Headline,
    /// Each operation since it began, oldest first: the headline is about the last.
    pub operations: Vec<OperationSummary>,
    /// Batches, a rollback, a cancel, and the end.
    pub milestones: Vec<Milestone>,
    /// Where the consoles show more.
    pub links: Vec<Link>,
    /// The situation of a paused group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// What a reader should know beforehand.
    pub remarks: Vec<String>,
    /// The instances that came, went, or were to go, in the order in which something began with
    /// them.
    pub instances: Vec<InstanceTimeline>,
    /// How many tasks of each service ran and were wanted, over time.
    pub services: Vec<ServiceSeries>,
    /// The longest waits, the longest first.
    pub longest_waits: Vec<Wait>,
    /// Attempts at a task that failed, in order.
    pub worker_retries: Vec<Failure>,
    /// The same, summed by error, the most frequent first.
    pub errors: Vec<ErrorSum>,
    /// What went wrong with the stack, the group, or an execution, in AWS's words.
    pub failures: Vec<ServiceFailure>,
    /// For each state of the definition that was entered, by how many executions and how often.
    pub states: std::collections::BTreeMap<String, StateSum>,
    /// The ways taken from state to state.
    pub arrows: Vec<Arrow>,
    /// How many executions there were.
    pub executions: usize,
    /// Those that failed, timed out or were aborted: the instance and the error of each.
    pub executions_failed: Vec<String>,
    /// What it cost.
    pub cost: Cost,
    /// The stack's events, oldest first.
    pub events: Vec<Noted>,
    /// The group's activities, oldest first.
    pub activities: Vec<Noted>,
}

/// A time in the life of an instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// What goes on.
    pub kind: Kind,
    /// The state of the definition that asked; empty outside of an execution.
    pub state: String,
    /// The worker that was asked; empty outside of an execution.
    pub worker: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// The time between.
    pub seconds: f64,
    /// How often the worker answered.
    pub times_asked: u64,
    /// Its last verdict.
    pub verdict: String,
    /// The reason that it gave.
    pub reason: String,
    /// The last reason to wait that it gave.
    pub waited_for: String,
    /// The tasks, by ARN, that were waited for longest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longest_tasks: Vec<String>,
    /// What these are called, as far as a worker named them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longest_task_names: Vec<String>,
    /// The pause in which it is.
    #[serde(skip)]
    pub pause: Option<Pause>,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// About which instance.
    pub instance: String,
    /// In which state.
    pub state: String,
    /// The error's name.
    pub error: String,
    /// Its message.
    pub cause: String,
    /// Whether it was tried again.
    pub again: bool,
}

/// Something that CloudFormation, Auto Scaling or Step Functions says went wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceFailure {
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub subject: String,
    /// The status.
    pub status: String,
    /// Why.
    pub reason: String,
}

/// A line of the stack's events, or of the group's activities.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Noted {
    /// When it began.
    pub at: Timestamp,
    /// Resource, or description.
    pub what: String,
    /// The status.
    pub status: String,
    /// Why.
    pub reason: String,
}

impl Phase {
    /// The question of a state, just asked.
    pub fn asked(state: &str, answer: &str, began: Timestamp) -> Self {
        let worker = match answer {
            "completed" => "complete-action",
            other => other,
        };
        let kind = match (answer, state) {
            ("joined", _) => Kind::Joining,
            ("stable", "WaitForEarlierDrains") => Kind::Queued,
            ("stable", _) => Kind::Settling,
            ("draining", _) => Kind::Draining,
            ("drained", _) => Kind::TasksStop,
            ("completed", _) => Kind::Answering,
            _ => Kind::Asking,
        };
        Self {
            state: state.to_owned(),
            worker: worker.to_owned(),
            ..Self::between(kind, began, began)
        }
    }

    /// A time in which nobody is asked.
    pub fn between(kind: Kind, began: Timestamp, ended: Timestamp) -> Self {
        Self {
            kind,
            state: String::new(),
            worker: String::new(),
            began,
            ended,
            seconds: seconds(began, ended),
            times_asked: 0,
            verdict: String::new(),
            reason: String::new(),
            waited_for: String::new(),
            longest_tasks: Vec::new(),
            longest_task_names: Vec::new(),
            pause: None,
        }
    }
}

/// Seconds between two instants, to the millisecond.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_millis() as f64 / 1000.0
}
