//! Why there is no plan, and with which exit code a command ends then.

use std::process::ExitCode;

use workers::Error;

use crate::aws::{has_expired, told};

/// The plan is blocked.
pub const BLOCKED: u8 = 3;

/// AWS cannot be reached, or not with these credentials.
const NO_ACCESS: u8 = 4;

/// Why there is no plan.
#[derive(Debug)]
pub enum Failure {
    /// What was given is wrong, or is not there.
    BadInput(String),
    /// AWS cannot be reached, or not with these credentials.
    NoAccess(String),
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let is_access = matches!(
            error,
            Error::AccessDenied { .. } | Error::Unavailable { .. } | Error::Throttled { .. }
        );
        match is_access || has_expired(error) {
            true => Self::NoAccess(told(error)),
            false => Self::BadInput(told(error)),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl Failure {
    /// Ends a command: says why there is no access, and leaves other errors to whoever prints them.
    ///
    /// # Errors
    /// What was wrong with the input.
    pub fn end(self) -> Result<ExitCode, String> {
        match self {
            Self::BadInput(text) => Err(text),
            Self::NoAccess(text) => {
                anstream::eprintln!("ecs-rollout: {text}");
                Ok(ExitCode::from(NO_ACCESS))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_access_is_another_end_than_bad_input() {
        let call = "cloudformation:DescribeStacks";
        let denied = Error::AccessDenied {
            call,
            code: "AccessDenied".to_owned(),
            message: String::new(),
        };
        let gone = Error::Unavailable {
            call,
            what: "no connection".to_owned(),
            source: None,
        };
        let expired = Error::bad_answer(call, "ExpiredToken: renew it");
        for error in [denied, gone, expired] {
            let failure = Failure::from(&error);
            assert!(matches!(failure, Failure::NoAccess(_)), "{failure:?}");
        }
        let absent = Error::bad_answer(call, "there is no stack prod in eu-west-1");
        let end = Failure::from(&absent).end().expect_err("bad input");
        assert!(end.contains("there is no stack prod"), "{end}");
    }
}
