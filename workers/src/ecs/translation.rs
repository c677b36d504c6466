//! From the SDK's types to ours. What every item must have and does not is an error that names the item.

use aws_sdk_ecs::types::{self, Failure};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::error::Error;
use crate::model::cluster::{
    ContainerInstance, ContainerInstanceStatus, Service, ServiceCounts, Task,
};
use crate::model::{ContainerInstanceArn, ServiceName, TaskArn};

/// Whether every failed item has one of the `plain` reasons; else the first that has not, as an error.
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
    })
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
    })
}

fn time(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.secs()).ok()
}
