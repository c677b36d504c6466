//! The way of an instance through its states: hooks that hold it, answers that let it go on, and its end.

use serde_json::Value;

use super::activity::{Activity, Cause};
use super::group::{Action, ActionResult, Hook, Moving, OnAbandon};
use super::moves::{LifecycleState, Move, Transition};
use super::{Event, capacity, notice, warm_pool};
use crate::account::Account;
use crate::fact::Fact;
use crate::{ec2, eventbridge};

/// Puts an instance into `state`, and tells of it.
pub fn enter(account: &mut Account, group: &str, id: &str, state: LifecycleState, reason: &str) {
    let now = account.now;
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    instance.state = state;
    instance.since = now;
    let ami = instance.ami.clone();
    account.tell(Fact::Lifecycle {
        group: group.to_owned(),
        instance: id.to_owned(),
        ami,
        state: state.to_string(),
        reason: reason.to_owned(),
    });
}

/// Sets an instance of the group on a further move, out of the group or out of the warm pool, and returns the id of the
/// activity. An earlier move that had not ended is cancelled, and its hooks hold it no longer.
pub fn set_out(
    account: &mut Account,
    group: &str,
    id: &str,
    which: Move,
    cause: String,
    meets_hooks: bool,
) -> String {
    let (now, activity_id) = (account.now, account.uuid());
    let reason = cause.clone();
    if let Some(group) = account.autoscaling.group_mut(group)
        && let Some(instance) = group.instance_mut(id)
    {
        let moving = Moving {
            which,
            activity: activity_id.clone(),
            meets_hooks,
            not_before: now,
            actions: Vec::new(),
        };
        let before = std::mem::replace(&mut instance.moving, moving).activity;
        let make = match which.transition() {
            Transition::Launching => Activity::launching,
            Transition::Terminating => Activity::terminating,
        };
        let activity = make(activity_id.clone(), now, instance, cause);
        if let Some(open) = group.activity_mut(&before)
            && open.ended.is_none()
        {
            open.end(now, "Cancelled", None);
        }
        group.activities.push(activity);
    }
    enter(account, group, id, which.states()[0], &reason);
    let (least, most) = account.autoscaling.dynamics.leaving;
    let delay = account.between(least, most);
    let event = Event::AtHooks {
        group: group.to_owned(),
        instance: id.to_owned(),
        activity: activity_id.clone(),
    };
    account.after(delay, event);
    activity_id
}

/// An instance has come to its hooks: each of them holds it from now, and its event is sent. With no hooks it goes on.
pub fn at_hooks(account: &mut Account, group: &str, id: &str) {
    let Some(found) = account.autoscaling.group(group) else {
        return;
    };
    let Some(instance) = found.instance(id) else {
        return;
    };
    let which = instance.moving.which;
    let hooks: Vec<(String, Hook)> = found
        .hooks
        .iter()
        .filter(|(_, hook)| instance.moving.meets_hooks && hook.transition == which.transition())
        .map(|(name, hook)| (name.clone(), hook.clone()))
        .collect();
    if hooks.is_empty() {
        return past_hooks(account, group, id, None);
    }
    let names: Vec<&str> = hooks.iter().map(|(name, _)| name.as_str()).collect();
    let reason = format!("held by {}", names.join(", "));
    enter(account, group, id, which.states()[1], &reason);
    let actions: Vec<Action> = hooks
        .iter()
        .map(|(name, hook)| open(account, group, id, name, hook))
        .collect();
    if let Some(group) = account.autoscaling.group_mut(group) {
        if let Some(instance) = group.instance_mut(id) {
            instance.moving.actions = actions.clone();
            let activity = instance.moving.activity.clone();
            if let Some(activity) = group.activity_mut(&activity) {
                (activity.status, activity.progress) = ("MidLifecycleAction", 60);
            }
        }
    }
    let events: Vec<Value> = account
        .autoscaling
        .group(group)
        .map(|group| {
            let tell = |action| notice::lifecycle_action(account, group, id, action);
            actions.iter().filter_map(tell).collect()
        })
        .unwrap_or_default();
    for event in events {
        eventbridge::put_event(account, event);
    }
}

fn open(account: &mut Account, group: &str, id: &str, name: &str, hook: &Hook) -> Action {
    let seconds = |seconds: u32| std::time::Duration::from_secs(seconds.into());
    let token = account.uuid();
    let timeout = seconds(hook.heartbeat_timeout_seconds);
    let due_at_last = account.now + seconds(hook.global_timeout_seconds());
    account.after(timeout, due(group, id, &token));
    Action {
        hook: name.to_owned(),
        token,
        heartbeat_timeout_seconds: hook.heartbeat_timeout_seconds,
        default_result: hook.default_result,
        due: account.now + timeout,
        due_at_last,
    }
}

fn due(group: &str, id: &str, token: &str) -> Event {
    Event::ActionDue {
        group: group.to_owned(),
        instance: id.to_owned(),
        token: token.to_owned(),
    }
}

/// Restarts the heartbeat clock of an action that is open.
pub fn heartbeat(account: &mut Account, group: &str, id: &str, token: &str) {
    let now = account.now;
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    let actions = &mut instance.moving.actions;
    if let Some(action) = actions.iter_mut().find(|action| action.token == token) {
        let timeout = std::time::Duration::from_secs(action.heartbeat_timeout_seconds.into());
        action.due = (now + timeout).min(action.due_at_last);
        let left = action.due.duration_since(now).unsigned_abs();
        account.after(left, due(group, id, token));
    }
}

/// The time of an action may be over: unless a heartbeat came or it was answered, its default result is taken.
pub fn action_due(account: &mut Account, group: &str, id: &str, token: &str) {
    let now = account.now;
    let Some(action) = account
        .autoscaling
        .instance_mut(group, id)
        .and_then(|instance| {
            let actions = instance.moving.actions.iter();
            actions.cloned().find(|action| action.token == token)
        })
    else {
        return;
    };
    if action.due > now {
        return;
    }
    // The text for the global timeout is assumed; the other is observed.
    let why = if action.due == action.due_at_last {
        "Global Timeout"
    } else {
        "Heartbeat Timeout"
    };
    end_action(account, group, id, token, action.default_result, why);
}

/// Ends an action that is open. `why` is how an abandoned one's activity tells it.
pub fn end_action(
    account: &mut Account,
    group: &str,
    id: &str,
    token: &str,
    result: ActionResult,
    why: &str,
) {
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    let moving = &mut instance.moving;
    let Some(place) = moving
        .actions
        .iter()
        .position(|action| action.token == token)
    else {
        return;
    };
    let action = moving.actions.remove(place);
    match (result, moving.which.transition()) {
        (ActionResult::Continue, _) if !moving.actions.is_empty() => {}
        (ActionResult::Continue, _) => {
            let hook = format!("{} answered CONTINUE ({why})", action.hook);
            past_hooks(account, group, id, Some(&hook));
        }
        (ActionResult::Abandon, transition) => {
            moving.actions.clear();
            let message = format!(
                "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} was abandoned: {why}"
            );
            match transition {
                Transition::Launching => launch_failed(account, group, id, message),
                Transition::Terminating => end_abandoned(account, group, id, &action.hook, message),
            }
        }
    }
}

fn past_hooks(account: &mut Account, group: &str, id: &str, held: Option<&str>) {
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which;
    let ready = instance.moving.not_before;
    let activity = instance.moving.activity.clone();
    if let Some(reason) = held {
        enter(account, group, id, which.states()[2], reason);
    }
    if which.transition() == Transition::Terminating {
        return ec2::terminate(account, id);
    }
    let (least, most) = match held {
        Some(_) => account.autoscaling.dynamics.proceed,
        None => Default::default(),
    };
    let delay = account.between(least, most);
    let left = ready.duration_since(account.now);
    let delay = if left.is_positive() {
        delay.max(left.unsigned_abs())
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
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    found.failed_launches = 0;
    found.backed_off_until = None;
    let pool = found.warm_pool.as_ref().map(|pool| pool.state());
    let Some(instance) = found.instance(id) else {
        return;
    };
    let (state, reason) = match (instance.moving.which, pool) {
        (Move::Warm, Some(state)) => (state, "in the warm pool"),
        (Move::Warm, None) => (LifecycleState::WarmedRunning, "in the warm pool"),
        _ => (LifecycleState::InService, "in service"),
    };
    enter(account, group, id, state, reason);
    close(
        account,
        group,
        id,
        "Successful",
        None,
        "EC2 Instance Launch Successful",
    );
    if state == LifecycleState::InService {
        if !account.ec2.is_alive(id) {
            super::health::check_later(account, group, id);
        }
        capacity::reconcile(account, group);
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
    kind: &str,
) {
    let now = account.now;
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    let Some(place) = found.instances.iter().position(|found| found.id == id) else {
        return;
    };
    let activity = found.instances[place].moving.activity.clone();
    if let Some(activity) = found.activity_mut(&activity) {
        activity.end(now, status, message);
    }
    notice::ended(account, group, id, kind);
}

/// A launch was abandoned: the instance goes, and another is launched if the group still wants it.
fn launch_failed(account: &mut Account, group: &str, id: &str, message: String) {
    close(
        account,
        group,
        id,
        "Cancelled",
        Some(message),
        "EC2 Instance Launch Unsuccessful",
    );
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which.undone();
    let hooks = account
        .autoscaling
        .dynamics
        .terminate_hooks_after_abandoned_launch;
    let cause = Cause::LaunchFailure.of_end(account.now, id);
    set_out(account, group, id, which, cause, hooks);
    capacity::after_failure(account, group);
}

/// A terminate hook was abandoned: the instance goes at once, or stays for a person.
fn end_abandoned(account: &mut Account, group: &str, id: &str, hook: &str, message: String) {
    let Some(found) = account.autoscaling.group(group) else {
        return;
    };
    let retain = found.settings.on_terminate_abandon == Some(OnAbandon::Retain);
    let Some(instance) = found.instance(id) else {
        return;
    };
    let (_, retained) = instance.moving.which.ends();
    if retain {
        let reason = format!("{hook} was abandoned, and the group's policy retains the instance");
        enter(account, group, id, retained, &reason);
        close(
            account,
            group,
            id,
            "Cancelled",
            Some(message),
            "EC2 Instance Terminate Unsuccessful",
        );
    } else {
        let reason = format!("{hook} was abandoned");
        past_hooks(account, group, id, Some(&reason));
    }
}

/// EC2 has nothing left of an instance: it leaves the group.
pub fn gone(account: &mut Account, group: &str, id: &str) {
    let Some(instance) = account.autoscaling.instance_mut(group, id) else {
        return;
    };
    let which = instance.moving.which;
    let never_ran = which.transition() == Transition::Launching;
    enter(account, group, id, which.ends().0, "gone");
    let (status, message, kind) = if never_ran {
        // What AWS says here is not recorded; the text is assumed.
        let message = "Instance became unhealthy while waiting for instance to be in running state";
        (
            "Failed",
            Some(message.to_owned()),
            "EC2 Instance Launch Unsuccessful",
        )
    } else {
        ("Successful", None, "EC2 Instance Terminate Successful")
    };
    close(account, group, id, status, message, kind);
    let Some(found) = account.autoscaling.group_mut(group) else {
        return;
    };
    found.instances.retain(|instance| instance.id != id);
    if found.deleting && found.instances.is_empty() {
        account.autoscaling.remove_group(group);
    } else if never_ran {
        capacity::after_failure(account, group);
    }
}

#[cfg(test)]
mod tests {
    use super::LifecycleState as S;
    use super::*;
    use crate::autoscaling::scene::*;
    use serde_json::json;

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
        let text = account.autoscaling.groups.values().next().expect("a group");
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
            pass(&mut account, 599);
        }
        let left = account.facts.iter().find_map(|told| match &told.fact {
            Fact::Lifecycle {
                state, instance, ..
            } if *instance == id && state == "Terminating" => {
                Some(told.at.duration_since(opened).as_secs())
            }
            _ => None,
        });
        assert_eq!(left, Some(global));
        assert!(beats > 99, "{beats} heartbeats");
    }

    #[test]
    fn an_abandoned_launch_is_terminated_and_replaced() {
        for hooks_meet in [true, false] {
            let (mut account, id) = held_launch(1);
            let dynamics = &mut account.autoscaling.dynamics;
            dynamics.terminate_hooks_after_abandoned_launch = hooks_meet;
            complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
            pass(&mut account, 30);
            let waits = states(&account, &id).contains(&"Terminating:Wait".to_owned());
            assert_eq!(waits, hooks_meet);
            assert_ne!(only_one(&account, S::PendingWait), id);
        }
    }

    #[test]
    fn launches_that_keep_failing_come_ever_later() {
        let (mut account, _) = held_launch(1);
        account
            .autoscaling
            .dynamics
            .terminate_hooks_after_abandoned_launch = false;
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
        pass(&mut account, 700);
        assert_eq!(only_one(&account, S::TerminatingRetained), id);
        assert!(account.ec2.is_alive(&id));
        assert_eq!(group(&account).counted(), 1, "its replacement");
        terminate(&mut account, &id, false).expect("a retained instance may be terminated");
        pass(&mut account, 100);
        assert!(group(&account).instance(&id).is_none());
        let waits = states(&account, &id);
        assert_eq!(
            waits
                .iter()
                .filter(|state| *state == "Terminating:Wait")
                .count(),
            1
        );
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
    fn the_same_seed_tells_the_same_story() {
        let story = |seed| {
            let (mut account, id) = held_launch(seed);
            complete(&mut account, "launch", &id, "ABANDON").expect("the action is open");
            pass(&mut account, 3000);
            format!("{:?}", account.facts)
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7), story(8));
    }
}
