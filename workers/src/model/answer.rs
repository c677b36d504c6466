//! What the state machine is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cluster::ServiceCounts;
use super::group::StackState;
use super::{ContainerInstanceArn, InstanceId, Policy, ServiceName, TaskArn, Verdict};

/// The members of an answer that only some workers give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extra {
    /// draining: whether the instance is a member of the cluster at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<bool>,
    /// draining: what the instance is registered as, so that its tasks can be found when it is listed no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instances: Option<Vec<ContainerInstanceArn>>,
    /// draining: the services that have tasks on the instance, which are those that its drain can hurt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ServiceName>>,
    /// draining: the services that were not stable before the drain, and how far from it they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unstable: Option<Vec<ServiceCounts>>,
    /// draining: whether the stack is being deleted, so that its services have nowhere to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_deleting: Option<bool>,
    /// draining: that it waits, or has waited, for its turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// stable for a new instance: whose drains hold it, so that the next look can be at those alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Vec<InstanceId>>,
    /// stable for a new instance that is held: what its stack was doing, so that the next looks need not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackSeen>,
    /// With `NotYet`: when the lifecycle action last had a heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_at: Option<Timestamp>,
    /// draining: the tasks that it found; drained: those that are not STOPPED. The next looks can be at these alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks_left: Option<TasksLeft>,
    /// drained, and stable for a leaving instance: what to do when the verdict is `Never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// How a drain stands that has to wait for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// While it waits: since when there is room, which those before it have not used.
    pub room_since: Option<Timestamp>,
    /// When its turn came.
    pub came_at: Option<Timestamp>,
}

/// The tasks that a leaving instance still had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksLeft {
    /// Their ARNs.
    pub arns: Vec<TaskArn>,
    /// When all tasks of the instance were listed.
    pub listed_at: Timestamp,
}

/// What a stack was doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSeen {
    /// What it was doing.
    pub state: StackState,
    /// When CloudFormation was asked.
    pub asked_at: Timestamp,
}

/// What the state machine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence for a person.
    pub reason: String,
    /// Seconds until the next look; 0 unless the verdict is `NotYet`.
    pub wait_seconds: i64,
    /// When this phase began.
    pub since: Timestamp,
    /// What only some workers say.
    #[serde(flatten)]
    pub extra: Extra,
}
