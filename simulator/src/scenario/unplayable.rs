//! Why a scenario cannot be played, and which part of the input is the cause.

use std::fmt;

use super::StepError;
use crate::endpoint::EndpointError;
use crate::lambda_process::CodeError;

/// The part of the input that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The stack's parameters, by their names or values.
    Parameters,
    /// The template, or parameters that do not fit together in it.
    Template,
    /// The services and tasks.
    Workload,
    /// What happens in the scenario.
    Steps,
}

/// Why a scenario cannot be played: what was refused, by whom, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplayable {
    /// The part of the input that is the cause.
    pub about: About,
    message: String,
}

impl Unplayable {
    /// An error about this part of the input.
    pub fn new(about: About, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { about, message }
    }
}

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Unplayable {}

impl From<StepError> for Unplayable {
    fn from(error: StepError) -> Self {
        Self::new(About::Steps, error.to_string())
    }
}

impl From<EndpointError> for Unplayable {
    fn from(error: EndpointError) -> Self {
        Self::new(About::Steps, error.to_string())
    }
}

impl From<CodeError> for Unplayable {
    fn from(error: CodeError) -> Self {
        Self::new(About::Steps, error.to_string())
    }
}

/// A message alone is about a step.
impl From<String> for Unplayable {
    fn from(message: String) -> Self {
        Self::new(About::Steps, message)
    }
}

impl From<&str> for Unplayable {
    fn from(message: &str) -> Self {
        Self::new(About::Steps, message)
    }
}

impl From<Unplayable> for String {
    fn from(unplayable: Unplayable) -> Self {
        unplayable.message
    }
}
