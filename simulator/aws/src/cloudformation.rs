//! CloudFormation: deploys template files as they are, and rolls a group by the recorded algorithm,
//! in the recorded words (see `resource_types::group`).
//!
//! - [`node`], [`expression`], [`function`], [`template`], [`parameters`], [`resource_types`]:
//!   reading a template.
//! - [`graph`], [`evaluate`], [`lookup`], [`validate`], [`files`]: what it means.
//! - `request_fields`, [`request`], `change_sets`, [`describe`], `texts`, [`signal`]: the calls.
//!   `notifications`: the events on the bus.
//! - [`stack`], [`status_reason`], [`operation`], [`step`]: what a stack is, and how it gets from
//!   one version to the next.
//! - `permissions`: what a stack's service role must allow.
//! - [`handler`], [`resource_types`]: what is done to a resource; [`error`], [`policy_error`]: why
//!   it cannot be done.

mod change_sets;
pub mod describe;
pub mod error;
pub mod evaluate;
pub mod expression;
pub mod files;
pub mod function;
pub mod graph;
pub mod handler;
pub mod lookup;
pub mod node;
mod notifications;
pub mod operation;
pub mod parameters;
mod permissions;
pub mod policy_error;
pub mod request;
mod request_fields;
#[cfg(test)]
mod resource_tests;
pub mod resource_types;
#[cfg(test)]
mod scene;
pub mod signal;
pub mod stack;
pub mod status_reason;
pub mod step;
pub mod template;
mod texts;
pub mod timing;
pub mod validate;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::account::{Account, Caller, Planned};
use crate::signal::Signal;
use crate::state::Key;
use crate::wire::ApiError;

use request_fields::REQUESTS;
use resource_types::ResourceType;

pub use stack::Stack;
pub use timing::Timing;

/// The way to what CloudFormation remembers of an account.
pub const CLOUDFORMATION: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take, and which model variants hold.
    pub timing: Timing,
    /// The files that templates name, by path: TemplateURL of a call is such a path, and a nested
    /// TemplateURL or a DefinitionS3Location is relative to the template that names it. The driver
    /// fills it; what is put into a bucket joins it as `s3://bucket/key`.
    pub files: BTreeMap<String, String>,
    /// The change sets by id.
    change_sets: BTreeMap<String, change_sets::ChangeSet>,
    /// All stacks by id, deleted ones included.
    pub(crate) stacks: BTreeMap<String, Stack>,
    /// How many operations there have been.
    pub(crate) operations: u64,
}

impl State {
    /// The stack of this id, or the stack that has this name and is not deleted.
    pub fn stack(&self, name_or_id: &str) -> Option<&Stack> {
        self.stacks.get(name_or_id).or_else(|| {
            self.stacks
                .values()
                .find(|stack| stack.name == name_or_id && stack.status != "DELETE_COMPLETE")
        })
    }

    /// The inline policies of a role that a stack made: each PolicyDocument, those of
    /// AWS::IAM::Policy included. Nothing if no stack has made the role.
    pub fn role_policies(&self, role_arn: &str) -> Option<Vec<&Value>> {
        resource_types::role_policies(self, role_arn)
    }

    /// The ARNs of the managed policies that stacks made.
    pub fn managed_policies(&self) -> impl Iterator<Item = &str> {
        resource_types::managed_policies(self).map(|policy| policy.arn)
    }

    /// The document of a managed policy that a stack made.
    pub fn managed_policy(&self, arn: &str) -> Option<&Value> {
        resource_types::managed_policies(self)
            .find(|policy| policy.arn == arn)
            .map(|policy| policy.document)
    }

    /// The events of all stacks, each stack's oldest first.
    pub fn all_events(&self) -> impl Iterator<Item = &stack::StackEvent> {
        self.stacks.values().flat_map(|stack| &stack.events)
    }

    /// Whether a stack has made the log group with this ARN.
    pub fn has_log_group(&self, arn: &str) -> bool {
        resource_types::log_group_arns(self).any(|group| group == arn)
    }

    /// The resources of one type, in all stacks.
    fn resources_of(&self, kind: &'static ResourceType) -> impl Iterator<Item = &stack::Resource> {
        let stacks = self.stacks.values();
        stacks
            .flat_map(|stack| stack.resources.values())
            .filter(move |resource| resource.kind == kind)
    }

    /// A stack by its id.
    pub(crate) fn at(&mut self, id: &str) -> &mut Stack {
        self.stacks.get_mut(id).expect("stacks are never forgotten")
    }
}

/// What the service has planned for later.
#[derive(Debug)]
pub enum Event {
    /// The next resources of a stack's operation can begin.
    Go {
        /// Id of the stack.
        stack: String,
        /// Number of the operation; one that is over is ignored.
        operation: u64,
    },
    /// A resource that only needed time is done.
    Done {
        /// Id of the stack.
        stack: String,
        /// Number of the operation.
        operation: u64,
        /// Logical id.
        resource: String,
    },
    /// A resource that could not be deleted, because it was in use, is tried again.
    DeleteAgain {
        /// Id of the stack.
        stack: String,
        /// Number of the operation.
        operation: u64,
        /// Logical id.
        resource: String,
        /// When it is given up.
        until: Timestamp,
    },
    /// CloudFormation looks at a group again.
    Look {
        /// Id of the stack.
        stack: String,
        /// Number of the operation.
        operation: u64,
        /// Logical id.
        resource: String,
        /// Which look it is; an earlier one that a signal has overtaken is ignored.
        turn: u64,
    },
}

/// Answers a call.
///
/// # Errors
/// What AWS would answer, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateStack" => request::create(account, REQUESTS.read(action, input)?),
        "UpdateStack" => request::update(account, REQUESTS.read(action, input)?),
        "DeleteStack" => request::delete(account, REQUESTS.read(action, input)?),
        "CancelUpdateStack" => request::cancel(account, REQUESTS.read(action, input)?),
        "ContinueUpdateRollback" => request::go_on_back(account, REQUESTS.read(action, input)?),
        "SignalResource" => signal::signal(account, REQUESTS.read(action, input)?),
        "CreateChangeSet" => change_sets::create(account, REQUESTS.read(action, input)?),
        "DescribeChangeSet" => change_sets::describe(account, REQUESTS.read(action, input)?),
        "ExecuteChangeSet" => change_sets::execute(account, REQUESTS.read(action, input)?),
        "DeleteChangeSet" => change_sets::delete(account, REQUESTS.read(action, input)?),
        "ListChangeSets" => change_sets::list(account, REQUESTS.read(action, input)?),
        "GetTemplate" => texts::get(account, REQUESTS.read(action, input)?),
        "GetTemplateSummary" => texts::summary(account, REQUESTS.read(action, input)?),
        "ValidateTemplate" => texts::validate(account, REQUESTS.read(action, input)?),
        "ListStacks" => texts::list(account, REQUESTS.read(action, input)?),
        "DescribeStacks" => describe::stacks(account, REQUESTS.read(action, input)?),
        "DescribeStackEvents" => describe::events(account, REQUESTS.read(action, input)?),
        "DescribeStackResources" => describe::resources(account, REQUESTS.read(action, input)?),
        "ListStackResources" => describe::resource_list(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("cloudformation", action)),
    }
}

/// Notices what other services do: templates and definitions in a bucket are found where those of a
/// local folder are.
pub fn notice(account: &mut Account, signal: &Signal) {
    if let Signal::TextStored { path, text } = signal {
        account[CLOUDFORMATION]
            .files
            .insert(path.clone(), text.clone());
    }
}

impl Planned for Event {
    fn happen(self: Box<Self>, account: &mut Account) {
        on_event(account, *self);
    }
}

/// Does what was planned.
fn on_event(account: &mut Account, event: Event) {
    let (stack, number) = match &event {
        Event::Go { stack, operation }
        | Event::Done {
            stack, operation, ..
        }
        | Event::DeleteAgain {
            stack, operation, ..
        }
        | Event::Look {
            stack, operation, ..
        } => (stack.clone(), *operation),
    };
    let current = account[CLOUDFORMATION].at(&stack).operation.as_ref();
    if current.is_none_or(|current| current.number != number) {
        return;
    }
    match event {
        Event::Go { .. } => {
            stack::forget_who_asked(account, &stack);
            operation::go(account, &stack);
        }
        Event::Done { resource, .. } => operation::finished(account, &stack, &resource, Ok(())),
        Event::DeleteAgain {
            resource, until, ..
        } => step::delete_until(account, &stack, &resource, until),
        Event::Look { resource, turn, .. } => {
            resource_types::group::look(account, &stack, &resource, turn)
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}
