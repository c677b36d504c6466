//! One look of a refresh at its group after another, and what follows from each.

use std::collections::BTreeSet;
use std::time::Duration;

use super::decide::Next;
use super::end::{alarm_rings, end, give_up, ringing, succeed};
use super::pool;
use super::preferences::Protected;
use super::seen::{leaves, on_its_way_in, seen};
use super::{Refresh, Status};
use crate::account::Account;
use crate::autoscaling::activity::Cause;
use crate::autoscaling::group::{Group, Instance};
use crate::autoscaling::lifecycle::set_out;
use crate::autoscaling::moves::{LifecycleState, Move};
use crate::autoscaling::{Event, capacity};
use crate::fact::Fact;

/// Documented: so long a refresh waits for protected instances.
const WAIT_FOR_PROTECTED: Duration = Duration::from_secs(3600);

/// The refresh will look at its group again.
pub fn look_again(account: &mut Account, group: &str, id: &str) {
    let delay = account.autoscaling.dynamics.refresh_look;
    let event = Event::Refresh {
        group: group.to_owned(),
        refresh: id.to_owned(),
    };
    account.after(delay, event);
}

/// One look.
pub fn look(account: &mut Account, name: &str, id: &str) {
    let Some(group) = account.autoscaling.group(name) else {
        return;
    };
    let Some(refresh) = group.active_refresh().filter(|refresh| refresh.id == id) else {
        return;
    };
    match refresh.status {
        Status::Cancelling => cancelling(account, name),
        Status::Baking => baking(account, name),
        _ => replacing(account, name),
    }
    look_again(account, name, id);
}

fn cancelling(account: &mut Account, name: &str) {
    let awaits = account.autoscaling.dynamics.refresh_awaits_terminate_hooks;
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    let moving = |instance: &Instance| on_its_way_in(instance) || leaves(instance, awaits);
    if !refresh.waits_for_moves || !group.instances.iter().any(moving) {
        end(account, name, Status::Cancelled, None);
    }
}

fn baking(account: &mut Account, name: &str) {
    if let Some(alarm) = ringing(account, name) {
        return give_up(account, name, alarm_rings(&alarm));
    }
    let now = account.now;
    let over = active(account, name)
        .is_some_and(|(_, refresh)| refresh.until.is_none_or(|until| now >= until));
    if over {
        succeed(account, name);
    }
}

fn replacing(account: &mut Account, name: &str) {
    if let Some(alarm) = ringing(account, name) {
        return give_up(account, name, alarm_rings(&alarm));
    }
    let now = account.now;
    let Some((seen, preferences, until)) = seen(account, name) else {
        return;
    };
    if until.is_some_and(|until| now < until) {
        return;
    }
    // Documented: the process can be suspended. Assumed: a refresh then waits.
    let group = account.autoscaling.group(name);
    if group.is_none_or(|group| group.is_suspended("InstanceRefresh")) {
        return;
    }
    let next = seen.next(&preferences);
    let went_on = note_progress(account, name, seen.percent(&preferences));
    // Those tell of themselves.
    let tells = matches!(next, Next::Checkpoint | Next::Enough | Next::Done);
    if went_on && !tells {
        tell(account, name);
    }
    if next != Next::Blocked
        && let Some(refresh) = refresh_mut(account, name)
    {
        refresh.blocked_since = None;
    }
    match next {
        Next::Wait => {}
        Next::Retire(count) => retire(account, name, count),
        Next::Batch { go, come } => batch(account, name, go, come),
        Next::Checkpoint => pause(account, name),
        Next::Blocked => blocked(account, name),
        Next::Enough | Next::Done => all_replaced(account, name),
    }
}

/// When it begins, or turns round, it notes whom to replace.
pub fn set_out_to(account: &mut Account, name: &str) {
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    if refresh.to_replace.is_some() {
        return;
    }
    let skips = refresh.preferences.skip_matching || refresh.status == Status::RollbackInProgress;
    let outdated = |instance: &&Instance| {
        let from = &instance.template;
        let same = from.id == refresh.target.id && from.version == refresh.target.version;
        instance.state.counts() && !(skips && same)
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
        refresh.total = ids.len() as u32;
        refresh.to_replace = Some(ids);
        refresh.pool = pool;
    }
}

fn retire(account: &mut Account, name: &str, count: u32) {
    for id in oldest(account, name, count) {
        if let Some(refresh) = refresh_mut(account, name) {
            refresh.surge -= 1;
        }
        set_out(
            account,
            name,
            &id,
            Move::Terminate,
            &Cause::Refresh.into(),
        );
    }
    // Somebody else has taken away what was to go: the capacity decides.
    if count == 0
        && let Some(refresh) = refresh_mut(account, name)
    {
        refresh.surge = 0;
        capacity::reconcile_later(account, name);
    }
}

fn batch(account: &mut Account, name: &str, go: u32, come: u32) {
    for id in oldest(account, name, go) {
        set_out(
            account,
            name,
            &id,
            Move::Terminate,
            &Cause::Refresh.into(),
        );
        capacity::vacancy(account, name, false);
    }
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.surge += come;
    }
    for _ in 0..come {
        capacity::launch(account, name, Move::Launch, &Cause::Refresh.into());
    }
}

/// Those to replace next. Assumed: the oldest first.
fn oldest(account: &mut Account, name: &str, count: u32) -> Vec<String> {
    let Some((group, refresh)) = active(account, name) else {
        return Vec::new();
    };
    let spares = refresh.preferences.protected != Protected::Refresh;
    let may_go = |instance: &&Instance| {
        let listed = refresh.to_replace.as_ref();
        instance.state == LifecycleState::InService
            && listed.is_some_and(|listed| listed.contains(&instance.id))
            && !(spares && instance.protected)
    };
    let those = group.instances.iter().filter(may_go).take(count as usize);
    those.map(|instance| instance.id.clone()).collect()
}

/// Whether it went on.
fn note_progress(account: &mut Account, name: &str, percent: u32) -> bool {
    let Some(refresh) = refresh_mut(account, name) else {
        return false;
    };
    // Documented: on the way back it falls to zero again.
    let percent = match refresh.status {
        Status::RollbackInProgress => refresh.percent.min(100 - percent),
        _ => refresh.percent.max(percent),
    };
    std::mem::replace(&mut refresh.percent, percent) != percent
}

fn pause(account: &mut Account, name: &str) {
    let now = account.now;
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    let percent = refresh.preferences.checkpoints[refresh.checkpoints];
    let delay = refresh.preferences.checkpoint_delay;
    refresh.checkpoints += 1;
    refresh.until = Some(now + Duration::from_secs(delay.into()));
    // The text is assumed.
    refresh.reason = Some(format!(
        "Checkpoint of {percent}% reached. Waiting for {delay} seconds before continuing."
    ));
    tell(account, name);
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.reason = None;
    }
}

fn blocked(account: &mut Account, name: &str) {
    let now = account.now;
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    let since = *refresh.blocked_since.get_or_insert(now);
    if now >= since + WAIT_FOR_PROTECTED {
        // The text is assumed.
        let reason = "The remaining instances are protected from scale in, and were for an hour.";
        give_up(account, name, reason.to_owned());
    }
}

/// Assumed: the last checkpoint, if it is 100 per cent, delays nothing more; what bakes is what waits at the end.
fn all_replaced(account: &mut Account, name: &str) {
    let now = account.now;
    if pool::replaces(account, name) {
        return;
    }
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    let bake = refresh.preferences.bake;
    if refresh.status == Status::RollbackInProgress || bake == 0 {
        return succeed(account, name);
    }
    refresh.status = Status::Baking;
    refresh.until = Some(now + Duration::from_secs(bake.into()));
    refresh.reason = Some(format!("Baking for {bake} seconds."));
    tell(account, name);
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.reason = None;
    }
}

/// The group, and its refresh that goes on.
pub(super) fn active<'a>(account: &'a Account, name: &str) -> Option<(&'a Group, &'a Refresh)> {
    let group = account.autoscaling.group(name)?;
    Some((group, group.active_refresh()?))
}

/// The refresh of the group that goes on, to be changed.
pub(super) fn refresh_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut Refresh> {
    account.autoscaling.group_mut(name)?.active_refresh_mut()
}

/// Tells of the newest refresh of the group.
pub fn tell(account: &mut Account, name: &str) {
    let Some(group) = account.autoscaling.group(name) else {
        return;
    };
    if let Some(refresh) = group.refreshes.last() {
        let fact = Fact::Refresh {
            group: name.to_owned(),
            status: refresh.status.as_str().to_owned(),
            percent: refresh.percent,
            left: refresh.left(group),
            reason: refresh.reason.clone().unwrap_or_default(),
        };
        account.tell(fact);
    }
}
