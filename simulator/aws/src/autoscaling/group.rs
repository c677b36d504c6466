//! What Auto Scaling remembers: groups, their instances and their hooks.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::activity::Activity;
use super::describe::Changing;
use super::instance_list::Instances;
use super::refresh::Refresh;
use super::transitions::{LifecycleState, Move, Transition};
use super::warm_pool::WarmPool;
use crate::ec2::TemplateVersion;
use crate::wire::query::LastWritten;

/// An Auto Scaling group.
#[derive(Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created: Timestamp,
    /// MinSize.
    pub min_size: u32,
    /// MaxSize.
    pub max_size: u32,
    /// DesiredCapacity.
    pub desired: u32,
    /// What new instances are launched from.
    pub template: TemplateChoice,
    /// Subnets; the first is in zone a, the second in zone b, the third in zone c, and so round.
    pub subnets: Vec<String>,
    /// Its hooks, by name.
    pub hooks: BTreeMap<String, Hook>,
    /// Its instances, oldest first, with those of its warm pool.
    pub instances: Instances,
    pub(super) settings: Settings,
    /// Its processes that somebody suspended, and when.
    pub(super) suspended: BTreeMap<String, Timestamp>,
    pub(super) warm_pool: Option<WarmPool>,
    pub(super) activities: Vec<Activity>,
    /// Its Spot instances at risk, whose replacements are on their way.
    pub(super) at_risk: Vec<String>,
    /// Its instance refreshes, oldest first; only the last may go on.
    pub(super) refreshes: Vec<Refresh>,
    /// What a user asked for, as the next activities' causes open.
    pub(super) asked: Option<String>,
    /// How many launches have failed in a row.
    pub(super) failed_launches: u32,
    /// Nothing is launched before this instant.
    pub(super) backed_off_until: Option<Timestamp>,
    /// Whether it is being force-deleted.
    pub(super) deleting: bool,
    /// Whether it has been deleted, and only its activities are still described.
    pub(super) is_deleted: bool,
}

/// What a group was told about itself that does not change its size.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) health_check_grace_seconds: u32,
    pub(super) default_cooldown_seconds: u32,
    pub(super) termination_policies: Vec<String>,
    pub(super) protect_new: bool,
    /// CapacityRebalance.
    pub(super) rebalances: bool,
    /// InstanceLifecyclePolicy's `TerminateHookAbandon`, if it was given.
    pub(super) on_terminate_abandon: Option<OnAbandon>,
    /// MaxInstanceLifetime in seconds; none, or 0, is no limit.
    pub(super) max_lifetime: Option<u32>,
    pub(super) tags: Vec<Value>,
}

/// What becomes of an instance whose terminate hook is abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAbandon {
    /// It is terminated, without the other hooks.
    Terminate,
    /// It is kept for a person, in `Terminating:Retained`.
    Retain,
}

/// The launch template that a group names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChoice {
    /// Such as `lt-0123456789abcdef0`.
    pub id: String,
    /// The template's name.
    pub name: String,
    /// A number, `$Latest` or `$Default`.
    pub version: String,
}

/// A lifecycle hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Which moves it holds.
    pub transition: Transition,
    /// Seconds without a heartbeat until the default result is taken.
    pub heartbeat_timeout_seconds: u32,
    /// What a timeout means.
    pub default_result: ActionResult,
    /// Passed on in the event.
    pub metadata: Option<String>,
}

impl Hook {
    /// Seconds after which the default result is taken in spite of all heartbeats: 48 hours or 100
    /// times the heartbeat timeout, whichever is shorter
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html>).
    pub fn global_timeout_seconds(&self) -> u32 {
        (48 * 3600).min(100 * self.heartbeat_timeout_seconds)
    }
}

/// How a lifecycle action ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionResult {
    /// Go on.
    Continue,
    /// Do not.
    Abandon,
}

impl ActionResult {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Abandon => "ABANDON",
        }
    }

    /// From what the API writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Continue, Self::Abandon]
            .into_iter()
            .find(|result| result.as_str() == text)
    }
}

/// An instance of a group.
#[derive(Debug)]
pub struct Instance {
    /// Such as `i-0123456789abcdef0`.
    pub id: String,
    /// Such as `m7g.large`.
    pub instance_type: String,
    /// Such as `eu-west-1a`.
    pub availability_zone: String,
    /// The subnet that it is in.
    pub subnet: String,
    /// The AMI that it runs.
    pub ami: String,
    /// The launch template version that it came from.
    pub template: TemplateVersion,
    /// Where it is.
    pub state: LifecycleState,
    /// When it got there.
    pub since: Timestamp,
    /// When it was launched.
    pub launched: Timestamp,
    /// Whether the health check found it well.
    pub healthy: bool,
    /// Whether scale-in leaves it alone.
    pub protected: bool,
    /// The move that it is in, or was in last.
    pub(super) moving: InFlight,
    /// What DescribeAutoScalingGroups answers of it.
    pub(super) written: LastWritten<Changing>,
}

impl Instance {
    /// When the lifecycle action at the hook `hook` began or had its last heartbeat, and the hook's
    /// timeout; nothing if no action is open there, or if its last time has come, which no
    /// heartbeat puts off.
    pub fn last_heartbeat(&self, hook: &str) -> Option<(Timestamp, Duration)> {
        let mut actions = self.moving.actions.iter();
        let action =
            actions.find(|action| action.hook == hook && action.due < action.due_at_last)?;
        let timeout = Duration::from_secs(action.heartbeat_timeout_seconds.into());
        Some((action.due - timeout, timeout))
    }

    /// The transition of the move that it is in, or was in last, as the API writes it.
    pub fn transition_name(&self) -> &'static str {
        self.moving.which.transition().as_str()
    }
}

/// A move under way.
#[derive(Debug)]
pub struct InFlight {
    pub(super) which: Move,
    /// Id of its scaling activity; it also tells this move from an earlier one.
    pub(super) activity: String,
    /// Not in service before this instant.
    pub(super) not_before: Timestamp,
    /// The hooks that hold it still.
    pub(super) actions: Vec<Action>,
}

/// A lifecycle action: one hook that holds one instance.
#[derive(Debug, Clone)]
pub struct Action {
    pub(super) hook: String,
    pub(super) token: String,
    pub(super) heartbeat_timeout_seconds: u32,
    pub(super) default_result: ActionResult,
    /// When the default result is taken, unless a heartbeat comes.
    pub(super) due: Timestamp,
    /// When it is taken in any case.
    pub(super) due_at_last: Timestamp,
}

impl Group {
    /// Whether the group has a tag of this key.
    pub fn has_tag(&self, key: &str) -> bool {
        let mut tags = self.settings.tags.iter();
        tags.any(|tag| tag["Key"] == key)
    }

    /// The instance `id`, while the group has it.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.by_id(id)
    }

    pub(super) fn instance_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.instances.by_id_mut(id)
    }

    /// How many instances count against the desired capacity.
    pub fn counted(&self) -> u32 {
        self.instances
            .iter()
            .filter(|instance| instance.state.counts())
            .count() as u32
    }

    /// Whether new instances are protected from scale-in.
    pub fn protects_new(&self) -> bool {
        self.settings.protect_new
    }

    /// Whether the instance `id` is held by the hook called `hook`.
    pub fn is_held_by(&self, id: &str, hook: &str) -> bool {
        let mut actions = self
            .instance(id)
            .into_iter()
            .flat_map(|one| &one.moving.actions);
        actions.any(|action| action.hook == hook)
    }

    pub(super) fn is_suspended(&self, process: &str) -> bool {
        self.suspended.contains_key(process)
    }
}
