//! The SSM parameter that holds the AMI's id.

use aws_sdk_ssm::error::ProvideErrorMetadata;
use workers::Error;

use super::Aws;

impl Aws {
    /// What the SSM parameter holds; nothing if there is none of this name.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn parameter(&self, name: &str) -> Result<Option<String>, Error> {
        let sent = self.parameters.get_parameter().name(name).send();
        match sent.await {
            Ok(answer) => {
                let parameter = answer.parameter();
                Ok(parameter.and_then(|it| it.value()).map(str::to_owned))
            }
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
