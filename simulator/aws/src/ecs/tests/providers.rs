//! Capacity providers: tasks that wait for capacity, managed scaling, managed termination
//! protection, managed draining.

use serde_json::{Value, json};

use super::World;
use crate::account::Caller;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::LifecycleState;

/// The cluster with a group `g` of `count` instances and its capacity provider `cp`, which is the
/// cluster's default.
fn provided(count: u32, group: Value, provider: Value) -> World {
    let mut world = World::with(0);
    // ECS_CLUSTER=c
    let data = json!({"ImageId": "ami-1", "InstanceType": "m7g.large", "UserData": "RUNTX0NMVVNURVI9Ywo="});
    let template = json!({"LaunchTemplateName": "template", "LaunchTemplateData": data});
    calls(&mut world, "ec2", "CreateLaunchTemplate", template);
    let mut whole = json!({"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 9, "DesiredCapacity": count,
        "LaunchTemplate": {"LaunchTemplateName": "template"}, "VPCZoneIdentifier": "subnet-1,subnet-2"});
    extend(&mut whole, &group);
    calls(&mut world, "autoscaling", "CreateAutoScalingGroup", whole);
    world.pass(120);
    let mut settings = json!({"autoScalingGroupArn": "g", "managedDraining": "DISABLED"});
    extend(&mut settings, &provider);
    let input = json!({"name": "cp", "autoScalingGroupProvider": settings});
    calls(&mut world, "ecs", "CreateCapacityProvider", input);
    world.does(
        "PutClusterCapacityProviders",
        json!({"capacityProviders": ["cp"],
            "defaultCapacityProviderStrategy": [{"capacityProvider": "cp", "weight": 1}]}),
    );
    world
}

fn extend(whole: &mut Value, more: &Value) {
    let members = whole.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
}

fn calls(world: &mut World, service: &str, action: &str, input: Value) -> Value {
    let answer = world
        .account
        .call(&Caller::Operator, service, action, &input);
    answer.unwrap_or_else(|error| panic!("{action} {input}: {error}"))
}

/// Creates a service of which two tasks fill an instance.
fn fills(world: &mut World, desired: u64) {
    world.defines("web", json!({"cpu": 1000}));
    world.does(
        "CreateService",
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": desired}),
    );
}

fn wants(world: &mut World, desired: u64) {
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": desired}),
    );
}

fn desired(world: &World) -> u32 {
    world.account[AUTOSCALING]
        .group("g")
        .map_or(0, |it| it.desired)
}

/// The instances of the group, oldest first: id, state, and whether it is protected.
fn instances(world: &World) -> Vec<(String, LifecycleState, bool)> {
    let group = world.account[AUTOSCALING].group("g").expect("the group");
    let all = group.instances.iter();
    all.map(|one| (one.id.clone(), one.state, one.protected))
        .collect()
}

#[test]
fn a_task_waits_in_provisioning_until_its_provider_has_room() {
    let mut world = provided(1, json!({}), json!({}));
    fills(&mut world, 3);
    world.pass(120);
    let service = world.service("web");
    assert_eq!(
        (&service["runningCount"], &service["pendingCount"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(service["launchType"], Value::Null);
    assert_eq!(
        service["capacityProviderStrategy"][0]["capacityProvider"],
        "cp"
    );
    let arns = world.does("ListTasks", json!({"serviceName": "web"}));
    let all = world.does("DescribeTasks", json!({"tasks": arns["taskArns"]}));
    let tasks = all["tasks"].as_array().expect("a list");
    let waiting = tasks
        .iter()
        .find(|task| task["lastStatus"] == "PROVISIONING")
        .expect("one waits");
    assert_eq!(waiting["containerInstanceArn"], Value::Null);
    assert_eq!(waiting["capacityProviderName"], "cp");
    // A standalone task waits too, in place of a failure; one that is stopped needs no instance to
    // end.
    let run = world.does("RunTask", json!({"taskDefinition": "web"}));
    assert_eq!(run["failures"], json!([]));
    let arn = run["tasks"][0]["taskArn"].clone();
    world.does("StopTask", json!({"task": arn}));
    world.pass(10);
    let stopped = world.does("DescribeTasks", json!({"tasks": [arn]}));
    assert_eq!(stopped["tasks"][0]["lastStatus"], "STOPPED");
    let more = json!({"AutoScalingGroupName": "g", "DesiredCapacity": 2});
    calls(&mut world, "autoscaling", "SetDesiredCapacity", more);
    world.pass(120);
    assert_eq!(world.service("web")["runningCount"], 3);
    let id = instances(&world)[1].0.clone();
    assert_eq!(world.instance(&id)["capacityProviderName"], "cp");
}

#[test]
fn managed_scaling_follows_the_tasks_out_and_slowly_in() {
    let mut world = provided(
        1,
        json!({}),
        json!({"managedScaling": {"status": "ENABLED"}}),
    );
    fills(&mut world, 6);
    world.pass(120);
    assert_eq!(desired(&world), 3);
    world.pass(300);
    assert_eq!(world.service("web")["runningCount"], 6);
    assert_eq!(desired(&world), 3, "nothing is asked for twice");
    wants(&mut world, 1);
    world.pass(14 * 60);
    assert_eq!(desired(&world), 3);
    world.pass(240);
    assert_eq!(desired(&world), 1);
}

#[test]
fn no_alarm_scales_a_group_whose_alarm_notification_is_suspended() {
    let mut world = provided(
        1,
        json!({}),
        json!({"managedScaling": {"status": "ENABLED"}}),
    );
    let suspended = json!({"AutoScalingGroupName": "g", "ScalingProcesses": ["AlarmNotification"]});
    calls(
        &mut world,
        "autoscaling",
        "SuspendProcesses",
        suspended.clone(),
    );
    fills(&mut world, 4);
    world.pass(600);
    assert_eq!(desired(&world), 1);
    calls(&mut world, "autoscaling", "ResumeProcesses", suspended);
    world.pass(120);
    assert_eq!(desired(&world), 2);
}

#[test]
fn instances_with_tasks_are_protected_and_others_are_not() {
    let protects =
        json!({"managedScaling": {"status": "ENABLED"}, "managedTerminationProtection": "ENABLED"});
    let mut world = provided(
        2,
        json!({"NewInstancesProtectedFromScaleIn": true}),
        protects,
    );
    fills(&mut world, 1);
    world.pass(120);
    let is_busy = |world: &World, id: &str| !world.on(id, "service:web").is_empty();
    for (id, _, protected) in instances(&world) {
        assert_eq!(protected, is_busy(&world, &id), "{id}");
    }
    world.pass(1200);
    let left = instances(&world);
    assert_eq!(left.len(), 1, "the other was scaled in");
    assert!(is_busy(&world, &left[0].0));
}

#[test]
fn managed_draining_drains_and_lets_go_when_all_tasks_have_stopped() {
    let mut world = provided(2, json!({}), json!({"managedDraining": "ENABLED"}));
    fills(&mut world, 2);
    world.pass(120);
    let id = instances(&world)[0].0.clone();
    let going = json!({"InstanceId": id, "ShouldDecrementDesiredCapacity": false});
    calls(
        &mut world,
        "autoscaling",
        "TerminateInstanceInAutoScalingGroup",
        going,
    );
    world.pass(10);
    assert_eq!(world.instance(&id)["status"], "DRAINING");
    let mut seconds = 0;
    while !world.on(&id, "service:web").is_empty() {
        assert_eq!(instances(&world)[0].1, LifecycleState::TerminatingWait);
        world.pass(1);
        seconds += 1;
        assert!(seconds < 600, "it never drained");
    }
    world.pass(31);
    assert!(
        instances(&world)[0].1 > LifecycleState::TerminatingWait || instances(&world)[0].0 != id
    );
}

#[test]
fn managed_draining_gives_up_after_two_days() {
    let mut world = provided(1, json!({}), json!({"managedDraining": "ENABLED"}));
    world.defines("job", json!({}));
    world.does("RunTask", json!({"taskDefinition": "job"}));
    world.pass(60);
    let id = instances(&world)[0].0.clone();
    let going = json!({"InstanceId": id, "ShouldDecrementDesiredCapacity": false});
    calls(
        &mut world,
        "autoscaling",
        "TerminateInstanceInAutoScalingGroup",
        going,
    );
    world.pass(48 * 3600 - 60);
    assert_eq!(instances(&world)[0].1, LifecycleState::TerminatingWait);
    world.pass(300);
    assert_ne!(instances(&world)[0].0, id);
}

#[test]
fn a_provider_in_use_stays_and_its_hook_goes_with_it() {
    let mut world = provided(1, json!({}), json!({"managedDraining": "ENABLED"}));
    fills(&mut world, 1);
    world.pass(60);
    let none = json!({"capacityProviders": [], "defaultCapacityProviderStrategy": []});
    let refused = world.refuses("PutClusterCapacityProviders", none.clone());
    assert!(refused.contains("ResourceInUseException"), "{refused}");
    let name = json!({"capacityProvider": "cp"});
    let refused = world.tries("DeleteCapacityProvider", name.clone());
    let refused = refused.expect_err("a cluster has it").to_string();
    assert!(refused.contains("while it is associated with a cluster"));
    world.does("DeleteService", json!({"service": "web", "force": true}));
    world.pass(120);
    let hooks = |world: &World| {
        world.account[AUTOSCALING]
            .group("g")
            .map(|it| it.hooks.len())
    };
    assert_eq!(hooks(&world), Some(1));
    world.does("PutClusterCapacityProviders", none);
    assert_eq!(hooks(&world), Some(0));
    world
        .tries("DeleteCapacityProvider", name)
        .expect("nobody has it");
}

#[test]
fn what_is_wrong_or_not_known_is_refused_by_name() {
    let mut world = provided(1, json!({}), json!({}));
    world.defines("web", json!({}));
    let service = |strategy: Value| {
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1,
        "capacityProviderStrategy": strategy})
    };
    for (strategy, words) in [
        (
            json!([{"capacityProvider": "other", "weight": 1}]),
            "other was not found (there are cp)",
        ),
        (
            json!([{"capacityProvider": "FARGATE", "weight": 1}]),
            "FARGATE",
        ),
        (
            json!([{"capacityProvider": "cp"}, {"capacityProvider": "b"}]),
            "several providers",
        ),
        (
            json!([{"capacityProvider": "cp", "weight": 0}]),
            "weight greater than 0",
        ),
    ] {
        let refused = world.refuses("CreateService", service(strategy));
        assert!(refused.contains(words), "{refused}");
    }
    let create = |name: &str, settings: Value| {
        let mut whole = json!({"autoScalingGroupArn": "g"});
        extend(&mut whole, &settings);
        json!({"name": name, "autoScalingGroupProvider": whole})
    };
    let protects =
        json!({"managedScaling": {"status": "ENABLED"}, "managedTerminationProtection": "ENABLED"});
    for (input, words) in [
        (create("ecs-prod", json!({})), "cannot be prefixed"),
        (
            create("cp2", json!({"managedScaling": {"targetCapacity": 101}})),
            "from 1 to 100",
        ),
        (create("cp2", protects), "instance protection from scale in"),
        (
            create("cp2", json!({"managedTerminationProtection": "ENABLED"})),
            "requires managed scaling",
        ),
        (
            create("cp2", json!({"autoScalingGroupArn": "none"})),
            "none does not exist",
        ),
        (
            create("cp2", json!({})),
            "in use by the capacity provider cp",
        ),
        (create("cp2", json!({"speed": 1})), "speed"),
    ] {
        let refused = world.tries("CreateCapacityProvider", input);
        let refused = refused.expect_err(words).to_string();
        assert!(refused.contains(words), "{refused}");
    }
}
