//! Working out expressions: what `Ref`, `GetAtt` and the other functions give in one stack.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::expression::{Expression, Form, Piece};
use super::node::{Refusal, scalar_text};
use super::parameters::Parameters;
use super::template::Template;
use crate::account::{ACCOUNT_ID, PARTITION, REGION};

/// What `Ref` and `GetAtt` know of a resource that exists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// What `Ref` answers.
    pub reference: String,
    /// What `GetAtt` answers.
    pub attributes: BTreeMap<String, Value>,
}

/// Everything that an expression can refer to.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The template.
    pub template: &'a Template,
    /// The parameters.
    pub parameters: &'a Parameters,
    /// The stack's name.
    pub stack_name: &'a str,
    /// The stack's id.
    pub stack_id: &'a str,
    /// The resources by logical id, as far as they exist.
    pub resources: &'a BTreeMap<String, Known>,
    /// Whether a resource that does not exist yet stands in as a placeholder: for looking ahead.
    pub ahead: bool,
}

/// What stands in for what a resource that does not exist yet will answer.
pub const PLACEHOLDER: &str = "known after creation";

impl Scope<'_> {
    /// The value of `expression`; nothing if it is `AWS::NoValue`.
    ///
    /// # Errors
    /// A refusal, if it refers to what there is not.
    pub fn value(&self, expression: &Expression) -> Result<Option<Value>, Refusal> {
        let value = match &expression.form {
            Form::Literal(value) => value.clone(),
            Form::Ref(name) if name == "AWS::NoValue" => return Ok(None),
            Form::Ref(name) => self.reference(expression, name)?,
            Form::If {
                condition,
                then,
                otherwise,
            } => {
                let chosen = if self.condition(expression, condition)? {
                    then
                } else {
                    otherwise
                };
                return self.value(chosen);
            }
            Form::List(items) => self.list(items)?.into(),
            Form::Map(entries) => {
                let mut map = serde_json::Map::new();
                for (key, entry) in entries {
                    if let Some(value) = self.value(entry)? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            Form::GetAtt {
                resource,
                attribute,
            } => self.attribute(expression, resource, attribute)?,
            Form::Sub(pieces) => Value::from(self.sub(pieces)?),
            Form::Join { separator, list } => {
                let items: Vec<_> = self.items(list)?.iter().map(scalar_text).collect();
                Value::from(items.join(separator))
            }
            Form::Select { index, list } => self.select(expression, index, list)?,
            Form::Split { separator, text } => {
                json!(
                    self.text(text)?
                        .split(separator.as_str())
                        .collect::<Vec<_>>()
                )
            }
            Form::FindInMap(keys) => self.find_in_map(expression, keys)?,
            Form::Base64(text) => Value::from(base64(self.text(text)?.as_bytes())),
            Form::GetAzs(_) => json!([
                format!("{REGION}a"),
                format!("{REGION}b"),
                format!("{REGION}c")
            ]),
            Form::Equals(_)
            | Form::And(_)
            | Form::Or(_)
            | Form::Not(_)
            | Form::Condition(_)
            | Form::Contains(_) => Value::Bool(self.truth(expression)?),
        };
        Ok(Some(value))
    }

    /// Whether the condition called `name` is true; `user` is who asks.
    ///
    /// # Errors
    /// A refusal, if there is no such condition.
    pub fn condition(&self, user: &Expression, name: &str) -> Result<bool, Refusal> {
        match self.template.conditions.get(name) {
            Some(condition) => self.truth(condition),
            None => Err(Refusal::new(
                &user.at,
                format!("there is no condition {name}"),
                "declare it under Conditions",
            )),
        }
    }

    /// Whether a condition's expression is true.
    ///
    /// # Errors
    /// A refusal, if it is no condition or refers to what there is not.
    pub fn truth(&self, expression: &Expression) -> Result<bool, Refusal> {
        match &expression.form {
            Form::Equals(two) => Ok(same(
                &self.value(&two[0])?.unwrap_or_default(),
                &self.value(&two[1])?.unwrap_or_default(),
            )),
            Form::Contains(two) => {
                let wanted = self.value(&two[1])?.unwrap_or_default();
                Ok(self.items(&two[0])?.iter().any(|item| same(item, &wanted)))
            }
            Form::Not(one) => Ok(!self.truth(one)?),
            Form::And(all) => all
                .iter()
                .try_fold(true, |so_far, one| Ok(self.truth(one)? && so_far)),
            Form::Or(all) => all
                .iter()
                .try_fold(false, |so_far, one| Ok(self.truth(one)? || so_far)),
            Form::Condition(name) => self.condition(expression, name),
            _ => Err(Refusal::new(
                &expression.at,
                "this is no condition",
                "use Equals, And, Or, Not, Condition or Contains",
            )),
        }
    }

    /// The text of `expression`.
    ///
    /// # Errors
    /// A refusal, if it is a list, a mapping or nothing.
    pub fn text(&self, expression: &Expression) -> Result<String, Refusal> {
        match self.value(expression)? {
            Some(value) if !value.is_array() && !value.is_object() => Ok(scalar_text(&value)),
            _ => Err(Refusal::new(
                &expression.at,
                "a text is wanted here",
                "write a string, or a function that gives one",
            )),
        }
    }

    fn list(&self, items: &[Expression]) -> Result<Vec<Value>, Refusal> {
        items
            .iter()
            .filter_map(|item| self.value(item).transpose())
            .collect()
    }

    fn items(&self, list: &Expression) -> Result<Vec<Value>, Refusal> {
        match self.value(list)? {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(Refusal::new(
                &list.at,
                "a list is wanted here",
                "write a list, or a function that gives one",
            )),
        }
    }

    fn sub(&self, pieces: &[Piece]) -> Result<String, Refusal> {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                Piece::Value(value) => self.text(value),
            })
            .collect()
    }

    fn select(
        &self,
        whole: &Expression,
        index: &Expression,
        list: &Expression,
    ) -> Result<Value, Refusal> {
        let items = self.items(list)?;
        let index = self.text(index)?;
        index
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index).cloned())
            .ok_or_else(|| {
                Refusal::new(
                    &whole.at,
                    format!(
                        "Select cannot select the member {index} of a list of {}",
                        items.len()
                    ),
                    "count from 0",
                )
            })
    }

    fn find_in_map(&self, whole: &Expression, keys: &[Expression; 3]) -> Result<Value, Refusal> {
        let [map, first, second] = keys;
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self
            .template
            .mappings
            .get(&map)
            .and_then(|map| map.get(&first)?.get(&second));
        found.cloned().ok_or_else(|| {
            Refusal::new(
                &whole.at,
                format!("Mappings has no {map}.{first}.{second}"),
                "add it, or correct the keys",
            )
        })
    }

    fn reference(&self, whole: &Expression, name: &str) -> Result<Value, Refusal> {
        if let Some(value) = self.parameters.values.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.pseudo(name) {
            return Ok(value);
        }
        match self.existing(whole, name)? {
            Some(known) => Ok(Value::from(known.reference.clone())),
            None => Ok(Value::from(PLACEHOLDER)),
        }
    }

    fn pseudo(&self, name: &str) -> Option<Value> {
        Some(Value::from(match name {
            "AWS::AccountId" => ACCOUNT_ID,
            "AWS::Region" => REGION,
            "AWS::Partition" => PARTITION,
            "AWS::StackName" => self.stack_name,
            "AWS::StackId" => self.stack_id,
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::NotificationARNs" => return Some(json!([])),
            _ => return None,
        }))
    }

    fn attribute(
        &self,
        whole: &Expression,
        resource: &str,
        attribute: &str,
    ) -> Result<Value, Refusal> {
        let Some(known) = self.existing(whole, resource)? else {
            return Ok(Value::from(PLACEHOLDER));
        };
        known.attributes.get(attribute).cloned().ok_or_else(|| {
            Refusal::new(
                &whole.at,
                format!("{resource} has no attribute {attribute}"),
                "use one that it has",
            )
        })
    }

    /// The resource `name`, or nothing if it is still to come and that may be.
    fn existing(&self, whole: &Expression, name: &str) -> Result<Option<&Known>, Refusal> {
        let declared = self
            .template
            .resources
            .get(name)
            .ok_or_else(|| dangling(whole, name))?;
        let absent = match &declared.condition {
            Some(condition) => !self.condition(whole, condition)?,
            None => false,
        };
        match self.resources.get(name) {
            _ if absent => Err(Refusal::new(
                &whole.at,
                format!("{name} is referred to, but its condition is false"),
                "put the reference under the same condition",
            )),
            Some(known) => Ok(Some(known)),
            None if self.ahead => Ok(None),
            None => Err(dangling(whole, name)),
        }
    }

    /// The logical ids of the resources that exist under the conditions as they are.
    ///
    /// # Errors
    /// A refusal, if a condition cannot be worked out.
    pub fn wanted(&self) -> Result<BTreeSet<String>, Refusal> {
        let mut wanted = BTreeSet::new();
        for (name, declared) in &self.template.resources {
            let exists = match &declared.condition {
                Some(condition) => self.named_condition(declared, condition)?,
                None => true,
            };
            if exists {
                wanted.insert(name.clone());
            }
        }
        Ok(wanted)
    }

    fn named_condition(
        &self,
        declared: &super::template::Declared,
        name: &str,
    ) -> Result<bool, Refusal> {
        let user = Expression {
            at: declared.at.clone(),
            form: Form::Condition(name.to_owned()),
        };
        self.condition(&user, name)
    }

    /// The properties of the resource `name`, worked out.
    ///
    /// # Errors
    /// A refusal, if one refers to what there is not.
    pub fn properties(&self, name: &str) -> Result<Value, Refusal> {
        let mut properties = serde_json::Map::new();
        for (key, expression) in &self.template.resources[name].properties {
            if let Some(value) = self.value(expression)? {
                properties.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(properties))
    }
}

/// The refusal of a reference to nothing.
pub fn dangling(whole: &Expression, name: &str) -> Refusal {
    Refusal::new(
        &whole.at,
        format!("there is no parameter or resource {name}"),
        "declare it, or correct the name",
    )
}

/// Whether two values are the same to CloudFormation, to which `3` and `"3"` are one.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (one, other) => scalar_text(one) == scalar_text(other),
    }
}

/// Base64 as RFC 4648 writes it.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}
