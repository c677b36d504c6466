//! The stack: how it stands, what it made, what happened to it.

mod change;
mod failed;
mod interface;
mod lost;
mod read;
mod words;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::Capability;
use jiff::Timestamp;
use workers::Error;
use workers::model::group::StackState;

use super::{Aws, Page};
pub use failed::FailedOperation;
pub use lost::{is_about_lost_resource, without_resources};
pub use words::{NoOutput, failure_events, missing_group, only_drafted};

/// The template's parameter that names the SSM parameter which holds the AMI id.
pub const AMI_KEY: &str = "EcsAmiParameterKey";

/// What that is by default: an SSM parameter of your own.
pub const OWN_AMI_PARAMETER: &str = "/ami/ecs/latest";

/// A stack of our template.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its ARN, by which it is found after it was deleted, too.
    pub id: String,
    /// When its last operation began: DeletionTime, LastUpdatedTime or CreationTime.
    pub since: Option<Timestamp>,
    /// Its status, as CloudFormation spells it.
    pub status: String,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    /// What the SSM parameters held at the last update, by the parameter that names them.
    resolved: BTreeMap<String, String>,
    capabilities: Vec<Capability>,
}

/// Something that happened to the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Logical id of the resource; the stack's name for the stack itself.
    pub resource: String,
    /// Such as `UPDATE_FAILED`.
    pub status: String,
    /// ResourceStatusReason, if there is one.
    pub reason: String,
}

impl Stack {
    /// A stack that has these parameters and nothing else.
    #[cfg(test)]
    pub fn with_parameters(
        name: &str,
        parameters: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            id: name.to_owned(),
            since: None,
            status: "UPDATE_COMPLETE".to_owned(),
            outputs: BTreeMap::new(),
            parameters: parameters.into_iter().collect(),
            resolved: BTreeMap::new(),
            capabilities: Vec::new(),
        }
    }

    /// The same stack, which resolved the SSM parameter that `name` names to this value.
    #[cfg(test)]
    pub fn with_resolved(mut self, name: &str, value: &str) -> Self {
        self.resolved.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Whether an operation of CloudFormation goes on.
    pub fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether it is an update that goes forward, and can be cancelled.
    pub fn goes_forward(&self) -> bool {
        StackState::from_name(&self.status) == StackState::Updating
    }

    /// Whether an update of it rolls back, and the group with it. The clean-up after that replaces
    /// no instance.
    pub fn rolls_back(&self) -> bool {
        self.status == "UPDATE_ROLLBACK_IN_PROGRESS"
    }

    /// Whether it is gone, or on its way.
    pub fn is_deleted(&self) -> bool {
        matches!(
            self.status.as_str(),
            "DELETE_IN_PROGRESS" | "DELETE_COMPLETE"
        )
    }

    /// Whether the stack may have lost resources, or not have them yet, and its outputs may still
    /// name them: it is created or deleted, or one of both failed.
    pub fn may_lack_resources(&self) -> bool {
        let (what, _) = self.status.split_once('_').unwrap_or_default();
        matches!(what, "CREATE" | "DELETE" | "ROLLBACK") && self.status != "CREATE_COMPLETE"
    }

    /// The value of a parameter, if it has one of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// All parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.parameters.iter();
        all.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What the SSM parameter that `name` names held when the stack was updated last.
    pub fn resolved(&self, name: &str) -> Option<&str> {
        self.resolved.get(name).map(String::as_str)
    }

    /// The SSM parameter that holds the AMI id.
    pub fn ami_parameter(&self) -> &str {
        self.parameter(AMI_KEY).unwrap_or(OWN_AMI_PARAMETER)
    }

    /// The AMI of the last update that was not rolled back; of one under way the AMI that it
    /// brings.
    pub fn ami(&self) -> Option<&str> {
        self.resolved(AMI_KEY)
    }

    /// Its group.
    ///
    /// # Errors
    /// If the stack does not have this output.
    pub fn group(&self) -> Result<String, NoOutput> {
        self.output("AutoScalingGroupName")
    }

    /// Its state machine.
    ///
    /// # Errors
    /// If the stack does not have this output.
    pub fn state_machine(&self) -> Result<String, NoOutput> {
        self.output("StateMachineArn")
    }

    /// The reconciler's state machine, if it has one: stacks of earlier templates have none.
    pub fn reconciler(&self) -> Option<&str> {
        self.outputs.get("ReconcileMachineArn").map(String::as_str)
    }

    /// Its cluster.
    ///
    /// # Errors
    /// If the stack does not have this output.
    pub fn cluster(&self) -> Result<String, NoOutput> {
        self.output("ClusterName")
    }

    fn output(&self, output: &'static str) -> Result<String, NoOutput> {
        let value = self.outputs.get(output).cloned();
        value.ok_or_else(|| NoOutput {
            stack: self.name.clone(),
            status: self.status.clone(),
            output,
        })
    }
}

impl Aws {
    /// The stack of this name or ARN.
    ///
    /// # Errors
    /// As [`Error::from_sdk`]; `BadAnswer` if there is none.
    pub async fn stack(&self, name: &str) -> Result<Stack, Error> {
        let call = "cloudformation:DescribeStacks";
        let sent = self
            .cloudformation
            .describe_stacks()
            .stack_name(name)
            .send();
        let answer = sent.await.map_err(|error| {
            let absent = error
                .message()
                .is_some_and(|it| it.ends_with("does not exist"));
            if absent {
                Error::bad_answer(call, words::no_stack(name, &self.region))
            } else {
                Error::from_sdk(call, error)
            }
        })?;
        let found = answer.stacks().first();
        let found =
            found.ok_or_else(|| Error::bad_answer(call, format!("stack {name} is not told")))?;
        Ok(Stack::read(found))
    }

    /// A page of the stack's events, newest first: the newest, or those that follow where `next`
    /// says.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn stack_events_from(
        &self,
        name: &str,
        next: Option<String>,
    ) -> Result<Page<StackEvent>, Error> {
        let call = "cloudformation:DescribeStackEvents";
        let sent = self
            .cloudformation
            .describe_stack_events()
            .stack_name(name)
            .set_next_token(next)
            .send();
        let answer = sent.await.map_err(|error| Error::from_sdk(call, error))?;
        let event = |one: &aws_sdk_cloudformation::types::StackEvent| {
            Some(StackEvent {
                id: one.event_id()?.to_owned(),
                at: super::time(one.timestamp())?,
                resource: one.logical_resource_id()?.to_owned(),
                status: one.resource_status()?.as_str().to_owned(),
                reason: one.resource_status_reason().unwrap_or_default().to_owned(),
            })
        };
        Ok(Page {
            items: answer.stack_events().iter().filter_map(event).collect(),
            next: answer.next_token().map(str::to_owned),
        })
    }
}
