//! Explanations of instances in the account in memory.

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::host::SimulationHost;
use simulator::scenario::{Action, Call, Fault, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::*;

const CLUSTER: &str = "DevCluster";

fn settings() -> Settings {
    Settings::built_in(2)
}

fn call(world: &SimulationHost, service: &str, action: &str, input: Value) -> Value {
    world
        .call(service, action, &input)
        .unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

fn group(world: &SimulationHost) -> Value {
    let input = json!({"AutoScalingGroupNames": [CLUSTER]});
    let all = call(world, "autoscaling", "DescribeAutoScalingGroups", input);
    all["AutoScalingGroups"][0].clone()
}

/// The first instance in this state.
fn in_state(world: &SimulationHost, state: &str) -> Option<String> {
    let group = group(world);
    let all = group["Instances"].as_array().expect("instances").iter();
    let mut those = all.filter(|one| one["LifecycleState"] == state);
    Some(those.next()?["InstanceId"].as_str()?.to_owned())
}

/// The explanation of the instance that `choose` names, as text and as JSON.
fn explained(
    before: &[Action],
    choose: impl Fn(&SimulationHost) -> String,
    cluster: Option<&str>,
) -> Explained {
    let looked = play_and_look(&settings(), before, &[], async |world| {
        let id = choose(world);
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let answer = look(&aws, &id, cluster).await;
        answer.map(|about| (id, about.text(), about.json(), about.is_well()))
    });
    let (told, _) = looked.expect("it can be played");
    let (id, text, json, well) = told.expect("it is explained");
    Explained {
        id,
        text,
        json,
        well,
    }
}

struct Explained {
    id: String,
    text: String,
    json: Value,
    well: bool,
}

impl Explained {
    fn lines(&self, label: &str) -> Vec<String> {
        let lines = self.json["lines"].as_array().expect("lines").iter();
        let those = lines.filter(|line| line["label"] == label);
        those
            .map(|line| line["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

fn pause() -> Action {
    let tag = json!({"ResourceId": CLUSTER, "ResourceType": "auto-scaling-group", "Key": "ecs-rollout:hold",
        "Value": "sale - since 2026-01-01T00:00:00Z", "PropagateAtLaunch": false});
    Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "CreateOrUpdateTags".to_owned(),
        input: json!({"Tags": [tag]}),
    })
}

#[test]
fn a_new_instance_in_a_pause_waits_for_nothing_else_and_the_next_command_resumes() {
    let before = [
        Action::Deploy,
        pause(),
        Action::StartRollout,
        Action::Advance(600),
    ];
    let at_launch =
        |world: &SimulationHost| in_state(world, "Pending:Wait").expect("a new instance waits");
    let told = explained(&before, at_launch, None);
    assert!(told.well, "{}", told.text);
    assert_eq!(told.lines("paused").len(), 1, "{}", told.text);
    assert!(
        told.lines("hook")[0].ends_with(": paused."),
        "{}",
        told.text
    );
    assert!(!told.text.contains("earlier drains"), "{}", told.text);
    assert_eq!(told.text.matches("PAUSED").count(), 1, "{}", told.text);
    let advice = told.lines("do");
    assert_eq!(
        advice,
        ["Resume the rollout: ecs-rollout resume ecs-cluster"],
        "{}",
        told.text
    );
}

#[test]
fn of_a_leaving_instance_in_a_pause_the_same_is_reported() {
    let ended = Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "TerminateInstanceInAutoScalingGroup".to_owned(),
        input: json!({"InstanceId": "$INSTANCE", "ShouldDecrementDesiredCapacity": false}),
    });
    let before = [Action::Deploy, pause(), ended, Action::Advance(300)];
    let leaving = |world: &SimulationHost| in_state(world, "Terminating:Wait").expect("one leaves");
    let told = explained(&before, leaving, None);
    assert!(
        told.lines("hook")[0].ends_with(": paused."),
        "{}",
        told.text
    );
    assert_eq!(
        told.lines("do"),
        ["Resume the rollout: ecs-rollout resume ecs-cluster"]
    );
}

#[test]
fn an_instance_that_was_detached_is_found_in_its_cluster_with_what_works() {
    let detach = Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "DetachInstances".to_owned(),
        input: json!({"AutoScalingGroupName": CLUSTER, "InstanceIds": ["$INSTANCE"], "ShouldDecrementDesiredCapacity": false}),
    });
    let before = [Action::Deploy, detach, Action::Advance(300)];
    let detached = |world: &SimulationHost| {
        let own = group(world)["Instances"].to_string();
        let listed = call(
            world,
            "ecs",
            "ListContainerInstances",
            json!({"cluster": CLUSTER}),
        );
        let input =
            json!({"cluster": CLUSTER, "containerInstances": listed["containerInstanceArns"]});
        let all = call(world, "ecs", "DescribeContainerInstances", input);
        let all = all["containerInstances"].as_array().expect("instances");
        let ids = all.iter().filter_map(|one| one["ec2InstanceId"].as_str());
        let mut others = ids.filter(|id| !own.contains(id));
        others.next().expect("one was detached").to_owned()
    };
    for cluster in [None, Some(CLUSTER)] {
        let told = explained(&before, detached, cluster);
        assert!(!told.well);
        assert!(
            told.lines("where")[0].contains(
                "in no Auto Scaling group, and still registered in cluster DevCluster, ACTIVE"
            ),
            "{}",
            told.text
        );
        assert!(!told.lines("task").is_empty(), "{}", told.text);
        let advice = told.lines("do").join("\n");
        let drain = "aws ecs update-container-instances-state --cluster DevCluster --container-instances arn:";
        assert!(advice.contains(drain), "{advice}");
        let end = format!("aws ec2 terminate-instances --instance-ids {}", told.id);
        assert!(advice.contains(&end), "{advice}");
    }
}

#[test]
fn an_instance_that_ecs_does_not_show_either_is_an_error_that_names_where_was_looked() {
    let looked = play_and_look(&settings(), &[Action::Deploy], &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let gone = "i-00000000000000000";
        let searched = look(&aws, gone, None).await.expect_err("it is nowhere");
        let named = look(&aws, gone, Some(CLUSTER))
            .await
            .expect_err("it is nowhere");
        let nowhere = look(&aws, gone, Some("Nope"))
            .await
            .expect_err("no cluster");
        [searched, named, nowhere]
    });
    let (failures, _) = looked.expect("it can be played");
    for failure in &failures {
        assert_eq!(failure.exit, Exit::Input, "{failure}");
    }
    let [searched, named, nowhere] = failures.map(|failure| failure.to_string());
    assert!(searched.contains("--cluster"), "{searched}");
    assert!(
        named.contains("not registered in cluster DevCluster"),
        "{named}"
    );
    assert!(nowhere.contains("Nope"), "{nowhere}");
}

#[test]
fn a_cluster_that_is_not_the_group_s_is_an_error_that_names_it() {
    let looked = play_and_look(&settings(), &[Action::Deploy], &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        let instance = in_state(world, "InService").expect("one serves");
        call(
            world,
            "ecs",
            "CreateCluster",
            json!({"clusterName": "other"}),
        );
        let own = look(&aws, &instance, Some(CLUSTER)).await;
        own.expect("the cluster of its group");
        let mut failures = Vec::new();
        for named in ["Nope", "other"] {
            let failure = look(&aws, &instance, Some(named)).await;
            failures.push(failure.expect_err("another cluster"));
        }
        failures
    });
    let (failures, _) = looked.expect("it can be played");
    for (failure, named) in failures
        .iter()
        .zip(["there is no cluster Nope", "not to other"])
    {
        assert_eq!(failure.exit, Exit::Input, "{failure}");
        assert!(failure.to_string().contains(named), "{failure}");
    }
}

#[test]
fn an_instance_without_an_execution_is_well_until_the_reconciler_should_have_started_one() {
    let mut settings = settings();
    settings.faults = vec![Fault::TerminateEventsLost];
    let ended = Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "TerminateInstanceInAutoScalingGroup".to_owned(),
        input: json!({"InstanceId": "$INSTANCE", "ShouldDecrementDesiredCapacity": false}),
    });
    let before = [
        Action::Deploy,
        Action::StartFaults,
        ended,
        Action::Advance(60),
    ];
    let looked = play_and_look(&settings, &before, &[], async |world| {
        let id = in_state(world, "Terminating:Wait").expect("one leaves");
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        look(&aws, &id, None).await
    });
    let (found, _) = looked.expect("it can be played");
    let About::InGroup(mut explanation) = found.expect("it is explained") else {
        panic!("it is in its group");
    };
    assert!(matches!(explanation.life, InstanceState::Alone(None)));
    let opened = explanation.opened.expect("its activity is open");
    for (seconds, is_well) in [(0, true), (129, true), (539, true), (540, false)] {
        explanation.now = opened + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(explanation.is_well(), is_well, "{seconds}");
        assert_eq!(explanation.json()["well"], is_well, "{seconds}");
        let text = explanation.to_string();
        let says = if is_well {
            "no execution is running for it yet."
        } else {
            "the reconciler should have started an execution by now"
        };
        assert!(text.contains(says), "{text}");
    }
    // A stack of an earlier template has no reconciler: then an event is lost that has not come.
    explanation.stack = Stack::with_parameters("ecs-cluster", []);
    for (seconds, is_well) in [(129, true), (180, false)] {
        explanation.now = opened + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(explanation.is_well(), is_well, "{seconds}");
    }
    explanation.opened = None;
    assert!(!explanation.is_well());
}
