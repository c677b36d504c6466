//! Whole scenarios of stacks, as DescribeStackEvents tells them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::scene::Scene;
use crate::account::Caller;
use crate::cloudformation::CLOUDFORMATION;

#[test]
fn a_stack_is_created_when_its_instances_have_signalled() {
    let scene = Scene::created(json!([{"ParameterKey": "Size", "ParameterValue": "2"}]));
    assert_eq!(
        scene.record(),
        [
            "s CREATE_IN_PROGRESS User Initiated",
            "Template CREATE_IN_PROGRESS",
            "Template CREATE_IN_PROGRESS Resource creation Initiated",
            "Template CREATE_COMPLETE",
            "Group CREATE_IN_PROGRESS",
            "Group CREATE_IN_PROGRESS Resource creation Initiated",
            "Group CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-…",
            "Group CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-…",
            "Group CREATE_COMPLETE",
            "s CREATE_COMPLETE",
        ]
    );
}

/// What was recorded of the stack and the group since `from`.
fn record_since(scene: &Scene, from: usize) -> Vec<String> {
    scene.record().split_off(from)
}

/// States and launch template versions of the instances that are not on their way out.
fn members(scene: &mut Scene) -> Vec<(String, String)> {
    let staying = scene
        .instances()
        .into_iter()
        .filter(|(_, state, _)| !state.starts_with("Terminat"));
    staying
        .map(|(_, state, version)| (state, version))
        .collect()
}

fn serving(version: &str, count: usize) -> Vec<(String, String)> {
    vec![("InService".to_owned(), version.to_owned()); count]
}

#[test]
fn a_roll_replaces_every_instance_in_the_observed_words() {
    let mut scene = Scene::created(json!([{"ParameterKey": "Size", "ParameterValue": "2"}]));
    let from = scene.record().len();
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let group = "Group UPDATE_IN_PROGRESS";
    let added = "New instance(s) added to autoscaling group - Waiting on 1 resource signal(s) with a timeout of PT15M.";
    let signal = "Received SUCCESS signal with UniqueId i-…";
    assert_eq!(
        record_since(&scene, from),
        [
            "s UPDATE_IN_PROGRESS User Initiated".to_owned(),
            "Template UPDATE_IN_PROGRESS".to_owned(),
            "Template UPDATE_COMPLETE".to_owned(),
            group.to_owned(),
            format!(
                "{group} Rolling update initiated. Terminating 2 obsolete instance(s) in batches of 1, while keeping at least 2 instance(s) in service. Waiting on resource signals with a timeout of PT15M when new instances are added to the autoscaling group."
            ),
            format!(
                "{group} Temporarily setting autoscaling group MinSize and DesiredCapacity to 3."
            ),
            format!("{group} {added}"),
            format!("{group} {signal}"),
            format!("{group} Terminating instance(s) [i-…]; replacing with 1 new instance(s)."),
            format!("{group} Successfully terminated instance(s) [i-…] (Progress 50%)."),
            format!("{group} {added}"),
            format!("{group} {signal}"),
            format!("{group} Terminating instance(s) [i-…]; replacing with 0 new instance(s)."),
            format!("{group} Successfully terminated instance(s) [i-…] (Progress 100%)."),
            "Group UPDATE_COMPLETE".to_owned(),
            "s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS".to_owned(),
            "s UPDATE_COMPLETE".to_owned(),
        ]
    );
    // A signal may come before the instance is InService.
    scene.pass(Duration::from_secs(60));
    assert_eq!(members(&mut scene), serving("2", 2));
    let group = scene.group();
    assert_eq!(
        (&group["MinSize"], &group["DesiredCapacity"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(group["SuspendedProcesses"], json!([]));
}

#[test]
fn nobody_waits_for_drains() {
    let mut scene = Scene::created(json!([]));
    scene.drain = Duration::from_secs(1800);
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let draining = scene
        .instances()
        .into_iter()
        .filter(|(_, state, _)| state == "Terminating:Wait")
        .count();
    assert_eq!(
        draining, 3,
        "all drains are still open when the update is complete"
    );
}

#[test]
fn a_failure_turns_the_roll_round_until_all_is_as_it_was() {
    for (seed, makes_version) in (0..20).flat_map(|seed| [(seed, false), (seed, true)]) {
        let mut scene = Scene::seeded(seed).create(json!([]));
        scene.account[CLOUDFORMATION].timing.rollback_makes_version = makes_version;
        let from = scene.record().len();
        scene.bad_ami = "ami-00000002".to_owned();
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
        let record = record_since(&scene, from).join("\n");
        let failed = "Group UPDATE_FAILED Received 1 FAILURE signal(s) out of 3. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement\n\
                      s UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Group].\n\
                      Template UPDATE_IN_PROGRESS\nTemplate UPDATE_COMPLETE\nGroup UPDATE_IN_PROGRESS\n";
        assert!(record.contains(failed), "{record}");
        assert!(
            record.ends_with(
                "s UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS\ns UPDATE_ROLLBACK_COMPLETE"
            ),
            "{record}"
        );
        scene.pass(Duration::from_secs(600));
        assert_eq!(
            members(&mut scene),
            serving(if makes_version { "3" } else { "1" }, 3)
        );
        assert!(
            scene
                .instances()
                .iter()
                .all(|(_, state, _)| state == "InService")
        );
        assert_eq!(scene.group()["SuspendedProcesses"], json!([]));
    }
}

#[test]
fn a_size_that_others_own_stays_at_the_temporary_value_after_a_failure() {
    let mut scene = Scene::created(json!([{"ParameterKey": "Owner", "ParameterValue": "scaling"}]));
    scene.bad_ami = "ami-00000002".to_owned();
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
    scene.pass(Duration::from_secs(600));
    let group = scene.group();
    assert_eq!(
        (&group["MinSize"], &group["DesiredCapacity"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(members(&mut scene), serving("1", 4));
}

#[test]
fn without_signals_the_batch_times_out_and_the_way_back_too() {
    let mut scene = Scene::created(json!([]));
    let from = scene.record().len();
    scene.signals = false;
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_FAILED");
    let record = record_since(&scene, from).join("\n");
    assert!(record.contains(
        "Group UPDATE_IN_PROGRESS Failed to receive 1 resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE.\n\
         Group UPDATE_FAILED Received 0 SUCCESS signal(s) out of 3.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    ), "{record}");
}

#[test]
fn a_retained_instance_is_none_of_a_roll_s_business() {
    let mut scene = Scene::created(json!([]));
    scene.pass(Duration::from_secs(30));
    let retained = scene.instances()[0].0.clone();
    let leave = json!({"InstanceId": retained, "ShouldDecrementDesiredCapacity": false});
    let call = |scene: &mut Scene, action: &str, input: &Value| {
        scene
            .account
            .call(&Caller::Operator, "autoscaling", action, input)
            .expect("done")
    };
    call(&mut scene, "TerminateInstanceInAutoScalingGroup", &leave);
    scene.pass(Duration::from_secs(30));
    let abandon = json!({"AutoScalingGroupName": "g", "LifecycleHookName": "out", "InstanceId": retained,
        "LifecycleActionResult": "ABANDON"});
    call(&mut scene, "CompleteLifecycleAction", &abandon);
    scene.pass(Duration::from_secs(300));
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let left = scene
        .instances()
        .into_iter()
        .find(|(id, _, _)| *id == retained);
    assert_eq!(
        left.map(|(_, state, _)| state).as_deref(),
        Some("Terminating:Retained")
    );
    scene.pass(Duration::from_secs(60));
    assert_eq!(members(&mut scene), serving("2", 3));
}

#[test]
fn a_cancelled_update_turns_round() {
    let mut scene = Scene::created(json!([]));
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    scene.pass(Duration::from_secs(90));
    scene
        .call("CancelUpdateStack", json!({"StackName": "s"}))
        .expect("cancelled");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(
        scene
            .record()
            .contains(&"Group UPDATE_FAILED Resource update cancelled".to_owned())
    );
    scene.pass(Duration::from_secs(600));
    assert_eq!(members(&mut scene), serving("1", 3));
}

#[test]
fn a_failed_creation_is_undone_and_a_stack_can_be_deleted() {
    let mut scene = Scene::new();
    scene.bad_ami = "ami-00000001".to_owned();
    scene
        .call(
            "CreateStack",
            json!({"StackName": "s", "TemplateURL": "t.yaml"}),
        )
        .expect("begun");
    assert_eq!(scene.settled(), "ROLLBACK_COMPLETE");
    let record = scene.record().join("\n");
    assert!(record.contains(
        "Group CREATE_FAILED Received 1 FAILURE signal(s) out of 3. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement\n\
         s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Group]. Rollback requested by user.\n\
         Group DELETE_IN_PROGRESS\nGroup DELETE_COMPLETE\nTemplate DELETE_IN_PROGRESS\nTemplate DELETE_COMPLETE\n\
         s ROLLBACK_COMPLETE"
    ), "{record}");
    scene
        .call("DeleteStack", json!({"StackName": "s"}))
        .expect("begun");
    assert_eq!(scene.settled(), "DELETE_COMPLETE");
    let gone = scene
        .call("DescribeStacks", json!({"StackName": "s"}))
        .expect_err("deleted");
    assert_eq!(gone.message, "Stack with id s does not exist");
}

#[test]
fn what_a_resource_that_was_not_deleted_depends_on_goes_all_the_same() {
    let mut scene = Scene::created(json!([]));
    scene.drain = Duration::from_secs(24 * 3600);
    let begun = scene.record().len();
    scene
        .call("DeleteStack", json!({"StackName": "s"}))
        .expect("begun");
    assert_eq!(scene.settled(), "DELETE_FAILED");
    let events = record_since(&scene, begun);
    let last = &events[events.len().saturating_sub(3)..];
    assert_eq!(
        last,
        [
            "Template DELETE_IN_PROGRESS",
            "Template DELETE_COMPLETE",
            "s DELETE_FAILED The following resource(s) failed to delete: [Group].",
        ]
    );
}

#[test]
fn wherever_a_roll_breaks_off_all_end_on_one_version_at_full_size() {
    let mut ends = BTreeSet::new();
    for seed in 0..60 {
        let mut scene = Scene::seeded(seed).create(json!([
            {"ParameterKey": "Size", "ParameterValue": (1 + seed % 4).to_string()},
            {"ParameterKey": "Batch", "ParameterValue": (1 + seed % 3).to_string()},
        ]));
        scene.drain = Duration::from_secs(60 * (seed % 7));
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        scene.pass(Duration::from_secs(5 * seed));
        scene.bad_ami = "ami-00000002".to_owned();
        let version = match scene.settled().as_str() {
            "UPDATE_COMPLETE" => "2",
            "UPDATE_ROLLBACK_COMPLETE" => "1",
            other => panic!("seed {seed} ends in {other}: {}", scene.record().join("\n")),
        };
        scene.pass(Duration::from_secs(900));
        assert_eq!(
            members(&mut scene),
            serving(version, 1 + seed as usize % 4),
            "seed {seed}"
        );
        ends.insert(version);
    }
    assert_eq!(ends, BTreeSet::from(["1", "2"]), "both ends are met");
}
