//! What changes a stack: an update, and its cancellation.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::Parameter;
use workers::Error;

use super::Stack;
use crate::aws::Aws;
use crate::failure::Failure;

impl Aws {
    /// Updates the stack with the template, the parameters and the capabilities that it has, but
    /// for `changed`. False if CloudFormation has nothing to update.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn update(
        &self,
        stack: &Stack,
        changed: Option<(&str, String)>,
    ) -> Result<bool, Failure> {
        let parameters = stack.parameters.keys().map(|key| {
            let given = Parameter::builder().parameter_key(key);
            match &changed {
                Some((name, value)) if name == key => given.parameter_value(value).build(),
                _ => given.use_previous_value(true).build(),
            }
        });
        let sent = self
            .cloudformation
            .update_stack()
            .stack_name(&stack.name)
            .use_previous_template(true)
            .set_parameters(Some(parameters.collect()))
            .set_capabilities(Some(stack.capabilities.clone()))
            .send();
        let Err(error) = sent.await else {
            return Ok(true);
        };
        // CloudFormation has no error code of its own for this.
        let same = error
            .message()
            .is_some_and(|it| it.starts_with("No updates are to be performed"));
        if same {
            return Ok(false);
        }
        let error = Error::from_sdk("cloudformation:UpdateStack", error);
        Err(Failure::from(&error))
    }

    /// Cancels the update of the stack, which CloudFormation then rolls back.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn cancel_update(&self, name: &str) -> Result<(), Failure> {
        let sent = self
            .cloudformation
            .cancel_update_stack()
            .stack_name(name)
            .send();
        let call = "cloudformation:CancelUpdateStack";
        sent.await
            .map(drop)
            .map_err(|error| Failure::from(&Error::from_sdk(call, error)))
    }
}
