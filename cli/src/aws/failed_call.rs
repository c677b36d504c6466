//! What an error of a call to AWS means for a verb: a message and an exit code.

use workers::Error;

use super::{blame, error_text, is_about_credentials};
use crate::failure::{Exit, Failure};

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        if let Some((exit, message)) = blame(error) {
            return Self::new(exit, message);
        }
        let exit = match error {
            Error::Throttled { .. } | Error::Unavailable { .. } | Error::AccessDenied { .. } => {
                Exit::Aws
            }
            error if is_about_credentials(error) => Exit::Aws,
            _ => Exit::Input,
        };
        Self::new(exit, error_text(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_aws_has_the_exit_code_of_its_kind() {
        let unreachable = Error::Unavailable {
            call: "ecs:ListTasks",
            what: "no connection".to_owned(),
            source: None,
        };
        assert_eq!(Failure::from(&unreachable).exit.code(), 4);
        for code in [
            "ExpiredToken: old",
            "InvalidClientTokenId: none",
            "UnrecognizedClientException: none",
        ] {
            let error = Error::bad_answer("ecs:ListTasks", code);
            assert_eq!(Failure::from(&error).exit.code(), 4, "{code}");
        }
        let absent = Error::bad_answer("cloudformation:DescribeStacks", "there is no stack nope");
        assert_eq!(Failure::from(&absent).exit.code(), 2);
    }
}
