//! How a task leaves: by its own end, in good order, or with its machine.

use serde_json::json;

use super::super::instance;
use super::{TARGET_GROUP, World};
use crate::trace::{TaskStatus, TraceEvent};

#[test]
fn a_web_task_takes_its_deregistration_delay_and_its_stop_timeout() {
    let mut world = World::with(1);
    world.defines(
        "web",
        json!({"portMappings": [{"containerPort": 80}],
        "dockerLabels": {"ecs-rollout.exit-seconds": "600"}}),
    );
    world.does("CreateService", json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
        "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "main", "containerPort": 80}]}));
    world.pass(120);
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": 0}),
    );
    world.pass(600);
    let scenario = world.scenario("service:web");
    let states: Vec<&str> = scenario.iter().map(|(_, status)| status.as_str()).collect();
    assert_eq!(
        states,
        [
            "PROVISIONING",
            "PENDING",
            "ACTIVATING",
            "RUNNING",
            "DEACTIVATING",
            "STOPPING",
            "DEPROVISIONING",
            "STOPPED"
        ]
    );
    assert_eq!(
        scenario[5].0 - scenario[4].0,
        300,
        "the deregistration delay"
    );
    assert_eq!(
        scenario[6].0 - scenario[5].0,
        30,
        "SIGKILL at the stop timeout"
    );
    let tasks = world.does("ListTasks", json!({"desiredStatus": "STOPPED"}))["taskArns"].clone();
    let task = world.does("DescribeTasks", json!({"tasks": tasks}))["tasks"][0].clone();
    assert_eq!(task["containers"][0]["exitCode"], 137);
    assert_eq!(task["stopCode"], "ServiceSchedulerInitiated");
}

#[test]
fn a_stopped_task_is_remembered_for_an_hour() {
    let mut world = World::with(1);
    world.defines(
        "batch",
        json!({"stopTimeout": 5, "dockerLabels": {"ecs-rollout.exit-seconds": "60"}}),
    );
    let started = world.does("RunTask", json!({"taskDefinition": "batch"}));
    let arn = started["tasks"][0]["taskArn"].clone();
    world.pass(60);
    let stopped = world.does("StopTask", json!({"task": arn, "reason": "enough"}));
    assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
    assert_eq!(stopped["task"]["stoppedReason"], "enough");
    assert_eq!(world.does("ListTasks", json!({}))["taskArns"], json!([]));
    world.pass(8);
    let instance = world.instance_arn("i-0");
    let listed = json!({"containerInstance": instance, "desiredStatus": "STOPPED"});
    assert_eq!(
        world.does("ListTasks", listed.clone())["taskArns"],
        json!([arn])
    );
    let described = world.does("DescribeTasks", json!({"tasks": [arn]}));
    assert_eq!(described["tasks"][0]["lastStatus"], "STOPPED");
    assert_eq!(
        world.instance("i-0")["remainingResources"],
        world.instance("i-0")["registeredResources"]
    );
    world.pass(3601);
    assert_eq!(world.does("ListTasks", listed)["taskArns"], json!([]));
    let described = world.does("DescribeTasks", json!({"tasks": [arn]}));
    assert_eq!(
        described["failures"],
        json!([{"arn": arn, "reason": "MISSING"}])
    );
}

#[test]
fn a_machine_that_goes_kills_its_tasks_and_the_service_replaces_them() {
    let mut world = World::with(2);
    world.serves("web", 4, 100, 200);
    let arn = world.instance_arn("i-0");
    instance::terminated(&mut world.account, "i-0");
    let killed = world.account.trace.iter().filter(|record| {
        matches!(&record.event, TraceEvent::TaskKilled { instance, last_status, .. } if instance == "i-0" && *last_status == TaskStatus::Running)
    });
    assert_eq!(killed.count(), 2);
    let described = world.does(
        "DescribeContainerInstances",
        json!({"containerInstances": [arn]}),
    );
    assert_eq!(described["containerInstances"][0]["status"], "INACTIVE");
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    world.pass(120);
    assert_eq!(world.on("i-1", "service:web").len(), 4);
    world.pass(3600);
    let described = world.does(
        "DescribeContainerInstances",
        json!({"containerInstances": [arn]}),
    );
    assert_eq!(
        described["failures"],
        json!([{"arn": arn, "reason": "MISSING"}])
    );
}

#[test]
fn a_machine_that_goes_before_it_joins_never_joins() {
    let mut world = World::with(0);
    world.boots(0, "c");
    instance::terminated(&mut world.account, "i-0");
    world.pass(300);
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"],
        json!([])
    );
}

#[test]
fn a_pending_task_on_a_draining_instance_is_stopped_at_once() {
    let mut world = World::with(1);
    world.defines("web", json!({}));
    world.does(
        "CreateService",
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}),
    );
    while world.on("i-0", "service:web") != ["PENDING"] {
        world.pass(1);
    }
    world.drains("i-0");
    world.pass(8);
    assert_eq!(world.on("i-0", "service:web"), Vec::<&str>::new());
}
