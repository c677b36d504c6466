//! Instance refresh: what a refresh remembers. `calls` are the calls about it, `preferences` reads what it is asked to
//! respect; `seen` looks at the group, `decide` says what is next, `act` does it, and `end` ends it.
//!
//! Documented: an instance refresh replaces the instances of a group in batches between a minimum and a maximum of healthy
//! capacity, waits for launch hooks, leaves retained instances alone, pauses at checkpoints, watches alarms, and bakes at
//! the end. What AWS does not say is marked where it stands, or is a switch of [`super::Dynamics`].
//!
//! Documented: of a group with a warm pool it replaces the instances in service first, then those in the pool. How many of
//! these at a time is not, so all at once is assumed; and that new instances of the group do not come out of the pool
//! while that is outdated.
//!
//! Refused: the strategy ReplaceRootVolume, and mixed instances. Not told: the events of a refresh on EventBridge.

pub mod act;
mod calls;
mod decide;
mod end;
mod pool;
mod preferences;
mod seen;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group::{Group, TemplateChoice};
use crate::ec2::TemplateVersion;

pub use calls::{cancel, describe, roll_back, start};
pub use end::launch_abandoned;
pub use preferences::Preferences;

/// An instance refresh.
#[derive(Debug, Clone)]
pub struct Refresh {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) preferences: Preferences,
    /// The DesiredConfiguration, if it was given.
    pub(super) desired: Option<TemplateChoice>,
    /// What the group named when it began, to which a rollback goes back.
    before: TemplateChoice,
    /// What new instances are launched from.
    target: TemplateVersion,
    /// The instances to replace.
    to_replace: Option<BTreeSet<String>>,
    /// How many they were.
    total: u32,
    /// The instances of the warm pool to replace, those that are none of its target's version aside.
    pool: BTreeSet<String>,
    /// How many instances it has out beyond the desired capacity.
    pub(super) surge: u32,
    percent: u32,
    /// How many checkpoints it has passed.
    checkpoints: usize,
    /// It pauses at a checkpoint, or bakes, until then.
    until: Option<Timestamp>,
    /// Since when nothing but protected instances is left to replace.
    blocked_since: Option<Timestamp>,
    /// Whether a cancelled one waits for what is under way.
    waits_for_moves: bool,
}

/// The status of a refresh. The account never stands in Pending: the first look at the group follows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It replaces instances.
    InProgress,
    /// All are replaced, and it watches alarms for a while.
    Baking,
    /// Done.
    Successful,
    /// It has given up.
    Failed,
    /// Somebody has cancelled it.
    Cancelling,
    /// It is cancelled.
    Cancelled,
    /// It brings the group back to what was before.
    RollbackInProgress,
    /// The group is what it was before.
    RollbackSuccessful,
    /// It has given up on the way back.
    RollbackFailed,
}

impl Status {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Baking => "Baking",
            Self::Successful => "Successful",
            Self::Failed => "Failed",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::RollbackInProgress => "RollbackInProgress",
            Self::RollbackSuccessful => "RollbackSuccessful",
            Self::RollbackFailed => "RollbackFailed",
        }
    }

    /// Whether it goes on. A group has one such refresh at most.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            Self::InProgress | Self::Baking | Self::Cancelling | Self::RollbackInProgress
        )
    }
}

impl Group {
    /// The refresh that goes on, if there is one.
    pub(super) fn active_refresh(&self) -> Option<&Refresh> {
        self.refreshes
            .last()
            .filter(|refresh| refresh.status.is_active())
    }

    pub(super) fn active_refresh_mut(&mut self) -> Option<&mut Refresh> {
        self.refreshes
            .last_mut()
            .filter(|refresh| refresh.status.is_active())
    }

    /// How many instances there shall be: the desired capacity, and what a refresh has out beyond it. A group that shall
    /// be empty stays empty.
    pub(super) fn wanted(&self) -> u32 {
        match self.desired {
            0 => 0,
            desired => {
                let surge = self.active_refresh().map_or(0, |refresh| refresh.surge);
                desired + surge + self.rebalancing()
            }
        }
    }

    /// What the next instance is launched from, and which version. Assumed: while a refresh with a desired configuration
    /// goes on, every new instance has that.
    pub(super) fn launches_from(&self) -> (String, String) {
        match self.active_refresh() {
            Some(refresh) if refresh.launches() => (
                refresh.target.id.clone(),
                refresh.target.version.to_string(),
            ),
            _ => (self.template.id.clone(), self.template.version.clone()),
        }
    }
}

impl Refresh {
    fn launches(&self) -> bool {
        self.goes_forth() && self.desired.is_some()
    }

    /// Whether it replaces instances, onward or back.
    fn goes_forth(&self) -> bool {
        matches!(self.status, Status::InProgress | Status::RollbackInProgress)
    }

    /// As the API answers it.
    fn to_json(&self, group: &Group) -> Value {
        let mut answer = json!({
            "InstanceRefreshId": self.id, "AutoScalingGroupName": group.name, "Status": self.status.as_str(),
            "StartTime": self.started.to_string(), "PercentageComplete": self.percent,
            "InstancesToUpdate": self.left(group) + self.left_in_pool(group), "Strategy": "Rolling", "Preferences": self.preferences.to_json(),
        });
        if let Some(reason) = &self.reason {
            answer["StatusReason"] = json!(reason);
        }
        if group.warm_pool.is_some() {
            answer["ProgressDetails"] = json!({
                "LivePoolProgress": {"PercentageComplete": self.percent, "InstancesToUpdate": self.left(group)},
                "WarmPoolProgress": self.pool_progress(group),
            });
        }
        if let Some(ended) = self.ended {
            answer["EndTime"] = json!(ended.to_string());
        }
        if let Some(desired) = &self.desired {
            answer["DesiredConfiguration"] = json!({"LaunchTemplate": {
                "LaunchTemplateId": desired.id, "LaunchTemplateName": desired.name, "Version": desired.version,
            }});
        }
        answer
    }

    /// How many instances are still to be replaced.
    fn left(&self, group: &Group) -> u32 {
        let Some(to_replace) = &self.to_replace else {
            return 0;
        };
        let left = group
            .instances
            .iter()
            .filter(|instance| instance.state.counts() && to_replace.contains(&instance.id));
        left.count() as u32
    }
}

#[cfg(test)]
mod tests;
