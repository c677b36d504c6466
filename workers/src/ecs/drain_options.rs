//! What only hard cases ask of ECS: who else drains, protected tasks, instances that are kept or in
//! the warm pool, machines that are gone, daemons.

use aws_sdk_ecs::types::{
    self, Attribute, ContainerInstanceStatus as SdkStatus, DesiredStatus, SchedulingStrategy,
    TargetType,
};
use jiff::Timestamp;

use super::translation::{only_failures_like, protection, termination_requested_at};
use super::{DESCRIBED_AT_ONCE, Ecs, TERMINATE, refused, texts};
use crate::error::Error;
use crate::model::cluster::Task;
use crate::model::{
    ClusterName, ContainerInstanceArn, InstanceId, ProtectedTask, ServiceName, TaskArn,
};

/// The attribute of a container instance that is kept; its value says for what. DrainDeadlinePolicy
/// keeps instances without it: those are failed drains.
const KEPT_FOR: &str = "ecs-rollout.kept-for";

/// ListServices takes this many, by the ECS API; ten if it is not said.
const SERVICES_LISTED_AT_ONCE: i32 = 100;

impl Ecs {
    /// Tells a task to stop. It may be told again.
    pub async fn stop_task(
        &self,
        cluster: &ClusterName,
        task: &TaskArn,
        reason: &str,
    ) -> Result<(), Error> {
        if self.dry_run {
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

    /// Those of the last tasks to stop (one page of them) whose stop reason names `instance`: what
    /// was on it when its machine went away. The reason then reads `Host EC2 (instance i-…)
    /// terminated.`, or `stopped.`
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html>).
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
        for arn in arns.iter().filter(|_| !self.dry_run) {
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
    pub(super) async fn described_instances(
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
