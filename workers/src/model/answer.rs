//! What the state machine is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cluster::{ServiceCounts, Task};
use super::group::{Pause, StackState};
use super::{ContainerInstanceArn, InstanceId, Policy, ServiceName, TaskArn, Verdict};

/// The members of an answer that only some workers give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// joined with `NotYet`: the daemons that the new instance is to run, once it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemons_awaited: Option<DaemonsAwaited>,
    /// draining: whether the instance is a member of the cluster at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<bool>,
    /// joined, draining and drained: `false` if nothing was looked at, so that the instances of a
    /// batch take turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked: Option<bool>,
    /// draining: what the instance is registered as, so that its tasks can be found when it is
    /// listed no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instances: Option<Vec<ContainerInstanceArn>>,
    /// draining: the services that have tasks on the instance, which are those that its drain can
    /// hurt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<ServiceName>>,
    /// draining: the services that were not stable before the drain, and how far from it they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unstable: Option<Vec<ServiceCounts>>,
    /// draining, and stable for a leaving instance: the counts of the services that had tasks on
    /// it, so that a report can show them over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services_counted: Option<Vec<ServiceCounts>>,
    /// draining: whether the stack is being deleted, so that its services have nowhere to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_deleting: Option<bool>,
    /// draining: that it waits, or has waited, for its turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// stable for a new instance: whose drains hold it, so that the next look can be at those
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<Vec<InstanceId>>,
    /// stable for a new instance that is held: what its stack was doing, so that the next looks
    /// need not ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackSnapshot>,
    /// With `NotYet`: when the lifecycle action last had a heartbeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_at: Option<Timestamp>,
    /// draining: the tasks that it found; drained: those that are not STOPPED. The next looks can
    /// be at these alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks_left: Option<TasksLeft>,
    /// draining: the DAEMON services among them, whose tasks leave last of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemons: Option<Vec<ServiceName>>,
    /// draining, and drained with `NotYet`: since when the instance was seen without its agent, if
    /// it was at the last look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_gone_since: Option<Timestamp>,
    /// draining and drained: when you asked `ecs-rollout terminate` to end the instance, if you
    /// did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_requested_at: Option<Timestamp>,
    /// drained with `NotYet`: what holds the services' tasks, once it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindrances: Option<DrainBlockers>,
    /// joined and drained with `NotYet`: what the reason explains beyond the ordinary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wait_causes: Vec<WaitCause>,
    /// draining, and stable for a new instance, with `NotYet`: the pause that it waits for the end
    /// of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// drained, and stable for a leaving instance: what to do when the verdict is `Never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// What a wait is for that a person wants to know of at once: no boot, and no task that stops by
/// itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitCause {
    /// A daemon does not run on the new instance.
    Daemons,
    /// The worker has stopped tasks.
    TasksStopped,
    /// A task is protected from scale-in.
    ScaleInProtection,
    /// A service cannot move its tasks.
    ServiceBlocked,
    /// The ECS agent is disconnected.
    AgentDisconnected,
}

impl WaitCause {
    /// What a worker's answer says that its wait is for; nothing of an answer that is no worker's
    /// of ours.
    pub fn of_answer(answer: &Value) -> Vec<Self> {
        Vec::deserialize(&answer["waitCauses"]).unwrap_or_default()
    }
}

/// The daemons that a new instance is to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DaemonsAwaited {
    /// What the instance is registered as.
    pub container_instance: ContainerInstanceArn,
    /// The DAEMON services of the cluster.
    pub services: Vec<ServiceName>,
    /// Since when the instance is ready otherwise.
    pub ready_since: Timestamp,
}

/// How a drain stands that has to wait for its turn.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// While it waits: since when there is room, which those before it have not used.
    pub room_since: Option<Timestamp>,
    /// When its turn came.
    pub came_at: Option<Timestamp>,
    /// While it waits: how many were ahead of it that had not begun to drain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<usize>,
    /// While it waits: when it looked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// While it waits, after it had not looked for long: until when it cannot know who has passed
    /// it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_until: Option<Timestamp>,
}

/// The tasks that a leaving instance still had when all were listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TasksLeft {
    /// Their ARNs.
    pub arns: Vec<TaskArn>,
    /// When all tasks of the instance were listed.
    pub listed_at: Timestamp,
    /// What some of them are called, so that a report can name them: ECS forgets a task an hour
    /// after it stopped
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<NamedTask>,
}

/// A task and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedTask {
    /// Its ARN.
    pub task: TaskArn,
    /// `web`, or `batch (standalone)`.
    pub name: String,
}

impl From<&Task> for NamedTask {
    fn from(task: &Task) -> Self {
        Self {
            task: task.arn.clone(),
            name: task.name(),
        }
    }
}

/// The most tasks that an answer names: those that are left at last are few.
pub const MOST_NAMED: usize = 10;

/// The most tasks that an answer lists. An execution's state has 262,144 bytes for all answers
/// together (Step Functions Developer Guide, quotas), and an ARN has some 120. Nobody needs the
/// list: without it all tasks are listed again.
const MOST_LISTED: usize = 400;

impl TasksLeft {
    /// The tasks, unless they are too many to be remembered.
    pub fn remembered(self) -> Option<Self> {
        (self.arns.len() <= MOST_LISTED).then_some(self)
    }
}

/// What holds the tasks of services on a leaving instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainBlockers {
    /// When ECS was asked.
    pub asked_at: Timestamp,
    /// The tasks that are protected from scale-in.
    pub protected: Vec<ProtectedTask>,
    /// The services that cannot move their tasks.
    pub services: Vec<HinderedService>,
}

/// A service that cannot move its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HinderedService {
    /// Which.
    pub service: ServiceName,
    /// Why, and what would help: the rest of a sentence that begins with its name.
    pub why: String,
}

/// A task of a service that asked not to be stopped for a while (task scale-in protection).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProtectedTask {
    /// Its ARN.
    pub task: TaskArn,
    /// When its protection ends, unless it is prolonged.
    pub until: Timestamp,
}

/// What a stack was doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSnapshot {
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
    pub extra: Details,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(tasks: usize) -> TasksLeft {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task/".to_owned();
        TasksLeft {
            arns: (0..tasks)
                .map(|at| TaskArn::new(format!("{arn}{}/{at:032}", "c".repeat(48))))
                .collect(),
            listed_at: Timestamp::UNIX_EPOCH,
            named: Vec::new(),
        }
    }

    #[test]
    fn the_causes_of_a_wait_are_read_from_an_answer() {
        let answer = serde_json::json!({"waitCauses": ["daemons", "agent-disconnected"]});
        let causes = [WaitCause::Daemons, WaitCause::AgentDisconnected];
        assert_eq!(WaitCause::of_answer(&answer), causes);
        for other in [
            serde_json::json!({}),
            serde_json::json!({"waitCauses": "daemons"}),
            serde_json::json!({"waitCauses": ["rain"]}),
        ] {
            assert_eq!(WaitCause::of_answer(&other), [], "{other}");
        }
    }

    #[test]
    fn tasks_are_remembered_only_as_long_as_two_answers_fit_an_execution_s_state() {
        let most = left(MOST_LISTED).remembered().expect("as many as it lists");
        let bytes = serde_json::to_string(&most).expect("JSON").len();
        assert!(2 * bytes < 262_144 / 2, "{bytes} bytes");
        assert_eq!(left(MOST_LISTED + 1).remembered(), None);
    }
}
