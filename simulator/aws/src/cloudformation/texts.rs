//! The calls about templates as texts, and the list of all stacks: GetTemplate,
//! GetTemplateSummary, ValidateTemplate, ListStacks.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::describe::{found, milliseconds, put};
use super::parameters::Declaration;
use super::request_fields::TemplateSource;
use super::template::Template;
use super::{invalid, validate};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// The request of `GetTemplate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTemplate<'a> {
    stack_name: &'a str,
    template_stage: Option<&'a str>,
}

/// `GetTemplate`. There are no macros, so both stages are the same text.
///
/// # Errors
/// `ValidationError`, `Stack with id X does not exist`.
pub fn get(account: &mut Account, request: GetTemplate<'_>) -> Result<Value, ApiError> {
    let stack = found(account, request.stack_name)?;
    let stage = request.template_stage;
    if !matches!(stage, None | Some("Original" | "Processed")) {
        return Err(invalid(format!(
            "TemplateStage {stage:?} is neither Original nor Processed"
        )));
    }
    Ok(json!({
        "TemplateBody": stack.version.template.text, "StagesAvailable": ["Original", "Processed"],
    }))
}

/// The request of `ValidateTemplate`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidateTemplate<'a> {
    template_body: Option<&'a str>,
    #[serde(rename = "TemplateURL")]
    template_url: Option<&'a str>,
}

/// `ValidateTemplate`.
///
/// # Errors
/// `ValidationError`, saying where and what.
pub fn validate(account: &mut Account, request: ValidateTemplate<'_>) -> Result<Value, ApiError> {
    let source = TemplateSource {
        body: request.template_body,
        url: request.template_url,
    };
    let template = source.required(account)?;
    let mut answer = json!({
        "Parameters": template.parameters.iter().map(parameter).collect::<Vec<_>>(),
    });
    described(account, &template, &mut answer);
    Ok(answer)
}

/// The request of `GetTemplateSummary`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTemplateSummary<'a> {
    template_body: Option<&'a str>,
    #[serde(rename = "TemplateURL")]
    template_url: Option<&'a str>,
    stack_name: Option<&'a str>,
}

/// `GetTemplateSummary`, of a text or of a stack.
///
/// # Errors
/// `ValidationError`.
pub fn summary(account: &mut Account, request: GetTemplateSummary<'_>) -> Result<Value, ApiError> {
    let source = TemplateSource {
        body: request.template_body,
        url: request.template_url,
    };
    let template = match request.stack_name {
        Some(name) => found(account, name)?.version.template.clone(),
        None => source.required(account)?,
    };
    let parameters = template.parameters.iter().map(|declared| {
        let mut parameter = parameter(declared);
        parameter["ParameterType"] = declared.kind_name.as_str().into();
        parameter["ParameterConstraints"] = if declared.allowed_values.is_empty() {
            json!({})
        } else {
            json!({"AllowedValues": declared.allowed_values})
        };
        parameter
    });
    let kinds: BTreeSet<&str> = template
        .resources
        .values()
        .map(|resource| resource.kind.name)
        .collect();
    let mut answer = json!({
        "Parameters": parameters.collect::<Vec<_>>(), "ResourceTypes": kinds, "Version": "2010-09-09",
    });
    described(account, &template, &mut answer);
    Ok(answer)
}

fn parameter(declared: &Declaration) -> Value {
    let mut parameter = json!({"ParameterKey": declared.name, "NoEcho": declared.no_echo});
    if let Some(default) = &declared.default {
        parameter["DefaultValue"] = Value::from(default.as_str());
    }
    put(&mut parameter, "Description", &declared.description);
    parameter
}

/// What both calls tell of a template as a whole.
fn described(account: &Account, template: &Template, answer: &mut Value) {
    put(answer, "Description", &template.description);
    if let Some(capability) = validate::capability(account, template) {
        answer["Capabilities"] = json!([capability]);
        answer["CapabilitiesReason"] =
            "The following resource(s) require capabilities: [AWS::IAM::Role]".into();
    }
}

/// The request of `ListStacks`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListStacks {
    #[serde(default)]
    stack_status_filter: Vec<String>,
}

/// `ListStacks`, deleted ones included, newest first.
///
/// # Errors
/// `NotImplemented`.
pub fn list(account: &mut Account, request: ListStacks) -> Result<Value, ApiError> {
    let statuses = request.stack_status_filter;
    let mut stacks: Vec<_> = account[CLOUDFORMATION].stacks.values().collect();
    stacks.retain(|stack| statuses.is_empty() || statuses.contains(&stack.status));
    stacks.sort_by_key(|stack| std::cmp::Reverse(stack.created));
    let summaries = stacks.into_iter().map(|stack| {
        let mut summary = json!({
            "StackId": stack.id, "StackName": stack.name, "CreationTime": milliseconds(stack.created),
            "StackStatus": stack.status,
        });
        put(
            &mut summary,
            "TemplateDescription",
            &stack.version.template.description,
        );
        put(&mut summary, "StackStatusReason", &stack.reason.to_string());
        if let Some(updated) = stack.updated {
            summary["LastUpdatedTime"] = milliseconds(updated).into();
        }
        if let Some((parent, _)) = &stack.parent {
            summary["ParentId"] = parent.as_str().into();
        }
        summary
    });
    Ok(json!({"StackSummaries": summaries.collect::<Vec<_>>()}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::scene::Scene;

    #[test]
    fn a_template_is_given_back_as_it_came_and_every_stack_is_listed() {
        let mut scene = Scene::created(json!([]));
        let got = scene
            .call("GetTemplate", json!({"StackName": "s"}))
            .expect("a template");
        let summary = scene
            .call("GetTemplateSummary", json!({"StackName": "s"}))
            .expect("a summary");
        assert_eq!(summary["Parameters"][1]["ParameterType"], "Number");
        let valid = json!({"TemplateBody": got["TemplateBody"]});
        let valid = scene.call("ValidateTemplate", valid).expect("valid");
        assert_eq!(
            valid["Parameters"][0],
            json!({"ParameterKey": "Ami", "NoEcho": false, "DefaultValue": "/ami"})
        );
        scene
            .call("DeleteStack", json!({"StackName": "s"}))
            .expect("begun");
        scene.settled();
        let listed = scene
            .call(
                "ListStacks",
                json!({"StackStatusFilter": ["DELETE_COMPLETE"]}),
            )
            .expect("listed");
        assert_eq!(listed["StackSummaries"][0]["StackName"], "s");
    }
}
