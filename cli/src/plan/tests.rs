//! Plans of clusters in the account in memory: of healthy ones, of ones with one thing wrong, and
//! of fifty that are drawn.

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::explorer::generate;
use simulator::host::SimulationHost;
use simulator::report::Report;
use simulator::scenario::files::{Files, built_in_parameters};
use simulator::scenario::{Action, Call, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};
use simulator::workload::{Service, Standalone, Workload};
use workers::model::group::LifecycleState;

use super::checks::Level;
use super::observation::{Observation, PlanRequest, look_at};
use super::{Plan, Verdict, estimate};
use crate::aws::{Aws, Stack};

mod answers;
mod under_way;
mod verdicts;

const STACK: &str = "ecs-cluster";
const CLUSTER: &str = "DevCluster";
const NEW_AMI: &str = "ami-0123456789abcdef9";

fn asked() -> PlanRequest {
    PlanRequest {
        ami: Some(NEW_AMI.to_owned()),
        batch: None,
    }
}

/// The built-in workload without its standalone task.
fn healthy() -> Settings {
    let mut settings = Settings {
        files: Files::built_in(),
        parameters: built_in_parameters(),
        workload: Workload::built_in(4),
        faults: Vec::new(),
        seed: 1,
        variants: Vec::new(),
        mutation: None,
    };
    settings.set_instances(4);
    settings.workload.tasks.clear();
    settings
}

/// What a look sees after `before` and `step`, and what comes of `after`.
fn seen(
    settings: &Settings,
    before: &[Action],
    after: &[Action],
    step: impl Fn(&SimulationHost),
) -> (Observation, Vec<Report>) {
    let looked = play_and_look(settings, before, after, async |world| {
        step(world);
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let seen = look_at(&aws, STACK, &|| world.now()).await;
        seen.expect("it can be seen").0
    });
    let (seen, played) = looked.expect("it can be played");
    (seen, played.reports)
}

fn planned(seen: &Observation, asked: &PlanRequest) -> Plan {
    Plan::of(seen, asked, || estimate::rehearse(seen, asked), Vec::new())
}

fn call(world: &SimulationHost, service: &str, action: &str, input: Value) -> Value {
    world
        .call(service, action, &input)
        .unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

#[test]
fn a_healthy_cluster_has_nothing_to_remark_on() {
    let (seen, _) = seen(&healthy(), &[Action::Deploy], &[], |_| {});
    let plan = planned(&seen, &asked());
    assert_eq!((plan.verdict, &plan.remarks), (Verdict::Ready, &vec![]));
    assert_eq!((plan.outdated(), plan.batches), (4, 4));
    let expected = plan.expected.expect("it can be rehearsed");
    assert_eq!(expected.outcome, "UPDATE_COMPLETE");
    let again = planned(&seen, &PlanRequest::default());
    assert_eq!(again.outdated(), 0);
    assert_eq!((again.verdict, again.remarks), (Verdict::NoChanges, vec![]));
}

/// One thing wrong: what it is called, and how it comes about.
struct Wrong {
    name: &'static str,
    settings: Settings,
    before: Vec<Action>,
    step: fn(&SimulationHost),
    mend: fn(&mut Observation),
    ami: &'static str,
}

fn wrong(name: &'static str, step: fn(&SimulationHost)) -> Wrong {
    Wrong {
        name,
        settings: healthy(),
        before: vec![Action::Deploy],
        step,
        mend: |_| {},
        ami: NEW_AMI,
    }
}

/// The first in the answer's list.
fn first(world: &SimulationHost, action: &str, input: Value, list: &str) -> Value {
    call(world, "ecs", action, input)[list][0].clone()
}

/// The same, after something else has happened.
fn after(name: &'static str, more: Action) -> Wrong {
    Wrong {
        before: vec![Action::Deploy, more],
        ..wrong(name, |_| {})
    }
}

fn around_it() -> Vec<Wrong> {
    vec![
        after("stack-busy", Action::StartRollout),
        Wrong {
            mend: |seen| seen.stack.status = "UPDATE_ROLLBACK_FAILED".to_owned(),
            ..wrong("stack-failed", |_| {})
        },
        Wrong {
            ami: "ami-latest",
            ..wrong("ami-parameter", |_| {})
        },
        Wrong {
            mend: |seen| seen.group.members[0].state = LifecycleState::TerminatingRetained,
            ..wrong("retained", |_| {})
        },
        wrong("agent-disconnected", |world| {
            world.with(|account| {
                let groups = json!({"AutoScalingGroupNames": [CLUSTER]});
                let answer = account.call(
                    &Caller::Operator,
                    "autoscaling",
                    "DescribeAutoScalingGroups",
                    &groups,
                );
                let answer = answer.expect("the group");
                let id = &answer["AutoScalingGroups"][0]["Instances"][0]["InstanceId"];
                simulator::ecs::agent_disconnected(account, id.as_str().expect("an id"));
            });
        }),
    ]
}

fn in_the_group() -> Vec<Wrong> {
    let group = |action: &'static str, input: Value| {
        Action::Call(Call {
            service: "autoscaling".to_owned(),
            action: action.to_owned(),
            input,
        })
    };
    let named = |mut input: Value| {
        input["AutoScalingGroupName"] = json!(CLUSTER);
        input
    };
    vec![
        after(
            "hooks-missing",
            group(
                "DeleteLifecycleHook",
                named(json!({"LifecycleHookName": "ecs-rollout-terminate"})),
            ),
        ),
        after(
            "suspended-processes",
            group(
                "SuspendProcesses",
                named(json!({"ScalingProcesses": ["Terminate"]})),
            ),
        ),
        // The template refuses it; another template may not.
        Wrong {
            mend: |seen| {
                let sizes = ["ClusterSize", "ClusterMaxSize"];
                let sizes = sizes.map(|key| (key.to_owned(), "4".to_owned()));
                seen.stack = Stack::with_parameters(STACK, sizes);
            },
            ..wrong("max-size", |_| {})
        },
        after(
            "paused",
            group(
                "CreateOrUpdateTags",
                json!({"Tags": [{"ResourceId": CLUSTER, "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold",
                    "Value": "sale", "PropagateAtLaunch": false}]}),
            ),
        ),
        after(
            "refresh-running",
            group("StartInstanceRefresh", named(json!({}))),
        ),
    ]
}

/// The healthy cluster with another workload.
fn with(change: fn(&mut Workload)) -> Settings {
    let mut settings = healthy();
    change(&mut settings.workload);
    settings
}

fn of_services() -> Vec<Wrong> {
    vec![
        wrong("percentages", |world| {
            let rules = json!({"minimumHealthyPercent": 100, "maximumPercent": 100});
            let input =
                json!({"cluster": CLUSTER, "service": "web", "deploymentConfiguration": rules});
            call(world, "ecs", "UpdateService", input);
        }),
        Wrong {
            before: vec![
                Action::Deploy,
                of_ecs("RegisterTaskDefinition", large()),
                of_ecs(
                    "CreateService",
                    json!({"cluster": CLUSTER, "serviceName": "large", "taskDefinition": "large", "desiredCount": 1,
                        "launchType": "EC2"}),
                ),
                Action::Advance(120),
            ],
            ..wrong("no-place", |_| {})
        },
        wrong("task-too-large", |world| {
            call(world, "ecs", "RegisterTaskDefinition", large());
            let input = json!({"cluster": CLUSTER, "service": "web", "taskDefinition": "large"});
            call(world, "ecs", "UpdateService", input);
        }),
        wrong("placement-constraint", |world| {
            let member = first(
                world,
                "ListContainerInstances",
                json!({"cluster": CLUSTER}),
                "containerInstanceArns",
            );
            let mark = json!({"name": "stack", "value": "prod", "targetType": "container-instance", "targetId": member});
            call(
                world,
                "ecs",
                "PutAttributes",
                json!({"cluster": CLUSTER, "attributes": [mark]}),
            );
            let only = json!([{"type": "memberOf", "expression": "attribute:stack == prod"}]);
            let input = json!({"cluster": CLUSTER, "serviceName": "bound", "taskDefinition": "queue", "desiredCount": 1,
                "launchType": "EC2", "placementConstraints": only});
            call(world, "ecs", "CreateService", input);
        }),
    ]
}

fn in_time() -> Vec<Wrong> {
    vec![
        Wrong {
            settings: with(|it| it.services[0].deregistration_seconds = Some(3600)),
            ..wrong("drain-deadline", |_| {})
        },
        wrong("task-protected", |world| {
            let of_web = json!({"cluster": CLUSTER, "serviceName": "web"});
            let task = first(world, "ListTasks", of_web, "taskArns");
            let input = json!({"cluster": CLUSTER, "tasks": [task], "protectionEnabled": true, "expiresInMinutes": 2880});
            call(world, "ecs", "UpdateTaskProtection", input);
        }),
        Wrong {
            settings: with(|it| {
                it.tasks.push(Standalone {
                    family: "long".to_owned(),
                    count: 1,
                    run_seconds: Some(100_000),
                    on_instance: None,
                });
            }),
            ..wrong("standalone", |_| {})
        },
        Wrong {
            // Each task leaves in time, but one only after the other: that only a rehearsal sees.
            settings: {
                let mut settings = with(|it| {
                    it.services = vec![Service {
                        maximum_percent: 113,
                        deregistration_seconds: Some(300),
                        ..Service::replica("slow", 8)
                    }];
                });
                settings.set_parameter("DrainDeadlineSeconds", "420");
                settings
            },
            ..wrong("rehearsal", |_| {})
        },
    ]
}

fn of_ecs(action: &str, input: Value) -> Action {
    Action::Call(Call {
        service: "ecs".to_owned(),
        action: action.to_owned(),
        input,
    })
}

fn large() -> Value {
    let container = json!({"name": "large", "image": "large", "cpu": 4096, "memory": 256});
    json!({"family": "large", "containerDefinitions": [container]})
}

/// The plan for somebody who does not know what is wrong.
fn plan_of(wrong: &Wrong) -> Plan {
    let (mut seen, _) = seen(&wrong.settings, &wrong.before, &[], wrong.step);
    (wrong.mend)(&mut seen);
    let asked = PlanRequest {
        ami: Some(wrong.ami.to_owned()),
        batch: None,
    };
    planned(&seen, &asked)
}

#[test]
fn a_stack_of_a_newer_release_is_a_warning() {
    let plan = plan_of(&Wrong {
        mend: |seen| seen.stack = seen.stack.clone().with_interface(99, "9.0.0"),
        ..wrong("newer-stack", |_| {})
    });
    let mut remarks = plan.remarks.iter();
    let newer = remarks.find(|remark| remark.name == "newer-stack");
    assert_eq!(newer.map(|remark| remark.level), Some(Level::Warning));
}

#[test]
fn each_blocker_is_found() {
    let all = [around_it(), in_the_group(), of_services(), in_time()];
    for wrong in all.into_iter().flatten() {
        let plan = plan_of(&wrong);
        let blockers = plan.remarks.iter().filter(|it| it.level == Level::Blocker);
        let names: Vec<&str> = blockers.map(|it| it.name).collect();
        assert!(
            names.contains(&wrong.name),
            "{}: {:?}",
            wrong.name,
            plan.remarks
        );
    }
}

#[test]
fn a_retained_instance_that_you_are_ending_blocks_nothing() {
    let usual = wrong("being-ended", |_| {});
    let (mut seen, _) = seen(&usual.settings, &usual.before, &[], usual.step);
    let member = &mut seen.group.members[0];
    member.state = LifecycleState::TerminatingRetained;
    let mut machines = seen.machines.iter_mut();
    let machine = machines.find(|it| it.id == member.id);
    let attributes = &mut machine.expect("a member of the cluster").attributes;
    attributes.insert("ecs-rollout.terminate".to_owned(), seen.now.to_string());
    let asked = PlanRequest {
        ami: Some(usual.ami.to_owned()),
        batch: None,
    };
    let remarks = planned(&seen, &asked).remarks;
    let level = |name: &str| remarks.iter().find(|it| it.name == name).map(|it| it.level);
    assert_eq!(level("being-ended"), Some(Level::Warning), "{remarks:?}");
    assert_eq!(level("retained"), None, "{remarks:?}");
}

/// Whether nobody can know how long its rolls take: a task that no service replaces, and that has
/// no end.
fn is_open_ended(settings: &Settings) -> bool {
    let mut tasks = settings.workload.tasks.iter();
    tasks.any(|task| task.run_seconds.is_none())
}

/// So near an expected duration is to what a rollout takes, as a share of it.
const NEAR: f64 = 0.15;
/// What two hook events can add to a short rollout: each comes up to 129 s late.
const LATE_SECONDS: f64 = 2.0 * 129.0;

/// The remarks on what keeps a drain until its deadline. How long a rollout takes then is a matter
/// of which instance goes first, and no estimate.
const HOLD_A_DRAIN: [&str; 6] = [
    "percentages",
    "no-place",
    "placement-constraint",
    "task-too-large",
    "drain-deadline",
    "rehearsal",
];

/// What came of a cluster's plan.
#[derive(Debug)]
struct Compared {
    /// Of the drawing.
    #[expect(dead_code, reason = "it is printed")]
    seed: u64,
    expected: f64,
    took: f64,
}

impl Compared {
    /// By how much it was off, as a share of what it took.
    fn off(&self) -> f64 {
        (self.expected - self.took).abs() / self.took
    }
}

/// The plan of a drawn cluster and its rollout, unless it is blocked.
fn compared(seed: u64, mut settings: Settings) -> Option<Compared> {
    settings.faults.clear();
    settings.variants.clear();
    let (seen, reports) = seen(&settings, &[Action::Deploy], &[Action::Roll], |_| {});
    let plan = planned(&seen, &asked());
    let waits_for_deadline = plan
        .remarks
        .iter()
        .any(|it| HOLD_A_DRAIN.contains(&it.name));
    if plan.verdict != Verdict::Ready || waits_for_deadline {
        return None;
    }
    let outcome = &reports[0].outcome;
    assert_eq!(
        outcome, "UPDATE_COMPLETE",
        "seed {seed}: {:?}",
        plan.remarks
    );
    let expected = plan.expected.expect("it can be rehearsed").seconds;
    let took = reports[0].roll_seconds;
    Some(Compared {
        seed,
        expected,
        took,
    })
}

#[test]
fn the_expected_duration_of_fifty_generated_clusters_comes_true() {
    let drawn = (0..).map(|seed| (seed, generate(seed).settings));
    let known = drawn.filter(|(_, settings)| !is_open_ended(settings));
    let planned = known.filter_map(|(seed, settings)| compared(seed, settings));
    let mut clusters: Vec<Compared> = planned.take(50).collect();
    clusters.sort_by(|a, b| b.off().total_cmp(&a.off()));
    println!("the worst of fifty: {:?}", &clusters[..5]);
    let near = clusters.iter().filter(|it| it.off() <= NEAR).count();
    assert!(near >= 40, "{near} of fifty within 15 %");
    let wrong: Vec<&Compared> = clusters
        .iter()
        .filter(|it| (it.expected - it.took).abs() > NEAR * it.took + LATE_SECONDS)
        .collect();
    assert!(
        wrong.is_empty(),
        "off by more than late events explain: {wrong:?}"
    );
}
