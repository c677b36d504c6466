//! What a stack's service role must allow, so that CloudFormation can make, change and delete its
//! resources.
//!
//! The calls that the account in memory really makes are checked as they are made (see
//! [`super::handler::raw`]). What CloudFormation calls besides, to read back what it made, to hand
//! roles to services, and for resources that the account only keeps in mind, is listed by
//! the handler of each resource type ([`super::handler::Handler::permissions`]) and checked here,
//! before the resource is made, changed or deleted. The lists are those of the resource types' own
//! schemas (`handlers`, documented:
//! <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>), as far as the
//! properties of a resource need them.

mod calls;

use serde_json::{Value, json};

use super::handler::{DesiredResource, ExistingResource};
use super::invalid;
use super::parameters::Parameters;
use super::resource_types::ResourceType;
use crate::account::{Account, Caller};
use crate::cloudformation::CLOUDFORMATION;
use crate::iam::{self, Identity};
use crate::wire::{ApiError, Call};

pub use calls::{Subject, Verb, call, each, items, last, pass_role, read_object};

/// As whom CloudFormation calls for the stack `stack`: as its service role, or that of the stack
/// that it is nested in, if the role is one whose policies are known here.
pub fn caller(account: &Account, stack: &str) -> Caller {
    match service_role(account, stack) {
        Some(role) => Caller::StackRole(role.to_owned()),
        None => Caller::Service("cloudformation"),
    }
}

/// The service role of a stack, if its policies are known: if a stack of this account made it. Any
/// other one is taken to allow everything, as an account without the role's stack cannot know
/// better.
fn service_role<'a>(account: &'a Account, stack: &str) -> Option<&'a str> {
    let state = &account[CLOUDFORMATION];
    let mut stack = state.stacks.get(stack)?;
    while let Some((parent, _)) = &stack.parent {
        stack = state.stacks.get(parent)?;
    }
    let role = stack.role.as_deref()?;
    state.role_policies(role).map(|_| role)
}

/// The refusal, if CloudFormation calls with a service role that does not allow the call.
pub fn refuses(account: &Account, caller: &Caller, call: &Call) -> Option<ApiError> {
    let Caller::StackRole(role) = caller else {
        return None;
    };
    let policies = account[CLOUDFORMATION].role_policies(role);
    let identity = Identity::of_service_role(role, policies.unwrap_or_default());
    iam::refuses(account, &identity, call)
}

/// What CloudFormation calls, or that this is not known.
pub type Calls = Result<Vec<Call>, ApiError>;

/// Whether CloudFormation may make all `calls` for the stack `stack`. They are not made.
///
/// # Errors
/// The service of the first call that the role refuses, and the refusal; `NotImplemented` for a
/// resource type whose calls are not known.
pub fn check(account: &Account, stack: &str, calls: Calls) -> Result<(), (String, ApiError)> {
    let calls = calls.map_err(|error| ("cloudformation".to_owned(), error))?;
    let caller = caller(account, stack);
    let refused = calls
        .iter()
        .find_map(|call| Some((call.service.clone(), refuses(account, &caller, call)?)));
    refused.map_or(Ok(()), Err)
}

/// Whether a service role may read the SSM parameters that `parameters` name.
///
/// # Errors
/// `ValidationError` with the refusal.
pub fn of_parameters(
    account: &Account,
    role: Option<&str>,
    parameters: &Parameters,
) -> Result<(), ApiError> {
    let Some(role) = role.filter(|role| account[CLOUDFORMATION].role_policies(role).is_some())
    else {
        return Ok(());
    };
    let caller = Caller::StackRole(role.to_owned());
    for name in parameters.stored.keys() {
        let call = Call {
            service: "ssm".to_owned(),
            action: "GetParameters".to_owned(),
            input: json!({"Names": [parameters.given[name]]}),
        };
        if let Some(refusal) = refuses(account, &caller, &call) {
            return Err(invalid(refusal.message));
        }
    }
    Ok(())
}

/// What CloudFormation calls to make the resource `desired` of this name, besides the calls that
/// are made here.
pub fn creation(account: &Account, desired: &DesiredResource, name: &str) -> Calls {
    calls_of(account, &desired.stack_id, &Verb::Create, |role| Subject {
        account,
        role,
        kind: desired.kind,
        name,
        properties: &desired.properties,
        base: &desired.base,
    })
}

/// What CloudFormation calls to change the resource `desired` from its `old` properties.
pub fn change(
    account: &Account,
    desired: &DesiredResource,
    old: &Value,
    physical_id: &str,
) -> Calls {
    calls_of(account, &desired.stack_id, &Verb::Change(old), |role| {
        Subject {
            account,
            role,
            kind: desired.kind,
            name: physical_id,
            properties: &desired.properties,
            base: &desired.base,
        }
    })
}

/// What CloudFormation calls to delete a resource of this type.
pub fn deletion(
    account: &Account,
    kind: &'static ResourceType,
    existing: &ExistingResource,
) -> Calls {
    calls_of(account, &existing.stack_id, &Verb::Delete, |role| Subject {
        account,
        role,
        kind,
        name: &existing.physical_id,
        properties: &existing.properties,
        base: "",
    })
}

/// The calls for the `subject`; none if the stack has no role that could refuse them.
fn calls_of<'a>(
    account: &'a Account,
    stack: &str,
    verb: &Verb<'_>,
    subject: impl FnOnce(&'a str) -> Subject<'a>,
) -> Calls {
    let Some(role) = service_role(account, stack) else {
        return Ok(Vec::new());
    };
    let subject = subject(role);
    subject.kind.handler.permissions(verb, &subject)
}
