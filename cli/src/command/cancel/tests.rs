//! Cancelled updates, and AMI ids that are put back, in the account in memory.

use jiff::Timestamp;
use simulator::account::{Caller, REGION};
use simulator::scenario::{Action, Fault, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};
use workers::model::group::LifecycleState;

use super::*;
use crate::aws::{Access, Pause};
use crate::command::rehearse::Output;

const STACK: &str = "ecs-cluster";

fn verb(restore_ami: bool) -> Cancel {
    Cancel {
        stack: StackArgument::named(STACK.to_owned()),
        restore_ami,
        change: Change {
            yes: true,
            output: Output::Json,
            access: Access::default(),
        },
    }
}

fn settings() -> Settings {
    let mut settings = Settings::built_in(1);
    settings.faults = vec![Fault::NeverJoins];
    settings
}

#[test]
fn in_every_status_the_old_ami_is_restored_or_it_is_said_why_not() {
    let before = [Action::Deploy, Action::Roll, Action::WaitIdle];
    let looked = play_and_look(&settings(), &before, &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let mut stack = aws.stack(STACK).await.expect("the stack");
        assert_eq!(stack.status, "UPDATE_ROLLBACK_COMPLETE");
        let old_ami = stack.ami().expect("the old AMI").to_owned();
        let parameter = stack.ami_parameter().to_owned();
        let mut seen = Vec::new();
        for status in [
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "UPDATE_ROLLBACK_FAILED",
            "UPDATE_COMPLETE",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "CREATE_COMPLETE",
            "IMPORT_COMPLETE",
            // All instances have the launch template of the stack: none names another AMI.
            "UPDATE_FAILED",
            "CREATE_IN_PROGRESS",
            "CREATE_FAILED",
            "REVIEW_IN_PROGRESS",
            "ROLLBACK_IN_PROGRESS",
            "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
            "DELETE_IN_PROGRESS",
            "DELETE_FAILED",
        ] {
            stack.status = status.to_owned();
            let bad = "ami-0000000000000bad0";
            let put = aws.put_parameter(&parameter, bad).await;
            put.expect("the parameter is written");
            let mut exits = Vec::new();
            for _ in 0..2 {
                let ended = verb(true).cancel(&aws, &stack).await;
                exits.push(ended.expect("it is answered"));
            }
            let held = aws.parameter(&parameter).await.expect("it can be read");
            let is_restored = held.expect("a parameter").value == old_ami;
            seen.push((status, is_restored, exits));
        }
        seen
    });
    let (seen, _) = looked.expect("it can be played");
    for (at, (status, is_restored, exits)) in seen.into_iter().enumerate() {
        let can_be_restored = at < 8;
        assert_eq!(is_restored, can_be_restored, "{status}");
        let exit = if can_be_restored {
            Exit::AsAsked
        } else {
            Exit::Otherwise
        };
        // Restored, and then held already; or refused, and refused again.
        let expected = [ExitCode::from(exit), ExitCode::from(exit)];
        assert_eq!(exits, expected, "{status}");
    }
}

#[test]
fn the_stack_names_the_old_ami_while_it_rolls_back() {
    let before = [Action::Deploy, Action::StartRollout, Action::Advance(30)];
    let mut settings = settings();
    settings.faults.clear();
    let looked = play_and_look(&settings, &before, &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let updating = aws.stack(STACK).await.expect("the stack");
        verb(true)
            .cancel(&aws, &updating)
            .await
            .expect("it is cancelled");
        let stack = aws.stack(STACK).await.expect("the stack");
        let held = aws.parameter(stack.ami_parameter()).await;
        (updating, stack, held.expect("it can be read"))
    });
    let ((updating, stack, held), _) = looked.expect("it can be played");
    assert_eq!(updating.status, "UPDATE_IN_PROGRESS");
    assert_eq!(stack.status, "UPDATE_ROLLBACK_IN_PROGRESS");
    assert_ne!(stack.ami(), updating.ami());
    assert_eq!(stack.ami(), held.as_ref().map(|held| held.value.as_str()));
}

fn paused_group() -> Group {
    Group {
        version: "2".to_owned(),
        desired: 1,
        members: vec![Member {
            id: "i-1".to_owned(),
            state: LifecycleState::PendingWait,
            version: "2".to_owned(),
            zone: "a".to_owned(),
        }],
        pause: Some(Pause {
            why: "sale".to_owned(),
            since: Timestamp::from_second(0).ok(),
        }),
    }
}

#[test]
fn the_rollback_of_a_paused_rollout_is_said_to_be_paused() {
    let mut stack = Stack::with_parameters(STACK, []);
    stack.status = "UPDATE_IN_PROGRESS".to_owned();
    let mut group = paused_group();
    let none = BTreeSet::new();
    let before = plan("Account 1", &stack, &group, &none);
    let after = cancelled(&stack, &group);
    for shown in [&before, &after] {
        for part in [
            "paused since 1970-01-01 00:00:00Z: 'sale'",
            "ecs-rollout resume ecs-cluster",
            "hour",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("to be admitted"), "{shown}");
    }
    for part in [
        "a batch an hour",
        "UPDATE_ROLLBACK_FAILED",
        "aws cloudformation continue-update-rollback --stack-name ecs-cluster",
    ] {
        assert!(before.contains(part), "{part}: {before}");
    }
    let shown = plan("Account 1", &stack, &group, &none);
    assert!(
        shown.contains("instances that are paused    i-1\n"),
        "{shown}"
    );
    let json = result(&stack, Some(&group), true);
    assert_eq!(
        (&json["paused"], &json["reason"], &json["pausedSince"]),
        (&json!(true), &json!("sale"), &json!("1970-01-01T00:00:00Z"))
    );
    assert_eq!(json["resume"], "ecs-rollout resume ecs-cluster");

    group.pause = None;
    let shown = plan("Account 1", &stack, &group, &none);
    assert!(
        shown.contains("new instances to be admitted i-1\n"),
        "{shown}"
    );
    assert!(!shown.contains("pause"), "{shown}");
    assert!(!cancelled(&stack, &group).contains("pause"));
    assert_eq!(result(&stack, Some(&group), true)["paused"], json!(false));
}
