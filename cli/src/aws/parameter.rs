//! The SSM parameter that holds the AMI's id.

use aws_sdk_ssm::error::ProvideErrorMetadata;
use jiff::Timestamp;
use workers::Error;

use super::{Aws, time};

/// What an SSM parameter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its value.
    pub value: String,
    /// When it got this value.
    pub modified: Option<Timestamp>,
}

impl Aws {
    /// What the SSM parameter holds; nothing if there is none of this name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn parameter(&self, name: &str) -> Result<Option<Parameter>, Error> {
        let sent = self.parameters.get_parameter().name(name).send();
        match sent.await {
            Ok(answer) => Ok(answer.parameter().and_then(|one| {
                Some(Parameter {
                    value: one.value()?.to_owned(),
                    modified: time(one.last_modified_date()),
                })
            })),
            Err(error) if error.code() == Some("ParameterNotFound") => Ok(None),
            Err(error) => Err(Error::from_sdk("ssm:GetParameter", error)),
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
