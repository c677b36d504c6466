//! Looking ahead: everything about a template that can be known to be wrong is said before anything
//! is done, and an update that would change nothing is not begun.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::Value;

use super::evaluate::{PLACEHOLDER, ResolvedResource, Scope, same};
use super::expression::ExprKind;
use super::files::FileError;
use super::handler::DesiredResource;
use super::node::TemplateError;
use super::parameters;
use super::policy_error::PolicyError;
use super::resource_types::{
    FUNCTION, GROUP, INSTANCE_PROFILE, POLICY, ROLE, STACK, STATE_MACHINE,
};
use super::rolling_policy::Policy;
use super::stack::Version;
use super::template::{Declared, Template};
use super::{files, graph, group, nested, step};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// Checks `version` of the stack called `stack_name`, nested stacks included. `known` are the
/// resources that exist.
///
/// # Errors
/// `ValidationError`, saying where and what.
pub fn check(
    account: &mut Account,
    stack_name: &str,
    version: &Version,
    known: &BTreeMap<String, ResolvedResource>,
) -> Result<(), ApiError> {
    let template = &version.template;
    let scope = Scope {
        template,
        parameters: &version.parameters,
        stack_name,
        stack_id: PLACEHOLDER,
        resources: known,
        ahead: true,
    };
    let refused = |refusal: TemplateError| super::invalid(refusal.to_string());
    graph::dependencies(template).map_err(refused)?;
    rules(&scope)?;
    let wanted = scope.wanted().map_err(refused)?;
    for name in &wanted {
        let declared = &template.resources[name];
        let properties = scope.properties(name).map_err(refused)?;
        for policy in [&declared.creation_policy, &declared.update_policy]
            .into_iter()
            .flatten()
        {
            scope.value(policy).map_err(refused)?;
        }
        local_files(account, template, declared, &properties)
            .map_err(|error| refused_resource(declared, name, &error))?;
        policies(&scope, declared).map_err(|error| refused_resource(declared, name, &error))?;
        if declared.kind.name == STACK {
            child(account, stack_name, template, name, declared, &properties)?;
        }
    }
    for output in &template.outputs {
        let exists = match &output.condition {
            Some(condition) => scope.condition(&output.value, condition).map_err(refused)?,
            None => true,
        };
        if exists {
            scope.value(&output.value).map_err(refused)?;
        }
    }
    Ok(())
}

/// The refusal of the resource `name`, with the place of its declaration.
fn refused_resource(declared: &Declared, name: &str, error: &dyn Display) -> ApiError {
    super::invalid(format!("{}: {name}: {error}", declared.at))
}

fn rules(scope: &Scope<'_>) -> Result<(), ApiError> {
    let refused = |refusal: TemplateError| super::invalid(refusal.to_string());
    for rule in &scope.template.rules {
        let applies = match &rule.condition {
            Some(condition) => scope.truth(condition).map_err(refused)?,
            None => true,
        };
        for (assertion, description) in rule.assertions.iter().filter(|_| applies) {
            if !scope.truth(assertion).map_err(refused)? {
                return Err(super::invalid(format!(
                    "Rule {} is not satisfied: {description}",
                    rule.name
                )));
            }
        }
    }
    Ok(())
}

fn local_files(
    account: &Account,
    template: &Template,
    declared: &Declared,
    properties: &Value,
) -> Result<(), FileError> {
    match declared.kind.name {
        FUNCTION => files::code(account, &template.path, &properties["Code"]).map(drop),
        STATE_MACHINE => match properties.get("DefinitionS3Location") {
            Some(location) => {
                let path = files::local(&template.path, "DefinitionS3Location", location)?;
                account[CLOUDFORMATION].file(&path).map(drop)
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn policies(scope: &Scope<'_>, declared: &Declared) -> Result<(), PolicyError> {
    if declared.kind.name != GROUP {
        return Ok(());
    }
    let value = |policy: &Option<super::expression::Expression>| {
        let value = policy
            .as_ref()
            .map(|policy| scope.value(policy))
            .transpose()?;
        Ok::<_, TemplateError>(value.flatten().unwrap_or_default())
    };
    Policy::read(&value(&declared.update_policy)?)?;
    group::Creation::read(&value(&declared.creation_policy)?).map(drop)
}

/// Checks a nested stack: its template, its parameters as far as they are known, and the outputs
/// that are asked of it.
fn child(
    account: &mut Account,
    stack_name: &str,
    parent: &Template,
    name: &str,
    declared: &Declared,
    properties: &Value,
) -> Result<(), ApiError> {
    let path = files::local(&parent.path, "TemplateURL", &properties["TemplateURL"])
        .map_err(|error| refused_resource(declared, name, &error))?;
    let template = account[CLOUDFORMATION].template(&path)?;
    asked_outputs(parent, name, &template)?;
    let input = nested::call_parameters(properties);
    if input.to_string().contains(PLACEHOLDER) {
        parameters::names(&template, &input)?;
        return graph::dependencies(&template)
            .map(drop)
            .map_err(|refusal| super::invalid(refusal.to_string()));
    }
    let parameters = parameters::gather(account, &template, &input, None)?;
    let version = Version {
        template,
        parameters,
    };
    check(
        account,
        &format!("{stack_name}-{name}"),
        &version,
        &BTreeMap::new(),
    )
}

fn asked_outputs(parent: &Template, name: &str, child: &Template) -> Result<(), ApiError> {
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
    refusal.map_or(Ok(()), |refusal| Err(super::invalid(refusal.to_string())))
}

/// Whether bringing the stack `id` to `next` would change a resource, nested stacks included.
/// Policies, conditions and outputs alone are no change (documented).
///
/// # Errors
/// `NotImplemented`, if the change is one that cannot be made in place.
pub fn changes(account: &mut Account, id: &str, next: &Version) -> Result<bool, ApiError> {
    let stack = account[CLOUDFORMATION].at(id);
    let known = stack.known();
    let scope = stack.scope(next, &known, true);
    let Ok(wanted) = scope.wanted() else {
        return Ok(true);
    };
    let mut changed = stack.resources.keys().any(|name| !wanted.contains(name));
    let mut children = Vec::new();
    for name in wanted {
        let (Some(old), Ok(properties)) = (stack.resources.get(&name), scope.properties(&name))
        else {
            changed = true;
            continue;
        };
        let kind = next.template.resources[&name].kind;
        changed |= !same(&old.properties, &properties);
        let wanted = DesiredResource {
            stack_id: id.to_owned(),
            stack_name: stack.name.clone(),
            name,
            kind,
            properties,
            base: next.template.path.clone(),
        };
        step::changeable(&wanted, old.kind, &old.properties).map_err(|error| ApiError {
            status: 501,
            code: "NotImplemented".to_owned(),
            message: error.to_string(),
        })?;
        if kind.name == STACK {
            children.push((old.physical_id.clone(), wanted));
        }
    }
    for (child, wanted) in children {
        changed |= match nested::version(account, &wanted) {
            Ok(version) => changes(account, &child, &version)?,
            Err(_) => true,
        };
    }
    Ok(changed)
}

/// The capability that `template` needs, nested ones included; nothing if it makes no identities.
pub fn capability(account: &Account, template: &Template) -> Option<&'static str> {
    let mut needed = None;
    for declared in template.resources.values() {
        let named = ["RoleName", "InstanceProfileName"]
            .iter()
            .any(|name| declared.property(name).is_some());
        let own = match declared.kind.name {
            ROLE | POLICY | INSTANCE_PROFILE if named => Some("CAPABILITY_NAMED_IAM"),
            ROLE | POLICY | INSTANCE_PROFILE => Some("CAPABILITY_IAM"),
            STACK => nested_template(account, template, declared)
                .and_then(|child| capability(account, &child)),
            _ => None,
        };
        // The names sort as the capabilities include one another.
        needed = needed.max(own);
    }
    needed
}

fn nested_template(account: &Account, parent: &Template, declared: &Declared) -> Option<Template> {
    match declared.property("TemplateURL").map(|url| &url.form) {
        Some(ExprKind::Literal(url)) => {
            let path = files::local(&parent.path, "TemplateURL", url).ok()?;
            account[CLOUDFORMATION].template(&path).ok()
        }
        _ => None,
    }
}
