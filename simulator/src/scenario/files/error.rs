//! Why a template or a parameter file cannot be used.

use serde_json::Value;

use crate::text_file::TextError;

const REMEDY: &str = "write [{\"ParameterKey\": \"EcsClusterName\", \"ParameterValue\": \"DevCluster\"}, …], \
                      {\"Parameters\": {\"EcsClusterName\": \"DevCluster\", …}} or [\"EcsClusterName=DevCluster\", …]";

/// A template that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; --template names a CloudFormation template, such as template/ecs-cluster.yaml")]
pub struct TemplateUnreadable(pub TextError);

/// What is wrong with a parameter file. Each place names the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParametersError {
    /// The file is no JSON.
    #[error("{file}: not JSON: {cause}; {REMEDY}")]
    NotJson {
        /// The file.
        file: String,
        /// The reader's message.
        cause: String,
    },
    /// The file has neither a list nor an object of parameters.
    #[error("{0}: not a list; {REMEDY}")]
    NotAList(String),
    /// A parameter that is given twice.
    #[error("{place}: {key} is given twice; keep one")]
    Twice {
        /// The second one's place.
        place: String,
        /// The parameter.
        key: String,
    },
    /// A value that is no text.
    #[error("{file}: Parameters: {key} is {value}, not a text; put it in quotation marks")]
    NotAText {
        /// The file.
        file: String,
        /// The parameter.
        key: String,
        /// Its value.
        value: Value,
    },
    /// An entry without an equals sign.
    #[error("{place}: {text:?} is not Key=Value; {REMEDY}")]
    NotAPair {
        /// The entry's place.
        place: String,
        /// The entry.
        text: String,
    },
    /// An entry that lacks a member, or has one that is no text.
    #[error("{place}: {member} is missing or no text; {REMEDY}")]
    NoMember {
        /// The entry's place.
        place: String,
        /// The member.
        member: &'static str,
    },
    /// The previous value of a stack that does not exist yet.
    #[error(
        "{place}: {key} has UsePreviousValue, and a new stack has no previous value; write its ParameterValue"
    )]
    NoPreviousValue {
        /// The entry's place.
        place: String,
        /// The parameter.
        key: String,
    },
}
