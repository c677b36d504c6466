//! Clusters as a whole: instances join, services spread, drain and come to rest.

mod chance;
mod controllers;
mod drains;
mod limits;
mod marks;
mod providers;
mod stops;
mod world;

use serde_json::json;

use crate::ecs::ECS;
use crate::faults::{FAULTS, Fault, Faults};
use world::{TARGET_GROUP, World};

#[test]
fn an_agent_registers_after_the_boot_and_only_where_it_may() {
    let mut world = World::with(0);
    world.boots(0, "c");
    world.boots(1, "elsewhere");
    world.account[FAULTS].active = Faults::new([Fault::NeverJoins], Some("ami-1".to_owned()));
    world.boots(2, "c");
    world.pass(34);
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"],
        json!([])
    );
    world.pass(19);
    let instance = world.instance("i-0");
    assert_eq!(instance["status"], "ACTIVE");
    assert_eq!(instance["agentConnected"], true);
    assert_eq!(instance["remainingResources"][1]["integerValue"], 7680);
    world.pass(3600);
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    world
        .tries("CreateCluster", json!({"clusterName": "elsewhere"}))
        .expect("CreateCluster");
    world.pass(60);
    let listed = world
        .tries("ListContainerInstances", json!({"cluster": "elsewhere"}))
        .expect("ListContainerInstances");
    assert_eq!(
        listed["containerInstanceArns"].as_array().map(Vec::len),
        Some(1),
        "its agent tries again"
    );
}

#[test]
fn a_service_spreads_over_zones_and_says_so() {
    let mut world = World::with(3);
    world.serves("web", 6, 100, 200);
    for ec2 in ["i-0", "i-1", "i-2"] {
        assert_eq!(
            world.on(ec2, "service:web"),
            ["RUNNING", "RUNNING"],
            "{ec2}"
        );
    }
    let service = world.service("web");
    assert_eq!(
        (&service["runningCount"], &service["pendingCount"]),
        (&json!(6), &json!(0))
    );
    assert_eq!(
        service["events"][0]["message"],
        "(service web) has reached a steady state."
    );
    assert!(world.account[ECS].is_idle(&mut None));
    world.pass(2 * 6 * 3600);
    let events = world.service("web")["events"].clone();
    let steady = events
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["message"] == "(service web) has reached a steady state.");
    assert_eq!(steady.count(), 3, "it says so again every six hours");
}

#[test]
fn a_task_counts_as_healthy_forty_seconds_after_it_runs() {
    let mut world = World::with(1);
    world.defines("web", json!({}));
    world.does(
        "CreateService",
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}),
    );
    while world.on("i-0", "service:web") != ["RUNNING"] {
        world.pass(1);
    }
    world.pass(38);
    assert_eq!(world.healthy("web"), 0);
    world.pass(2);
    assert_eq!(world.healthy("web"), 1);
}

#[test]
fn a_new_task_definition_is_rolled_out() {
    let mut world = World::with(2);
    world.serves("web", 4, 100, 200);
    world.defines("web", json!({"image": "app:2"}));
    world.does(
        "UpdateService",
        json!({"service": "web", "taskDefinition": "web"}),
    );
    let service = world.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    world.pass(300);
    let service = world.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert!(
        service["deployments"][0]["taskDefinition"]
            .as_str()
            .is_some_and(|arn| arn.ends_with("web:2"))
    );
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": 1}),
    );
    world.pass(60);
    assert_eq!(world.service("web")["runningCount"], 1);
    world.does("DeleteService", json!({"service": "web", "force": true}));
    world.pass(60);
    assert_eq!(world.service("web")["status"], "INACTIVE");
}

#[test]
fn the_same_seed_gives_the_same_scenario() {
    let scenario = |seed| {
        let mut world = World::seeded(3, seed);
        world.serves("web", 6, 50, 200);
        world.drains("i-0");
        world.pass(600);
        format!("{:?}", world.account.trace)
    };
    assert_eq!(scenario(1), scenario(1));
    assert_ne!(scenario(1), scenario(2));
}

#[test]
fn an_agent_that_starts_again_keeps_its_registration() {
    let mut world = World::with(1);
    let arn = world.instance_arn("i-0");
    super::agent_disconnected(&mut world.account, "i-0");
    world.boots(0, "c");
    world.pass(60);
    assert_eq!(world.instance_arn("i-0"), arn);
    assert_eq!(world.instance("i-0")["agentConnected"], true);
}

#[test]
fn a_call_that_is_refused_changes_nothing() {
    let mut world = World::with(1);
    world.serves("web", 1, 50, 150);
    world.refuses(
        "UpdateService",
        json!({"service": "web", "desiredCount": 2,
        "deploymentConfiguration": {"minimumHealthyPercent": 10},
        "placementConstraints": [{"type": "memberOf", "expression": "nonsense"}]}),
    );
    let service = world.service("web");
    assert_eq!(service["desiredCount"], 1);
    assert_eq!(
        service["deploymentConfiguration"]["minimumHealthyPercent"],
        50
    );
}
