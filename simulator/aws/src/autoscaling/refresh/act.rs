//! One look of a refresh at its group after another, and what follows from each.

use std::time::Duration;

use jiff::Timestamp;

use super::decide::Next;
use super::end::{alarm_rings, end, give_up, ringing, succeed};
use super::progress::{explain, note_progress, wait};
use super::seen::{leaves, on_its_way_in, seen};
use super::{Back, Refresh, Status, events, pool, replace, texts};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::Event;
use crate::autoscaling::group::{Group, Instance};
use crate::trace::TraceEvent;

/// How long a refresh waits for protected instances, and for those in standby
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>).
const WAIT_FOR_PROTECTED: Duration = Duration::from_secs(3600);

/// The refresh will leave Pending.
pub fn begin_later(account: &mut Account, group: &str, id: &str) {
    let (least, most) = account[AUTOSCALING].timing.refresh_pending;
    let delay = account.between(least, most);
    look_after(account, group, id, delay);
}

/// The refresh will look at its group again: at the latest when its pause, or its baking, is over.
fn look_again(account: &mut Account, group: &str, id: &str) {
    let usual = account[AUTOSCALING].timing.refresh_look;
    let until = active(account, group).and_then(|(_, refresh)| refresh.until);
    let left = until.map_or(usual, |until| time_left(account.now, until));
    let delay = if left.is_zero() {
        usual
    } else {
        left.min(usual)
    };
    look_after(account, group, id, delay);
}

fn look_after(account: &mut Account, group: &str, id: &str, delay: Duration) {
    let event = Event::Refresh {
        group: group.to_owned(),
        refresh: id.to_owned(),
    };
    account.after(delay, event);
}

fn time_left(now: Timestamp, until: Timestamp) -> Duration {
    let left = until.duration_since(now);
    if left.is_positive() {
        left.unsigned_abs()
    } else {
        Duration::ZERO
    }
}

/// One look.
pub fn look(account: &mut Account, name: &str, id: &str) {
    let Some(group) = account[AUTOSCALING].group(name) else {
        return;
    };
    let Some(refresh) = group.active_refresh().filter(|refresh| refresh.id == id) else {
        return;
    };
    match refresh.status {
        Status::Cancelling => cancelling(account, name),
        Status::Baking => baking(account, name),
        Status::Pending => {
            begin(account, name);
            replacing(account, name);
        }
        Status::RollbackInProgress if refresh.to_replace.is_none() => {
            begin_back(account, name);
            replacing(account, name);
        }
        _ => replacing(account, name),
    }
    look_again(account, name, id);
}

fn begin(account: &mut Account, name: &str) {
    let now = account.now;
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.status = Status::InProgress;
        refresh.started = Some(now);
    }
    replace::note_whom(account, name);
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.total = refresh.going;
    }
    record_refresh(account, name);
    events::put(account, name, events::STARTED);
}

/// Recorded (refresh_native.json): a refresh that a user rolls back notes that at its next look.
fn begin_back(account: &mut Account, name: &str) {
    let now = account.now;
    replace::note_whom(account, name);
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.back = Some(Back {
            reason: refresh.reason.clone().unwrap_or_default(),
            at: now,
            done: refresh.done,
        });
    }
    events::put(account, name, events::ROLLBACK_STARTED);
}

fn cancelling(account: &mut Account, name: &str) {
    let awaits = account[AUTOSCALING].timing.refresh_awaits_terminate_hooks;
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
    let until = active(account, name).and_then(|(_, refresh)| refresh.until);
    let left = until.map_or(Duration::ZERO, |until| time_left(now, until));
    if left.is_zero() {
        succeed(account, name);
    } else {
        explain(account, name, texts::bakes(left));
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
    let next = seen.next(&preferences);
    let replaces = matches!(
        next,
        Next::Retire(_) | Next::Batch { .. } | Next::TakeStandby
    );
    if let Some(process) = suspended(account, name).filter(|_| replaces) {
        return explain(account, name, texts::is_suspended(process));
    }
    let went_on = note_progress(account, name, &seen, &preferences);
    // Those tell of themselves.
    let tells = matches!(next, Next::Checkpoint | Next::Enough | Next::Done);
    if next != Next::Blocked
        && let Some(refresh) = refresh_mut(account, name)
    {
        refresh.blocked_since = None;
    }
    match next {
        Next::Wait(waits) => wait(account, name, waits),
        Next::Retire(count) => replace::retire(account, name, count),
        Next::Batch { go, come } => replace::batch(account, name, go, come),
        Next::TakeStandby => replace::take_standby(account, name),
        Next::Checkpoint => pause(account, name),
        Next::Blocked => blocked(account, name),
        Next::Enough | Next::Done => all_replaced(account, name),
    }
    if went_on && !tells {
        record_refresh(account, name);
    }
}

/// The first of the suspended processes without which a refresh does not replace instances.
/// Documented: it pauses then, and is not cancelled
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-how-suspending-processes-affects-other-processes.html>).
///
/// assumption: one that has nothing to replace ends all the same. Such a refresh on AWS proves it.
fn suspended(account: &Account, name: &str) -> Option<&'static str> {
    let group = account[AUTOSCALING].group(name)?;
    let mut needed = ["InstanceRefresh", "Launch", "Terminate"].into_iter();
    needed.find(|process| group.is_suspended(process))
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
    // assumption: the text. A refresh that reaches a checkpoint on AWS proves it.
    refresh.reason = Some(format!(
        "Checkpoint of {percent}% reached. Waiting for {delay} seconds before continuing."
    ));
    record_refresh(account, name);
    events::put_checkpoint(account, name, percent, delay);
}

/// You have an hour to take protection away, and to return instances from standby
/// (see [`WAIT_FOR_PROTECTED`]).
fn blocked(account: &mut Account, name: &str) {
    let now = account.now;
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    let standby = group
        .instances
        .iter()
        .find(|it| refresh.replaces(it) && it.state.is_on_standby());
    let protected = group
        .instances
        .iter()
        .find(|it| refresh.replaces(it) && it.protected);
    let reason = match (protected, standby) {
        (Some(one), _) => Some(texts::protected(&one.id)),
        (None, Some(one)) => Some(texts::in_standby(&one.id)),
        (None, None) => None,
    };
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    refresh.reason = reason.or(refresh.reason.take());
    let since = *refresh.blocked_since.get_or_insert(now);
    if now >= since + WAIT_FOR_PROTECTED {
        // assumption: the text. A refresh that fails after that hour on AWS proves it.
        let reason = "The remaining instances are protected from scale in or in standby, and were for an hour.";
        give_up(account, name, reason.to_owned());
    }
}

/// assumption: the last checkpoint, if it is 100 per cent, delays nothing more; only the bake time
/// does. A refresh that waits for CheckpointDelay at 100 per cent proves it wrong.
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
    refresh.reason = Some(texts::bakes(Duration::from_secs(bake.into())));
    record_refresh(account, name);
    events::put(account, name, events::STARTED_BAKING);
}

/// The group, and its refresh that goes on.
pub(super) fn active<'a>(account: &'a Account, name: &str) -> Option<(&'a Group, &'a Refresh)> {
    let group = account[AUTOSCALING].group(name)?;
    Some((group, group.active_refresh()?))
}

/// The refresh of the group that goes on, to be changed.
pub(super) fn refresh_mut<'a>(account: &'a mut Account, name: &str) -> Option<&'a mut Refresh> {
    account[AUTOSCALING].group_mut(name)?.active_refresh_mut()
}

/// Records the newest refresh of the group.
pub fn record_refresh(account: &mut Account, name: &str) {
    let Some(group) = account[AUTOSCALING].group(name) else {
        return;
    };
    if let Some(refresh) = group.refreshes.last() {
        let event = TraceEvent::Refresh {
            group: name.to_owned(),
            status: refresh.status,
            percent: refresh.percent(),
            left: refresh.left(),
            reason: refresh.reason.clone().unwrap_or_default(),
        };
        account.record(event);
    }
}
