//! The way of an instance through its states: hooks that hold it, answers that let it go on, and
//! its end.

use super::activity::{Activity, Why};
use super::events::Ending;
use super::group::{InFlight, OnAbandon};
use super::transitions::{LifecycleState, Move, Transition};
use super::{Event, capacity, events, lifetime, metrics, rebalance, refresh, warm_pool};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2;
use crate::ec2::EC2;
use crate::trace::{Cause, LifecycleReason, TraceEvent};

/// Puts an instance into `state`, and tells of it.
pub fn enter(
    account: &mut Account,
    group: &str,
    id: &str,
    state: LifecycleState,
    reason: impl Into<LifecycleReason>,
) {
    let now = account.now;
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
        return;
    };
    instance.state = state;
    instance.since = now;
    let ami = instance.ami.clone();
    account.record(TraceEvent::Lifecycle {
        group: group.to_owned(),
        instance: id.to_owned(),
        ami,
        state,
        reason: reason.into(),
    });
    metrics::publish(account, group);
}

/// Sets an instance of the group on a further move, out of the group or out of the warm pool, and
/// returns the id of the activity. An earlier move that had not ended is cancelled, and its hooks
/// hold it no longer.
pub fn begin_transition(
    account: &mut Account,
    group: &str,
    id: &str,
    which: Move,
    why: &Why,
) -> String {
    let (now, activity_id) = (account.now, account.uuid());
    let mut delay = account[AUTOSCALING].timing.leaving;
    let pending = account[EC2].timing.pending;
    if let Some(group) = account[AUTOSCALING].group_mut(group)
        && let Some(instance) = group.instance_mut(id)
    {
        let moving = InFlight {
            which,
            activity: activity_id.clone(),
            not_before: now,
            actions: Vec::new(),
        };
        let before = std::mem::replace(&mut instance.moving, moving).activity;
        if instance.state == LifecycleState::WarmedStopped && which == Move::Join {
            delay = pending;
        }
        let new_id = activity_id.clone();
        let activity = match which.transition() {
            Transition::Launching => Activity::launching(new_id, now, instance, why.of_launch(now)),
            Transition::Terminating => {
                Activity::terminating(new_id, now, instance, why.of_end(now, id))
            }
        };
        if let Some(open) = group.activity_mut(&before)
            && open.ended.is_none()
        {
            open.end(now, "Cancelled", None);
        }
        group.activities.push(activity);
    }
    enter(account, group, id, which.states()[0], &why.cause);
    let delay = account.between(delay.0, delay.1);
    let event = Event::AtHooks {
        group: group.to_owned(),
        instance: id.to_owned(),
        activity: activity_id.clone(),
    };
    account.after(delay, event);
    activity_id
}

/// Nothing holds an instance any more, and it goes on. `held` is what the last hook said, if there
/// was one.
pub fn hooks_done(account: &mut Account, group: &str, id: &str, held: Option<&str>) {
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which;
    let ready = instance.moving.not_before;
    let activity = instance.moving.activity.clone();
    if let Some(reason) = held {
        enter(account, group, id, which.states()[2], reason);
    }
    let (least, most) = match (which, held) {
        (Move::Return, _) if warm_pool::takes_back(account, group, id) => {
            account[AUTOSCALING].timing.proceed
        }
        (Move::Terminate | Move::Return | Move::Discard, _) => return ec2::terminate(account, id),
        (_, Some(_)) => account[AUTOSCALING].timing.proceed,
        (_, None) => Default::default(),
    };
    let delay = account.between(least, most);
    // After the answer of a hook it is in service within a second, however young it is (recorded:
    // radkawar/stackd testdata/aws/autoscaling/lifecycle_native.json, 2026-09).
    let left = ready.duration_since(account.now);
    let delay = if held.is_none() && left.is_positive() {
        left.unsigned_abs()
    } else {
        delay
    };
    let event = Event::Arrive {
        group: group.to_owned(),
        instance: id.to_owned(),
        activity,
    };
    account.after(delay, event);
}

/// An instance has come into service, or into the warm pool.
pub fn arrive(account: &mut Account, group: &str, id: &str) {
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    found.failed_launches = 0;
    found.backed_off_until = None;
    let pool = found.warm_pool.as_ref().map(|pool| pool.state());
    let Some(instance) = found.instance(id) else {
        return;
    };
    let which = instance.moving.which;
    let (state, reason) = match (which, pool) {
        (Move::Warm | Move::Return, Some(state)) => (state, "in the warm pool"),
        (Move::Warm | Move::Return, None) => (LifecycleState::WarmedRunning, "in the warm pool"),
        _ => (LifecycleState::InService, "in service"),
    };
    enter(account, group, id, state, reason);
    let ending = match which.transition() {
        Transition::Launching => Ending::Launched,
        Transition::Terminating => Ending::Terminated,
    };
    close(account, group, id, "Successful", None, ending);
    if state == LifecycleState::InService {
        if !account[EC2].is_alive(id) {
            super::health::check_later(account, group, id);
        }
        rebalance::go_on(account, group);
        capacity::reconcile(account, group);
        lifetime::watch_one(account, group, id);
    }
    warm_pool::refill(account, group);
}

/// Ends the activity of an instance's move, and tells EventBridge.
fn close(
    account: &mut Account,
    group: &str,
    id: &str,
    status: &'static str,
    message: Option<String>,
    ending: Ending,
) {
    let now = account.now;
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    let Some(instance) = found.instance(id) else {
        return;
    };
    let activity = instance.moving.activity.clone();
    if let Some(activity) = found.activity_mut(&activity) {
        let before = activity.clone();
        activity.end(now, status, message);
        events::ended(account, group, id, ending, &before);
    }
}

/// A launch was abandoned: the instance goes, over the terminate hooks (recorded: radkawar/stackd
/// testdata/aws/autoscaling/lifecycle_native.json, 2026-09), and another is launched if the group
/// still wants it.
pub fn launch_failed(account: &mut Account, group: &str, id: &str, message: String) {
    close(
        account,
        group,
        id,
        "Cancelled",
        Some(message),
        Ending::NotLaunched,
    );
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which.undone();
    let why = Cause::LaunchFailure.into();
    begin_transition(account, group, id, which, &why);
    refresh::launch_abandoned(account, group, id);
    capacity::after_failure(account, group);
}

/// A terminate hook was abandoned: the instance goes at once, or stays for a person. Recorded
/// (radkawar/stackd testdata/aws/autoscaling/retention_native.json, 2026-09): its activity is
/// Cancelled with the reason, as often as that.
pub fn end_abandoned(account: &mut Account, group: &str, id: &str, hook: &str, message: String) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let retain = found.settings.on_terminate_abandon == Some(OnAbandon::Retain);
    let Some(instance) = found.instance(id) else {
        return;
    };
    let (_, retained) = instance.moving.which.ends();
    if retain {
        let reason = format!("{hook} was abandoned, and the group's policy retains the instance");
        enter(account, group, id, retained, reason.as_str());
        close(
            account,
            group,
            id,
            "Cancelled",
            Some(message),
            Ending::NotTerminated,
        );
    } else {
        let reason = format!("{hook} was abandoned");
        hooks_done(account, group, id, Some(&reason));
    }
}

/// EC2 has nothing left of an instance: it leaves the group.
pub fn remove(account: &mut Account, group: &str, id: &str) {
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which;
    let never_ran = which.transition() == Transition::Launching;
    enter(account, group, id, which.ends().0, "gone");
    let (status, message, ending) = if never_ran {
        // assumption: the text. The activity of an instance that dies while it launches proves it.
        let message = "Instance became unhealthy while waiting for instance to be in running state";
        ("Failed", Some(message.to_owned()), Ending::NotLaunched)
    } else {
        ("Successful", None, Ending::Terminated)
    };
    close(account, group, id, status, message, ending);
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    found.instances.remove(id);
    if found.deleting && found.instances.is_empty() {
        account[AUTOSCALING].remove_group(group);
        return;
    }
    if never_ran {
        capacity::after_failure(account, group);
    }
    warm_pool::refill(account, group);
}

#[cfg(test)]
mod tests {
    use super::LifecycleState as S;
    use super::*;
    use crate::autoscaling::scene::*;
    use serde_json::{Value, json};

    fn held_launch(seed: u64) -> (Account, String) {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(seed, more);
        pass(&mut account, 60);
        let id = only_one(&account, S::PendingWait);
        (account, id)
    }

    fn held_end(more: Value) -> (Account, String) {
        let mut settings = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        settings
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let mut account = account(1, settings);
        pass(&mut account, 60);
        let_in(&mut account);
        pass(&mut account, 60);
        let id = only_one(&account, S::InService);
        terminate(&mut account, &id, false).expect("the instance is in service");
        pass(&mut account, 5);
        assert_eq!(only_one(&account, S::TerminatingWait), id);
        (account, id)
    }

    #[test]
    fn a_held_instance_goes_all_the_way() {
        let (mut account, id) = held_launch(1);
        let_in(&mut account);
        pass(&mut account, 60);
        terminate(&mut account, &id, false).expect("the instance is in service");
        pass(&mut account, 5);
        complete(&mut account, "terminate", &id, "CONTINUE").expect("the action is open");
        pass(&mut account, 120);
        let way = [
            "Pending",
            "Pending:Wait",
            "Pending:Proceed",
            "InService",
            "Terminating",
            "Terminating:Wait",
            "Terminating:Proceed",
            "Terminated",
        ];
        assert_eq!(states(&account, &id), way);
        assert!(group(&account).instance(&id).is_none());
    }

    #[test]
    fn a_second_answer_finds_no_action() {
        let (mut account, id) = held_launch(1);
        complete(&mut account, "launch", &id, "CONTINUE").expect("the action is open");
        let error = complete(&mut account, "launch", &id, "CONTINUE").expect_err("it is over");
        assert_eq!(error.code, "ValidationError");
        let text = format!("No active Lifecycle Action found with instance ID {id}");
        assert_eq!(error.message, text);
    }

    #[test]
    fn silence_takes_the_default_result_at_the_heartbeat_timeout() {
        let (mut account, id) = held_launch(1);
        let since = group(&account).instance(&id).expect("it is there").since;
        account.advance(since + std::time::Duration::from_secs(599));
        assert_eq!(only_one(&account, S::PendingWait), id);
        account.advance(since + std::time::Duration::from_secs(600));
        assert_eq!(
            states(&account, &id).last().expect("a state"),
            "Terminating"
        );
        let text = account[AUTOSCALING]
            .groups
            .values()
            .next()
            .expect("a group");
        let message = text.activities[0].message.clone().expect("a message");
        assert!(
            message.ends_with("was abandoned: Heartbeat Timeout"),
            "{message}"
        );
    }

    #[test]
    fn a_heartbeat_restarts_the_clock_but_never_past_the_global_timeout() {
        let (mut account, id) = held_launch(1);
        let opened = group(&account).instance(&id).expect("it is there").since;
        let beat = json!({"LifecycleHookName": "launch", "InstanceId": id});
        let global = 100 * 600;
        let mut beats = 0;
        while call(&mut account, "RecordLifecycleActionHeartbeat", beat.clone()).is_ok() {
            beats += 1;
            assert!(beats < 200, "the global timeout never came");
            pass(&mut account, 599);
        }
        let left = account.trace.iter().find_map(|told| match &told.event {
            TraceEvent::Lifecycle {
                state, instance, ..
            } if *instance == id && *state == LifecycleState::Terminating => {
                Some(told.at.duration_since(opened).as_secs())
            }
            _ => None,
        });
        assert_eq!(left, Some(global));
        assert!(beats > 99, "{beats} heartbeats");
    }

    #[test]
    fn an_abandoned_launch_is_terminated_and_replaced() {
        let (mut account, id) = held_launch(1);
        complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
        pass(&mut account, 30);
        assert_eq!(only_one(&account, S::TerminatingWait), id);
        assert_ne!(only_one(&account, S::PendingWait), id);
    }

    #[test]
    fn launches_that_keep_failing_come_ever_later() {
        let (mut account, _) = held_launch(1);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let id = only_one(&account, S::PendingWait);
            complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
            let abandoned = account.now;
            while all_in(&account, S::Pending).is_empty() {
                pass(&mut account, 1);
            }
            waits.push(account.now.duration_since(abandoned).as_secs());
            pass(&mut account, 15);
        }
        assert!(waits[1] <= 14, "{waits:?}");
        assert!(
            waits[2] >= 39 && waits[3] >= 69 && waits[4] >= 129,
            "{waits:?}"
        );
    }

    #[test]
    fn all_terminate_hooks_must_answer_but_one_abandon_is_enough() {
        for (second, next) in [
            ("CONTINUE", S::TerminatingWait),
            ("ABANDON", S::TerminatingProceed),
        ] {
            let (mut account, id) = held_end(json!({"DesiredCapacity": 1}));
            let other = json!({"LifecycleHookName": "other", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"});
            call(&mut account, "PutLifecycleHook", other).expect("the hook is right");
            complete(&mut account, "terminate", &id, "CONTINUE").expect("the action is open");
            pass(&mut account, 50);
            let_in(&mut account);
            pass(&mut account, 60);
            let id = only_one(&account, S::InService);
            terminate(&mut account, &id, false).expect("the instance is in service");
            pass(&mut account, 5);
            complete(&mut account, "other", &id, second).expect("the action is open");
            assert_eq!(
                group(&account).instance(&id).expect("it is there").state,
                next
            );
        }
    }

    #[test]
    fn an_abandoned_end_is_retained_if_the_policy_says_so() {
        let retain = json!({"InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}});
        let (mut account, id) = held_end(retain);
        pass(&mut account, 60);
        let_in(&mut account);
        pass(&mut account, 550);
        assert_eq!(only_one(&account, S::TerminatingRetained), id);
        assert!(account[EC2].is_alive(&id));
        assert_eq!(group(&account).counted(), 1, "its replacement");
        terminate(&mut account, &id, false).expect("a retained instance may be terminated");
        let_in(&mut account);
        pass(&mut account, 590);
        assert!(all_in(&account, S::TerminatingWait).contains(&id));
        pass(&mut account, 20);
        assert_eq!(
            only_one(&account, S::TerminatingRetained),
            id,
            "nobody answered"
        );
        terminate(&mut account, &id, false).expect("a retained instance may be terminated");
        pass(&mut account, 5);
        complete(&mut account, "terminate", &id, "CONTINUE").expect("the action is open");
        pass(&mut account, 120);
        assert!(group(&account).instance(&id).is_none());
        let way = states(&account, &id);
        let waits = way.iter().filter(|state| *state == "Terminating:Wait");
        assert_eq!(waits.count(), 3);
    }

    #[test]
    fn an_answer_of_continue_is_never_retained() {
        let retain = json!({"InstanceLifecyclePolicy": {"RetentionTriggers": {"TerminateHookAbandon": "retain"}}});
        let (mut account, id) = held_end(retain);
        complete(&mut account, "terminate", &id, "CONTINUE").expect("the action is open");
        pass(&mut account, 100);
        assert!(group(&account).instance(&id).is_none());
    }

    #[test]
    fn a_deleted_hook_lets_go_what_it_held() {
        let (mut account, id) = held_end(json!({}));
        let hook = json!({"LifecycleHookName": "terminate"});
        call(&mut account, "DeleteLifecycleHook", hook).expect("the hook is there");
        assert_eq!(only_one(&account, S::TerminatingProceed), id);
    }

    #[test]
    fn the_same_seed_gives_the_same_trace() {
        let scenario = |seed| {
            let (mut account, id) = held_launch(seed);
            complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
            pass(&mut account, 3000);
            format!("{:?}", account.trace)
        };
        assert_eq!(scenario(7), scenario(7));
        assert_ne!(scenario(7), scenario(8));
    }
}
