//! Which executions the reconciler misses: never one before the tail, each under a name of its own,
//! and each with an event that the workers read.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;
use workers::autoscaling::actions::{Hook, OpenActivity};
use workers::config::read_event;
use workers::model::group::{GroupInstance, LifecycleState};
use workers::model::{HookName, InstanceId, Transition};
use workers::reconcile::{Observation, Request, decide, read_order};

use super::config;
use super::subject::at;

const METADATA: &str = r#"{"cluster": "DevCluster", "stack": "dev", "resource": "Group",
    "heartbeatTimeoutSeconds": 3600, "joinDeadlineSeconds": 900, "drainDeadlineSeconds": 3000,
    "drainDeadlinePolicy": "retain"}"#;

fn order(tail: i64) -> Request {
    let machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:Dev-lifecycle";
    let order = json!({"group": "Dev", "stateMachineArn": machine, "tailSeconds": tail});
    read_order(&order).expect("a good order")
}

fn transition() -> impl Strategy<Value = Transition> {
    prop::sample::select(vec![Transition::Launching, Transition::Terminating])
}

fn hook() -> impl Strategy<Value = Hook> {
    let names = vec![
        "ecs-rollout-launch",
        "ecs-rollout-terminate",
        "ecs-managed-draining",
    ];
    let name = prop::sample::select(names);
    (name, prop::option::of(transition())).prop_map(|(name, transition)| Hook {
        name: HookName::new(name),
        transition,
        metadata: Some(METADATA.to_owned()),
    })
}

/// An instance with its activity, if that is seen: when it began, and the id.
fn instance() -> impl Strategy<Value = (GroupInstance, Option<OpenActivity>)> {
    let states = vec![
        "Pending:Wait",
        "Terminating:Wait",
        "Warmed:Pending:Wait",
        "Warmed:Terminating:Wait",
    ];
    let state = prop::sample::select(states);
    let activity = prop::option::of((transition(), -600..=600_i64, "[a-f0-9-]{36}"));
    (any::<u32>(), state, activity).prop_map(|(id, state, activity)| {
        let instance = InstanceId::new(format!("i-{id:017x}"));
        let activity = activity.map(|(transition, started, id)| OpenActivity {
            id,
            instance: instance.clone(),
            transition,
            started: at(started),
        });
        let state = LifecycleState::from_name(state);
        let launched_from = None;
        (
            GroupInstance {
                instance,
                state,
                launched_from,
            },
            activity,
        )
    })
}

fn seen() -> impl Strategy<Value = Observation> {
    let instances = prop::collection::vec(instance(), 0..8);
    let hooks = prop::collection::vec(hook(), 0..4);
    (instances, hooks, any::<bool>()).prop_map(|(instances, hooks, has_pool)| {
        let (waiting, activities): (Vec<_>, Vec<_>) = instances.into_iter().unzip();
        Observation {
            arn: None,
            has_pool,
            waiting,
            activities: activities.into_iter().flatten().collect(),
            hooks,
        }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_missing_is_older_than_the_tail_and_an_event_that_workers_read(
        seen in seen(), tail in 1..=600_i64, now in -60..=1200_i64,
    ) {
        let order = order(tail);
        let missing = decide(&order, &seen, at(now));
        let names: BTreeSet<&str> = missing.iter().map(|one| one.name.as_str()).collect();
        let about: BTreeSet<&str> = missing.iter().map(|one| one.about.instance.as_str()).collect();
        prop_assert!(names.len() >= about.len());
        for one in &missing {
            let subject = read_event(&one.event).subject();
            let subject = subject.expect("an event that workers read");
            prop_assert_eq!(&subject.action.instance, &one.about.instance);
            prop_assert_eq!(&subject.action.hook, &one.about.hook);
            prop_assert!(subject.action.token.is_none());
            let old = at(now) >= subject.began + SignedDuration::from_secs(tail);
            prop_assert!(old, "{:?} at {}", subject.began, at(now));
            prop_assert!(one.name.len() <= 80);
            let ours = ["ecs-rollout-launch", "ecs-rollout-terminate"];
            prop_assert!(ours.contains(&one.about.hook.as_str()));
        }
        // What was missing is missing later, under the same name and with the same event.
        let later = decide(&order, &seen, at(now + 300));
        prop_assert!(missing.iter().all(|one| later.contains(one)));
    }
}
