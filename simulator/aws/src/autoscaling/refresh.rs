//! Instance refresh: what a refresh remembers. `calls` are the calls about it, `preferences` reads
//! what it is asked to respect; `seen` looks at the group, `decide` says what is next, `act` and
//! `replace` do it, `progress` notes how far it is, and `end` ends it; `texts` are the reasons that
//! it gives, and `events` what it puts on EventBridge.
//!
//! An instance refresh replaces the instances of a group in batches between a minimum and a maximum
//! of healthy capacity, pauses at checkpoints, watches alarms, and bakes at the end
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>); it
//! waits for launch hooks
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>). What AWS
//! does not say is marked where it stands, or is a model variant of [`super::Timing`].
//!
//! Of a group with a warm pool it replaces the instances in service first, then those in the pool
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html>).
//!
//! assumption: all of the pool at once, and new instances of the group do not come out of the pool
//! while that is outdated. The activities of a refresh with a pool prove it.
//!
//! Recorded (radkawar/stackd testdata/aws/autoscaling/refresh_native.json, 2026-09): it is Pending
//! for 5 to 11 s, looks about every 10 s, checks the health of a batch's new instances for 70 to 80
//! s after they are in service, waits until what it terminates is gone, also after the last one,
//! and reports its progress in parts of an instance.
//!
//! Refused: the strategy ReplaceRootVolume, and mixed instances.

pub mod act;
mod calls;
mod decide;
mod end;
mod events;
mod pool;
mod preferences;
mod progress;
mod replace;
mod seen;
mod texts;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::group::{Group, TemplateChoice};
use super::whole_seconds;
use crate::ec2::TemplateVersion;
pub use crate::trace::RefreshStatus as Status;

pub use calls::{cancel, describe, roll_back, start};
pub use end::launch_abandoned;
pub use preferences::Preferences;

/// An instance refresh.
#[derive(Debug, Clone)]
pub struct Refresh {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    /// When it left Pending.
    pub(super) started: Option<Timestamp>,
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
    /// How many it set out to replace in the direction in which it goes.
    going: u32,
    /// How many it set out to replace when it began.
    total: u32,
    /// How far it is, in quarters of an instance: of 4 times `total`.
    done: u32,
    /// How it turned round, if it did.
    back: Option<Back>,
    /// How long the health of the batch's new instances is checked.
    health_checks: Duration,
    /// The instances of the warm pool to replace, those that are none of its target's version
    /// aside.
    pool: BTreeSet<String>,
    /// How many instances it has out beyond the desired capacity.
    pub(super) surge: u32,
    /// How many checkpoints it has passed.
    checkpoints: usize,
    /// It pauses at a checkpoint, or bakes, until then.
    until: Option<Timestamp>,
    /// Since when nothing but protected instances is left to replace.
    blocked_since: Option<Timestamp>,
    /// Whether a cancelled one waits for what is under way.
    waits_for_moves: bool,
}

/// How a refresh turned round.
#[derive(Debug, Clone)]
struct Back {
    reason: String,
    at: Timestamp,
    /// How far it was, as [`Refresh::done`].
    done: u32,
}

impl Status {
    /// Whether it goes on. A group has one such refresh at most.
    pub fn is_active(self) -> bool {
        matches!(
            self,
            Self::Pending
                | Self::InProgress
                | Self::Baking
                | Self::Cancelling
                | Self::RollbackInProgress
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

    /// How many instances there shall be: the desired capacity, and what a refresh has out beyond
    /// it. A group that shall be empty stays empty.
    pub(super) fn wanted(&self) -> u32 {
        match self.desired {
            0 => 0,
            desired => {
                let surge = self.active_refresh().map_or(0, |refresh| refresh.surge);
                desired + surge + self.rebalancing()
            }
        }
    }

    /// InstanceWarmup in seconds; without it the group's health check grace period
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>).
    fn warmup(&self, preferences: &Preferences) -> u32 {
        let grace = self.settings.health_check_grace_seconds;
        preferences.warmup.unwrap_or(grace)
    }

    /// What the next instance is launched from, and which version. While a refresh with a desired
    /// configuration runs, every new instance has that configuration
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>).
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

    /// How many per cent are replaced. An empty group has nothing to replace.
    fn percent(&self) -> u32 {
        match (self.started, self.total) {
            (None, _) => 0,
            (Some(_), 0) => 100,
            (Some(_), total) => 100 * self.done / (4 * total),
        }
    }

    /// How many instances are still to be replaced; after a rollback, how many were not replaced
    /// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html>).
    fn left(&self) -> u32 {
        Self::left_of(self.total, self.done)
    }

    fn left_of(total: u32, done: u32) -> u32 {
        (4 * total).saturating_sub(done).div_ceil(4)
    }

    /// As the API answers it. Recorded (refresh_native.json): a pending one has neither a start nor
    /// any progress.
    fn to_json(&self, group: &Group) -> Value {
        let mut answer = json!({
            "InstanceRefreshId": self.id, "AutoScalingGroupName": group.name, "Status": self.status.name(),
            "Strategy": "Rolling", "Preferences": self.preferences.to_json(group.warmup(&self.preferences)),
        });
        if let Some(started) = self.started {
            answer["StartTime"] = json!(whole_seconds(started));
            answer["PercentageComplete"] = json!(self.percent());
            answer["InstancesToUpdate"] = json!(self.left() + self.left_in_pool(group));
        }
        if let Some(reason) = &self.reason {
            answer["StatusReason"] = json!(reason);
        }
        if group.warm_pool.is_some() && self.started.is_some() {
            answer["ProgressDetails"] = json!({
                "LivePoolProgress": {"PercentageComplete": self.percent(), "InstancesToUpdate": self.left()},
                "WarmPoolProgress": self.pool_progress(group),
            });
        }
        if let Some(ended) = self.ended {
            answer["EndTime"] = json!(whole_seconds(ended));
        }
        if let Some(back) = &self.back {
            answer["RollbackDetails"] = json!({
                "RollbackReason": back.reason, "RollbackStartTime": back.at.to_string(),
                "PercentageCompleteOnRollback": (100 * back.done).checked_div(4 * self.total).unwrap_or(100),
                "InstancesToUpdateOnRollback": Self::left_of(self.total, back.done),
            });
        }
        if let Some(desired) = &self.desired {
            answer["DesiredConfiguration"] = json!({"LaunchTemplate": {
                "LaunchTemplateId": desired.id, "LaunchTemplateName": desired.name, "Version": desired.version,
            }});
        }
        answer
    }
}

#[cfg(test)]
mod tests;
