//! What DRAINING moves, what it leaves, and what holds it back.

use serde_json::{Value, json};

use super::super::{Timing, agent_disconnected, agent_reconnected};
use super::{TARGET_GROUP, World};
use crate::account::Caller;
use crate::ecs::ECS;

/// Four tasks on one instance, an empty instance beside it, and the first one drains.
fn four_move(minimum: u64, maximum: u64) -> (Option<u64>, u64) {
    let mut world = World::with(1);
    world.serves("web", 4, minimum, maximum);
    world.boots(1, "c");
    world.pass(60);
    world.drains("i-0");
    world.until_empty("i-0", "web", 3600)
}

#[test]
fn the_percentages_decide_how_a_service_moves() {
    let (took, fewest) = four_move(100, 200);
    assert!(
        took.is_some_and(|took| (45..120).contains(&took)),
        "replacements first: {took:?}"
    );
    assert_eq!(fewest, 4);
    let (took, fewest) = four_move(50, 100);
    assert!(
        took.is_some_and(|took| (60..200).contains(&took)),
        "two by two: {took:?}"
    );
    assert_eq!(fewest, 2);
    let (took, fewest) = four_move(0, 100);
    assert!(took.is_some_and(|took| took < 30), "all at once: {took:?}");
    assert_eq!(fewest, 0);
    assert_eq!(four_move(100, 100), (None, 4), "nothing can move");
}

#[test]
fn a_drain_makes_no_deployment_and_the_status_stays() {
    let mut world = World::with(2);
    world.serves("web", 2, 100, 200);
    world.drains("i-0");
    world.pass(20);
    let service = world.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    world.pass(3600);
    let instance = world.instance("i-0");
    assert_eq!(
        (&instance["status"], &instance["runningTasksCount"]),
        (&json!("DRAINING"), &json!(0))
    );
    assert_eq!(
        world.service("web")["events"][0]["message"],
        "(service web) has reached a steady state."
    );
    assert!(world.account[ECS].is_idle(&mut None));
    let arn = world.instance_arn("i-0");
    world.does(
        "UpdateContainerInstancesState",
        json!({"containerInstances": [arn], "status": "ACTIVE"}),
    );
    assert_eq!(world.instance("i-0")["status"], "ACTIVE");
}

#[test]
fn a_standalone_task_is_left_alone() {
    let mut world = World::with(1);
    world.defines(
        "batch",
        json!({"dockerLabels": {"ecs-rollout.run-seconds": "1800"}}),
    );
    let answer = world.does("RunTask", json!({"taskDefinition": "batch"}));
    assert_eq!(answer["tasks"][0]["group"], "family:batch");
    world.pass(60);
    world.drains("i-0");
    world.pass(1500);
    assert_eq!(world.on("i-0", "family:batch"), ["RUNNING"]);
    world.pass(400);
    let arn = answer["tasks"][0]["taskArn"].clone();
    let task = world.does("DescribeTasks", json!({"tasks": [arn]}))["tasks"][0].clone();
    assert_eq!(
        (&task["lastStatus"], &task["stopCode"]),
        (&json!("STOPPED"), &json!("EssentialContainerExited"))
    );
    assert_eq!(task["containers"][0]["exitCode"], 0);
}

/// An instance with one replica, one standalone task and a daemon drains.
fn daemon_beside(outlives_standalone: bool) -> World {
    let mut world = World::with(2);
    world.account[ECS].timing = Timing {
        daemon_outlives_standalone: outlives_standalone,
        ..Timing::default()
    };
    world.defines("log", json!({}));
    world.does(
        "CreateService",
        json!({"serviceName": "log", "taskDefinition": "log", "schedulingStrategy": "DAEMON"}),
    );
    world.serves("web", 2, 100, 200);
    world.defines(
        "batch",
        json!({"dockerLabels": {"ecs-rollout.run-seconds": "900"}}),
    );
    for _ in 0..2 {
        world.does("RunTask", json!({"taskDefinition": "batch"}));
    }
    world.pass(60);
    assert_eq!(world.on("i-0", "family:batch").len(), 1);
    world.drains("i-0");
    world
}

#[test]
fn a_daemon_goes_last() {
    let mut world = daemon_beside(true);
    assert_eq!(world.service("log")["desiredCount"], 1);
    while !world.on("i-0", "service:web").is_empty() {
        assert_eq!(world.on("i-0", "service:log"), ["RUNNING"]);
        world.pass(1);
    }
    world.pass(120);
    assert_eq!(
        world.on("i-0", "service:log"),
        ["RUNNING"],
        "a standalone task is left"
    );
    world.pass(900);
    assert_eq!(world.on("i-0", "service:log"), Vec::<&str>::new());
    let mut world = daemon_beside(false);
    world.pass(200);
    assert_eq!(
        world.on("i-0", "service:log"),
        Vec::<&str>::new(),
        "or just the replicas count"
    );
    assert_eq!(world.on("i-0", "family:batch"), ["RUNNING"]);
}

#[test]
fn a_new_instance_gets_its_daemon_first() {
    let mut world = World::with(1);
    world.defines("log", json!({"memory": 7000}));
    world.does(
        "CreateService",
        json!({"serviceName": "log", "taskDefinition": "log", "schedulingStrategy": "DAEMON"}),
    );
    world.pass(60);
    world.defines("big", json!({"memory": 7000}));
    world.does(
        "CreateService",
        json!({"serviceName": "big", "taskDefinition": "big", "desiredCount": 1}),
    );
    world.pass(60);
    world.boots(1, "c");
    world.pass(120);
    assert_eq!(world.on("i-1", "service:log"), ["RUNNING"]);
    assert_eq!(world.service("big")["runningCount"], 0);
}

#[test]
fn other_tasks_leave_room_for_a_daemon_that_is_not_there_yet() {
    let mut world = World::with(2);
    world.defines("log", json!({"memory": 1000}));
    world.defines("big", json!({"memory": 7000}));
    world.does(
        "CreateService",
        json!({"serviceName": "big", "taskDefinition": "big", "desiredCount": 2}),
    );
    world.does(
        "CreateService",
        json!({"serviceName": "log", "taskDefinition": "log", "schedulingStrategy": "DAEMON"}),
    );
    world.pass(120);
    assert_eq!(world.service("log")["runningCount"], 2);
    assert_eq!(
        world.service("big")["runningCount"],
        0,
        "an instance has room for one of the two"
    );
}

#[test]
fn a_service_that_was_deleted_is_not_listed_while_its_tasks_stop() {
    let mut world = World::with(1);
    world.serves("web", 1, 100, 200);
    world.pass(60);
    world.does("DeleteService", json!({"service": "web", "force": true}));
    assert_eq!(world.service("web")["status"], "DRAINING");
    assert_eq!(
        world.does("ListServices", json!({}))["serviceArns"],
        json!([])
    );
}

#[test]
fn what_finds_no_place_says_why_and_waits() {
    let mut world = World::with(2);
    world.defines(
        "web",
        json!({"portMappings": [{"containerPort": 80, "hostPort": 80}]}),
    );
    world.does(
        "CreateService",
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2}),
    );
    world.pass(120);
    world.drains("i-0");
    world.pass(1200);
    assert_eq!(world.on("i-0", "service:web"), ["RUNNING"]);
    let message = world.service("web")["events"][0]["message"]
        .as_str()
        .expect("a message")
        .to_owned();
    assert!(
        message.starts_with(
            "(service web) was unable to place a task because no container instance met all of \
        its requirements. The closest matching (container-instance "
        ),
        "{message}"
    );
    assert!(
        message.contains("is already using a port required by your task"),
        "{message}"
    );
    let said = world.service("web")["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["message"] == message.as_str())
        .count();
    assert_eq!(said, 1, "the same is said once in six hours");
    world.boots(2, "c");
    assert!(world.until_empty("i-0", "web", 300).0.is_some());
}

#[test]
fn constraints_decide_where_a_task_may_go() {
    let mut world = World::with(3);
    let lacks = |world: &mut World, name: &str, rules: Value| {
        world.defines(name, json!({}));
        let mut service = json!({"serviceName": name, "taskDefinition": name, "desiredCount": 2});
        for (member, value) in rules.as_object().expect("rules are an object") {
            service[member] = value.clone();
        }
        world.does("CreateService", service);
        world.pass(120);
        world.service(name)
    };
    let pinned = json!({"placementConstraints": [
        {"type": "memberOf", "expression": "attribute:ecs.availability-zone == eu-west-1b"}]});
    lacks(&mut world, "pinned", pinned);
    assert_eq!(world.on("i-1", "service:pinned").len(), 2);
    let packed = json!({"placementStrategy": [{"type": "binpack", "field": "memory"}]});
    lacks(&mut world, "packed", packed);
    assert_eq!(
        world.on("i-1", "service:packed").len(),
        2,
        "where the least is left"
    );
    let apart = json!({"placementConstraints": [{"type": "distinctInstance"}]});
    lacks(&mut world, "apart", apart);
    world.does(
        "UpdateService",
        json!({"service": "apart", "desiredCount": 4}),
    );
    world.pass(120);
    let service = world.service("apart");
    assert_eq!(service["runningCount"], 3);
    assert!(
        service["events"][0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("DistinctInstance"))
    );
}

#[test]
fn a_protected_task_holds_the_drain_until_its_protection_ends() {
    let mut world = World::with(2);
    world.serves("web", 2, 100, 200);
    let instance = world.instance_arn("i-0");
    let tasks = world.does("ListTasks", json!({"containerInstance": instance}))["taskArns"].clone();
    let answer = world.does(
        "UpdateTaskProtection",
        json!({"tasks": tasks, "protectionEnabled": true, "expiresInMinutes": 30}),
    );
    assert_eq!(answer["protectedTasks"][0]["protectionEnabled"], true);
    world.drains("i-0");
    world.pass(1700);
    assert_eq!(world.on("i-0", "service:web"), ["RUNNING"]);
    world.pass(200);
    assert_eq!(world.on("i-0", "service:web"), Vec::<&str>::new());
    assert_eq!(world.service("web")["runningCount"], 2);
}

#[test]
fn without_its_agent_an_instance_gets_nothing_and_keeps_what_it_has() {
    let mut world = World::with(2);
    world.serves("web", 2, 100, 200);
    agent_disconnected(&mut world.account, "i-0");
    assert_eq!(world.instance("i-0")["agentConnected"], false);
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": 4}),
    );
    world.pass(120);
    assert_eq!(
        (
            world.on("i-0", "service:web").len(),
            world.on("i-1", "service:web").len()
        ),
        (1, 3)
    );
    world.drains("i-0");
    world.pass(120);
    assert_eq!(
        world.on("i-0", "service:web"),
        ["DEACTIVATING"],
        "what is left is the agent's work"
    );
    agent_reconnected(&mut world.account, "i-0");
    world.pass(20);
    assert_eq!(world.on("i-0", "service:web"), Vec::<&str>::new());
}

#[test]
fn a_constraint_that_no_instance_meets_names_the_attribute_and_its_values() {
    let mut world = World::with(2);
    let expected = |expression: &str| {
        let mut world = World::with(2);
        world.defines("db", json!({}));
        let pinned = json!([{"type": "memberOf", "expression": expression}]);
        world.does(
            "CreateService",
            json!({"serviceName": "db", "taskDefinition": "db",
            "desiredCount": 1, "placementConstraints": pinned}),
        );
        world.pass(120);
        world.account[ECS].unmet("c").map(|unmet| unmet.to_string())
    };
    assert_eq!(
        expected("attribute:stack == prod").as_deref(),
        Some(
            "no instance meets the memberOf constraints of service db: no instance has the attribute stack"
        )
    );
    assert_eq!(
        expected("attribute:ecs.instance-type == t3.large and agentConnected == true").as_deref(),
        Some(
            "no instance meets the memberOf constraints of service db: the attribute ecs.instance-type is m7g.large here"
        )
    );
    assert_eq!(
        expected("runningTasksCount > 9").as_deref(),
        Some("no instance meets the memberOf constraints of service db")
    );
    assert_eq!(expected("attribute:ecs.os-type == linux"), None);
    // Of a service that lacks room, another remedy is right.
    world.serves("large", 100, 100, 200);
    assert_eq!(world.account[ECS].unmet("c"), None);
}

/// The instances of the target group, each with its health.
fn target_states(world: &mut World) -> Vec<String> {
    let input = json!({"TargetGroupArn": TARGET_GROUP});
    let (service, action) = ("elasticloadbalancing", "DescribeTargetHealth");
    let answer = world
        .account
        .call(&Caller::Operator, service, action, &input);
    let targets = answer.expect("there is such a group")["TargetHealthDescriptions"].clone();
    let states = targets.as_array().expect("a list").iter();
    let mut states: Vec<String> = states
        .map(|it| format!("{} {}", it["Target"]["Id"], it["TargetHealth"]["State"]))
        .collect();
    states.sort();
    states
}

#[test]
fn a_balanced_service_registers_its_targets_and_says_so() {
    let mut world = World::with(2);
    world.defines(
        "web",
        json!({"portMappings": [{"containerPort": 8080, "hostPort": 0}]}),
    );
    world.does("CreateService", json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2,
        "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "main", "containerPort": 8080}]}));
    let seen = target_states;
    assert_eq!(seen(&mut world), Vec::<String>::new());
    for _ in 0..120 {
        world.pass(1);
        if !seen(&mut world).is_empty() {
            break;
        }
    }
    assert!(
        seen(&mut world)
            .iter()
            .all(|it| it.ends_with("\"initial\""))
    );
    world.pass(120);
    assert_eq!(
        seen(&mut world),
        ["\"i-0\" \"healthy\"", "\"i-1\" \"healthy\""]
    );
    let events = world.service("web")["events"].clone();
    let messages = events
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["message"]);
    let registered = format!("(service web) registered 1 targets in (target-group {TARGET_GROUP})");
    assert_eq!(messages.clone().filter(|it| **it == *registered).count(), 2);
    assert_eq!(
        events[0]["message"],
        "(service web) has reached a steady state."
    );
    let ids: std::collections::BTreeSet<String> = events
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["id"].to_string())
        .collect();
    assert_eq!(ids.len(), messages.count(), "each event has its own id");
    world.drains("i-0");
    world.pass(90);
    assert!(
        seen(&mut world).contains(&"\"i-0\" \"draining\"".to_owned()),
        "{:?}",
        seen(&mut world)
    );
    assert!(world.until_empty("i-0", "web", 600).0.is_some());
    assert_eq!(seen(&mut world).len(), 2);
}
