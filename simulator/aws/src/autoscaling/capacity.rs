//! Keeping a group at its desired capacity: launches, and terminations of those whom
//! [`super::termination_policy`] takes.
//!
//! Not modelled: AZRebalance. Instances are spread over the subnets when they are launched, and
//! never moved later.

use jiff::Timestamp;
use std::time::Duration;

use super::activity::{Activity, Why};
use super::group::{Group, InFlight, Instance};
use super::lifecycle::{begin_transition, enter};
use super::termination_policy::choose;
use super::transitions::{LifecycleState, Move};
use super::{Event, warm_pool, whole_seconds};
use crate::account::{Account, REGION};
use crate::autoscaling::AUTOSCALING;
use crate::ec2;
use crate::trace::{Cause, TraceEvent};

/// What the group says when it cannot shrink.
const ALL_PROTECTED: &str = "Could not scale to desired capacity because all remaining instances are protected from scale-in.";

/// Looks at a group again when a change of its size has been taken in.
pub fn reconcile_later(account: &mut Account, group: &str) {
    let (least, most) = account[AUTOSCALING].timing.capacity_change;
    let delay = account.between(least, most);
    account.after(delay, Event::Reconcile(group.to_owned()));
}

/// An instance has stopped counting: if the group still wants it replaced, one is launched a little
/// later. That of an unhealthy one is begun with its end (recorded: radkawar/stackd
/// testdata/aws/autoscaling/lifecycle_native.json, 2026-09).
pub fn schedule_replacement(account: &mut Account, group: &str, unhealthy: bool) {
    let dynamics = &account[AUTOSCALING].timing;
    let (least, most) = if unhealthy {
        dynamics.unhealthy_replacement
    } else {
        dynamics.replacement
    };
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
    let dynamics = account[AUTOSCALING].timing.clone();
    let (least, most) = dynamics.replacement;
    let usual = account.between(least, most);
    let now = account.now;
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
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
pub fn launch_one(account: &mut Account, group: &str, unhealthy: bool) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let counted = found.counted();
    if counted < found.wanted() {
        let cause = if unhealthy {
            Cause::Replacement
        } else {
            Cause::Difference(counted, counted + 1)
        };
        launch(account, group, Move::Launch, &cause.into());
    }
    warm_pool::refill(account, group);
}

/// Brings a group to its desired capacity, as far as it may.
pub fn reconcile(account: &mut Account, group: &str) {
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    if found.deleting {
        return;
    }
    let (counted, desired) = (found.counted(), found.wanted());
    let why = Why {
        cause: Cause::Difference(counted, desired),
        asked: found.asked.take(),
    };
    for _ in counted..desired {
        launch(account, group, Move::Launch, &why);
    }
    for _ in desired..counted {
        let Some(id) = to_go(account, group, &why) else {
            break;
        };
        let which = warm_pool::way_out(account, group);
        begin_transition(account, group, &id, which, &why);
    }
    warm_pool::refill(account, group);
}

/// The instance that a scale-in takes next. If it is protection that leaves none, the group says
/// so, once.
fn to_go(account: &mut Account, group: &str, why: &Why) -> Option<String> {
    let found = account[AUTOSCALING].group(group)?;
    if found.is_suspended("Terminate") {
        return None;
    }
    if let Some(instance) = choose(found) {
        return Some(instance.id.clone());
    }
    let waiting = found
        .instances
        .iter()
        .any(|instance| instance.state.counts() && instance.state != LifecycleState::InService);
    let said = found
        .activities
        .last()
        .is_some_and(|last| last.description == ALL_PROTECTED);
    if !waiting && !said {
        record_all_protected(account, group, why.asked.as_deref());
    }
    None
}

/// Description and cause are recorded: radkawar/stackd
/// testdata/aws/autoscaling/lifecycle_native.json, 2026-09. `asked` is the sentence on what a user
/// asked for.
fn record_all_protected(account: &mut Account, group: &str, asked: Option<&str>) {
    let (now, id) = (account.now, account.uuid());
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    let equilibrium = format!("At {} group reached equilibrium.", whole_seconds(now));
    let cause = match asked {
        Some(asked) => format!("{asked}  {equilibrium}"),
        None => equilibrium,
    };
    let mut activity = Activity::new(id, now, cause);
    activity.description = ALL_PROTECTED.to_owned();
    activity.end(now, "Cancelled", None);
    found.activities.push(activity);
    account.record(TraceEvent::Scaling {
        subject: group.to_owned(),
        what: "cannot scale".to_owned(),
        detail: ALL_PROTECTED.to_owned(),
    });
}

/// Launches one instance into the group or its warm pool; into the group out of the warm pool if
/// one is ready there.
pub fn launch(account: &mut Account, group: &str, which: Move, why: &Why) {
    let Some(found) = account[AUTOSCALING].group(group) else {
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
            .find(|instance| found.may_join(instance))
    {
        let id = ready.id.clone();
        begin_transition(account, group, &id, Move::Join, why);
        return;
    }
    let placement = ec2::Placement {
        hold_agent: which == Move::Warm,
        ..emptiest(found)
    };
    let (template, version) = found.launches_from();
    match ec2::launch(account, &template, &version, placement) {
        Ok((machine, from)) => admit(account, group, which, why, machine, from),
        Err(error) => refused(account, group, why, &error.message),
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

/// The id of the zone called `zone`, such as `euw1-az1`. Which of a Region's zones has which name
/// is another matter in each account.
pub fn zone_id(zone: &str) -> String {
    let number = match zone.strip_prefix(REGION.as_str()) {
        Some("a") => 1,
        Some("b") => 2,
        _ => 3,
    };
    format!("{}-az{number}", REGION.short())
}

fn admit(
    account: &mut Account,
    group: &str,
    which: Move,
    why: &Why,
    machine: ec2::Instance,
    from: ec2::TemplateVersion,
) {
    let (least, most) = account[AUTOSCALING].timing.launch;
    let until_ready = account.between(least, most);
    let (now, activity): (Timestamp, String) = (account.now, account.uuid());
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
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
        moving: InFlight {
            which,
            activity: activity.clone(),
            not_before: now + until_ready,
            actions: Vec::new(),
        },
        written: Default::default(),
    };
    let activity = Activity::launching(activity, now, &instance, why.of_launch(now));
    found.activities.push(activity);
    found.instances.push(instance);
    enter(account, group, &machine.id, which.states()[0], &why.cause);
}

/// EC2 would not launch: the activity fails, and the group tries again.
fn refused(account: &mut Account, group: &str, why: &Why, message: &str) {
    let (now, id) = (account.now, account.uuid());
    if let Some(found) = account[AUTOSCALING].group_mut(group) {
        let mut activity = Activity::new(id, now, why.of_launch(now));
        activity.description = "Launching a new EC2 instance".to_owned();
        activity.end(
            now,
            "Failed",
            Some(format!("{message} Launching EC2 instance failed.")),
        );
        found.activities.push(activity);
    }
    after_failure(account, group);
}

#[cfg(test)]
mod tests {
    use super::LifecycleState as S;
    use super::*;
    use crate::autoscaling::scene::*;
    use crate::ec2::EC2;
    use serde_json::json;

    /// A group of `count` instances in service, the first of them in zone a, the next in zone b,
    /// and so on.
    fn grown(count: u32, more: serde_json::Value) -> Account {
        let mut settings = json!({"DesiredCapacity": count});
        settings
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let mut account = account(3, settings);
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), count as usize);
        account
    }

    fn chosen(account: &Account) -> usize {
        let group = group(account);
        let id = &choose(group).expect("somebody may go").id;
        let mut instances = group.instances.iter();
        instances
            .position(|instance| instance.id == *id)
            .expect("it is there")
    }

    #[test]
    fn a_plain_launch_takes_what_was_observed() {
        let account = grown(1, json!({}));
        let way = way(&account, &only_one(&account, S::InService));
        assert_eq!(way[0].0, "Pending");
        assert_eq!(way[1].0, "InService");
        let seconds = way[1].1 - way[0].1;
        assert!((4..=7).contains(&seconds), "{seconds} s");
    }

    #[test]
    fn a_replacement_is_launched_while_the_old_one_still_drains() {
        for seed in 0..20 {
            let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
            let mut account = account(seed, more);
            pass(&mut account, 60);
            let_in(&mut account);
            pass(&mut account, 60);
            let old = only_one(&account, S::InService);
            terminate(&mut account, &old, false).expect("it is in service");
            pass(&mut account, 20);
            assert_eq!(only_one(&account, S::TerminatingWait), old);
            let new = &group(&account).instances[1].id;
            let left = way(&account, &old)
                .into_iter()
                .find(|(state, _)| state == "Terminating")
                .expect("it left");
            let after = way(&account, new)[0].1 - left.1;
            assert!((8..=14).contains(&after), "seed {seed}: {after} s");
        }
    }

    #[test]
    fn scale_in_takes_from_the_fullest_zone_first() {
        let mut account = grown(4, json!({}));
        assert_eq!(chosen(&account), 0, "the older of the two in zone a");
        let first = all_in(&account, S::InService)[0].clone();
        account[AUTOSCALING]
            .instance_mut(GROUP, &first)
            .expect("it is there")
            .protected = true;
        assert_eq!(chosen(&account), 3, "the other one in zone a");
    }

    #[test]
    fn scale_in_takes_the_oldest_template_then_the_oldest_instance() {
        let mut account = grown(3, json!({}));
        for (version, chosen_one) in [([2, 1, 2], 1), ([2, 2, 1], 2), ([2, 2, 2], 0)] {
            let group = account[AUTOSCALING].group_mut(GROUP).expect("the group");
            for (instance, version) in group.instances.iter_mut().zip(version) {
                instance.template.version = version;
            }
            assert_eq!(chosen(&account), chosen_one, "{version:?}");
        }
        let group = account[AUTOSCALING].group_mut(GROUP).expect("the group");
        group.instances[2].template.id = "lt-another".to_owned();
        assert_eq!(
            chosen(&account),
            2,
            "another template goes before any version"
        );
    }

    #[test]
    fn a_smaller_group_takes_as_many_as_it_must_and_says_why() {
        let mut account = grown(3, json!({}));
        let input = json!({"DesiredCapacity": 1, "MinSize": 1, "MaxSize": 3});
        call(&mut account, "UpdateAutoScalingGroup", input).expect("the sizes are right");
        pass(&mut account, 120);
        assert_eq!(group(&account).instances.len(), 1);
        let ends: Vec<String> = activities(&mut account)
            .iter()
            .map(|activity| activity["Cause"].as_str().expect("a cause").to_owned())
            .filter(|cause| cause.contains("selected for termination"))
            .collect();
        assert_eq!(ends.len(), 2);
        for cause in ends {
            let asked = "a user request update of AutoScalingGroup constraints to min: 1, max: 3, desired: 1 changing the desired capacity from 3 to 1.  At ";
            assert!(cause.contains(asked), "{cause}");
            assert!(
                cause.contains("shrinking the capacity from 3 to 1.  At "),
                "{cause}"
            );
        }
    }

    #[test]
    fn protected_instances_stay_and_the_group_says_so_once() {
        let mut account = grown(2, json!({"NewInstancesProtectedFromScaleIn": true}));
        for _ in 0..2 {
            let input = json!({"DesiredCapacity": 0});
            call(&mut account, "UpdateAutoScalingGroup", input).expect("the size is right");
            pass(&mut account, 60);
        }
        assert_eq!(all_in(&account, S::InService).len(), 2);
        let said = activities(&mut account).into_iter();
        let said = said.filter(|activity| activity["Description"] == ALL_PROTECTED);
        assert_eq!(said.count(), 1);
    }

    #[test]
    fn nothing_is_launched_while_launch_is_suspended() {
        let mut account = grown(2, json!({}));
        let launch = json!({"ScalingProcesses": ["Launch"]});
        call(&mut account, "SuspendProcesses", launch.clone()).expect("the process is known");
        let id = all_in(&account, S::InService)[0].clone();
        terminate(&mut account, &id, false).expect("it is in service");
        pass(&mut account, 600);
        assert_eq!(group(&account).instances.len(), 1);
        call(&mut account, "ResumeProcesses", launch).expect("the process is known");
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), 2);
    }

    #[test]
    fn nobody_is_chosen_while_terminate_is_suspended() {
        let mut account = grown(2, json!({}));
        call(&mut account, "SuspendProcesses", json!({})).expect("all processes");
        call(
            &mut account,
            "SetDesiredCapacity",
            json!({"DesiredCapacity": 1}),
        )
        .expect("in bounds");
        pass(&mut account, 600);
        assert_eq!(all_in(&account, S::InService).len(), 2);
        call(&mut account, "ResumeProcesses", json!({})).expect("all processes");
        pass(&mut account, 120);
        assert_eq!(all_in(&account, S::InService).len(), 1);
    }

    #[test]
    fn new_instances_come_from_the_version_that_the_group_names_when_they_are_launched() {
        let mut account = grown(1, json!({}));
        let version = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": data("ami-new")});
        must(&mut account, "ec2", "CreateLaunchTemplateVersion", version);
        let old = only_one(&account, S::InService);
        terminate(&mut account, &old, false).expect("it is in service");
        pass(&mut account, 120);
        let new = &group(&account).instances[0];
        assert_eq!((new.ami.as_str(), new.template.version), ("ami-new", 2));
    }

    #[test]
    fn a_launch_that_ec2_refuses_fails_and_is_tried_again() {
        let mut account = grown(1, json!({}));
        let gone = json!({"LaunchTemplateName": GROUP});
        must(&mut account, "ec2", "DeleteLaunchTemplate", gone);
        let old = only_one(&account, S::InService);
        terminate(&mut account, &old, false).expect("it is in service");
        pass(&mut account, 200);
        let failed = activities(&mut account).into_iter();
        let failed = failed.filter(|activity| activity["StatusCode"] == "Failed");
        assert!(
            (3..=6).contains(&failed.count()),
            "tried again, ever more slowly"
        );
    }

    /// One thing that may happen to the group, by chance.
    fn disturb(account: &mut Account, chance: &mut fastrand::Rng) {
        let count = group(account).instances.len();
        let id = match count {
            0 => String::new(),
            _ => group(account).instances[chance.usize(0..count)].id.clone(),
        };
        let result = ["CONTINUE", "ABANDON"][chance.usize(0..2)];
        // Most of these are refused in most states; that is part of it.
        let _ = match chance.usize(0..6) {
            0 => terminate(account, &id, chance.bool()),
            1 => complete(account, "launch", &id, result),
            2 => complete(account, "terminate", &id, result),
            3 => call(
                account,
                "SetDesiredCapacity",
                json!({"DesiredCapacity": chance.usize(0..6)}),
            ),
            4 => call(
                account,
                "SetInstanceProtection",
                json!({"InstanceIds": [id], "ProtectedFromScaleIn": false}),
            ),
            _ => {
                ec2::kill(account, &id);
                Ok(json!({}))
            }
        };
        pass(account, chance.u64(0..90));
    }

    #[test]
    fn whatever_happened_a_group_left_in_peace_comes_to_what_it_desires() {
        for seed in 0..40 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let policy = ["retain", "terminate"][chance.usize(0..2)];
            let more = json!({
                "DesiredCapacity": 3, "LifecycleHookSpecificationList": hooks(),
                "InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": policy}},
            });
            let mut account = account(seed, more);
            account[AUTOSCALING].timing.launching_may_be_terminated = chance.bool();
            for _ in 0..60 {
                disturb(&mut account, &mut chance);
            }
            for _ in 0..60 {
                let_in(&mut account);
                for id in all_in(&account, S::TerminatingWait) {
                    complete(&mut account, "terminate", &id, "CONTINUE").expect("it is open");
                }
                pass(&mut account, 60);
            }
            let group = group(&account);
            let states: Vec<S> = group
                .instances
                .iter()
                .map(|instance| instance.state)
                .collect();
            let settled = |state: &S| *state == S::InService || state.is_retained();
            assert!(states.iter().all(settled), "seed {seed}: {states:?}");
            assert_eq!(group.counted(), group.desired, "seed {seed}: {states:?}");
            assert!(
                group
                    .instances
                    .iter()
                    .all(|i| account[EC2].is_alive(&i.id) || i.state.is_retained())
            );
        }
    }
}
