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

/// The words, how many numbers follow each, and what it does.
pub const WORDS: [(&str, usize, &str); 15] = [
    ("dies", 1, "an instance dies"),
    (
        "agent-away",
        2,
        "an instance's ECS agent is disconnected for a time",
    ),
    (
        "agent-gone",
        1,
        "an instance's ECS agent is disconnected for good",
    ),
    (
        "execution-restarted",
        1,
        "an execution is stopped and started again",
    ),
    ("execution-stopped", 1, "an execution is stopped"),
    ("task-exits", 1, "a task of a service ends by itself"),
    (
        "service-scaled",
        2,
        "the desired count of a service changes",
    ),
    (
        "service-redeployed",
        1,
        "a new deployment of a service begins",
    ),
    (
        "operator-drains",
        1,
        "an operator sets an instance DRAINING",
    ),
    (
        "functions-away",
        1,
        "Lambda does not run functions for a time",
    ),
    ("workers-updated", 0, "definition and functions are updated"),
    (
        "spot-interrupted",
        1,
        "EC2 takes a Spot instance back, two minutes after its notice",
    ),
    (
        "spot-at-risk",
        1,
        "EC2 recommends to replace a Spot instance",
    ),
    (
        "event-replayed",
        1,
        "the event of an earlier execution is replayed",
    ),
    (
        "event-made-up",
        1,
        "somebody puts a terminate event on the bus for an instance",
    ),
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
        let (_, wanted, _) = WORDS.iter().find(|(known, ..)| *known == word)?;
        if numbers.len() != *wanted {
            return Some(Err(WrongCount {
                word: word.to_owned(),
                wanted: *wanted,
                found: numbers.len(),
            }));
        }
        Some(Ok(match (word, numbers) {
            ("dies", [n]) => Self::Dies(*n),
            ("agent-away", [n, seconds]) => Self::AgentAway(*n, *seconds),
            ("agent-gone", [n]) => Self::AgentGone(*n),
            ("execution-restarted", [n]) => Self::ExecutionRestarted(*n),
            ("execution-stopped", [n]) => Self::ExecutionStopped(*n),
            ("task-exits", [n]) => Self::TaskExits(*n),
            ("service-scaled", [n, count]) => Self::ServiceScaled(*n, *count),
            ("service-redeployed", [n]) => Self::ServiceRedeployed(*n),
            ("operator-drains", [n]) => Self::OperatorDrains(*n),
            ("functions-away", [seconds]) => Self::FunctionsAway(*seconds),
            ("spot-interrupted", [n]) => Self::SpotInterrupted(*n),
            ("spot-at-risk", [n]) => Self::SpotAtRisk(*n),
            ("event-replayed", [n]) => Self::EventReplayed(*n),
            ("event-made-up", [n]) => Self::EventMadeUp(*n),
            _ => Self::WorkersUpdated,
        }))
    }

    /// The incident that a word alone means, as `--fault` takes it.
    pub fn usual(word: &str) -> Option<Self> {
        let (_, wanted, _) = WORDS.iter().find(|(known, ..)| *known == word)?;
        let numbers: &[u64] = match (word, wanted) {
            ("agent-away", _) => &[0, 300],
            // More than there is room for.
            ("service-scaled", _) => &[0, 500],
            // Longer than the hooks wait.
            ("functions-away", _) => &[4800],
            (_, 0) => &[],
            _ => &[0],
        };
        Self::read(word, numbers)?.ok()
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
        for (word, wanted, _) in WORDS {
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
