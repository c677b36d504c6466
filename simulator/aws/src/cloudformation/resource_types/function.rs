//! AWS::Lambda::Function.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::{ResolvedResource, same};
use crate::cloudformation::files;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, name,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, pass_role, read_object};
use crate::cloudformation::timing::Timing;
use crate::cloudformation::validate::Declaration;
use crate::s3;
use crate::wire::ApiError;

/// A Lambda function.
pub static FUNCTION: ResourceType = ResourceType {
    name: "AWS::Lambda::Function",
    name_property: Some("FunctionName"),
    required: &["Code", "Role"],
    optional: &[
        "Architectures",
        "DeadLetterConfig",
        "Description",
        "Environment",
        "FunctionName",
        "Handler",
        "LoggingConfig",
        "MemorySize",
        "PackageType",
        "ReservedConcurrentExecutions",
        "Runtime",
        "Tags",
        "Timeout",
        "TracingConfig",
    ],
    fixed: &["FunctionName", "PackageType"],
    attributes: &["Arn"],
    handler: &Function,
};

#[derive(Debug)]
struct Function;

impl Handler for Function {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let input = input(account, desired, &name)?;
        let stack = &desired.stack_id;
        ask(account, stack, "lambda", "CreateFunction", &input)?;
        let arn = arn("lambda", &format!("function:{name}"));
        Ok(CreatedResource::new(name, [("Arn", arn.into())]))
    }

    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        _: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        let input = input(account, desired, &known.reference)?;
        let (stack, action) = (&desired.stack_id, "UpdateFunctionConfiguration");
        ask(account, stack, "lambda", action, &input)?;
        Ok(known)
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"FunctionName": existing.physical_id});
        existing.delete_by(account, "lambda", "DeleteFunction", &input)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        if matches!(verb, Verb::Delete) {
            return Ok(Vec::new());
        }
        let input = json!({"FunctionName": subject.name});
        let properties = subject.properties;
        let mut actions = vec![
            "GetFunction",
            "GetFunctionCodeSigningConfig",
            "GetRuntimeManagementConfig",
        ];
        let mut object = read_object(subject, "Code");
        if let Verb::Change(old) = verb {
            if same(&old["Code"], &properties["Code"]) {
                object = None;
            } else {
                actions.push("UpdateFunctionCode");
            }
        }
        if properties.get("ReservedConcurrentExecutions").is_some() {
            actions.push("PutFunctionConcurrency");
        }
        let mut calls = each("lambda", &actions, &input);
        calls.extend(object);
        calls.push(pass_role(&scalar_text(&properties["Role"]), "lambda"));
        Ok(calls)
    }

    fn validate(
        &self,
        account: &mut Account,
        declaration: &Declaration<'_>,
    ) -> Result<(), ApiError> {
        let base = &declaration.scope.template.path;
        files::code(account, base, &declaration.properties["Code"])
            .map(drop)
            .map_err(|error| declaration.refusal(&error))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.workflow
    }
}

fn input(account: &Account, desired: &DesiredResource, name: &str) -> Result<Value, ResourceError> {
    let code = files::code(account, &desired.base, &desired.properties["Code"])?;
    let mut input = desired.properties.clone();
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
