//! What only hard cases ask of ECS: who else drains, protected tasks, instances that are kept or in the warm pool, machines that are gone,
//! daemons.

use aws_sdk_ecs::types::{
    self, Attribute, ContainerInstanceStatus as SdkStatus, DesiredStatus, SchedulingStrategy,
    TargetType,
};
use jiff::Timestamp;

use super::translation::{
    container_instance, only_failures_like, protection, termination_requested_at,
};
use super::{DESCRIBED_AT_ONCE, Ecs, TERMINATE, refused, texts};
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus as Status, Task, current};
use crate::model::{
    ClusterName, ContainerInstanceArn, InstanceId, ProtectedTask, ServiceName, TaskArn,
};

/// The attribute of a container instance that is kept; its value says for what. DrainDeadlinePolicy keeps instances without
/// it: those are failed drains.
const KEPT_FOR: &str = "ecs-rollout.kept-for";

/// ListServices takes this many, by the ECS API; ten if it is not said.
const SERVICES_LISTED_AT_ONCE: i32 = 100;

/// So many ids are named in one filter: some 1,200 characters. Its limit is not documented.
const FILTERED_AT_ONCE: usize = 50;

impl Ecs {
    /// Tells a task to stop. It may be told again.
    pub async fn stop_task(
        &self,
        cluster: &ClusterName,
        task: &TaskArn,
        reason: &str,
    ) -> Result<(), Error> {
        if self.looks_only {
            return Ok(());
        }
        self.client
            .stop_task()
            .cluster(cluster.as_str())
            .task(task.as_str())
            .reason(reason)
            .send()
            .await
            .map_err(|error| refused("ecs:StopTask", cluster, error))?;
        Ok(())
    }

    /// Those of `instances` that are DRAINING, by their current registrations. If none has a registration that is
    /// DRAINING, which is the rule, that takes one call for each 50.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`, `BadAnswer`.
    pub async fn draining_among(
        &self,
        cluster: &ClusterName,
        instances: &[InstanceId],
    ) -> Result<Vec<InstanceId>, Error> {
        let mut found = Vec::new();
        for some in instances.chunks(FILTERED_AT_ONCE) {
            let filter = in_list(some);
            let draining = self.listed(cluster, Some(SdkStatus::Draining), filter.clone());
            if draining.await?.is_empty() {
                continue;
            }
            let arns = self.listed(cluster, None, filter).await?;
            let all = self.described_instances(cluster, &arns).await?;
            found.extend(draining_of(some, &all)?);
        }
        Ok(found)
    }

    /// Those of `instances` that have a registration which is ACTIVE or DRAINING.
    pub async fn members_among(
        &self,
        cluster: &ClusterName,
        instances: &[InstanceId],
    ) -> Result<Vec<InstanceId>, Error> {
        let mut members = Vec::new();
        for some in instances.chunks(FILTERED_AT_ONCE) {
            let arns = self.listed(cluster, None, in_list(some)).await?;
            let all = self.described_instances(cluster, &arns).await?;
            let is_member =
                |one: &ContainerInstance| matches!(one.status, Status::Active | Status::Draining);
            for instance in some {
                if registrations_of(instance, &all)?.iter().any(is_member) {
                    members.push(instance.clone());
                }
            }
        }
        Ok(members)
    }

    /// How many ACTIVE container instances of the cluster have no agent that is connected.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn active_without_agent(&self, cluster: &ClusterName) -> Result<usize, Error> {
        let filter = "agentConnected == false".to_owned();
        let arns = self
            .listed(cluster, Some(SdkStatus::Active), filter)
            .await?;
        Ok(arns.len())
    }

    /// Those of the last tasks to stop (one page of them) whose stop reason names `instance`: what was on it when its
    /// machine went away. Documented: the reason then reads `Host EC2 (instance i-…) terminated.`, or `stopped.`.
    pub async fn lost_with(
        &self,
        cluster: &ClusterName,
        instance: &InstanceId,
    ) -> Result<Vec<Task>, Error> {
        let listed = self
            .client
            .list_tasks()
            .cluster(cluster.as_str())
            .desired_status(DesiredStatus::Stopped)
            .send()
            .await
            .map_err(|error| refused("ecs:ListTasks", cluster, error))?;
        let mut tasks = self.described(cluster, listed.task_arns()).await?;
        let host = format!("Host EC2 (instance {instance})");
        tasks.retain(|task| {
            let reason = task.stopped_reason.as_deref();
            reason.is_some_and(|reason| reason.starts_with(&host))
        });
        Ok(tasks)
    }

    /// Those of the tasks (of services: no others can be) that are protected from scale-in.
    pub async fn protected(
        &self,
        cluster: &ClusterName,
        tasks: &[TaskArn],
    ) -> Result<Vec<ProtectedTask>, Error> {
        let call = "ecs:GetTaskProtection";
        let mut protected = Vec::new();
        for some in tasks.chunks(DESCRIBED_AT_ONCE) {
            let arns = some.iter().map(TaskArn::to_string).collect();
            let answer = self
                .client
                .get_task_protection()
                .cluster(cluster.as_str())
                .set_tasks(Some(arns))
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
            only_failures_like(&["MISSING", "TASK_NOT_VALID"], call, answer.failures())?;
            for one in answer.protected_tasks() {
                protected.extend(protection(call, one)?);
            }
        }
        Ok(protected)
    }

    /// Marks container instances as kept for `what`. They may be marked again.
    pub async fn keep_for(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
        what: &str,
    ) -> Result<(), Error> {
        self.put_attribute(cluster, arns, KEPT_FOR, what).await
    }

    /// Gives container instances an attribute, in place of one of the same name.
    pub(super) async fn put_attribute(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
        name: &str,
        value: &str,
    ) -> Result<(), Error> {
        let call = "ecs:PutAttributes";
        for arn in arns.iter().filter(|_| !self.looks_only) {
            let attribute = Attribute::builder()
                .name(name)
                .value(value)
                .target_type(TargetType::ContainerInstance)
                .target_id(arn.as_str())
                .build()
                .map_err(|error| Error::bad_answer(call, error.to_string()))?;
            self.client
                .put_attributes()
                .cluster(cluster.as_str())
                .attributes(attribute)
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
        }
        Ok(())
    }

    /// The EC2 instances of the cluster that are marked as kept.
    pub async fn kept(&self, cluster: &ClusterName) -> Result<Vec<InstanceId>, Error> {
        let marked = self.with_attribute(cluster, KEPT_FOR).await?;
        let ids = marked.iter().filter_map(|one| one.ec2_instance_id());
        Ok(ids.map(InstanceId::new).collect())
    }

    /// The EC2 instances of the cluster whose end you asked for, and when.
    pub async fn to_be_ended(
        &self,
        cluster: &ClusterName,
    ) -> Result<Vec<(InstanceId, Timestamp)>, Error> {
        let marked = self.with_attribute(cluster, TERMINATE).await?;
        let requests = marked.iter().filter_map(|one| {
            let instance = one.ec2_instance_id().map(InstanceId::new);
            instance.zip(termination_requested_at(one))
        });
        Ok(requests.collect())
    }

    /// Whether any container instance of the cluster that is ACTIVE has the attribute `name`.
    ///
    /// # Errors
    /// As [`Error::from_sdk`], `ClusterNotFound`.
    pub async fn is_on_active(&self, cluster: &ClusterName, name: &str) -> Result<bool, Error> {
        let filter = format!("attribute:{name} exists");
        let arns = self.listed(cluster, Some(SdkStatus::Active), filter);
        Ok(!arns.await?.is_empty())
    }

    /// The container instances of the cluster that have the attribute `name`.
    async fn with_attribute(
        &self,
        cluster: &ClusterName,
        name: &str,
    ) -> Result<Vec<types::ContainerInstance>, Error> {
        let arns = self.listed(cluster, None, format!("attribute:{name} exists"));
        let arns = arns.await?;
        self.described_instances(cluster, &arns).await
    }

    /// The container instances with these ARNs, as ECS describes them.
    async fn described_instances(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
    ) -> Result<Vec<types::ContainerInstance>, Error> {
        let call = "ecs:DescribeContainerInstances";
        let mut found = Vec::new();
        for some in arns.chunks(DESCRIBED_AT_ONCE) {
            let answer = self
                .client
                .describe_container_instances()
                .cluster(cluster.as_str())
                .set_container_instances(texts(some))
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
            only_failures_like(&["MISSING"], call, answer.failures())?;
            found.extend(answer.container_instances.into_iter().flatten());
        }
        Ok(found)
    }

    /// The DAEMON services of the cluster.
    pub async fn daemons(&self, cluster: &ClusterName) -> Result<Vec<ServiceName>, Error> {
        let arns = self
            .client
            .list_services()
            .cluster(cluster.as_str())
            .scheduling_strategy(SchedulingStrategy::Daemon)
            .max_results(SERVICES_LISTED_AT_ONCE)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<String>, _>>()
            .await
            .map_err(|error| refused("ecs:ListServices", cluster, error))?;
        let name = |arn: &String| arn.rsplit('/').next().map(ServiceName::new);
        Ok(arns.iter().filter_map(name).collect())
    }

    /// The tasks that are to run on a container instance.
    pub async fn tasks_wanted_on(
        &self,
        cluster: &ClusterName,
        container_instance: &ContainerInstanceArn,
    ) -> Result<Vec<Task>, Error> {
        let arns = self.listed_on(cluster, container_instance, DesiredStatus::Running);
        self.described(cluster, &arns.await?).await
    }
}

/// Those of `instances` whose current registration among `all` is DRAINING.
fn draining_of(
    instances: &[InstanceId],
    all: &[types::ContainerInstance],
) -> Result<Vec<InstanceId>, Error> {
    let mut draining = Vec::new();
    for instance in instances {
        let own = registrations_of(instance, all)?;
        if current(&own).any(|one| one.status == Status::Draining) {
            draining.push(instance.clone());
        }
    }
    Ok(draining)
}

/// The registrations of one instance, of those of several.
fn registrations_of(
    instance: &InstanceId,
    all: &[types::ContainerInstance],
) -> Result<Vec<ContainerInstance>, Error> {
    let call = "ecs:DescribeContainerInstances";
    let mut own = Vec::new();
    for one in all {
        if one.ec2_instance_id() == Some(instance.as_str()) {
            own.push(container_instance(call, one)?);
        }
    }
    Ok(own)
}

/// A filter of container instances, in ECS's cluster query language
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html>).
fn in_list(instances: &[InstanceId]) -> String {
    let ids: Vec<String> = instances.iter().map(|id| format!("'{id}'")).collect();
    format!("ec2InstanceId in [{}]", ids.join(", "))
}
