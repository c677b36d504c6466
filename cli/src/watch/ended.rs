//! Executions that ended badly.

use jiff::Timestamp;

use super::FailedExecution;

/// An execution that ended badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its ARN.
    pub execution: String,
    /// The instance that it was about.
    pub instance: String,
    /// Such as `FAILED`.
    pub status: String,
    /// When.
    pub at: Timestamp,
    /// Its error; empty if it has none.
    pub error: String,
    /// The cause of that.
    pub cause: String,
}

impl Ended {
    /// Error and cause.
    pub fn reason(&self) -> String {
        match (self.error.as_str(), self.cause.as_str()) {
            ("", cause) => cause.to_owned(),
            (error, "") => error.to_owned(),
            (error, cause) => format!("{error}: {cause}"),
        }
    }
}

impl From<&Ended> for FailedExecution {
    fn from(ended: &Ended) -> Self {
        Self {
            instance: ended.instance.clone(),
            at: ended.at,
            status: ended.status.clone(),
            error: ended.error.clone(),
            cause: ended.cause.clone(),
        }
    }
}
