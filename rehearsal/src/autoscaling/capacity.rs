//! Keeping a group at its desired capacity: launches, and the choice of who goes.
//!
//! Not modelled: AZRebalance. Instances are spread over the subnets when they are launched, and nothing evens them out
//! later.

use jiff::Timestamp;
use std::time::Duration;

use super::activity::{Activity, Cause};
use super::group::{Group, Instance, Moving};
use super::lifecycle::{enter, set_out};
use super::moves::{LifecycleState, Move};
use super::{Event, warm_pool};
use crate::account::{Account, REGION};
use crate::ec2;

/// What the group says when it cannot shrink.
const ALL_PROTECTED: &str = "Could not scale to desired capacity because all remaining instances are protected from scale-in.";

/// Looks at a group again when a change of its size has been taken in.
pub fn reconcile_later(account: &mut Account, group: &str) {
    let (least, most) = account.autoscaling.dynamics.capacity_change;
    let delay = account.between(least, most);
    account.after(delay, Event::Reconcile(group.to_owned()));
}

/// An instance has stopped counting: if the group still wants it replaced, one is launched a little later.
pub fn vacancy(account: &mut Account, group: &str, unhealthy: bool) {
    let (least, most) = account.autoscaling.dynamics.replacement;
    let delay = account.between(least, most);
    account.after(delay, fill(group, unhealthy));
}

fn fill(group: &str, unhealthy: bool) -> Event {
    Event::Fill {
        group: group.to_owned(),
        unhealthy,
    }
}

/// A launch has failed: the next one comes later, the more so the more have failed in a row.
pub fn after_failure(account: &mut Account, group: &str) {
    let dynamics = account.autoscaling.dynamics.clone();
    let (least, most) = dynamics.replacement;
    let usual = account.between(least, most);
    let now = account.now;
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    found.failed_launches += 1;
    let extra = dynamics.backoff.map_or(Duration::ZERO, |backoff| {
        backoff.delay(found.failed_launches)
    });
    if !extra.is_zero() {
        found.backed_off_until = Some(now + usual + extra);
    }
    account.after(usual + extra, fill(group, false));
}

/// Launches one instance if the group has fewer than desired.
pub fn fill_one(account: &mut Account, group: &str, unhealthy: bool) {
    let Some(found) = account.autoscaling.group(group) else {
        return;
    };
    let counted = found.counted();
    if counted >= found.desired {
        return;
    }
    let cause = if unhealthy {
        Cause::Replacement
    } else {
        Cause::Difference(counted, counted + 1)
    };
    let cause = cause.of_launch(account.now);
    launch(account, group, Move::Launch, cause);
}

/// Brings a group to its desired capacity, as far as it may.
pub fn reconcile(account: &mut Account, group: &str) {
    let now = account.now;
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    if found.deleting {
        return;
    }
    let (counted, desired) = (found.counted(), found.desired);
    let asked = found.asked.take();
    let say = |sentence: String| match &asked {
        Some(asked) => format!("{asked}  {sentence}"),
        None => sentence,
    };
    if counted < desired {
        let cause = say(Cause::Difference(counted, desired).of_launch(now));
        for _ in counted..desired {
            launch(account, group, Move::Launch, cause.clone());
        }
    }
    for _ in desired..counted {
        let Some(id) = to_go(account, group) else {
            break;
        };
        let cause = say(Cause::Difference(counted, desired).of_end(now, &id));
        set_out(account, group, &id, Move::Terminate, cause, true);
    }
    warm_pool::refill(account, group);
}

/// The instance that a scale-in takes next. If it is protection that leaves none, the group says so, once.
fn to_go(account: &mut Account, group: &str) -> Option<String> {
    let (now, id) = (account.now, account.uuid());
    let group = account.autoscaling.group_mut(group)?;
    if group.is_suspended("Terminate") {
        return None;
    }
    if let Some(instance) = choose(group) {
        return Some(instance.id.clone());
    }
    let waiting = group
        .instances
        .iter()
        .any(|instance| instance.state.counts() && instance.state != LifecycleState::InService);
    let said = group
        .activities
        .last()
        .is_some_and(|last| last.description == ALL_PROTECTED);
    if !waiting && !said {
        let cause = Cause::Difference(group.counted(), group.desired);
        let mut activity = Activity::new(id, now, cause.of_launch(now));
        activity.description = ALL_PROTECTED.to_owned();
        activity.end(now, "Cancelled", None);
        group.activities.push(activity);
    }
    None
}

/// Who goes first: of the zone with the most instances, by the group's termination policies, the oldest if they leave a
/// choice. Only an instance in service can be chosen (assumed: one that is still launching is waited for), and none that
/// is protected.
pub fn choose(group: &Group) -> Option<&Instance> {
    let mut candidates: Vec<&Instance> = group
        .instances
        .iter()
        .filter(|instance| instance.state == LifecycleState::InService && !instance.protected)
        .collect();
    let in_zone = |instance: &Instance| {
        let same = |other: &&Instance| {
            other.state.counts() && other.availability_zone == instance.availability_zone
        };
        group.instances.iter().filter(same).count()
    };
    keep_least(&mut candidates, |instance| {
        std::cmp::Reverse(in_zone(instance))
    });
    for policy in &group.settings.termination_policies {
        let template = |instance: &&Instance| {
            (
                instance.template.id == group.template.id,
                instance.template.version,
            )
        };
        match policy.as_str() {
            "NewestInstance" => keep_least(&mut candidates, |i| std::cmp::Reverse(i.launched)),
            "OldestInstance" => keep_least(&mut candidates, |i| i.launched),
            // Default is the allocation strategy (there is none here), then the oldest template, then the instance
            // closest to its next billing hour, which is taken to be the oldest.
            _ => keep_least(&mut candidates, template),
        }
    }
    keep_least(&mut candidates, |instance| instance.launched);
    candidates.first().copied()
}

fn keep_least<'a, K: Ord>(candidates: &mut Vec<&'a Instance>, key: impl Fn(&&'a Instance) -> K) {
    if let Some(least) = candidates.iter().map(&key).min() {
        candidates.retain(|candidate| key(candidate) == least);
    }
}

/// Launches one instance into the group or its warm pool; into the group out of the warm pool if one is ready there.
pub fn launch(account: &mut Account, group: &str, which: Move, cause: String) {
    let Some(found) = account.autoscaling.group(group) else {
        return;
    };
    if found.deleting || found.is_suspended("Launch") {
        return;
    }
    if let Some(until) = found.backed_off_until.filter(|until| *until > account.now) {
        let left = until.duration_since(account.now).unsigned_abs();
        return account.after(left, fill(group, false));
    }
    if which == Move::Launch
        && let Some(ready) = found
            .instances
            .iter()
            .find(|instance| instance.state.is_ready_in_pool())
    {
        let id = ready.id.clone();
        set_out(account, group, &id, Move::Join, cause, true);
        return;
    }
    let placement = ec2::Placement {
        hold_agent: which == Move::Warm,
        ..emptiest(found)
    };
    let template = found.template.clone();
    match ec2::launch(account, &template.id, &template.version, placement) {
        Ok((machine, from)) => admit(account, group, which, cause, machine, from),
        Err(error) => refused(account, group, cause, &error.message),
    }
}

/// The subnet with the fewest instances that count.
fn emptiest(group: &Group) -> ec2::Placement {
    let count = |subnet: &str| {
        let inside = |instance: &&Instance| instance.subnet == subnet && instance.state.counts();
        group.instances.iter().filter(inside).count()
    };
    let subnets = group.subnets.iter().enumerate();
    let (place, subnet) = subnets
        .min_by_key(|(_, subnet)| count(subnet))
        .expect("a group without subnets is refused");
    ec2::Placement {
        subnet: subnet.clone(),
        availability_zone: zone(place),
        hold_agent: false,
    }
}

/// The zone of the subnet that is at `place` in a group's list.
pub fn zone(place: usize) -> String {
    format!("{REGION}{}", ["a", "b", "c"][place % 3])
}

fn admit(
    account: &mut Account,
    group: &str,
    which: Move,
    cause: String,
    machine: ec2::Instance,
    from: ec2::TemplateVersion,
) {
    let (least, most) = account.autoscaling.dynamics.launch;
    let until_ready = account.between(least, most);
    let (now, activity): (Timestamp, String) = (account.now, account.uuid());
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    let instance = Instance {
        id: machine.id.clone(),
        instance_type: machine.instance_type,
        availability_zone: machine.availability_zone,
        subnet: machine.subnet,
        ami: machine.ami,
        template: from,
        state: which.states()[0],
        since: now,
        launched: now,
        healthy: true,
        protected: found.settings.protect_new,
        moving: Moving {
            which,
            activity: activity.clone(),
            meets_hooks: true,
            not_before: now + until_ready,
            actions: Vec::new(),
        },
    };
    let reason = cause.clone();
    found
        .activities
        .push(Activity::launching(activity, now, &instance, cause));
    found.instances.push(instance);
    enter(account, group, &machine.id, which.states()[0], &reason);
}

/// EC2 would not launch: the activity fails, and the group tries again.
fn refused(account: &mut Account, group: &str, cause: String, message: &str) {
    let (now, id) = (account.now, account.uuid());
    if let Some(found) = account.autoscaling.group_mut(group) {
        let mut activity = Activity::new(id, now, cause);
        activity.description = "Launching a new EC2 instance".to_owned();
        let message = format!("{message} Launching EC2 instance failed.");
        activity.end(now, "Failed", Some(message));
        found.activities.push(activity);
    }
    after_failure(account, group);
}
