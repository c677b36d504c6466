//! AWS::StepFunctions::StateMachine.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::files;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, lower_camel, name,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, pass_role, read_object};
use crate::cloudformation::timing::Timing;
use crate::cloudformation::validate::Declaration;
use crate::wire::ApiError;

/// A state machine.
pub static STATE_MACHINE: ResourceType = ResourceType {
    name: "AWS::StepFunctions::StateMachine",
    name_property: Some("StateMachineName"),
    required: &["RoleArn"],
    optional: &[
        "Definition",
        "DefinitionS3Location",
        "DefinitionString",
        "DefinitionSubstitutions",
        "LoggingConfiguration",
        "StateMachineName",
        "StateMachineType",
        "Tags",
        "TracingConfiguration",
    ],
    fixed: &["StateMachineName", "StateMachineType"],
    attributes: &["Arn", "Name"],
    handler: &StateMachine,
};

#[derive(Debug)]
struct StateMachine;

impl Handler for StateMachine {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let mut input = input(account, desired)?;
        input["name"] = Value::from(name.clone());
        if let Some(kind) = desired.properties.get("StateMachineType") {
            input["type"] = kind.clone();
        }
        let location = desired.properties.get("DefinitionS3Location");
        let stack = &desired.stack_id;
        let answer =
            ask(account, stack, "states", "CreateStateMachine", &input).map_err(|refusal| {
                match location {
                    // AWS knows no file by then, but whoever has to mend it does.
                    Some(location) => ResourceError::RefusedFile {
                        refusal: Box::new(refusal),
                        file: scalar_text(location),
                    },
                    None => refusal,
                }
            })?;
        let arn = scalar_text(&answer["stateMachineArn"]);
        Ok(CreatedResource::new(
            arn.clone(),
            [("Arn", arn.into()), ("Name", name.into())],
        ))
    }

    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        _: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        let mut input = input(account, desired)?;
        input["stateMachineArn"] = Value::from(known.reference.clone());
        let stack = &desired.stack_id;
        ask(account, stack, "states", "UpdateStateMachine", &input)?;
        Ok(known)
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"stateMachineArn": existing.physical_id});
        existing.delete_by(account, "states", "DeleteStateMachine", &input)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"stateMachineArn": subject.name, "name": subject.name});
        let mut calls = each("states", &["DescribeStateMachine"], &input);
        if !matches!(verb, Verb::Delete) {
            calls.extend(each("states", &["ListTagsForResource"], &input));
            calls.extend(read_object(subject, "DefinitionS3Location"));
            let role = scalar_text(&subject.properties["RoleArn"]);
            calls.push(pass_role(&role, "states"));
        }
        Ok(calls)
    }

    fn validate(
        &self,
        account: &mut Account,
        declaration: &Declaration<'_>,
    ) -> Result<(), ApiError> {
        let Some(location) = declaration.properties.get("DefinitionS3Location") else {
            return Ok(());
        };
        let base = &declaration.scope.template.path;
        files::local(base, "DefinitionS3Location", location)
            .and_then(|path| account[CLOUDFORMATION].file(&path).map(drop))
            .map_err(|error| declaration.refusal(&error))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.workflow
    }
}

/// What CreateStateMachine and UpdateStateMachine both want.
fn input(account: &Account, desired: &DesiredResource) -> Result<Value, ResourceError> {
    let properties = &desired.properties;
    let definition = match (
        properties.get("DefinitionS3Location"),
        properties.get("DefinitionString"),
        properties.get("Definition"),
    ) {
        (Some(location), None, None) => {
            let path = files::local(&desired.base, "DefinitionS3Location", location)?;
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
