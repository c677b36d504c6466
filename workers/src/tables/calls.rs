//! Every call of every client: an error is an error with its name, and an item that failed for a
//! reason that does not mean "not there" is never taken to be gone.

use serde_json::{Value, json};

use crate::autoscaling::{ActionResult, AutoScaling};
use crate::clock::Clock;
use crate::cloudformation::{CloudFormation, Signal};
use crate::ecs::Ecs;
use crate::error::Error;
use crate::model::{
    ClusterName, ContainerInstanceArn, GroupName, HookName, InstanceId, ServiceName, TaskArn,
};
use crate::stepfunctions::StepFunctions;
use crate::stub::{self, StubRequest};

/// The calls of the ECS client, and the reasons in `failures` that are plain answers to them. The
/// API names MISSING and, of a container instance whose state is set, INACTIVE
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>);
/// TASK_NOT_VALID is a standalone task's, which cannot be protected.
const OF_ECS: [(&str, &[&str]); 16] = [
    ("registrations", &["MISSING"]),
    ("container_instances", &["MISSING"]),
    ("set_draining", &["MISSING", "INACTIVE"]),
    ("set_active", &["MISSING", "INACTIVE"]),
    ("tasks_on", &["MISSING"]),
    ("tasks", &["MISSING"]),
    ("tasks_wanted_on", &["MISSING"]),
    ("lost_with", &["MISSING"]),
    ("services", &["MISSING"]),
    ("protected", &["MISSING", "TASK_NOT_VALID"]),
    ("draining_among", &["MISSING"]),
    ("members_among", &["MISSING"]),
    ("kept", &["MISSING"]),
    ("to_be_ended", &["MISSING"]),
    ("only_looking.set_draining", &["MISSING"]),
    ("only_looking.set_active", &["MISSING"]),
];

/// Those that describe nothing, and so have no failures.
const WITHOUT_FAILURES: [&str; 6] = [
    "stop_task",
    "keep_for",
    "is_on_active",
    "daemons",
    "request_termination",
    "deregister",
];

/// What stands in `failures`: known reasons, unknown ones, none, and one in other letters.
const REASONS: [Option<&str>; 9] = [
    Some("MISSING"),
    Some("INACTIVE"),
    Some("TASK_NOT_VALID"),
    Some("ACCESS_DENIED"),
    Some("INTERNAL_ERROR"),
    Some("SOMETHING_NEW"),
    Some("Missing"),
    Some(""),
    None,
];

fn ecs(answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static) -> Ecs {
    Ecs::new(&stub::aws(answering), &Clock::default())
}

/// Makes the call of this name. How many it found, where it finds something.
async fn call_ecs(ecs: &Ecs, name: &str) -> Result<usize, Error> {
    let cluster = &ClusterName::new("DevCluster");
    let arn = &ContainerInstanceArn::new("c");
    let arns = std::slice::from_ref(arn);
    let task = &TaskArn::new("t");
    let instances = &[InstanceId::new("i-0123456789abcdef0")];
    let looking = ecs.clone().dry_run();
    Ok(match name {
        "registrations" => ecs.registrations(cluster, &instances[0]).await?.len(),
        "container_instances" => ecs.container_instances(cluster, arns).await?.len(),
        "set_draining" => ecs.set_draining(cluster, arns).await?.len(),
        "set_active" => ecs.set_active(cluster, arns).await?.len(),
        "only_looking.set_draining" => looking.set_draining(cluster, arns).await?.len(),
        "only_looking.set_active" => looking.set_active(cluster, arns).await?.len(),
        "tasks_on" => ecs.tasks_on(cluster, arn, &[]).await?.len(),
        "tasks" => ecs.tasks(cluster, std::slice::from_ref(task)).await?.len(),
        "tasks_wanted_on" => ecs.tasks_wanted_on(cluster, arn).await?.len(),
        "lost_with" => ecs.lost_with(cluster, &instances[0]).await?.len(),
        "services" => {
            let names = [ServiceName::new("web")];
            ecs.services(cluster, &names).await?.len()
        }
        "protected" => {
            let tasks = std::slice::from_ref(task);
            ecs.protected(cluster, tasks).await?.len()
        }
        "draining_among" => ecs.draining_among(cluster, instances).await?.len(),
        "members_among" => ecs.members_among(cluster, instances).await?.len(),
        "kept" => ecs.kept(cluster).await?.len(),
        "to_be_ended" => ecs.to_be_ended(cluster).await?.len(),
        "stop_task" => ecs.stop_task(cluster, task, "why").await.map(|()| 0)?,
        "keep_for" => ecs.keep_for(cluster, arns, "what").await.map(|()| 0)?,
        "is_on_active" => usize::from(ecs.is_on_active(cluster, "disk").await?),
        "daemons" => ecs.daemons(cluster).await?.len(),
        "request_termination" => {
            let asked = ecs.request_termination(cluster, arns, stub::at(1)).await;
            asked.map(|()| 0)?
        }
        "deregister" => ecs.deregister(cluster, arn).await.map(|()| 0)?,
        other => panic!("{other} is no call"),
    })
}

/// Every list has one item, and nothing that is described is there.
fn failing(action: &str, failures: &Value) -> Value {
    match action {
        "ListContainerInstances" => json!({"containerInstanceArns": ["c"]}),
        "ListTasks" => json!({"taskArns": ["t"]}),
        _ => {
            json!({"containerInstances": [], "tasks": [], "services": [], "protectedTasks": [], "failures": failures})
        }
    }
}

#[tokio::test]
async fn only_what_is_not_there_is_taken_to_be_gone() {
    for (name, plain) in OF_ECS {
        for reason in REASONS {
            // The second item fails, too, so that a look at the first one is not enough.
            let item = |arn: &str, reason: Option<&str>| match reason {
                Some(reason) => json!({"arn": arn, "reason": reason}),
                None => json!({"arn": arn}),
            };
            let failures = json!([item("c", Some("MISSING")), item("d", reason)]);
            let ecs = ecs(move |asked| (200, failing(&asked.action, &failures).to_string()));
            let is_plain = reason.is_some_and(|reason| plain.contains(&reason));
            match call_ecs(&ecs, name).await {
                Ok(found) => assert_eq!((found, is_plain), (0, true), "{name}, {reason:?}"),
                Err(error) => {
                    assert!(!is_plain, "{name}, {reason:?}: {error}");
                    assert_eq!(error.name(), "BadAnswer", "{name}, {reason:?}");
                    let item = format!("d failed with reason {}", reason.unwrap_or("no reason"));
                    assert!(error.to_string().contains(&item), "{name}: {error}");
                }
            }
        }
    }
}

/// Error codes with their HTTP status, and what each of them is called here.
const CODES: [(&str, u16, &str); 12] = [
    ("ThrottlingException", 400, "Throttled"),
    ("Throttling", 400, "Throttled"),
    ("ThrottledException", 400, "Throttled"),
    ("RequestLimitExceeded", 503, "Throttled"),
    ("TooManyRequestsException", 429, "Throttled"),
    ("AccessDeniedException", 400, "AccessDenied"),
    ("AccessDenied", 403, "AccessDenied"),
    ("UnauthorizedOperation", 403, "AccessDenied"),
    ("ServerException", 500, "Unavailable"),
    ("ServiceUnavailable", 503, "Unavailable"),
    ("SomethingNew", 400, "BadAnswer"),
    ("ExpiredTokenException", 400, "BadAnswer"),
];

#[tokio::test]
async fn every_refusal_of_ecs_is_an_error_with_its_name() {
    let described = OF_ECS.map(|(name, _)| name);
    const CLUSTER: (&str, u16, &str) = ("ClusterNotFoundException", 400, "ClusterNotFound");
    for call in described.iter().chain(&WITHOUT_FAILURES) {
        for (code, status, name) in CODES.iter().chain([&CLUSTER]) {
            let text = json!({"__type": code, "message": "because"}).to_string();
            let ecs = ecs(move |_| (*status, text.clone()));
            let error = call_ecs(&ecs, call).await.expect_err(call);
            assert_eq!(error.name(), *name, "{call}, {code}: {}", error.chain());
        }
    }
}

/// Makes the call of this name. Whether it found that there is nothing to do.
async fn call_autoscaling(autoscaling: &AutoScaling, name: &str) -> Result<(), Error> {
    let action = &stub::terminating().action;
    let group = &GroupName::new("DevCluster");
    let (hook, id) = (&HookName::new("h"), &action.instance);
    match name {
        "heartbeat" => autoscaling.heartbeat(action).await.map(drop),
        "complete" => {
            let done = autoscaling.complete(action, ActionResult::Continue).await;
            done.map(drop)
        }
        "instances" => autoscaling.instances(group).await.map(drop),
        "pool_instances" => autoscaling.pool_instances(group).await.map(drop),
        "some_instances" => {
            let those = std::slice::from_ref(id);
            autoscaling.some_instances(those).await.map(drop)
        }
        "hooks" => autoscaling.hooks(group).await.map(drop),
        "open_activities" => autoscaling.open_activities(group, &[id]).await.map(drop),
        "cancel_refresh" => autoscaling.cancel_refresh(group).await.map(drop),
        "terminate" => autoscaling.terminate(id).await,
        "proceed" => autoscaling.proceed(group, hook, id).await.map(drop),
        other => panic!("{other} is no call"),
    }
}

/// The calls of the Auto Scaling client, and whether they name the group, which may be gone.
const OF_AUTO_SCALING: [(&str, bool); 10] = [
    ("heartbeat", true),
    ("complete", true),
    ("instances", true),
    ("pool_instances", true),
    ("some_instances", false),
    ("hooks", true),
    ("open_activities", true),
    ("cancel_refresh", true),
    ("terminate", false),
    ("proceed", true),
];

#[tokio::test]
async fn every_refusal_of_auto_scaling_is_an_error_with_its_name() {
    for (call, names_group) in OF_AUTO_SCALING {
        let gone = if names_group {
            "GroupNotFound"
        } else {
            "BadAnswer"
        };
        let texts = [
            ("ValidationError", "AutoScalingGroup name not found", gone),
            (
                "ValidationError",
                "1 validation error detected",
                "BadAnswer",
            ),
            // The text of another error is no evidence.
            ("Odd", "AutoScalingGroup name not found", "BadAnswer"),
            ("Odd", "No active Lifecycle Action found", "BadAnswer"),
            ("Odd", "Instance Id not found", "BadAnswer"),
        ];
        let texts = texts.map(|(code, message, name)| (code, 400, message, name));
        let codes = CODES.map(|(code, status, name)| (code, status, "because", name));
        for (code, status, message, name) in codes.into_iter().chain(texts) {
            let client = stub::autoscaling(move |_| (status, stub::xml_error(code, message)));
            let error = call_autoscaling(&client, call).await.expect_err(call);
            assert_eq!(error.name(), name, "{call}, {code}: {}", error.chain());
        }
    }
}

#[tokio::test]
async fn every_refusal_of_cloudformation_is_an_error_with_its_name() {
    let texts = [
        ("ValidationError", 400, "Stack [dev] is odd", "BadAnswer"),
        // The text of another error is no evidence.
        ("Odd", 400, "Stack with id dev does not exist", "BadAnswer"),
        ("Odd", 400, "Signal with ID i-1 already exists", "BadAnswer"),
    ];
    let codes = CODES.map(|(code, status, name)| (code, status, "because", name));
    for (code, status, message, name) in codes.into_iter().chain(texts) {
        let aws = stub::aws(move |_| (status, stub::xml_error(code, message)));
        let client = CloudFormation::new(&aws, &Clock::default());
        let subject = stub::launching();
        let (target, instance) = (&subject.settings.target, &subject.action.instance);
        let state = client.stack_state(&target.stack).await;
        let told = client.signal(target, instance, Signal::Success).await;
        for error in [state.expect_err(code), told.expect_err(code)] {
            assert_eq!(error.name(), name, "{code}, {message}: {}", error.chain());
        }
    }
}

#[tokio::test]
async fn every_refusal_of_step_functions_is_an_error_with_its_name() {
    const GONE: (&str, u16, &str) = ("ExecutionDoesNotExist", 400, "BadAnswer");
    for (code, status, name) in CODES.iter().chain([&GONE]) {
        let text = json!({"__type": code, "message": "because"}).to_string();
        let aws = stub::aws(move |_| (*status, text.clone()));
        let client = StepFunctions::new(&aws, &Clock::default());
        let machine = "arn:aws:states:r:1:stateMachine:m";
        let listed = client.running(machine, &[]).await.map(drop);
        let started = client.start(machine, "name", String::new()).await.map(drop);
        for error in [listed.expect_err(code), started.expect_err(code)] {
            assert_eq!(error.name(), *name, "{code}: {}", error.chain());
        }
    }
}
