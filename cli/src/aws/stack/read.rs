//! Stacks as CloudFormation describes them.

use aws_sdk_cloudformation::types::Stack as Described;
use workers::Error;

use super::{AMI_KEY, Stack};
use crate::aws::{Aws, Page};

/// The outputs that make a stack one of ours.
const OUTPUTS: [&str; 3] = ["AutoScalingGroupName", "StateMachineArn", "ClusterName"];

/// The parameters by which a stack of ours is known while it has no outputs.
const PARAMETERS: [&str; 2] = ["EcsClusterName", AMI_KEY];

impl Stack {
    /// A stack as CloudFormation describes it.
    pub(super) fn read(found: &Described) -> Self {
        let outputs = found.outputs().iter();
        let parameters = found.parameters().iter();
        let resolved = found.parameters().iter().filter_map(|one| {
            let value = one.resolved_value()?.to_owned();
            Some((one.parameter_key()?.to_owned(), value))
        });
        Self {
            name: found.stack_name().unwrap_or_default().to_owned(),
            id: found.stack_id().unwrap_or_default().to_owned(),
            since: [
                found.deletion_time(),
                found.last_updated_time(),
                found.creation_time(),
            ]
            .into_iter()
            .find_map(super::super::time),
            status: found
                .stack_status()
                .map_or_else(String::new, |status| status.as_str().to_owned()),
            outputs: outputs
                .filter_map(|one| {
                    Some((one.output_key()?.to_owned(), one.output_value()?.to_owned()))
                })
                .collect(),
            parameters: parameters
                .filter_map(|one| {
                    let value = one.parameter_value().unwrap_or_default();
                    Some((one.parameter_key()?.to_owned(), value.to_owned()))
                })
                .collect(),
            resolved: resolved.collect(),
            capabilities: found.capabilities().to_vec(),
        }
    }

    /// Whether it is a stack of our template. One that is created has no outputs yet.
    pub fn is_ours(&self) -> bool {
        let has_outputs = OUTPUTS.iter().all(|it| self.outputs.contains_key(*it));
        let has_parameters = PARAMETERS.iter().all(|it| self.parameter(it).is_some());
        has_outputs || (self.may_lack_resources() && has_parameters)
    }
}

impl Aws {
    /// All stacks of the account in this Region, but for those that were deleted.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn stacks(&self) -> Result<Vec<Stack>, Error> {
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            let page = self.stacks_from(next).await?;
            all.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// A page of them: the first, or the one that `next` names.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn stacks_from(&self, next: Option<String>) -> Result<Page<Stack>, Error> {
        let sent = self.cloudformation.describe_stacks().set_next_token(next);
        let answer = sent.send().await;
        let answer =
            answer.map_err(|error| Error::from_sdk("cloudformation:DescribeStacks", error))?;
        Ok(Page {
            items: answer.stacks().iter().map(Stack::read).collect(),
            next: answer.next_token().map(str::to_owned),
        })
    }
}
