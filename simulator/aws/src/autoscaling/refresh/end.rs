//! How a refresh ends, well or not, and what makes it turn round.

use super::act::{active, record_refresh, refresh_mut};
use super::{Refresh, Status, events};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::capacity;
use crate::autoscaling::group::TemplateChoice;
use crate::ec2::EC2;

/// Documented: there is a rollback only with a desired configuration, and only to a numbered
/// version.
pub fn may_go_back(desired: Option<&TemplateChoice>, before: &TemplateChoice) -> bool {
    desired.is_some() && !before.version.starts_with('$')
}

/// Documented: only then the group itself names the desired configuration.
pub fn succeed(account: &mut Account, name: &str) {
    let Some((_, refresh)) = active(account, name) else {
        return;
    };
    let (status, desired) = match refresh.status {
        Status::RollbackInProgress => (Status::RollbackSuccessful, None),
        _ => (Status::Successful, refresh.desired.clone()),
    };
    if let Some(desired) = desired
        && let Some(group) = account[AUTOSCALING].group_mut(name)
    {
        group.template = desired;
    }
    end(account, name, status, None);
}

/// The launch of an instance was abandoned. Unproven whether that ends a refresh: by default
/// another one is launched, as in a group without a refresh.
pub fn launch_abandoned(account: &mut Account, name: &str, id: &str) {
    if account[AUTOSCALING].timing.abandoned_launch_fails_refresh {
        // The text is assumed.
        let reason = format!("The launch of {id} failed: its lifecycle action was abandoned.");
        let goes_on = |refresh: &Refresh| refresh.status != Status::Cancelling;
        if active(account, name).is_some_and(|(_, refresh)| goes_on(refresh)) {
            give_up(account, name, reason);
        }
    }
}

/// It fails, or turns round if it was asked to.
pub fn give_up(account: &mut Account, name: &str, reason: String) {
    let Some((_, refresh)) = active(account, name) else {
        return;
    };
    let on_the_way_back = refresh.status == Status::RollbackInProgress;
    let turns =
        refresh.preferences.auto_rollback && may_go_back(refresh.desired.as_ref(), &refresh.before);
    match (on_the_way_back, turns) {
        (true, _) => end(account, name, Status::RollbackFailed, Some(reason)),
        (false, true) => turn_round(account, name, reason),
        (false, false) => end(account, name, Status::Failed, Some(reason)),
    }
}

/// The refresh goes back to what the group names, from its next look on. Documented: it then
/// replaces what it has replaced.
pub fn turn_round(account: &mut Account, name: &str, reason: String) {
    let Some((_, refresh)) = active(account, name) else {
        return;
    };
    let before = refresh.before.clone();
    let Ok((target, _)) = account[EC2].template_version(&before.id, &before.version) else {
        // The version that was before is gone: there is no way back.
        return end(account, name, Status::RollbackFailed, Some(reason));
    };
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    refresh.status = Status::RollbackInProgress;
    refresh.reason = Some(reason);
    refresh.target = target;
    refresh.to_replace = None;
    refresh.surge = 0;
    refresh.until = None;
    refresh.checkpoints = refresh.preferences.checkpoints.len();
    record_refresh(account, name);
}

/// Whatever it had out beyond the desired capacity is now for the capacity to decide.
pub fn end(account: &mut Account, name: &str, status: Status, reason: Option<String>) {
    let now = account.now;
    let Some(refresh) = refresh_mut(account, name) else {
        return;
    };
    refresh.status = status;
    let succeeds = matches!(status, Status::Successful | Status::RollbackSuccessful);
    let last = refresh.reason.take().filter(|_| !succeeds);
    refresh.reason = reason.or(last);
    refresh.surge = 0;
    refresh.ended = Some(now);
    record_refresh(account, name);
    if let Some(what) = events::of_end(status) {
        events::put(account, name, what);
    }
    capacity::reconcile_later(account, name);
}

/// Documented: the alarms fail a refresh, a baking one too. Assumed: none is watched on the way
/// back.
pub fn ringing(account: &Account, name: &str) -> Option<String> {
    let (_, refresh) = active(account, name)?;
    if refresh.status == Status::RollbackInProgress {
        return None;
    }
    let mut alarms = refresh.preferences.alarms.iter();
    alarms
        .find(|alarm| account.alarms.contains(*alarm))
        .cloned()
}

/// The text is assumed.
pub fn alarm_rings(alarm: &str) -> String {
    format!("The CloudWatch alarm {alarm} is in the ALARM state.")
}
