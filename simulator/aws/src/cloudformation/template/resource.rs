//! Reading a resource's declaration.

use super::{Declared, unknown};
use crate::cloudformation::expression::{Expression, Place};
use crate::cloudformation::function;
use crate::cloudformation::node::{self, Node, Position, TemplateError};
use crate::cloudformation::resource_types::{RESOURCE_TYPES, ResourceType};

pub(super) fn resource(
    name: &str,
    at: &Position,
    node: &Node,
) -> Result<(String, Declared), TemplateError> {
    let kind = kind_of(name, at, node)?;
    let mut declared = Declared {
        at: at.clone(),
        kind,
        condition: None,
        depends_on: Vec::new(),
        properties: Vec::new(),
        creation_policy: None,
        update_policy: None,
        retained: false,
    };
    for (key, at, value) in node.entries(name)? {
        match key.as_str() {
            "Type" | "UpdateReplacePolicy" | "Metadata" => {}
            "Condition" => declared.condition = Some(value.text("Condition")?),
            "DependsOn" => declared.depends_on = depends_on(value)?,
            "Properties" => declared.properties = properties(name, kind, value)?,
            "DeletionPolicy" => declared.retained = retained(value)?,
            "CreationPolicy" if kind.handler.takes_signals() => {
                declared.creation_policy = Some(function::read(value, Place::Value)?);
            }
            "UpdatePolicy" if kind.handler.takes_signals() => {
                declared.update_policy = Some(function::read(value, Place::Value)?);
            }
            _ => {
                let known = [
                    "Type",
                    "Properties",
                    "Condition",
                    "DependsOn",
                    "DeletionPolicy",
                    "UpdateReplacePolicy",
                    "Metadata",
                    "CreationPolicy and UpdatePolicy of a group",
                ];
                return Err(unknown(at, key, &format!("the resource {name}"), &known));
            }
        }
    }
    match kind
        .required
        .iter()
        .find(|property| declared.property(property).is_none())
    {
        Some(missing) => Err(TemplateError::new(
            at,
            format!("{name} lacks the property {missing}"),
            format!("{} requires it", kind.name),
        )),
        None => Ok((name.to_owned(), declared)),
    }
}

fn kind_of(name: &str, at: &Position, node: &Node) -> Result<&'static ResourceType, TemplateError> {
    node.entries(name)?;
    let type_node = node.get("Type").ok_or_else(|| {
        TemplateError::new(
            at,
            format!("the resource {name} has no Type"),
            "give it one",
        )
    })?;
    let type_name = type_node.text("Type")?;
    ResourceType::named(&type_name).ok_or_else(|| {
        let known: Vec<_> = RESOURCE_TYPES.iter().map(|kind| kind.name).collect();
        TemplateError::new(
            &type_node.at,
            format!("the account in memory does not know the resource type {type_name}"),
            format!("known are {}", known.join(", ")),
        )
    })
}

fn properties(
    name: &str,
    kind: &'static ResourceType,
    node: &Node,
) -> Result<Vec<(String, Expression)>, TemplateError> {
    node.entries("Properties")?
        .iter()
        .map(|(key, at, value)| {
            if kind.has_property(key) {
                return Ok((key.clone(), function::read(value, Place::Value)?));
            }
            let known: Vec<_> = kind.required.iter().chain(kind.optional).copied().collect();
            Err(unknown(at, key, &format!("{name} ({})", kind.name), &known))
        })
        .collect()
}

fn retained(node: &Node) -> Result<bool, TemplateError> {
    match node.text("DeletionPolicy")?.as_str() {
        "Delete" => Ok(false),
        "Retain" => Ok(true),
        other => Err(TemplateError::new(
            &node.at,
            format!("the account in memory does not know the DeletionPolicy {other}"),
            "known are Delete and Retain",
        )),
    }
}

fn depends_on(node: &Node) -> Result<Vec<String>, TemplateError> {
    match &node.content {
        node::Content::List(items) => items.iter().map(|item| item.text("DependsOn")).collect(),
        _ => Ok(vec![node.text("DependsOn")?]),
    }
}
