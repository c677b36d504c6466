//! Choice rules, and whether they hold.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::failure::Failure;
use super::path::{Path, Scope};
use crate::glob::matches_asl_glob;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All of these hold. What follows on one that does not hold is not looked at.
    And(Vec<Rule>),
    /// One of these holds. What follows on one that holds is not looked at.
    Or(Vec<Rule>),
    /// This does not hold.
    Not(Box<Rule>),
    /// The value at a path passes a test.
    Variable(Path, Test),
}

/// A test of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Whether it is there.
    IsPresent(bool),
    /// Whether it is of a type.
    Is(Type, bool),
    /// Whether it is text of this shape, `*` standing for any characters.
    Matches(String),
    /// How it compares; values of different types never do.
    Compares(Type, Comparison, Operand),
}

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Null.
    Null,
    /// Text.
    String,
    /// A number.
    Numeric,
    /// True or false.
    Boolean,
    /// Text that is a date-time of RFC 3339.
    Timestamp,
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equals,
    /// Less.
    LessThan,
    /// More.
    GreaterThan,
    /// Less or the same.
    LessThanEquals,
    /// More or the same.
    GreaterThanEquals,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// This.
    Literal(Value),
    /// What is at this path.
    Path(Path),
}

impl Rule {
    /// Whether the rule holds.
    ///
    /// # Errors
    /// `States.Runtime` if there is nothing at a path that it has to look at.
    pub fn holds(&self, scope: Scope<'_>) -> Result<bool, Failure> {
        match self {
            Self::And(rules) => all(rules, scope),
            Self::Or(rules) => {
                for rule in rules {
                    if rule.holds(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(rule) => Ok(!rule.holds(scope)?),
            Self::Variable(path, Test::IsPresent(wanted)) => {
                Ok(path.read(scope).is_some() == *wanted)
            }
            Self::Variable(path, test) => test.passes(look(path, scope)?, scope),
        }
    }
}

fn all(rules: &[Rule], scope: Scope<'_>) -> Result<bool, Failure> {
    for rule in rules {
        if !rule.holds(scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The value at a path. A path that breaks off on the way differs from one whose last member is
/// missing (see [`Path::why_nothing`]).
fn look<'a>(path: &Path, scope: Scope<'a>) -> Result<&'a Value, Failure> {
    path.read(scope).ok_or_else(|| {
        let text = path.text();
        Failure::runtime(if path.breaks_off(scope) {
            format!("Invalid path '{text}' : {}", path.why_nothing(scope))
        } else {
            format!(
                "Invalid path '{text}': The choice state's condition path references an invalid value."
            )
        })
    })
}

impl Test {
    fn passes(&self, value: &Value, scope: Scope<'_>) -> Result<bool, Failure> {
        Ok(match self {
            Self::IsPresent(wanted) => *wanted,
            Self::Is(kind, wanted) => is(*kind, value) == *wanted,
            Self::Matches(shape) => value
                .as_str()
                .is_some_and(|text| matches_asl_glob(text, shape)),
            Self::Compares(kind, comparison, operand) => {
                let operand = match operand {
                    Operand::Literal(literal) => literal,
                    Operand::Path(path) => look(path, scope)?,
                };
                compare(*kind, value, operand).is_some_and(|order| comparison.is(order))
            }
        })
    }
}

impl Comparison {
    fn is(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::LessThan => order.is_lt(),
            Self::GreaterThan => order.is_gt(),
            Self::LessThanEquals => order.is_le(),
            Self::GreaterThanEquals => order.is_ge(),
        }
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    super::timestamp::read(value.as_str()?)
}

/// Whether a value is of a type.
pub fn is(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Null => value.is_null(),
        Type::String => value.is_string(),
        Type::Numeric => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Timestamp => timestamp(value).is_some(),
    }
}

fn compare(kind: Type, left: &Value, right: &Value) -> Option<Ordering> {
    match kind {
        Type::Null => None,
        Type::String => Some(left.as_str()?.cmp(right.as_str()?)),
        Type::Numeric => left.as_f64()?.partial_cmp(&right.as_f64()?),
        Type::Boolean => Some(left.as_bool()?.cmp(&right.as_bool()?)),
        Type::Timestamp => Some(timestamp(left)?.cmp(&timestamp(right)?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse_choice::parse;
    use super::*;

    fn holds(mut rule: Value, input: Value) -> Result<bool, String> {
        rule["Next"] = json!("N");
        let (rule, _) = parse(&rule, "/".to_owned()).map_err(|error| error.message)?;
        let scope = Scope {
            input: &input,
            context: &json!({"State": {"Name": "S"}}),
        };
        rule.holds(scope)
            .map_err(|trouble| trouble.cause.unwrap_or_default())
    }

    #[test]
    fn each_test_distinguishes_its_values() {
        let table = [
            (json!({"StringEquals": "a"}), json!("a"), json!("b")),
            (json!({"StringEquals": "1"}), json!("1"), json!(1)),
            (json!({"StringLessThan": "b"}), json!("a"), json!("b")),
            (
                json!({"StringMatches": "a*c\\*"}),
                json!("abbc*"),
                json!("abbcd"),
            ),
            (
                json!({"BooleanEquals": false}),
                json!(false),
                json!("false"),
            ),
            (json!({"NumericEquals": 1}), json!(1.0), json!("1")),
            (
                json!({"NumericGreaterThanEquals": 2.5}),
                json!(2.5),
                json!(2),
            ),
            (
                json!({"TimestampLessThan": "2026-11-23T00:00:00Z"}),
                json!("2026-11-23T00:30:00+01:00"),
                json!("then"),
            ),
            (json!({"IsNull": true}), json!(null), json!("")),
            (json!({"IsNumeric": false}), json!("1"), json!(1)),
            (
                json!({"IsTimestamp": true}),
                json!("2026-11-23T00:00:00Z"),
                json!("2026-11-23"),
            ),
            (json!({"StringEqualsPath": "$.w"}), json!("w"), json!("v")),
            (
                json!({"StringEqualsPath": "$$.State.Name"}),
                json!("S"),
                json!("w"),
            ),
        ];
        for (mut rule, passes, fails) in table {
            rule["Variable"] = json!("$.v");
            let input = |v: Value| json!({"v": v, "w": "w"});
            assert_eq!(holds(rule.clone(), input(passes)), Ok(true), "{rule}");
            assert_eq!(holds(rule.clone(), input(fails)), Ok(false), "{rule}");
        }
    }

    #[test]
    fn a_missing_value_is_an_error_unless_presence_was_asked_first() {
        let equals = json!({"Variable": "$.v", "StringEquals": "a"});
        let present = json!({"Variable": "$.v", "IsPresent": true});
        let text =
            "Invalid path '$.v': The choice state's condition path references an invalid value.";
        assert_eq!(holds(equals.clone(), json!({})), Err(text.to_owned()));
        assert_eq!(holds(present.clone(), json!({"v": null})), Ok(true));
        assert_eq!(
            holds(json!({"And": [present.clone(), equals.clone()]}), json!({})),
            Ok(false)
        );
        assert_eq!(
            holds(json!({"Or": [{"Not": present}, equals]}), json!({})),
            Ok(true)
        );
    }

    #[test]
    fn what_is_not_a_rule_is_refused() {
        for rule in [
            json!({"Variable": "$.v"}),
            json!({"Variable": "$.v", "StringEqual": "a"}),
            json!({"Variable": "$.v", "StringEquals": 1}),
            json!({"Variable": "$.v", "StringEquals": "a", "IsNull": true}),
            json!({"Variable": "$.v", "BooleanLessThan": true}),
            json!({"And": []}),
            json!({"Not": {"IsNull": true}}),
            json!({"And": [{"Variable": "$.v", "IsNull": true}], "Variable": "$.v"}),
        ] {
            assert!(holds(rule.clone(), json!({"v": "a"})).is_err(), "{rule}");
        }
    }
}
