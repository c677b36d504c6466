//! What can go wrong. The names are a contract: the state machine's Retry and Catch name them, so
//! they never change with the wording. Display says what happened and what to do about it, and
//! leaves the cause to `source`.

use std::error::Error as StdError;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::model::{ClusterName, GroupName};

/// Why a worker has no answer. An error never becomes CONTINUE.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// AWS asks us to slow down, and all attempts of one call were not enough.
    #[error("{call} was throttled ({code}: {message}); retry later")]
    Throttled {
        /// The API call, as a policy spells it.
        call: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// No usable answer: a timeout, no connection, or a server error.
    #[error("{call} failed ({what}); retry later")]
    Unavailable {
        /// The API call.
        call: &'static str,
        /// What was met.
        what: String,
        /// The SDK's own account of it, if there was no answer at all.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The worker's role does not allow the call.
    #[error(
        "{call} is not allowed ({code}: {message}); allow it in the worker's role for this cluster and group"
    )]
    AccessDenied {
        /// The API call.
        call: &'static str,
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
    /// The cluster that the hook's metadata names is not there.
    #[error(
        "{call}: there is no cluster {cluster}; correct its name in the hook's NotificationMetadata"
    )]
    ClusterNotFound {
        /// The API call.
        call: &'static str,
        /// The cluster.
        cluster: ClusterName,
    },
    /// The group that the event names is not there.
    #[error("{call}: there is no Auto Scaling group {group}; was it deleted?")]
    GroupNotFound {
        /// The API call.
        call: &'static str,
        /// The group.
        group: GroupName,
    },
    /// AWS answered, and the worker cannot make sense of it.
    #[error("{call} gave an answer that this worker cannot read: {what}")]
    BadAnswer {
        /// The API call.
        call: &'static str,
        /// What it said.
        what: String,
        /// The SDK's own account of it, if the answer could not be read.
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The input is not a lifecycle event of a hook that our template made. Asking again does not
    /// help.
    #[error("the input is not a lifecycle event of this template's hooks: {}", list(.mistakes))]
    BadEvent {
        /// Everything that is wrong with it.
        mistakes: Vec<Mistake>,
    },
}

/// What every operation's error is, in each of the SDKs.
pub trait Refusal: ProvideErrorMetadata + StdError + Send + Sync + 'static {}

impl<E: ProvideErrorMetadata + StdError + Send + Sync + 'static> Refusal for E {}

/// One thing that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Path of the field, as in `detail.EC2InstanceId`.
    pub field: String,
    /// What is wrong with it, and what was expected.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}

fn list(mistakes: &[Mistake]) -> String {
    crate::text::list(mistakes, "; ")
}

impl Error {
    /// All fixed names.
    pub const NAMES: [&'static str; 7] = [
        "Throttled",
        "Unavailable",
        "AccessDenied",
        "ClusterNotFound",
        "GroupNotFound",
        "BadAnswer",
        "BadEvent",
    ];

    /// The fixed name, which is the Lambda function's `errorType` and so the state machine's error
    /// name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "Throttled",
            Self::Unavailable { .. } => "Unavailable",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::ClusterNotFound { .. } => "ClusterNotFound",
            Self::GroupNotFound { .. } => "GroupNotFound",
            Self::BadAnswer { .. } => "BadAnswer",
            Self::BadEvent { .. } => "BadEvent",
        }
    }

    /// The chain of causes in one line, for the log and the execution's history, which take only so
    /// much of it.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        crate::text::reason(&text)
    }

    /// An answer that makes no sense, without a cause.
    pub fn bad_answer(call: &'static str, what: impl Into<String>) -> Self {
        Self::BadAnswer {
            call,
            what: what.into(),
            source: None,
        }
    }

    /// The error that `call` met, by what the SDK says of it. What only one service says
    /// (`ClusterNotFoundException`, "No active Lifecycle Action found") is recognised by that
    /// service's file before it gets here.
    pub fn from_sdk(call: &'static str, error: SdkError<impl Refusal, HttpResponse>) -> Self {
        let what = match &error {
            SdkError::TimeoutError(_) => "timeout",
            SdkError::DispatchFailure(_) => "no connection",
            SdkError::ConstructionFailure(_) => "the request could not be made",
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                return Self::from_refusal(call, error.code(), error.message(), status);
            }
            _ => {
                let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
                return Self::unreadable(call, status, Box::new(error));
            }
        };
        Self::Unavailable {
            call,
            what: what.to_owned(),
            source: Some(Box::new(error)),
        }
    }

    fn from_refusal(
        call: &'static str,
        code: Option<&str>,
        message: Option<&str>,
        status: u16,
    ) -> Self {
        let code = code.unwrap_or("no error code").to_owned();
        let message = message.unwrap_or("no message").to_owned();
        match code.as_str() {
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException" => Self::Throttled {
                call,
                code,
                message,
            },
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
                Self::AccessDenied {
                    call,
                    code,
                    message,
                }
            }
            _ if status >= 500 => Self::Unavailable {
                call,
                what: format!("HTTP {status}, {code}: {message}"),
                source: None,
            },
            _ => Self::bad_answer(call, format!("{code}: {message}")),
        }
    }

    fn unreadable(
        call: &'static str,
        status: u16,
        source: Box<dyn StdError + Send + Sync>,
    ) -> Self {
        let what = format!("HTTP {status}, unreadable");
        let source = Some(source);
        if status >= 500 {
            Self::Unavailable { call, what, source }
        } else {
            Self::BadAnswer { call, what, source }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_have_fixed_names() {
        for (code, status, name) in [
            ("ThrottlingException", 400, "Throttled"),
            ("Throttling", 400, "Throttled"),
            ("ThrottledException", 400, "Throttled"),
            ("RequestLimitExceeded", 503, "Throttled"),
            ("AccessDeniedException", 400, "AccessDenied"),
            ("AccessDenied", 403, "AccessDenied"),
            ("UnauthorizedOperation", 403, "AccessDenied"),
            ("ServerException", 500, "Unavailable"),
            ("ResourceContention", 500, "Unavailable"),
            ("InvalidParameterException", 400, "BadAnswer"),
        ] {
            let error = Error::from_refusal("ecs:ListTasks", Some(code), Some("why"), status);
            assert_eq!(error.name(), name, "{code} with HTTP {status}");
            assert!(error.to_string().contains("ecs:ListTasks"));
            assert!(error.to_string().contains(code));
        }
    }

    #[test]
    fn what_aws_says_is_cut_and_cannot_act_on_a_terminal() {
        let message = format!("\u{1b}[2J\n{}", "é".repeat(40_000));
        let error = Error::from_refusal("ecs:ListTasks", Some("Odd"), Some(&message), 400);
        let chain = error.chain();
        assert!(
            chain.len() <= crate::text::REASON_LIMIT,
            "{} bytes",
            chain.len()
        );
        assert!(!chain.chars().any(char::is_control), "{chain}");
        assert!(
            chain.contains("Odd") && chain.ends_with("more characters)"),
            "{chain}"
        );
    }

    /// An operation's error, which is none of these.
    #[derive(Debug, thiserror::Error)]
    #[error("odd")]
    struct Odd(aws_smithy_types::error::ErrorMetadata);

    impl ProvideErrorMetadata for Odd {
        fn meta(&self) -> &aws_smithy_types::error::ErrorMetadata {
            &self.0
        }
    }

    #[test]
    fn a_call_without_an_answer_is_unavailable_and_says_what_was_met() {
        use aws_smithy_runtime_api::client::result::ConnectorError;
        type Sdk = SdkError<Odd, HttpResponse>;
        let refused = || ConnectorError::io("refused".into());
        for (error, what) in [
            (Sdk::timeout_error("late"), "(timeout)"),
            (Sdk::dispatch_failure(refused()), "(no connection)"),
            (
                Sdk::construction_failure("odd"),
                "(the request could not be made)",
            ),
        ] {
            let error = Error::from_sdk("ecs:ListTasks", error);
            assert_eq!(error.name(), "Unavailable");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.source().is_some());
        }
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        let error = Error::unreadable("ecs:ListTasks", 502, "broken pipe".into());
        assert_eq!(
            error.chain(),
            "ecs:ListTasks failed (HTTP 502, unreadable); retry later: broken pipe"
        );
    }
}
