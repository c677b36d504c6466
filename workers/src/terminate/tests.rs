//! What is done about a retained instance, step by step.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus};
use crate::model::group::LifecycleState;
use crate::model::{ClusterName, GroupName, HookName, InstanceId};
use crate::stub;

fn registration(requested: Option<i64>, agent_connected: bool) -> ContainerInstance {
    ContainerInstance {
        arn: ContainerInstanceArn::new("c"),
        status: ContainerInstanceStatus::Draining,
        agent_connected,
        termination_requested_at: requested.map(stub::at),
    }
}

fn seen(state: &str, registrations: &[ContainerInstance]) -> Observation {
    Observation {
        state: (!state.is_empty()).then(|| LifecycleState::from_name(state)),
        registrations: registrations.to_vec(),
    }
}

fn step(state: &str, registrations: &[ContainerInstance]) -> Result<Step, Refusal> {
    next_step(
        Progress::default(),
        &seen(state, registrations),
        stub::at(600),
    )
}

#[test]
fn a_retained_instance_is_marked_then_terminated() {
    let arns = vec![ContainerInstanceArn::new("c")];
    for state in [
        "Terminating:Retained",
        "Warmed:Pending:Retained",
        "Warmed:Terminating:Retained",
    ] {
        let unmarked = step(state, &[registration(None, true)]);
        assert_eq!(unmarked, Ok(Step::Request(arns.clone())), "{state}");
        assert_eq!(
            step(state, &[registration(Some(599), true)]),
            Ok(Step::Terminate)
        );
        // A request of long ago was never carried out: it is made again.
        let old = step(state, &[registration(Some(600 - 3600), true)]);
        assert_eq!(old, Ok(Step::Request(arns.clone())), "{state}");
        // ECS does not know it: nobody has tasks on it.
        assert_eq!(step(state, &[]), Ok(Step::Terminate), "{state}");
    }
}

#[test]
fn what_is_not_retained_is_refused_unless_it_was_begun() {
    for state in [
        "Pending:Wait",
        "InService",
        "Standby",
        "Terminating",
        "Terminating:Wait",
        "Terminating:Proceed",
        "Warmed:Stopped",
        "Warmed:Pending:Wait",
        "Warmed:Terminating:Wait",
    ] {
        let refused = Refusal::NotRetained(LifecycleState::from_name(state));
        let words = format!("it is {state}, and only a retained instance can be ended");
        assert!(refused.to_string().starts_with(&words), "{refused}");
        assert_eq!(
            step(state, &[registration(None, true)]),
            Err(refused),
            "{state}"
        );
    }
    assert_eq!(step("", &[]), Err(Refusal::NotInGroup));
    assert_eq!(
        step("", &[registration(None, false)]),
        Err(Refusal::OnlyInCluster)
    );
    assert_eq!(
        step("InService", &[registration(Some(599), true)]).ok(),
        None
    );
}

#[test]
fn a_run_that_was_broken_off_is_finished_by_the_next() {
    let marked = [registration(Some(599), true)];
    for (state, expected) in [
        ("Terminating", Step::AwaitHook),
        ("Terminating:Wait", Step::Answer),
        ("Warmed:Terminating:Wait", Step::Answer),
        ("Terminating:Proceed", Step::AwaitEnd),
        ("", Step::AwaitEnd),
    ] {
        assert_eq!(step(state, &marked), Ok(expected), "{state}");
    }
    let arn = ContainerInstanceArn::new("c");
    assert_eq!(
        step("", &[registration(Some(599), false)]),
        Ok(Step::Deregister(arn))
    );
}

#[test]
fn in_one_run_each_step_follows_on_the_last() {
    let begun = Progress {
        begun: true,
        ..Progress::default()
    };
    let terminated = Progress {
        terminated: true,
        ..begun
    };
    let answered = Progress {
        answered: true,
        ..terminated
    };
    let marked = [registration(Some(599), true)];
    for (progress, state, registrations, expected) in [
        (
            terminated,
            "Terminating:Retained",
            &marked[..],
            Step::AwaitHook,
        ),
        (terminated, "Terminating:Wait", &marked[..], Step::Answer),
        (terminated, "Terminating:Wait", &[], Step::Answer),
        (answered, "Terminating:Wait", &marked[..], Step::AwaitEnd),
        (answered, "", &[], Step::Done),
        (begun, "", &[], Step::Done),
    ] {
        let next = next_step(progress, &seen(state, registrations), stub::at(600));
        assert_eq!(next, Ok(expected), "{state} {progress:?}");
    }
}

fn target() -> Target {
    Target {
        instance: InstanceId::new("i-0123456789abcdef0"),
        group: GroupName::new("DevCluster"),
        cluster: ClusterName::new("DevCluster"),
        hook: HookName::new("ecs-rollout-terminate"),
        other_hooks: Vec::new(),
    }
}

/// What DescribeAutoScalingInstances answers of the instance in `state`, or without it.
fn described(state: Option<&str>) -> String {
    let one = state.map_or(String::new(), |state| {
        format!(
            "<member><InstanceId>i-0123456789abcdef0</InstanceId><LifecycleState>{state}</LifecycleState></member>"
        )
    });
    let all = format!("<AutoScalingInstances>{one}</AutoScalingInstances>");
    stub::xml("DescribeAutoScalingInstances", &all)
}

/// The changing calls of a whole run.
#[tokio::test]
async fn a_run_marks_terminates_answers_and_deregisters() {
    let calls = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&calls);
    let clients = Clients::new(&stub::aws(move |asked| {
        let mut calls = log.lock().expect("a log");
        let done = |action: &str| calls.iter().any(|one| one.starts_with(action));
        let state = match (done("Terminate"), done("Complete")) {
            (false, _) => Some("Terminating:Retained"),
            (true, false) => Some("Terminating:Wait"),
            (true, true) => None,
        };
        let registered = !done("Deregister");
        let attributes = match done("PutAttributes") {
            true => json!([{"name": "ecs-rollout.terminate", "value": stub::at(0).to_string()}]),
            false => json!([]),
        };
        match asked.action.as_str() {
            "DescribeAutoScalingInstances" => (200, described(state)),
            "ListContainerInstances" => {
                let arns = if registered { json!(["c"]) } else { json!([]) };
                (200, json!({"containerInstanceArns": arns}).to_string())
            }
            "DescribeContainerInstances" => {
                let one = json!({"containerInstanceArn": "c", "status": "DRAINING", "agentConnected": false,
                    "attributes": attributes});
                (200, json!({"containerInstances": [one]}).to_string())
            }
            action => {
                calls.push(format!("{action} {}", asked.body));
                match asked.body.starts_with('{') {
                    true => (200, "{}".to_owned()),
                    false => (200, stub::xml(action, "")),
                }
            }
        }
    }));
    let outcome = run(
        &target(),
        &clients,
        &|| stub::at(0),
        async |_| (),
        |_| ControlFlow::Continue(()),
    )
    .await;
    assert_eq!(outcome.expect("an answer"), Outcome::Ended);
    let calls = calls.lock().expect("a log").clone();
    let expected = [
        ("PutAttributes", "2026-11-23T00:00:00Z"),
        (
            "TerminateInstanceInAutoScalingGroup",
            "ShouldDecrementDesiredCapacity=false",
        ),
        ("CompleteLifecycleAction", "LifecycleActionResult=CONTINUE"),
        ("DeregisterContainerInstance", "\"force\":true"),
    ];
    assert_eq!(calls.len(), expected.len(), "{calls:?}");
    for (call, (action, part)) in calls.iter().zip(expected) {
        assert!(call.starts_with(action) && call.contains(part), "{call}");
    }
}

#[tokio::test]
async fn tasks_are_stopped_on_an_instance_that_takes_no_others() {
    let calls = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&calls);
    let clients = Clients::new(&stub::aws(move |asked| {
        let mut calls = log.lock().expect("a log");
        let is_draining = calls
            .iter()
            .any(|one| one == "UpdateContainerInstancesState");
        let stopped = calls.iter().filter(|one| *one == "StopTask").count() > 0;
        let status = if is_draining { "DRAINING" } else { "ACTIVE" };
        let one = json!({"containerInstanceArn": "c", "status": status, "agentConnected": true});
        let answer = match asked.action.as_str() {
            "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
            "DescribeContainerInstances" => json!({"containerInstances": [one]}),
            "ListTasks" => json!({"taskArns": ["t"]}),
            "DescribeTasks" => {
                let (last, desired) = if stopped {
                    ("STOPPED", "STOPPED")
                } else {
                    ("RUNNING", "RUNNING")
                };
                json!({"tasks": [{"taskArn": "t", "lastStatus": last, "desiredStatus": desired, "group": "batch"}]})
            }
            action => {
                calls.push(action.to_owned());
                json!({"containerInstances": [one], "task": {}})
            }
        };
        (200, answer.to_string())
    }));
    let left = stop_tasks(&target(), &clients, &|| stub::at(0), async |_| ()).await;
    assert_eq!(left.expect("an answer"), []);
    let calls = calls.lock().expect("a log").clone();
    assert_eq!(calls, ["UpdateContainerInstancesState", "StopTask"]);
}

/// The deletion of a stack stands still for a retained instance, and takes the cluster as soon as that has gone.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_cluster_is_deleted_with_it_has_ended() {
    for (state, ends) in [(None, true), (Some("Terminating:Retained"), false)] {
        let clients = Clients::new(&stub::aws(move |asked| match asked.action.as_str() {
            "DescribeAutoScalingInstances" => {
                let one = state.map_or(String::new(), |state| {
                    format!(
                        "<member><InstanceId>i-0123456789abcdef0</InstanceId><LifecycleState>{state}</LifecycleState></member>"
                    )
                });
                let all = format!("<AutoScalingInstances>{one}</AutoScalingInstances>");
                (200, stub::xml("DescribeAutoScalingInstances", &all))
            }
            _ => (
                400,
                json!({"__type": "ClusterNotFoundException", "message": "Cluster not found."})
                    .to_string(),
            ),
        }));
        let target = Target {
            instance: InstanceId::new("i-0123456789abcdef0"),
            group: GroupName::new("DevCluster"),
            cluster: ClusterName::new("DevCluster"),
            hook: HookName::new("ecs-rollout-terminate"),
            other_hooks: Vec::new(),
        };
        let seen = look(&target, &clients).await;
        match seen {
            Ok(seen) => assert!(ends && seen.registrations.is_empty()),
            Err(error) => assert!(!ends && error.name() == "ClusterNotFound", "{error}"),
        }
    }
}
