//! Reading a call's input. The query protocol carries text only, so numbers and booleans may come
//! as text.

use serde_json::Value;

use crate::wire::{ApiError, paging};

/// A `ValidationError`, as Auto Scaling answers nearly everything that is wrong.
pub fn validation(message: impl Into<String>) -> ApiError {
    ApiError::client("ValidationError", message)
}

/// The member, a text, if it is there.
pub fn text<'a>(input: &'a Value, member: &str) -> Result<Option<&'a str>, ApiError> {
    match input.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(malformed(member, other, "a string")),
    }
}

/// The member, a text that must be there.
pub fn required<'a>(input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    text(input, member)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| missing(member))
}

/// The member, a whole number, if it is there.
pub fn number(input: &Value, member: &str) -> Result<Option<u32>, ApiError> {
    let Some(value) = input.get(member).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(malformed(member, value, "a whole number")),
    }
}

/// The member, a whole number that may be negative, if it is there.
pub fn whole(input: &Value, member: &str) -> Result<Option<i64>, ApiError> {
    let Some(value) = input.get(member).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    match number {
        Some(number) => Ok(Some(number)),
        None => Err(malformed(member, value, "a whole number")),
    }
}

/// The member, a boolean, if it is there.
pub fn boolean(input: &Value, member: &str) -> Result<Option<bool>, ApiError> {
    match input.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(Value::String(text)) if text == "true" => Ok(Some(true)),
        Some(Value::String(text)) if text == "false" => Ok(Some(false)),
        Some(other) => Err(malformed(member, other, "true or false")),
    }
}

/// The member, a list of texts; empty if it is not there.
pub fn texts(input: &Value, member: &str) -> Result<Vec<String>, ApiError> {
    list(input, member)?
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            other => Err(malformed(member, other, "a list of strings")),
        })
        .collect()
}

/// The member, a list; empty if it is not there.
pub fn list<'a>(input: &'a Value, member: &str) -> Result<&'a [Value], ApiError> {
    match input.get(member) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(malformed(member, other, "a list")),
    }
}

/// What is answered for a member that must be there and is not.
pub fn missing(member: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
        lower_first(member)
    ))
}

/// What is answered for a value that is none of `choices`.
pub fn not_one_of(member: &str, value: &str, choices: &[&str]) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
        lower_first(member),
        choices.join(", ")
    ))
}

fn malformed(member: &str, value: &Value, wanted: &str) -> ApiError {
    validation(format!("{member} is {value}, which is not {wanted}"))
}

fn lower_first(member: &str) -> String {
    let mut characters = member.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// One page of `items` in the order of their keys, and the token of the next.
pub fn page<T>(
    input: &Value,
    items: impl IntoIterator<Item = (String, T)>,
    usual: u32,
    most: u32,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = number(input, "MaxRecords")?.unwrap_or(usual);
    if size == 0 || size > most {
        return Err(validation(format!(
            "MaxRecords is {size}; it must be between 1 and {most}"
        )));
    }
    let token = text(input, "NextToken")?.filter(|token| !token.is_empty());
    paging::page(items, token, size as usize)
        .ok_or_else(|| ApiError::client("InvalidNextToken", "The NextToken value is not valid."))
}
