//! The earlier answers, as far as the workers after them need what they say.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::{Fields, shown};
use crate::error::{Error, Mistake};
use crate::model::cluster::ServiceCounts;
use crate::model::{
    ContainerInstanceArn, DaemonsAwaited, DrainBlockers, InstanceId, ServiceName, StackSnapshot,
    TasksLeft, Turn,
};

/// When the phase called `phase` began, if this worker has answered in it before.
///
/// # Errors
/// `BadEvent` if the earlier answer has no readable `since`.
pub fn earlier_since(input: &Value, phase: &str) -> Result<Option<Timestamp>, Error> {
    let Some(earlier) = input.get(phase) else {
        return Ok(None);
    };
    let empty = Map::new();
    let mut mistakes = Vec::new();
    let since = Fields::of(earlier, phase, &empty, &mut mistakes).time("since");
    if mistakes.is_empty() {
        Ok(since)
    } else {
        Err(Error::BadEvent { mistakes })
    }
}

/// The instances whose drains held this one at the last look of `stable`, if there was one.
pub fn held_by(input: &Value) -> Vec<InstanceId> {
    let names = input["stable"]["heldBy"].as_array();
    let names = names.map(Vec::as_slice).unwrap_or_default();
    names
        .iter()
        .filter_map(Value::as_str)
        .map(InstanceId::new)
        .collect()
}

/// The tasks that the last look of `drained` left, or, before its first, those that `draining`
/// found. Whatever else stands there is no reason to stop: all tasks are then listed anew.
pub fn tasks_left(input: &Value) -> Option<TasksLeft> {
    TasksLeft::deserialize(&last_look_at_drain(input)["tasksLeft"]).ok()
}

/// What `drained` said when it last looked, or, before its first look, `draining`.
fn last_look_at_drain(input: &Value) -> &Value {
    match input.get("drained") {
        Some(drained) if drained["looked"] != Value::Bool(false) => drained,
        _ => &input["draining"],
    }
}

/// The daemons that `joined` waits for, if it has noted them.
pub fn daemons_awaited(input: &Value) -> Option<DaemonsAwaited> {
    DaemonsAwaited::deserialize(&input["joined"]["daemonsAwaited"]).ok()
}

/// Since when the agent of a leaving instance was seen to be gone, if it was at the last look of
/// `drained`, or, before its first, at that of `draining`.
pub fn agent_gone_since(input: &Value) -> Option<Timestamp> {
    last_look_at_drain(input)["agentGoneSince"]
        .as_str()?
        .parse()
        .ok()
}

/// When the operator asked to end the instance, if an earlier look of `draining` or `drained` found
/// that it was asked for.
pub fn termination_requested(input: &Value) -> Option<Timestamp> {
    let mut said = ["drained", "draining"].iter();
    said.find_map(|phase| {
        input[phase]["terminationRequestedAt"]
            .as_str()?
            .parse()
            .ok()
    })
}

/// What held the tasks of services when `drained` last asked, if it has.
pub fn hindrances(input: &Value) -> Option<DrainBlockers> {
    DrainBlockers::deserialize(&input["drained"]["hindrances"]).ok()
}

/// How the drain stood that had to wait for its turn, if it had to.
pub fn turn(input: &Value) -> Option<Turn> {
    Turn::deserialize(&input["draining"]["turn"]).ok()
}

/// What the stack was doing at the last look of `stable`, if that is known.
pub fn stack_seen(input: &Value) -> Option<StackSnapshot> {
    StackSnapshot::deserialize(&input["stable"]["stack"]).ok()
}

/// When the worker of this `phase` last sent a heartbeat, if that is known.
pub fn last_heartbeat(input: &Value, phase: &str) -> Option<Timestamp> {
    input[phase]["heartbeatAt"].as_str()?.parse().ok()
}

/// What `draining` answered, as far as the workers after it need it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainStart {
    /// When the drain began.
    pub since: Timestamp,
    /// What the instance was registered as.
    #[serde(default)]
    pub container_instances: Vec<ContainerInstanceArn>,
    /// The services that were not stable before.
    pub unstable: Vec<ServiceCounts>,
    /// The services that had tasks on the instance.
    pub services: Vec<ServiceName>,
    /// Whether the stack was being deleted then.
    #[serde(default)]
    pub stack_deleting: bool,
    /// The DAEMON services among them.
    #[serde(default)]
    pub daemons: Vec<ServiceName>,
}

/// Reads draining's answer from the input.
///
/// # Errors
/// `BadEvent` if it is not there: without it nobody knows what the drain found.
pub fn drain_begun(input: &Value) -> Result<DrainStart, Error> {
    DrainStart::deserialize(&input["draining"]).map_err(|error| Error::BadEvent {
        mistakes: vec![Mistake {
            field: "draining".to_owned(),
            problem: format!(
                "is not the answer of the worker of that name: {}",
                shown(error)
            ),
        }],
    })
}
