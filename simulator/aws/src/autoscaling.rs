//! EC2 Auto Scaling: groups that keep a number of instances, and hooks that hold an instance on its
//! way in or out.
//!
//! # Layout
//! - `moves`: the states of an instance, and the moves between them.
//! - `group`: what is remembered; [`State::groups`] lets others read it.
//! - `lifecycle`: the way of one instance through its states; `hold`: the hooks on it.
//! - `refresh`: instance refresh; `lifetime`: who has grown too old; `rebalance`: which Spot
//!   instances are at risk.
//! - `capacity`: how many instances there are, and who goes; `health`: who is dead; `warm_pool`.
//! - `size` with `settings`, `deletion`, `instances`, `hooks`, `describe`, `activities` with
//!   `activity`: the calls; `input` reads what they are given.
//! - `membership` and `standby` over `user_moves`, `instance_health`: the calls by which a person
//!   detaches, attaches, puts aside or condemns one.
//! - `notice`: what EventBridge is told.
//!
//! Refused: everything that is not named here, among it load balancers and their health checks,
//! scaling policies, mixed instances. Zones are never rebalanced.

mod activities;
mod activity;
mod capacity;
mod deletion;
mod describe;
mod event;
mod events;
mod group;
mod group_calls;
mod health;
mod hold;
mod hooks;
mod input;
mod instance_health;
mod instance_list;
mod instances;
mod lifecycle;
mod lifetime;
mod membership;
mod metrics;
mod rebalance;
mod refresh;
#[cfg(test)]
mod scene;
mod settings;
mod standby;
mod tags;
mod termination_policy;
mod timing;
mod transitions;
mod user_moves;
mod warm_pool;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::account::{Account, Caller};
use crate::signal::Signal;
use crate::state::Key;
use crate::wire::ApiError;
use input::REQUESTS;

pub use capacity::zone;
use event::Event;
pub use group::{ActionResult, Group, Hook, Instance, TemplateChoice};
pub use hooks::MANAGED_DRAINING;
pub use timing::{Backoff, Timing};
pub use transitions::{LifecycleState, Transition};

/// The way to what EC2 Auto Scaling remembers of an account.
pub const AUTOSCALING: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take.
    pub timing: Timing,
    groups: BTreeMap<String, Group>,
    /// The metrics that are enabled of each group, by its name.
    metrics: BTreeMap<String, BTreeSet<String>>,
    /// The groups that have been deleted, oldest first, for their activities.
    deleted: Vec<Group>,
}

impl State {
    /// The groups, by name.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The group called `name`.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// The group that has the instance `id`.
    pub fn group_of(&self, id: &str) -> Option<&Group> {
        self.groups().find(|group| group.instance(id).is_some())
    }

    fn group_mut(&mut self, name: &str) -> Option<&mut Group> {
        self.groups.get_mut(name)
    }

    fn instance_mut(&mut self, group: &str, id: &str) -> Option<&mut Instance> {
        self.group_mut(group)?.instance_mut(id)
    }

    fn add_group(&mut self, group: Group) {
        self.groups.insert(group.name.clone(), group);
    }

    fn remove_group(&mut self, name: &str) {
        self.metrics.remove(name);
        if let Some(mut group) = self.groups.remove(name) {
            group.is_deleted = true;
            self.deleted.push(group);
        }
    }
}

/// Answers a call.
///
/// # Errors
/// What AWS would answer, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    caller: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateAutoScalingGroup" => group_calls::create(account, REQUESTS.read(action, input)?),
        "UpdateAutoScalingGroup" => group_calls::update(account, REQUESTS.read(action, input)?),
        "DeleteAutoScalingGroup" => deletion::delete(account, REQUESTS.read(action, input)?),
        "DescribeAutoScalingGroups" => describe::groups(account, REQUESTS.read(action, input)?),
        "DescribeAutoScalingInstances" => {
            instances::describe(account, REQUESTS.read(action, input)?)
        }
        "DescribeScalingActivities" => activities::describe(account, REQUESTS.read(action, input)?),
        "SetDesiredCapacity" => instances::set_desired(account, REQUESTS.read(action, input)?),
        "SetInstanceProtection" => instances::protect(account, REQUESTS.read(action, input)?),
        "TerminateInstanceInAutoScalingGroup" => {
            instances::terminate(account, REQUESTS.read(action, input)?)
        }
        "SetInstanceHealth" => instance_health::set(account, REQUESTS.read(action, input)?),
        "DetachInstances" => membership::detach(account, REQUESTS.read(action, input)?),
        "AttachInstances" => membership::attach(account, REQUESTS.read(action, input)?),
        "EnterStandby" => standby::enter(account, REQUESTS.read(action, input)?),
        "ExitStandby" => standby::exit(account, REQUESTS.read(action, input)?),
        "PutLifecycleHook" => hooks::put(account, caller, REQUESTS.read(action, input)?),
        "DeleteLifecycleHook" => hooks::delete(account, REQUESTS.read(action, input)?),
        "DescribeLifecycleHooks" => hooks::describe(account, REQUESTS.read(action, input)?),
        "CompleteLifecycleAction" => hooks::complete(account, REQUESTS.read(action, input)?),
        "RecordLifecycleActionHeartbeat" => {
            hooks::heartbeat(account, REQUESTS.read(action, input)?)
        }
        "EnableMetricsCollection" => metrics::enable(account, REQUESTS.read(action, input)?),
        "DisableMetricsCollection" => metrics::disable(account, REQUESTS.read(action, input)?),
        "CreateOrUpdateTags" => tags::put(account, REQUESTS.read(action, input)?),
        "DeleteTags" => tags::delete(account, REQUESTS.read(action, input)?),
        "SuspendProcesses" => health::suspend(account, REQUESTS.read(action, input)?),
        "ResumeProcesses" => health::resume(account, REQUESTS.read(action, input)?),
        "StartInstanceRefresh" => refresh::start(account, REQUESTS.read(action, input)?),
        "DescribeInstanceRefreshes" => refresh::describe(account, REQUESTS.read(action, input)?),
        "CancelInstanceRefresh" => refresh::cancel(account, REQUESTS.read(action, input)?),
        "RollbackInstanceRefresh" => refresh::roll_back(account, REQUESTS.read(action, input)?),
        "PutWarmPool" => warm_pool::put(account, REQUESTS.read(action, input)?),
        "DescribeWarmPool" => warm_pool::describe(account, REQUESTS.read(action, input)?),
        "DeleteWarmPool" => warm_pool::delete(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("autoscaling", action)),
    }
}

/// Whether an instance refresh could be asked to respect these preferences.
///
/// # Errors
/// What StartInstanceRefresh would answer.
pub fn check_preferences(preferences: &Value) -> Result<(), ApiError> {
    refresh::Preferences::read(preferences).map(drop)
}

/// An alarm of a target tracking policy rings, and wants the group at `desired`. Says whether that
/// is granted.
pub fn set_by_alarm(account: &mut Account, group: &str, alarm: &str, desired: u32) -> bool {
    instances::set_by_alarm(account, group, alarm, desired)
}

/// Notices what other services do.
pub fn notice(account: &mut Account, signal: &Signal) {
    match signal {
        Signal::Running(id) => instances::running(account, id),
        // Auto Scaling is not notified: its health check finds out.
        Signal::Died(id) => instances::died(account, id),
        Signal::Gone(id) => instance_gone(account, id),
        Signal::RebalanceRecommended(id) => rebalance::recommended(account, id),
        Signal::Booting(_)
        | Signal::Stopped(_)
        | Signal::Down(_)
        | Signal::SpotNotice(_)
        | Signal::SpotReclaimed(_)
        | Signal::HookReached { .. }
        | Signal::TextStored { .. } => {}
    }
}

/// EC2 has nothing left of an instance that was terminated: its group notices when it looks next.
fn instance_gone(account: &mut Account, id: &str) {
    let look = account[AUTOSCALING].timing.gone_look;
    let Some(group) = account[AUTOSCALING].group_of(id) else {
        return;
    };
    let Some(instance) = group.instance(id) else {
        return;
    };
    let waited = account.now.duration_since(instance.since).unsigned_abs();
    let event = Event::Gone {
        group: group.name.clone(),
        instance: id.to_owned(),
    };
    account.after(until_next(look, waited), event);
}

/// How long it is to the next of the looks that come every `look`, when `waited` has passed since
/// they began.
fn until_next(look: Duration, waited: Duration) -> Duration {
    let over = waited.as_millis() % look.as_millis().max(1);
    look - Duration::from_millis(u64::try_from(over).unwrap_or_default())
}

/// The group called `name`.
fn found<'a>(state: &'a State, name: &str) -> Result<&'a Group, ApiError> {
    state.group(name).ok_or_else(|| no_such_group(name))
}

/// The group called `name`, to be changed.
fn found_mut<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Group, ApiError> {
    state.group_mut(name).ok_or_else(|| no_such_group(name))
}

/// Recorded: radkawar/stackd testdata/aws/autoscaling/warm_pool_reuse_native.json, 2026-09.
fn no_such_group(name: &str) -> ApiError {
    ApiError::client(
        "ValidationError",
        format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"),
    )
}

/// An instant as events and causes write it, such as `2026-11-23T00:00:00Z`.
fn whole_seconds(instant: Timestamp) -> String {
    Timestamp::from_second(instant.as_second())
        .map_or_else(|_| instant.to_string(), |whole| whole.to_string())
}
