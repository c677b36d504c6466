//! What goes wrong in a state, and which Retry and Catch entries it matches.

/// The error that nothing retries or catches.
pub const RUNTIME: &str = "States.Runtime";
/// A payload over 256 KiB.
pub const DATA_LIMIT: &str = "States.DataLimitExceeded";
/// A task, or an execution, that took longer than its TimeoutSeconds, and an activity worker that
/// was silent for longer than HeartbeatSeconds. The documentation gives the latter a name of its
/// own, States.HeartbeatTimeout, which never arrives (recorded: radkawar/stackd
/// testdata/aws/stepfunctions/callback_lifecycle.json, 2026-09).
pub const TIMEOUT: &str = "States.Timeout";

/// Which entries of Retry and Catch are about `States.DataLimitExceeded`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DataLimit {
    /// Those that name it, and `States.ALL` (recorded: localstack/localstack
    /// tests/aws/services/stepfunctions/v2/error_handling, 2024-03).
    #[default]
    OfAll,
    /// Only those that name it
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
    OfItsName,
}

/// An error with its cause, as the history tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's name; a Fail state may leave it out.
    pub error: Option<String>,
    /// The error's cause, if there is one.
    pub cause: Option<String>,
}

impl Failure {
    /// No error at all.
    pub const NONE: Self = Self {
        error: None,
        cause: None,
    };

    /// A `States.Timeout`, which has no cause (recorded: as [`TIMEOUT`]).
    pub fn timeout() -> Self {
        Self {
            error: Some(TIMEOUT.to_owned()),
            cause: None,
        }
    }

    /// An error with a cause.
    pub fn new(error: &str, cause: impl Into<String>) -> Self {
        Self {
            error: Some(error.to_owned()),
            cause: Some(cause.into()),
        }
    }

    /// A `States.Runtime` with a cause.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self::new(RUNTIME, cause)
    }

    /// Names the state in the cause, as Step Functions does with the errors that are its own.
    pub fn in_state(mut self, state: &str, entered_event: usize) -> Self {
        let cause = self.cause.unwrap_or_default();
        self.cause = Some(format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{entered_event}). {cause}"
        ));
        self
    }

    /// Whether an entry with these `ErrorEquals` is about this error.
    ///
    /// Nothing is ever about `States.Runtime`
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
    /// `States.ALL` is about the data limit, as a Catch that was recorded shows
    /// (localstack/localstack tests/aws/services/stepfunctions/v2/error_handling, 2024-03); that
    /// page says that it is not, which `limit` can select.
    ///
    /// assumption: `States.TaskFailed` leaves the data limit out. A Catch of it alone proves it.
    pub fn is_one_of(&self, error_equals: &[String], limit: DataLimit) -> bool {
        let error = self.error.as_deref().unwrap_or_default();
        error != RUNTIME
            && error_equals.iter().any(|name| match name.as_str() {
                "States.ALL" => error != DATA_LIMIT || limit == DataLimit::OfAll,
                "States.TaskFailed" => ![DATA_LIMIT, TIMEOUT].contains(&error),
                name => name == error,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_leave_out_what_aws_leaves_out() {
        let under = |limit: DataLimit, error: &str, name: &str| {
            Failure::new(error, "").is_one_of(&[name.to_owned()], limit)
        };
        let matches = |error: &str, name: &str| under(DataLimit::OfAll, error, name);
        assert!(matches("Throttled", "Throttled"));
        assert!(!matches("Throttled", "Throttle"));
        assert!(matches("Throttled", "States.TaskFailed"));
        assert!(!matches(TIMEOUT, "States.TaskFailed"));
        assert!(!matches(TIMEOUT, "States.HeartbeatTimeout"));
        assert!(matches(TIMEOUT, "States.ALL"));
        assert!(matches(DATA_LIMIT, "States.ALL"));
        assert!(!under(DataLimit::OfItsName, DATA_LIMIT, "States.ALL"));
        assert!(under(DataLimit::OfItsName, DATA_LIMIT, DATA_LIMIT));
        assert!(!matches(DATA_LIMIT, "States.TaskFailed"));
        assert!(!matches(RUNTIME, "States.ALL"));
        assert!(!matches(RUNTIME, RUNTIME));
    }
}
