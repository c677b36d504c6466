//! The status of stacks in the account in memory.

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::scenario::{Action, Call, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::*;
use crate::aws::Aws;
use crate::watch::Status;

const INSTANCES: u64 = 2;

fn settings() -> Settings {
    Settings::built_in(INSTANCES)
}

/// What one look finds after these actions.
fn looked(stack: &str, before: &[Action]) -> Result<Status, Failure> {
    let looked = play_and_look(&settings(), before, &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        look_once(aws, Access::default(), stack).await
    });
    looked.expect("it can be played").0
}

fn status(before: &[Action]) -> Status {
    looked("ecs-cluster", before).expect("the stack is there")
}

fn text(status: &Status) -> String {
    let lines = status.lines();
    let lines = lines.iter().map(|line| text_of(line) + "\n");
    lines.collect()
}

fn pause() -> Action {
    let tag = json!({"ResourceId": "DevCluster", "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold",
        "Value": "sale - since 2026-01-01T00:00:00Z", "PropagateAtLaunch": false});
    Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "CreateOrUpdateTags".to_owned(),
        input: json!({"Tags": [tag]}),
    })
}

#[test]
fn a_stack_at_rest_shows_how_its_last_operation_ended() {
    let status = status(&[Action::Deploy]);
    let text = text(&status);
    assert_eq!(status.outcome(), Outcome::Well, "{text}");
    assert!(
        text.starts_with("stack      ecs-cluster is CREATE_COMPLETE\naccount    123456789012, "),
        "{text}"
    );
    let answer = text.lines().last().expect("an answer");
    assert!(
        answer.starts_with("result     Stack created in ")
            && answer.ends_with("2 of 2 in service."),
        "{text}"
    );
}

#[test]
fn a_rollout_under_way_shows_what_it_waits_for_and_since_when() {
    let status = status(&[Action::Deploy, Action::StartRollout, Action::Advance(600)]);
    let text = text(&status);
    assert_eq!(status.outcome(), Outcome::UnderWay, "{text}");
    assert!(text.contains("rolling forward, "), "{text}");
    assert!(text.contains(" replaced, batch "), "{text}");
    assert!(
        text.ends_with("Next: ecs-rollout watch ecs-cluster\n"),
        "{text}"
    );
    let shown = status.json();
    assert_eq!(shown["outcome"], "underWay");
    assert_eq!(shown["end"], Value::Null);
    assert_eq!(shown["progress"]["of"], INSTANCES);
    let waiting = shown["waiting"].as_array().expect("a list");
    let draining = waiting
        .iter()
        .find(|one| one["state"] == "Terminating:Wait");
    let draining = draining.unwrap_or_else(|| panic!("{shown:#}"));
    assert!(
        draining["since"].is_string() && draining["deadline"].is_string(),
        "{draining}"
    );
    let id = draining["instance"].as_str().expect("an id");
    let shown = text
        .lines()
        .find(|line| line.starts_with(&format!("waiting    {id} ")));
    let shown = shown.unwrap_or_else(|| panic!("{text}"));
    assert!(
        shown.contains(" for ") && shown.contains("Deadline in "),
        "{shown}"
    );
}

#[test]
fn a_pause_is_shown_with_its_reason() {
    let before = [
        Action::Deploy,
        pause(),
        Action::StartRollout,
        Action::Advance(600),
    ];
    let status = status(&before);
    let text = text(&status);
    let paused = text.lines().find(|line| line.starts_with("paused "));
    let paused = paused.unwrap_or_else(|| panic!("{text}"));
    assert!(paused.contains(": sale. "), "{paused}");
    assert!(
        paused.ends_with("Resume: ecs-rollout resume ecs-cluster"),
        "{paused}"
    );
    assert_eq!(status.json()["pause"]["reason"], "sale");
}

#[test]
fn after_a_rollout_the_result_names_ami_and_duration() {
    let status = status(&[Action::Deploy, Action::StartRollout, Action::Advance(7_200)]);
    let text = text(&status);
    assert_eq!(status.outcome(), Outcome::Well, "{text}");
    assert!(
        text.contains("result     Rollout complete: 2 of 2 on ami-"),
        "{text}"
    );
    let shown = status.json();
    assert_eq!(
        (&shown["outcome"], &shown["end"]["well"]),
        (&json!("well"), &json!(true))
    );
}

#[test]
fn a_stack_that_is_not_there_is_an_error_of_input() {
    let failure = looked("nothing", &[Action::Deploy]).expect_err("there is none");
    assert_eq!(failure.exit, Exit::Input, "{failure}");
    assert!(
        failure.to_string().contains("there is no stack nothing"),
        "{failure}"
    );
}
