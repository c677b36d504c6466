//! A nested stack, checked before anything is done.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::Account;
use crate::cloudformation::evaluate::PLACEHOLDER;
use crate::cloudformation::expression::ExprKind;
use crate::cloudformation::node::{TemplateError, scalar_text};
use crate::cloudformation::parameters::GivenParameter;
use crate::cloudformation::stack::Version;
use crate::cloudformation::template::{Declared, Template};
use crate::cloudformation::validate::{self, Declaration};
use crate::cloudformation::{CLOUDFORMATION, files, graph, invalid, parameters};
use crate::wire::ApiError;

/// Checks a nested stack: its template, its parameters as far as they are known, and the outputs
/// that its parent reads.
pub(super) fn check(account: &mut Account, declaration: &Declaration<'_>) -> Result<(), ApiError> {
    let (scope, name) = (declaration.scope, declaration.name);
    let properties = declaration.properties;
    let base = &scope.template.path;
    let path = files::local(base, "TemplateURL", &properties["TemplateURL"])
        .map_err(|error| declaration.refusal(&error))?;
    let template = account[CLOUDFORMATION].template(&path)?;
    check_outputs(scope.template, name, &template)?;
    let input = call_parameters(properties);
    let is_open = |value: &Value| scalar_text(value).contains(PLACEHOLDER);
    let mut values = input
        .iter()
        .filter_map(|given| given.parameter_value.as_ref());
    if values.any(is_open) {
        parameters::names(&template, &input)?;
        return graph::dependencies(&template)
            .map(drop)
            .map_err(|refusal| invalid(refusal.to_string()));
    }
    let parameters = parameters::gather(account, &template, &input, None)?;
    let version = Version {
        template,
        parameters,
    };
    let stack_name = format!("{}-{name}", scope.stack_name);
    validate::check(account, &stack_name, &version, &BTreeMap::new())
}

/// Checks that the `child` has each output that the `parent` reads of the stack called `name`.
fn check_outputs(parent: &Template, name: &str, child: &Template) -> Result<(), ApiError> {
    let mut refusal = None;
    let resources = parent.resources.values().flat_map(Declared::expressions);
    for expression in resources.chain(parent.outputs.iter().map(|output| &output.value)) {
        expression.visit(&mut |part| {
            if let ExprKind::GetAtt {
                resource,
                attribute,
            } = &part.form
                && resource == name
                && let Some(key) = attribute.strip_prefix("Outputs.")
                && !child.outputs.iter().any(|output| output.name == key)
            {
                let what = format!("{} has no output {key}", child.path);
                refusal = Some(TemplateError::new(
                    &part.at,
                    what,
                    "add it there, or correct the name",
                ));
            }
        });
    }
    refusal.map_or(Ok(()), |refusal| Err(invalid(refusal.to_string())))
}

/// The template of a nested stack, if its TemplateURL needs no working out.
pub(super) fn nested_template(
    account: &Account,
    parent: &Template,
    declared: &Declared,
) -> Option<Template> {
    match declared.property("TemplateURL").map(|url| &url.form) {
        Some(ExprKind::Literal(url)) => {
            let path = files::local(&parent.path, "TemplateURL", url).ok()?;
            account[CLOUDFORMATION].template(&path).ok()
        }
        _ => None,
    }
}

/// The Parameters of a nested stack's properties as a call gives them.
pub(super) fn call_parameters(properties: &Value) -> Vec<GivenParameter> {
    let text = |value: &Value| match value {
        // A list goes down as it would be written into a List parameter.
        Value::Array(items) => items.iter().map(scalar_text).collect::<Vec<_>>().join(","),
        other => scalar_text(other),
    };
    properties["Parameters"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| GivenParameter {
            parameter_key: Some(key.clone()),
            parameter_value: Some(text(value).into()),
            use_previous_value: false,
        })
        .collect()
}
