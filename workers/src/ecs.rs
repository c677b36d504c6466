//! What we ask of ECS, in our words, returning our types. The only file, with its parts, that names
//! its SDK.
//!
//! Every list is read to its last page. Answers carry a `failures` list beside HTTP 200: what it
//! calls MISSING is not there, which is a plain answer; any other reason is an error.

#[cfg(test)]
mod calls;
mod drain_options;
mod end;
mod several;
mod translation;

use aws_config::SdkConfig;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_ecs::types::{ContainerInstanceStatus as SdkStatus, DesiredStatus};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::clock::Clock;
use crate::error::{Error, Refusal};
use crate::model::cluster::{ContainerInstance, Service, Task};
use crate::model::{ClusterName, ContainerInstanceArn, InstanceId, ServiceName, TaskArn};
use translation::{container_instance, only_failures_like, service, task};

/// DescribeContainerInstances and DescribeTasks take this many at once, by the ECS API.
const DESCRIBED_AT_ONCE: usize = 100;

/// DescribeServices takes only this many, by the ECS API.
const SERVICES_DESCRIBED_AT_ONCE: usize = 10;

/// UpdateContainerInstancesState takes this many, by the ECS API.
const UPDATED_AT_ONCE: usize = 10;

/// The attribute of a container instance whose end you asked for with `ecs-rollout terminate`; its
/// value is the time of the request.
pub const TERMINATE: &str = "ecs-rollout.terminate";

/// ECS. Each of its calls fails as [`Error::from_sdk`] says, with `ClusterNotFound`, or with
/// `BadAnswer` if an item of the answer failed or cannot be understood.
#[derive(Debug, Clone)]
pub struct Ecs {
    client: Client,
    /// Whether nothing is to be changed: what would be is supposed to be so.
    dry_run: bool,
}

impl Ecs {
    /// A client with the settings of `config`, whose answers set `clock`.
    pub fn new(config: &SdkConfig, clock: &Clock) -> Self {
        // One worker makes a handful of calls, of a few attempts each. The SDK's retry quota, made
        // for long-lived clients, would run out in an hour of throttling and leave a single attempt
        // to every call from then on.
        let patient = RetryPartition::custom("worker").token_bucket(TokenBucket::unlimited());
        let config = aws_sdk_ecs::config::Builder::from(config)
            .retry_partition(patient.build())
            .interceptor(clock.clone())
            .build();
        Self {
            client: Client::from_conf(config),
            dry_run: false,
        }
    }

    /// The same that changes nothing: a call that would is not made, and supposed to have done its
    /// work.
    pub fn dry_run(self) -> Self {
        Self {
            dry_run: true,
            ..self
        }
    }

    /// What `instance` is registered as in `cluster`. What ECS calls INACTIVE is not listed by it.
    pub async fn registrations(
        &self,
        cluster: &ClusterName,
        instance: &InstanceId,
    ) -> Result<Vec<ContainerInstance>, Error> {
        let filter = format!("ec2InstanceId == {instance}");
        let arns = self.listed(cluster, None, filter).await?;
        self.container_instances(cluster, &arns).await
    }

    /// The registrations with this status, or with any but INACTIVE, for which the filter holds.
    async fn listed(
        &self,
        cluster: &ClusterName,
        status: Option<SdkStatus>,
        filter: String,
    ) -> Result<Vec<ContainerInstanceArn>, Error> {
        let arns = self
            .client
            .list_container_instances()
            .cluster(cluster.as_str())
            .set_status(status)
            .filter(filter)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<String>, _>>()
            .await
            .map_err(|error| refused("ecs:ListContainerInstances", cluster, error))?;
        Ok(arns.into_iter().map(ContainerInstanceArn::new).collect())
    }

    /// The container instances with these ARNs, without those that ECS has forgotten.
    pub async fn container_instances(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
    ) -> Result<Vec<ContainerInstance>, Error> {
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
            for one in answer.container_instances() {
                found.push(container_instance(call, one)?);
            }
        }
        Ok(found)
    }

    /// Sets these to DRAINING, and tells how they stand after it; one that is gone is left out.
    pub async fn set_draining(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
    ) -> Result<Vec<ContainerInstance>, Error> {
        self.set_status(cluster, arns, SdkStatus::Draining).await
    }

    /// Sets these to ACTIVE, as [`Self::set_draining`].
    pub async fn set_active(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
    ) -> Result<Vec<ContainerInstance>, Error> {
        self.set_status(cluster, arns, SdkStatus::Active).await
    }

    async fn set_status(
        &self,
        cluster: &ClusterName,
        arns: &[ContainerInstanceArn],
        status: SdkStatus,
    ) -> Result<Vec<ContainerInstance>, Error> {
        let call = "ecs:UpdateContainerInstancesState";
        if self.dry_run {
            return self.container_instances(cluster, arns).await;
        }
        let mut updated = Vec::new();
        for some in arns.chunks(UPDATED_AT_ONCE) {
            let answer = self
                .client
                .update_container_instances_state()
                .cluster(cluster.as_str())
                .status(status.clone())
                .set_container_instances(texts(some))
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
            only_failures_like(&["MISSING", "INACTIVE"], call, answer.failures())?;
            for one in answer.container_instances() {
                updated.push(container_instance(call, one)?);
            }
        }
        Ok(updated)
    }

    /// Every task that is, or was a moment ago, on a container instance. Stopped ones are told for
    /// about an hour. Those that are `known` to be STOPPED are not described again: they stay so.
    pub async fn tasks_on(
        &self,
        cluster: &ClusterName,
        container_instance: &ContainerInstanceArn,
        known: &[Task],
    ) -> Result<Vec<Task>, Error> {
        let mut arns = Vec::new();
        // The order matters: a task that is told to stop between the two lists is then on both of
        // them, not on none.
        for wanted in [DesiredStatus::Running, DesiredStatus::Stopped] {
            arns.extend(self.listed_on(cluster, container_instance, wanted).await?);
        }
        arns.sort_unstable();
        arns.dedup();
        let over = known.iter().filter(|task| task.is_stopped());
        let over = over.filter(|task| arns.iter().any(|arn| arn == task.arn.as_str()));
        let mut tasks: Vec<Task> = over.cloned().collect();
        arns.retain(|arn| tasks.iter().all(|task| arn != task.arn.as_str()));
        tasks.extend(self.described(cluster, &arns).await?);
        Ok(tasks)
    }

    async fn listed_on(
        &self,
        cluster: &ClusterName,
        container_instance: &ContainerInstanceArn,
        wanted: DesiredStatus,
    ) -> Result<Vec<String>, Error> {
        self.client
            .list_tasks()
            .cluster(cluster.as_str())
            .container_instance(container_instance.as_str())
            .desired_status(wanted)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<String>, _>>()
            .await
            .map_err(|error| refused("ecs:ListTasks", cluster, error))
    }

    /// The tasks with these ARNs, without those that ECS has forgotten.
    pub async fn tasks(&self, cluster: &ClusterName, arns: &[TaskArn]) -> Result<Vec<Task>, Error> {
        let arns: Vec<String> = arns.iter().map(TaskArn::to_string).collect();
        self.described(cluster, &arns).await
    }

    async fn described(&self, cluster: &ClusterName, arns: &[String]) -> Result<Vec<Task>, Error> {
        let call = "ecs:DescribeTasks";
        let mut tasks = Vec::new();
        for some in arns.chunks(DESCRIBED_AT_ONCE) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(cluster.as_str())
                .set_tasks(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
            // Only tasks that stopped an hour ago are forgotten, so a missing one is not in the way
            // of a drain.
            only_failures_like(&["MISSING"], call, answer.failures())?;
            for one in answer.tasks() {
                tasks.push(task(call, one)?);
            }
        }
        Ok(tasks)
    }

    /// The services of these names. One that is not there any more is left out.
    pub async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<Vec<Service>, Error> {
        let names: Vec<String> = names.iter().map(ServiceName::to_string).collect();
        let call = "ecs:DescribeServices";
        let mut services = Vec::new();
        for some in names.chunks(SERVICES_DESCRIBED_AT_ONCE) {
            let answer = self
                .client
                .describe_services()
                .cluster(cluster.as_str())
                .set_services(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| refused(call, cluster, error))?;
            only_failures_like(&["MISSING"], call, answer.failures())?;
            for one in answer.services() {
                services.push(service(call, one)?);
            }
        }
        Ok(services)
    }
}

fn texts(arns: &[ContainerInstanceArn]) -> Option<Vec<String>> {
    Some(arns.iter().map(ContainerInstanceArn::to_string).collect())
}

fn refused(
    call: &'static str,
    cluster: &ClusterName,
    error: SdkError<impl Refusal, HttpResponse>,
) -> Error {
    if error.code() == Some("ClusterNotFoundException") {
        let cluster = cluster.clone();
        return Error::ClusterNotFound { call, cluster };
    }
    Error::from_sdk(call, error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::model::cluster::ContainerInstanceStatus;
    use crate::stub::{self, StubRequest};

    fn cluster() -> ClusterName {
        ClusterName::new("DevCluster")
    }

    fn ecs(answering: impl Fn(StubRequest) -> (u16, String) + Send + Sync + 'static) -> Ecs {
        Ecs::new(&stub::aws(answering), &Clock::default())
    }

    #[tokio::test]
    async fn an_instance_is_looked_up_by_its_id() {
        let ecs = ecs(|asked| match asked.action.as_str() {
            "ListContainerInstances" => {
                let filter = "ec2InstanceId == i-0123456789abcdef0";
                assert_eq!(
                    asked.json(),
                    json!({"cluster": "DevCluster", "filter": filter})
                );
                (
                    200,
                    json!({"containerInstanceArns": ["a", "b"]}).to_string(),
                )
            }
            _ => {
                assert_eq!(asked.json()["containerInstances"], json!(["a", "b"]));
                let a = json!({"containerInstanceArn": "a", "status": "ACTIVE", "agentConnected": true});
                let failures = json!([{"arn": "b", "reason": "MISSING"}]);
                let answer = json!({"containerInstances": [a], "failures": failures});
                (200, answer.to_string())
            }
        });
        let instance = InstanceId::new("i-0123456789abcdef0");
        let found = ecs.registrations(&cluster(), &instance).await;
        let a = ContainerInstance {
            arn: ContainerInstanceArn::new("a"),
            status: ContainerInstanceStatus::Active,
            agent_connected: true,
            termination_requested_at: None,
        };
        assert_eq!(found.expect("an answer"), [a]);
    }

    #[tokio::test]
    async fn both_lists_of_tasks_are_read_to_the_last_page() {
        let described = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&described);
        let ecs = ecs(move |asked| {
            let body = asked.json();
            if asked.action == "ListTasks" {
                assert_eq!(body["containerInstance"], "c");
                let which = body["desiredStatus"].as_str().expect("a status");
                let page = body["nextToken"].as_str().unwrap_or("0");
                // 60 on each page of RUNNING; STOPPED repeats one of them, which was stopped in
                // between.
                let answer = match (which, page) {
                    ("RUNNING", "0") => json!({"taskArns": arns(0..60), "nextToken": "1"}),
                    ("RUNNING", _) => json!({"taskArns": arns(60..120)}),
                    _ => json!({"taskArns": arns(119..121)}),
                };
                return (200, answer.to_string());
            }
            let asked_for = body["tasks"].as_array().expect("a list").clone();
            assert!(asked_for.len() <= 100);
            count.fetch_add(asked_for.len(), Ordering::Relaxed);
            let tasks: Vec<_> = asked_for
                .iter()
                .map(|arn| {
                    json!({"taskArn": arn, "lastStatus": "RUNNING", "desiredStatus": "RUNNING",
                           "group": "service:web", "startedAt": 1_795_392_000.5})
                })
                .collect();
            (200, json!({"tasks": tasks, "failures": []}).to_string())
        });
        let tasks = ecs
            .tasks_on(&cluster(), &ContainerInstanceArn::new("c"), &[])
            .await;
        let mut tasks = tasks.expect("an answer");
        assert_eq!((tasks.len(), described.load(Ordering::Relaxed)), (121, 121));
        let words = tasks[0].describe(stub::at(100));
        assert_eq!(words, "web (RUNNING 1m40s)");
        // Of three that are known, one has stopped, and one that has is on no list.
        tasks.truncate(3);
        tasks[1].last_status = "STOPPED".to_owned();
        tasks[2].last_status = "STOPPED".to_owned();
        tasks[2].arn = TaskArn::new("arn:task/t999");
        let again = ecs
            .tasks_on(&cluster(), &ContainerInstanceArn::new("c"), &tasks)
            .await
            .expect("an answer");
        let all = described.load(Ordering::Relaxed);
        assert_eq!((again.len(), all), (121, 121 + 120));
    }

    fn arns(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| format!("arn:task/t{n:03}")).collect()
    }

    #[tokio::test]
    async fn services_are_described_in_tens() {
        let ecs = ecs(|asked| {
            let asked_for = asked.json()["services"].as_array().expect("a list").clone();
            assert!(asked_for.len() <= 10);
            let services: Vec<_> = asked_for
                .iter()
                .map(|arn| {
                    json!({"serviceName": arn, "status": "ACTIVE", "deployments": [{}],
                           "runningCount": 2, "pendingCount": 1, "desiredCount": 3})
                })
                .collect();
            (200, json!({"services": services}).to_string())
        });
        let names: Vec<ServiceName> = (0..23).map(|n| ServiceName::new(format!("s{n}"))).collect();
        let services = ecs.services(&cluster(), &names).await.expect("an answer");
        assert_eq!(services.len(), 23);
        let counts = &services[0].counts;
        let numbers = (
            counts.deployments,
            counts.running,
            counts.pending,
            counts.desired,
        );
        assert_eq!(numbers, (1, 2, 1, 3));
    }

    #[tokio::test]
    async fn a_failure_that_is_not_plain_is_an_error_with_its_item() {
        let ecs = ecs(|asked| {
            assert_eq!(asked.json()["status"], "DRAINING");
            let failures = json!([{"arn": "a", "reason": "INVALID_STATE", "detail": "why"}]);
            (
                200,
                json!({"containerInstances": [], "failures": failures}).to_string(),
            )
        });
        let arns = [ContainerInstanceArn::new("a")];
        let error = ecs
            .set_draining(&cluster(), &arns)
            .await
            .expect_err("a failure");
        assert_eq!(error.name(), "BadAnswer");
        assert!(
            error
                .to_string()
                .contains("a failed with reason INVALID_STATE (why)")
        );
    }

    #[tokio::test]
    async fn refusals_have_their_names() {
        for (code, status, name) in [
            ("ThrottlingException", 400, "Throttled"),
            ("AccessDeniedException", 400, "AccessDenied"),
            ("ClusterNotFoundException", 400, "ClusterNotFound"),
            ("ServerException", 500, "Unavailable"),
            ("ClientException", 400, "BadAnswer"),
        ] {
            let text = json!({"__type": code, "message": "because"}).to_string();
            let ecs = ecs(move |_| (status, text.clone()));
            let error = ecs
                .services(&cluster(), &[ServiceName::new("web")])
                .await
                .expect_err("a refusal");
            assert_eq!(error.name(), name, "{}", error.chain());
        }
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_an_error() {
        let ecs = ecs(|_| (200, "<html>".to_owned()));
        let error = ecs
            .services(&cluster(), &[ServiceName::new("web")])
            .await
            .expect_err("no JSON");
        assert_eq!(error.name(), "BadAnswer", "{}", error.chain());
    }
}
