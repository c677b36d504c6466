//! What a refresh sees of its group.

use std::time::Duration;

use jiff::Timestamp;

use super::Preferences;
use super::act::active;
use super::decide::View;
use super::preferences::Protected;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::group::Instance;
use crate::autoscaling::transitions::LifecycleState;

/// The group as its refresh sees it, what that respects, and until when it pauses.
pub fn seen(account: &Account, name: &str) -> Option<(View, Preferences, Option<Timestamp>)> {
    let now = account.now;
    let awaits = account[AUTOSCALING].timing.refresh_awaits_terminate_hooks;
    let (group, refresh) = active(account, name)?;
    let to_replace = refresh.to_replace.as_ref()?;
    let preferences = refresh.preferences.clone();
    let warmup = Duration::from_secs(group.warmup(&preferences).into());
    // Recorded without a warm-up (refresh_native.json).
    // assumption: the checks run while an instance warms up. A refresh with a long InstanceWarmup
    // that waits for the sum of both proves it wrong.
    let trusted_after = warmup.max(refresh.health_checks);
    let old = |instance: &&Instance| to_replace.contains(&instance.id);
    let in_service = |instance: &&Instance| instance.state == LifecycleState::InService;
    let spared =
        |instance: &&Instance| instance.protected && preferences.protected != Protected::Refresh;
    let count = |which: &dyn Fn(&&Instance) -> bool| {
        group.instances.iter().filter(|it| which(it)).count() as u32
    };
    let checking = |it: &&Instance| !old(it) && in_service(it) && now < it.since + trusted_after;
    // A group that shall be empty wants none.
    let rebalancing = group.rebalancing().min(group.wanted() - group.desired);
    let view = View {
        desired: group.desired,
        surge: group.wanted() - group.desired - rebalancing,
        counted: group.counted().saturating_sub(rebalancing),
        ready: count(&|it| old(it) && in_service(it) && !spared(it)),
        protected: count(&|it| old(it) && in_service(it) && spared(it)),
        standby: count(&|it| old(it) && it.state.is_on_standby()),
        coming: count(&|it| old(it) && on_its_way_in(it)),
        arriving: count(&|it| !old(it) && on_its_way_in(it)),
        checking: count(&checking),
        leaving: count(&|it| leaves(it, awaits)),
        total: refresh.going,
        checkpoint: preferences.checkpoints.get(refresh.checkpoints).copied(),
        is_last: refresh.checkpoints + 1 >= preferences.checkpoints.len(),
    };
    Some((view, preferences, refresh.until))
}

/// Whether an instance counts, but is not in service yet.
pub fn on_its_way_in(instance: &Instance) -> bool {
    instance.state.counts() && instance.state != LifecycleState::InService
}

/// Whether the refresh waits for an instance on its way out. Recorded (refresh_native.json) of
/// instances without hooks: it does. At its terminate hook AWS calls an instance terminating too.
///
/// assumption: it does not wait for a retained one. A refresh that stands until somebody terminates
/// such an instance proves it wrong.
pub fn leaves(instance: &Instance, awaits_hooks: bool) -> bool {
    match instance.state {
        LifecycleState::Terminating => true,
        LifecycleState::TerminatingWait | LifecycleState::TerminatingProceed => awaits_hooks,
        _ => false,
    }
}
