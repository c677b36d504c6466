//! Capacity providers, and which of them a cluster has.

use serde_json::{Value, json};

use super::{CreatedResource, DesiredResource, ask, lower_camel, name, raw};
use crate::account::Account;
use crate::cloudformation::error::{ChangeError, ResourceError};
use crate::cloudformation::evaluate::same;
use crate::cloudformation::node::whole_number;
use crate::wire::ApiError;

/// Makes a capacity provider.
///
/// # Errors
/// Why it cannot be made.
pub fn provider(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "Name");
    let mut input = json!({"name": name, "autoScalingGroupProvider": settings(wanted)});
    if let Some(tags) = wanted.properties.get("Tags") {
        input["tags"] = lower_camel(tags);
    }
    ask(
        account,
        &wanted.stack_id,
        "ecs",
        "CreateCapacityProvider",
        &input,
    )?;
    Ok(CreatedResource::new(name, []))
}

fn settings(wanted: &DesiredResource) -> Value {
    numbers(&lower_camel(&wanted.properties["AutoScalingGroupProvider"]))
}

/// Parameters come as text, also those that are numbers.
fn numbers(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(numbers).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), numbers(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        one => whole_number(one).map_or_else(|| one.clone(), Value::from),
    }
}

/// Changes a capacity provider, except its group.
///
/// # Errors
/// Why it cannot be changed.
pub fn change(
    account: &mut Account,
    wanted: &DesiredResource,
    old: &Value,
    provider: &str,
) -> Result<(), ResourceError> {
    let group =
        |properties: &Value| properties["AutoScalingGroupProvider"]["AutoScalingGroupArn"].clone();
    if !same(&group(old), &group(&wanted.properties)) {
        let name = wanted.name.clone();
        return Err(ChangeError::GroupOfProvider { name }.into());
    }
    let mut input = json!({"name": provider, "autoScalingGroupProvider": settings(wanted)});
    if let Some(settings) = input["autoScalingGroupProvider"].as_object_mut() {
        settings.remove("autoScalingGroupArn");
    }
    ask(
        account,
        &wanted.stack_id,
        "ecs",
        "UpdateCapacityProvider",
        &input,
    )
    .map(drop)
}

/// Gives a cluster its capacity providers.
///
/// # Errors
/// Why it cannot have them.
pub fn associate(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let given = &wanted.properties;
    let input = json!({
        "cluster": given["Cluster"],
        "capacityProviders": given["CapacityProviders"],
        "defaultCapacityProviderStrategy": numbers(&lower_camel(&given["DefaultCapacityProviderStrategy"])),
    });
    ask(
        account,
        &wanted.stack_id,
        "ecs",
        "PutClusterCapacityProviders",
        &input,
    )?;
    let cluster = given["Cluster"].as_str().unwrap_or_default();
    Ok(CreatedResource::new(cluster, []))
}

/// Leaves a cluster without capacity providers.
///
/// # Errors
/// What still uses them.
pub fn dissociate(account: &mut Account, stack: &str, cluster: &str) -> Result<(), ApiError> {
    let input =
        json!({"cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": []});
    match raw(account, stack, "ecs", "PutClusterCapacityProviders", &input) {
        // What it belonged to is gone, and it with it.
        Err(error) if error.code == "ClusterNotFoundException" => Ok(()),
        answer => answer.map(drop),
    }
}
