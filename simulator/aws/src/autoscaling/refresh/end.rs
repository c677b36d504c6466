//! How a refresh ends, well or not, and what makes it turn round.

use super::act::{active, record_refresh, refresh_mut};
use super::{Refresh, Status, events};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::capacity;
use crate::autoscaling::group::TemplateChoice;
use crate::cloudwatch::CLOUDWATCH;
use crate::ec2::EC2;

/// There is a rollback only with a desired configuration, and only to a numbered version
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html>).
pub fn may_go_back(desired: Option<&TemplateChoice>, before: &TemplateChoice) -> bool {
    desired.is_some() && !before.version.starts_with('$')
}

/// Only then the group itself names the desired configuration
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html>).
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

/// The launch of an instance was abandoned. By default another one is launched, as in a group
/// without a refresh: an assumption, see `abandoned_launch_fails_refresh`.
pub fn launch_abandoned(account: &mut Account, name: &str, id: &str) {
    if account[AUTOSCALING].timing.abandoned_launch_fails_refresh {
        // assumption: the text. A refresh whose launch hook is abandoned on AWS proves it.
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

/// The refresh goes back to what the group names, from its next look on. It then replaces what it
/// has replaced
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackInstanceRefresh.html>).
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

/// The alarms fail a refresh
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html>).
///
/// assumption: a baking one too, and none is watched during a rollback. A rollback that an alarm
/// fails proves it wrong.
pub fn ringing(account: &Account, name: &str) -> Option<String> {
    let (_, refresh) = active(account, name)?;
    if refresh.status == Status::RollbackInProgress {
        return None;
    }
    let mut alarms = refresh.preferences.alarms.iter();
    alarms
        .find(|alarm| account[CLOUDWATCH].in_alarm.contains(*alarm))
        .cloned()
}

/// assumption: the text. A refresh that an alarm fails on AWS proves it.
pub fn alarm_rings(alarm: &str) -> String {
    format!("The CloudWatch alarm {alarm} is in the ALARM state.")
}
