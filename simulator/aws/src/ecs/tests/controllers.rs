//! Services by deployment controller and launch type.

use serde_json::{Value, json};

use super::world::{TARGET_GROUP, World};

fn web(more: &Value) -> Value {
    let mut service = json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 2});
    for (member, value) in more.as_object().expect("members") {
        service[member] = value.clone();
    }
    service
}

fn balanced(controller: &str) -> Value {
    web(&json!({
        "deploymentController": {"type": controller},
        "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "main", "containerPort": 80}],
    }))
}

fn world() -> World {
    let mut world = World::with(3);
    world.defines("web", json!({"portMappings": [{"containerPort": 80}]}));
    world
}

#[test]
fn the_controller_ecs_is_the_one_of_a_service_that_names_none() {
    let mut world = world();
    let answer = world.does("CreateService", balanced("ECS"));
    let service = &answer["service"];
    assert_eq!(service["deploymentController"], json!({"type": "ECS"}));
    assert_eq!(service["deployments"][0]["status"], "PRIMARY");
    assert!(service["taskSets"].is_null(), "{service}");
}

#[test]
fn a_service_of_code_deploy_runs_its_tasks_in_a_task_set() {
    let mut world = world();
    world.does("CreateService", balanced("CODE_DEPLOY"));
    world.pass(300);
    let answer = world.does("DescribeServices", json!({"services": ["web"]}));
    let service = &answer["services"][0];
    assert_eq!(
        service["deploymentController"],
        json!({"type": "CODE_DEPLOY"})
    );
    assert_eq!(service["deployments"], json!([]));
    let set = &service["taskSets"][0];
    assert_eq!(
        (
            &set["status"],
            &set["runningCount"],
            &set["stabilityStatus"]
        ),
        (&json!("PRIMARY"), &json!(2), &json!("STEADY_STATE"))
    );
    for (change, words) in [
        (
            json!({"taskDefinition": "web"}),
            "Unable to update task definition",
        ),
        (
            json!({"forceNewDeployment": true}),
            "Cannot force a new deployment",
        ),
    ] {
        let mut input = change;
        input["service"] = "web".into();
        let refused = world.refuses("UpdateService", input);
        assert!(refused.contains(words), "{refused}");
    }
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": 3}),
    );
    world.pass(300);
    let answer = world.does("DescribeServices", json!({"services": ["web"]}));
    assert_eq!(answer["services"][0]["taskSets"][0]["runningCount"], 3);
}

#[test]
fn what_the_account_does_not_follow_is_refused_by_name() {
    let mut world = world();
    for (more, words) in [
        (
            json!({"deploymentController": {"type": "EXTERNAL"}}),
            "deployment controller EXTERNAL",
        ),
        (
            json!({"deploymentController": {"type": "CODE_DEPLOY"}}),
            "requires a load balancer",
        ),
        (
            json!({"deploymentController": {"type": "MINE"}}),
            "Invalid deployment controller type: MINE",
        ),
        (
            json!({"launchType": "FARGATE"}),
            "InvalidParameterException: Task definition does not support launch_type FARGATE.",
        ),
        (
            json!({"launchType": "EXTERNAL"}),
            "launchType EXTERNAL: it has EC2 instances and Fargate only",
        ),
        (
            json!({"launchType": "MOON"}),
            "InvalidParameterException: Invalid launchType: MOON",
        ),
    ] {
        let refused = world.refuses("CreateService", web(&more));
        assert!(refused.contains(words), "{refused}");
    }
}

/// A world with the task definition `away`, for Fargate.
fn with_fargate() -> World {
    let mut world = world();
    world.does("RegisterTaskDefinition", away(&json!({})));
    world
}

fn with_members(mut one: Value, more: &Value) -> Value {
    for (member, value) in more.as_object().expect("members") {
        match value {
            Value::Null => drop(one.as_object_mut().expect("members").remove(member)),
            value => one[member] = value.clone(),
        }
    }
    one
}

fn away(more: &Value) -> Value {
    let definition = json!({"family": "away", "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "main", "image": "i"}]});
    with_members(definition, more)
}

fn on_fargate(more: &Value) -> Value {
    let service = json!({"serviceName": "away", "taskDefinition": "away", "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}});
    with_members(service, more)
}

#[test]
fn a_service_on_fargate_runs_its_tasks_on_no_container_instance() {
    let mut world = with_fargate();
    world.does("CreateService", on_fargate(&json!({})));
    world.pass(300);
    let answer = world.does("DescribeServices", json!({"services": ["away"]}));
    let service = &answer["services"][0];
    assert_eq!(
        (&service["launchType"], &service["runningCount"]),
        (&json!("FARGATE"), &json!(2))
    );
    assert_eq!(service["deployments"][0]["launchType"], "FARGATE");
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    let list = |world: &mut World, kind: &str| {
        let answer = world.does("ListTasks", json!({"launchType": kind}));
        answer["taskArns"].as_array().expect("a list").clone()
    };
    let tasks = list(&mut world, "FARGATE");
    assert_eq!((tasks.len(), list(&mut world, "EC2").len()), (2, 0));
    let answer = world.does("DescribeTasks", json!({"tasks": tasks}));
    let task = &answer["tasks"][0];
    assert_eq!(
        (
            &task["launchType"],
            &task["lastStatus"],
            &task["connectivity"]
        ),
        (&json!("FARGATE"), &json!("RUNNING"), &json!("CONNECTED"))
    );
    assert!(task["containerInstanceArn"].is_null(), "{task}");
    let listed = world.does("ListServices", json!({"launchType": "EC2"}));
    assert_eq!(listed["serviceArns"], json!([]));
    world.does("StopTask", json!({"task": tasks[0]}));
    world.pass(300);
    let answer = world.does("DescribeServices", json!({"services": ["away"]}));
    assert_eq!(answer["services"][0]["runningCount"], 2);
}

#[test]
fn a_standalone_task_runs_on_fargate_too() {
    let mut world = with_fargate();
    let run = on_fargate(&json!({"count": 1, "serviceName": null, "desiredCount": null}));
    let answer = world.does("RunTask", run);
    let task = answer["tasks"][0]["taskArn"].clone();
    world.pass(300);
    let answer = world.does("DescribeTasks", json!({"tasks": [task]}));
    assert_eq!(answer["tasks"][0]["lastStatus"], "RUNNING");
}

#[test]
fn what_fargate_does_not_do_is_refused() {
    let mut world = with_fargate();
    for (more, words) in [
        (
            json!({"networkConfiguration": null}),
            "Network Configuration must be provided",
        ),
        (
            json!({"schedulingStrategy": "DAEMON", "desiredCount": null}),
            "daemon scheduling strategy is not supported",
        ),
        (
            json!({"placementStrategy": [{"type": "spread", "field": "instanceId"}]}),
            "placement strategies are not supported",
        ),
        (
            json!({"launchType": "EC2"}),
            "networkMode awsvpc on an EC2 instance",
        ),
    ] {
        let refused = world.refuses("CreateService", on_fargate(&more));
        assert!(refused.contains(words), "{refused}");
    }
    for (more, words) in [
        (json!({"cpu": null}), "cpu and memory at the task level"),
        (
            json!({"networkMode": "bridge"}),
            "only supports network mode",
        ),
        (
            json!({"requiresCompatibilities": ["EC2"]}),
            "networkMode awsvpc for EC2",
        ),
    ] {
        let refused = world.refuses("RegisterTaskDefinition", away(&more));
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_load_balancer_of_a_service_on_fargate_is_refused_by_name() {
    let mut world = world();
    let ports = json!([{"name": "main", "image": "i", "portMappings": [{"containerPort": 80}]}]);
    world.does(
        "RegisterTaskDefinition",
        away(&json!({"containerDefinitions": ports})),
    );
    let balanced = json!({"loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "main", "containerPort": 80}]});
    let refused = world.refuses("CreateService", on_fargate(&balanced));
    assert!(
        refused.contains("a load balancer of a service on Fargate"),
        "{refused}"
    );
}
