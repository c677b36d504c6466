//! The tests that a pattern makes of one field.
//! Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>.

use serde_json::Value;

use crate::glob::matches_asl_glob;

/// Operators that EventBridge has and the account in memory has not.
const NOT_KNOWN: [&str; 4] = ["cidr", "equals-ignore-case", "numeric", "suffix"];

/// A test of a field's values.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// There is a value, or there is none.
    Exists(bool),
    /// One value passes.
    Is(Match),
    /// One value passes none of these.
    AnythingBut(Vec<Match>),
}

/// A test of one value.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// The same value. As in AWS, 300 and 300.0 differ.
    Exactly(Value),
    /// Text that begins so.
    Prefix(String),
    /// Text of this shape, `*` standing for any characters.
    Wildcard(String),
}

/// Why a test cannot be read. The texts of AWS's own refusals are AWS's where they are known.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TestError {
    /// A list in the list of a field.
    #[error("Match value may not be arrays in arrays")]
    ListInList,
    /// An object with no operator, or several.
    #[error("Only one key allowed in match expression")]
    NotOneOperator,
    /// The same inside `anything-but`.
    #[error("Only one key allowed inside anything-but")]
    NotOneInside,
    /// `exists` with something else than a boolean.
    #[error("exists must be true or false")]
    NotBoolean,
    /// An operator inside `anything-but` that may not stand there.
    #[error("Unsupported anything-but pattern: {0}")]
    NotInside(String),
    /// `anything-but` of nothing.
    #[error("anything-but must not be an empty list")]
    NothingUnwanted,
    /// `anything-but` of a boolean, null, list or object.
    #[error("anything-but takes strings and numbers, not {0}")]
    NotComparable(Value),
    /// Two `*` that follow each other.
    #[error("Consecutive wildcard characters at a wildcard match")]
    ConsecutiveWildcards,
    /// An operator whose operand is no string.
    #[error("{operator} takes a string, not {value}")]
    NotString {
        /// The operator.
        operator: String,
        /// Its operand.
        value: Value,
    },
    /// An operator that the account in memory does not have.
    #[error("the account in memory does not know the operator {0} of event patterns")]
    NotKnown(String),
    /// An operator that EventBridge does not have.
    #[error("Unrecognized match type {0}")]
    NoOperator(String),
}

impl Test {
    /// Whether a field with these values passes; a field that is not there has none.
    pub fn passes(&self, values: &[&Value]) -> bool {
        match self {
            Self::Exists(wanted) => values.is_empty() != *wanted,
            Self::Is(wanted) => values.iter().any(|value| wanted.is(value)),
            Self::AnythingBut(unwanted) => values
                .iter()
                .any(|value| !unwanted.iter().any(|unwanted| unwanted.is(value))),
        }
    }
}

impl Match {
    fn is(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Exactly(wanted) => value == wanted,
            Self::Prefix(start) => text.is_some_and(|text| text.starts_with(start)),
            Self::Wildcard(shape) => text.is_some_and(|text| matches_asl_glob(text, shape)),
        }
    }
}

/// Reads one entry of a field's list.
///
/// # Errors
/// What is wrong with it.
pub fn parse_test(entry: &Value) -> Result<Test, TestError> {
    let operator = match entry {
        Value::Object(operator) => operator,
        Value::Array(_) => return Err(TestError::ListInList),
        literal => return Ok(Test::Is(Match::Exactly(literal.clone()))),
    };
    let (Some((name, value)), 1) = (operator.iter().next(), operator.len()) else {
        return Err(TestError::NotOneOperator);
    };
    match (name.as_str(), value) {
        ("exists", Value::Bool(wanted)) => Ok(Test::Exists(*wanted)),
        ("exists", _) => Err(TestError::NotBoolean),
        ("anything-but", value) => parse_anything_but(value).map(Test::AnythingBut),
        (name, value) => parse_match(name, value).map(Test::Is),
    }
}

fn parse_anything_but(value: &Value) -> Result<Vec<Match>, TestError> {
    match value {
        Value::Object(nested) => {
            let (Some((name, value)), 1) = (nested.iter().next(), nested.len()) else {
                return Err(TestError::NotOneInside);
            };
            if matches!(name.as_str(), "anything-but" | "exists") {
                return Err(TestError::NotInside(name.clone()));
            }
            let values = value
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![value.clone()]);
            values
                .iter()
                .map(|value| parse_match(name, value))
                .collect()
        }
        Value::Array(values) if !values.is_empty() => values.iter().map(unwanted).collect(),
        Value::Array(_) => Err(TestError::NothingUnwanted),
        value => unwanted(value).map(|unwanted| vec![unwanted]),
    }
}

fn unwanted(value: &Value) -> Result<Match, TestError> {
    match value {
        Value::String(_) | Value::Number(_) => Ok(Match::Exactly(value.clone())),
        other => Err(TestError::NotComparable(other.clone())),
    }
}

fn parse_match(name: &str, value: &Value) -> Result<Match, TestError> {
    match (name, value) {
        ("prefix", Value::String(text)) => Ok(Match::Prefix(text.clone())),
        ("wildcard", Value::String(text)) if text.contains("**") => {
            Err(TestError::ConsecutiveWildcards)
        }
        ("wildcard", Value::String(text)) => Ok(Match::Wildcard(text.clone())),
        ("prefix" | "wildcard", value) => Err(TestError::NotString {
            operator: name.to_owned(),
            value: value.clone(),
        }),
        (other, _) if NOT_KNOWN.contains(&other) => Err(TestError::NotKnown(other.to_owned())),
        (other, _) => Err(TestError::NoOperator(other.to_owned())),
    }
}
