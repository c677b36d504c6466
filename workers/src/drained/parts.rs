//! Tests of the parts of a look at a drain, each by itself.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::blockers::hindered;
use super::memory::still_left;
use super::observe::{agent_gone_since, look, look_at_all};
use super::reason::{kept, nothing_left, obstacle};
use super::standalone::limit;
use super::*;
use crate::model::ContainerInstanceArn;
use crate::model::cluster::{ContainerInstanceStatus, Service, ServiceCounts, ServiceTerms};
use crate::stub;

fn task(group: &str, last_status: &str) -> Task {
    Task {
        arn: TaskArn::new(format!("arn:aws:ecs:r:1:task/DevCluster/{group}")),
        group: group.to_owned(),
        last_status: last_status.to_owned(),
        wanted: last_status == "RUNNING",
        since: Some(stub::at(5)),
        stopped_reason: None,
    }
}

fn registration(arn: &str, status: ContainerInstanceStatus, connected: bool) -> ContainerInstance {
    ContainerInstance {
        arn: ContainerInstanceArn::new(arn),
        status,
        agent_connected: connected,
        termination_requested_at: None,
    }
}

fn begun(arns: &[&str]) -> DrainStart {
    let input = json!({"draining": {"since": stub::at(5), "unstable": [], "services": [],
        "containerInstances": arns}});
    let history = History::read(&input);
    history.drain_begun().expect("a drain").clone()
}

/// The calls that were made, each with the container instances that it names.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// ECS knows container instances of these ARNs, DRAINING, by their instance or by their ARN, with
/// one task on each.
fn ecs(listed: &'static [&'static str], connected: bool) -> (Clients, Calls) {
    let calls = Calls::default();
    let log = Arc::clone(&calls);
    let clients = Clients::new(&stub::aws(move |asked| {
        let named = asked.json()["containerInstances"].clone();
        let call = (asked.action.clone(), named.clone());
        log.lock().expect("a log").push(call);
        let one = |arn: &Value| {
            json!({"containerInstanceArn": arn, "status": "DRAINING",
                "agentConnected": connected})
        };
        let answer = match asked.action.as_str() {
            "ListContainerInstances" => json!({"containerInstanceArns": listed}),
            "DescribeContainerInstances" => {
                let all = named.as_array().into_iter().flatten().map(one);
                json!({"containerInstances": all.collect::<Vec<_>>()})
            }
            "ListTasks" => json!({"taskArns": ["t"]}),
            "DescribeTasks" => json!({"tasks": [{"taskArn": "t", "group": "service:web",
                "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
                "startedAt": stub::at(5).as_second()}]}),
            other => panic!("{other} was asked"),
        };
        (200, answer.to_string())
    }));
    (clients, calls)
}

#[test]
fn policy_terminate_waits_for_the_deadline_while_the_agent_is_away() {
    let left = task("service:web", "RUNNING");
    let seen = Observation {
        agent_gone_since: Some(stub::at(20)),
        ..Observation::default()
    };
    let mut subject = stub::terminating();
    let deadline = subject.settings.drain_deadline.as_secs();
    for (policy, seconds, waits) in [
        (Policy::Terminate, 60, true),
        (Policy::Terminate, deadline - 1, true),
        (Policy::Terminate, deadline, false),
        (Policy::Terminate, deadline + 1, false),
        (Policy::Retain, 60, false),
    ] {
        subject.settings.policy = policy;
        let found = obstacle(&subject, &seen, &[&left], stub::at(seconds));
        let words = found.expect("a task is left").waiting(&[]);
        assert!(words.contains("The ECS agent has been disconnected since"));
        let says = words.contains("Policy terminate waits for the drain deadline.");
        assert_eq!(says, waits, "{policy:?} after {seconds} s: {words}");
    }
}

#[test]
fn what_ecs_never_stops_is_named_first_and_daemons_last() {
    let tasks = ["service:logs", "service:web", "family:job"].map(|group| task(group, "RUNNING"));
    let seen = Observation {
        daemons: vec![ServiceName::new("logs")],
        ..Observation::default()
    };
    let left: Vec<&Task> = tasks.iter().collect();
    let found = obstacle(&stub::terminating(), &seen, &left, stub::at(60));
    let words = found.expect("tasks are left").waiting(&[]);
    let place = |what: &str| {
        words
            .find(what)
            .unwrap_or_else(|| panic!("no {what}: {words}"))
    };
    assert!(place("standalone") < place("web"), "{words}");
    assert!(place("web") < place("logs"), "{words}");
    assert!(place("logs") < place("daemon, stops last"), "{words}");
    assert_eq!(words.matches("daemon, stops last").count(), 1, "{words}");
}

#[test]
fn an_instance_that_has_left_the_cluster_is_said_to_have() {
    use ContainerInstanceStatus::{Draining, Inactive};
    for (statuses, has_left) in [
        (vec![], true),
        (vec![Inactive, Inactive], true),
        (vec![Inactive, Draining], false),
        (vec![Draining], false),
    ] {
        let registrations = statuses.iter();
        let seen = Observation {
            registrations: registrations
                .map(|status| registration("c", *status, true))
                .collect(),
            ..Observation::default()
        };
        let words = nothing_left(&stub::terminating(), &seen, stub::at(60));
        let says = words.contains("and the instance has left the cluster");
        assert_eq!(says, has_left, "{statuses:?}: {words}");
    }
}

#[test]
fn an_instance_that_is_kept_comes_with_what_to_do_later() {
    let left = task("family:job", "RUNNING");
    let subject = stub::terminating();
    let seen = Observation::default();
    let found = obstacle(&subject, &seen, &[&left], stub::at(60)).expect("a task is left");
    let words = kept(&subject, &found);
    let end = format!(
        "When they have stopped: 'ecs-rollout terminate {}'.",
        subject.action.instance
    );
    assert!(words.ends_with(&end), "{words}");
    assert!(words.contains("1 task has not stopped"), "{words}");
}

#[test]
fn stopped_tasks_are_not_remembered() {
    let tasks = [
        task("service:web", "STOPPED"),
        task("service:api", "RUNNING"),
    ];
    let left = still_left(&tasks, stub::at(9));
    assert_eq!(left.arns, [tasks[1].arn.clone()]);
}

#[test]
fn the_limit_is_for_standalone_tasks_that_are_to_run_on() {
    let mut subject = stub::terminating();
    subject.settings.cases.standalone = StandaloneTaskPolicy::Stop;
    subject.settings.cases.standalone_limit = SignedDuration::from_secs(100);
    let ends = Some(later(subject.drain_began(), SignedDuration::from_secs(100)));
    for (group, status, end) in [
        ("family:job", "RUNNING", ends),
        ("family:job", "STOPPING", None),
        ("service:web", "RUNNING", None),
    ] {
        let left = task(group, status);
        assert_eq!(limit(&subject, &[&left]), end, "{group} {status}");
    }
}

#[test]
fn only_an_active_replica_service_can_be_hindered() {
    let service = |active: bool, is_daemon: bool| Service {
        active,
        created: None,
        counts: ServiceCounts {
            service: ServiceName::new("web"),
            deployments: 1,
            running: 4,
            pending: 0,
            desired: 4,
        },
        terms: ServiceTerms {
            minimum_percent: 100,
            maximum_percent: 100,
            is_daemon,
            ..ServiceTerms::default()
        },
    };
    assert!(hindered(&service(true, false)).is_some());
    assert_eq!(hindered(&service(false, false)), None);
    assert_eq!(hindered(&service(true, true)), None);
}

#[tokio::test]
async fn a_task_as_old_as_the_drain_is_no_younger_one() {
    let (clients, calls) = ecs(&["then"], true);
    let seen = look(&stub::terminating(), &begun(&["then"]), &clients).await;
    assert_eq!(seen.expect("an answer").tasks.len(), 1);
    let asked = calls.lock().expect("a log").clone();
    assert!(
        !asked.iter().any(|(call, _)| call.contains("Container")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_registration_that_is_listed_is_described_once() {
    let (clients, calls) = ecs(&["now"], true);
    let subject = stub::terminating();
    let seen = look_at_all(&subject, &begun(&["then", "now"]), &[], &clients).await;
    let arns: Vec<String> = seen
        .expect("an answer")
        .registrations
        .iter()
        .map(|one| one.arn.to_string())
        .collect();
    assert_eq!(arns, ["now", "then"]);
    let asked = calls.lock().expect("a log").clone();
    let described = asked
        .iter()
        .filter(|(call, _)| call.starts_with("DescribeC"));
    let named: Vec<&Value> = described.map(|(_, named)| named).collect();
    assert_eq!(named, [&json!(["now"]), &json!(["then"])]);
}

#[tokio::test]
async fn an_agent_is_looked_for_where_the_tasks_were_listed_or_it_was_gone_before() {
    use ContainerInstanceStatus::Draining;
    let subject = stub::terminating();
    let one = vec![registration("c", Draining, false)];
    for (registrations, listed, since, connected, gone, calls) in [
        // It was seen to be gone: its registrations of now say whether it has come back.
        (
            vec![],
            false,
            Some(stub::at(30)),
            false,
            Some(stub::at(30)),
            2,
        ),
        (vec![], false, Some(stub::at(30)), true, None, 2),
        // All was listed, so one call more says how it stands.
        (vec![], true, None, false, Some(stub::at(60)), 1),
        (vec![], true, None, true, None, 1),
        (vec![], false, None, false, None, 0),
        (one.clone(), false, None, true, Some(stub::at(60)), 0),
        (one, true, Some(stub::at(40)), true, Some(stub::at(40)), 0),
    ] {
        let (clients, log) = ecs(&["c"], connected);
        let seen = Observation {
            registrations,
            ..Observation::default()
        };
        let (then, now) = (begun(&["c"]), stub::at(60));
        let found = agent_gone_since(&subject, &then, &seen, listed, since, &clients, now);
        assert_eq!(found.await.expect("an answer"), gone, "{seen:?}, {since:?}");
        assert_eq!(
            log.lock().expect("a log").len(),
            calls,
            "{seen:?}, {since:?}"
        );
    }
}
