//! What a machine offers when its agent registers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Deserializer, Value, json};

use super::{ContainerInstance, Status};
use crate::ec2;

/// The agent that all AMIs carry.
pub(super) const AGENT_VERSION: &str = "1.98.0";
pub(super) const AGENT_HASH: &str = "*4f1c2d9e";
pub(super) const DOCKER_VERSION: &str = "DockerVersion: 25.0.8";

/// The ports that the agent keeps for ssh, Docker and itself, as real answers list them.
const KEPT_PORTS: [u16; 5] = [22, 2375, 2376, 51_678, 51_679];

/// Where Docker begins to pick host ports.
const FIRST_PICKED_PORT: u16 = 32_768;

/// CPU units and MiB of an instance type whose family or size is not in the table.
const UNKNOWN_TYPE: (u64, u64) = (2048, 7680);

/// The container instance that `machine` registers as.
pub(super) fn offer(
    machine: &ec2::Instance,
    cluster: &str,
    id: &str,
    number: u64,
    now: Timestamp,
) -> ContainerInstance {
    let (cpu, memory) = capacity(&machine.instance_type);
    ContainerInstance {
        id: id.to_owned(),
        arn: super::arn_of(cluster, id),
        number,
        ec2: machine.id.clone(),
        zone: machine.availability_zone.clone(),
        status: Status::Active,
        agent_connected: true,
        registered_at: now,
        cpu,
        memory,
        used_cpu: 0,
        used_memory: 0,
        ports: KEPT_PORTS.map(|port| ("tcp".to_owned(), port)).into(),
        next_port: FIRST_PICKED_PORT,
        live: Default::default(),
        gone: Default::default(),
        images: Default::default(),
        attributes: attributes(machine),
        version: 0,
        provider: None,
    }
}

/// CPU units (1024 per vCPU) and MiB of an instance type of the families t, m, c and r: 4, 4, 2 and
/// 8 GiB per vCPU (t: by size), of which the machine itself keeps a sixteenth. Other types count as
/// 2048 and 7680, an m7g.large.
fn capacity(instance_type: &str) -> (u64, u64) {
    let Some((family, size)) = instance_type.split_once('.') else {
        return UNKNOWN_TYPE;
    };
    let vcpus = match size {
        "micro" | "small" | "medium" if family.starts_with('t') => 2,
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        "2xlarge" => 8,
        "4xlarge" => 16,
        _ => return UNKNOWN_TYPE,
    };
    let mib = match (family.chars().next(), size) {
        (Some('t'), "micro") => 1024,
        (Some('t'), "small") => 2048,
        (Some('t'), "medium") => 4096,
        (Some('t' | 'm'), _) => vcpus * 4096,
        (Some('c'), _) => vcpus * 2048,
        (Some('r'), _) => vcpus * 8192,
        _ => return UNKNOWN_TYPE,
    };
    (vcpus * 1024, mib - mib / 16)
}

/// The attributes that ECS and its agent set. `ecs.vpc-id` is left out: the account knows no VPCs.
fn attributes(machine: &ec2::Instance) -> Vec<(String, Option<String>)> {
    let processor = ec2::Processor::of_instance_type(&machine.instance_type).to_string();
    let valued = [
        ("ecs.ami-id", machine.ami.as_str()),
        ("ecs.availability-zone", &machine.availability_zone),
        ("ecs.cpu-architecture", &processor),
        ("ecs.instance-type", &machine.instance_type),
        ("ecs.os-family", "LINUX"),
        ("ecs.os-type", "linux"),
        ("ecs.subnet-id", &machine.subnet),
    ];
    let plain = [
        "com.amazonaws.ecs.capability.docker-remote-api.1.44",
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
        "com.amazonaws.ecs.capability.logging-driver.json-file",
        "com.amazonaws.ecs.capability.task-iam-role",
        "ecs.capability.container-health-check",
        "ecs.capability.execution-role-awslogs",
        "ecs.capability.execution-role-ecr-pull",
        "ecs.capability.task-cpu-mem-limit",
    ];
    let mut attributes: Vec<(String, Option<String>)> = valued
        .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
        .into();
    attributes.extend(plain.map(|name| (name.to_owned(), None)));
    attributes.extend(own_attributes(&machine.user_data));
    attributes
}

/// The attributes that user data gives the agent: `ECS_INSTANCE_ATTRIBUTES={"stack": "prod"}`, in
/// quotation marks or not
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html>). The agent
/// passes over what is no object of texts.
fn own_attributes(user_data: &str) -> Vec<(String, Option<String>)> {
    let Some((_, rest)) = user_data.rsplit_once("ECS_INSTANCE_ATTRIBUTES=") else {
        return Vec::new();
    };
    let line = rest.lines().next().unwrap_or_default();
    // A shell takes the backslashes away.
    let line = line.trim_start_matches(['"', '\'']).replace("\\\"", "\"");
    let mut values = Deserializer::from_str(&line).into_iter::<BTreeMap<String, String>>();
    let attributes = values.next().and_then(Result::ok).unwrap_or_default();
    let attributes = attributes.into_iter();
    attributes
        .map(|(name, value)| (name, Some(value)))
        .collect()
}

/// The resources of an instance, all of them or what remains, as the API lists them.
pub(super) fn resources(instance: &ContainerInstance, remaining: bool) -> Value {
    let (used_cpu, used_memory) = if remaining {
        (instance.used_cpu, instance.used_memory)
    } else {
        (0, 0)
    };
    let ports = |protocol: &str| -> Vec<String> {
        instance
            .ports
            .iter()
            .filter(|(known, port)| known == protocol && (remaining || KEPT_PORTS.contains(port)))
            .map(|(_, port)| port.to_string())
            .collect()
    };
    let number = |name: &str, value: u64| json!({"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": value});
    let set = |name: &str, values: Vec<String>| {
        json!({"name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0, "integerValue": 0,
            "stringSetValue": values})
    };
    json!([
        number("CPU", instance.cpu.saturating_sub(used_cpu)),
        number("MEMORY", instance.memory.saturating_sub(used_memory)),
        set("PORTS", ports("tcp")),
        set("PORTS_UDP", ports("udp")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_gives_attributes() {
        let own =
            |line: &str| own_attributes(&format!("#!/bin/sh\n{line} >> /etc/ecs/ecs.config\n"));
        for line in [
            r#"echo ECS_INSTANCE_ATTRIBUTES='{"stack": "prod"}'"#,
            r#"echo "ECS_INSTANCE_ATTRIBUTES={\"stack\": \"prod\"}""#,
            r#"ECS_INSTANCE_ATTRIBUTES={"stack": "prod"}"#,
        ] {
            let prod = Some("prod".to_owned());
            assert_eq!(own(line), [("stack".to_owned(), prod)], "{line}");
        }
        assert_eq!(own("echo ECS_INSTANCE_ATTRIBUTES=stack"), []);
        assert_eq!(own("echo ECS_CLUSTER=c"), []);
    }

    #[test]
    fn what_types_offer() {
        assert_eq!(capacity("m7g.large"), (2048, 7680));
        assert_eq!(capacity("m7g.medium"), (1024, 3840));
        assert_eq!(capacity("t3.medium"), (2048, 3840));
        assert_eq!(capacity("c7g.4xlarge"), (16_384, 30_720));
        assert_eq!(capacity("r6i.xlarge"), (4096, 30_720));
        assert_eq!(capacity("x2idn.metal"), UNKNOWN_TYPE);
    }
}
