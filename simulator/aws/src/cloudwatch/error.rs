//! Why a line of a log is no document of the embedded metric format.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{DIMENSIONS_LIMIT, METRICS_LIMIT};

/// What is wrong with the line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DocumentError {
    /// The line is longer than an event of a log may be.
    #[error("it has {0} bytes")]
    TooLong(usize),
    /// The line is no JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// The time is none.
    #[error("_aws.Timestamp is no whole number of milliseconds")]
    NotATime,
    /// A directive with too many metrics.
    #[error("a directive has more than {METRICS_LIMIT} metrics")]
    TooManyMetrics,
    /// A directive without a set of dimensions.
    #[error("Dimensions has no set")]
    NoSet,
    /// A set with too many dimensions.
    #[error("a set has more than {DIMENSIONS_LIMIT} dimensions")]
    TooManyDimensions,
    /// Something that should be an object.
    #[error("{0} is no object")]
    NotAnObject(&'static str),
    /// Something that should be a list.
    #[error("{0} is no list")]
    NotAList(&'static str),
    /// An object with too few or too many members.
    #[error("{what} has the members {found:?}, not {expected:?}")]
    Members {
        /// The object.
        what: &'static str,
        /// Its members.
        found: BTreeSet<String>,
        /// Those that it must have.
        expected: BTreeSet<&'static str>,
    },
    /// A name that is none, or too long.
    #[error("{what} {value} is no name")]
    NotAName {
        /// What is to have the name.
        what: String,
        /// What stands there.
        value: Value,
    },
    /// A unit that is not known.
    #[error("the unit {0} is not known here")]
    UnknownUnit(String),
    /// A metric without a value.
    #[error("the root has no number {0}")]
    NoValue(String),
}
