//! What ECS says of a thing, in our words: each member that decides something, with each of its
//! values.

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::ecs::Ecs;
use crate::model::cluster::{Service, Task};
use crate::model::{ClusterName, ContainerInstanceArn, ServiceName, TaskArn};
use crate::stub;

fn ecs_with(member: &'static str, one: Value) -> Ecs {
    let aws = stub::aws(move |_| (200, json!({member: [one]}).to_string()));
    Ecs::new(&aws, &Clock::default())
}

fn cluster() -> ClusterName {
    ClusterName::new("DevCluster")
}

async fn service(mut members: Value) -> Service {
    members["serviceName"] = json!("web");
    let ecs = ecs_with("services", members);
    let found = ecs.services(&cluster(), &[ServiceName::new("web")]).await;
    found.expect("an answer").remove(0)
}

#[tokio::test]
async fn a_deployment_fails_if_ecs_says_so_or_if_tasks_failed_and_none_runs() {
    let deployment = |status: &str, state: &str, failed: u8, running: u8| json!({"status": status, "rolloutState": state, "failedTasks": failed, "runningCount": running});
    for (deployments, is_failing) in [
        (json!([]), false),
        (json!([deployment("PRIMARY", "IN_PROGRESS", 0, 0)]), false),
        (json!([deployment("PRIMARY", "COMPLETED", 0, 5)]), false),
        (json!([deployment("PRIMARY", "FAILED", 0, 5)]), true),
        (json!([deployment("PRIMARY", "IN_PROGRESS", 1, 0)]), true),
        // One task that failed while others run excuses nothing.
        (json!([deployment("PRIMARY", "IN_PROGRESS", 1, 1)]), false),
        (json!([deployment("PRIMARY", "IN_PROGRESS", 9, 5)]), false),
        // An old deployment says nothing of the newest.
        (
            json!([
                deployment("ACTIVE", "FAILED", 9, 0),
                deployment("PRIMARY", "IN_PROGRESS", 0, 0)
            ]),
            false,
        ),
        (
            json!([
                deployment("ACTIVE", "COMPLETED", 0, 2),
                deployment("PRIMARY", "FAILED", 0, 0)
            ]),
            true,
        ),
        (json!([deployment("ACTIVE", "FAILED", 9, 0)]), false),
    ] {
        let all = deployments.as_array().map_or(0, Vec::len);
        let service = service(json!({"deployments": deployments})).await;
        assert_eq!(service.terms.is_failing, is_failing, "{deployments}");
        assert_eq!(service.counts.deployments, i64::try_from(all).unwrap_or(0));
    }
}

#[tokio::test]
async fn a_service_is_read_with_its_terms() {
    let bare = service(json!({})).await;
    let terms = &bare.terms;
    assert!(!bare.active && !terms.is_daemon && bare.created.is_none());
    assert_eq!((terms.minimum_percent, terms.maximum_percent), (100, 200));
    let full = service(json!({
        "status": "ACTIVE", "schedulingStrategy": "DAEMON", "createdAt": stub::at(7).as_second(),
        "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 150},
        "placementConstraints": [
            {"type": "distinctInstance"}, {"type": "memberOf", "expression": "attribute:disk == ssd"}
        ],
        "events": [{"message": "newest", "createdAt": stub::at(9).as_second()}, {"id": "2"}],
        "runningCount": 1, "pendingCount": 2, "desiredCount": 3,
    }))
    .await;
    let terms = &full.terms;
    assert!(full.active && terms.is_daemon);
    assert_eq!(full.created, Some(stub::at(7)));
    assert_eq!((terms.minimum_percent, terms.maximum_percent), (50, 150));
    assert_eq!(
        terms.constraints,
        ["distinctInstance", "memberOf attribute:disk == ssd"]
    );
    let events = terms.events.iter();
    let events: Vec<_> = events.map(|it| (it.at, it.message.as_str())).collect();
    assert_eq!(events, [(Some(stub::at(9)), "newest"), (None, "")]);
    for status in ["DRAINING", "INACTIVE"] {
        assert!(!service(json!({"status": status})).await.active, "{status}");
    }
}

async fn task(one: Value) -> Result<Task, crate::Error> {
    let found = ecs_with("tasks", one)
        .tasks(&cluster(), &[TaskArn::new("t")])
        .await;
    Ok(found?.remove(0))
}

#[tokio::test]
async fn a_task_runs_since_it_started_and_stops_since_it_was_asked_to() {
    let time = |seconds| json!(stub::at(seconds).as_second());
    for (desired, wanted, times, since) in [
        (
            "RUNNING",
            true,
            json!({"createdAt": time(1), "startedAt": time(2), "stoppingAt": time(3)}),
            Some(2),
        ),
        ("RUNNING", true, json!({"createdAt": time(1)}), Some(1)),
        ("RUNNING", true, json!({}), None),
        (
            "STOPPED",
            false,
            json!({"createdAt": time(1), "startedAt": time(2), "stoppingAt": time(3)}),
            Some(3),
        ),
        ("STOPPED", false, json!({"createdAt": time(1)}), None),
        ("PENDING", false, json!({}), None),
    ] {
        let mut one = times;
        one["taskArn"] = json!("t");
        one["lastStatus"] = json!("RUNNING");
        one["desiredStatus"] = json!(desired);
        one["stoppedReason"] = json!("why");
        let found = task(one).await.expect("an answer");
        assert_eq!(
            (found.wanted, found.since),
            (wanted, since.map(stub::at)),
            "{desired}"
        );
        assert_eq!(found.group, "no group");
        assert_eq!(found.stopped_reason.as_deref(), Some("why"));
    }
    let error = task(json!({"taskArn": "t"})).await.expect_err("no status");
    assert!(
        error.to_string().contains("task t without lastStatus"),
        "{error}"
    );
}

#[tokio::test]
async fn a_container_instance_has_a_status_that_is_known_and_perhaps_a_request_to_end() {
    let at = stub::at(5).to_string();
    for (status, attribute, expected) in [
        ("ACTIVE", json!([]), Some(None)),
        (
            "DRAINING",
            json!([{"name": "ecs-rollout.terminate", "value": at}]),
            Some(Some(stub::at(5))),
        ),
        (
            "DRAINING",
            json!([{"name": "ecs-rollout.other", "value": at}]),
            Some(None),
        ),
        (
            "DRAINING",
            json!([{"name": "ecs-rollout.terminate", "value": "soon"}]),
            Some(None),
        ),
        (
            "DRAINING",
            json!([{"name": "ecs-rollout.terminate"}]),
            Some(None),
        ),
        ("SOMETHING_NEW", json!([]), None),
        ("", json!([]), None),
    ] {
        let one = json!({"containerInstanceArn": "c", "status": status, "attributes": attribute});
        let ecs = ecs_with("containerInstances", one);
        let arns = [ContainerInstanceArn::new("c")];
        let found = ecs.container_instances(&cluster(), &arns).await;
        match expected {
            Some(requested) => {
                let found = found.expect("an answer");
                assert_eq!(found[0].termination_requested_at, requested, "{attribute}");
            }
            None => assert_eq!(found.expect_err("a status").name(), "BadAnswer"),
        }
    }
}

#[tokio::test]
async fn a_task_is_protected_if_ecs_says_so_and_until_when() {
    let until = stub::at(600).as_second();
    for (one, is_protected) in [
        (
            json!({"taskArn": "t", "protectionEnabled": true, "expirationDate": until}),
            true,
        ),
        (
            json!({"taskArn": "t", "protectionEnabled": false, "expirationDate": until}),
            false,
        ),
        (json!({"taskArn": "t", "protectionEnabled": true}), false),
    ] {
        let ecs = ecs_with("protectedTasks", one.clone());
        let found = ecs.protected(&cluster(), &[TaskArn::new("t")]).await;
        let found: Vec<_> = found
            .expect("an answer")
            .iter()
            .map(|it| it.until)
            .collect();
        let expected: &[_] = if is_protected { &[stub::at(600)] } else { &[] };
        assert_eq!(found, expected, "{one}");
    }
    let nameless = ecs_with("protectedTasks", json!({"protectionEnabled": true}));
    let error = nameless.protected(&cluster(), &[TaskArn::new("t")]).await;
    assert_eq!(error.expect_err("no ARN").name(), "BadAnswer");
}

#[tokio::test]
async fn what_was_lost_with_a_machine_names_that_machine() {
    for (reason, is_lost) in [
        ("Host EC2 (instance i-0123456789abcdef0) terminated.", true),
        ("Host EC2 (instance i-0123456789abcdef0) stopped.", true),
        ("Host EC2 (instance i-00000000000000001) terminated.", false),
        ("Scaling activity initiated", false),
        ("", false),
    ] {
        let aws = stub::aws(move |asked| match asked.action.as_str() {
            "ListTasks" => {
                assert_eq!(asked.json()["desiredStatus"], "STOPPED");
                (200, json!({"taskArns": ["t"]}).to_string())
            }
            _ => {
                let one = json!({"taskArn": "t", "lastStatus": "STOPPED", "stoppedReason": reason});
                (200, json!({"tasks": [one]}).to_string())
            }
        });
        let ecs = Ecs::new(&aws, &Clock::default());
        let own = &stub::terminating().action.instance;
        let lost = ecs.lost_with(&cluster(), own).await.expect("an answer");
        assert_eq!(!lost.is_empty(), is_lost, "{reason}");
    }
}
