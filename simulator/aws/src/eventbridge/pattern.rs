//! Event patterns: reading them, strictly, and whether an event matches.
//!
//! Fields of one object are all to match; of the values listed for a field one is. A field whose
//! value in the event is a list matches if one of the list's values does.

use serde_json::Value;

use super::field::{Test, TestError, parse_test};

/// A pattern, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    fields: Vec<(String, Node)>,
    /// Each `$or`: one of its patterns is to match.
    either: Vec<Vec<Pattern>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Inner(Pattern),
    Leaf(Vec<Test>),
}

/// Why a text is no pattern, in AWS's words where they are known.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// The text is no JSON.
    #[error("Invalid JSON")]
    NotJson,
    /// The JSON is no object.
    #[error("Filter is not an object")]
    NotObject,
    /// An object without a field.
    #[error("Empty objects are not allowed")]
    EmptyObject,
    /// A field without a test.
    #[error("Empty arrays are not allowed")]
    EmptyList,
    /// `$or` of fewer than two patterns.
    #[error("$or needs a list of at least two patterns")]
    NoAlternatives,
    /// A field that is neither an object nor a list.
    #[error("\"{0}\" must be an object or an array")]
    NotNested(String),
    /// A test of a field cannot be read.
    #[error(transparent)]
    Test(#[from] TestError),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let value: Value = serde_json::from_str(text).map_err(|_| PatternError::NotJson)?;
        if !value.is_object() {
            return Err(PatternError::NotObject);
        }
        parse_object(&value)
    }

    /// Whether `event` matches.
    pub fn matches(&self, event: &Value) -> bool {
        let fields = self
            .fields
            .iter()
            .all(|(name, node)| node.matches(event.get(name)));
        fields
            && self
                .either
                .iter()
                .all(|patterns| patterns.iter().any(|pattern| pattern.matches(event)))
    }
}

fn parse_object(value: &Value) -> Result<Pattern, PatternError> {
    let members = value
        .as_object()
        .filter(|members| !members.is_empty())
        .ok_or(PatternError::EmptyObject)?;
    let mut pattern = Pattern {
        fields: Vec::new(),
        either: Vec::new(),
    };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("$or", Value::Array(patterns)) if patterns.len() >= 2 => {
                let patterns = patterns
                    .iter()
                    .map(parse_object)
                    .collect::<Result<_, _>>()?;
                pattern.either.push(patterns);
            }
            ("$or", _) => return Err(PatternError::NoAlternatives),
            (_, Value::Object(_)) => pattern
                .fields
                .push((name.clone(), Node::Inner(parse_object(value)?))),
            (_, Value::Array(tests)) if tests.is_empty() => {
                return Err(PatternError::EmptyList);
            }
            (_, Value::Array(tests)) => {
                let tests = tests.iter().map(parse_test).collect::<Result<_, _>>()?;
                pattern.fields.push((name.clone(), Node::Leaf(tests)));
            }
            _ => return Err(PatternError::NotNested(name.clone())),
        }
    }
    Ok(pattern)
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Inner(pattern), Some(Value::Array(items))) => {
                items.iter().any(|item| pattern.matches(item))
            }
            // A field that is not there may still match inside: {"exists": false}.
            (Self::Inner(pattern), value) => pattern.matches(value.unwrap_or(&Value::Null)),
            (Self::Leaf(tests), Some(Value::Array(items))) => {
                let leaves: Vec<&Value> = items.iter().filter(|item| is_leaf(item)).collect();
                tests.iter().any(|test| test.passes(&leaves))
            }
            (Self::Leaf(tests), value) => {
                let leaf: Vec<&Value> = value.into_iter().filter(|value| is_leaf(value)).collect();
                tests.iter().any(|test| test.passes(&leaf))
            }
        }
    }
}

fn is_leaf(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(pattern: &Value, event: &Value) -> bool {
        Pattern::parse(&pattern.to_string())
            .expect("a pattern")
            .matches(event)
    }

    #[test]
    fn each_operator_distinguishes_events() {
        let table = [
            (json!(["a", "b"]), json!("b"), json!("c")),
            (json!([1]), json!(1), json!("1")),
            (json!([300]), json!(300), json!(300.0)),
            (json!([null]), json!(null), json!("")),
            (json!([""]), json!(""), json!(null)),
            (json!([true]), json!(true), json!("true")),
            (
                json!([{"prefix": "roll-"}]),
                json!("roll-x"),
                json!("enroll-"),
            ),
            (json!([{"anything-but": "a"}]), json!("b"), json!("a")),
            (json!([{"anything-but": ["a", 1]}]), json!(2), json!(1)),
            (
                json!([{"anything-but": {"prefix": ["a", "b"]}}]),
                json!("ca"),
                json!("bc"),
            ),
            (
                json!([{"anything-but": {"wildcard": "*/lib/*"}}]),
                json!("/bin/a"),
                json!("/lib/a"),
            ),
            (
                json!([{"wildcard": "arn:*:function:*-joined"}]),
                json!("arn:a:function:c-joined"),
                json!("arn:function:x"),
            ),
            (json!([{"wildcard": "a\\*b"}]), json!("a*b"), json!("axb")),
            (json!([{"exists": true}]), json!(null), json!({"b": 1})),
            (json!([{"exists": false}]), json!({"b": 1}), json!("")),
            (
                json!(["a", {"prefix": "b"}]),
                json!(["x", "bc"]),
                json!(["x", "y"]),
            ),
            (
                json!({"b": ["c"]}),
                json!([{"b": "x"}, {"b": "c"}]),
                json!([{"b": "x"}]),
            ),
        ];
        for (node, yes, no) in table {
            let pattern = json!({ "f": node });
            assert!(
                matches(&pattern, &json!({ "f": yes })),
                "{pattern} should match {yes}"
            );
            assert!(
                !matches(&pattern, &json!({ "f": no })),
                "{pattern} should not match {no}"
            );
        }
    }

    #[test]
    fn a_missing_field_matches_only_exists_false() {
        assert!(matches(
            &json!({"a": {"b": [{"exists": false}]}}),
            &json!({"c": 1})
        ));
        assert!(!matches(
            &json!({"a": {"b": [{"anything-but": "x"}]}}),
            &json!({"a": {}})
        ));
        assert!(!matches(&json!({"a": [null]}), &json!({})));
    }

    #[test]
    fn fields_are_all_to_match_and_one_of_or() {
        let pattern = json!({"s": ["x"], "$or": [{"a": [1]}, {"b": [{"anything-but": 5}]}]});
        assert!(matches(&pattern, &json!({"s": "x", "a": 1})));
        assert!(matches(&pattern, &json!({"s": "x", "b": 6})));
        assert!(!matches(&pattern, &json!({"s": "x", "b": 5})));
        assert!(!matches(&pattern, &json!({"s": "y", "a": 1})));
    }

    #[test]
    fn what_is_not_a_pattern_is_refused_with_the_reason() {
        for (pattern, reason) in [
            ("{", "Invalid JSON"),
            ("[]", "not an object"),
            ("{}", "Empty objects"),
            (r#"{"a": "x"}"#, "\"a\" must be an object or an array"),
            (r#"{"a": []}"#, "Empty arrays"),
            (
                r#"{"a": [{"prefx": "x"}]}"#,
                "Unrecognized match type prefx",
            ),
            (r#"{"a": [{"prefix": 1}]}"#, "prefix"),
            (r#"{"a": [{"anything-but": {"exists": true}}]}"#, "exists"),
            (
                r#"{"a": [{"numeric": ["<", 1]}]}"#,
                "the account in memory does not know the operator numeric",
            ),
            (
                r#"{"a": [{"anything-but": {"suffix": "x"}}]}"#,
                "operator suffix",
            ),
            (r#"{"a": [{"wildcard": "a**b"}]}"#, "wildcard"),
            (r#"{"a": [{"cidr": "10.0.0.0/24"}]}"#, "operator cidr"),
            (
                r#"{"a": [{"equals-ignore-case": "a"}]}"#,
                "operator equals-ignore-case",
            ),
            (r#"{"a": [["x"]]}"#, "arrays"),
            (r#"{"$or": [{"a": ["x"]}]}"#, "$or"),
        ] {
            let refused = Pattern::parse(pattern).expect_err(pattern);
            let refused = refused.to_string();
            assert!(refused.contains(reason), "{pattern}: {refused}");
        }
    }
}
