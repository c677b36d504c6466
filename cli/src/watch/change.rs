//! What may change while a rollout is watched.

use jiff::Timestamp;
use serde::Serialize;

use super::{Course, Ending, LastAnswer};

/// Something that has changed. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Change {
    /// The stack's status.
    Stack {
        /// The status.
        status: String,
    },
    /// What CloudFormation told about a resource.
    Event {
        /// When.
        at: Timestamp,
        /// Logical id of the resource.
        resource: String,
        /// Its status.
        status: String,
        /// Why.
        reason: String,
    },
    /// An instance's lifecycle state; `gone` if the group has it no more.
    Instance {
        /// The instance.
        instance: String,
        /// The state.
        state: String,
        /// The launch template's version that it came from.
        version: String,
    },
    /// A worker's verdict on an instance.
    Answer {
        /// The instance.
        instance: String,
        /// What was said.
        #[serde(flatten)]
        said: LastAnswer,
    },
    /// A service runs fewer tasks than it wants, or as many again.
    Service {
        /// Its name.
        service: String,
        /// Tasks that run.
        running: i32,
        /// Tasks that it wants.
        desired: i32,
        /// Tasks that are starting.
        pending: i32,
        /// What it said last, if tasks are missing.
        #[serde(skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// A scaling activity that failed, or that is no rollout's doing.
    Activity {
        /// When it ended, or began.
        at: Timestamp,
        /// The instance that it is about, if it names one.
        #[serde(skip_serializing_if = "Option::is_none")]
        instance: Option<String>,
        /// What was done.
        activity: String,
        /// Such as `Failed`.
        status: String,
        /// Why it failed, or why it was begun.
        reason: String,
    },
    /// An execution that ended badly.
    Execution {
        /// When.
        at: Timestamp,
        /// Its ARN.
        execution: String,
        /// The instance that it was about.
        instance: String,
        /// Such as `FAILED`.
        status: String,
        /// Error and cause.
        reason: String,
    },
    /// How far it is, and what is under way.
    #[serde(rename_all = "camelCase")]
    Progress {
        /// The version that new instances come from.
        version: String,
        /// Where the operation leads.
        #[serde(skip)]
        course: Course,
        /// Its AMI, once an instance of it was looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        ami: Option<String>,
        /// Instances of the group that are replaced: the old ones are gone; in a rollback, those in
        /// service on the old AMI. Left out while the operation has not reached the group.
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced: Option<usize>,
        /// The group's size.
        of: usize,
        /// All instances in service.
        in_service: usize,
        /// Instances that drain: DRAINING in ECS, or admitted.
        drains: usize,
        /// Instances at their terminate hooks whose drains wait for earlier ones, but for those
        /// that are paused.
        waiting_to_drain: usize,
        /// Instances that are retained for a person.
        retained: usize,
        /// Instances at their launch hooks, but for those that are paused.
        at_launch: usize,
        /// Instances that the pause keeps at their hooks.
        paused: usize,
    },
    /// The group is paused, or not any more.
    Pause {
        /// Whether it is.
        paused: bool,
        /// The reason that was given.
        #[serde(skip_serializing_if = "String::is_empty")]
        reason: String,
        /// Since when.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// When CloudFormation gives the batch up.
        #[serde(rename = "batchTimesOut", skip_serializing_if = "Option::is_none")]
        times_out: Option<Timestamp>,
        /// The situation, and how it is resumed.
        #[serde(skip)]
        words: String,
    },
    /// What you should know before you rely on the rest.
    Warning {
        /// What is the matter, and the way out.
        reason: String,
    },
    /// AWS could not be asked.
    Trouble {
        /// Why, and what is done about it.
        reason: String,
    },
    /// It is over.
    End(Ending),
}
