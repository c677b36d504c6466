//! What happened in the account, as the scenario tells it and the invariants check it.

mod lifecycle;
mod status;

use jiff::Timestamp;
use serde_json::Value;

use crate::caller::Caller;

pub use lifecycle::{Cause, LifecycleReason, LifecycleState};
pub use status::{
    ContainerInstanceStatus, ExecutionStatus, RefreshStatus, StackStatus, TaskStatus,
};

/// A fact with its instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: TraceEvent,
}

/// Whose deed it is that happens in the middle of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoneBy {
    /// A person, by a call or a verb.
    Operator,
    /// Nobody: an incident, a fault or an alarm of the scenario.
    Incident,
}

impl DoneBy {
    /// The subject of a line about it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Incident => "incident",
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum TraceEvent {
    /// A stack event, as DescribeStackEvents tells it.
    Stack {
        /// Name of the stack.
        stack: String,
        /// Logical id of the resource, or the stack's name for the stack itself.
        logical_id: String,
        /// Such as `AWS::AutoScaling::AutoScalingGroup`.
        resource_type: String,
        /// The status entered.
        status: StackStatus,
        /// ResourceStatusReason; empty if there is none.
        reason: String,
    },
    /// An instance of a group entered a lifecycle state.
    Lifecycle {
        /// Name of the group.
        group: String,
        /// Id of the instance.
        instance: String,
        /// AMI that the instance runs.
        ami: String,
        /// The state entered.
        state: LifecycleState,
        /// Why.
        reason: LifecycleReason,
    },
    /// A container instance changed: registered, DRAINING, agent connected or not, gone.
    ContainerInstance {
        /// Name of the cluster.
        cluster: String,
        /// Id of the EC2 instance.
        instance: String,
        /// The status that it has now.
        status: ContainerInstanceStatus,
        /// Whether the agent is connected.
        agent_connected: bool,
    },
    /// Somebody put an attribute on a container instance.
    Attribute {
        /// Id of the EC2 instance.
        instance: String,
        /// Name of the attribute.
        name: String,
    },
    /// A task entered a state.
    Task {
        /// Id of the task (the end of its ARN).
        task: String,
        /// `service:NAME` or `family:NAME`.
        group: String,
        /// Id of the EC2 instance on which it is.
        instance: String,
        /// The status entered.
        last_status: TaskStatus,
        /// Why, in a few words; empty if there is nothing to say.
        reason: String,
    },
    /// A task passed its health checks, or has run long enough to count as healthy.
    TaskHealthy {
        /// `service:NAME` or `family:NAME`.
        group: String,
    },
    /// A task was cut off: its instance went away before it was STOPPED.
    TaskKilled {
        /// Id of the task.
        task: String,
        /// `service:NAME` or `family:NAME`.
        group: String,
        /// Id of the EC2 instance that went away.
        instance: String,
        /// The status that it had.
        last_status: TaskStatus,
    },
    /// An instance died, by nobody's will.
    Died {
        /// Id of the EC2 instance.
        instance: String,
    },
    /// EC2 said something about a Spot instance, or took it back.
    Spot {
        /// Id of the EC2 instance.
        instance: String,
        /// What.
        what: SpotEvent,
    },
    /// An event was delivered to, or lost on its way to, a rule's target.
    Delivery {
        /// Name of the rule.
        rule: String,
        /// Id of the event.
        event: String,
        /// Its detail-type.
        detail_type: String,
        /// `delivered`, or why not.
        outcome: String,
    },
    /// A topic was told something.
    Notice {
        /// Name of the topic.
        topic: String,
        /// What.
        message: String,
    },
    /// An execution started, entered a state, or ended.
    Execution {
        /// Name of the execution.
        execution: String,
        /// The instance that it is about, if its input names one.
        instance: String,
        /// What happened.
        what: ExecutionEvent,
    },
    /// A function was invoked, and answered.
    Invocation {
        /// ARN of the execution that asked.
        execution: String,
        /// Name of the function.
        function: String,
        /// The instance that it was asked about, if the input names one.
        instance: String,
        /// `CONTINUE` or `ABANDON` if it was told to complete the lifecycle action; empty
        /// otherwise.
        result: String,
        /// Whether it ended in an error.
        failed: bool,
        /// The verdict, or the error's name.
        verdict: String,
        /// The reason given, or the error's message.
        reason: String,
        /// The whole answer; null of an error.
        answer: Value,
        /// How long it ran, in milliseconds.
        billed_ms: u64,
    },
    /// An instance refresh went on.
    Refresh {
        /// Name of the group.
        group: String,
        /// Its status.
        status: RefreshStatus,
        /// How many per cent of the instances are replaced.
        percent: u32,
        /// How many instances are to be replaced still.
        left: u32,
        /// StatusReason; empty if there is none.
        reason: String,
    },
    /// Managed scaling changed a group's capacity, or it could not be changed.
    Scaling {
        /// Name of the capacity provider, or of the group.
        subject: String,
        /// What it does, such as `scales out`.
        what: String,
        /// From how many to how many instances, and why.
        detail: String,
    },
    /// Something was done, or befell the cluster, in the middle of a scenario.
    ScenarioAction {
        /// Whose deed it is.
        by: DoneBy,
        /// What, such as `StartInstanceRefresh`.
        what: String,
        /// With what, and what the answer was if it was a refusal.
        detail: String,
    },
    /// A call was answered.
    ApiCall {
        /// Who called.
        caller: Caller,
        /// Such as `ecs`.
        service: String,
        /// Such as `DescribeServices`.
        action: String,
        /// The error's code, if it was refused.
        error: Option<String>,
    },
}

/// What EC2 said about a Spot instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpotEvent {
    /// It goes in two minutes.
    Notice,
    /// It is at a higher risk of interruption.
    AtRisk,
    /// It is gone.
    Reclaimed {
        /// How many tasks were on it that had not stopped.
        not_stopped: usize,
    },
}

/// What happened to an execution.
#[derive(Debug, Clone, PartialEq)]
pub enum ExecutionEvent {
    /// It started.
    Started,
    /// It was redriven: it runs again, from the state in which it ended.
    Redriven,
    /// It entered a state.
    Entered {
        /// Name of the state.
        state: String,
    },
    /// It ended.
    Ended {
        /// How.
        status: ExecutionStatus,
        /// The error's name; empty if there is none.
        error: String,
        /// The error's cause; empty if there is none.
        cause: String,
        /// How many events its history has.
        history_events: usize,
    },
}
