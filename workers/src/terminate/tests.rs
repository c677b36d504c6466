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

/// A clock that only waits move on.
#[derive(Default)]
struct Time(Mutex<i64>);

impl Time {
    fn now(&self) -> Timestamp {
        stub::at(*self.0.lock().expect("a time"))
    }

    /// A minute for each look: hours of them would take the test seconds.
    fn pass_quickly(&self, span: Duration) {
        (0..20).for_each(|_| self.pass(span));
    }

    fn pass(&self, span: Duration) {
        assert_eq!(span, LOOKS_EVERY);
        *self.0.lock().expect("a time") += i64::try_from(span.as_secs()).expect("seconds");
    }
}

/// A retained instance that stays as it is, whatever is asked for; and what was called.
fn stuck(log: &Arc<Mutex<Vec<String>>>) -> Clients {
    let log = Arc::clone(log);
    Clients::new(&stub::aws(move |asked| {
        log.lock().expect("a log").push(asked.action.clone());
        let task = |id, wanted| json!({"taskArn": id, "lastStatus": "RUNNING", "desiredStatus": wanted, "group": "batch"});
        let answer = match asked.action.as_str() {
            "DescribeAutoScalingInstances" => {
                return (200, described(Some("Terminating:Retained")));
            }
            "TerminateInstanceInAutoScalingGroup" => return (200, stub::xml(&asked.action, "")),
            "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
            "DescribeContainerInstances" | "UpdateContainerInstancesState" => {
                json!({"containerInstances": [{"containerInstanceArn": "c", "status": "DRAINING", "agentConnected": true}]})
            }
            "ListTasks" => json!({"taskArns": ["a", "b"]}),
            "DescribeTasks" => json!({"tasks": [task("a", "RUNNING"), task("b", "STOPPED")]}),
            "StopTask" => {
                assert_eq!(asked.json()["task"], "a", "a task that stops already");
                json!({"task": {}})
            }
            "PutAttributes" => json!({"attributes": []}),
            other => panic!("{other} was asked"),
        };
        (200, answer.to_string())
    }))
}

#[tokio::test]
async fn what_does_not_end_is_given_up_after_a_quarter_of_an_hour_or_two_hours_for_others_hooks() {
    for (others, minutes) in [(vec![], 15), (vec![HookName::new("log-collector")], 120)] {
        let log = Arc::default();
        let clients = stuck(&log);
        let mut target = target();
        target.other_hooks = others;
        let (time, mut steps) = (Time::default(), Vec::new());
        let outcome = run(
            &target,
            &clients,
            &|| time.now(),
            async |span| time.pass_quickly(span),
            |step| {
                steps.push(step.clone());
                ControlFlow::Continue(())
            },
        )
        .await;
        let Ok(Outcome::StillThere(seen)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(seen.state, Some(LifecycleState::TerminatingRetained));
        // The request is not seen to be noted: it is noted again and again, and that is one step.
        assert!(
            matches!(&steps[..], [Step::Request(arns)] if arns.len() == 1),
            "{steps:?}"
        );
        assert_eq!(time.now(), stub::at(minutes * 60));
    }
}

#[tokio::test]
async fn a_run_that_is_broken_off_before_its_first_step_changes_nothing() {
    let log = Arc::default();
    let clients = stuck(&log);
    let time = Time::default();
    let wait = async |span| time.pass(span);
    let breaks = |_: &Step| ControlFlow::Break(());
    let outcome = run(&target(), &clients, &|| time.now(), wait, breaks).await;
    assert_eq!(outcome.expect("an answer"), Outcome::BrokenOff);
    let asked = log.lock().expect("a log").clone();
    assert!(
        asked
            .iter()
            .all(|one| one.starts_with("Describe") || one.starts_with("List"))
    );
}

#[tokio::test]
async fn tasks_that_do_not_stop_are_returned_after_their_grace() {
    let log = Arc::default();
    let clients = stuck(&log);
    let time = Time::default();
    let wait = async |span| time.pass_quickly(span);
    let left = stop_tasks(&target(), &clients, &|| time.now(), wait).await;
    let left: Vec<String> = left
        .expect("an answer")
        .iter()
        .map(|it| it.arn.to_string())
        .collect();
    assert_eq!(left, ["a", "b"]);
    assert_eq!(time.now(), stub::at(15 * 60));
    let asked = log.lock().expect("a log").clone();
    assert_eq!(asked.iter().filter(|one| *one == "StopTask").count(), 15);
    // DRAINING already: no call for it.
    assert!(!asked.contains(&"UpdateContainerInstancesState".to_owned()));
}

#[test]
fn waiting_changes_nothing_and_every_step_and_refusal_has_its_words() {
    let arn = || ContainerInstanceArn::new("c");
    for (step, acts, words) in [
        (Step::Request(vec![arn()]), true, "Noting the request"),
        (Step::Terminate, true, "Terminating it."),
        (Step::AwaitHook, false, "Waiting for its terminate hook"),
        (Step::Answer, true, "Answering its terminate hook"),
        (Step::AwaitEnd, false, "Waiting until EC2 has terminated it"),
        (Step::Deregister(arn()), true, "Deregistering c"),
        (Step::Done, false, "It is gone."),
    ] {
        assert_eq!(step.acts(), acts, "{step}");
        assert!(step.to_string().starts_with(words), "{step}");
    }
    for (state, words) in [
        ("InService", "It is in service."),
        ("Terminating:Wait", "Its terminate hook is open."),
        ("Warmed:Pending:Wait", "Its terminate hook is open."),
        ("Warmed:Terminating:Wait", "Its terminate hook is open."),
        ("Terminating:Proceed", "Its terminate hook is answered"),
        (
            "Warmed:Terminating:Proceed",
            "Its terminate hook is answered",
        ),
        ("Terminating", "It is on its way out"),
        ("Warmed:Terminating", "It is on its way out"),
        ("Warmed:Pending", "It is on its way out"),
        ("Pending", "It is being launched."),
        ("Pending:Wait", "It is being launched."),
        ("Pending:Proceed", "It is being launched."),
        ("Standby", "When it is in service again"),
        ("EnteringStandby", "When it is in service again"),
        ("Detached", "It has left the group"),
        ("Warmed:Stopped", "Auto Scaling can terminate it"),
    ] {
        let refused = Refusal::NotRetained(LifecycleState::from_name(state)).to_string();
        let begins = format!("it is {state}, and only a retained instance can be ended. {words}");
        assert!(refused.starts_with(&begins), "{refused}");
        let next = next_step(Progress::default(), &seen(state, &[]), stub::at(0));
        assert!(next.is_err(), "{state}: {next:?}");
    }
    assert!(
        Refusal::NotInGroup
            .to_string()
            .ends_with("it is gone already")
    );
    assert!(
        Refusal::OnlyInCluster
            .to_string()
            .contains("it was detached")
    );
}

/// The state that Auto Scaling shows of an instance that may have been terminated, and its hook
/// answered: each change one look late. `looks` counts those after either.
fn late_state(
    looks: &mut (usize, usize),
    is_look: bool,
    is_terminated: bool,
    is_answered: bool,
) -> Option<&'static str> {
    let state = match (is_terminated, is_answered) {
        (false, _) => Some("Terminating:Retained"),
        (true, false) if looks.0 == 0 => Some("Terminating:Retained"),
        (true, false) => Some("Terminating:Wait"),
        (true, true) if looks.1 == 0 => Some("Terminating:Wait"),
        (true, true) => None,
    };
    looks.0 += usize::from(is_look && is_terminated);
    looks.1 += usize::from(is_look && is_answered);
    state
}

/// The changing calls of a whole run.
#[tokio::test]
async fn a_run_marks_terminates_answers_and_deregisters() {
    let calls = Arc::new(Mutex::new(Vec::<String>::new()));
    let log = Arc::clone(&calls);
    let looks = Mutex::new((0, 0));
    let clients = Clients::new(&stub::aws(move |asked| {
        let mut calls = log.lock().expect("a log");
        let done = |action: &str| calls.iter().any(|one| one.starts_with(action));
        let is_look = asked.action == "DescribeAutoScalingInstances";
        let mut looks = looks.lock().expect("a count");
        let state = late_state(&mut looks, is_look, done("Terminate"), done("Complete"));
        let registered = !done("Deregister");
        let attributes = if done("PutAttributes") {
            json!([{"name": "ecs-rollout.terminate", "value": stub::at(0).to_string()}])
        } else {
            json!([])
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
                let is_json = asked.body.starts_with('{');
                let answer = is_json.then(|| "{}".to_owned());
                (200, answer.unwrap_or_else(|| stub::xml(action, "")))
            }
        }
    }));
    let time = Time::default();
    let outcome = run(
        &target(),
        &clients,
        &|| time.now(),
        async |span| time.pass(span),
        |_| ControlFlow::Continue(()),
    )
    .await;
    assert_eq!(outcome.expect("an answer"), Outcome::Ended);
    assert_eq!(time.now(), stub::at(6 * 3));
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
    let time = Time::default();
    let wait = async |span| time.pass(span);
    let left = stop_tasks(&target(), &clients, &|| time.now(), wait).await;
    assert_eq!(left.expect("an answer"), []);
    let calls = calls.lock().expect("a log").clone();
    assert_eq!(calls, ["UpdateContainerInstancesState", "StopTask"]);
}

/// The deletion of a stack stands still for a retained instance, and takes the cluster as soon as
/// that has gone.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_cluster_is_deleted_with_it_has_ended() {
    for (state, group, ends) in [
        (None, "DevCluster", true),
        (Some("Terminating:Retained"), "DevCluster", false),
        // A person has named the cluster, and no group says that it was there.
        (None, "", false),
    ] {
        let clients = Clients::new(&stub::aws(move |asked| match asked.action.as_str() {
            "DescribeAutoScalingInstances" => (200, described(state)),
            _ => (
                400,
                json!({"__type": "ClusterNotFoundException", "message": "Cluster not found."})
                    .to_string(),
            ),
        }));
        let target = Target {
            group: GroupName::new(group),
            ..target()
        };
        let seen = look(&target, &clients).await;
        match seen {
            Ok(seen) => assert!(ends && seen.registrations.is_empty()),
            Err(error) => assert!(!ends && error.name() == "ClusterNotFound", "{error}"),
        }
    }
}
