//! Limits to the second and to the item: the last that is within each of them, and the first that
//! is not.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::config::DrainStart;
use crate::config::History;
use crate::drained::{self, blockers};
use crate::model::cluster::Task;
use crate::model::{DrainBlockers, ProtectedTask, ServiceName, TaskArn};
use crate::{Clients, stub};

fn task(id: &str, group: &str, status: &str, wanted: bool) -> Task {
    Task {
        arn: TaskArn::new(id),
        group: group.to_owned(),
        last_status: status.to_owned(),
        wanted,
        since: None,
        stopped_reason: None,
    }
}

fn begun() -> DrainStart {
    DrainStart {
        since: stub::at(0),
        container_instances: Vec::new(),
        unstable: Vec::new(),
        services: Vec::new(),
        stack_deleting: false,
        daemons: vec![ServiceName::new("logs")],
    }
}

/// What is asked about these tasks: their count and that of their services, if anything is.
async fn asked_about(
    tasks: &[Task],
    known: Option<DrainBlockers>,
    seconds: i64,
) -> Option<(usize, usize)> {
    let counts = Arc::new(Mutex::new(Vec::<usize>::new()));
    let log = Arc::clone(&counts);
    let clients = Clients::new(&stub::aws(move |asked| {
        let body = asked.json();
        let (member, answer) = match asked.action.as_str() {
            "GetTaskProtection" => ("tasks", json!({"protectedTasks": []})),
            "DescribeServices" => ("services", json!({"services": []})),
            other => panic!("{other} was asked"),
        };
        let count = body[member].as_array().map_or(0, Vec::len);
        log.lock().expect("a log").push(count);
        (200, answer.to_string())
    }));
    let subject = stub::terminating();
    let now = stub::at(seconds);
    let found = blockers::look(&subject, &begun(), tasks, known, &clients, now).await;
    found.expect("an answer");
    let counts = counts.lock().expect("a log").clone();
    match counts[..] {
        [] => None,
        [tasks] => Some((tasks, 0)),
        [tasks, services] => Some((tasks, services)),
        _ => panic!("{counts:?}"),
    }
}

#[tokio::test]
async fn what_holds_tasks_is_asked_after_two_minutes_and_again_after_five() {
    let web = [task("a", "service:web", "RUNNING", true)];
    assert_eq!(asked_about(&web, None, 119).await, None);
    assert_eq!(asked_about(&web, None, 120).await, Some((1, 1)));
    for (age, asks) in [(0, false), (299, false), (300, true), (301, true)] {
        let known = DrainBlockers {
            asked_at: stub::at(1000 - age),
            protected: Vec::new(),
            services: Vec::new(),
        };
        let asked = asked_about(&web, Some(known), 1000).await;
        assert_eq!(asked.is_some(), asks, "asked {age} s ago");
    }
}

#[tokio::test]
async fn only_tasks_of_services_that_are_to_run_on_are_asked_about() {
    for (one, asks) in [
        (task("a", "service:web", "RUNNING", true), true),
        (task("a", "service:web", "PENDING", true), true),
        (task("a", "service:web", "RUNNING", false), false),
        (task("a", "service:web", "STOPPED", true), false),
        (task("a", "service:logs", "RUNNING", true), false),
        (task("a", "family:job", "RUNNING", true), false),
    ] {
        let asked = asked_about(std::slice::from_ref(&one), None, 600).await;
        assert_eq!(asked.is_some(), asks, "{one:?}");
    }
    // One call's worth of each.
    let all: Vec<Task> = (0..101)
        .map(|n| task(&format!("t{n}"), &format!("service:s{n}"), "RUNNING", true))
        .collect();
    assert_eq!(asked_about(&all, None, 600).await, Some((100, 10)));
}

#[test]
fn protection_that_ends_now_has_ended_and_one_that_ends_at_the_deadline_is_not_past_it() {
    let subject = stub::terminating();
    let one = task("arn/a", "service:web", "RUNNING", true);
    for (until, now, words) in [
        (200, 200, None),
        (201, 200, Some("(in 1s).")),
        (3000, 200, Some("(in 46m40s).")),
        (3001, 200, Some("(in 46m41s, past the drain deadline).")),
    ] {
        let known = DrainBlockers {
            asked_at: stub::at(130),
            protected: vec![ProtectedTask {
                task: one.arn.clone(),
                until: stub::at(until),
            }],
            services: Vec::new(),
        };
        let told = blockers::words(&known, &subject, &[&one], stub::at(now));
        match words {
            None => assert_eq!(told, [""; 0]),
            Some(words) => assert!(told[0].ends_with(words), "{told:?}"),
        }
    }
}

/// The first call of `drained` for an instance with so many tasks left, listed so many seconds ago.
async fn first_call(tasks: usize, age: i64) -> String {
    let log = Arc::new(Mutex::new(Vec::<String>::new()));
    let calls = Arc::clone(&log);
    let clients = Clients::new(&stub::aws(move |asked| {
        calls.lock().expect("a log").push(asked.action.clone());
        let answer = match asked.action.as_str() {
            "ListTasks" => json!({"taskArns": ["t0"]}),
            "DescribeTasks" => {
                let all = asked.json()["tasks"].as_array().expect("a list").clone();
                let one = |arn: &Value| json!({"taskArn": arn, "lastStatus": "RUNNING", "desiredStatus": "STOPPED"});
                json!({"tasks": all.iter().map(one).collect::<Vec<Value>>()})
            }
            "DescribeContainerInstances" => json!({"containerInstances": []}),
            other => panic!("{other} was asked"),
        };
        (200, answer.to_string())
    }));
    let arns: Vec<String> = (0..tasks).map(|n| format!("t{n}")).collect();
    let input = json!({"draining": {"since": stub::at(1), "unstable": [], "services": [], "containerInstances": ["c"],
        "tasksLeft": {"arns": arns, "listedAt": stub::at(1000 - age)}}});
    let subject = stub::terminating();
    let finding = drained::handle(&subject, &History::read(&input), &clients, &|| {
        stub::at(1000)
    })
    .await;
    finding.expect("an answer");
    log.lock().expect("a log")[0].clone()
}

#[tokio::test]
async fn a_hundred_tasks_are_looked_at_alone_for_less_than_seven_minutes() {
    for (tasks, age, call) in [
        (1, 0, "DescribeTasks"),
        (100, 0, "DescribeTasks"),
        (101, 0, "ListTasks"),
        (1, 419, "DescribeTasks"),
        (1, 420, "ListTasks"),
    ] {
        assert_eq!(first_call(tasks, age).await, call, "{tasks} tasks, {age} s");
    }
}
