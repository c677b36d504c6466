//! The tests that a pattern makes of one field.

use std::net::IpAddr;

use serde_json::Value;

use crate::glob::matches_asl_glob;

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
    /// The same, whatever the case.
    PrefixIgnoringCase(String),
    /// Text that ends so.
    Suffix(String),
    /// The same, whatever the case.
    SuffixIgnoringCase(String),
    /// The same text, whatever the case.
    EqualsIgnoringCase(String),
    /// Text of this shape, `*` standing for any characters.
    Wildcard(String),
    /// A number that compares so with each of these.
    Numeric(Vec<(String, f64)>),
    /// An address in this block: the address and the number of bits.
    Cidr(IpAddr, u32),
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
        let lower = || text.map(str::to_lowercase);
        match self {
            Self::Exactly(wanted) => value == wanted,
            Self::Prefix(start) => text.is_some_and(|text| text.starts_with(start)),
            Self::PrefixIgnoringCase(start) => lower().is_some_and(|text| text.starts_with(start)),
            Self::Suffix(end) => text.is_some_and(|text| text.ends_with(end)),
            Self::SuffixIgnoringCase(end) => lower().is_some_and(|text| text.ends_with(end)),
            Self::EqualsIgnoringCase(wanted) => lower().is_some_and(|text| text == *wanted),
            Self::Wildcard(shape) => text.is_some_and(|text| matches_asl_glob(text, shape)),
            Self::Numeric(bounds) => value.as_f64().is_some_and(|number| {
                bounds
                    .iter()
                    .all(|(operator, bound)| compares(number, operator, *bound))
            }),
            Self::Cidr(block, bits) => text
                .and_then(|text| text.parse().ok())
                .is_some_and(|address| in_block(address, *block, *bits)),
        }
    }
}

/// Reads one entry of a field's list.
///
/// # Errors
/// The reason, naming the operator.
pub fn parse_test(entry: &Value) -> Result<Test, String> {
    let operator = match entry {
        Value::Object(operator) => operator,
        Value::Array(_) => return Err("Match value may not be arrays in arrays".to_owned()),
        literal => return Ok(Test::Is(Match::Exactly(literal.clone()))),
    };
    let (Some((name, value)), 1) = (operator.iter().next(), operator.len()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    match (name.as_str(), value) {
        ("exists", Value::Bool(wanted)) => Ok(Test::Exists(*wanted)),
        ("exists", _) => Err("exists must be true or false".to_owned()),
        ("anything-but", value) => parse_anything_but(value).map(Test::AnythingBut),
        (name, value) => parse_match(name, value).map(Test::Is),
    }
}

fn parse_anything_but(value: &Value) -> Result<Vec<Match>, String> {
    match value {
        Value::Object(nested) => {
            let (Some((name, value)), 1) = (nested.iter().next(), nested.len()) else {
                return Err("Only one key allowed inside anything-but".to_owned());
            };
            if !matches!(
                name.as_str(),
                "prefix" | "suffix" | "equals-ignore-case" | "wildcard"
            ) {
                return Err(format!("Unsupported anything-but pattern: {name}"));
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
        Value::Array(_) => Err("anything-but must not be an empty list".to_owned()),
        value => unwanted(value).map(|unwanted| vec![unwanted]),
    }
}

fn unwanted(value: &Value) -> Result<Match, String> {
    match value {
        Value::String(_) | Value::Number(_) => Ok(Match::Exactly(value.clone())),
        other => Err(format!(
            "anything-but takes strings and numbers, not {other}"
        )),
    }
}

fn parse_match(name: &str, value: &Value) -> Result<Match, String> {
    match (name, value) {
        ("prefix", Value::String(text)) => Ok(Match::Prefix(text.clone())),
        ("prefix", value) => ignoring_case(name, value).map(Match::PrefixIgnoringCase),
        ("suffix", Value::String(text)) => Ok(Match::Suffix(text.clone())),
        ("suffix", value) => ignoring_case(name, value).map(Match::SuffixIgnoringCase),
        ("equals-ignore-case", Value::String(text)) => {
            Ok(Match::EqualsIgnoringCase(text.to_lowercase()))
        }
        ("wildcard", Value::String(text)) if text.contains("**") => {
            Err("Consecutive wildcard characters at a wildcard match".to_owned())
        }
        ("wildcard", Value::String(text)) => Ok(Match::Wildcard(text.clone())),
        ("numeric", value) => parse_numeric(value).map(Match::Numeric),
        ("cidr", Value::String(text)) => {
            parse_cidr(text).ok_or_else(|| format!("{text} is not a cidr block"))
        }
        ("equals-ignore-case" | "wildcard" | "cidr", value) => {
            Err(format!("{name} takes a string, not {value}"))
        }
        (other, _) => Err(format!("Unrecognized match type {other}")),
    }
}

fn ignoring_case(name: &str, value: &Value) -> Result<String, String> {
    let inner = value.as_object().filter(|inner| inner.len() == 1);
    match inner.and_then(|inner| inner.get("equals-ignore-case")?.as_str()) {
        Some(text) => Ok(text.to_lowercase()),
        None => Err(format!(
            "{name} takes a string or equals-ignore-case, not {value}"
        )),
    }
}

fn parse_numeric(value: &Value) -> Result<Vec<(String, f64)>, String> {
    let mutation =
        || format!("numeric takes one comparison, or a lower and a higher bound, not {value}");
    let parts = value
        .as_array()
        .filter(|parts| matches!(parts.len(), 2 | 4))
        .ok_or_else(mutation)?;
    let mut bounds = Vec::new();
    for pair in parts.chunks(2) {
        // EventBridge compares numbers between -5e9 and 5e9 only (documented).
        let bound = pair[1]
            .as_f64()
            .filter(|bound| bound.abs() <= 5.0e9)
            .ok_or_else(mutation)?;
        bounds.push((pair[0].as_str().ok_or_else(mutation)?.to_owned(), bound));
    }
    let right = match &bounds[..] {
        [(operator, _)] => matches!(operator.as_str(), "=" | "<" | "<=" | ">" | ">="),
        [(low, from), (high, to)] => {
            matches!(low.as_str(), ">" | ">=") && matches!(high.as_str(), "<" | "<=") && from < to
        }
        _ => false,
    };
    if right { Ok(bounds) } else { Err(mutation()) }
}

fn compares(number: f64, operator: &str, bound: f64) -> bool {
    match operator {
        "<" => number < bound,
        "<=" => number <= bound,
        ">" => number > bound,
        ">=" => number >= bound,
        _ => number == bound,
    }
}

fn parse_cidr(text: &str) -> Option<Match> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some(Match::Cidr(address, bits))
}

fn in_block(address: IpAddr, block: IpAddr, bits: u32) -> bool {
    match (address, block) {
        (IpAddr::V4(address), IpAddr::V4(block)) => {
            (address.to_bits() ^ block.to_bits())
                .checked_shr(32 - bits)
                .unwrap_or(0)
                == 0
        }
        (IpAddr::V6(address), IpAddr::V6(block)) => {
            (address.to_bits() ^ block.to_bits())
                .checked_shr(128 - bits)
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}
