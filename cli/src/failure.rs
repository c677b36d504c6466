//! Why a verb did not do what it was asked, and the exit code that says so to a script.

use std::fmt;
use std::process::ExitCode;

use simulator::endpoint::EndpointError;
use simulator::scenario::Unplayable;
use simulator::scenario::files::{ParametersError, TemplateUnreadable};
use simulator::scenario::parse::ParseError;
use simulator::text_file::TextError;
use simulator::workload::WorkloadError;
use workers::text::printable;

use crate::definition::DefinitionError;

/// The exit codes of every verb. docs/operating.md has the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The verb did what it was asked, or there was nothing to do.
    AsAsked,
    /// The rollout, or the instance, ended otherwise: rolled back, retained, still there; or you
    /// said no.
    Otherwise,
    /// A flag, a file or a name is wrong.
    Input,
    /// `plan` found a problem, or AWS's state does not allow the change.
    Refused,
    /// AWS cannot be reached, does not accept the credentials, or does not allow the call.
    Aws,
}

impl Exit {
    /// The number that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::AsAsked => 0,
            Self::Otherwise => 1,
            Self::Input => 2,
            Self::Refused => 3,
            Self::Aws => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What a verb met that it cannot do without: a message for the operator, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    message: String,
}

impl Failure {
    /// The state of the stack or of the group does not allow what was asked.
    pub fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            message: message.into(),
        }
    }

    /// A message for the operator, and how the program ends.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }

    /// AWS cannot be asked.
    pub fn aws(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Aws,
            message: message.into(),
        }
    }

    /// The same failure with a sentence after it.
    #[must_use]
    pub fn and(mut self, sentence: &str) -> Self {
        self.message = format!("{}. {sentence}", self.message);
        self
    }
}

/// A message without a kind is about input.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self {
            exit: Exit::Input,
            message,
        }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::from(message.to_owned())
    }
}

impl From<DefinitionError> for Failure {
    fn from(error: DefinitionError) -> Self {
        Self::from(error.to_string())
    }
}

impl From<TemplateUnreadable> for Failure {
    fn from(error: TemplateUnreadable) -> Self {
        Self::from(error.to_string())
    }
}

impl From<ParametersError> for Failure {
    fn from(error: ParametersError) -> Self {
        Self::from(error.to_string())
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Self::from(error.to_string())
    }
}

impl From<WorkloadError> for Failure {
    fn from(error: WorkloadError) -> Self {
        Self::from(error.to_string())
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Self::from(error.to_string())
    }
}

impl From<Unplayable> for Failure {
    fn from(unplayable: Unplayable) -> Self {
        Self::from(unplayable.to_string())
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::new(Exit::Input, error.to_string())
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name that was given may have characters that act on a terminal. A message may have
        // several lines.
        let lines = self.message.split('\n').map(printable);
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let input = Failure::from("no such flag".to_owned());
        assert_eq!(input.exit.code(), 2);
        assert_eq!(Failure::refused("BLOCKED").exit.code(), 3);
    }

    #[test]
    fn no_character_of_a_message_acts_on_a_terminal() {
        let failure = Failure::from("no profile a\u{1b}[31m\u{202e}:\nmake it".to_owned());
        let shown = "no profile a\u{fffd}[31m\u{fffd}:\nmake it";
        assert_eq!(failure.to_string(), shown);
    }

    #[test]
    fn a_sentence_may_follow() {
        let failure = Failure::aws("no connection").and("Run it again.");
        assert_eq!(failure.to_string(), "no connection. Run it again.");
        assert_eq!(failure.exit, Exit::Aws);
    }
}
