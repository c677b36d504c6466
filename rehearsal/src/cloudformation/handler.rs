//! What is done to a resource: the service's own calls, made as CloudFormation.
//!
//! A handler does the work at once and leaves the time that it takes to [`super::step`]; groups and nested stacks take
//! their own.

mod capacity;
mod workflow;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::evaluate::Known;
use super::kinds::{
    ACTIVITY, ASSOCIATION, CAPACITY_PROVIDER, CLUSTER, DASHBOARD, FUNCTION, GROUP, Kind,
    LAUNCH_TEMPLATE, RULE, STACK, STATE_MACHINE, WARM_POOL,
};
use super::node::scalar_text;
use super::{group, nested, record};
use crate::account::{Account, Caller, arn};
use crate::wire::ApiError;

/// A resource as it shall be.
#[derive(Debug, Clone)]
pub struct Wanted {
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
pub struct Made {
    /// Physical id.
    pub physical_id: String,
    /// What Ref and GetAtt answer.
    pub known: Known,
}

impl Made {
    /// A resource whose Ref is its physical id.
    pub fn new<const N: usize>(
        physical_id: impl Into<String>,
        attributes: [(&str, Value); N],
    ) -> Self {
        let physical_id = physical_id.into();
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        let known = Known {
            reference: physical_id.clone(),
            attributes: BTreeMap::from(attributes),
        };
        Self { physical_id, known }
    }
}

/// Calls `action` of `service` as CloudFormation.
///
/// # Errors
/// The service's error, as a stack event would tell it.
pub fn ask(
    account: &mut Account,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, String> {
    raw(account, service, action, input).map_err(|error| told(service, &error))
}

/// Calls `action` of `service` as CloudFormation.
///
/// # Errors
/// The service's own error.
pub fn raw(
    account: &mut Account,
    service: &str,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    account.call(&Caller::Service("cloudformation"), service, action, input)
}

/// A service's error, as a stack event tells it.
pub fn told(service: &str, error: &ApiError) -> String {
    format!(
        "Resource handler returned message: \"{} (Service: {service}, Status Code: {})\" (HandlerErrorCode: {})",
        error.message, error.status, error.code
    )
}

/// The name that `property` gives, or one made of stack, logical id and chance.
pub fn name(account: &mut Account, wanted: &Wanted, property: &str) -> String {
    match wanted.properties.get(property) {
        Some(name) => scalar_text(name),
        None => {
            let suffix = account.hex(12).to_uppercase();
            format!("{}-{}-{suffix}", wanted.stack_name, wanted.name)
        }
    }
}

/// Makes a resource.
///
/// # Errors
/// Why it cannot be made.
pub fn create(account: &mut Account, wanted: &Wanted) -> Result<Made, String> {
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
        STACK => nested::make(account, wanted),
        _ => Ok(record::create(account, wanted)),
    }
}

/// Changes a resource from its `old` properties to those wanted; answers what Ref and GetAtt then answer.
///
/// # Errors
/// Why it cannot be changed.
pub fn update(
    account: &mut Account,
    wanted: &Wanted,
    old: &Value,
    known: Known,
) -> Result<Known, String> {
    match wanted.kind.name {
        LAUNCH_TEMPLATE => launch_template_version(account, wanted, known),
        CAPACITY_PROVIDER => {
            capacity::change(account, wanted, old, &known.reference).map(|()| known)
        }
        ASSOCIATION => capacity::associate(account, wanted).map(|_| known),
        FUNCTION => {
            let input = workflow::function_input(account, wanted, &known.reference)?;
            ask(account, "lambda", "UpdateFunctionConfiguration", &input).map(|_| known)
        }
        STATE_MACHINE => {
            let mut input = workflow::state_machine_input(account, wanted)?;
            input["stateMachineArn"] = Value::from(known.reference.clone());
            ask(account, "states", "UpdateStateMachine", &input).map(|_| known)
        }
        RULE => {
            workflow::put_rule(account, wanted, &known.reference)?;
            workflow::remove_targets(account, old, Some(&wanted.properties), &known.reference)?;
            Ok(known)
        }
        GROUP => group::update(account, wanted, old).map(|()| known),
        WARM_POOL => group::put_warm_pool(account, wanted).map(|_| known),
        DASHBOARD => workflow::checked_dashboard(wanted).map(|()| known),
        _ => Ok(known),
    }
}

/// Deletes the resource `name` of the stack `id`.
///
/// # Errors
/// Why it cannot be deleted.
pub fn delete(account: &mut Account, id: &str, name: &str) -> Result<(), String> {
    let resource = &account.cloudformation.at(id).resources[name];
    let (kind, physical_id) = (resource.kind.name, resource.physical_id.clone());
    let properties = resource.properties.clone();
    let deleted = match kind {
        CLUSTER => ask(
            account,
            "ecs",
            "DeleteCluster",
            &json!({"cluster": physical_id}),
        ),
        CAPACITY_PROVIDER => capacity::delete(account, &physical_id),
        ASSOCIATION => capacity::dissociate(account, &physical_id),
        LAUNCH_TEMPLATE => ask(
            account,
            "ec2",
            "DeleteLaunchTemplate",
            &json!({"LaunchTemplateId": physical_id}),
        ),
        FUNCTION => ask(
            account,
            "lambda",
            "DeleteFunction",
            &json!({"FunctionName": physical_id}),
        ),
        STATE_MACHINE => ask(
            account,
            "states",
            "DeleteStateMachine",
            &json!({"stateMachineArn": physical_id}),
        ),
        ACTIVITY => ask(
            account,
            "states",
            "DeleteActivity",
            &json!({"activityArn": physical_id}),
        ),
        RULE => {
            workflow::remove_targets(account, &properties, None, &physical_id)?;
            ask(
                account,
                "events",
                "DeleteRule",
                &json!({"Name": physical_id}),
            )
        }
        WARM_POOL => ask(
            account,
            "autoscaling",
            "DeleteWarmPool",
            &json!({"AutoScalingGroupName": physical_id}),
        ),
        _ => Ok(Value::Null),
    };
    deleted.map(drop)
}

fn cluster(account: &mut Account, wanted: &Wanted) -> Result<Made, String> {
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
    ask(account, "ecs", "CreateCluster", &input)?;
    let arn = arn("ecs", &format!("cluster/{name}"));
    Ok(Made::new(name, [("Arn", arn.into())]))
}

fn launch_template(account: &mut Account, wanted: &Wanted) -> Result<Made, String> {
    let name = name(account, wanted, "LaunchTemplateName");
    let mut input = wanted.properties.clone();
    input["LaunchTemplateName"] = Value::from(name);
    let answer = ask(account, "ec2", "CreateLaunchTemplate", &input)?;
    let id = scalar_text(&answer["LaunchTemplate"]["LaunchTemplateId"]);
    // CloudFormation answers version numbers as text.
    let attributes = [
        ("LaunchTemplateId", id.clone().into()),
        ("LatestVersionNumber", "1".into()),
        ("DefaultVersionNumber", "1".into()),
    ];
    Ok(Made::new(id, attributes))
}

fn launch_template_version(
    account: &mut Account,
    wanted: &Wanted,
    mut known: Known,
) -> Result<Known, String> {
    let mut input = wanted.properties.clone();
    let members = input.as_object_mut().expect("properties are a mapping");
    members.retain(|member, _| member == "LaunchTemplateData" || member == "VersionDescription");
    input["LaunchTemplateId"] = Value::from(known.reference.clone());
    let answer = ask(account, "ec2", "CreateLaunchTemplateVersion", &input)?;
    let number = scalar_text(&answer["LaunchTemplateVersion"]["VersionNumber"]);
    known
        .attributes
        .insert("LatestVersionNumber".to_owned(), Value::from(number));
    Ok(known)
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
