//! The cause of a failed attempt or execution, as a sentence. Lambda reports a function's error as
//! a JSON object, which Step Functions hands on as the cause.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

/// The object that Lambda reports for a failed invocation; an activity worker reports the same
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror>).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvocationError {
    /// What went wrong.
    #[serde(default)]
    error_message: String,
    /// Its name: a worker's own error, or one of Lambda's.
    #[serde(default)]
    error_type: String,
}

impl InvocationError {
    /// Reads a cause; nothing if it is no such object, but a text of the definition or of Step
    /// Functions.
    pub fn read(cause: &str) -> Option<Self> {
        let error: Self = serde_json::from_str(cause).ok()?;
        let is_empty = error.error_message.is_empty() && error.error_type.is_empty();
        (!is_empty).then_some(error)
    }

    /// The message, or the name if Lambda reports no message.
    pub fn message(&self) -> &str {
        match self.error_message.as_str() {
            "" => &self.error_type,
            message => message,
        }
    }

    /// What a failure of this type means, if it is Lambda's and not the worker's own. The types are
    /// Lambda's (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
    fn meaning(&self) -> Option<&'static str> {
        match self.error_type.as_str() {
            "ServiceException" => Some("Lambda itself failed"),
            "TooManyRequestsException" => Some("Lambda throttled the invocation"),
            "Sandbox.Timedout" => Some("it did not answer within the function's timeout"),
            "Runtime.ExitError" => Some("its process ended before it answered"),
            "Runtime.OutOfMemory" => Some("it needed more memory than the function has"),
            "Runtime.InvalidEntrypoint" => Some("its binary cannot be started"),
            _ => None,
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message();
        match (self.meaning(), self.error_type.as_str()) {
            (Some(meaning), name) if name == message => write!(f, "{meaning} ({name})"),
            (Some(meaning), name) => write!(f, "{meaning} ({name}: {message})"),
            (None, name) if name.is_empty() || name == message => f.write_str(message),
            (None, name) => write!(f, "{name}: {message}"),
        }
    }
}

/// A cause as a person reads it. `asked` says who was asked, such as `worker draining`, if that is
/// known.
///
/// A cause that is no object of Lambda's stays as it is.
pub fn in_words<'a>(asked: Option<&str>, cause: &'a str) -> Cow<'a, str> {
    match InvocationError::read(cause) {
        None => Cow::Borrowed(cause),
        Some(error) => Cow::Owned(format!("{} failed: {error}", asked.unwrap_or("a worker"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_names_the_worker_the_error_and_what_it_means() {
        for (cause, said) in [
            (
                r#"{"errorMessage":"An error occurred.","errorType":"ServiceException"}"#,
                "worker draining failed: Lambda itself failed (ServiceException: An error occurred.)",
            ),
            (
                r#"{"errorMessage":"Task timed out after 20.00 seconds","errorType":"Sandbox.Timedout"}"#,
                "worker draining failed: it did not answer within the function's timeout (Sandbox.Timedout: Task timed out \
                 after 20.00 seconds)",
            ),
            (
                r#"{"errorType":"Throttled","errorMessage":"ecs:ListTasks was throttled","requestId":"r"}"#,
                "worker draining failed: Throttled: ecs:ListTasks was throttled",
            ),
            (
                r#"{"errorType":"Runtime.ExitError"}"#,
                "worker draining failed: its process ended before it answered (Runtime.ExitError)",
            ),
            (
                "i-1 did not drain within 300s",
                "i-1 did not drain within 300s",
            ),
            // JSON that is not Lambda's stays: what it means is not known.
            (r#"{"reason":"x"}"#, r#"{"reason":"x"}"#),
            ("", ""),
        ] {
            assert_eq!(in_words(Some("worker draining"), cause), said);
        }
        let message = r#"{"errorMessage":"no","errorType":"E"}"#;
        assert_eq!(in_words(None, message), "a worker failed: E: no");
    }

    #[test]
    fn an_error_that_has_a_type_or_a_message_alone_is_said_once() {
        for cause in [r#"{"errorType":"E"}"#, r#"{"errorMessage":"E"}"#] {
            assert_eq!(in_words(None, cause), "a worker failed: E");
        }
    }

    #[test]
    fn each_error_of_lambda_says_what_it_means() {
        for (name, meaning) in [
            ("ServiceException", "Lambda itself failed"),
            ("TooManyRequestsException", "throttled"),
            ("Sandbox.Timedout", "within the function's timeout"),
            ("Runtime.ExitError", "process ended"),
            ("Runtime.OutOfMemory", "more memory"),
            ("Runtime.InvalidEntrypoint", "binary"),
        ] {
            let cause = format!(r#"{{"errorType":"{name}","errorMessage":"m"}}"#);
            let said = in_words(None, &cause);
            let rest = format!(" ({name}: m)");
            assert!(said.contains(meaning) && said.ends_with(&rest), "{said}");
        }
    }
}
