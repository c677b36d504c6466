//! The earlier answers of an execution, as far as the workers after them need what they say.
//!
//! Only the beginning of a phase and what a drain found must be readable: whatever else stands in
//! an earlier answer is no reason to stop, and is asked for anew.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::fields::{Fields, shown};
use crate::error::{Error, Mistake};
use crate::model::cluster::ServiceCounts;
use crate::model::{
    ContainerInstanceArn, DaemonsAwaited, DrainBlockers, InstanceId, ServiceName, StackSnapshot,
    TasksLeft, Turn,
};
use crate::worker::Worker;

/// The earlier answers of an execution.
#[derive(Debug, Clone)]
pub struct History {
    /// What `joined` noted.
    pub joined: JoinedDetails,
    /// What `draining` noted.
    pub draining: DrainingDetails,
    /// What `drained` noted.
    pub drained: DrainedDetails,
    /// What `stable` noted.
    pub stable: StableDetails,
    phases: Vec<(Worker, Phase)>,
}

/// What every worker's answer says of its phase.
#[derive(Debug, Clone)]
struct Phase {
    since: Result<Option<Timestamp>, Vec<Mistake>>,
    heartbeat_at: Option<Timestamp>,
}

/// What `joined` notes for its next look.
#[derive(Debug, Clone)]
pub struct JoinedDetails {
    /// The daemons that it waits for.
    pub daemons_awaited: Option<DaemonsAwaited>,
}

/// What a look at a drain notes for the next.
#[derive(Debug, Clone)]
struct Look {
    tasks_left: Option<TasksLeft>,
    agent_gone_since: Option<Timestamp>,
    termination_requested_at: Option<Timestamp>,
}

/// What `draining` notes for its next look, and for the workers after it.
#[derive(Debug, Clone)]
pub struct DrainingDetails {
    begun: Result<DrainStart, Mistake>,
    /// How the drain stood that had to wait for its turn, if it had to.
    pub turn: Option<Turn>,
    look: Look,
}

/// What `drained` notes for its next look.
#[derive(Debug, Clone)]
pub struct DrainedDetails {
    /// Whether it has looked at all: its first answer may be that others look first.
    has_looked: bool,
    /// What held the tasks of services when it last asked, if it has.
    pub hindrances: Option<DrainBlockers>,
    look: Look,
}

/// What `stable` notes for its next look.
#[derive(Debug, Clone)]
pub struct StableDetails {
    /// The instances whose drains held this one.
    pub held_by: Vec<InstanceId>,
    /// What the stack was doing.
    pub stack: Option<StackSnapshot>,
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

impl History {
    /// Reads the earlier answers that stand in an input, by phase.
    pub fn read(input: &Value) -> Self {
        Self {
            joined: JoinedDetails {
                daemons_awaited: readable(&input["joined"]["daemonsAwaited"]),
            },
            draining: DrainingDetails {
                begun: DrainStart::deserialize(&input["draining"]).map_err(|error| Mistake {
                    field: "draining".to_owned(),
                    problem: format!(
                        "is not the answer of the worker of that name: {}",
                        shown(error)
                    ),
                }),
                turn: turn(input),
                look: Look::read(&input["draining"]),
            },
            drained: DrainedDetails {
                has_looked: input
                    .get("drained")
                    .is_some_and(|drained| drained["looked"] != Value::Bool(false)),
                hindrances: readable(&input["drained"]["hindrances"]),
                look: Look::read(&input["drained"]),
            },
            stable: StableDetails::read(&input["stable"]),
            phases: Worker::ALL
                .into_iter()
                .map(|worker| (worker, Phase::read(input, worker.phase())))
                .collect(),
        }
    }

    fn phase(&self, worker: Worker) -> Option<&Phase> {
        let mut phases = self.phases.iter();
        phases.find(|(of, _)| *of == worker).map(|(_, phase)| phase)
    }

    /// When the phase of this worker began, if it has answered in it before.
    ///
    /// # Errors
    /// `BadEvent` if the earlier answer has no readable `since`.
    pub fn since(&self, worker: Worker) -> Result<Option<Timestamp>, Error> {
        match self.phase(worker).map(|phase| &phase.since) {
            Some(Err(mistakes)) => Err(Error::BadEvent {
                mistakes: mistakes.clone(),
            }),
            Some(Ok(since)) => Ok(*since),
            None => Ok(None),
        }
    }

    /// When this worker last sent a heartbeat, if that is known.
    pub fn last_heartbeat(&self, worker: Worker) -> Option<Timestamp> {
        self.phase(worker)?.heartbeat_at
    }

    /// What the drain found when it began.
    ///
    /// # Errors
    /// `BadEvent` if draining's answer is not there: without it nobody knows what the drain found.
    pub fn drain_begun(&self) -> Result<&DrainStart, Error> {
        let begun = self.draining.begun.as_ref();
        begun.map_err(|mistake| Error::BadEvent {
            mistakes: vec![mistake.clone()],
        })
    }

    /// The tasks that the last look of `drained` left, or, before its first, those that `draining`
    /// found.
    pub fn tasks_left(&self) -> Option<&TasksLeft> {
        self.last_look_at_drain().tasks_left.as_ref()
    }

    /// Since when the agent of a leaving instance was seen to be gone, if it was at the last look
    /// of `drained`, or, before its first, at that of `draining`.
    pub fn agent_gone_since(&self) -> Option<Timestamp> {
        self.last_look_at_drain().agent_gone_since
    }

    /// When the operator asked to end the instance, if an earlier look of `draining` or `drained`
    /// found that it was asked for.
    pub fn termination_requested(&self) -> Option<Timestamp> {
        let drained = self.drained.look.termination_requested_at;
        drained.or(self.draining.look.termination_requested_at)
    }

    /// What `drained` said when it last looked, or, before its first look, `draining`.
    fn last_look_at_drain(&self) -> &Look {
        if self.drained.has_looked {
            &self.drained.look
        } else {
            &self.draining.look
        }
    }
}

impl Phase {
    fn read(input: &Value, phase: &str) -> Self {
        let since = input.get(phase).map(|earlier| {
            let (empty, mut mistakes) = (Map::new(), Vec::new());
            let since = Fields::of(earlier, phase, &empty, &mut mistakes).time("since");
            if mistakes.is_empty() {
                Ok(since)
            } else {
                Err(mistakes)
            }
        });
        Self {
            since: since.unwrap_or(Ok(None)),
            heartbeat_at: instant(&input[phase]["heartbeatAt"]),
        }
    }
}

impl Look {
    fn read(answer: &Value) -> Self {
        Self {
            tasks_left: readable(&answer["tasksLeft"]),
            agent_gone_since: instant(&answer["agentGoneSince"]),
            termination_requested_at: instant(&answer["terminationRequestedAt"]),
        }
    }
}

impl StableDetails {
    fn read(answer: &Value) -> Self {
        let names = answer["heldBy"].as_array();
        let names = names.map(Vec::as_slice).unwrap_or_default().iter();
        Self {
            held_by: names
                .filter_map(Value::as_str)
                .map(InstanceId::new)
                .collect(),
            stack: readable(&answer["stack"]),
        }
    }
}

/// How the drain stood that had to wait for its turn, if it had to.
pub(super) fn turn(input: &Value) -> Option<Turn> {
    readable(&input["draining"]["turn"])
}

/// What stands there, if it can be read.
fn readable<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// The instant that stands there, if one does.
fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
