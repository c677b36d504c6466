//! Containers of a task definition.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::super::input::{REQUESTS, invalid, within};
use crate::wire::ApiError;
use crate::wire::request::non_empty;

/// A container of a task definition.
#[derive(Debug)]
pub(in crate::ecs) struct Container {
    pub(in crate::ecs) name: String,
    pub(in crate::ecs) image: String,
    pub(in crate::ecs) cpu: u64,
    pub(in crate::ecs) memory: Option<u64>,
    pub(in crate::ecs) memory_reservation: Option<u64>,
    pub(in crate::ecs) ports: Vec<Port>,
    /// How long it takes to exit after SIGTERM, if its label says so.
    pub(in crate::ecs) exit: Option<Duration>,
    /// When SIGKILL follows SIGTERM, if it says so.
    pub(in crate::ecs) stop_timeout: Option<Duration>,
    /// How long after its start the health check first passes, if there is one.
    pub(in crate::ecs) healthy_after: Option<Duration>,
}

/// A port mapping. Host port 0 is one that Docker picks.
#[derive(Debug, Clone)]
pub(in crate::ecs) struct Port {
    pub(in crate::ecs) container: u16,
    pub(in crate::ecs) host: u16,
    pub(in crate::ecs) protocol: String,
}

/// The label that says how many seconds a container takes to exit after SIGTERM.
pub const EXIT_SECONDS: &str = "ecs-rollout.exit-seconds";
/// The label that says after how many seconds a container ends by itself, and its task with it.
pub const RUN_SECONDS: &str = "ecs-rollout.run-seconds";

/// The members of a container that decide where and how long it runs, and those that concern only
/// what is inside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerRequest<'a> {
    #[serde(deserialize_with = "non_empty")]
    name: &'a str,
    #[serde(deserialize_with = "non_empty")]
    image: &'a str,
    cpu: Option<i64>,
    memory: Option<i64>,
    memory_reservation: Option<i64>,
    #[serde(borrow, default)]
    port_mappings: Vec<PortRequest<'a>>,
    stop_timeout: Option<i64>,
    health_check: Option<Value>,
    _docker_labels: Option<IgnoredAny>,
    _essential: Option<IgnoredAny>,
    _command: Option<IgnoredAny>,
    _entry_point: Option<IgnoredAny>,
    _environment: Option<IgnoredAny>,
    _hostname: Option<IgnoredAny>,
    _linux_parameters: Option<IgnoredAny>,
    _log_configuration: Option<IgnoredAny>,
    _privileged: Option<IgnoredAny>,
    _readonly_root_filesystem: Option<IgnoredAny>,
    _ulimits: Option<IgnoredAny>,
    _user: Option<IgnoredAny>,
    _working_directory: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PortRequest<'a> {
    container_port: Option<i64>,
    host_port: Option<i64>,
    protocol: Option<&'a str>,
    _name: Option<IgnoredAny>,
    _app_protocol: Option<IgnoredAny>,
}

/// Reads a container of a task definition in network mode `mode`.
pub(super) fn read(container: &Value, mode: &str) -> Result<Container, ApiError> {
    let request: ContainerRequest<'_> = REQUESTS.read("containerDefinitions", container)?;
    let size = |number: i64| number.max(0) as u64;
    let ports = request.port_mappings.iter();
    // The first check runs one interval after the start, and the first that passes makes the
    // container healthy.
    let check = request.health_check.as_ref();
    let interval = check.map(|check| check["interval"].as_u64().unwrap_or(30));
    Ok(Container {
        name: request.name.to_owned(),
        image: request.image.to_owned(),
        cpu: request.cpu.map_or(0, size),
        memory: request.memory.map(size),
        memory_reservation: request.memory_reservation.map(size),
        ports: ports
            .map(|port| checked_port(port, mode))
            .collect::<Result<_, _>>()?,
        exit: label(container, EXIT_SECONDS)?,
        stop_timeout: request.stop_timeout.map(size).map(Duration::from_secs),
        healthy_after: interval.map(Duration::from_secs),
    })
}

fn checked_port(port: &PortRequest<'_>, mode: &str) -> Result<Port, ApiError> {
    let container = within("containerPort", port.container_port, 1..=65_535)?.unwrap_or(0);
    let same = if mode == "host" { container } else { 0 };
    let host = within("hostPort", port.host_port, 0..=65_535)?.unwrap_or(same);
    Ok(Port {
        container: container as u16,
        host: host as u16,
        protocol: port.protocol.unwrap_or("tcp").to_owned(),
    })
}

/// A label whose value is a number of seconds.
pub(super) fn label(container: &Value, name: &str) -> Result<Option<Duration>, ApiError> {
    match &container["dockerLabels"][name] {
        Value::Null => Ok(None),
        Value::String(text) => text
            .parse()
            .map(|seconds| Some(Duration::from_secs(seconds)))
            .map_err(|_| {
                invalid(format!(
                    "the label {name} must be whole seconds, not {text}"
                ))
            }),
        other => Err(invalid(format!(
            "the label {name} must be a string, not {other}"
        ))),
    }
}

impl Container {
    /// What its instance sets aside for it: the soft limit if there is one, else the hard one.
    pub(in crate::ecs) fn reserved(&self) -> Option<u64> {
        self.memory_reservation.or(self.memory)
    }
}
