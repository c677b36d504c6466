//! Capacity providers: a name for an Auto Scaling group, from which services and tasks take their
//! instances.
//!
//! - `calls`, `settings`: the calls, and reading what they say.
//! - `association`: which providers a cluster has, and what ECS does to a group when one comes or
//!   goes.
//! - `waiting`: tasks that wait in PROVISIONING until an instance of their provider has room.
//! - `scaling`: managed scaling, decided once a minute, and managed termination protection.
//! - `draining`: managed draining.
//!
//! Refused by name: providers of Fargate and of managed instances, strategies of several providers.

mod association;
mod calls;
mod draining;
mod scaling;
mod settings;
mod waiting;

use serde_json::Value;

use super::State;
use super::cluster::Cluster;

pub(super) use association::{adopt, put};
pub(super) use calls::{create, delete, describe, update};
pub(super) use draining::{begin as begin_draining, look as look_at_drain};
pub(super) use scaling::look as look_at_scale;
pub(super) use settings::{Share, StrategyItem, strategy};
pub(super) use waiting::{
    Waiting, has_room, mark as place_waiting_soon, place as place_waiting, wait,
};

/// A capacity provider.
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) arn: String,
    /// Name of its Auto Scaling group.
    pub(super) group: String,
    /// Whether it was not deleted.
    pub(super) active: bool,
    pub(super) scaling: Scaling,
    /// managedTerminationProtection.
    pub(super) protects: bool,
    /// managedDraining.
    pub(super) drains: bool,
    pub(super) tags: Value,
    /// How many minutes on end the metric has been below its target.
    pub(super) below: u32,
    /// Which look at the metric is the next; others that were planned are out of date.
    pub(super) turn: u64,
    /// What was last told of a wish that could not be fulfilled.
    pub(super) told: String,
}

/// managedScaling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scaling {
    pub(super) enabled: bool,
    /// targetCapacity, in per cent.
    pub(super) target: u32,
    /// minimumScalingStepSize.
    pub(super) least_step: u32,
    /// maximumScalingStepSize.
    pub(super) most_step: u32,
    /// instanceWarmupPeriod, in seconds.
    pub(super) warmup: u32,
}

impl State {
    /// The provider called `name`, if it was not deleted.
    pub(super) fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(name).filter(|known| known.active)
    }

    /// The capacity providers of a cluster, by name.
    pub fn capacity_providers(&self, cluster: &str) -> Vec<String> {
        let cluster = self.clusters.get(cluster);
        cluster.map_or_else(Vec::new, |cluster| cluster.providers.clone())
    }

    /// Whether a cluster has a default capacity provider strategy.
    pub fn has_default_provider(&self, cluster: &str) -> bool {
        let cluster = self.clusters.get(cluster);
        cluster.is_some_and(|cluster| cluster.default_strategy.is_some())
    }

    /// The ACTIVE cluster that has the provider called `name`.
    pub(super) fn cluster_with(&self, name: &str) -> Option<&Cluster> {
        let mut clusters = self.clusters.values().filter(|known| known.active);
        clusters.find(|cluster| cluster.providers.iter().any(|provider| provider == name))
    }
}
