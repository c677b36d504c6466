//! A small cluster, and what a test does with it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{TargetGroup, instance_started};
use crate::account::{Account, Caller};
use crate::ec2;
use crate::ecs::ECS;
use crate::trace::TraceEvent;
use crate::wire::ApiError;

const START: &str = "2026-11-23T08:00:00Z";
pub(super) const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef";

/// A cluster called `c`, and what a test does with it.
pub(super) struct World {
    pub(super) account: Account,
}

impl World {
    /// The cluster with `machines` instances, `i-0` and on, registered.
    pub(super) fn with(machines: usize) -> Self {
        Self::seeded(machines, 7)
    }

    pub(super) fn seeded(machines: usize, seed: u64) -> Self {
        let start: Timestamp = START.parse().expect("a constant");
        let mut world = Self {
            account: crate::services::account(start, seed),
        };
        world.does("CreateCluster", json!({"clusterName": "c"}));
        world.account[ECS].add_target_group(TARGET_GROUP, TargetGroup::default());
        for number in 0..machines {
            world.boots(number, "c");
        }
        world.pass(60);
        world
    }

    pub(super) fn boots(&mut self, number: usize, cluster: &str) {
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

    pub(super) fn tries(&mut self, action: &str, input: Value) -> Result<Value, ApiError> {
        self.account.call(&Caller::Operator, "ecs", action, &input)
    }

    pub(super) fn does(&mut self, action: &str, mut input: Value) -> Value {
        name_cluster(action, &mut input);
        match self.tries(action, input.clone()) {
            Ok(answer) => answer,
            Err(error) => panic!("{action} {input}: {error}"),
        }
    }

    pub(super) fn refuses(&mut self, action: &str, mut input: Value) -> String {
        name_cluster(action, &mut input);
        self.tries(action, input).expect_err(action).to_string()
    }

    /// Lets `seconds` go by.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.account
            .advance(self.account.now + Duration::from_secs(seconds));
    }

    /// Registers a task definition of one container.
    pub(super) fn defines(&mut self, family: &str, container: Value) {
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
    pub(super) fn serves(&mut self, name: &str, desired: u64, minimum: u64, maximum: u64) {
        self.defines(name, json!({}));
        self.does("CreateService", json!({"serviceName": name, "taskDefinition": name, "desiredCount": desired,
            "deploymentConfiguration": {"minimumHealthyPercent": minimum, "maximumPercent": maximum}}));
        self.pass(120);
    }

    pub(super) fn instance_arn(&mut self, ec2: &str) -> String {
        let filter = format!("ec2InstanceId == {ec2}");
        let answer = self.does("ListContainerInstances", json!({"filter": filter}));
        answer["containerInstanceArns"][0]
            .as_str()
            .expect(ec2)
            .to_owned()
    }

    pub(super) fn drains(&mut self, ec2: &str) {
        let arn = self.instance_arn(ec2);
        self.does(
            "UpdateContainerInstancesState",
            json!({"containerInstances": [arn], "status": "DRAINING"}),
        );
    }

    /// The first member of the answer of a describe call about one thing.
    pub(super) fn service(&mut self, name: &str) -> Value {
        self.does("DescribeServices", json!({"services": [name]}))["services"][0].clone()
    }

    pub(super) fn instance(&mut self, ec2: &str) -> Value {
        let arn = self.instance_arn(ec2);
        self.does(
            "DescribeContainerInstances",
            json!({"containerInstances": [arn]}),
        )["containerInstances"][0]
            .clone()
    }

    /// The tasks of a group on an instance that are not STOPPED, by their lastStatus.
    pub(super) fn on(&self, ec2: &str, group: &str) -> Vec<&'static str> {
        let tasks = self.account[ECS].tasks().into_iter();
        tasks
            .filter(|task| task.instance == ec2 && task.group == group)
            .map(|task| task.last_status.name())
            .collect()
    }

    pub(super) fn healthy(&self, service: &str) -> u64 {
        let services = self.account[ECS].services();
        services
            .iter()
            .find(|known| known.name == service)
            .map_or(0, |service| service.healthy)
    }

    /// Lets time go by, second after second, until nothing is left on an instance; returns how long
    /// that took, and the fewest tasks of the service that were healthy meanwhile.
    pub(super) fn until_empty(
        &mut self,
        ec2: &str,
        service: &str,
        at_most: u64,
    ) -> (Option<u64>, u64) {
        let mut fewest = u64::MAX;
        for second in 0..at_most {
            fewest = fewest.min(self.healthy(service));
            if !self.account[ECS]
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
    pub(super) fn scenario(&self, group: &str) -> Vec<(u64, String)> {
        let entered = self
            .account
            .trace
            .iter()
            .filter_map(|record| match &record.event {
                TraceEvent::Task {
                    group: known,
                    last_status,
                    ..
                } if known == group => Some((record.at, last_status.to_string())),
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

/// Names the cluster in the input of a call that takes one.
fn name_cluster(action: &str, input: &mut Value) {
    if action != "CreateCluster" && !action.contains("TaskDefinition") {
        input["cluster"] = "c".into();
    }
}
