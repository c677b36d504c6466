//! What the keys of the screen do to the account in memory.

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::host::SimulationHost;
use simulator::scenario::{Action as Step, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::*;

const STACK: &str = "ecs-cluster";

/// What comes of these actions, one after the other, and the stack's status and group's tags then.
fn acted(before: &[Step], actions: &[Action]) -> (Vec<Result<String, Failure>>, Value, Value) {
    let looked = play_and_look(&Settings::built_in(2), before, &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let mut results = Vec::new();
        for action in actions {
            results.push(act(&aws, STACK, *action).await);
        }
        (results, status(world), tags(world))
    });
    looked.expect("it can be played").0
}

fn call(world: &SimulationHost, service: &str, action: &str, input: &Value) -> Value {
    let answer = world.call(service, action, input);
    answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

fn status(world: &SimulationHost) -> Value {
    let input = json!({"StackName": STACK});
    let answer = call(world, "cloudformation", "DescribeStacks", &input);
    answer["Stacks"][0]["StackStatus"].clone()
}

fn tags(world: &SimulationHost) -> Value {
    let answer = call(
        world,
        "autoscaling",
        "DescribeAutoScalingGroups",
        &json!({}),
    );
    answer["AutoScalingGroups"][0]["Tags"].clone()
}

fn is_paused(tags: &Value) -> bool {
    tags.to_string().contains("ecs-rollout:hold")
}

#[test]
fn a_rollout_is_paused_once_and_resumed_once() {
    let before = [Step::Deploy, Step::StartRollout, Step::Advance(60)];
    let (results, _, tags) = acted(&before, &[Action::Pause, Action::Pause]);
    assert!(is_paused(&tags), "{tags}");
    let again = results[1].as_ref().expect("nothing is wrong");
    assert_eq!(again, "Paused already: 'paused on the screen of watch'.");
    let (results, _, tags) = acted(&before, &[Action::Pause, Action::Resume, Action::Resume]);
    assert!(!is_paused(&tags), "{tags}");
    assert_eq!(results[2], Ok("It is not paused.".to_owned()));
}

#[test]
fn a_stack_that_is_deleted_is_not_paused_and_its_pause_can_be_taken_back() {
    let delete = Step::Call(simulator::scenario::Call {
        service: "cloudformation".to_owned(),
        action: "DeleteStack".to_owned(),
        input: json!({"StackName": "$STACK"}),
    });
    let before = [
        Step::Deploy,
        Step::DeleteServices,
        delete,
        Step::Advance(30),
    ];
    let (results, _, _) = acted(&before, &[Action::Pause, Action::Resume]);
    let refused = results[0].as_ref().expect_err("it is deleted");
    assert!(
        refused.to_string().contains("DELETE_IN_PROGRESS"),
        "{refused}"
    );
    assert_eq!(results[1], Ok("It is not paused.".to_owned()));
}

#[test]
fn only_an_update_can_be_cancelled() {
    let (results, status, _) = acted(&[Step::Deploy], &[Action::Cancel]);
    let refused = results[0].as_ref().expect_err("nothing is under way");
    assert!(
        refused.to_string().contains("no update in progress"),
        "{refused}"
    );
    assert_eq!(status, "CREATE_COMPLETE");
    let before = [Step::Deploy, Step::StartRollout, Step::Advance(60)];
    let (results, status, _) = acted(&before, &[Action::Cancel]);
    assert!(results[0].is_ok(), "{results:?}");
    assert_eq!(status, "UPDATE_ROLLBACK_IN_PROGRESS");
}
