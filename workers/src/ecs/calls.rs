//! Tests of calls that few make: those of `ecs-rollout terminate`, and questions about several
//! instances at once.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::model::ContainerInstanceArn;
use crate::stub::{self, StubRequest};

fn cluster() -> ClusterName {
    ClusterName::new("DevCluster")
}

fn ecs(answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static) -> Ecs {
    Ecs::new(&stub::aws(answering), &Clock::default())
}

#[tokio::test]
async fn an_instance_that_was_deregistered_meanwhile_is_no_error_and_every_other_refusal_is() {
    for (code, status, is_good, calls) in [
        ("InvalidParameterException", "INACTIVE", true, 2),
        ("InvalidParameterException", "DRAINING", false, 2),
        ("ClientException", "INACTIVE", false, 1),
    ] {
        let log = Arc::new(Mutex::new(0));
        let count = Arc::clone(&log);
        let ecs = ecs(move |asked| {
            *count.lock().expect("a count") += 1;
            match asked.action.as_str() {
                "DeregisterContainerInstance" => (
                    400,
                    json!({"__type": code, "message": "refused"}).to_string(),
                ),
                _ => {
                    let one = json!({"containerInstanceArn": "c", "status": status,
                        "agentConnected": false});
                    (200, json!({"containerInstances": [one]}).to_string())
                }
            }
        });
        let arn = ContainerInstanceArn::new("c");
        let done = ecs.deregister(&cluster(), &arn).await;
        assert_eq!(done.is_ok(), is_good, "{code}, {status}: {done:?}");
        assert_eq!(*log.lock().expect("a count"), calls, "{code}, {status}");
    }
}

#[tokio::test]
async fn those_without_an_agent_are_counted() {
    for arns in [json!([]), json!(["a", "b"])] {
        let count = arns.as_array().map_or(0, Vec::len);
        let ecs = ecs(move |asked| {
            let filter = "agentConnected == false";
            assert_eq!(
                asked.json(),
                json!({"cluster": "DevCluster", "status": "ACTIVE", "filter": filter})
            );
            (200, json!({"containerInstanceArns": arns}).to_string())
        });
        let found = ecs.active_without_agent(&cluster()).await;
        assert_eq!(found.expect("a count"), count);
    }
}

#[tokio::test]
async fn several_instances_are_asked_for_by_their_ids() {
    let ecs = ecs(|asked| {
        let filter = "ec2InstanceId in ['i-1', 'i-2']";
        assert_eq!(asked.json()["filter"], filter);
        (200, json!({"containerInstanceArns": []}).to_string())
    });
    let both = ["i-1", "i-2"].map(InstanceId::new);
    let draining = ecs.draining_among(&cluster(), &both).await;
    assert_eq!(draining.expect("an answer"), []);
}
