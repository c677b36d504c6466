//! The SSM parameter that holds the AMI's id.

use aws_sdk_ssm::error::ProvideErrorMetadata;
use jiff::Timestamp;
use workers::Error;

use super::{Aws, time};

/// The error code of an endpoint that does not know a call, or a part of it.
const NOT_IMPLEMENTED: &str = "NotImplemented";

/// What an SSM parameter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its value.
    pub value: String,
    /// When it got this value.
    pub modified: Option<Timestamp>,
}

/// The value that an SSM parameter holds; nothing if there is none, or if you may not look: an
/// answer without it is better than none.
///
/// # Errors
/// As [`Error::from_sdk`], while asking again may help.
pub async fn readable(
    asked: impl Future<Output = Result<Option<Parameter>, Error>>,
) -> Result<Option<String>, Error> {
    match asked.await {
        Ok(held) => Ok(held.map(|held| held.value)),
        Err(error @ (Error::Throttled { .. } | Error::Unavailable { .. })) => Err(error),
        Err(_) => Ok(None),
    }
}

impl Aws {
    /// What the SSM parameter holds; nothing if there is none of this name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`]; with the parameter's name if SSM refuses that.
    pub async fn parameter(&self, name: &str) -> Result<Option<Parameter>, Error> {
        let call = "ssm:GetParameter";
        let sent = self.parameters.get_parameter().name(name).send();
        match sent.await {
            Ok(answer) => Ok(answer.parameter().and_then(|one| {
                Some(Parameter {
                    value: one.value()?.to_owned(),
                    modified: time(one.last_modified_date()),
                })
            })),
            Err(error) if error.code() == Some("ParameterNotFound") => Ok(None),
            // An account in memory answers so to a name that it does not know: asking again would
            // not help.
            Err(error) if error.code() == Some(NOT_IMPLEMENTED) => {
                let why = error.message().unwrap_or("no message");
                Err(Error::bad_answer(
                    call,
                    format!("SSM parameter {name} cannot be read: {why}"),
                ))
            }
            Err(error) => Err(match Error::from_sdk(call, error) {
                Error::BadAnswer {
                    call,
                    what,
                    source: None,
                } => Error::bad_answer(call, format!("{what} (SSM parameter {name})")),
                other => other,
            }),
        }
    }

    /// Puts another value into an SSM parameter that is there.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn put_parameter(&self, name: &str, value: &str) -> Result<(), Error> {
        let sent = self
            .parameters
            .put_parameter()
            .name(name)
            .value(value)
            .overwrite(true)
            .send();
        sent.await
            .map(drop)
            .map_err(|error| Error::from_sdk("ssm:PutParameter", error))
    }
}
