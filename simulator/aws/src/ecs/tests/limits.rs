//! What calls take at most, what they refuse, and how lists are paged.

use serde_json::{Value, json};

use super::World;
use crate::ecs::ECS;

#[test]
fn lists_are_paged() {
    let mut world = World::with(5);
    world.defines("tiny", json!({"cpu": 1, "memory": 6}));
    for number in 0..12 {
        let name = format!("s{number}");
        world.does(
            "CreateService",
            json!({"serviceName": name, "taskDefinition": "tiny", "desiredCount": 2}),
        );
    }
    world.pass(120);
    let first = world.does("ListServices", json!({}));
    assert_eq!(
        first["serviceArns"].as_array().map(Vec::len),
        Some(10),
        "ten by default"
    );
    let second = world.does("ListServices", json!({"nextToken": first["nextToken"]}));
    assert_eq!(second["serviceArns"].as_array().map(Vec::len), Some(2));
    assert_eq!(second["nextToken"], Value::Null);
    let mut seen = 0;
    let mut token = Value::Null;
    loop {
        let answer = world.does("ListTasks", json!({"maxResults": 7, "nextToken": token}));
        seen += answer["taskArns"].as_array().map_or(0, Vec::len);
        token = answer["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, 24);
    let drained = world.instance_arn("i-0");
    world.does(
        "UpdateContainerInstancesState",
        json!({"containerInstances": [drained], "status": "DRAINING"}),
    );
    let answer = world.does("ListContainerInstances", json!({"status": "DRAINING"}));
    assert_eq!(answer["containerInstanceArns"], json!([drained]));
    assert_eq!(
        world.does("ListTasks", json!({"desiredStatus": "PENDING"}))["taskArns"],
        json!([])
    );
    let clusters = world
        .tries("DescribeClusters", json!({"clusters": ["c"]}))
        .expect("DescribeClusters");
    let cluster = clusters["clusters"][0].clone();
    assert_eq!(cluster["registeredContainerInstancesCount"], 5);
    assert_eq!(cluster["activeServicesCount"], 12);
}

#[test]
fn more_than_a_call_takes_is_refused() {
    let mut world = World::with(0);
    let names = |count: usize| {
        (0..count)
            .map(|number| format!("n{number}"))
            .collect::<Vec<_>>()
    };
    let table = [
        ("DescribeServices", json!({"services": names(11)})),
        ("DescribeTasks", json!({"tasks": names(101)})),
        (
            "DescribeContainerInstances",
            json!({"containerInstances": names(101)}),
        ),
        (
            "UpdateContainerInstancesState",
            json!({"containerInstances": names(11), "status": "DRAINING"}),
        ),
        (
            "UpdateContainerInstancesState",
            json!({"containerInstances": names(1), "status": "INACTIVE"}),
        ),
        (
            "UpdateTaskProtection",
            json!({"tasks": names(11), "protectionEnabled": true}),
        ),
        ("ListTasks", json!({"maxResults": 101})),
        ("ListTasks", json!({"startedBy": "me", "family": "web"})),
        ("ListTasks", json!({"nextToken": "nonsense"})),
        (
            "ListContainerInstances",
            json!({"filter": "ec2InstanceId ==", "maxResults": 1}),
        ),
        ("ListContainerInstances", json!({"status": "INACTIVE"})),
        ("DescribeTasks", json!({"tasks": []})),
        ("RunTask", json!({"taskDefinition": "web", "count": 11})),
    ];
    world.defines("web", json!({}));
    for (action, input) in table {
        let error = world.refuses(action, input.clone());
        assert!(
            error.starts_with("InvalidParameterException: "),
            "{action} {input}: {error}"
        );
    }
}

#[test]
fn what_is_not_there_is_a_failure_or_an_error() {
    let mut world = World::with(1);
    let gone = json!({"cluster": "gone"});
    for action in ["ListTasks", "ListServices", "ListContainerInstances"] {
        let error = world
            .tries(action, gone.clone())
            .expect_err(action)
            .to_string();
        assert_eq!(error, "ClusterNotFoundException: Cluster not found.");
    }
    for (action, member, kind) in [
        ("DescribeServices", "services", "service"),
        ("DescribeTasks", "tasks", "task"),
        (
            "DescribeContainerInstances",
            "containerInstances",
            "container-instance",
        ),
    ] {
        let answer = world.does(action, json!({ member: ["nobody"] }));
        let arn = format!("arn:aws:ecs:eu-west-1:123456789012:{kind}/c/nobody");
        assert_eq!(
            answer["failures"],
            json!([{"arn": arn, "reason": "MISSING"}])
        );
    }
    assert!(
        world
            .refuses("StopTask", json!({"task": "nobody"}))
            .contains("The referenced task was not found.")
    );
    assert!(
        world
            .refuses("ListTasks", json!({"colour": "red"}))
            .contains("colour of ListTasks")
    );
    assert!(
        world
            .refuses("ListTasks", json!({"launchType": "EXTERNAL"}))
            .contains("EXTERNAL")
    );
    assert!(
        world
            .refuses("DeleteAttributes", json!({}))
            .contains("ecs:DeleteAttributes")
    );
    world.defines("huge", json!({"memory": 9000}));
    let answer = world.does("RunTask", json!({"taskDefinition": "huge"}));
    assert_eq!(answer["failures"][0]["reason"], "RESOURCE:MEMORY");
}

#[test]
fn calls_are_throttled_when_asked_to_be() {
    let mut world = World::with(0);
    world.account[ECS].timing.throttling = true;
    for _ in 0..100 {
        world.does("ListTasks", json!({}));
    }
    assert_eq!(
        world.refuses("ListTasks", json!({})),
        "ThrottlingException: Rate exceeded"
    );
    world.pass(1);
    for _ in 0..20 {
        world.does(
            "DescribeContainerInstances",
            json!({"containerInstances": ["x"]}),
        );
    }
    assert!(
        world
            .refuses("ListTasks", json!({}))
            .starts_with("ThrottlingException"),
        "one bucket for the class"
    );
}
