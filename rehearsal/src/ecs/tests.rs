//! Clusters as a whole: instances join, services spread, drain and come to rest.

mod chance;
mod drains;
mod limits;
mod stops;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{TargetGroup, instance_started};
use crate::account::{Account, Caller};
use crate::ec2;
use crate::fact::Fact;
use crate::wire::ApiError;

const START: &str = "2026-11-23T08:00:00Z";
const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef";

/// A cluster called `c`, and what a test does with it.
struct World {
    account: Account,
}

impl World {
    /// The cluster with `machines` instances, `i-0` and on, registered.
    fn with(machines: usize) -> Self {
        Self::seeded(machines, 7)
    }

    fn seeded(machines: usize, seed: u64) -> Self {
        let start: Timestamp = START.parse().expect("a constant");
        let mut world = Self {
            account: Account::new(start, seed),
        };
        world.does("CreateCluster", json!({"clusterName": "c"}));
        world
            .account
            .ecs
            .add_target_group(TARGET_GROUP, TargetGroup::default());
        for number in 0..machines {
            world.boots(number, "c");
        }
        world.pass(60);
        world
    }

    fn boots(&mut self, number: usize, cluster: &str) {
        let machine = ec2::Instance {
            id: format!("i-{number}"),
            ami: "ami-1".to_owned(),
            instance_type: "m7g.large".to_owned(),
            availability_zone: format!("eu-west-1{}", ["a", "b", "c"][number % 3]),
            subnet: "subnet-1".to_owned(),
            user_data: format!("#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"),
        };
        instance_started(&mut self.account, &machine);
    }

    fn tries(&mut self, action: &str, input: Value) -> Result<Value, ApiError> {
        self.account.call(&Caller::Operator, "ecs", action, &input)
    }

    fn does(&mut self, action: &str, mut input: Value) -> Value {
        if action != "CreateCluster" && !action.contains("TaskDefinition") {
            input["cluster"] = "c".into();
        }
        match self.tries(action, input.clone()) {
            Ok(answer) => answer,
            Err(error) => panic!("{action} {input}: {error}"),
        }
    }

    fn refuses(&mut self, action: &str, mut input: Value) -> String {
        input["cluster"] = "c".into();
        self.tries(action, input).expect_err(action).to_string()
    }

    /// Lets `seconds` go by.
    fn pass(&mut self, seconds: u64) {
        self.account
            .advance(self.account.now + Duration::from_secs(seconds));
    }

    /// Registers a task definition of one container.
    fn defines(&mut self, family: &str, container: Value) {
        let mut whole = json!({"name": "main", "image": "app", "cpu": 128, "memory": 256});
        for (member, value) in container.as_object().expect("a container is an object") {
            whole[member] = value.clone();
        }
        self.does(
            "RegisterTaskDefinition",
            json!({"family": family, "containerDefinitions": [whole]}),
        );
    }

    /// Creates a REPLICA service of a simple container, and lets it come to rest.
    fn serves(&mut self, name: &str, desired: u64, (minimum, maximum): (u64, u64)) {
        self.defines(name, json!({}));
        self.does("CreateService", json!({"serviceName": name, "taskDefinition": name, "desiredCount": desired,
            "deploymentConfiguration": {"minimumHealthyPercent": minimum, "maximumPercent": maximum}}));
        self.pass(120);
    }

    fn instance_arn(&mut self, ec2: &str) -> String {
        let filter = format!("ec2InstanceId == {ec2}");
        let answer = self.does("ListContainerInstances", json!({"filter": filter}));
        answer["containerInstanceArns"][0]
            .as_str()
            .expect(ec2)
            .to_owned()
    }

    fn drains(&mut self, ec2: &str) {
        let arn = self.instance_arn(ec2);
        self.does(
            "UpdateContainerInstancesState",
            json!({"containerInstances": [arn], "status": "DRAINING"}),
        );
    }

    /// The first member of the answer of a describe call about one thing.
    fn service(&mut self, name: &str) -> Value {
        self.does("DescribeServices", json!({"services": [name]}))["services"][0].clone()
    }

    fn instance(&mut self, ec2: &str) -> Value {
        let arn = self.instance_arn(ec2);
        self.does(
            "DescribeContainerInstances",
            json!({"containerInstances": [arn]}),
        )["containerInstances"][0]
            .clone()
    }

    /// The tasks of a group on an instance that are not STOPPED, by their lastStatus.
    fn on(&self, ec2: &str, group: &str) -> Vec<&'static str> {
        let tasks = self.account.ecs.tasks().into_iter();
        tasks
            .filter(|task| task.instance == ec2 && task.group == group)
            .map(|task| task.last_status)
            .collect()
    }

    fn healthy(&self, service: &str) -> u64 {
        let services = self.account.ecs.services();
        services
            .iter()
            .find(|known| known.name == service)
            .map_or(0, |service| service.healthy)
    }

    /// Lets time go by, second after second, until nothing is left on an instance; returns how long that took, and
    /// the fewest tasks of the service that were healthy meanwhile.
    fn until_empty(&mut self, ec2: &str, service: &str, at_most: u64) -> (Option<u64>, u64) {
        let mut fewest = u64::MAX;
        for second in 0..at_most {
            fewest = fewest.min(self.healthy(service));
            if !self
                .account
                .ecs
                .tasks()
                .iter()
                .any(|task| task.instance == ec2)
            {
                return (Some(second), fewest);
            }
            self.pass(1);
        }
        (None, fewest)
    }

    /// The states that a task of a group entered on an instance, with the seconds from its first.
    fn story(&self, group: &str) -> Vec<(u64, String)> {
        let entered = self
            .account
            .facts
            .iter()
            .filter_map(|told| match &told.fact {
                Fact::Task {
                    group: known,
                    last_status,
                    ..
                } if known == group => Some((told.at, last_status.clone())),
                _ => None,
            });
        let entered: Vec<(Timestamp, String)> = entered.collect();
        let first = entered.first().map(|(at, _)| *at);
        let since =
            |at: Timestamp| first.map_or(0, |first| at.duration_since(first).as_secs() as u64);
        entered
            .iter()
            .map(|(at, status)| (since(*at), status.clone()))
            .collect()
    }
}

#[test]
fn an_agent_registers_after_the_boot_and_only_where_it_may() {
    let mut world = World::with(0);
    world.boots(0, "c");
    world.boots(1, "elsewhere");
    world.account.faults.never_joins = Some("ami-1".to_owned());
    world.boots(2, "c");
    world.pass(29);
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"],
        json!([])
    );
    world.pass(16);
    let instance = world.instance("i-0");
    assert_eq!(instance["status"], "ACTIVE");
    assert_eq!(instance["agentConnected"], true);
    assert_eq!(instance["remainingResources"][1]["integerValue"], 7680);
    world.pass(3600);
    assert_eq!(
        world.does("ListContainerInstances", json!({}))["containerInstanceArns"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    world
        .tries("CreateCluster", json!({"clusterName": "elsewhere"}))
        .expect("CreateCluster");
    world.pass(60);
    let listed = world
        .tries("ListContainerInstances", json!({"cluster": "elsewhere"}))
        .expect("ListContainerInstances");
    assert_eq!(
        listed["containerInstanceArns"].as_array().map(Vec::len),
        Some(1),
        "its agent tries again"
    );
}

#[test]
fn a_service_spreads_over_zones_and_says_so() {
    let mut world = World::with(3);
    world.serves("web", 6, (100, 200));
    for ec2 in ["i-0", "i-1", "i-2"] {
        assert_eq!(
            world.on(ec2, "service:web"),
            ["RUNNING", "RUNNING"],
            "{ec2}"
        );
    }
    let service = world.service("web");
    assert_eq!(
        (&service["runningCount"], &service["pendingCount"]),
        (&json!(6), &json!(0))
    );
    assert_eq!(
        service["events"][0]["message"],
        "(service web) has reached a steady state."
    );
    assert!(world.account.ecs.settled());
    world.pass(2 * 6 * 3600);
    let events = world.service("web")["events"].clone();
    let steady = events
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["message"] == "(service web) has reached a steady state.");
    assert_eq!(steady.count(), 3, "it says so again every six hours");
}

#[test]
fn a_task_counts_as_healthy_forty_seconds_after_it_runs() {
    let mut world = World::with(1);
    world.defines("web", json!({}));
    world.does(
        "CreateService",
        json!({"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}),
    );
    while world.on("i-0", "service:web") != ["RUNNING"] {
        world.pass(1);
    }
    world.pass(38);
    assert_eq!(world.healthy("web"), 0);
    world.pass(2);
    assert_eq!(world.healthy("web"), 1);
}

#[test]
fn a_new_task_definition_is_rolled_out() {
    let mut world = World::with(2);
    world.serves("web", 4, (100, 200));
    world.defines("web", json!({"image": "app:2"}));
    world.does(
        "UpdateService",
        json!({"service": "web", "taskDefinition": "web"}),
    );
    let service = world.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(2));
    assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
    world.pass(300);
    let service = world.service("web");
    assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
    assert!(
        service["deployments"][0]["taskDefinition"]
            .as_str()
            .is_some_and(|arn| arn.ends_with("web:2"))
    );
    world.does(
        "UpdateService",
        json!({"service": "web", "desiredCount": 1}),
    );
    world.pass(60);
    assert_eq!(world.service("web")["runningCount"], 1);
    world.does("DeleteService", json!({"service": "web", "force": true}));
    world.pass(60);
    assert_eq!(world.service("web")["status"], "INACTIVE");
}

#[test]
fn the_same_seed_gives_the_same_story() {
    let story = |seed| {
        let mut world = World::seeded(3, seed);
        world.serves("web", 6, (50, 200));
        world.drains("i-0");
        world.pass(600);
        format!("{:?}", world.account.facts)
    };
    assert_eq!(story(1), story(1));
    assert_ne!(story(1), story(2));
}
