//! What all answers have in common: when a heartbeat is sent, how long to wait, since when, and
//! what a person is shown.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::config::History;
use crate::metrics::Sink;
use crate::model::group::StackState;
use crate::model::{Assessment, Policy};
use crate::{Answer, Clients, Verdict, Worker, answer, look, stub};

/// An empty cluster, whose calls are noted.
fn empty(log: &Arc<Mutex<Vec<String>>>, is_open: bool) -> Clients {
    let log = Arc::clone(log);
    Clients::new(&stub::aws(move |asked| {
        log.lock().expect("a log").push(asked.action.clone());
        match asked.action.as_str() {
            "ListContainerInstances" => (200, json!({"containerInstanceArns": []}).to_string()),
            "ListTasks" => (200, json!({"taskArns": []}).to_string()),
            "DescribeServices" => (200, json!({"services": []}).to_string()),
            "DescribeAutoScalingInstances" => stub::in_state("Terminating:Wait"),
            "RecordLifecycleActionHeartbeat" => stub::heartbeat(is_open),
            "SignalResource" | "CompleteLifecycleAction" => (200, stub::xml(&asked.action, "")),
            other => panic!("{other} was asked"),
        }
    }))
}

/// The answer of `joined`, and whether a heartbeat was sent for it.
async fn joined(mut input: Value, earlier: Value, seconds: i64) -> (Answer, bool) {
    if !earlier.is_null() {
        input["joined"] = earlier;
    }
    let log = Arc::default();
    let clients = empty(&log, true);
    let answered = answer(Worker::Joined, input, &clients, || stub::at(seconds)).await;
    let asked = log.lock().expect("a log").clone();
    let sent = asked.contains(&"RecordLifecycleActionHeartbeat".to_owned());
    (answered.expect("an answer"), sent)
}

fn event_with(member: &str, value: Value) -> Value {
    let mut event = stub::event("launch");
    let metadata = event["detail"]["NotificationMetadata"].as_str();
    let mut metadata: Value = serde_json::from_str(metadata.expect("metadata")).expect("JSON");
    metadata[member] = value;
    event["detail"]["NotificationMetadata"] = json!(metadata.to_string());
    event
}

#[tokio::test]
async fn a_heartbeat_is_sent_every_three_minutes_or_six_times_in_its_timeout() {
    for (timeout, age, sent) in [
        (3600, 179, false),
        (3600, 180, true),
        (3600, 181, true),
        (1080, 179, false),
        (1080, 180, true),
        (600, 99, false),
        (600, 100, true),
        (30, 4, false),
        (30, 5, true),
    ] {
        let event = event_with("heartbeatTimeoutSeconds", json!(timeout));
        let last = stub::at(400 - age);
        let earlier = json!({"since": stub::at(1), "heartbeatAt": last});
        let (answered, was_sent) = joined(event, earlier, 400).await;
        assert_eq!(was_sent, sent, "timeout {timeout}, age {age}");
        // The next look is told of the last one that was sent.
        let noted = if sent { stub::at(400) } else { last };
        assert_eq!(answered.extra.heartbeat_at, Some(noted));
        assert_eq!(answered.since, stub::at(1));
    }
    // The first answer always sends one.
    let (answered, was_sent) = joined(stub::event("launch"), Value::Null, 2).await;
    assert!(was_sent);
    assert_eq!(answered.extra.heartbeat_at, Some(stub::at(2)));
    // Before a failure it is asked whether the action is open still, and that is no beat.
    let earlier = json!({"since": stub::at(1), "heartbeatAt": stub::at(899)});
    let (answered, was_sent) = joined(stub::event("launch"), earlier, 900).await;
    assert!(was_sent && answered.verdict == Verdict::Never);
    assert_eq!(
        (answered.extra.heartbeat_at, answered.wait_seconds),
        (None, 0)
    );
}

#[tokio::test]
async fn a_large_batch_takes_turns_at_the_first_look_only() {
    let event = event_with("batchSize", json!(100));
    let (first, _) = joined(event.clone(), Value::Null, 2).await;
    assert_eq!(
        (first.verdict, first.extra.looked),
        (Verdict::NotYet, Some(false))
    );
    assert!((68..=150).contains(&first.wait_seconds), "{first:?}");
    let words = format!(
        "First check in {}",
        crate::text::duration(SignedDuration::from_secs(first.wait_seconds))
    );
    assert!(first.reason.starts_with(&words), "{}", first.reason);
    assert!(
        first.reason.contains("the 100 instances of a batch"),
        "{}",
        first.reason
    );
    let earlier = serde_json::to_value(&first).expect("JSON");
    let (second, _) = joined(event, earlier, 3).await;
    assert_eq!(
        (second.verdict, second.extra.looked),
        (Verdict::NotYet, None)
    );
}

#[tokio::test]
async fn an_action_that_is_over_is_over_with_what_was_seen_last() {
    let log = Arc::default();
    let clients = empty(&log, false);
    let answered = answer(Worker::Joined, stub::event("launch"), &clients, || {
        stub::at(2)
    })
    .await;
    let over = answered.expect("an answer");
    assert_eq!(over.verdict, Verdict::Over);
    for part in [
        "The lifecycle action at hook ecs-rollout-launch is over",
        "Last observed: Waiting for the instance to register",
    ] {
        assert!(over.reason.contains(part), "{}", over.reason);
    }
}

#[tokio::test]
async fn a_signal_is_sent_again_for_ten_minutes_ever_more_seldom() {
    let mut input = stub::event("launch");
    input["result"] = json!("CONTINUE");
    for (spent, verdict, wait) in [
        (None, Verdict::NotYet, 5),
        (Some(0), Verdict::NotYet, 5),
        (Some(10), Verdict::NotYet, 5),
        (Some(12), Verdict::NotYet, 6),
        (Some(100), Verdict::NotYet, 50),
        (Some(599), Verdict::NotYet, 299),
        (Some(600), Verdict::Reached, 0),
        (Some(700), Verdict::Reached, 0),
    ] {
        if spent.is_some() {
            input["completed"] = json!({"since": stub::at(50)});
        }
        let now = 50 + spent.unwrap_or_default();
        let clients = empty(&Arc::default(), true);
        let answered = answer(Worker::CompleteAction, input.clone(), &clients, || {
            stub::at(now)
        })
        .await;
        let answered = answered.expect("an answer");
        let found = (answered.verdict, answered.wait_seconds, answered.since);
        assert_eq!(found, (verdict, wait, stub::at(50)), "{spent:?}");
    }
}

#[tokio::test]
async fn a_person_is_shown_what_each_worker_would_find_and_no_heartbeat_is_sent() {
    let begun =
        json!({"since": stub::at(1), "unstable": [], "services": [], "containerInstances": []});
    for (worker, kind, expected) in [
        (
            Worker::Joined,
            "launch",
            Some("Waiting for the instance to register"),
        ),
        (
            Worker::Draining,
            "terminate",
            Some("Not registered in the cluster"),
        ),
        (Worker::Drained, "terminate", Some("No task is left")),
        (Worker::Stable, "terminate", Some("")),
        (Worker::CompleteAction, "terminate", None),
        (Worker::Reconcile, "terminate", None),
    ] {
        let log = Arc::default();
        let clients = empty(&log, true).dry_run();
        let mut input = stub::event(kind);
        input["draining"] = begun.clone();
        let subject = crate::config::read_event(&input)
            .subject()
            .expect("a good event");
        let found = look(worker, &subject, &History::read(&input), &clients, &|| {
            stub::at(60)
        })
        .await;
        let found: Option<Assessment> = found.expect("an answer");
        assert_eq!(found.is_some(), expected.is_some(), "{worker:?}");
        if let Some((found, expected)) = found.zip(expected) {
            assert!(
                found.reason.starts_with(expected),
                "{worker:?}: {}",
                found.reason
            );
        }
        let asked = log.lock().expect("a log").clone();
        let beat = "RecordLifecycleActionHeartbeat".to_owned();
        assert!(!asked.contains(&beat), "{worker:?}: {asked:?}");
    }
}

#[tokio::test]
async fn clients_that_only_look_change_nothing() {
    let silent = Clients::new(&stub::aws(|asked| panic!("{} was asked", asked.action))).dry_run();
    let subject = stub::terminating();
    let (ecs, cluster) = (&silent.ecs, &subject.settings.cluster);
    let arns = [crate::model::ContainerInstanceArn::new("c")];
    let task = crate::model::TaskArn::new("t");
    ecs.stop_task(cluster, &task, "why").await.expect("nothing");
    ecs.keep_for(cluster, &arns, "what").await.expect("nothing");
    ecs.deregister(cluster, &arns[0]).await.expect("nothing");
    let asked = ecs.request_termination(cluster, &arns, stub::at(1)).await;
    asked.expect("nothing");
    let beat = silent.autoscaling.heartbeat(&subject.action).await;
    assert_eq!(beat.expect("nothing"), crate::autoscaling::ActionIs::Open);
}

#[tokio::test]
async fn only_a_failed_drain_that_would_be_retained_asks_what_the_stack_does() {
    for (verdict, policy, asks) in [
        (Verdict::Never, Some(Policy::Retain), true),
        (Verdict::Never, Some(Policy::StopTasks), true),
        (Verdict::Never, Some(Policy::Keep), true),
        (Verdict::Never, Some(Policy::Terminate), false),
        (Verdict::Never, None, false),
        (Verdict::NotYet, Some(Policy::Retain), false),
        (Verdict::Reached, Some(Policy::Retain), false),
        (Verdict::Over, Some(Policy::Retain), false),
    ] {
        let clients = Clients::new(&stub::aws(move |asked| {
            assert!(asks, "{} was asked", asked.action);
            let status = "<StackName>dev</StackName><StackStatus>DELETE_IN_PROGRESS</StackStatus>";
            let stacks = format!("<Stacks><member>{status}</member></Stacks>");
            (200, stub::xml("DescribeStacks", &stacks))
        }));
        let mut finding = Assessment::not_yet("why".to_owned());
        finding.verdict = verdict;
        finding.extra.policy = policy;
        let subject = stub::terminating();
        let found = crate::apply_stack_deletion(finding, &subject, &clients).await;
        let found = found.expect("an answer");
        let expected = if asks {
            Some(Policy::Terminate)
        } else {
            policy
        };
        assert_eq!(found.extra.policy, expected, "{verdict:?}, {policy:?}");
        assert_eq!(found.reason.contains("The stack is being deleted"), asks);
    }
    assert_eq!(
        StackState::from_name("DELETE_IN_PROGRESS"),
        StackState::Deleting
    );
}

#[tokio::test]
async fn an_answer_is_measured_where_the_hook_asks_for_it() {
    for (asks, lines) in [(json!(true), 1), (json!(false), 0)] {
        let told = Arc::new(Mutex::new(Vec::<Value>::new()));
        let taker = Arc::clone(&told);
        let sink = Sink::new(move |line| {
            let line = serde_json::from_str(line).expect("a line of JSON");
            taker.lock().expect("a list").push(line);
        });
        assert_eq!(format!("{sink:?}"), "Sink");
        let clients = empty(&Arc::default(), true).measured_by(sink);
        let event = event_with("metrics", asks);
        let answered = answer(Worker::Joined, event, &clients, || stub::at(2)).await;
        assert_eq!(answered.expect("an answer").verdict, Verdict::NotYet);
        let told = told.lock().expect("a list").clone();
        assert_eq!(told.len(), lines);
        assert!(
            told.iter()
                .all(|line| line["NotYet"] == 1 && line["Worker"] == "joined")
        );
    }
    assert_eq!(format!("{:?}", Sink::default()), "no Sink");
}
