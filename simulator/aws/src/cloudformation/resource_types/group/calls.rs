//! What a group is told when it is made and when it is changed.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, ask, name as name_of};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::node::whole_number;

/// Makes the group.
///
/// # Errors
/// Why it cannot be made.
pub fn create(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name_of(account, wanted);
    let mut input = call_members(&wanted.properties);
    input["AutoScalingGroupName"] = Value::from(name.clone());
    if let Some(hooks) = wanted.properties.get("LifecycleHookSpecificationList") {
        input["LifecycleHookSpecificationList"] = hooks.clone();
    }
    if let Some(tags) = wanted.properties.get("Tags") {
        input["Tags"] = tags.clone();
    }
    ask(
        account,
        &wanted.stack_id,
        "autoscaling",
        "CreateAutoScalingGroup",
        &input,
    )?;
    collect_metrics(account, wanted, &name, &Value::Null)?;
    Ok(CreatedResource::new(name, []))
}

/// The properties as CreateAutoScalingGroup and UpdateAutoScalingGroup both want them.
fn call_members(properties: &Value) -> Value {
    let mut members = Map::new();
    for (key, value) in properties.as_object().into_iter().flatten() {
        match key.as_str() {
            "LifecycleHookSpecificationList" | "MetricsCollection" | "Tags" => {}
            "VPCZoneIdentifier" => {
                let subnets: Vec<_> = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(scalar_text)
                    .collect();
                members.insert(key.clone(), Value::from(subnets.join(",")));
            }
            "Cooldown" => drop(members.insert("DefaultCooldown".to_owned(), value.clone())),
            "MinSize" | "MaxSize" | "DesiredCapacity" => {
                let number = whole_number(value).map_or_else(|| value.clone(), Value::from);
                members.insert(key.clone(), number);
            }
            _ => drop(members.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(members)
}

/// Gives the group its new properties and hooks.
///
/// # Errors
/// Why it cannot be changed.
pub fn update(
    account: &mut Account,
    wanted: &DesiredResource,
    old: &Value,
) -> Result<(), ResourceError> {
    let group = account[CLOUDFORMATION].at(&wanted.stack_id).resources[&wanted.name]
        .physical_id
        .clone();
    let mut input = call_members(&wanted.properties);
    input["AutoScalingGroupName"] = Value::from(group.clone());
    ask(
        account,
        &wanted.stack_id,
        "autoscaling",
        "UpdateAutoScalingGroup",
        &input,
    )?;
    collect_metrics(account, wanted, &group, old)?;
    let hooks = |properties: &Value| -> Vec<Value> {
        properties["LifecycleHookSpecificationList"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let (old, new) = (hooks(old), hooks(&wanted.properties));
    for hook in new.iter().filter(|hook| !old.contains(hook)) {
        let mut input = hook.clone();
        input["AutoScalingGroupName"] = Value::from(group.clone());
        ask(
            account,
            &wanted.stack_id,
            "autoscaling",
            "PutLifecycleHook",
            &input,
        )?;
    }
    let named = |hook: &Value| hook["LifecycleHookName"].clone();
    for gone in old
        .iter()
        .filter(|old| new.iter().all(|new| named(new) != named(old)))
    {
        let input = json!({"AutoScalingGroupName": group, "LifecycleHookName": named(gone)});
        ask(
            account,
            &wanted.stack_id,
            "autoscaling",
            "DeleteLifecycleHook",
            &input,
        )?;
    }
    Ok(())
}

/// Switches the metrics of the group on that are wanted, and those off that are not any more.
fn collect_metrics(
    account: &mut Account,
    wanted: &DesiredResource,
    group: &str,
    old: &Value,
) -> Result<(), ResourceError> {
    let (old, new) = (
        &old["MetricsCollection"],
        &wanted.properties["MetricsCollection"],
    );
    if old == new {
        return Ok(());
    }
    let mut record = |action: &str, mut input: Value| {
        input["AutoScalingGroupName"] = Value::from(group);
        ask(account, &wanted.stack_id, "autoscaling", action, &input).map(drop)
    };
    if old.as_array().is_some_and(|old| !old.is_empty()) {
        record("DisableMetricsCollection", json!({}))?;
    }
    for collection in new.as_array().into_iter().flatten() {
        record("EnableMetricsCollection", collection.clone())?;
    }
    Ok(())
}
