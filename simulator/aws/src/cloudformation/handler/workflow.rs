//! Functions, state machines, activities, rules and dashboards.

use serde_json::{Value, json};

use super::{CreatedResource, DesiredResource, ask, lower_camel, name, raw};
use crate::account::{Account, arn};
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::files;
use crate::cloudformation::node::scalar_text;
use crate::s3;
use crate::wire::ApiError;

pub(super) fn function(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "FunctionName");
    let input = function_input(account, wanted, &name)?;
    ask(
        account,
        &wanted.stack_id,
        "lambda",
        "CreateFunction",
        &input,
    )?;
    let arn = arn("lambda", &format!("function:{name}"));
    Ok(CreatedResource::new(name, [("Arn", arn.into())]))
}

pub(super) fn function_input(
    account: &Account,
    wanted: &DesiredResource,
    name: &str,
) -> Result<Value, ResourceError> {
    let code = files::code(account, &wanted.base, &wanted.properties["Code"])?;
    let mut input = wanted.properties.clone();
    if code.starts_with(s3::SCHEME) {
        input["Code"] = Value::from(code);
    }
    input["FunctionName"] = Value::from(name);
    for property in ["Timeout", "MemorySize", "ReservedConcurrentExecutions"] {
        if let Some(value) = input.get_mut(property) {
            let text = scalar_text(value);
            let number = text.parse::<u64>();
            *value = number
                .map_err(|_| ResourceError::NotANumber {
                    property,
                    value: text,
                })?
                .into();
        }
    }
    Ok(input)
}

pub(super) fn state_machine(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "StateMachineName");
    let mut input = state_machine_input(account, wanted)?;
    input["name"] = Value::from(name.clone());
    if let Some(kind) = wanted.properties.get("StateMachineType") {
        input["type"] = kind.clone();
    }
    let location = wanted.properties.get("DefinitionS3Location");
    let answer = ask(
        account,
        &wanted.stack_id,
        "states",
        "CreateStateMachine",
        &input,
    )
    .map_err(|refusal| match location {
        // AWS knows no file by then, but whoever has to mend it does.
        Some(location) => ResourceError::RefusedFile {
            refusal: Box::new(refusal),
            file: scalar_text(location),
        },
        None => refusal,
    })?;
    let arn = scalar_text(&answer["stateMachineArn"]);
    Ok(CreatedResource::new(
        arn.clone(),
        [("Arn", arn.into()), ("Name", name.into())],
    ))
}

pub(super) fn activity(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = scalar_text(&wanted.properties["Name"]);
    let mut input = json!({"name": name});
    if let Some(tags) = wanted.properties.get("Tags") {
        input["tags"] = lower_camel(tags);
    }
    let answer = ask(
        account,
        &wanted.stack_id,
        "states",
        "CreateActivity",
        &input,
    )?;
    let arn = scalar_text(&answer["activityArn"]);
    Ok(CreatedResource::new(
        arn.clone(),
        [("Arn", arn.into()), ("Name", name.into())],
    ))
}

pub(super) fn state_machine_input(
    account: &Account,
    wanted: &DesiredResource,
) -> Result<Value, ResourceError> {
    let properties = &wanted.properties;
    let definition = match (
        properties.get("DefinitionS3Location"),
        properties.get("DefinitionString"),
        properties.get("Definition"),
    ) {
        (Some(location), None, None) => {
            let path = files::local(&wanted.base, "DefinitionS3Location", location)?;
            account[CLOUDFORMATION].file(&path)?.to_owned()
        }
        (None, Some(text), None) => scalar_text(text),
        (None, None, Some(definition)) => definition.to_string(),
        _ => return Err(ResourceError::NotOneDefinition),
    };
    let definition = substitute(&definition, properties.get("DefinitionSubstitutions"))?;
    let mut input = json!({"definition": definition, "roleArn": properties["RoleArn"]});
    for (property, member) in [
        ("LoggingConfiguration", "loggingConfiguration"),
        ("TracingConfiguration", "tracingConfiguration"),
        ("Tags", "tags"),
    ] {
        if let Some(value) = properties.get(property) {
            input[member] = lower_camel(value);
        }
    }
    Ok(input)
}

/// `${Name}` in a definition becomes the substitution of that name. One that is not there stays,
/// and Step Functions then refuses the definition or not, as the real ones do; one that is never
/// used is an error here, since it is a slip.
fn substitute(definition: &str, substitutions: Option<&Value>) -> Result<String, ResourceError> {
    let mut text = definition.to_owned();
    for (name, value) in substitutions
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let place = format!("${{{name}}}");
        if !text.contains(&place) {
            return Err(ResourceError::UnusedSubstitution { name: name.clone() });
        }
        text = text.replace(&place, &scalar_text(value));
    }
    Ok(text)
}

pub(super) fn rule(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "Name");
    put_rule(account, wanted, &name)?;
    let arn = arn("events", &format!("rule/{name}"));
    Ok(CreatedResource::new(name, [("Arn", arn.into())]))
}

pub(super) fn put_rule(
    account: &mut Account,
    wanted: &DesiredResource,
    name: &str,
) -> Result<(), ResourceError> {
    let mut input = wanted.properties.clone();
    let members = input.as_object_mut().expect("properties are a mapping");
    let targets = members.remove("Targets");
    if let Some(pattern) = members.get_mut("EventPattern") {
        *pattern = Value::from(pattern.to_string());
    }
    input["Name"] = Value::from(name);
    ask(account, &wanted.stack_id, "events", "PutRule", &input)?;
    match targets {
        Some(targets) => ask(
            account,
            &wanted.stack_id,
            "events",
            "PutTargets",
            &json!({"Rule": name, "Targets": targets}),
        )
        .map(drop),
        None => Ok(()),
    }
}

/// Removes the targets of `old` that `new` no longer has.
pub(super) fn remove_targets(
    account: &mut Account,
    stack: &str,
    old: &Value,
    new: Option<&Value>,
    rule: &str,
) -> Result<(), ApiError> {
    let ids = |properties: &Value| -> Vec<String> {
        properties["Targets"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|target| scalar_text(&target["Id"]))
            .collect()
    };
    let kept = new.map(ids).unwrap_or_default();
    let gone: Vec<_> = ids(old)
        .into_iter()
        .filter(|id| !kept.contains(id))
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let input = json!({"Rule": rule, "Ids": gone});
    raw(account, stack, "events", "RemoveTargets", &input).map(drop)
}

pub(super) fn dashboard(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    checked_dashboard(wanted)?;
    let name = name(account, wanted, "DashboardName");
    Ok(CreatedResource::new(name, []))
}

/// CloudWatch refuses a body that is no JSON object with widgets.
pub(super) fn checked_dashboard(wanted: &DesiredResource) -> Result<(), ResourceError> {
    let body = scalar_text(&wanted.properties["DashboardBody"]);
    let read: Result<Value, _> = serde_json::from_str(&body);
    let widgets = read.map(|body| body["widgets"].as_array().map(Vec::len));
    match widgets {
        Ok(Some(1..)) => Ok(()),
        Ok(_) => Err(ResourceError::NoWidgets),
        Err(error) => Err(ResourceError::BadDashboard(error)),
    }
}
