//! Working out expressions: what `Ref`, `GetAtt` and the other functions give in one stack.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::expression::{ExprKind, Expression, SubPart};
use super::node::{TemplateError, scalar_text};
use super::parameters::Parameters;
use super::template::Template;
use crate::account::REGION;

/// What `Ref` and `GetAtt` know of a resource that exists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResolvedResource {
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
    pub resources: &'a BTreeMap<String, ResolvedResource>,
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
    pub fn value(&self, expression: &Expression) -> Result<Option<Value>, TemplateError> {
        let value = match &expression.form {
            ExprKind::Literal(value) => value.clone(),
            ExprKind::Ref(name) if name == "AWS::NoValue" => return Ok(None),
            ExprKind::Ref(name) => self.reference(expression, name)?,
            ExprKind::If {
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
            ExprKind::List(items) => self.list(items)?.into(),
            ExprKind::Map(entries) => {
                let mut map = serde_json::Map::new();
                for (key, entry) in entries {
                    if let Some(value) = self.value(entry)? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
            ExprKind::GetAtt {
                resource,
                attribute,
            } => self.attribute(expression, resource, attribute)?,
            ExprKind::Sub(pieces) => Value::from(self.sub(pieces)?),
            ExprKind::Join { separator, list } => {
                let items: Vec<_> = self.items(list)?.iter().map(scalar_text).collect();
                Value::from(items.join(separator))
            }
            ExprKind::Select { index, list } => self.select(expression, index, list)?,
            ExprKind::Split { separator, text } => {
                json!(
                    self.text(text)?
                        .split(separator.as_str())
                        .collect::<Vec<_>>()
                )
            }
            ExprKind::FindInMap(keys) => self.find_in_map(expression, keys)?,
            ExprKind::Base64(text) => Value::from(STANDARD.encode(self.text(text)?)),
            ExprKind::GetAzs(_) => json!([
                format!("{REGION}a"),
                format!("{REGION}b"),
                format!("{REGION}c")
            ]),
            ExprKind::Equals(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Condition(_)
            | ExprKind::Contains(_) => Value::Bool(self.truth(expression)?),
        };
        Ok(Some(value))
    }

    /// Whether the condition called `name` is true; `user` is who asks.
    ///
    /// # Errors
    /// A refusal, if there is no such condition.
    pub fn condition(&self, user: &Expression, name: &str) -> Result<bool, TemplateError> {
        match self.template.conditions.get(name) {
            Some(condition) => self.truth(condition),
            None => Err(TemplateError::new(
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
    pub fn truth(&self, expression: &Expression) -> Result<bool, TemplateError> {
        match &expression.form {
            ExprKind::Equals(two) => Ok(same(
                &self.value(&two[0])?.unwrap_or_default(),
                &self.value(&two[1])?.unwrap_or_default(),
            )),
            ExprKind::Contains(two) => {
                let wanted = self.value(&two[1])?.unwrap_or_default();
                Ok(self.items(&two[0])?.iter().any(|item| same(item, &wanted)))
            }
            ExprKind::Not(one) => Ok(!self.truth(one)?),
            ExprKind::And(all) => all
                .iter()
                .try_fold(true, |so_far, one| Ok(self.truth(one)? && so_far)),
            ExprKind::Or(all) => all
                .iter()
                .try_fold(false, |so_far, one| Ok(self.truth(one)? || so_far)),
            ExprKind::Condition(name) => self.condition(expression, name),
            _ => Err(TemplateError::new(
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
    pub fn text(&self, expression: &Expression) -> Result<String, TemplateError> {
        match self.value(expression)? {
            Some(value) if !value.is_array() && !value.is_object() => Ok(scalar_text(&value)),
            _ => Err(TemplateError::new(
                &expression.at,
                "a text is wanted here",
                "write a string, or a function that gives one",
            )),
        }
    }

    fn list(&self, items: &[Expression]) -> Result<Vec<Value>, TemplateError> {
        items
            .iter()
            .filter_map(|item| self.value(item).transpose())
            .collect()
    }

    fn items(&self, list: &Expression) -> Result<Vec<Value>, TemplateError> {
        match self.value(list)? {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(TemplateError::new(
                &list.at,
                "a list is wanted here",
                "write a list, or a function that gives one",
            )),
        }
    }

    fn sub(&self, pieces: &[SubPart]) -> Result<String, TemplateError> {
        pieces
            .iter()
            .map(|piece| match piece {
                SubPart::Text(text) => Ok(text.clone()),
                SubPart::Value(value) => self.text(value),
            })
            .collect()
    }

    fn select(
        &self,
        whole: &Expression,
        index: &Expression,
        list: &Expression,
    ) -> Result<Value, TemplateError> {
        let items = self.items(list)?;
        let index = self.text(index)?;
        index
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index).cloned())
            .ok_or_else(|| {
                TemplateError::new(
                    &whole.at,
                    format!(
                        "Select cannot select the member {index} of a list of {}",
                        items.len()
                    ),
                    "count from 0",
                )
            })
    }

    fn find_in_map(
        &self,
        whole: &Expression,
        keys: &[Expression; 3],
    ) -> Result<Value, TemplateError> {
        let [map, first, second] = keys;
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self
            .template
            .mappings
            .get(&map)
            .and_then(|map| map.get(&first)?.get(&second));
        found.cloned().ok_or_else(|| {
            TemplateError::new(
                &whole.at,
                format!("Mappings has no {map}.{first}.{second}"),
                "add it, or correct the keys",
            )
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::template;

    const TEMPLATE: &str = "
Parameters: {Name: {Type: String}, Many: {Type: CommaDelimitedList}}
Mappings: {Sizes: {big: {cpu: 4}}}
Conditions:
  IsA: !Equals [!Ref Name, a]
  Both: !And [!Condition IsA, !Not [!Equals [!Select [0, !Ref Many], y]]]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Maybe: {Type: AWS::SQS::Queue, Condition: IsA}
Outputs:
  V: {Value: VALUE}
";

    /// The value of `text` in a stack where Name is `name` and Many is x, y.
    fn value(text: &str, name: &str) -> Result<Option<Value>, TemplateError> {
        let template =
            template::read("t.yaml", &TEMPLATE.replace("VALUE", text)).expect("a template");
        let values = [("Name", json!(name)), ("Many", json!(["x", "y"]))]
            .map(|(key, value)| (key.to_owned(), value));
        let parameters = Parameters {
            values: values.into(),
            ..Parameters::default()
        };
        let queue = ResolvedResource {
            reference: "url".to_owned(),
            attributes: BTreeMap::from([("Arn".to_owned(), json!("arn"))]),
        };
        let scope = Scope {
            template: &template,
            parameters: &parameters,
            stack_name: "s",
            stack_id: "id",
            resources: &BTreeMap::from([("Queue".to_owned(), queue)]),
            ahead: false,
        };
        scope.value(&template.outputs[0].value)
    }

    #[test]
    fn functions_give_what_is_documented() {
        for (text, expected) in [
            ("!Ref Queue", json!("url")),
            (
                "!Sub '${Queue.Arn}/${Name}/${AWS::StackName}/${L}'",
                json!("arn/a/s/${L}"),
            ),
            ("!Join ['-', !Ref Many]", json!("x-y")),
            ("!Select [1, !Split [',', 'p,q']]", json!("q")),
            ("!FindInMap [Sizes, big, cpu]", json!(4)),
            ("!If [IsA, [1, !Ref 'AWS::NoValue'], 2]", json!([1])),
            ("!If [Both, yes, no]", json!("yes")),
            (
                "{K: !Ref 'AWS::NoValue', L: !Ref 'AWS::Region'}",
                json!({"L": "eu-west-1"}),
            ),
            ("!Base64 'abcd'", json!("YWJjZA==")),
        ] {
            let text = text
                .replace("/${L}", "/${!L}")
                .replace("yes", "'yes'")
                .replace("no]", "'no']");
            assert_eq!(value(&text, "a"), Ok(Some(expected)), "{text}");
        }
        assert_eq!(value("!Ref 'AWS::NoValue'", "a"), Ok(None));
    }

    #[test]
    fn what_there_is_not_is_refused_with_its_place() {
        let refused = |text: &str| value(text, "b").expect_err("refused").to_string();
        assert!(refused("!Select [2, !Ref Many]").contains("the member 2 of a list of 2"));
        let missing = refused("!FindInMap [Sizes, small, cpu]");
        assert!(
            missing.starts_with("t.yaml:11:14: Mappings has no Sizes.small.cpu"),
            "{missing}"
        );
        assert!(refused("!Ref Maybe").contains("its condition is false"));
    }

    #[test]
    fn numbers_are_the_same_as_their_texts() {
        assert!(same(&json!({"a": [3, true]}), &json!({"a": ["3", "true"]})));
        assert!(!same(&json!({"a": 3}), &json!({"a": 3, "b": 1})));
    }
}
