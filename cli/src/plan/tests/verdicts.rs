//! The plan's verdict on a hundred generated clusters against what then happens to them.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use fastrand::Rng;
use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::explorer::generate;
use simulator::scenario::{Action, Call, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};
use simulator::trace::StackStatus;

use super::{CLUSTER, STACK, asked};
use crate::aws::Aws;
use crate::plan::observation::look_at;
use crate::plan::{Plan, Verdict, estimate};

/// So many clusters are planned for and rolled.
const CLUSTERS: usize = 100;

/// Larger ones take longer, and are no other.
const LARGEST: i64 = 4;

/// One cluster of so many is rehearsed as often as a plan does that; the others once, which takes a
/// third of the time.
const REHEARSED_FULLY: usize = 4;

/// Without its processes a rollout stands still. One that has not ended by then has not succeeded:
/// the slowest of the others takes half of it.
const STANDS_STILL: u64 = 6 * 3600;

/// What is done to a cluster before it is planned for.
#[derive(Debug, Clone, PartialEq)]
enum Change {
    Nothing,
    /// Somebody sets sizes: MinSize, MaxSize, DesiredCapacity.
    Scaled([i64; 3]),
    Suspended(&'static str),
    /// All services are deployed by this controller.
    Controller(&'static str),
    /// There is a service of this launch type, whose tasks run elsewhere.
    Elsewhere(&'static str),
    /// A service may neither stop a task nor start one.
    NoRoom,
}

/// Every process that can be suspended.
const PROCESSES: [&str; 9] = [
    "Launch",
    "Terminate",
    "InstanceRefresh",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "ReplaceUnhealthy",
    "ScheduledActions",
];

fn change(place: usize, rng: &mut Rng, settings: &Settings) -> Change {
    let number = |key: &str| settings.parameter(key).and_then(|it| it.parse().ok());
    let size: i64 = number("ClusterSize").expect("it is drawn");
    let most: i64 = number("ClusterMaxSize").expect("it is drawn");
    match place % 9 {
        0 => Change::Nothing,
        1 => Change::Scaled([size, most, rng.i64(size..=most)]),
        2 => Change::Scaled([1, most, rng.i64(1..=size)]),
        3 => Change::Scaled([size, size, size]),
        4 => Change::Suspended(PROCESSES[place / 9 % PROCESSES.len()]),
        5 => Change::Controller(["CODE_DEPLOY", "EXTERNAL"][place / 9 % 2]),
        6 => Change::Elsewhere(["EXTERNAL", "FARGATE", "MANAGED_INSTANCES"][place / 9 % 3]),
        7 => Change::NoRoom,
        _ => Change::Suspended(PROCESSES[(place / 9 + 4) % PROCESSES.len()]),
    }
}

impl Change {
    /// What the operator does before he plans.
    fn steps(&self, settings: &Settings) -> Vec<Action> {
        let of = |service: &str, action: &str, input: Value| {
            Action::Call(Call {
                service: service.to_owned(),
                action: action.to_owned(),
                input,
            })
        };
        match self {
            Self::Scaled([least, most, desired]) => {
                let sizes = json!({"AutoScalingGroupName": CLUSTER, "MinSize": least, "MaxSize": most,
                    "DesiredCapacity": desired});
                vec![
                    of("autoscaling", "UpdateAutoScalingGroup", sizes),
                    Action::WaitIdle,
                ]
            }
            Self::Suspended(process) => {
                let input = json!({"AutoScalingGroupName": CLUSTER, "ScalingProcesses": [process]});
                vec![of("autoscaling", "SuspendProcesses", input)]
            }
            Self::NoRoom => {
                let mut all = settings.workload.services.iter();
                let first = all.find(|one| one.desired.is_some_and(|desired| desired > 0));
                let rules = json!({"minimumHealthyPercent": 100, "maximumPercent": 100});
                let update = first.map(|one| {
                    let input = json!({"cluster": CLUSTER, "service": one.name, "deploymentConfiguration": rules});
                    of("ecs", "UpdateService", input)
                });
                update.into_iter().collect()
            }
            Self::Elsewhere(_) => {
                let container = json!({"name": "elsewhere", "image": "x", "memory": 64});
                let definition =
                    json!({"family": "elsewhere", "containerDefinitions": [container]});
                let service = json!({"cluster": CLUSTER, "serviceName": "elsewhere", "taskDefinition": "elsewhere",
                    "launchType": "EC2", "desiredCount": 0});
                vec![
                    of("ecs", "RegisterTaskDefinition", definition),
                    of("ecs", "CreateService", service),
                ]
            }
            Self::Nothing | Self::Controller(_) => Vec::new(),
        }
    }

    /// What DescribeServices says of a service instead: the account in memory has neither such
    /// controllers nor such launch types.
    fn rewrite(&self, service: &mut Value) {
        match self {
            Self::Controller(controller) => {
                let set = json!({"id": "ecs-svc/1", "status": "PRIMARY", "stabilityStatus": "STEADY_STATE",
                    "taskDefinition": service["taskDefinition"], "launchType": service["launchType"],
                    "capacityProviderStrategy": service["capacityProviderStrategy"]});
                service["deploymentController"] = json!({"type": controller});
                service["deployments"] = json!([]);
                service["taskSets"] = json!([set]);
                if *controller == "EXTERNAL" {
                    for member in ["taskDefinition", "launchType"] {
                        service.as_object_mut().expect("a service").remove(member);
                    }
                }
            }
            Self::Elsewhere(kind) if service["serviceName"] == "elsewhere" => {
                service["launchType"] = json!(kind);
                service["desiredCount"] = json!(40);
                service["runningCount"] = json!(39);
                let never = json!({"minimumHealthyPercent": 100, "maximumPercent": 100});
                service["deploymentConfiguration"] = never;
            }
            _ => {}
        }
    }
}

/// A way to the account on which answers of DescribeServices are rewritten.
#[derive(Debug)]
struct Rewritten(SharedHttpConnector, Change);

impl HttpConnector for Rewritten {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let describes = target.ends_with(".DescribeServices");
        let (answer, change) = (self.0.call(request), self.1.clone());
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            if describes {
                let body = answer.body().bytes().unwrap_or_default();
                let mut body: Value = serde_json::from_slice(body).expect("ECS answers JSON");
                let services = body["services"].as_array_mut().into_iter().flatten();
                services.for_each(|service| change.rewrite(service));
                *answer.body_mut() = SdkBody::from(body.to_string());
            }
            Ok(answer)
        })
    }
}

/// A generated cluster: its plan, and what then came of it.
struct Tried {
    change: Change,
    method: String,
    plan: Plan,
    /// The stack's status at the end, or why there is none.
    outcome: String,
    retained: usize,
}

impl Tried {
    fn succeeded(&self) -> bool {
        self.outcome == "UPDATE_COMPLETE" && self.retained == 0
    }
}

fn tried(settings: &Settings, change: Change, rehearsals: u64) -> Tried {
    let mut before = vec![Action::Deploy];
    before.extend(change.steps(settings));
    let method = settings
        .parameter("UpdateMethod")
        .unwrap_or("RollingUpdate");
    let is_needed = matches!(
        change,
        Change::Suspended("Launch" | "Terminate" | "InstanceRefresh")
    );
    let after = if is_needed {
        vec![Action::StartRollout, Action::Advance(STANDS_STILL)]
    } else {
        vec![Action::Roll]
    };
    let planning = change.clone();
    let looked = play_and_look(settings, &before, &after, async |world| {
        let answers = Rewritten(in_process_connector(world, Caller::Operator), planning);
        let config = sdk_config(world, SharedHttpConnector::new(answers));
        let aws = Aws::of(&config, REGION.to_owned());
        let seen = look_at(&aws, STACK, &|| world.now()).await;
        let (seen, asked) = (seen.expect("it can be seen").0, asked());
        let rehearse = || estimate::rehearse_times(&seen, &asked, rehearsals);
        Plan::of(&seen, &asked, rehearse, Vec::new())
    });
    let (plan, played) = looked.unwrap_or_else(|why| panic!("{change:?}: {why}"));
    let report = played.reports.first();
    Tried {
        change,
        method: method.to_owned(),
        plan,
        outcome: report.map_or_else(
            || played.ended.map_or("", StackStatus::name).to_owned(),
            |report| report.outcome.clone(),
        ),
        retained: report.map_or(played.retained, |report| report.retained.len()),
    }
}

#[test]
fn verdicts_on_a_hundred_generated_clusters_come_true() {
    let drawn = (0..).map(|seed| (seed, generate(seed).settings));
    let small = drawn.filter(|(_, settings)| {
        let size = settings
            .parameter("ClusterSize")
            .and_then(|it| it.parse().ok());
        size.is_some_and(|size: i64| size <= LARGEST)
    });
    let mut counts = std::collections::BTreeMap::new();
    let mut wrong = Vec::new();
    for (place, (seed, mut settings)) in small.take(CLUSTERS).enumerate() {
        settings.faults.clear();
        settings.variants.clear();
        let change = change(place, &mut Rng::with_seed(seed), &settings);
        let rehearsals = if place % REHEARSED_FULLY == 0 { 3 } else { 1 };
        let tried = tried(&settings, change, rehearsals);
        let verdict = tried.plan.verdict;
        let came_true = match verdict {
            Verdict::Ready => tried.succeeded(),
            Verdict::Blocked => !tried.succeeded(),
            Verdict::Uncertain => true,
            Verdict::NoChanges | Verdict::UnderWay => false,
        };
        *counts.entry(format!("{verdict:?}")).or_insert(0) += 1;
        if !came_true {
            let (change, remarks) = (&tried.change, &tried.plan.remarks);
            let what = format!(
                "seed {seed}, {change:?}, {}: {verdict:?}, and then {}, {} retained: {remarks:?}",
                tried.method, tried.outcome, tried.retained
            );
            wrong.push(what);
        }
    }
    println!("verdicts: {counts:?}");
    assert!(
        wrong.is_empty(),
        "{} verdicts did not come true:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Each of them must have been tried.
    for verdict in [Verdict::Ready, Verdict::Blocked] {
        let count = counts.get(&format!("{verdict:?}")).copied().unwrap_or(0);
        assert!(count >= 10, "only {count} of {verdict:?}: {counts:?}");
    }
}
