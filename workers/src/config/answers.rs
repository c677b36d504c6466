//! What the workers noted in their last answers, for their next looks. Whatever else stands there is no reason to stop: what
//! is not known is asked anew.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{DaemonsAwaited, Hindrances, StackSeen, TasksLeft, Turn};

/// The tasks that the last look of `drained` left, or, before its first, those that `draining` found. Whatever else
/// stands there is no reason to stop: all tasks are then listed anew.
pub fn tasks_left(input: &Value) -> Option<TasksLeft> {
    let last = match input.get("drained") {
        Some(drained) => drained,
        None => &input["draining"],
    };
    TasksLeft::deserialize(&last["tasksLeft"]).ok()
}

/// The daemons that `joined` waits for, if it has noted them.
pub fn daemons_awaited(input: &Value) -> Option<DaemonsAwaited> {
    DaemonsAwaited::deserialize(&input["joined"]["daemonsAwaited"]).ok()
}

/// Since when the agent of a leaving instance was seen to be gone, if it was at the last look of `drained`, or, before its
/// first, at that of `draining`.
pub fn agent_gone_since(input: &Value) -> Option<Timestamp> {
    let last = match input.get("drained") {
        Some(drained) => drained,
        None => &input["draining"],
    };
    last["agentGoneSince"].as_str()?.parse().ok()
}

/// What held the tasks of services when `drained` last asked, if it has.
pub fn hindrances(input: &Value) -> Option<Hindrances> {
    Hindrances::deserialize(&input["drained"]["hindrances"]).ok()
}

/// How the drain stood that had to wait for its turn, if it had to.
pub fn turn(input: &Value) -> Option<Turn> {
    Turn::deserialize(&input["draining"]["turn"]).ok()
}

/// What the stack was doing at the last look of `stable`, if that is known.
pub fn stack_seen(input: &Value) -> Option<StackSeen> {
    StackSeen::deserialize(&input["stable"]["stack"]).ok()
}

/// When the worker of this `phase` last sent a heartbeat, if that is known.
pub fn last_heartbeat(input: &Value, phase: &str) -> Option<Timestamp> {
    input[phase]["heartbeatAt"].as_str()?.parse().ok()
}
