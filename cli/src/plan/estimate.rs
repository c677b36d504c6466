//! How long a roll would take and what it would cost, from rehearsing this very cluster in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rehearsal::autoscaling::zone;
use rehearsal::report::rounded;
use rehearsal::story::files::Files;
use rehearsal::story::{Action, Listener, Settings, play};
use rehearsal::telling::Line;
use rehearsal::workload::{self, Workload};
use serde::Serialize;
use serde_json::json;

use super::checks::Remark;
use super::seen::{Asked, Seen};
use crate::aws::{Definition, Service};

/// What a rehearsed instance has of its own; other attributes somebody has to set.
const KNOWN: [&str; 5] = [
    "ecs.availability-zone",
    "ecs.instance-type",
    "ecs.os-type",
    "ecs.os-family",
    "ecs.cpu-architecture",
];

/// What is to be expected. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// The stack's status at the end.
    pub outcome: String,
    /// From the update until the last drain has ended.
    pub seconds: f64,
    /// Tasks that move.
    pub tasks_moved: u64,
    /// How often each of the services' tasks moves.
    pub moves_per_task: f64,
    /// Step Functions and Lambda, by public prices.
    pub cost_usd: f64,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// What a worker said when it gave up, if one did.
    pub gave_up: Option<String>,
}

impl Expected {
    /// A remark, if the roll does not end well.
    pub fn remark(&self) -> Option<Remark> {
        if self.outcome == "UPDATE_COMPLETE" && self.gave_up.is_none() {
            return None;
        }
        let why = self.gave_up.as_deref().unwrap_or("no worker gave up");
        let words = format!("rehearsed, this roll ends as {}: {why}", self.outcome);
        Some(Remark::blocker("rehearsal", words))
    }
}

/// A remark on a cluster that cannot be rehearsed.
pub fn not_rehearsed(why: &str) -> Remark {
    Remark::warning(
        "not-rehearsed",
        format!(
            "this cluster could not be rehearsed, so nothing is said of its time and cost: {why}"
        ),
    )
}

/// Hears which worker gave up last.
#[derive(Debug, Default)]
struct GivenUp(Option<String>);

impl Listener for GivenUp {
    fn line(&mut self, line: &Line) {
        if line.state.ends_with(" Never") {
            self.0 = Some(format!("{} {}: {}", line.subject, line.state, line.reason));
        }
    }
}

/// Rehearses it.
///
/// # Errors
/// A sentence on why it cannot be.
pub fn rehearse(seen: &Seen, asked: &Asked) -> Result<Expected, String> {
    let (settings, assumed) = settings(seen, asked);
    let heard = Arc::new(Mutex::new(GivenUp::default()));
    let played = play(
        &settings,
        &[Action::Deploy, Action::Roll],
        None,
        heard.clone(),
    )?;
    let report = played.reports.into_iter().next();
    let report = report.ok_or("the rehearsal has no roll")?;
    let gave_up = heard.lock().ok().and_then(|heard| heard.0.clone());
    let tasks: u64 = settings
        .workload
        .services
        .iter()
        .filter_map(|it| it.desired)
        .sum();
    Ok(Expected {
        outcome: report.outcome,
        seconds: report.roll_seconds,
        tasks_moved: report.tasks_moved,
        moves_per_task: rounded(report.tasks_moved as f64 / (tasks.max(1)) as f64, 2),
        cost_usd: report.cost_usd,
        assumed,
        gave_up,
    })
}

/// The same stack with the same services in the account in memory, and what that leaves out.
pub fn settings(seen: &Seen, asked: &Asked) -> (Settings, Vec<String>) {
    let mut assumed = Vec::new();
    let given = seen.stack.parameters();
    let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut settings = Settings {
        files: Files::built_in(),
        parameters: given.collect(),
        workload: Workload::default(),
        faults: Vec::new(),
        seed: 1,
        switches: Vec::new(),
        wrong: None,
    };
    let size = seen.capacity.desired.max(1);
    settings.set_parameter("ClusterSize", size.to_string());
    settings.set_parameter(
        "ClusterMaxSize",
        seen.capacity.most.max(size + 1).to_string(),
    );
    settings.set_parameter("BatchSize", asked.batch(seen).to_string());
    // AWS's own parameters cannot be put.
    if seen.ami_parameter.starts_with("/aws/") {
        settings.set_parameter("EcsAmiParameterKey", "/ami/ecs/latest");
    }
    let zones = zones(seen);
    let there = seen.services.iter().filter(|one| !one.is_on_fargate);
    let services = there.map(|one| service(seen, one, &zones, &mut assumed));
    settings.workload.services = services.collect();
    settings.workload.tasks = standalone(seen, &mut assumed);
    (settings, assumed)
}

/// The zones of the account in memory by the real ones, in the order of the stack's subnets.
fn zones(seen: &Seen) -> BTreeMap<String, String> {
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
    seen: &Seen,
    real: &Service,
    zones: &BTreeMap<String, String>,
    assumed: &mut Vec<String>,
) -> workload::Service {
    let desired = u64::try_from(real.desired).unwrap_or_default();
    let mut rehearsed = match real.is_daemon {
        true => workload::Service::daemon(&real.name),
        false => workload::Service::replica(&real.name, desired),
    };
    let percent = |percent: i64| u64::try_from(percent).unwrap_or_default();
    rehearsed.minimum_percent = percent(real.minimum_percent);
    rehearsed.maximum_percent = percent(real.maximum_percent);
    rehearsed.deregistration_seconds = seen.delay(real);
    rehearsed.capacity_provider = real.provider.clone();
    let none = Definition::default();
    let definition = seen.definition(&real.definition).unwrap_or(&none);
    rehearsed.cpu = definition.cpu;
    rehearsed.memory = definition.memory.max(4);
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

/// Those that say when they end. Of the others nobody knows: they are taken to run for ever where StandaloneTaskPolicy bounds
/// that, and else to end in time.
fn standalone(seen: &Seen, assumed: &mut Vec<String>) -> Vec<workload::Standalone> {
    let waits = seen.word("StandaloneTaskPolicy", "wait") == "wait";
    let mut tasks = Vec::new();
    let mut unknown = 0;
    for (task, _) in seen.standalone() {
        let definition = seen.definition(&task.definition);
        let ends = definition.and_then(|it| super::checks::end(task.since?, it.runs_for?));
        unknown += u32::from(ends.is_none());
        if ends.is_none() && waits {
            continue;
        }
        let left = ends.map(|ends| ends.duration_since(seen.now).as_secs().max(1));
        tasks.push(workload::Standalone {
            family: definition.map_or_else(String::new, |it| it.family.clone()),
            count: 1,
            run_seconds: left.and_then(|left| u64::try_from(left).ok()),
            on_instance: None,
        });
    }
    if unknown > 0 {
        let how = match waits {
            true => "end before anybody waits for them",
            false => "run until StandaloneTaskPolicy sees to them",
        };
        assumed.push(format!(
            "{unknown} standalone task(s) {how} (no label ecs-rollout.run-seconds)"
        ));
    }
    tasks
}
