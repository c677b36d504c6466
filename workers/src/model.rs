//! The nouns: whom an execution is about, what a worker concludes, and what goes back to the state
//! machine. Nothing here talks to anybody. What is seen of the cluster is in `cluster`, what is
//! seen of the group and stack in `group`.

mod answer;
mod assessment;
pub mod cluster;
pub mod drain_options;
pub mod group;
mod ways;

pub use answer::{
    Answer, DaemonsAwaited, Details, DrainBlockers, HinderedService, MOST_NAMED, NamedTask,
    ProtectedTask, StackSnapshot, TasksLeft, Turn, WaitCause,
};
pub use assessment::{Assessment, Verdict};

pub use ways::{Place, Transition};

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Makes types for names that must not be mixed up with each other.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; what comes from outside is checked in `config.rs`.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text, as AWS spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An EC2 instance, `i-…`.
    InstanceId;
    /// An ECS cluster's short name.
    ClusterName;
    /// An Auto Scaling group's name.
    GroupName;
    /// A lifecycle hook's name.
    HookName;
    /// The token of one lifecycle action, a UUID.
    HookToken;
    /// A CloudFormation stack's name or ARN.
    StackName;
    /// The logical id of a resource in a stack.
    LogicalId;
    /// An ECS service's short name.
    ServiceName;
    /// An ECS task's ARN.
    TaskArn;
    /// The ARN under which an instance is registered in a cluster.
    ContainerInstanceArn;
}

impl InstanceId {
    /// Whether `text` is an instance's id. It goes into a filter of the cluster query language:
    /// nothing else may.
    pub fn is_well_formed(text: &str) -> bool {
        text.strip_prefix("i-").is_some_and(|digits| {
            (8..=17).contains(&digits.len())
                && digits
                    .bytes()
                    .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    }
}

/// What is to happen to an instance whose drain did not end by its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Keep it for a person to look at.
    Retain,
    /// Stop the tasks that are left, then let it go.
    StopTasks,
    /// Let it go with whatever still runs on it.
    Terminate,
    /// Keep it for its standalone tasks, and go on. Only StandaloneTaskPolicy leads here, not
    /// DrainDeadlinePolicy.
    Keep,
}

/// The lifecycle action that an execution is about, as its event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The instance.
    pub instance: InstanceId,
    /// Its group.
    pub group: GroupName,
    /// The hook at which it stands.
    pub hook: HookName,
    /// The token that completes this action and no other. Auto Scaling names it in its events only:
    /// an execution that the reconciler started has none, and the instance's id is used in its
    /// place.
    pub token: Option<HookToken>,
    /// Which way the instance goes.
    pub transition: Transition,
    /// Where it comes from, if the event says so.
    pub origin: Option<Place>,
    /// Where it goes, if the event says so.
    pub destination: Option<Place>,
}

impl Action {
    /// Whether CloudFormation is told about this instance: a launch into the group itself, new or
    /// out of its warm pool. Nobody has looked at what moves into a warm pool, so nothing is said
    /// for it.
    pub fn joins_group(&self) -> bool {
        self.transition == Transition::Launching && self.destination != Some(Place::WarmPool)
    }

    /// Whether the instance comes out of the warm pool into the group, in which it may have been
    /// before.
    pub fn leaves_pool(&self) -> bool {
        self.joins_group() && self.origin == Some(Place::WarmPool)
    }
}

/// How an update of the stack replaces the group's instances: the UpdatePolicy that the template
/// chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateMethod {
    /// AutoScalingRollingUpdate: CloudFormation waits for a signal for each new instance.
    RollingUpdate,
    /// AutoScalingInstanceRefresh: Auto Scaling waits for launch hooks, and no signal means
    /// anything.
    InstanceRefresh,
}

/// The resource that CloudFormation waits for: the group, inside its stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// The stack.
    pub stack: StackName,
    /// Logical id of the group in it.
    pub resource: LogicalId,
    /// How an update replaces its instances.
    pub update_method: UpdateMethod,
}

/// What the template wrote into the hook's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The cluster whose members the group's instances are.
    pub cluster: ClusterName,
    /// The group as a resource of its stack.
    pub target: StackResource,
    /// The hook's heartbeat timeout.
    pub heartbeat_timeout: SignedDuration,
    /// How long a new instance may take to join, from its event on.
    pub join_deadline: SignedDuration,
    /// How long a drain may take, from its event on.
    pub drain_deadline: SignedDuration,
    /// What happens after that.
    pub policy: Policy,
    /// How many instances a rollout replaces at a time: so many ask at once.
    pub batch_size: i64,
    /// What to do in hard cases.
    pub cases: drain_options::DrainOptions,
    /// Whether answers are to be measured, see [`crate::metrics`].
    pub metrics: bool,
}

/// The one instance and lifecycle action that an execution is about, with the settings for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The action.
    pub action: Action,
    /// When its event was written. The join deadline counts from here.
    pub began: Timestamp,
    /// When its drain was admitted, if it was. The drain deadline counts from here.
    pub turn_came: Option<Timestamp>,
    /// The hook's metadata.
    pub settings: Settings,
}

impl Subject {
    /// When a new instance must have joined.
    pub fn join_deadline(&self) -> Timestamp {
        later(self.began, self.settings.join_deadline)
    }

    /// When a leaving instance must have let go of all its tasks, and the services must have
    /// recovered.
    pub fn drain_deadline(&self) -> Timestamp {
        later(self.drain_began(), self.settings.drain_deadline)
    }

    /// From when on the time of a drain counts: from its admission, or from its event while it
    /// waits.
    pub fn drain_began(&self) -> Timestamp {
        self.turn_came.unwrap_or(self.began)
    }
}

/// `time` and `span`, or the end of time.
pub fn later(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Whole seconds from `from` to `to`, never less than none: clocks of two machines may disagree.
pub fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs().max(0)
}
