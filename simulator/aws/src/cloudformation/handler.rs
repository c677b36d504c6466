//! What is done to a resource: the service's own calls, made as CloudFormation. The time that it
//! takes is left to [`super::step`]; groups and nested stacks take their own.

mod capacity;
mod deletion;
mod failure;
mod launch_template;
mod workflow;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::ResourceError;
use super::evaluate::ResolvedResource;
use super::node::scalar_text;
use super::permissions::Calls;
use super::resource_types::{
    ACTIVITY, ASSOCIATION, CAPACITY_PROVIDER, CLUSTER, DASHBOARD, FUNCTION, GROUP, Kind,
    LAUNCH_TEMPLATE, RULE, STACK, STATE_MACHINE, WARM_POOL,
};
use super::resource_types::{group, nested_stack};
use super::{opaque_resource, permissions};
use crate::account::{Account, arn};
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::{ApiError, Call};

pub use deletion::delete;
pub use failure::{ServiceRefusal, record};
use launch_template::{launch_template, launch_template_version};

/// A resource as it shall be.
#[derive(Debug, Clone)]
pub struct DesiredResource {
    /// Id of the stack.
    pub stack_id: String,
    /// Name of the stack.
    pub stack_name: String,
    /// Logical id.
    pub name: String,
    /// Type.
    pub kind: &'static Kind,
    /// Properties, worked out.
    pub properties: Value,
    /// Path of the template, against which its local files are resolved.
    pub base: String,
}

/// What a handler has made.
#[derive(Debug)]
pub struct CreatedResource {
    /// Physical id.
    pub physical_id: String,
    /// What Ref and GetAtt answer.
    pub known: ResolvedResource,
}

impl CreatedResource {
    /// A resource whose Ref is its physical id.
    pub fn new<const N: usize>(
        physical_id: impl Into<String>,
        attributes: [(&str, Value); N],
    ) -> Self {
        let physical_id = physical_id.into();
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        let known = ResolvedResource {
            reference: physical_id.clone(),
            attributes: BTreeMap::from(attributes),
        };
        Self { physical_id, known }
    }
}

/// Calls `action` of `service` as CloudFormation, for the stack `stack`.
///
/// # Errors
/// The service's error, as a stack event shows it.
pub fn ask(
    account: &mut Account,
    stack: &str,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, ResourceError> {
    raw(account, stack, service, action, input)
        .map_err(|error| record(account, service, error).into())
}

/// Calls `action` of `service` as CloudFormation, for the stack `stack`: with the rights of the
/// stack's service role, if it has one whose policies are known.
///
/// # Errors
/// The service's own error, or the refusal of the role.
pub fn raw(
    account: &mut Account,
    stack: &str,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let caller = permissions::caller(account, stack);
    let call = Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input: input.clone(),
    };
    match permissions::refuses(account, &caller, &call) {
        Some(refusal) => {
            account.record_call(&caller, service, action, Some(&refusal));
            Err(refusal)
        }
        None => account.call(&caller, service, action, input),
    }
}

/// The name that `property` gives, or one made of stack, logical id and chance.
pub fn name(account: &mut Account, wanted: &DesiredResource, property: &str) -> String {
    match wanted.properties.get(property) {
        Some(name) => scalar_text(name),
        None => {
            let suffix = account.hex(12).to_uppercase();
            format!("{}-{}-{suffix}", wanted.stack_name, wanted.name)
        }
    }
}

/// Whether the stack's service role allows all `calls`.
///
/// # Errors
/// The first refusal, as a stack event shows it.
pub fn allowed(account: &mut Account, stack: &str, calls: Calls) -> Result<(), ResourceError> {
    permissions::check(account, stack, calls)
        .map_err(|(service, error)| record(account, &service, error).into())
}

/// The name that a resource is given by its properties; otherwise one such as it will be given.
fn declared_name(wanted: &DesiredResource) -> String {
    let declared = wanted.kind.name_property();
    let declared = declared.and_then(|property| wanted.properties.get(property));
    declared.map_or_else(
        || format!("{}-{}-000000000000", wanted.stack_name, wanted.name),
        scalar_text,
    )
}

/// Makes a resource.
///
/// # Errors
/// Why it cannot be made.
pub fn create(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    if wanted.kind.is_called_for() {
        let name = declared_name(wanted);
        let calls = permissions::creation(account, wanted, &name);
        allowed(account, &wanted.stack_id, calls)?;
    }
    match wanted.kind.name {
        CLUSTER => cluster(account, wanted),
        CAPACITY_PROVIDER => capacity::provider(account, wanted),
        ASSOCIATION => capacity::associate(account, wanted),
        LAUNCH_TEMPLATE => launch_template(account, wanted),
        FUNCTION => workflow::function(account, wanted),
        STATE_MACHINE => workflow::state_machine(account, wanted),
        ACTIVITY => workflow::activity(account, wanted),
        RULE => workflow::rule(account, wanted),
        DASHBOARD => workflow::dashboard(account, wanted),
        GROUP => group::create(account, wanted),
        WARM_POOL => group::put_warm_pool(account, wanted),
        STACK => nested_stack::make(account, wanted),
        _ => opaque_resource::create(account, wanted),
    }
}

/// Changes a resource from its `old` properties to those wanted; answers what Ref and GetAtt then
/// answer.
///
/// # Errors
/// Why it cannot be changed.
pub fn update(
    account: &mut Account,
    wanted: &DesiredResource,
    old: &Value,
    known: ResolvedResource,
) -> Result<ResolvedResource, ResourceError> {
    let stack = &wanted.stack_id;
    let physical_id = account[CLOUDFORMATION].at(stack).resources[&wanted.name]
        .physical_id
        .clone();
    let calls = permissions::change(account, wanted, old, &physical_id);
    allowed(account, stack, calls)?;
    match wanted.kind.name {
        LAUNCH_TEMPLATE => launch_template_version(account, wanted, known),
        CAPACITY_PROVIDER => {
            capacity::change(account, wanted, old, &known.reference).map(|()| known)
        }
        ASSOCIATION => capacity::associate(account, wanted).map(|_| known),
        FUNCTION => {
            let input = workflow::function_input(account, wanted, &known.reference)?;
            ask(
                account,
                stack,
                "lambda",
                "UpdateFunctionConfiguration",
                &input,
            )
            .map(|_| known)
        }
        STATE_MACHINE => {
            let mut input = workflow::state_machine_input(account, wanted)?;
            input["stateMachineArn"] = Value::from(known.reference.clone());
            ask(account, stack, "states", "UpdateStateMachine", &input).map(|_| known)
        }
        RULE => {
            workflow::put_rule(account, wanted, &known.reference)?;
            let new = Some(&wanted.properties);
            workflow::remove_targets(account, stack, old, new, &known.reference)
                .map_err(|error| record(account, "events", error))?;
            Ok(known)
        }
        GROUP => group::update(account, wanted, old).map(|()| known),
        WARM_POOL => group::put_warm_pool(account, wanted).map(|_| known),
        DASHBOARD => workflow::checked_dashboard(wanted).map(|()| known),
        _ => Ok(known),
    }
}

fn cluster(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "ClusterName");
    let mut input = json!({"clusterName": name});
    for (property, member) in [
        ("ClusterSettings", "settings"),
        ("Configuration", "configuration"),
        ("Tags", "tags"),
    ] {
        if let Some(value) = wanted.properties.get(property) {
            input[member] = lower_camel(value);
        }
    }
    ask(account, &wanted.stack_id, "ecs", "CreateCluster", &input)?;
    let arn = arn("ecs", &format!("cluster/{name}"));
    Ok(CreatedResource::new(name, [("Arn", arn.into())]))
}

/// Keys as the JSON services want them: `LogGroupArn` becomes `logGroupArn`, at every depth.
fn lower_camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(lower_camel).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                let mut letters = key.chars();
                let first = letters.next().map(|first| first.to_ascii_lowercase());
                (
                    first.into_iter().chain(letters).collect::<String>(),
                    lower_camel(value),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}
