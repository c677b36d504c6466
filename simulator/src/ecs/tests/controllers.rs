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
            "launchType FARGATE: it has EC2 instances only",
        ),
        (
            json!({"launchType": "EXTERNAL"}),
            "launchType EXTERNAL: it has EC2 instances only",
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
