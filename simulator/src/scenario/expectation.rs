//! What a scenario expects: its lines that begin with `expect`, judged when it has ended.
//!
//! ```text
//! expect outcome UPDATE_COMPLETE              the stack's status at the end
//! expect launched 4                           or terminated, or retained (at the end)
//! expect duration 20m..45m                    of the last rollout
//! expect i-2 Terminating:Retained             the second instance launched was in that state
//! expect i-1 DRAINING before i-2 DRAINING     the first time that each of the two happened
//! expect i-1 drained Never                    a worker's verdict
//! expect stack UPDATE_ROLLBACK_IN_PROGRESS
//! expect never any Terminating:Retained       no instance ever was
//! expect log i-1 drained NotYet Waiting for   a line of the log has this text; blanks count as one
//! expect never log task killed                no line has
//! ```

mod error;
mod witness;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use workers::Worker;
use workers::model::Verdict;

use crate::autoscaling::LifecycleState;
use crate::trace::StackStatus;

pub use error::ExpectationError;
pub use witness::{Unmet, Witness};

/// One expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// The stack's status at the end.
    Outcome(StackStatus),
    /// How many instances there were of a kind.
    Count(Counted, usize),
    /// How long the last rollout took.
    Took(RangeInclusive<Duration>),
    /// Something happened.
    Happened(Occurrence),
    /// Something never happened.
    Never(Occurrence),
    /// A line of the log has this text, without its time and with single blanks.
    Logged(String),
    /// No line has.
    NeverLogged(String),
    /// Both happened, the first of the one before the first of the other.
    Before(Occurrence, Occurrence),
}

/// What is counted of the instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those that were launched.
    Launched,
    /// Those that are gone.
    Terminated,
    /// Those that are retained at the end.
    Retained,
}

/// What happened to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// To whom.
    pub subject: Subject,
    /// What.
    pub fact: Fact,
}

/// To whom something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The stack.
    Stack,
    /// The instance of this place in the order of their launches, from 1.
    Instance(usize),
    /// Any instance.
    Any,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The stack came to this status.
    Stack(StackStatus),
    /// The instance came to this lifecycle state.
    Lifecycle(LifecycleState),
    /// Its container instance came to this status.
    ContainerInstance(&'static str),
    /// A worker gave this verdict about it.
    Answer(Worker, Verdict),
}

/// The statuses of a container instance that are worth an expectation.
const CONTAINER_INSTANCE: [&str; 3] = ["ACTIVE", "DRAINING", "INACTIVE"];

/// Reads what stands after `expect`.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Expectation, ExpectationError> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    Ok(match word {
        "outcome" => Expectation::Outcome(status(rest)?),
        "launched" => Expectation::Count(Counted::Launched, count(rest)?),
        "terminated" => Expectation::Count(Counted::Terminated, count(rest)?),
        "retained" => Expectation::Count(Counted::Retained, count(rest)?),
        "duration" => Expectation::Took(range(rest)?),
        "log" => Expectation::Logged(line_of_log(rest)?),
        "never" => match rest.split_once(' ') {
            Some(("log", text)) => Expectation::NeverLogged(line_of_log(text)?),
            _ => Expectation::Never(occurrence(rest)?),
        },
        _ => match text.split_once(" before ") {
            Some((one, other)) => Expectation::Before(occurrence(one)?, occurrence(other)?),
            None => Expectation::Happened(occurrence(text)?),
        },
    })
}

/// A text as a line of the log may have it.
fn line_of_log(text: &str) -> Result<String, ExpectationError> {
    let text = witness::single_blanks(text);
    if text.is_empty() {
        return Err(ExpectationError::NoText);
    }
    Ok(text)
}

fn count(text: &str) -> Result<usize, ExpectationError> {
    let number = text.parse().ok();
    number.ok_or_else(|| ExpectationError::NotACount(text.to_owned()))
}

fn status(text: &str) -> Result<StackStatus, ExpectationError> {
    StackStatus::named(text).ok_or_else(|| ExpectationError::UnknownStatus(text.to_owned()))
}

/// `20m..45m`, both included.
fn range(text: &str) -> Result<RangeInclusive<Duration>, ExpectationError> {
    let (least, most) = text.split_once("..").ok_or(ExpectationError::NoRange)?;
    let (least, most) = (duration(least)?, duration(most)?);
    if least <= most {
        Ok(least..=most)
    } else {
        Err(ExpectationError::Backwards(text.to_owned()))
    }
}

fn duration(text: &str) -> Result<Duration, ExpectationError> {
    let duration: Option<SignedDuration> = text.trim().parse().ok();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| ExpectationError::NotADuration(text.to_owned()))
}

/// `SUBJECT FACT`.
fn occurrence(text: &str) -> Result<Occurrence, ExpectationError> {
    let (subject, fact) = text
        .trim()
        .split_once(' ')
        .ok_or_else(|| unknown(text.trim()))?;
    let fact = fact.trim();
    let instance = |number: &str| number.parse().ok().filter(|number| *number > 0);
    let subject = match subject {
        "stack" => Subject::Stack,
        "any" => Subject::Any,
        other => other
            .strip_prefix("i-")
            .and_then(instance)
            .map(Subject::Instance)
            .ok_or_else(|| unknown(other))?,
    };
    let fact = match subject {
        Subject::Stack => Fact::Stack(status(fact)?),
        Subject::Instance(_) | Subject::Any => of_instance(fact)?,
    };
    Ok(Occurrence { subject, fact })
}

fn unknown(word: &str) -> ExpectationError {
    ExpectationError::UnknownWord(word.to_owned())
}

fn of_instance(text: &str) -> Result<Fact, ExpectationError> {
    if let Some((worker, verdict)) = text.split_once(' ') {
        let known = Worker::ALL.into_iter().find(|one| one.name() == worker);
        let known = known.ok_or_else(|| ExpectationError::UnknownWorker(worker.to_owned()))?;
        let verdict = verdict.trim();
        // A slip of the pen must not make `never` true.
        let verdict = Verdict::named(verdict)
            .ok_or_else(|| ExpectationError::UnknownVerdict(verdict.to_owned()))?;
        return Ok(Fact::Answer(known, verdict));
    }
    let of_ecs = CONTAINER_INSTANCE.into_iter().find(|known| *known == text);
    let of_ecs = of_ecs.map(Fact::ContainerInstance);
    let state = LifecycleState::named(text).map(Fact::Lifecycle);
    of_ecs
        .or(state)
        .ok_or_else(|| ExpectationError::UnknownFact(text.to_owned()))
}

impl Counted {
    /// As a scenario writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Launched => "launched",
            Self::Terminated => "terminated",
            Self::Retained => "retained",
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(status) => write!(f, "outcome {status}"),
            Self::Count(counted, count) => write!(f, "{} {count}", counted.word()),
            Self::Took(range) => {
                let friendly = |duration: &Duration| {
                    SignedDuration::try_from(*duration).map(|it| format!("{it:#}"))
                };
                let least = friendly(range.start()).map_err(|_| fmt::Error)?;
                let most = friendly(range.end()).map_err(|_| fmt::Error)?;
                write!(f, "duration {least}..{most}")
            }
            Self::Happened(one) => one.fmt(f),
            Self::Never(one) => write!(f, "never {one}"),
            Self::Logged(text) => write!(f, "log {text}"),
            Self::NeverLogged(text) => write!(f, "never log {text}"),
            Self::Before(one, other) => write!(f, "{one} before {other}"),
        }
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Stack => f.write_str("stack ")?,
            Subject::Instance(number) => write!(f, "i-{number} ")?,
            Subject::Any => f.write_str("any ")?,
        }
        match &self.fact {
            Fact::Stack(status) => write!(f, "{status}"),
            Fact::Lifecycle(state) => state.fmt(f),
            Fact::ContainerInstance(status) => f.write_str(status),
            Fact::Answer(worker, verdict) => write!(f, "{} {}", worker.name(), verdict.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for text in [
            "outcome UPDATE_ROLLBACK_COMPLETE",
            "launched 4",
            "terminated 0",
            "retained 1",
            "i-2 Terminating:Retained",
            "i-12 DRAINING",
            "i-1 complete-action Reached",
            "never any Warmed:Pending:Retained",
            "stack UPDATE_ROLLBACK_IN_PROGRESS",
            "i-1 Terminated before i-2 draining Reached",
            "log i-1 drained NotYet Waiting before",
            "never log task killed",
        ] {
            assert_eq!(read(text).map(|it| it.to_string()), Ok(text.to_owned()));
        }
        let took = read("duration 90s..1h30m").expect("a duration");
        assert_eq!(took.to_string(), "duration 1m 30s..1h 30m");
        assert_eq!(read(&took.to_string()), Ok(took));
    }

    #[test]
    fn what_cannot_be_expected_is_named() {
        for (text, named) in [
            ("", "nothing can be expected of \"\""),
            ("peace", "\"peace\""),
            ("i-0 DRAINING", "\"i-0\""),
            ("i-1 Sleeping", "\"Sleeping\""),
            ("i-1 sleeper Reached", "no worker sleeper"),
            ("never i-1 drained Nver", "\"Nver\" is no verdict"),
            ("never stack UPDATE_COMPLET", "\"UPDATE_COMPLET\""),
            ("outcome done", "\"done\""),
            ("launched many", "\"many\""),
            ("duration 20m", "20m..45m"),
            ("duration soon..1h", "\"soon\""),
            ("log", "expect log i-1"),
            ("never log  ", "\"log\""),
            ("duration 2h..1h", "ends before it begins"),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(named), "{text}: {refused}");
        }
    }
}
