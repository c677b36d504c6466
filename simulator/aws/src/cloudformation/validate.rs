//! Looking ahead: everything about a template that can be known to be wrong is said before anything
//! is done, and an update that would change nothing is not begun.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::Value;

use super::evaluate::{PLACEHOLDER, ResolvedResource, Scope, same};
use super::handler::DesiredResource;
use super::node::TemplateError;
use super::stack::Version;
use super::template::{Declared, Template};
use super::{graph, step};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// A resource's declaration, checked before anything is done.
#[derive(Debug)]
pub struct Declaration<'a> {
    /// The template around it, and what is known.
    pub scope: &'a Scope<'a>,
    /// Logical id.
    pub name: &'a str,
    /// What the template declares.
    pub declared: &'a Declared,
    /// Its properties, worked out as far as they are known.
    pub properties: &'a Value,
}

impl Declaration<'_> {
    /// The refusal of the resource, with the place of its declaration.
    pub fn refusal(&self, error: &dyn Display) -> ApiError {
        super::invalid(format!("{}: {}: {error}", self.declared.at, self.name))
    }
}

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
        let declaration = Declaration {
            scope: &scope,
            name,
            declared,
            properties: &properties,
        };
        declared.kind.handler.validate(account, &declaration)?;
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

/// Whether bringing the stack `id` to `next` would change a resource, nested stacks included.
/// Conditions alone are no change
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html>).
///
/// assumption: policies and outputs alone are none either. An update that changes only them proves
/// it.
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
    let mut existing = Vec::new();
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
        existing.push((old.physical_id.clone(), wanted));
    }
    for (physical_id, wanted) in existing {
        let handler = wanted.kind.handler;
        changed |= handler.changes_inside(account, &physical_id, &wanted)?;
    }
    Ok(changed)
}

/// The capability that `template` needs, nested ones included; nothing if it makes no identities.
pub fn capability(account: &Account, template: &Template) -> Option<&'static str> {
    let resources = template.resources.values();
    let needed = resources.filter_map(|declared| {
        declared
            .kind
            .handler
            .capability(account, template, declared)
    });
    // The names sort as the capabilities include one another.
    needed.max()
}
