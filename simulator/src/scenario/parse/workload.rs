//! The lines of a scenario about what runs: `service web desired=4 deregistration=300` and `task
//! report run=600`.

use serde_json::{Value, json};

use super::{LineError, number};
use crate::workload::{Kind, Service, Standalone};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The name, then `key=value` for each thing that is not as usual.
fn named(text: &str) -> Result<(&str, Pairs<'_>), LineError> {
    let mut words = text.split_whitespace();
    let name = words.next().ok_or(LineError::NoName)?;
    let pairs: Option<Pairs<'_>> = words.map(|word| word.split_once('=')).collect();
    Ok((name, pairs.ok_or(LineError::NoPair)?))
}

pub(super) fn service(text: &str) -> Result<Service, LineError> {
    let (name, pairs) = named(text)?;
    let mut service = Service::replica(name, 2);
    for (key, value) in pairs {
        if key == "provider" {
            service.capacity_provider = Some(value.to_owned());
            continue;
        }
        let value = number(value)?;
        match key {
            "desired" => service.desired = Some(value),
            "minimum" => service.minimum_percent = value,
            "maximum" => service.maximum_percent = value,
            "cpu" => service.cpu = value,
            "memory" => service.memory = value,
            "deregistration" => service.deregistration_seconds = Some(value),
            "host-port" => service.host_port = Some(value),
            "stop-timeout" => service.stop_timeout_seconds = value,
            "exit" => service.exit_seconds = value,
            "distinct" => constrain(
                &mut service,
                json!({"type": "distinctInstance"}),
                value == 0,
            ),
            "code-deploy" if value == 1 => service.kind = Kind::CodeDeploy,
            "fargate" if value == 1 => service.kind = Kind::Fargate,
            "code-deploy" | "fargate" => {
                let key = key.to_owned();
                return Err(LineError::NotOne { key, value });
            }
            "zone" => constrain(&mut service, in_zone(value)?, false),
            _ => {
                return Err(LineError::UnknownKey {
                    of: "service",
                    key: key.to_owned(),
                    known: "desired, minimum, maximum, cpu, memory, deregistration, host-port, stop-timeout, exit, distinct, zone, provider, code-deploy, fargate",
                });
            }
        }
    }
    Ok(service)
}

pub(super) fn daemon(text: &str) -> Result<Service, LineError> {
    let Some((name, zone)) = text.rsplit_once(" zone=") else {
        return Ok(Service::daemon(text));
    };
    let mut service = Service::daemon(name);
    constrain(&mut service, in_zone(number(zone)?)?, false);
    Ok(service)
}

fn constrain(service: &mut Service, constraint: Value, not: bool) {
    if let Some(constraints) = service
        .placement_constraints
        .as_array_mut()
        .filter(|_| !not)
    {
        constraints.push(constraint);
    }
}

/// In the zone of the first, second or third subnet.
fn in_zone(number: u64) -> Result<Value, LineError> {
    let place = match number {
        1 => 0,
        2 => 1,
        3 => 2,
        _ => return Err(LineError::UnknownZone(number)),
    };
    let zone = crate::autoscaling::zone(place);
    let expression = format!("attribute:ecs.availability-zone == {zone}");
    Ok(json!({"type": "memberOf", "expression": expression}))
}

pub(super) fn task(text: &str) -> Result<Standalone, LineError> {
    let (family, pairs) = named(text)?;
    let mut task = Standalone {
        family: family.to_owned(),
        count: 1,
        run_seconds: None,
        on_instance: None,
    };
    for (key, value) in pairs {
        match key {
            "count" => task.count = number(value)?,
            "run" => task.run_seconds = Some(number(value)?),
            _ => {
                return Err(LineError::UnknownKey {
                    of: "task",
                    key: key.to_owned(),
                    known: "count, run",
                });
            }
        }
    }
    Ok(task)
}
