//! The stacks that `list` finds in the account in memory.

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::host::SimulationHost;
use simulator::scenario::{Action, Call, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::*;
use crate::aws::Aws;
use crate::listing::Listing;

fn settings() -> Settings {
    let mut settings = Settings::built_in(2);
    settings.set_parameter("OperatorPolicies", "true");
    settings
}

/// The ARN of the policy for whoever looks at the stack.
fn look_policy(world: &SimulationHost) -> String {
    let input = json!({"StackName": "ecs-cluster"});
    let answer = world.call("cloudformation", "DescribeStacks", &input);
    let answer = answer.expect("the stack is there");
    let outputs = answer["Stacks"][0]["Outputs"].as_array().expect("outputs");
    let mut those = outputs
        .iter()
        .filter(|it| it["OutputKey"] == "LookPolicyArn");
    let value = &those.next().expect("the output")["OutputValue"];
    value.as_str().expect("an ARN").to_owned()
}

/// What `list` finds after these actions: for somebody with all rights, or with the policy for
/// whoever looks at this stack alone.
fn listed(before: &[Action], looks_only: bool) -> Listing {
    let looked = play_and_look(&settings(), before, &[], async |world| {
        let caller = if looks_only {
            Caller::PolicyHolder(vec![look_policy(world)])
        } else {
            Caller::Operator
        };
        let config = sdk_config(world, in_process_connector(world, caller));
        look(&Aws::of(&config, REGION.to_owned())).await
    });
    looked.expect("it can be played").0.expect("it is listed")
}

/// Another stack, which is none of ours.
fn bystander() -> Action {
    let template = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}});
    Action::Call(Call {
        service: "cloudformation".to_owned(),
        action: "CreateStack".to_owned(),
        input: json!({"StackName": "bystander", "TemplateBody": template.to_string()}),
    })
}

fn only_stack(listing: &Listing) -> Value {
    let object = listing.json();
    let stacks = object["stacks"].as_array().expect("a list");
    assert_eq!(stacks.len(), 1, "{object:#}");
    stacks[0].clone()
}

#[test]
fn stacks_of_ours_are_found_and_no_others() {
    let listing = listed(&[Action::Deploy, bystander()], false);
    let stack = only_stack(&listing);
    assert_eq!(stack["stack"], "ecs-cluster");
    assert_eq!(
        (&stack["cluster"], &stack["underWay"]),
        (&json!("DevCluster"), &json!(false))
    );
    assert_eq!(stack["amiParameter"], "/ami/ecs/latest");
    assert_eq!(stack["retained"], json!([]));
    let table = listing.table();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines,
        [
            "STACK        STATUS           CLUSTER     AMI PARAMETER    RETAINED  ROLLOUT",
            "ecs-cluster  CREATE_COMPLETE  DevCluster  /ami/ecs/latest  -         none",
        ]
    );
    assert!(listing.notes().is_empty());
}

#[test]
fn a_rollout_under_way_is_shown() {
    let before = [Action::Deploy, Action::StartRollout, Action::Advance(120)];
    let stack = only_stack(&listed(&before, false));
    assert_eq!(stack["underWay"], true);
    assert_eq!(stack["rollout"], "rolling forward");
}

#[test]
fn whoever_may_look_at_one_stack_alone_finds_it_by_its_hooks() {
    let listing = listed(&[Action::Deploy, bystander()], true);
    assert_eq!(only_stack(&listing)["stack"], "ecs-cluster");
    let notes = listing.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("cloudformation:DescribeStacks"),
        "{notes:?}"
    );
}

#[test]
fn an_account_without_a_stack_says_so() {
    let listing = listed(&[bystander()], false);
    assert!(
        listing
            .table()
            .starts_with("No stack of ecs-rollout in eu-west-1.")
    );
    assert_eq!(listing.json()["stacks"], json!([]));
}
