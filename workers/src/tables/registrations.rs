//! An instance that is registered twice, because its agent lost its data: each worker looks at both
//! registrations, in either order of the list, and acts on both.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::config::History;
use crate::model::{Assessment, InstanceId, Verdict};
use crate::stub;
use crate::{Clients, drained, draining, joined};

/// A registration: its ARN, its status, and whether its agent is connected.
type Registration = (&'static str, &'static str, bool);

/// What was changed: the ARNs that were set DRAINING, or marked.
type Log = Arc<Mutex<Vec<String>>>;

/// An account in which the instance has these registrations, of which the one called `busy` has a
/// task.
fn account(registrations: &[Registration], busy: &'static str, log: &Log) -> Clients {
    let (registrations, log) = (registrations.to_vec(), Arc::clone(log));
    Clients::new(&stub::aws(move |asked| {
        let body = match asked.action.as_str() {
            "DescribeAutoScalingInstances" => return stub::in_state("Terminating:Wait"),
            "RecordLifecycleActionHeartbeat" => return stub::heartbeat(true),
            "DescribeStacks" => {
                let stack =
                    "<StackName>dev</StackName><StackStatus>DELETE_IN_PROGRESS</StackStatus>";
                let stacks = format!("<Stacks><member>{stack}</member></Stacks>");
                return (200, stub::xml("DescribeStacks", &stacks));
            }
            _ => asked.json(),
        };
        let answer = of_ecs(&asked.action, &body, &registrations, busy, &log);
        (200, answer.to_string())
    }))
}

/// What ECS answers of these registrations, of which `busy` has a task.
fn of_ecs(
    action: &str,
    body: &Value,
    registrations: &[Registration],
    busy: &str,
    log: &Log,
) -> Value {
    match action {
        "ListContainerInstances" => {
            let marked = body["filter"]
                .as_str()
                .is_some_and(|it| it.starts_with("attribute"));
            let all = registrations
                .iter()
                .filter(|_| !marked)
                .map(|(arn, ..)| *arn);
            json!({"containerInstanceArns": all.collect::<Vec<&str>>()})
        }
        "DescribeContainerInstances" => {
            let asked_for = body["containerInstances"].as_array().expect("a list");
            let asked_for = registrations
                .iter()
                .filter(|(arn, ..)| asked_for.contains(&json!(arn)));
            let all = asked_for.map(|(arn, status, connected)| {
                json!({"containerInstanceArn": arn, "status": status, "agentConnected": connected,
                    "ec2InstanceId": stub::terminating().action.instance})
            });
            json!({"containerInstances": all.collect::<Vec<Value>>()})
        }
        "UpdateContainerInstancesState" => {
            let set = body["containerInstances"]
                .as_array()
                .expect("a list")
                .clone();
            let arns = set.iter().filter_map(Value::as_str).map(str::to_owned);
            log.lock().expect("a log").extend(arns);
            let one = |arn: &Value| json!({"containerInstanceArn": arn, "status": body["status"]});
            json!({"containerInstances": set.iter().map(one).collect::<Vec<Value>>()})
        }
        "PutAttributes" => {
            let arn = body["attributes"][0]["targetId"].as_str().expect("an ARN");
            log.lock().expect("a log").push(arn.to_owned());
            json!({"attributes": []})
        }
        "ListTasks" if body["containerInstance"] == busy && body["desiredStatus"] == "RUNNING" => {
            json!({"taskArns": ["t"]})
        }
        "ListTasks" => json!({"taskArns": []}),
        "DescribeTasks" => {
            json!({"tasks": [{"taskArn": "t", "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
            "group": "service:logs"}]})
        }
        "DescribeServices" => {
            json!({"services": [{"serviceName": "logs", "status": "ACTIVE", "desiredCount": 5,
            "runningCount": 2}]})
        }
        "ListServices" => json!({"serviceArns": ["arn:aws:ecs:r:1:service/c/logs"]}),
        other => panic!("{other} was asked"),
    }
}

/// Both orders in which the two may be listed.
fn both_ways(two: [Registration; 2]) -> [[Registration; 2]; 2] {
    [two, [two[1], two[0]]]
}

async fn drain(registrations: &[Registration], busy: &'static str) -> (Vec<String>, Assessment) {
    let log = Log::default();
    let clients = account(registrations, busy, &log);
    let (subject, input) = (stub::terminating(), stub::event("terminate"));
    let finding =
        draining::handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
    let mut set = log.lock().expect("a log").clone();
    set.sort_unstable();
    (set, finding.expect("an answer"))
}

#[tokio::test]
async fn both_are_set_draining_and_noted() {
    for (two, set) in [
        (
            [("a", "ACTIVE", true), ("b", "ACTIVE", true)],
            &["a", "b"][..],
        ),
        ([("a", "ACTIVE", true), ("b", "ACTIVE", false)], &["a", "b"]),
        ([("a", "ACTIVE", true), ("b", "DRAINING", true)], &["a"]),
        ([("a", "ACTIVE", true), ("b", "DRAINING", false)], &["a"]),
        ([("a", "DRAINING", true), ("b", "DRAINING", false)], &[]),
    ] {
        for registrations in both_ways(two) {
            for busy in ["a", "b"] {
                let (was_set, finding) = drain(&registrations, busy).await;
                assert_eq!(was_set, set, "{registrations:?}");
                assert_eq!(finding.verdict, Verdict::Reached, "{registrations:?}");
                let noted = finding.extra.container_instances.expect("a note");
                let mut noted: Vec<&str> = noted.iter().map(|arn| arn.as_str()).collect();
                noted.sort_unstable();
                assert_eq!(noted, ["a", "b"], "{registrations:?}");
                // Whichever of them the service's task is on, it is waited for.
                let services = finding.extra.services.expect("services");
                assert_eq!(services.len(), 1, "{registrations:?}, {busy}");
                let left = finding.extra.tasks_left.expect("tasks");
                assert_eq!(left.arns.len(), 1, "{registrations:?}, {busy}");
            }
        }
    }
}

#[tokio::test]
async fn a_task_on_either_keeps_the_instance() {
    let two = [("a", "DRAINING", true), ("b", "DRAINING", false)];
    for registrations in both_ways(two) {
        for (busy, verdict) in [
            ("a", Verdict::NotYet),
            ("b", Verdict::NotYet),
            ("neither", Verdict::Reached),
        ] {
            for begun_with in [&["a", "b"][..], &["a"], &["b"]] {
                let clients = account(&registrations, busy, &Log::default());
                let mut input = stub::event("terminate");
                input["draining"] = json!({"since": stub::at(1), "unstable": [], "services": ["logs"],
                    "containerInstances": begun_with});
                let subject = stub::terminating();
                let finding =
                    drained::handle(&subject, &History::read(&input), &clients, &|| stub::at(60))
                        .await;
                let finding = finding.expect("an answer");
                assert_eq!(
                    finding.verdict, verdict,
                    "a task on {busy}, begun with {begun_with:?}: {}",
                    finding.reason
                );
            }
        }
    }
}

#[tokio::test]
async fn the_one_whose_agent_is_connected_has_joined_and_its_daemons_count() {
    let two = [("old", "ACTIVE", false), ("new", "ACTIVE", true)];
    for registrations in both_ways(two) {
        for (busy, verdict) in [("new", Verdict::Reached), ("old", Verdict::NotYet)] {
            let clients = account(&registrations, busy, &Log::default());
            let (subject, input) = (stub::launching(), stub::event("launch"));
            let finding =
                joined::handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(finding.verdict, verdict, "{busy}: {}", finding.reason);
        }
    }
    for two in [
        [("old", "ACTIVE", false), ("new", "REGISTERING", true)],
        [("old", "ACTIVE", false), ("new", "ACTIVE", false)],
        [("old", "DRAINING", true), ("new", "ACTIVE", false)],
    ] {
        for registrations in both_ways(two) {
            let clients = account(&registrations, "neither", &Log::default());
            let (subject, input) = (stub::launching(), stub::event("launch"));
            let finding =
                joined::handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(finding.verdict, Verdict::NotYet, "{registrations:?}");
        }
    }
}

#[tokio::test]
async fn an_instance_drains_as_the_registration_that_is_current_says() {
    for (two, is_draining) in [
        ([("a", "DRAINING", true), ("b", "ACTIVE", false)], true),
        ([("a", "ACTIVE", true), ("b", "DRAINING", false)], false),
        ([("a", "DRAINING", false), ("b", "INACTIVE", true)], true),
        ([("a", "DRAINING", true), ("b", "DRAINING", false)], true),
    ] {
        for registrations in both_ways(two) {
            let clients = account(&registrations, "neither", &Log::default());
            let subject = stub::terminating();
            let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
            let other = InstanceId::new("i-00000000000000001");
            let both = [other, subject.action.instance.clone()];
            let draining = ecs.draining_among(cluster, &both).await.expect("an answer");
            // Counted once, however often it is registered.
            let expected = &both[1..][..usize::from(is_draining)];
            assert_eq!(draining, expected, "{registrations:?}");
        }
    }
}

#[tokio::test]
async fn it_is_a_member_by_either() {
    for (two, is_member) in [
        ([("a", "INACTIVE", false), ("b", "ACTIVE", true)], true),
        (
            [("a", "DEREGISTERING", false), ("b", "DRAINING", false)],
            true,
        ),
        (
            [("a", "REGISTERING", false), ("b", "INACTIVE", false)],
            false,
        ),
    ] {
        for registrations in both_ways(two) {
            let clients = account(&registrations, "neither", &Log::default());
            let subject = stub::terminating();
            let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
            let own = std::slice::from_ref(&subject.action.instance);
            let members = ecs.members_among(cluster, own).await.expect("an answer");
            assert_eq!(!members.is_empty(), is_member, "{registrations:?}");
        }
    }
}

#[tokio::test]
async fn an_instance_that_is_active_again_by_either_is_not_drained() {
    for (two, verdict) in [
        (
            [("a", "DRAINING", true), ("b", "DRAINING", false)],
            Verdict::Reached,
        ),
        (
            [("a", "DRAINING", false), ("b", "ACTIVE", true)],
            Verdict::NotYet,
        ),
        (
            [("a", "DRAINING", true), ("b", "ACTIVE", true)],
            Verdict::NotYet,
        ),
        (
            [("a", "DRAINING", true), ("b", "ACTIVE", false)],
            Verdict::Reached,
        ),
    ] {
        for registrations in both_ways(two) {
            let clients = account(&registrations, "neither", &Log::default());
            let mut input = stub::event("terminate");
            input["draining"] = json!({"since": stub::at(1), "unstable": [], "services": [],
                "containerInstances": ["a", "b"]});
            let subject = stub::terminating();
            let finding =
                drained::handle(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(
                finding.verdict, verdict,
                "{registrations:?}: {}",
                finding.reason
            );
        }
    }
}
