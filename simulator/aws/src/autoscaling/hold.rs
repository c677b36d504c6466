//! Hooks that hold an instance: what opens a lifecycle action, keeps it open, and ends it.

use std::time::Duration;

use serde_json::Value;

use super::group::{Action, ActionResult, Hook};
use super::lifecycle::{end_abandoned, enter, hooks_done, launch_failed};
use super::transitions::Transition;
use super::{Event, events};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::eventbridge;
use crate::signal::Signal;

/// An instance has come to its hooks: each of them holds it from now, and its event is sent. With
/// no hooks it goes on.
pub fn at_hooks(account: &mut Account, group: &str, id: &str) {
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let Some(instance) = found.instance(id) else {
        return;
    };
    let which = instance.moving.which;
    let hooks: Vec<(String, Hook)> = found
        .hooks
        .iter()
        .filter(|(_, hook)| hook.transition == which.transition())
        .map(|(name, hook)| (name.clone(), hook.clone()))
        .collect();
    if hooks.is_empty() {
        return hooks_done(account, group, id, None);
    }
    let names: Vec<&str> = hooks.iter().map(|(name, _)| name.as_str()).collect();
    let reason = format!("waiting for {}", names.join(", "));
    enter(account, group, id, which.states()[1], reason.as_str());
    let actions: Vec<Action> = hooks
        .iter()
        .map(|(name, hook)| open(account, group, id, name, hook))
        .collect();
    if let Some(group) = account[AUTOSCALING].group_mut(group)
        && let Some(instance) = group.instance_mut(id)
    {
        instance.moving.actions = actions.clone();
        let activity = instance.moving.activity.clone();
        if let Some(activity) = group.activity_mut(&activity) {
            (activity.status, activity.progress) = at_hook(which.transition());
        }
    }
    let events: Vec<Value> = account[AUTOSCALING]
        .group(group)
        .map(|group| {
            let tell = |action| events::lifecycle_action(account, group, id, action);
            actions.iter().filter_map(tell).collect()
        })
        .unwrap_or_default();
    for event in events {
        eventbridge::put_event(account, event);
    }
    for (hook, _) in hooks {
        let instance = id.to_owned();
        account.signal(&Signal::HookReached { hook, instance });
    }
}

/// Status and progress of the activity of an instance that a hook holds. Recorded: radkawar/stackd
/// testdata/aws/autoscaling/lifecycle_native.json, 2026-09.
fn at_hook(transition: Transition) -> (&'static str, u32) {
    match transition {
        Transition::Launching => ("MidLifecycleAction", 40),
        Transition::Terminating => ("MidTerminatingLifecycleAction", 60),
    }
}

fn open(account: &mut Account, group: &str, id: &str, name: &str, hook: &Hook) -> Action {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
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
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
        return;
    };
    let actions = &mut instance.moving.actions;
    if let Some(action) = actions.iter_mut().find(|action| action.token == token) {
        let timeout = Duration::from_secs(action.heartbeat_timeout_seconds.into());
        action.due = (now + timeout).min(action.due_at_last);
        let left = action.due.duration_since(now).unsigned_abs();
        account.after(left, due(group, id, token));
    }
}

/// The time of an action may be over: unless a heartbeat came or it was answered, its default
/// result is taken.
pub fn action_due(account: &mut Account, group: &str, id: &str, token: &str) {
    let now = account.now;
    let Some(action) = account[AUTOSCALING]
        .instance_mut(group, id)
        .and_then(|instance| {
            let mut actions = instance.moving.actions.iter();
            actions.find(|action| action.token == token).cloned()
        })
    else {
        return;
    };
    if action.due > now {
        return;
    }
    // assumption: both texts, the second after reports of users. The activity of a hook that timed
    // out proves them.
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
    let Some(instance) = account[AUTOSCALING].instance_mut(group, id) else {
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
            hooks_done(account, group, id, Some(&hook));
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
