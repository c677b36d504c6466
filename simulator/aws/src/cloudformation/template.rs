//! A template, read as a whole: its sections, and in each only what is known.

mod resource;

use std::collections::BTreeMap;

use serde_json::Value;

use super::expression::{Expression, Place};
use super::function;
use super::node::{self, Node, Position, TemplateError};
use super::parameters::Declaration;
use super::resource_types::ResourceType;

/// A template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its path among the account's files.
    pub path: String,
    /// Its text, from which nothing is lost.
    pub text: String,
    /// The Description; empty if there is none.
    pub description: String,
    /// Parameters, in the file's order.
    pub parameters: Vec<Declaration>,
    /// Rules, in the file's order.
    pub rules: Vec<Rule>,
    /// Mappings: map, first key, second key.
    pub mappings: BTreeMap<String, Value>,
    /// Conditions by name.
    pub conditions: BTreeMap<String, Expression>,
    /// Resources by logical id.
    pub resources: BTreeMap<String, Declared>,
    /// Outputs, in the file's order.
    pub outputs: Vec<Output>,
}

/// A resource as the template declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Where it stands.
    pub at: Position,
    /// Its type.
    pub kind: &'static ResourceType,
    /// The condition on which it exists.
    pub condition: Option<String>,
    /// What it waits for besides what it refers to.
    pub depends_on: Vec<String>,
    /// Its properties, in the file's order.
    pub properties: Vec<(String, Expression)>,
    /// Its CreationPolicy.
    pub creation_policy: Option<Expression>,
    /// Its UpdatePolicy.
    pub update_policy: Option<Expression>,
    /// Whether it stays when it leaves the stack.
    pub retained: bool,
}

/// An output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its key.
    pub name: String,
    /// Its Description; empty if there is none.
    pub description: String,
    /// Its value.
    pub value: Expression,
    /// The condition on which it exists.
    pub condition: Option<String>,
    /// The name under which other stacks could import it.
    pub export: Option<Expression>,
}

/// A rule over the parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// When it applies; always if there is none.
    pub condition: Option<Expression>,
    /// What must then be true, and the message if it is not.
    pub assertions: Vec<(Expression, String)>,
}

impl Declared {
    /// The expression of `property`.
    pub fn property(&self, property: &str) -> Option<&Expression> {
        self.properties
            .iter()
            .find(|(name, _)| name == property)
            .map(|(_, value)| value)
    }

    /// Every expression of the resource.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let policies = [&self.creation_policy, &self.update_policy];
        let properties = self.properties.iter().map(|(_, value)| value);
        properties.chain(policies.into_iter().flatten())
    }
}

/// Reads the template `text` that stands at `path`.
///
/// # Errors
/// A refusal of the first thing that is not known.
pub fn read(path: &str, text: &str) -> Result<Template, TemplateError> {
    let root = node::read(path, text)?;
    let mut template = Template {
        path: path.to_owned(),
        text: text.to_owned(),
        description: String::new(),
        parameters: Vec::new(),
        rules: Vec::new(),
        mappings: BTreeMap::new(),
        conditions: BTreeMap::new(),
        resources: BTreeMap::new(),
        outputs: Vec::new(),
    };
    for (section, at, node) in root.entries("the template")? {
        match section.as_str() {
            "AWSTemplateFormatVersion" => format_version(node)?,
            // Metadata describes the template to consoles and people, and changes nothing.
            "Metadata" => drop(node.entries(section)?),
            "Description" => template.description = node.text(section)?,
            "Parameters" => template.parameters = each(node, section, Declaration::read)?,
            "Rules" => template.rules = each(node, section, rule)?,
            "Mappings" => template.mappings = each(node, section, mapping)?.into_iter().collect(),
            "Conditions" => {
                template.conditions = each(node, section, |name, _, node| {
                    Ok((name.to_owned(), function::read(node, Place::Condition)?))
                })?
                .into_iter()
                .collect();
            }
            "Resources" => {
                template.resources = each(node, section, resource::resource)?
                    .into_iter()
                    .collect()
            }
            "Outputs" => template.outputs = each(node, section, output)?,
            _ => {
                return Err(TemplateError::new(
                    at,
                    format!("the account in memory does not know the section {section}"),
                    "known are AWSTemplateFormatVersion, Description, Metadata, Parameters, Rules, Mappings, \
                     Conditions, Resources and Outputs",
                ));
            }
        }
    }
    if template.resources.is_empty() {
        return Err(TemplateError::new(
            &root.at,
            "the template declares no resource",
            "at least one Resources member must be defined",
        ));
    }
    Ok(template)
}

/// The entries of a section: no more than CloudFormation's quotas, which it has for all but
/// Conditions and Rules.
fn each<T>(
    node: &Node,
    section: &str,
    read: impl Fn(&str, &Position, &Node) -> Result<T, TemplateError>,
) -> Result<Vec<T>, TemplateError> {
    let entries = node.entries(section)?;
    let (found, most) = (
        entries.len(),
        if section == "Resources" { 500 } else { 200 },
    );
    if found > most {
        let what = format!("Number of {section}, {found}, is greater than maximum allowed, {most}");
        return Err(TemplateError::new(&node.at, what, "use nested stacks"));
    }
    entries
        .iter()
        .map(|(name, at, node)| {
            let logical = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
            if logical {
                read(name, at, node)
            } else {
                Err(TemplateError::new(
                    at,
                    format!("{name:?} of {section} is no logical id"),
                    "use letters and digits only",
                ))
            }
        })
        .collect()
}

fn format_version(node: &Node) -> Result<(), TemplateError> {
    match node.text("AWSTemplateFormatVersion")?.as_str() {
        "2010-09-09" => Ok(()),
        other => Err(TemplateError::new(
            &node.at,
            format!("there is no format version {other}"),
            "the only one is 2010-09-09",
        )),
    }
}

fn mapping(name: &str, _at: &Position, node: &Node) -> Result<(String, Value), TemplateError> {
    for (key, _, inner) in node.entries(name)? {
        inner.entries(key)?;
    }
    Ok((name.to_owned(), node.plain()?))
}

fn rule(name: &str, at: &Position, node: &Node) -> Result<Rule, TemplateError> {
    let mut rule = Rule {
        name: name.to_owned(),
        condition: None,
        assertions: Vec::new(),
    };
    for (key, at, value) in node.entries(name)? {
        match key.as_str() {
            "RuleCondition" => rule.condition = Some(function::read(value, Place::Condition)?),
            "Assertions" => {
                let node::Content::List(items) = &value.content else {
                    return Err(TemplateError::new(
                        at,
                        "Assertions is no list",
                        "write a list of Assert and AssertDescription",
                    ));
                };
                rule.assertions = items.iter().map(assertion).collect::<Result<_, _>>()?;
            }
            _ => return Err(unknown(at, key, "a rule", &["RuleCondition", "Assertions"])),
        }
    }
    if rule.assertions.is_empty() {
        return Err(TemplateError::new(
            at,
            format!("the rule {name} asserts nothing"),
            "give it Assertions",
        ));
    }
    Ok(rule)
}

fn assertion(node: &Node) -> Result<(Expression, String), TemplateError> {
    let known = ["Assert", "AssertDescription"];
    for (key, at, _) in node.entries("an assertion")? {
        if !known.contains(&key.as_str()) {
            return Err(unknown(at, key, "an assertion", &known));
        }
    }
    let assert = node.get("Assert").ok_or_else(|| {
        TemplateError::new(
            &node.at,
            "an assertion without Assert",
            "say what must be true",
        )
    })?;
    let description = node
        .get("AssertDescription")
        .map(|text| text.text("AssertDescription"));
    Ok((
        function::read(assert, Place::Condition)?,
        description.transpose()?.unwrap_or_default(),
    ))
}

fn output(name: &str, at: &Position, node: &Node) -> Result<Output, TemplateError> {
    let known = ["Description", "Value", "Condition", "Export"];
    for (key, at, _) in node.entries(name)? {
        if !known.contains(&key.as_str()) {
            return Err(unknown(at, key, &format!("the output {name}"), &known));
        }
    }
    let text = |key: &str| node.get(key).map(|text| text.text(key)).transpose();
    let value = node.get("Value").ok_or_else(|| {
        TemplateError::new(at, format!("the output {name} has no Value"), "give it one")
    })?;
    let export = node.get("Export").and_then(|export| export.get("Name"));
    Ok(Output {
        name: name.to_owned(),
        description: text("Description")?.unwrap_or_default(),
        value: function::read(value, Place::Value)?,
        condition: text("Condition")?,
        export: export
            .map(|name| function::read(name, Place::Value))
            .transpose()?,
    })
}

/// The refusal of a key that `what` does not have.
pub fn unknown(at: &Position, key: &str, what: &str, known: &[&str]) -> TemplateError {
    TemplateError::new(
        at,
        format!("the account in memory does not know {key} of {what}"),
        format!("known are {}", known.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_by_place_name_and_way_out() {
        let queue = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n";
        for (text, refusal) in [
            (
                format!("{queue}Transform: X\n"),
                "t.yaml:4:1: the account in memory does not know the section Transform",
            ),
            (
                "Resources:\n  Q:\n    Type: AWS::S3::Bucket\n".to_owned(),
                "t.yaml:3:11: the account in memory does not know the resource type AWS::S3::Bucket; known are AWS::ECS",
            ),
            (
                format!("{queue}    Properties:\n      Colour: red\n"),
                "t.yaml:5:7: the account in memory does not know Colour of Q (AWS::SQS::Queue); known are KmsMasterKeyId",
            ),
            (
                format!("{queue}    UpdatePolicy: {{}}\n"),
                "t.yaml:4:5: the account in memory does not know UpdatePolicy",
            ),
            (
                format!("{queue}    DeletionPolicy: Snapshot\n"),
                "t.yaml:4:21: the account in memory does not know the",
            ),
            (
                "Resources:\n  P:\n    Type: AWS::IAM::Policy\n".to_owned(),
                "t.yaml:2:3: P lacks the property",
            ),
            (
                "Description: x\n".to_owned(),
                "t.yaml:1:1: the template declares no resource",
            ),
            (
                format!("{queue}  a-b: {{}}\n"),
                "t.yaml:4:3: \"a-b\" of Resources is no logical id",
            ),
        ] {
            let said = read("t.yaml", &text).expect_err("refused").to_string();
            assert!(said.starts_with(refusal), "{said}");
        }
    }

    #[test]
    fn json_is_a_template_too() {
        let text = r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "a"}}}}}"#;
        assert!(
            read("t.json", text)
                .expect("a template")
                .resources
                .contains_key("Q")
        );
    }
}
