//! A pause in the account in memory.

use std::collections::BTreeSet;

use jiff::Timestamp;
use simulator::account::{Caller, REGION};
use simulator::scenario::{Action, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};
use workers::model::group::LifecycleState;

use super::*;
use crate::aws::{Group, Member};
use crate::command::rehearse::Output;

const STACK: &str = "ecs-cluster";

fn settings() -> Settings {
    Settings::built_in(1)
}

fn verb(reason: &str, replace: bool) -> Pause {
    Pause {
        stack: StackArgument::named(STACK.to_owned()),
        reason: reason.to_owned(),
        replace,
        change: Change {
            yes: true,
            output: Output::Json,
            access: aws::Access::default(),
        },
    }
}

#[test]
fn another_reason_leaves_the_first_moment_of_the_pause() {
    let looked = play_and_look(&settings(), &[Action::Deploy], &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let stack = aws.stack(STACK).await.expect("the stack");
        let name = stack.group().expect("a group");
        let mut seen = Vec::new();
        for since in [Timestamp::from_second(86_400).ok(), None] {
            aws.pause(&name, "sale", since).await.expect("it is paused");
            let replaced = verb("lunch", true).pause(&aws, &stack).await;
            replaced.expect("the reason is replaced");
            let group = aws.group(&name).await.expect("the group");
            seen.push(group.pause.expect("it is paused"));
        }
        aws.release(&name).await.expect("it is resumed");
        verb("sale", false)
            .pause(&aws, &stack)
            .await
            .expect("it is paused");
        let group = aws.group(&name).await.expect("the group");
        seen.push(group.pause.expect("it is paused"));
        seen
    });
    let (seen, _) = looked.expect("it can be played");
    let reasons: Vec<&str> = seen.iter().map(|pause| pause.why.as_str()).collect();
    assert_eq!(reasons, ["lunch", "lunch", "sale"]);
    let since: Vec<Option<i64>> = seen
        .iter()
        .map(|pause| pause.since.map(Timestamp::as_second))
        .collect();
    // Of a pause that somebody set by hand the first moment is not known.
    assert_eq!(since[..2], [Some(86_400), None]);
    assert!(since[2].is_some_and(|since| since > 86_400));
}

fn group(state: LifecycleState) -> Group {
    Group {
        version: "1".to_owned(),
        desired: 1,
        members: vec![Member {
            id: "i-1".to_owned(),
            state,
            version: "1".to_owned(),
            zone: "a".to_owned(),
        }],
        pause: None,
    }
}

#[test]
fn a_pause_without_an_update_says_so() {
    let mut stack = Stack::with_parameters(STACK, []);
    stack.status = "UPDATE_COMPLETE".to_owned();
    let none = BTreeSet::new();
    let serving = group(LifecycleState::InService);
    let leaving = group(LifecycleState::TerminatingWait);
    let says = "No update of stack ecs-cluster is in progress (UPDATE_COMPLETE), and ";
    let shown = plan("Account 1", &stack, "g", &serving, &none);
    assert!(
        shown.contains(&format!("{says}no instance is on its way in or out.\n")),
        "{shown}"
    );
    let shown = plan("Account 1", &stack, "g", &leaving, &none);
    let waits = format!("{says}these instances, on their way in or out, wait: i-1.\n");
    assert!(shown.contains(&waits), "{shown}");
    assert!(resumed(&stack, &serving).contains("No update of stack ecs-cluster is in progress"));
    assert!(resumed(&stack, &leaving).contains("ecs-rollout watch ecs-cluster"));
    stack.status = "UPDATE_IN_PROGRESS".to_owned();
    assert!(!plan("Account 1", &stack, "g", &serving, &none).contains("No update"));
    assert!(resumed(&stack, &serving).contains("ecs-rollout watch ecs-cluster"));
    let since = aws::Pause {
        why: String::new(),
        since: Timestamp::from_second(0).ok(),
    };
    assert_eq!(since_when(&since), " since 1970-01-01 00:00:00Z");
}

#[test]
fn a_pause_of_a_rollback_says_that_the_rollback_fails_after_an_hour() {
    let mut stack = Stack::with_parameters(STACK, []);
    let none = BTreeSet::new();
    let draining = group(LifecycleState::TerminatingWait);
    let command = "aws cloudformation continue-update-rollback --stack-name ecs-cluster";
    stack.status = "UPDATE_ROLLBACK_IN_PROGRESS".to_owned();
    for shown in [
        plan("Account 1", &stack, "g", &draining, &none),
        paused(&stack, "ecs-rollout resume ecs-cluster"),
    ] {
        assert!(shown.contains("UPDATE_ROLLBACK_FAILED"), "{shown}");
        assert!(shown.contains(command), "{shown}");
    }
    for status in [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    ] {
        stack.status = status.to_owned();
        let shown = plan("Account 1", &stack, "g", &draining, &none);
        assert!(!shown.contains(command), "{status}: {shown}");
        let answer = paused(&stack, "ecs-rollout resume ecs-cluster");
        assert_eq!(answer, "Paused. To resume: ecs-rollout resume ecs-cluster");
    }
}

#[test]
fn a_drain_that_has_not_begun_does_not_continue_but_is_paused() {
    let mut stack = Stack::with_parameters(STACK, []);
    stack.status = "UPDATE_IN_PROGRESS".to_owned();
    let leaving = group(LifecycleState::TerminatingWait);
    let shown = |begun: &[&str]| {
        let begun = begun.iter().map(|id| (*id).to_owned()).collect();
        plan("Account 1", &stack, "g", &leaving, &begun)
    };
    let before = shown(&[]);
    assert!(
        before.contains("drains that continue      none\n"),
        "{before}"
    );
    assert!(
        before.contains("instances that are paused i-1\n"),
        "{before}"
    );
    let after = shown(&["i-1"]);
    assert!(after.contains("drains that continue      i-1\n"), "{after}");
    assert!(
        after.contains("instances that are paused none\n"),
        "{after}"
    );
}

#[test]
fn a_new_instance_that_is_not_admitted_is_paused_too() {
    let stack = Stack::with_parameters(STACK, []);
    let coming = group(LifecycleState::PendingWait);
    let shown = plan("Account 1", &stack, "g", &coming, &BTreeSet::new());
    assert!(shown.contains("instances that are paused i-1\n"), "{shown}");
}

#[test]
fn an_instance_whose_hook_is_answered_does_not_wait() {
    let mut stack = Stack::with_parameters(STACK, []);
    let none = BTreeSet::new();
    for state in [
        LifecycleState::TerminatingProceed,
        LifecycleState::PendingProceed,
    ] {
        let answered = group(state);
        for status in ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"] {
            stack.status = status.to_owned();
            let shown = plan("Account 1", &stack, "g", &answered, &none);
            assert!(!shown.contains("i-1"), "{shown}");
            assert!(
                shown.contains("instances that are paused none\n"),
                "{shown}"
            );
        }
        stack.status = "UPDATE_COMPLETE".to_owned();
        assert!(resumed(&stack, &answered).contains("so nothing waited"));
    }
    // One that is about to come to its hook waits there.
    let leaving = group(LifecycleState::Terminating);
    let shown = plan("Account 1", &stack, "g", &leaving, &none);
    assert!(
        shown.contains("on their way in or out, wait: i-1.\n"),
        "{shown}"
    );
    assert!(shown.contains("instances that are paused i-1\n"), "{shown}");
    // A drain that has begun continues, so it does not wait.
    let draining = group(LifecycleState::TerminatingWait);
    let begun = BTreeSet::from(["i-1".to_owned()]);
    let shown = plan("Account 1", &stack, "g", &draining, &begun);
    assert!(!shown.contains("wait: i-1"), "{shown}");
}

#[test]
fn a_deletion_is_not_paused() {
    let mut stack = Stack::with_parameters(STACK, []);
    for (status, is_ending) in [
        ("DELETE_IN_PROGRESS", true),
        ("ROLLBACK_IN_PROGRESS", true),
        ("DELETE_FAILED", true),
        ("UPDATE_IN_PROGRESS", false),
        ("UPDATE_ROLLBACK_IN_PROGRESS", false),
        ("UPDATE_COMPLETE", false),
    ] {
        stack.status = status.to_owned();
        let why = effect::why_not(&stack);
        assert_eq!(why.is_some(), is_ending, "{status}");
        let names = why.is_none_or(|why| {
            let way_out = match status {
                "DELETE_FAILED" => "aws cloudformation delete-stack --stack-name ecs-cluster",
                _ => "ecs-rollout watch ecs-cluster",
            };
            why.contains(status) && why.contains(way_out)
        });
        assert!(names, "{status}");
    }
}

#[test]
fn a_reason_is_sanitised_and_measured_before_anything_is_asked() {
    assert_eq!(reason(" a\u{1b}[31m\nb "), Ok("a\u{fffd}[31m b".to_owned()));
    assert!(reason(&"x".repeat(200)).is_ok());
    let long = reason(&"x".repeat(201)).expect_err("it is too long");
    assert!(long.to_string().contains("201 characters"), "{long}");
    assert!(reason(" \n").is_err());
}
