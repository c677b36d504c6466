//! Why a scenario cannot be read.

use crate::faults::UnknownFault;
use crate::scenario::ModelVariant;
use crate::scenario::expectation::ExpectationError;
use crate::scenario::incident::{self, WrongCount};
use serde_json::Value;

use super::{LARGEST, WORDS};

/// A line of a scenario that cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{file}:{line}: {error}")]
pub struct ParseError {
    /// The file, as its reader names it.
    pub file: String,
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong with the line.
    pub error: LineError,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LineError {
    /// The first word is none of a scenario.
    #[error(
        "{0:?} is not a word of a scenario; known are parameter, instances, batch, seed, fault, variant, service, daemon, task, expect, {WORDS}, {incidents}",
        incidents = incidents()
    )]
    UnknownWord(String),
    /// Something else should follow the word.
    #[error("write: {0}")]
    Form(&'static str),
    /// Something follows a word that stands alone.
    #[error("{word} stands alone, but {rest:?} follows it")]
    StandsAlone {
        /// The word.
        word: String,
        /// What follows.
        rest: String,
    },
    /// A number that is none, or too large.
    #[error("{0:?} is not a whole number from 0 to {LARGEST}")]
    NotANumber(String),
    /// A model variant that there is not.
    #[error("no model variant is called {0}; known are {variants}", variants = variants())]
    UnknownVariant(String),
    /// A fault that there is not.
    #[error(transparent)]
    Fault(#[from] UnknownFault),
    /// An incident with too few or too many numbers.
    #[error(transparent)]
    Incident(#[from] WrongCount),
    /// An expectation that cannot be read.
    #[error(transparent)]
    Expectation(#[from] ExpectationError),
    /// Something else than a call after `refused`.
    #[error("`refused` takes a call, not {0:?}")]
    RefusedNoCall(String),
    /// An option that `terminate` does not have.
    #[error("terminate takes stop-tasks and steps=N, not {0:?}")]
    UnknownOption(String),
    /// Nothing where a name belongs.
    #[error("a name is missing")]
    NoName,
    /// Something else than pairs after a name.
    #[error("after the name write key=value")]
    NoPair,
    /// A key that a service or a task does not have.
    #[error("a {of} has no {key}; it has {known}")]
    UnknownKey {
        /// Service or task.
        of: &'static str,
        /// The key.
        key: String,
        /// Those that there are.
        known: &'static str,
    },
    /// A switch that can only be on.
    #[error("{key} is 1, not {value}")]
    NotOne {
        /// The key.
        key: String,
        /// The value.
        value: u64,
    },
    /// A zone that there is not.
    #[error("there is no zone {0}; there are 1, 2 and 3")]
    UnknownZone(u64),
    /// A word that may not follow on another.
    #[error("{word} cannot follow on {on}")]
    CannotFollow {
        /// The word.
        word: String,
        /// The word before.
        on: &'static str,
    },
    /// A step that takes time, after `in`.
    #[error(
        "{0:?} takes time itself, so it cannot happen in the middle of something else; put off a call instead"
    )]
    TakesTime(String),
    /// JSON that is no object.
    #[error("{what} is {value}, not a JSON object")]
    NotAnObject {
        /// What the JSON is.
        what: &'static str,
        /// Its value.
        value: Value,
    },
    /// Text that is no JSON.
    #[error("{what} is not JSON: {cause}")]
    NotJson {
        /// What the text should be.
        what: &'static str,
        /// The reader's message.
        cause: String,
    },
}

fn incidents() -> String {
    let words: Vec<&str> = incident::WORDS.iter().map(|known| known.word).collect();
    words.join(", ")
}

fn variants() -> String {
    let names: Vec<&str> = ModelVariant::ALL.iter().map(|(_, name)| *name).collect();
    names.join(", ")
}
