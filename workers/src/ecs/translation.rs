//! From the SDK's types to ours. What every item must have and does not is an error that names the
//! item.

use aws_sdk_ecs::types::{self, DeploymentRolloutState, Failure, SchedulingStrategy};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::error::Error;
use crate::model::cluster::{
    ContainerInstance, ContainerInstanceStatus, Service, ServiceCounts, ServiceEvent, ServiceTerms,
    Task,
};
use crate::model::{ContainerInstanceArn, ProtectedTask, ServiceName, TaskArn};

use super::TERMINATE;

/// Whether every failed item has one of the `plain` reasons; else the first that has not, as an
/// error.
pub fn only_failures_like(
    plain: &[&str],
    call: &'static str,
    failures: &[Failure],
) -> Result<(), Error> {
    for failure in failures {
        let arn = failure.arn().unwrap_or("an unnamed item");
        let reason = failure.reason().unwrap_or("no reason");
        if !plain.contains(&reason) {
            let detail = failure.detail().unwrap_or("no detail");
            let what = format!("{arn} failed with reason {reason} ({detail})");
            return Err(Error::bad_answer(call, what));
        }
    }
    Ok(())
}

/// A container instance in our words.
pub fn container_instance(
    call: &'static str,
    one: &types::ContainerInstance,
) -> Result<ContainerInstance, Error> {
    let arn = one.container_instance_arn().unwrap_or_default();
    let name = one.status().unwrap_or_default();
    let status = ContainerInstanceStatus::from_name(name).ok_or_else(|| {
        Error::bad_answer(
            call,
            format!("container instance {arn} with status '{name}'"),
        )
    })?;
    Ok(ContainerInstance {
        arn: ContainerInstanceArn::new(arn),
        status,
        agent_connected: one.agent_connected(),
        termination_requested_at: termination_requested_at(one),
    })
}

/// When you asked to end the instance. An attribute whose value is no time is none of ours.
pub fn termination_requested_at(one: &types::ContainerInstance) -> Option<Timestamp> {
    let mut attributes = one.attributes().iter();
    let mark = attributes.find(|attribute| attribute.name() == TERMINATE)?;
    mark.value()?.parse().ok()
}

/// A task in our words.
pub fn task(call: &'static str, one: &types::Task) -> Result<Task, Error> {
    let arn = one.task_arn().unwrap_or_default();
    let Some(last_status) = one.last_status() else {
        return Err(Error::bad_answer(
            call,
            format!("task {arn} without lastStatus"),
        ));
    };
    let wanted = one.desired_status() == Some("RUNNING");
    let since = if wanted {
        one.started_at().or(one.created_at())
    } else {
        one.stopping_at()
    };
    Ok(Task {
        arn: TaskArn::new(arn),
        group: one.group().unwrap_or("no group").to_owned(),
        last_status: last_status.to_owned(),
        wanted,
        since: since.and_then(time),
        stopped_reason: one.stopped_reason().map(str::to_owned),
    })
}

/// A service in our words.
pub fn service(call: &'static str, one: &types::Service) -> Result<Service, Error> {
    let Some(name) = one.service_name() else {
        return Err(Error::bad_answer(call, "a service without a name"));
    };
    Ok(Service {
        active: one.status() == Some("ACTIVE"),
        created: one.created_at().and_then(time),
        counts: ServiceCounts {
            service: ServiceName::new(name),
            deployments: i64::try_from(one.deployments().len()).unwrap_or(i64::MAX),
            running: one.running_count().into(),
            pending: one.pending_count().into(),
            desired: one.desired_count().into(),
        },
        terms: terms(one),
    })
}

fn terms(one: &types::Service) -> ServiceTerms {
    let is_daemon = one.scheduling_strategy() == Some(&SchedulingStrategy::Daemon);
    let percents = one.deployment_configuration();
    let minimum = percents.and_then(types::DeploymentConfiguration::minimum_healthy_percent);
    let maximum = percents.and_then(types::DeploymentConfiguration::maximum_percent);
    let default = ServiceTerms::default();
    let constraints = one.placement_constraints().iter();
    let events = one.events().iter();
    let mut deployments = one.deployments().iter();
    let newest = deployments.find(|one| one.status() == Some("PRIMARY"));
    ServiceTerms {
        is_daemon,
        minimum_percent: minimum.map_or(default.minimum_percent, i64::from),
        maximum_percent: maximum.map_or(default.maximum_percent, i64::from),
        constraints: constraints.map(constraint).collect(),
        events: events
            .map(|event| ServiceEvent {
                at: event.created_at().and_then(time),
                message: event.message().unwrap_or_default().to_owned(),
            })
            .collect(),
        is_failing: newest.is_some_and(is_failing),
    }
}

fn constraint(one: &types::PlacementConstraint) -> String {
    let kind = one.r#type().map_or("a constraint", |kind| kind.as_str());
    match one.expression() {
        Some(expression) => format!("{kind} {expression}"),
        None => kind.to_owned(),
    }
}

/// Without a circuit breaker a deployment that fails goes on for ever, and only its failed tasks
/// are counted.
fn is_failing(deployment: &types::Deployment) -> bool {
    let failed = deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
    failed || (deployment.failed_tasks() > 0 && deployment.running_count() == 0)
}

/// A task's scale-in protection, if it is protected.
pub fn protection(
    call: &'static str,
    one: &types::ProtectedTask,
) -> Result<Option<ProtectedTask>, Error> {
    let Some(arn) = one.task_arn() else {
        return Err(Error::bad_answer(call, "a protected task without an ARN"));
    };
    let until = one.expiration_date().and_then(time);
    let until = until.filter(|_| one.protection_enabled());
    let task = TaskArn::new(arn);
    Ok(until.map(|until| ProtectedTask { task, until }))
}

fn time(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
