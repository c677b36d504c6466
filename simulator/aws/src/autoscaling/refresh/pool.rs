//! The warm pool's part in a refresh: when the group's own instances are replaced, those of the
//! pool are.

use serde_json::{Value, json};

use super::Refresh;
use super::act::active;
use crate::account::Account;
use crate::autoscaling::group::{Group, Instance};
use crate::autoscaling::lifecycle::begin_transition;
use crate::autoscaling::transitions::Move;
use crate::autoscaling::warm_pool;
use crate::trace::Cause;

/// Replaces what is outdated in the pool; whether that goes on.
pub(super) fn replaces(account: &mut Account, name: &str) -> bool {
    let Some((group, refresh)) = active(account, name) else {
        return false;
    };
    let Some(pool) = &group.warm_pool else {
        return false;
    };
    let stays = |instance: &&Instance| instance.state.is_ready_in_pool();
    let ready = group.instances.iter().filter(stays);
    let outdated: Vec<String> = ready
        .clone()
        .filter(|instance| refresh.replaces_in_pool(instance))
        .map(|instance| instance.id.clone())
        .collect();
    let complete = ready.count() as u32 >= pool.wanted(group);
    let goes_on = !outdated.is_empty() || refresh.left_in_pool(group) > 0 || !complete;
    for id in outdated {
        let why = Cause::Refresh.into();
        begin_transition(account, name, &id, Move::Discard, &why);
    }
    warm_pool::refill(account, name);
    goes_on
}

impl Refresh {
    /// Whether an instance of the pool is to be replaced.
    fn replaces_in_pool(&self, instance: &Instance) -> bool {
        let from = &instance.template;
        let same = from.id == self.target.id && from.version == self.target.version;
        !same || self.pool.contains(&instance.id)
    }

    /// How many instances in the pool, or on their way into it, are still to be replaced.
    pub(super) fn left_in_pool(&self, group: &Group) -> u32 {
        let stays = |instance: &&Instance| {
            let comes = matches!(instance.moving.which, Move::Warm | Move::Return);
            instance.state.is_ready_in_pool() || (comes && instance.state.is_warm())
        };
        let inside = group.instances.iter().filter(stays);
        let left = inside.filter(|it| !it.state.is_retained() && self.replaces_in_pool(it));
        left.count() as u32
    }

    pub(super) fn pool_progress(&self, group: &Group) -> Value {
        let left = self.left_in_pool(group);
        let wanted = group
            .warm_pool
            .as_ref()
            .map_or(0, |pool| pool.wanted(group));
        let done = 100 * wanted.saturating_sub(left) / wanted.max(1);
        json!({"PercentageComplete": done, "InstancesToUpdate": left})
    }
}

impl Group {
    /// Whether an instance waits in the pool that may come into the group now.
    ///
    /// assumption: during a refresh only one of the version that it brings; otherwise any. An old
    /// instance that leaves the pool during a refresh proves it wrong.
    pub(in crate::autoscaling) fn may_join(&self, instance: &Instance) -> bool {
        let fits = |refresh: &Refresh| !refresh.goes_forth() || !refresh.replaces_in_pool(instance);
        instance.state.is_ready_in_pool() && self.active_refresh().is_none_or(fits)
    }
}
