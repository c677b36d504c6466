//! The cluster: its instances, its services, and the tasks that no service replaces.

mod service;

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self, Resource};
use jiff::Timestamp;
use workers::Error;

use super::services::refused;
use super::{Aws, time};

pub use service::{Compute, ServiceSettings, Services};

/// DescribeContainerInstances and DescribeTasks take this many at once (documented).
const DESCRIBED_AT_ONCE: usize = 100;

/// DescribeServices takes only this many (documented).
const SERVICES_DESCRIBED_AT_ONCE: usize = 10;

/// The attribute in which the agent reports the instance's AMI.
const AMI_ATTRIBUTE: &str = "ecs.ami-id";

/// An EC2 instance as a member of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    /// The EC2 instance.
    pub id: String,
    /// Its registration.
    pub arn: String,
    /// `ACTIVE`, `DRAINING`, and so on.
    pub status: String,
    /// Whether its agent is connected right now.
    pub agent_connected: bool,
    /// When it registered.
    pub since: Option<Timestamp>,
    /// Attributes: those of ECS, such as `ecs.ami-id`, and those that somebody set.
    pub attributes: BTreeMap<String, String>,
    /// CPU units that it has.
    pub cpu: i64,
    /// MiB that it has.
    pub memory: i64,
    /// Tasks that run on it.
    pub tasks: i32,
    /// The capacity provider that it belongs to, if it belongs to one.
    pub provider: Option<String>,
}

/// A task that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedTask {
    /// Its ARN.
    pub arn: String,
    /// `service:NAME`, or a family or free name.
    pub group: String,
    /// The registration that it runs on.
    pub on: String,
    /// Its task definition.
    pub definition: String,
    /// When it started.
    pub since: Option<Timestamp>,
}

impl Machine {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn of(told: &types::ContainerInstance) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let attributes = told.attributes().iter().map(|one| {
            let value = one.value().unwrap_or_default().to_owned();
            (one.name().to_owned(), value)
        });
        let number = |name: &str| {
            let mut all = told.registered_resources().iter();
            let found = all.find(|one: &&Resource| one.name() == Some(name));
            found.map_or(0, |one| i64::from(one.integer_value()))
        };
        Self {
            id: text(told.ec2_instance_id()),
            arn: text(told.container_instance_arn()),
            status: text(told.status()),
            agent_connected: told.agent_connected(),
            since: time(told.registered_at()),
            attributes: attributes.collect(),
            cpu: number("CPU"),
            memory: number("MEMORY"),
            tasks: told.running_tasks_count(),
            provider: told.capacity_provider_name().map(str::to_owned),
        }
    }
}

impl Aws {
    /// The ARN under which an instance is registered in the cluster, if it is.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn registration(
        &self,
        cluster: &str,
        instance: &str,
    ) -> Result<Option<String>, Error> {
        let call = "ecs:ListContainerInstances";
        let sent = self
            .ecs
            .list_container_instances()
            .cluster(cluster)
            .filter(format!("ec2InstanceId == {instance}"))
            .send();
        let answer = sent.await.map_err(|error| refused(call, cluster, error))?;
        Ok(answer.container_instance_arns().first().cloned())
    }

    /// The AMI of a registered instance, which its agent reports
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html>).
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn ami(&self, cluster: &str, arn: &str) -> Result<Option<String>, Error> {
        let call = "ecs:DescribeContainerInstances";
        let sent = self
            .ecs
            .describe_container_instances()
            .cluster(cluster)
            .container_instances(arn)
            .send();
        let answer = sent.await.map_err(|error| refused(call, cluster, error))?;
        let machine = answer.container_instances().first().map(Machine::of);
        Ok(machine.and_then(|machine| machine.attribute(AMI_ATTRIBUTE).map(str::to_owned)))
    }

    /// The instances that are registered in the cluster.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn machines(&self, cluster: &str) -> Result<Vec<Machine>, Error> {
        let list = "ecs:ListContainerInstances";
        let pages = self.ecs.list_container_instances().cluster(cluster);
        let listed = pages.into_paginator().items().send();
        let arns = listed.collect::<Result<Vec<String>, _>>().await;
        let arns = arns.map_err(|error| Error::from_sdk(list, error))?;
        let call = "ecs:DescribeContainerInstances";
        let mut machines = Vec::new();
        for some in arns.chunks(DESCRIBED_AT_ONCE) {
            let sent = self
                .ecs
                .describe_container_instances()
                .cluster(cluster)
                .set_container_instances(Some(some.to_vec()))
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            machines.extend(answer.container_instances().iter().map(Machine::of));
        }
        Ok(machines)
    }

    /// The services of the cluster that are ACTIVE, and those that are DRAINING.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn all_services(&self, cluster: &str) -> Result<Services, Error> {
        let list = "ecs:ListServices";
        let pages = self.ecs.list_services().cluster(cluster);
        let listed = pages.into_paginator().items().send();
        let arns = listed.collect::<Result<Vec<String>, _>>().await;
        let arns = arns.map_err(|error| Error::from_sdk(list, error))?;
        let call = "ecs:DescribeServices";
        let mut services = Services::default();
        for some in arns.chunks(SERVICES_DESCRIBED_AT_ONCE) {
            let sent = self
                .ecs
                .describe_services()
                .cluster(cluster)
                .set_services(Some(some.to_vec()))
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            for one in answer.services() {
                let settings = ServiceSettings::of(one);
                match one.status() {
                    Some("ACTIVE") => services.active.push(settings),
                    Some("DRAINING") => services.draining.push(settings.name),
                    _ => {}
                }
            }
        }
        services.active.sort_by(|a, b| a.name.cmp(&b.name));
        services.draining.sort();
        Ok(services)
    }

    /// The tasks of the cluster that ECS wants to run on instances.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn started_tasks(&self, cluster: &str) -> Result<Vec<StartedTask>, Error> {
        let list = "ecs:ListTasks";
        let pages = self.ecs.list_tasks().cluster(cluster);
        let listed = pages.into_paginator().items().send();
        let arns = listed.collect::<Result<Vec<String>, _>>().await;
        let arns = arns.map_err(|error| Error::from_sdk(list, error))?;
        let call = "ecs:DescribeTasks";
        let mut tasks = Vec::new();
        for some in arns.chunks(DESCRIBED_AT_ONCE) {
            let sent = self
                .ecs
                .describe_tasks()
                .cluster(cluster)
                .set_tasks(Some(some.to_vec()))
                .send();
            let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
            tasks.extend(answer.tasks().iter().filter_map(|one| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                Some(StartedTask {
                    arn: text(one.task_arn()),
                    group: text(one.group()),
                    on: one.container_instance_arn()?.to_owned(),
                    definition: text(one.task_definition_arn()),
                    since: time(one.started_at()),
                })
            }));
        }
        Ok(tasks)
    }
}
