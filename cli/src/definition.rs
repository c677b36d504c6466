//! Why a text is no definition of a state machine.

use std::fmt;

/// What a definition lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// The text is no JSON.
    #[error("the definition is not JSON: {0}")]
    NotJson(String),
    /// A member that every definition has.
    #[error("the definition has no {0}")]
    Lacks(&'static str),
}

impl DefinitionError {
    /// The text is no JSON: the reader's message.
    pub fn not_json(cause: &impl fmt::Display) -> Self {
        Self::NotJson(cause.to_string())
    }
}
