//! What comes of an invocation of a function, in the words of Lambda and Step Functions.

use serde_json::{Value, json};
use workers::Worker;

use crate::lambda::{Failure, Function};

/// What came of an invocation.
#[derive(Debug)]
pub struct Answered {
    /// The answer, or how it failed.
    pub result: Result<Value, Failure>,
    /// For how many milliseconds it is billed.
    pub billed_ms: u64,
}

/// The failure of a function that is not there.
pub fn not_found(name: &str) -> Failure {
    Failure {
        error: "Lambda.ResourceNotFoundException".to_owned(),
        cause: format!("Function not found: {name}"),
    }
}

/// The failure of a process that ended before it answered: `message` says how.
pub fn crashed(message: &str) -> Failure {
    failure("Lambda.Unknown", message, "Runtime.ExitError")
}

/// The failure of a process that took more memory than it had.
pub fn out_of_memory() -> Failure {
    crashed("RequestId: unknown Error: Runtime exited with error: signal: killed")
}

/// The failure of an invocation while Lambda itself is in trouble.
pub fn away() -> Failure {
    failure(
        "Lambda.ServiceException",
        "An error occurred and the request cannot be processed.",
        "ServiceException",
    )
}

/// The failure of an invocation that Lambda throttled, as Step Functions shows it
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>).
pub fn throttled() -> Failure {
    failure(
        "Lambda.TooManyRequestsException",
        "Rate Exceeded.",
        "TooManyRequestsException",
    )
}

/// The failure of an invocation that was cut off.
pub fn timed_out(function: &Function) -> Failure {
    let message = format!(
        "Task timed out after {}.00 seconds",
        function.timeout_seconds
    );
    failure("Lambda.Unknown", &message, "Sandbox.Timedout")
}

/// A failure under the name `error`, with a body of message and type.
pub fn failure(error: &str, message: &str, error_type: &str) -> Failure {
    Failure {
        error: error.to_owned(),
        cause: json!({"errorMessage": message, "errorType": error_type}).to_string(),
    }
}

/// The worker in the function's zip, by the folder in which the build puts it.
pub fn worker_of(function: &Function) -> Option<Worker> {
    let folder = function.code.rsplit('/').nth(1)?;
    Worker::from_name(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zips_that_a_stack_may_name_are_those_of_the_workers() {
        let packages = crate::lambda::PACKAGES.map(Worker::from_name);
        assert_eq!(packages, Worker::ALL.map(Some));
    }
}
