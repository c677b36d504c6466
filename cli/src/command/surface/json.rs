//! The members of what is written as JSON: the workers' answers, and the output of the verbs. They
//! come from scenarios in the account in memory, and the kinds of changes that `watch` writes from
//! one value of each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Caller, REGION};
use simulator::host::SimulationHost;
use simulator::scenario::{parse, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use super::super::explain;
use super::super::watch::look_once;
use super::changes::changes;
use crate::aws::{Access, Aws, with_access_in};
use crate::fetch::Reader;
use crate::plan::observation::{PlanRequest, look_at};
use crate::plan::{Plan, estimate};
use crate::report::RolloutReport;

const STACK: &str = "ecs-cluster";
const GROUP: &str = "DevCluster";
const AMI: &str = "ami-0123456789abcdef9";

/// One after which all is well, one after which an instance is retained, and one in which workers
/// fail.
const SCENARIOS: [&str; 3] = [
    "instances 2\nservice web desired=2 deregistration=60\ndaemon logs\ntask job run=120\ndeploy\nroll\n",
    "instances 2\nservice web desired=2\nfault drain-hangs\ndeploy\nroll\n",
    "instances 2\nservice web desired=2\nfault worker-error\ndeploy\nroll\n",
];

/// Objects whose members are named by what was met: API calls, errors, workers, states.
const OPEN: [&str; 4] = [
    "rehearse.apiCalls",
    "rehearse.failedInvocations",
    "rehearse.lateness",
    "report.states",
];

/// A line for each member of the workers' answers, by the phase in which they are given.
pub fn verdicts() -> BTreeSet<String> {
    let mut members = Members::default();
    for scenario in SCENARIOS {
        looked_at(scenario, async |world| {
            for execution in executions(world) {
                for phase in ["joined", "draining", "drained", "stable", "completed"] {
                    if !execution[phase].is_null() {
                        members.add(phase, &execution[phase]);
                    }
                }
            }
        });
    }
    members.lines()
}

/// A line for each member of the JSON output of the verbs.
pub fn outputs() -> BTreeSet<String> {
    let mut members = Members::default();
    for scenario in SCENARIOS {
        let rehearsed = looked_at(scenario, async |world| {
            let config = sdk_config(world, in_process_connector(world, Caller::Operator));
            let aws = Aws::of(&config, REGION.to_owned());
            members.add("plan", &plain(planned(&aws, world).await));
            let instance = aws.group(GROUP).await.expect("the group").members[0]
                .id
                .clone();
            let about = explain::look(&aws, &instance, None).await;
            members.add("explain", &about.expect("an instance of the group").json());
            let status = look_once(aws.clone(), Access::default(), STACK).await;
            members.add("status", &status.expect("the stack").json());
            let mut reader = Reader::new(aws, Duration::ZERO, false);
            let read = reader.read(STACK, |_| Ok(None)).await;
            let source = read.expect("the stack").with_commands(with_access_in);
            members.add("report", &plain(RolloutReport::of(source)));
        });
        for report in rehearsed {
            members.add("rehearse", &report);
        }
    }
    for change in changes() {
        let value = plain(change);
        let kind = value["kind"].as_str().expect("changes have a kind");
        members.add(&format!("watch {kind}"), &value);
    }
    members.lines()
}

fn plain(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("plain data")
}

/// Plays the scenario and lets somebody look when it is over; the reports of its rollouts.
fn looked_at(scenario: &str, look: impl AsyncFnOnce(&SimulationHost)) -> Vec<Value> {
    let script = parse::read("surface", scenario).expect("a scenario");
    let looked = play_and_look(&script.settings, &script.actions, &[], look);
    let ((), played) = looked.expect("it can be played");
    played.reports.into_iter().map(plain).collect()
}

async fn planned(aws: &Aws, world: &SimulationHost) -> Plan {
    let request = PlanRequest {
        ami: Some(AMI.to_owned()),
        batch: None,
    };
    let looked = look_at(aws, STACK, &|| world.now()).await;
    let (seen, unseen) = looked.expect("the stack");
    let rehearse = || estimate::rehearse(&seen, &request);
    Plan::of(&seen, &request, rehearse, unseen)
}

/// The outputs of all executions of the lifecycle definition, and the inputs of those without one.
fn executions(world: &SimulationHost) -> Vec<Value> {
    let call = |action: &str, input: Value| {
        let answer = world.call("states", action, &input);
        answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
    };
    let machines = call("ListStateMachines", json!({}));
    let machines = machines["stateMachines"].as_array().expect("a list");
    let arns = machines.iter().map(|one| one["stateMachineArn"].clone());
    let lists = arns.map(|arn| call("ListExecutions", json!({"stateMachineArn": arn})));
    let mut found = Vec::new();
    for list in lists.collect::<Vec<_>>() {
        for execution in list["executions"].as_array().expect("a list") {
            let arn = &execution["executionArn"];
            let history = call("GetExecutionHistory", json!({"executionArn": arn}));
            let events = history["events"].as_array().expect("a list");
            let outputs = events.iter().filter_map(|event| {
                let output = &event["stateExitedEventDetails"]["output"];
                serde_json::from_str(output.as_str()?).ok()
            });
            found.extend(outputs);
        }
    }
    found
}

/// The members that were met, with the types of their values.
#[derive(Default)]
struct Members {
    types: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Members {
    fn add(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(members) if OPEN.contains(&path) => {
                for below in members.values() {
                    self.add(&format!("{path}.*"), below);
                }
            }
            Value::Object(members) => {
                for (name, below) in members {
                    self.add(&format!("{path}.{name}"), below);
                }
            }
            Value::Array(values) => {
                self.note(&format!("{path}[]"), None);
                for below in values {
                    self.add(&format!("{path}[]"), below);
                }
            }
            Value::Null => self.note(path, None),
            Value::Bool(_) => self.note(path, Some("boolean")),
            Value::Number(_) => self.note(path, Some("number")),
            Value::String(_) => self.note(path, Some("string")),
        }
    }

    fn note(&mut self, path: &str, of_type: Option<&'static str>) {
        self.types
            .entry(path.to_owned())
            .or_default()
            .extend(of_type);
    }

    fn lines(self) -> BTreeSet<String> {
        let lines = self.types.into_iter().map(|(path, types)| {
            let types: Vec<&str> = types.into_iter().collect();
            format!("{path} {}", types.join("|")).trim_end().to_owned()
        });
        lines.collect()
    }
}
