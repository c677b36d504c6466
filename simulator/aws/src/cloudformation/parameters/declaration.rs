//! What a template declares of a parameter, and whether a value is one that it takes.

use regex_lite::Regex;

use super::constraint::ConstraintError;
use super::kind::{ParameterKind, Scalar};
use crate::cloudformation::node::{Node, Position, TemplateError, scalar_text};
use crate::cloudformation::template::unknown;

/// A parameter as the template declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its key.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// Its type.
    pub kind: ParameterKind,
    /// That type, as it is written.
    pub kind_name: String,
    /// Its Default.
    pub default: Option<String>,
    /// Whether describing calls hide its value.
    pub no_echo: bool,
    /// Its Description; empty if there is none.
    pub description: String,
    /// The values that it takes; empty if it takes others.
    pub allowed_values: Vec<String>,
    allowed_pattern: Option<String>,
    length: (usize, usize),
    range: (f64, f64),
    constraint: String,
}

impl Declaration {
    /// Reads the declaration of the parameter `name`.
    ///
    /// # Errors
    /// A refusal of what is not known of a parameter.
    pub fn read(name: &str, at: &Position, node: &Node) -> Result<Self, TemplateError> {
        let mut declaration = Self {
            name: name.to_owned(),
            at: at.clone(),
            kind: ParameterKind::One(Scalar::Text),
            default: None,
            no_echo: false,
            description: String::new(),
            kind_name: String::new(),
            allowed_values: Vec::new(),
            allowed_pattern: None,
            length: (0, usize::MAX),
            range: (f64::NEG_INFINITY, f64::INFINITY),
            constraint: String::new(),
        };
        if node.get("Type").is_none() {
            return Err(TemplateError::new(
                at,
                format!("the parameter {name} has no Type"),
                "give it one",
            ));
        }
        for (key, at, value) in node.entries(name)? {
            declaration.member(key, at, value)?;
        }
        if let Some(default) = declaration.default.clone()
            && !matches!(declaration.kind, ParameterKind::Stored(_))
        {
            declaration.check(&default).map_err(|why| {
                TemplateError::new(
                    at,
                    format!("the Default {default:?}: {why}"),
                    "correct one of the two",
                )
            })?;
        }
        Ok(declaration)
    }

    fn member(&mut self, key: &str, at: &Position, value: &Node) -> Result<(), TemplateError> {
        match key {
            "Type" => {
                self.kind = ParameterKind::read(value)?;
                self.kind_name = value.text(key)?;
            }
            "Default" => self.default = Some(value.text(key)?),
            "NoEcho" => self.no_echo = value.text(key)? == "true",
            "AllowedValues" => {
                let values = value.plain()?;
                self.allowed_values = values
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(scalar_text)
                    .collect();
            }
            "AllowedPattern" => self.allowed_pattern = Some(pattern(value)?),
            "MinLength" => self.length.0 = limit(key, value)? as usize,
            "MaxLength" => self.length.1 = limit(key, value)? as usize,
            "MinValue" => self.range.0 = limit(key, value)?,
            "MaxValue" => self.range.1 = limit(key, value)?,
            "ConstraintDescription" => self.constraint = value.text(key)?,
            "Description" => self.description = value.text(key)?,
            _ => {
                let known = [
                    "Type, Default, AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue, NoEcho, \
                     Description, ConstraintDescription",
                ];
                return Err(unknown(
                    at,
                    key,
                    &format!("the parameter {}", self.name),
                    &known,
                ));
            }
        }
        Ok(())
    }

    /// Checks the value that a caller gives.
    pub(super) fn check(&self, value: &str) -> Result<(), ConstraintError> {
        self.check_members(value).map_err(|error| {
            if self.constraint.is_empty() {
                error
            } else {
                ConstraintError::Described {
                    name: self.name.clone(),
                    description: self.constraint.clone(),
                }
            }
        })
    }

    fn check_members(&self, value: &str) -> Result<(), ConstraintError> {
        let pattern = self.allowed_pattern.as_ref();
        let pattern = pattern.map(|pattern| {
            (
                pattern,
                whole(pattern).expect("it compiled when the template was read"),
            )
        });
        for member in self.members(value) {
            self.check_kind(&member)?;
            let name = || self.name.clone();
            if !self.allowed_values.is_empty() && !self.allowed_values.contains(&member) {
                return Err(ConstraintError::NotAllowed { name: name() });
            }
            if let Some((pattern, whole)) = &pattern
                && !whole.is_match(&member)
            {
                return Err(ConstraintError::NotMatching {
                    name: name(),
                    pattern: (*pattern).clone(),
                });
            }
            let length = member.chars().count();
            let (least, most) = self.length;
            if length < least {
                return Err(ConstraintError::TooShort {
                    name: name(),
                    least,
                });
            }
            if length > most {
                return Err(ConstraintError::TooLong { name: name(), most });
            }
            self.check_range(&member)?;
        }
        Ok(())
    }

    fn check_kind(&self, member: &str) -> Result<(), ConstraintError> {
        let (name, scalar) = (self.name.clone(), self.scalar());
        if scalar.holds(member) {
            return Ok(());
        }
        Err(match scalar {
            Scalar::Number => ConstraintError::NotANumber { name },
            _ => ConstraintError::DoesNotExist {
                name,
                value: member.to_owned(),
            },
        })
    }

    fn check_range(&self, member: &str) -> Result<(), ConstraintError> {
        let is_number = self.scalar() == Scalar::Number;
        let Some(number) = member.parse::<f64>().ok().filter(|_| is_number) else {
            return Ok(());
        };
        let (name, (least, most)) = (self.name.clone(), self.range);
        if number < least {
            Err(ConstraintError::TooSmall { name, least })
        } else if number > most {
            Err(ConstraintError::TooLarge { name, most })
        } else {
            Ok(())
        }
    }

    /// What the value that the caller gives consists of.
    fn scalar(&self) -> Scalar {
        match &self.kind {
            ParameterKind::One(scalar) | ParameterKind::List(scalar) => *scalar,
            ParameterKind::Stored(_) => Scalar::Text,
        }
    }

    fn members(&self, value: &str) -> Vec<String> {
        match self.kind {
            ParameterKind::List(_) => list(value),
            _ => vec![value.to_owned()],
        }
    }
}

fn limit(key: &str, value: &Node) -> Result<f64, TemplateError> {
    let text = value.text(key)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let number = number.filter(|number| key.ends_with("Value") || *number >= 0.0);
    number.ok_or_else(|| {
        TemplateError::new(
            &value.at,
            format!("{key} {text:?} is no number"),
            "write a number",
        )
    })
}

fn pattern(value: &Node) -> Result<String, TemplateError> {
    let pattern = value.text("AllowedPattern")?;
    // By itself, and as it is used: a pattern that ends in a comment is none between parentheses.
    match Regex::new(&pattern).and_then(|_| whole(&pattern)) {
        Ok(_) => Ok(pattern),
        Err(error) => Err(TemplateError::new(
            &value.at,
            format!("AllowedPattern {pattern:?}: {error}"),
            "correct it",
        )),
    }
}

/// A pattern matches the whole value.
fn whole(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

/// The members of a list parameter.
pub(super) fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(|member| member.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::node;

    fn declared(members: &str) -> Result<Declaration, TemplateError> {
        let node = node::read("t.yaml", members).expect("YAML");
        Declaration::read("P", &node.at.clone(), &node)
    }

    fn message(members: &str, value: &str) -> String {
        declared(members)
            .expect("good")
            .check(value)
            .expect_err("refused")
            .to_string()
    }

    #[test]
    fn values_are_refused_in_cloudformation_s_words() {
        assert_eq!(
            message("{Type: Number, MaxValue: 3300}", "3301"),
            "Parameter 'P' must be a number not greater than 3300"
        );
        assert_eq!(
            message("{Type: Number, MinValue: 60}", "59"),
            "Parameter 'P' must be a number not less than 60"
        );
        assert_eq!(
            message("{Type: String, MinLength: 2}", "a"),
            "Parameter 'P' must contain at least 2 characters"
        );
        assert_eq!(
            message("{Type: String, MaxLength: 2}", "abc"),
            "Parameter 'P' must contain at most 2 characters"
        );
        assert_eq!(
            message("{Type: Number, AllowedValues: [1, 3]}", "2"),
            "Parameter 'P' must be one of AllowedValues"
        );
        assert_eq!(
            message("{Type: String, AllowedPattern: '[a-z]+'}", "aB"),
            "Parameter 'P' must match pattern [a-z]+"
        );
        assert_eq!(
            message(
                "{Type: String, AllowedPattern: a, ConstraintDescription: is a.}",
                "b"
            ),
            "Parameter P failed to satisfy constraint: is a."
        );
        assert_eq!(
            message(
                "{Type: List<AWS::EC2::Subnet::Id>}",
                "subnet-0a1b2c3d,sg-0a1b2c3d"
            ),
            "Parameter validation failed: parameter value sg-0a1b2c3d for parameter name P does not exist"
        );
    }

    #[test]
    fn a_declaration_that_contradicts_itself_is_refused() {
        let refused = |members: &str| declared(members).expect_err("refused").to_string();
        assert!(refused("{Type: Colour}").contains("parameter type Colour"));
        assert!(refused("{Type: String, Shape: round}").contains("does not know Shape"));
        assert!(refused("{Type: String, AllowedPattern: '('}").contains("AllowedPattern"));
        assert!(refused("{Type: Number, MaxValue: 1, Default: 2}").contains("the Default \"2\""));
        assert!(refused("{Default: 2}").contains("has no Type"));
    }
}
