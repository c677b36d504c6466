//! What is started, and what is not.

use std::sync::{Arc, Mutex};

use super::*;
use crate::config::read_event;
use crate::model::Verdict;
use crate::stub::{self, StubRequest};

const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:DevCluster-lifecycle";
const COMES: &str = "i-0000000000000000a";
const LEAVES: &str = "i-0000000000000000b";

fn input() -> Value {
    json!({"group": "DevCluster", "stateMachineArn": MACHINE, "tailSeconds": 180})
}

fn order() -> Request {
    read_order(&input()).expect("a good order")
}

fn activity(instance: &str, transition: Transition) -> OpenActivity {
    OpenActivity {
        id: format!("activity-of-{instance}"),
        instance: InstanceId::new(instance),
        transition,
        started: stub::at(0) + SignedDuration::from_millis(250),
    }
}

fn waiting(instance: &str, state: &str) -> GroupInstance {
    GroupInstance {
        instance: InstanceId::new(instance),
        state: LifecycleState::from_name(state),
        launched_from: None,
    }
}

/// One instance in this state, moved by an activity of this transition.
fn seen(state: &str, transition: Transition) -> Observation {
    let metadata = stub::event("launch")["detail"]["NotificationMetadata"].clone();
    let metadata = metadata.as_str().map(str::to_owned);
    let hooks = HOOKS.map(|(name, transition)| Hook {
        name: HookName::new(name),
        transition: Some(transition),
        metadata: metadata.clone(),
    });
    Observation {
        arn: Some("arn:group".to_owned()),
        has_pool: false,
        waiting: vec![waiting(COMES, state)],
        activities: vec![activity(COMES, transition)],
        hooks: hooks.to_vec(),
    }
}

#[test]
fn the_event_is_one_that_workers_read_without_a_token() {
    for (state, transition, hook) in [
        ("Pending:Wait", Transition::Launching, "ecs-rollout-launch"),
        (
            "Terminating:Wait",
            Transition::Terminating,
            "ecs-rollout-terminate",
        ),
    ] {
        let missing = decide(&order(), &seen(state, transition), stub::at(200));
        let [only] = &missing[..] else {
            panic!("one is missing, not {missing:?}");
        };
        let subject = read_event(&only.event).subject().expect("a good event");
        assert_eq!(subject.action.token, None);
        assert_eq!(subject.action.hook.as_str(), hook);
        assert_eq!(subject.action.transition, transition);
        assert_eq!(subject.began, stub::at(0));
        assert_eq!(subject.settings, stub::launching().settings);
        assert_eq!(only.event["account"], "123456789012");
        assert_eq!(only.event["region"], "eu-west-1");
        assert_eq!(only.event["resources"], json!(["arn:group"]));
    }
}

#[test]
fn origin_and_destination_are_those_of_auto_scaling() {
    use Transition::{Launching, Terminating};
    for (state, transition, has_pool, ways) in [
        ("Pending:Wait", Launching, false, "EC2 AutoScalingGroup"),
        ("Pending:Wait", Launching, true, "WarmPool AutoScalingGroup"),
        ("Warmed:Pending:Wait", Launching, true, "EC2 WarmPool"),
        (
            "Terminating:Wait",
            Terminating,
            true,
            "AutoScalingGroup EC2",
        ),
        (
            "Warmed:Pending:Wait",
            Terminating,
            true,
            "AutoScalingGroup WarmPool",
        ),
        ("Warmed:Terminating:Wait", Terminating, true, "WarmPool EC2"),
    ] {
        let mut seen = seen(state, transition);
        seen.has_pool = has_pool;
        let missing = decide(&order(), &seen, stub::at(200));
        let detail = &missing.first().expect("one is missing").event["detail"];
        let text = |member: &str| detail[member].as_str().unwrap_or_default().to_owned();
        let got = format!("{} {}", text("Origin"), text("Destination"));
        assert_eq!(got, ways, "{state}");
    }
}

#[test]
fn nothing_is_missing_before_the_tail_or_at_other_hooks() {
    let good = seen("Terminating:Wait", Transition::Terminating);
    let is_missing =
        |seen: &Observation, seconds| !decide(&order(), seen, stub::at(seconds)).is_empty();
    assert!(is_missing(&good, 181));
    assert!(
        !is_missing(&good, 180),
        "the activity began a quarter of a second later"
    );
    assert!(!is_missing(&good, -60), "a clock that is wrong");
    let mut punctual = good.clone();
    punctual.activities[0].started = stub::at(0);
    assert!(is_missing(&punctual, 180), "when the tail is just over");
    let mut others = good.clone();
    others
        .hooks
        .retain(|hook| hook.name.as_str() == "ecs-rollout-launch");
    others.hooks.push(Hook {
        name: HookName::new("somebody-else"),
        transition: Some(Transition::Terminating),
        metadata: None,
    });
    assert!(!is_missing(&others, 200));
    let mut let_go = good.clone();
    let_go.activities.clear();
    assert!(!is_missing(&let_go, 200));
    let mut unclear = good;
    unclear.activities[0].transition = Transition::Launching;
    assert!(!is_missing(&unclear, 200));
}

#[test]
fn a_name_is_the_action_s_own_and_never_too_long() {
    let instance = InstanceId::new(COMES);
    let uuid = "b0a4e9c8-1c2b-4c6e-8f5e-0123456789ab";
    let first = name(&instance, uuid);
    assert_eq!(first, format!("reconcile-{COMES}-{uuid}"));
    assert_eq!(first, name(&instance, uuid));
    assert_eq!(name(&instance, &"a/b".repeat(100)).len(), 80);
}

#[test]
fn an_order_that_is_bad_is_refused_with_every_mistake() {
    let bad = json!({"stateMachineArn": "DevCluster-lifecycle", "tailSeconds": 0});
    let Err(Error::BadEvent { mistakes }) = read_order(&bad) else {
        panic!("it is bad");
    };
    let fields: Vec<&str> = mistakes.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["group", "stateMachineArn", "tailSeconds"]);
}

#[test]
fn one_waits_and_more_wait() {
    for (waiting, begins) in [
        (
            1,
            "1 instance of group DevCluster waits at a lifecycle hook.",
        ),
        (
            2,
            "2 instances of group DevCluster wait at a lifecycle hook.",
        ),
    ] {
        let text = words(&order(), waiting, &Started::default());
        assert!(text.starts_with(begins), "{text}");
    }
}

#[test]
fn only_the_arn_of_a_state_machine_is_one() {
    for (machine, is_good) in [
        (MACHINE, true),
        (
            "arn:aws:states:eu-west-1:123456789012:activity:joined",
            false,
        ),
        ("DevCluster:stateMachine:lifecycle", false),
    ] {
        let mut input = input();
        input["stateMachineArn"] = json!(machine);
        assert_eq!(read_order(&input).is_ok(), is_good, "{machine}");
    }
}

/// Two instances wait: one comes, one leaves. The calls are noted; `stepfunctions` answers those
/// to Step Functions, and each other call succeeds.
async fn run(
    stepfunctions: impl Fn(&StubRequest) -> (u16, Value) + Send + Sync + 'static,
) -> (Vec<String>, Result<Assessment, Error>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let aws = stub::aws(move |asked| {
        log.lock().expect("no panic").push(asked.action.clone());
        let result = match asked.action.as_str() {
            "DescribeAutoScalingGroups" => groups(),
            "DescribeScalingActivities" => activities(),
            "DescribeLifecycleHooks" => hooks(),
            _ => {
                let (status, body) = stepfunctions(&asked);
                return (status, body.to_string());
            }
        };
        (200, stub::xml(&asked.action, &result))
    });
    let clients = Clients::new(&aws);
    let found = handle(&order(), &clients, &|| stub::at(1000)).await;
    let calls = calls.lock().expect("no panic").clone();
    (calls, found)
}

fn groups() -> String {
    let one = |id: &str, state: &str| {
        format!(
            "<member><InstanceId>{id}</InstanceId><LifecycleState>{state}</LifecycleState></member>"
        )
    };
    let instances = [
        one(COMES, "Pending:Wait"),
        one(LEAVES, "Terminating:Wait"),
        one("i-0000000000000000c", "InService"),
    ];
    let instances = instances.concat();
    format!(
        "<AutoScalingGroups><member><AutoScalingGroupName>DevCluster</AutoScalingGroupName>\
         <Instances>{instances}</Instances></member></AutoScalingGroups>"
    )
}

fn activities() -> String {
    let one = |what: &str, id: &str| {
        format!(
            "<member><ActivityId>of-{id}</ActivityId><AutoScalingGroupName>DevCluster</AutoScalingGroupName>\
             <Description>{what} EC2 instance: {id}</Description><Cause>c</Cause>\
             <StatusCode>MidLifecycleAction</StatusCode><StartTime>2026-11-23T00:00:00Z</StartTime></member>"
        )
    };
    let activities = [one("Launching a new", COMES), one("Terminating", LEAVES)];
    format!("<Activities>{}</Activities>", activities.concat())
}

fn hooks() -> String {
    let hooks = HOOKS.map(|(name, transition)| {
        let transition = transition.name();
        format!(
            "<member><LifecycleHookName>{name}</LifecycleHookName>\
             <LifecycleTransition>{transition}</LifecycleTransition></member>"
        )
    });
    format!("<LifecycleHooks>{}</LifecycleHooks>", hooks.concat())
}

fn execution(name: &str) -> Value {
    json!({
        "executionArn": format!("arn:execution:{name}"), "stateMachineArn": MACHINE, "name": name,
        "status": "RUNNING", "startDate": 1_790_000_000,
    })
}

fn described(asked: &StubRequest, status: &str, input: &Value) -> (u16, Value) {
    let mut answer = execution("event");
    answer["executionArn"] = asked.json()["executionArn"].clone();
    answer["status"] = json!(status);
    answer["input"] = json!(input.to_string());
    (200, answer)
}

fn about(instance: &str, hook: &str) -> Value {
    json!({"detail": {"EC2InstanceId": instance, "LifecycleHookName": hook}})
}

#[tokio::test]
async fn only_what_no_running_execution_is_about_is_started() {
    for (running, status, starts) in [
        (about(LEAVES, "ecs-rollout-terminate"), "RUNNING", 1),
        (about(LEAVES, "ecs-rollout-terminate"), "FAILED", 2),
        (about(LEAVES, "ecs-rollout-launch"), "RUNNING", 2),
        (
            about("i-0000000000000000c", "ecs-rollout-launch"),
            "RUNNING",
            2,
        ),
        (json!("no event"), "RUNNING", 2),
    ] {
        let case = format!("{running} {status}");
        let (calls, found) = run(move |asked| match asked.action.as_str() {
            "ListExecutions" => {
                assert_eq!(asked.json()["statusFilter"], "RUNNING");
                (200, json!({"executions": [execution("event")]}))
            }
            "DescribeExecution" => described(asked, status, &running),
            "StartExecution" => {
                let asked = asked.json();
                let id = if starts == 1 { COMES } else { LEAVES };
                let names = [COMES, id].map(|id| json!(format!("reconcile-{id}-of-{id}")));
                assert!(names.contains(&asked["name"]), "{asked}");
                (
                    200,
                    json!({"executionArn": "arn:new", "startDate": 1_790_000_000}),
                )
            }
            other => panic!("{other} was asked"),
        })
        .await;
        let found = found.expect("an answer");
        assert_eq!(found.verdict, Verdict::Reached);
        let started = calls.iter().filter(|call| *call == "StartExecution");
        assert_eq!(started.count(), starts, "{case}: {}", found.reason);
        assert!(found.reason.contains(COMES), "{}", found.reason);
    }
}

#[tokio::test]
async fn our_own_executions_are_known_by_their_names() {
    let (calls, found) = run(|asked| match asked.action.as_str() {
        "ListExecutions" => {
            let names = [COMES, LEAVES].map(|id| execution(&format!("reconcile-{id}-of-{id}")));
            (200, json!({ "executions": names }))
        }
        other => panic!("{other} was asked"),
    })
    .await;
    assert_eq!(calls.last().map(String::as_str), Some("ListExecutions"));
    let reason = found.expect("an answer").reason;
    assert!(reason.contains("Each has an execution"), "{reason}");
}

#[tokio::test]
async fn a_read_that_fails_starts_nothing() {
    for refused in ["ListExecutions", "DescribeExecution"] {
        let (calls, found) = run(move |asked| match asked.action.as_str() {
            "StartExecution" => panic!("nothing is to be started"),
            action if action == refused => (
                400,
                json!({"__type": "AccessDeniedException", "message": "no"}),
            ),
            _ => (200, json!({"executions": [execution("event")]})),
        })
        .await;
        assert_eq!(found.expect_err("refused").name(), "AccessDenied");
        assert_eq!(calls.last().map(String::as_str), Some(refused));
    }
}

#[tokio::test]
async fn an_action_that_had_its_execution_is_not_started_again_and_no_error() {
    let (_, found) = run(|asked| match asked.action.as_str() {
        "ListExecutions" => (200, json!({"executions": []})),
        _ => (
            400,
            json!({"__type": "ExecutionAlreadyExists", "message": "Execution Already Exists"}),
        ),
    })
    .await;
    let reason = found.expect("an answer").reason;
    assert!(reason.contains("Not started again"), "{reason}");
}

// Paused: the SDK waits for seconds before it tries again.
#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_is_reported_after_the_others_were_tried() {
    let (calls, found) = run(|asked| match asked.action.as_str() {
        "ListExecutions" => (200, json!({"executions": []})),
        _ if asked.body.contains(COMES) => (
            400,
            json!({"__type": "ThrottlingException", "message": "slow"}),
        ),
        _ => (
            200,
            json!({"executionArn": "arn:new", "startDate": 1_790_000_000}),
        ),
    })
    .await;
    assert_eq!(found.expect_err("refused").name(), "Throttled");
    let starts = calls.iter().filter(|call| *call == "StartExecution");
    // The SDK tries a throttled call again by itself.
    assert!(starts.count() >= 2, "{calls:?}");
}
