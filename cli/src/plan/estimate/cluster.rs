//! This very cluster in the account in memory, and what that leaves out.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use simulator::autoscaling::zone;
use simulator::scenario::files::Files;
use simulator::scenario::{Action, Call, Settings};
use simulator::workload::{self, Workload};

use super::super::checks;
use super::super::observation::{Observation, PlanRequest};
use crate::aws::{Compute, Definition, RUNS_FOR, ServiceSettings};
use crate::format::count;

/// What a rehearsed instance has of its own; other attributes somebody has to set.
const KNOWN: [&str; 5] = [
    "ecs.availability-zone",
    "ecs.instance-type",
    "ecs.os-type",
    "ecs.os-family",
    "ecs.cpu-architecture",
];

/// MiB that a container has at least (documented).
const LEAST_MEMORY: u64 = 6;

/// The same stack with the same services in the account in memory.
pub(super) struct Rehearsed {
    pub(super) settings: Settings,
    pub(super) actions: Vec<Action>,
    /// What that leaves out.
    pub(super) assumed: Vec<String>,
    /// What the standalone tasks are called in the real cluster, by family here.
    pub(super) families: BTreeMap<String, String>,
}

/// The same stack with the same services in the account in memory, and what that leaves out.
pub(super) fn rehearsed(seen: &Observation, asked: &PlanRequest) -> Rehearsed {
    let mut assumed = Vec::new();
    let given = seen.stack.parameters();
    let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut settings = Settings {
        files: Files::built_in(),
        parameters: given.collect(),
        workload: Workload::default(),
        faults: Vec::new(),
        seed: 1,
        variants: Vec::new(),
        mutation: None,
    };
    settings.set_parameter("BatchSize", asked.batch(seen).to_string());
    let zones = zones(seen);
    let services = seen.concerned();
    let services = services.map(|one| service(seen, one, &zones, &mut assumed));
    settings.workload.services = services.collect();
    let mut actions = vec![Action::Create];
    actions.extend(scaled(seen));
    actions.push(Action::StartWorkload);
    actions.extend(standalone(seen, &mut assumed));
    actions.push(Action::Roll);
    let families = seen.standalone().enumerate();
    let families =
        families.map(|(place, (task, _))| (family(place), checks::name(task).to_owned()));
    Rehearsed {
        settings,
        actions,
        assumed,
        families: families.collect(),
    }
}

/// Gives the group the sizes that the real one has now, if those are not the template's: the update
/// takes that back.
fn scaled(seen: &Observation) -> Vec<Action> {
    let (now, template) = (seen.sizes_before_update(), seen.template_sizes());
    // ECS's managed scaling finds the number again, by the tasks.
    if now == template || seen.is_scaled_by_ecs() {
        return Vec::new();
    }
    let sizes = json!({"AutoScalingGroupName": "$GROUP", "MinSize": now.least, "MaxSize": now.most,
        "DesiredCapacity": now.desired});
    let scale = call("autoscaling", "UpdateAutoScalingGroup", sizes);
    vec![scale, Action::WaitIdle]
}

/// A call of the operator.
fn call(service: &str, action: &str, input: Value) -> Action {
    Action::Call(Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input,
    })
}

/// The zones of the account in memory by the real ones, in the order of the stack's subnets.
fn zones(seen: &Observation) -> BTreeMap<String, String> {
    let subnets = seen.word("SubnetIds", "");
    let mut zones = BTreeMap::new();
    for (place, subnet) in subnets.split(',').enumerate() {
        let mut machines = seen.own_machines();
        let found = machines.find(|one| one.attribute("ecs.subnet-id") == Some(subnet.trim()));
        if let Some(real) = found.and_then(|one| one.attribute("ecs.availability-zone")) {
            zones.insert(real.to_owned(), zone(place));
        }
    }
    zones
}

fn service(
    seen: &Observation,
    real: &ServiceSettings,
    zones: &BTreeMap<String, String>,
    assumed: &mut Vec<String>,
) -> workload::Service {
    let desired = u64::try_from(real.desired).unwrap_or_default();
    let mut rehearsed = if real.is_daemon {
        workload::Service::daemon(&real.name)
    } else {
        workload::Service::replica(&real.name, desired)
    };
    let percent = |percent: i64| u64::try_from(percent).unwrap_or_default();
    rehearsed.minimum_percent = percent(real.minimum_percent);
    rehearsed.maximum_percent = percent(real.maximum_percent);
    rehearsed.deregistration_seconds = seen.delay(real);
    rehearsed.capacity_provider = provider(seen, real, assumed);
    let none = Definition::default();
    let definition = seen.definition(&real.definition).unwrap_or(&none);
    rehearsed.cpu = definition.cpu;
    rehearsed.memory = definition.memory.max(LEAST_MEMORY);
    rehearsed.host_port = definition.host_ports.first().copied();
    rehearsed.stop_timeout_seconds = definition.stop_timeout;
    match definition.exits_after {
        Some(seconds) => rehearsed.exit_seconds = seconds,
        None => assumed.push(format!(
            "{}: its containers exit {} s after SIGTERM (no label ecs-rollout.exit-seconds)",
            real.name, rehearsed.exit_seconds
        )),
    }
    if definition.host_ports.len() > 1 {
        assumed.push(format!(
            "{}: of its host ports only the first counts",
            real.name
        ));
    }
    let of_tasks = definition.constraints.iter();
    let of_tasks = of_tasks.map(|expression| ("memberOf".to_owned(), Some(expression.clone())));
    let constraints = real.constraints.iter().cloned().chain(of_tasks);
    let kept = constraints.filter_map(|(kind, expression)| {
        let Some(expression) = expression else {
            return Some(json!({"type": kind}));
        };
        if !is_known(&expression) {
            assumed.push(format!(
                "{}: the placement constraint {expression} is left out",
                real.name
            ));
            return None;
        }
        let mut here = expression;
        for (real, rehearsed) in zones {
            here = here.replace(real.as_str(), rehearsed);
        }
        Some(json!({"type": kind, "expression": here}))
    });
    rehearsed.placement_constraints = kept.collect();
    rehearsed
}

/// The capacity provider of a service in the account in memory, where the group's is called as the
/// template calls it.
fn provider(
    seen: &Observation,
    real: &ServiceSettings,
    assumed: &mut Vec<String>,
) -> Option<String> {
    let Compute::Providers(names) = &real.compute else {
        return None;
    };
    if names.len() > 1 {
        assumed.push(format!(
            "{}: all its tasks run on this group, though its strategy names {}",
            real.name,
            names.join(", ")
        ));
    }
    let is_made = seen.word("CapacityProvider", "DISABLED") == "ENABLED";
    is_made.then(|| format!("cp-{}", seen.word("EcsClusterName", &seen.cluster)))
}

/// Whether it asks of nothing but what a rehearsed instance has of its own.
fn is_known(expression: &str) -> bool {
    let asks = expression.split("attribute:").skip(1);
    let names = asks.map(|rest| {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        &rest[..rest.find(|c| !legal(c)).unwrap_or(rest.len())]
    });
    let others = ["ec2InstanceId", "registeredAt", "agentVersion"];
    names.into_iter().all(|name| KNOWN.contains(&name))
        && !others.iter().any(|other| expression.contains(other))
}

/// Starts the standalone tasks just before the rollout, with as much left to run as the real ones
/// have. Of those that do not say when they end nobody knows: they run for ever where something
/// else ends them, and are left out where the rollout would fail for them.
fn standalone(seen: &Observation, assumed: &mut Vec<String>) -> Vec<Action> {
    let waits = checks::are_awaited(seen);
    let mut starts = Vec::new();
    let mut unknown = 0;
    for (place, (task, machine)) in seen.standalone().enumerate() {
        let definition = seen.definition(&task.definition);
        let ends = definition.and_then(|it| checks::end(task.since?, it.runs_for?));
        unknown += u32::from(ends.is_none());
        if ends.is_none() && waits {
            continue;
        }
        let mut labels = json!({});
        if let Some(ends) = ends {
            let left = ends.duration_since(seen.now).as_secs().max(1);
            labels[RUNS_FOR] = json!(left.to_string());
        }
        let none = Definition::default();
        let family = family(place);
        let mut members = seen.staying();
        let nth = members.position(|member| member.id == machine.id);
        let definition = definition.unwrap_or(&none);
        starts.extend(started(seen, &family, nth, definition, labels));
    }
    if unknown > 0 {
        let how = if waits {
            "end before the drain of their instance begins"
        } else {
            "run until StandaloneTaskPolicy or DrainDeadlinePolicy ends them"
        };
        assumed.push(format!(
            "{} will {how} (no label {RUNS_FOR})",
            count(unknown, "standalone task")
        ));
    }
    starts
}

/// The family of a standalone task here.
fn family(place: usize) -> String {
    format!("standalone-{place}")
}

/// The calls that start one, on the instance that has the same place in the group's list.
fn started(
    seen: &Observation,
    family: &str,
    nth: Option<usize>,
    definition: &Definition,
    labels: Value,
) -> [Action; 2] {
    let (cpu, memory) = (definition.cpu, definition.memory.max(LEAST_MEMORY));
    let container = json!({"name": family, "image": family, "essential": true, "cpu": cpu, "memory": memory,
        "dockerLabels": labels});
    let mut run = json!({"cluster": seen.word("EcsClusterName", &seen.cluster), "taskDefinition": family, "count": 1});
    if seen.word("CapacityProvider", "DISABLED") != "ENABLED" {
        run["launchType"] = json!("EC2");
    }
    let size = usize::try_from(seen.sizes_before_update().desired).unwrap_or(1);
    if let Some(nth) = nth.filter(|nth| *nth < size) {
        let only = format!("ec2InstanceId == $NTH_{}", nth + 1);
        run["placementConstraints"] = json!([{"type": "memberOf", "expression": only}]);
    }
    [
        call(
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": family, "containerDefinitions": [container]}),
        ),
        call("ecs", "RunTask", run),
    ]
}
