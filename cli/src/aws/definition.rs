//! Task definitions and target groups: what a task needs, and how long it takes to leave.

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};
use workers::Error;

use super::Aws;

/// How long a container has between SIGTERM and SIGKILL if nobody says so, in seconds. The agent's
/// default, which ECS_CONTAINER_STOP_TIMEOUT on the instance may change.
const STOP_TIMEOUT: u64 = 30;

/// A label of the container that says how many seconds it takes to exit after SIGTERM.
const EXITS_AFTER: &str = "ecs-rollout.exit-seconds";

/// A label of the container that says after how many seconds it ends by itself.
pub const RUNS_FOR: &str = "ecs-rollout.run-seconds";

/// The attribute of a target group that says how long a deregistered target finishes what it has.
const DELAY: &str = "deregistration_delay.timeout_seconds";

/// What a task of a definition needs and does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// Its family.
    pub family: String,
    /// CPU units: the task's, or those of its containers.
    pub cpu: u64,
    /// MiB: the task's, or those of its containers.
    pub memory: u64,
    /// Host ports that it wants, and no other.
    pub host_ports: Vec<u64>,
    /// The longest time that one of its containers has between SIGTERM and SIGKILL, in seconds.
    pub stop_timeout: u64,
    /// How many seconds a container takes to exit, if its label says so.
    pub exits_after: Option<u64>,
    /// After how many seconds it ends by itself, if its label says so.
    pub runs_for: Option<u64>,
    /// Expressions of its placement constraints.
    pub constraints: Vec<String>,
}

impl Definition {
    fn of(told: &TaskDefinition) -> Self {
        let containers = told.container_definitions();
        let sum = |each: &dyn Fn(&ContainerDefinition) -> i32| -> u64 {
            let all = containers.iter().map(each);
            all.filter_map(|one| u64::try_from(one).ok()).sum()
        };
        let whole = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        let memory = |one: &ContainerDefinition| {
            let soft = one.memory_reservation();
            soft.or(one.memory()).unwrap_or_default()
        };
        let stop = containers.iter().map(|one| match one.stop_timeout() {
            Some(seconds) => u64::try_from(seconds).unwrap_or(STOP_TIMEOUT),
            None => STOP_TIMEOUT,
        });
        let bound = containers.iter().flat_map(|one| one.port_mappings());
        // On the host's network a container's port is the host's.
        let on_host = told.network_mode().map(|mode| mode.as_str()) == Some("host");
        let ports = bound.filter_map(|one| match one.host_port() {
            Some(port) if port > 0 => u64::try_from(port).ok(),
            _ if on_host => u64::try_from(one.container_port()?).ok(),
            _ => None,
        });
        let constraints = told.placement_constraints().iter();
        Self {
            family: told.family().unwrap_or_default().to_owned(),
            cpu: whole(told.cpu()).unwrap_or_else(|| sum(&|one| one.cpu())),
            memory: whole(told.memory()).unwrap_or_else(|| sum(&memory)),
            host_ports: ports.collect(),
            stop_timeout: stop.max().unwrap_or(STOP_TIMEOUT),
            exits_after: label(containers, EXITS_AFTER),
            runs_for: label(containers, RUNS_FOR),
            constraints: constraints
                .filter_map(|one| Some(one.expression()?.to_owned()))
                .collect(),
        }
    }
}

/// The largest number that a label of this name has.
fn label(containers: &[ContainerDefinition], name: &str) -> Option<u64> {
    let labels = containers.iter().filter_map(|one| one.docker_labels());
    let values = labels.filter_map(|labels| labels.get(name)?.parse().ok());
    values.max()
}

impl Aws {
    /// The task definition of this ARN.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn task_definition(&self, arn: &str) -> Result<Definition, Error> {
        let call = "ecs:DescribeTaskDefinition";
        let sent = self
            .ecs
            .describe_task_definition()
            .task_definition(arn)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let told = answer.task_definition();
        let told = told.ok_or_else(|| {
            Error::bad_answer(call, format!("the definition of {arn} is missing"))
        })?;
        Ok(Definition::of(told))
    }

    /// The deregistration delay of a target group, in seconds.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn deregistration_delay(&self, target_group: &str) -> Result<u64, Error> {
        let call = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let sent = self
            .balancing
            .describe_target_group_attributes()
            .target_group_arn(target_group)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let mut attributes = answer.attributes().iter();
        let delay = attributes.find(|one| one.key() == Some(DELAY));
        let seconds = delay.and_then(|one| one.value()?.parse().ok());
        seconds.ok_or_else(|| {
            Error::bad_answer(
                call,
                format!("{target_group} has no whole number as {DELAY}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_ecs::types::{NetworkMode, PortMapping};

    use super::*;

    #[test]
    fn a_definition_reports_what_its_containers_need_together() {
        let port = |host: Option<i32>| {
            PortMapping::builder()
                .container_port(80)
                .set_host_port(host)
                .build()
        };
        let labels = HashMap::from([(EXITS_AFTER.to_owned(), "7".to_owned())]);
        let web = ContainerDefinition::builder()
            .cpu(100)
            .memory(300)
            .memory_reservation(200)
            .stop_timeout(90)
            .port_mappings(port(Some(8080)))
            .port_mappings(port(Some(0)))
            .set_docker_labels(Some(labels))
            .build();
        let side = ContainerDefinition::builder().cpu(20).memory(64).build();
        let told = TaskDefinition::builder()
            .family("web")
            .container_definitions(web)
            .container_definitions(side);
        let read = Definition::of(&told.clone().build());
        let expected = Definition {
            family: "web".to_owned(),
            cpu: 120,
            memory: 264,
            host_ports: vec![8080],
            stop_timeout: 90,
            exits_after: Some(7),
            runs_for: None,
            constraints: Vec::new(),
        };
        assert_eq!(read, expected);
        let on_host = told
            .cpu("512")
            .memory("1024")
            .network_mode(NetworkMode::Host);
        let read = Definition::of(&on_host.build());
        assert_eq!((read.cpu, read.memory), (512, 1024));
        assert_eq!(read.host_ports, [8080, 80]);
    }
}
