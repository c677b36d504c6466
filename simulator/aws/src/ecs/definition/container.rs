//! Containers of a task definition.

use std::time::Duration;

use serde_json::Value;

use super::super::input::{Input, invalid};
use crate::wire::ApiError;

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
const KNOWN_OF_CONTAINER: [&str; 21] = [
    "name",
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "portMappings",
    "essential",
    "stopTimeout",
    "healthCheck",
    "dockerLabels",
    "command",
    "entryPoint",
    "environment",
    "hostname",
    "linuxParameters",
    "logConfiguration",
    "privileged",
    "readonlyRootFilesystem",
    "ulimits",
    "user",
    "workingDirectory",
];

/// Reads a container of a task definition in network mode `mode`.
pub(super) fn read(container: &Value, mode: &str) -> Result<Container, ApiError> {
    let input = Input::new("containerDefinitions", container, &KNOWN_OF_CONTAINER)?;
    let number = |member: &str| -> Result<Option<u64>, ApiError> {
        Ok(input.number(member)?.map(|number| number.max(0) as u64))
    };
    let check = input.value("healthCheck");
    let ports = input.list("portMappings")?;
    Ok(Container {
        name: input.needed("name")?.to_owned(),
        image: input.needed("image")?.to_owned(),
        cpu: number("cpu")?.unwrap_or(0),
        memory: number("memory")?,
        memory_reservation: number("memoryReservation")?,
        ports: ports
            .iter()
            .map(|port| parse_port(port, mode))
            .collect::<Result<_, _>>()?,
        exit: label(container, EXIT_SECONDS)?,
        stop_timeout: number("stopTimeout")?.map(Duration::from_secs),
        // The first check runs one interval after the start, and the first that passes makes the
        // container healthy.
        healthy_after: (!check.is_null())
            .then(|| Duration::from_secs(check["interval"].as_u64().unwrap_or(30))),
    })
}

fn parse_port(port: &Value, mode: &str) -> Result<Port, ApiError> {
    let known = [
        "containerPort",
        "hostPort",
        "protocol",
        "name",
        "appProtocol",
    ];
    let input = Input::new("portMappings", port, &known)?;
    let container = input.within("containerPort", 1..=65_535, 0)?;
    let same = if mode == "host" { container } else { 0 };
    Ok(Port {
        container: container as u16,
        host: input.within("hostPort", 0..=65_535, same)? as u16,
        protocol: input.text("protocol")?.unwrap_or("tcp").to_owned(),
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
