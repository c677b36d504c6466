//! How far a refresh is, and what it waits for.

use super::act::{active, refresh_mut};
use super::decide::{View, Waits};
use super::seen::leaves;
use super::{Preferences, Status, texts};
use crate::account::Account;
use crate::autoscaling::group::Instance;
use crate::autoscaling::transitions::LifecycleState;

/// Gives the reason why the refresh is where it is.
pub fn explain(account: &mut Account, name: &str, reason: String) {
    if let Some(refresh) = refresh_mut(account, name) {
        refresh.reason = Some(reason);
    }
}

/// Says what it waits for. Recorded (refresh_native.json): in a rollback it names the health checks
/// until the end, and nothing before them.
pub fn wait(account: &mut Account, name: &str, waits: Waits) {
    let Some((group, refresh)) = active(account, name) else {
        return;
    };
    let back = refresh.status == Status::RollbackInProgress;
    let first = |which: &dyn Fn(&&Instance) -> bool| {
        group.instances.iter().find(which).map(|it| it.id.as_str())
    };
    let reason = match waits {
        Waits::Launches => None,
        Waits::Health if back => Some(texts::HEALTH_CHECK_INTERVAL.to_owned()),
        Waits::Health => {
            first(&|it| it.state == LifecycleState::InService).map(texts::insufficient_data)
        }
        Waits::Terminations if back => None,
        Waits::Terminations => first(&|it| leaves(it, true)).map(texts::terminating),
    };
    if let Some(reason) = reason {
        explain(account, name, reason);
    }
}

/// Whether another instance is replaced.
pub fn note_progress(account: &mut Account, name: &str, seen: &View, of: &Preferences) -> bool {
    let Some(refresh) = refresh_mut(account, name) else {
        return false;
    };
    let left = refresh.left();
    // In a rollback it falls to zero again:
    // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
    refresh.done = match &refresh.back {
        None => refresh.done.max(seen.quarters(of, 1)),
        Some(back) => {
            let (all, open) = (4 * seen.total, 4 * seen.total - seen.quarters(of, 2));
            let of_all = (back.done * open).checked_div(all).unwrap_or(0);
            refresh.done.min(of_all)
        }
    };
    refresh.left() != left
}
