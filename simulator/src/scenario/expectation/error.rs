//! Why an expectation cannot be read.

use workers::model::Verdict;

use super::CONTAINER_INSTANCE;

/// What is wrong with what stands after `expect`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectationError {
    /// The word is neither a kind of expectation nor a subject.
    #[error(
        "nothing can be expected of {0:?}; write outcome, launched, terminated, retained, duration, log, never, or a subject \
         (stack, any, or i-1 for the instance launched first) and what happens to it"
    )]
    UnknownWord(String),
    /// Nothing after `log`.
    #[error("write the text after it: expect log i-1 drained NotYet")]
    NoText,
    /// A count that is no number.
    #[error("{0:?} is not a number of instances")]
    NotACount(String),
    /// A status that no stack has.
    #[error("{0:?} is no status of a stack, such as UPDATE_COMPLETE")]
    UnknownStatus(String),
    /// A duration without two ends.
    #[error("write: expect duration 20m..45m")]
    NoRange,
    /// A range whose second end is the earlier.
    #[error("{0} ends before it begins")]
    Backwards(String),
    /// A duration that cannot be read.
    #[error("{0:?} is no duration, such as 90s or 1h30m")]
    NotADuration(String),
    /// A worker that there is not.
    #[error("there is no worker {0}")]
    UnknownWorker(String),
    /// A verdict that no worker gives.
    #[error("{0:?} is no verdict; there are {verdicts}", verdicts = Verdict::ALL.map(Verdict::name).join(", "))]
    UnknownVerdict(String),
    /// What happens to no instance.
    #[error(
        "{0:?} is neither a lifecycle state such as Terminating:Wait, nor one of {statuses}, nor a worker and its verdict",
        statuses = CONTAINER_INSTANCE.join(", ")
    )]
    UnknownFact(String),
}
