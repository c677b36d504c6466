//! The incidents in the middle of a rollout, as scenarios write them. `N` picks one of those
//! that there are then, by its place, counted round: the group's instances, the running executions,
//! the running tasks, or the services.

use std::fmt;
use workers::text::count;

/// A disturbance of the cluster that happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// An instance dies.
    Dies(u64),
    /// An instance's agent loses its connection, for so many seconds.
    AgentAway(u64, u64),
    /// An instance's agent loses its connection, and does not come back.
    AgentGone(u64),
    /// A running execution is stopped, and started anew with the same input.
    ExecutionRestarted(u64),
    /// A running execution is stopped, and nobody starts it anew.
    ExecutionStopped(u64),
    /// A running task of a service ends by itself.
    TaskExits(u64),
    /// A service is scaled to so many tasks.
    ServiceScaled(u64, u64),
    /// A service is deployed anew.
    ServiceRedeployed(u64),
    /// An operator sets an instance DRAINING.
    OperatorDrains(u64),
    /// No function can be invoked for so many seconds.
    FunctionsAway(u64),
    /// The state machine and the functions are updated.
    WorkersUpdated,
    /// EC2 gives notice that it takes a Spot instance back.
    SpotInterrupted(u64),
    /// EC2 recommends to replace a Spot instance.
    SpotAtRisk(u64),
    /// The event of an earlier execution is put on the bus again, as from an archive.
    EventReplayed(u64),
    /// Somebody puts the event of a terminate hook on the bus for an instance, without looking
    /// where that is.
    EventMadeUp(u64),
}

/// How an incident is written.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// Its word.
    pub word: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its numbers where the word alone is given, as `--fault` takes it; and so, how many follow
    /// the word in a scenario.
    usual: &'static [u64],
    /// The incident with these numbers, which are as many.
    incident: fn(&[u64]) -> Incident,
}

/// More tasks than there is capacity for.
const MANY_TASKS: u64 = 500;
/// Longer than the hooks wait.
const LONG_AWAY: u64 = 4800;

/// Every incident.
#[rustfmt::skip]
pub const WORDS: [Word; 15] = [
    Word { word: "dies", usual: &[0], incident: |n| Incident::Dies(n[0]), about: "an instance dies" },
    Word { word: "agent-away", usual: &[0, 300], incident: |n| Incident::AgentAway(n[0], n[1]), about: "an instance's ECS agent is disconnected for a time" },
    Word { word: "agent-gone", usual: &[0], incident: |n| Incident::AgentGone(n[0]), about: "an instance's ECS agent is disconnected for good" },
    Word { word: "execution-restarted", usual: &[0], incident: |n| Incident::ExecutionRestarted(n[0]), about: "an execution is stopped and started again" },
    Word { word: "execution-stopped", usual: &[0], incident: |n| Incident::ExecutionStopped(n[0]), about: "an execution is stopped" },
    Word { word: "task-exits", usual: &[0], incident: |n| Incident::TaskExits(n[0]), about: "a task of a service ends by itself" },
    Word { word: "service-scaled", usual: &[0, MANY_TASKS], incident: |n| Incident::ServiceScaled(n[0], n[1]), about: "the desired count of a service changes" },
    Word { word: "service-redeployed", usual: &[0], incident: |n| Incident::ServiceRedeployed(n[0]), about: "a new deployment of a service begins" },
    Word { word: "operator-drains", usual: &[0], incident: |n| Incident::OperatorDrains(n[0]), about: "an operator sets an instance DRAINING" },
    Word { word: "functions-away", usual: &[LONG_AWAY], incident: |n| Incident::FunctionsAway(n[0]), about: "Lambda does not run functions for a time" },
    Word { word: "workers-updated", usual: &[], incident: |_| Incident::WorkersUpdated, about: "definition and functions are updated" },
    Word { word: "spot-interrupted", usual: &[0], incident: |n| Incident::SpotInterrupted(n[0]), about: "EC2 takes a Spot instance back, two minutes after its notice" },
    Word { word: "spot-at-risk", usual: &[0], incident: |n| Incident::SpotAtRisk(n[0]), about: "EC2 recommends to replace a Spot instance" },
    Word { word: "event-replayed", usual: &[0], incident: |n| Incident::EventReplayed(n[0]), about: "the event of an earlier execution is replayed" },
    Word { word: "event-made-up", usual: &[0], incident: |n| Incident::EventMadeUp(n[0]), about: "somebody puts a terminate event on the bus for an instance" },
];

/// An incident with more or fewer numbers than it needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word} takes {wanted}, not {found}", wanted = count(*wanted, "number"))]
pub struct WrongCount {
    /// The incident's word.
    pub word: String,
    /// How many numbers it needs.
    pub wanted: usize,
    /// How many follow it.
    pub found: usize,
}

impl Incident {
    /// The incident that `word` and the numbers after it mean, if it is a word of this kind.
    ///
    /// # Errors
    /// If the numbers are not as many as the word needs.
    pub fn read(word: &str, numbers: &[u64]) -> Option<Result<Self, WrongCount>> {
        let known = WORDS.iter().find(|known| known.word == word)?;
        let wanted = known.usual.len();
        if numbers.len() == wanted {
            return Some(Ok((known.incident)(numbers)));
        }
        Some(Err(WrongCount {
            word: word.to_owned(),
            wanted,
            found: numbers.len(),
        }))
    }

    /// The incident that a word alone means, as `--fault` takes it.
    pub fn usual(word: &str) -> Option<Self> {
        let known = WORDS.iter().find(|known| known.word == word)?;
        Some((known.incident)(known.usual))
    }

    /// Whether it is of Spot instances only.
    pub fn is_of_spot(&self) -> bool {
        matches!(self, Self::SpotInterrupted(_) | Self::SpotAtRisk(_))
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Dies(_) => "dies",
            Self::AgentAway(..) => "agent-away",
            Self::AgentGone(_) => "agent-gone",
            Self::ExecutionRestarted(_) => "execution-restarted",
            Self::ExecutionStopped(_) => "execution-stopped",
            Self::TaskExits(_) => "task-exits",
            Self::ServiceScaled(..) => "service-scaled",
            Self::ServiceRedeployed(_) => "service-redeployed",
            Self::OperatorDrains(_) => "operator-drains",
            Self::FunctionsAway(_) => "functions-away",
            Self::WorkersUpdated => "workers-updated",
            Self::SpotInterrupted(_) => "spot-interrupted",
            Self::SpotAtRisk(_) => "spot-at-risk",
            Self::EventReplayed(_) => "event-replayed",
            Self::EventMadeUp(_) => "event-made-up",
        }
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Dies(n)
            | Self::AgentGone(n)
            | Self::ExecutionRestarted(n)
            | Self::ExecutionStopped(n)
            | Self::TaskExits(n)
            | Self::ServiceRedeployed(n)
            | Self::OperatorDrains(n)
            | Self::FunctionsAway(n)
            | Self::SpotInterrupted(n)
            | Self::SpotAtRisk(n)
            | Self::EventReplayed(n)
            | Self::EventMadeUp(n) => write!(f, " {n}"),
            Self::AgentAway(n, more) | Self::ServiceScaled(n, more) => write!(f, " {n} {more}"),
            Self::WorkersUpdated => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_read_as_it_is_written() {
        for Word { word, usual, .. } in WORDS {
            let wanted = usual.len();
            let numbers = vec![3; wanted];
            let read = Incident::read(word, &numbers).expect("a word");
            let read = read.expect("as many numbers as it takes");
            assert_eq!(read.word(), word);
            let written = read.to_string();
            assert_eq!(written.matches(" 3").count(), wanted, "{written}");
            assert!(Incident::usual(word).is_some_and(|it| it.word() == word));
            assert!(Incident::read(word, &[1, 2, 3]).is_some_and(|read| read.is_err()));
        }
        assert_eq!(Incident::read("fly", &[]), None);
    }
}
