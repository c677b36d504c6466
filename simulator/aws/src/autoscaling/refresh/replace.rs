//! What a refresh replaces, and how it does: batches, and old instances that go when the new ones
//! have come.

use std::collections::BTreeSet;

use super::act::{active, refresh_mut};
use super::preferences::{Protected, Standby};
use super::{Refresh, Status};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::capacity;
use crate::autoscaling::group::Instance;
use crate::autoscaling::lifecycle::begin_transition;
use crate::autoscaling::transitions::{LifecycleState, Move};
use crate::trace::Cause;

/// When it begins, or turns round, it notes whom to replace.
pub fn note_whom(account: &mut Account, name: &str) {
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    let skips = refresh.preferences.skip_matching || refresh.status == Status::RollbackInProgress;
    let takes_standby = refresh.preferences.standby != Standby::Ignore;
    let outdated = |instance: &&Instance| {
        let from = &instance.template;
        let same = from.id == refresh.target.id && from.version == refresh.target.version;
        let standby = instance.state.is_on_standby() && takes_standby;
        (instance.state.counts() || standby) && !(skips && same)
    };
    let ids: BTreeSet<String> = group
        .instances
        .iter()
        .filter(outdated)
        .map(|instance| instance.id.clone())
        .collect();
    let in_pool = |instance: &&Instance| instance.state.is_warm() && !skips;
    let pool = group.instances.iter().filter(in_pool);
    let pool = pool.map(|instance| instance.id.clone()).collect();
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.going = ids.len() as u32;
        refresh.to_replace = Some(ids);
        refresh.pool = pool;
    }
}

pub fn retire(account: &mut Account, name: &str, count: u32) {
    for id in oldest(account, name, count) {
        if let Some(refresh) = refresh_mut(account, name) {
            refresh.surge -= 1;
        }
        begin_transition(account, name, &id, Move::Terminate, &Cause::Refresh.into());
    }
    // Somebody else has taken away what was to go: the capacity decides.
    if count == 0
        && let Some(refresh) = refresh_mut(account, name)
    {
        refresh.surge = 0;
        capacity::reconcile_later(account, name);
    }
}

pub fn batch(account: &mut Account, name: &str, go: u32, come: u32) {
    let (least, most) = account[AUTOSCALING].timing.refresh_health_checks;
    let health_checks = account.between(least, most);
    for id in oldest(account, name, go) {
        begin_transition(account, name, &id, Move::Terminate, &Cause::Refresh.into());
        capacity::schedule_replacement(account, name, false);
    }
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.surge += come;
        refresh.health_checks = health_checks;
    }
    for _ in 0..come {
        capacity::launch(account, name, Move::Launch, &Cause::Refresh.into());
    }
}

/// Those to replace next.
///
/// assumption: the oldest first. The activities of a refresh of several instances prove it.
fn oldest(account: &mut Account, name: &str, count: u32) -> Vec<String> {
    let Some((group, refresh)) = active(account, name) else {
        return Vec::new();
    };
    let spares = refresh.preferences.protected != Protected::Refresh;
    let may_go = |instance: &&Instance| {
        instance.state == LifecycleState::InService
            && refresh.replaces(instance)
            && !(spares && instance.protected)
    };
    let those = group.instances.iter().filter(may_go).take(count as usize);
    those.map(|instance| instance.id.clone()).collect()
}

/// Those in standby that are to be replaced go; no instance comes in their place, as they do not
/// count.
///
/// assumption: when nothing else is left, and over the terminate hooks. The activities of such a
/// refresh prove it.
pub fn take_standby(account: &mut Account, name: &str) {
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    let those = group
        .instances
        .iter()
        .filter(|it| it.state.is_on_standby() && refresh.replaces(it));
    let ids: Vec<String> = those.map(|it| it.id.clone()).collect();
    for id in ids {
        let why = Cause::Refresh.into();
        begin_transition(account, name, &id, Move::Terminate, &why);
    }
}

impl Refresh {
    /// Whether an instance of the group is to be replaced.
    pub(super) fn replaces(&self, instance: &Instance) -> bool {
        let listed = self.to_replace.as_ref();
        listed.is_some_and(|listed| listed.contains(&instance.id))
    }
}
