//! Who asks.

use workers::Error;

use super::Aws;

/// Who asks, as STS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account.
    pub account: String,
    /// The ARN of the user or of the role's session.
    pub arn: String,
}

impl Aws {
    /// Who asks. Everybody may call this
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn caller(&self) -> Result<CallerIdentity, Error> {
        let sent = self.sts.get_caller_identity().send().await;
        let answer = sent.map_err(|error| Error::from_sdk("sts:GetCallerIdentity", error))?;
        Ok(CallerIdentity {
            account: answer.account().unwrap_or_default().to_owned(),
            arn: answer.arn().unwrap_or_default().to_owned(),
        })
    }
}
