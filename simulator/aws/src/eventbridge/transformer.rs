//! InputTransformer: what a target gets instead of the event.
//!
//! Recorded (radkawar/stackd, testdata/aws/eventbridge/inputs.json, 2026-09), with a queue as the
//! target:
//! - A template is JSON, an object for example, or texts in quotes, one a line. `<name>` stands for
//!   what a path finds.
//! - In a text by itself a value is put in as it is. A quotation mark, a backslash, a tab or a line
//!   break in it makes the whole no JSON any more, and the event is not delivered: a dead letter,
//!   `INVALID_JSON`.
//! - In a text inside an object it is escaped. As a value by itself it keeps its type.
//! - What is not there leaves nothing in a text or a list, and an empty text as a member's value.
//! - A placeholder of a name that has no path stays as it is.
//!
//! `<aws.events.event>` is not known here, nor `<aws.events.event.json>` inside a text of an
//! object.

mod path;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::request_fields::invalid;
use crate::wire::ApiError;
use path::Path;
use template::{Piece, Place};

/// The most paths, and the longest template and names
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html>).
const PATHS_LIMIT: usize = 100;
const TEMPLATE_LIMIT: usize = 8192;
const NAME_LIMIT: usize = 256;

/// A transformer, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformer {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    /// What lies at this path.
    Found(Path, Place),
    Reserved(Reserved, Place),
}

/// What EventBridge itself knows of an event and its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reserved {
    RuleArn,
    RuleName,
    IngestionTime,
    EventJson,
}

/// Where a rule's own names come from.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// Name of the rule.
    pub name: &'a str,
    /// ARN of the rule.
    pub arn: &'a str,
    /// When the event came in.
    pub ingested: jiff::Timestamp,
}

/// The InputTransformer of a target, as in a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransformerRequest<'a> {
    #[serde(default, borrow)]
    input_paths_map: BTreeMap<&'a str, &'a str>,
    input_template: &'a str,
}

impl Transformer {
    /// Reads the InputTransformer of the target `id`.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for what is not known here.
    pub fn parse(id: &str, given: &TransformerRequest<'_>) -> Result<Self, ApiError> {
        let (paths, template) = (&given.input_paths_map, given.input_template);
        if !(1..=TEMPLATE_LIMIT).contains(&template.len()) {
            return Err(invalid(format!(
                "InputTemplate for target {id} has {} characters, and may have 1 to {TEMPLATE_LIMIT}",
                template.len()
            )));
        }
        if paths.len() > PATHS_LIMIT {
            return Err(invalid(format!(
                "InputPathsMap of target {id} has more than {PATHS_LIMIT} paths"
            )));
        }
        for (name, path) in paths {
            checked_name(id, name, path)?;
            Path::parse(id, path)?;
        }
        let pieces = template::pieces(id, template)?;
        checked_shape(id, &pieces)?;
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text)),
            Piece::Placeholder { name, place } => match paths.get(name.as_str()) {
                Some(path) => Path::parse(id, path).map(|path| Part::Found(path, place)),
                None => reserved(id, name, place),
            },
        });
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// What is delivered of `event`; whether it is JSON is another question, see
    /// [`is_deliverable`].
    pub fn text(&self, event: &Value, rule: Rule<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(as_it_is) => text.push_str(as_it_is),
                Part::Reserved(Reserved::EventJson, _) => text.push_str(&event.to_string()),
                Part::Reserved(name, place) => {
                    let value = match name {
                        Reserved::RuleName => rule.name.to_owned(),
                        Reserved::RuleArn => rule.arn.to_owned(),
                        _ => format!("{:.3}", rule.ingested),
                    };
                    text.push_str(&written(Some(&json!(value)), *place));
                }
                Part::Found(path, place) => {
                    text.push_str(&written(path.find(event).as_ref(), *place));
                }
            }
        }
        text
    }
}

/// A value as it is put into the template at this place.
fn written(value: Option<&Value>, place: Place) -> String {
    match (place, value) {
        (Place::Text | Place::Member, None | Some(Value::Null)) => String::new(),
        (Place::Text, Some(Value::String(text))) => text.clone(),
        // Objects and lists lose their quotation marks here.
        (Place::Text, Some(other)) => other.to_string().replace('"', ""),
        (Place::Member, Some(text @ Value::String(_))) => {
            let quoted = text.to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        // Objects keep them in here, and the whole is no JSON any more.
        (Place::Alone, Some(Value::String(text))) => text.clone(),
        (Place::Value, None) => "\"\"".to_owned(),
        (Place::Item | Place::Alone, None) => String::new(),
        (_, Some(other)) => other.to_string(),
    }
}

/// Whether EventBridge delivers this text: it must be one JSON value, or texts in quotes, one a
/// line.
pub fn is_deliverable(text: &str) -> bool {
    matches!(read_values(text), Ok(true))
}

/// Whether this is one JSON value, or texts in quotes, one a line. Several values in another order
/// are JSON too; no recording has what AWS makes of them.
///
/// # Errors
/// Where it is no JSON.
fn read_values(text: &str) -> Result<bool, serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut ends = Vec::new();
    let mut all_texts = true;
    while let Some(value) = values.next() {
        all_texts &= value?.is_string();
        ends.push(values.byte_offset());
    }
    let mut pairs = ends.windows(2);
    let on_lines = pairs.all(|pair| {
        let between = &text[pair[0]..pair[1]];
        between
            .find('"')
            .is_some_and(|quote| between[..quote].contains('\n'))
    });
    Ok(ends.len() == 1 || (!ends.is_empty() && all_texts && on_lines))
}

/// With `null` for each placeholder a template must be JSON: so AWS checks it when the target is
/// put.
fn checked_shape(id: &str, pieces: &[Piece]) -> Result<(), ApiError> {
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Placeholder { .. } => "null",
    });
    let filled: String = pieces.collect();
    match read_values(&filled) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ApiError::not_known(format_args!(
            "the InputTemplate for target {id}: one JSON value, or texts in quotes, one a line, are known"
        ))),
        Err(mutation) => Err(invalid(format!(
            "Invalid InputTemplate for target {id} : [Source: (String)\"{filled}\"; line: {}, column: {}].",
            mutation.line(),
            mutation.column()
        ))),
    }
}

fn checked_name(id: &str, name: &str, path: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !(1..=NAME_LIMIT).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{{{name}={path}}}' at 'targets.1.member.inputTransformer.inputPathsMap' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to {NAME_LIMIT}, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [A-Za-z0-9\\_\\-]+]"
        )));
    }
    if name.to_lowercase().starts_with("aws") {
        return Err(invalid(format!(
            "InputPathsMap of target {id}: {name:?} must not begin with AWS"
        )));
    }
    Ok(())
}

/// A placeholder without a path of its own.
fn reserved(id: &str, name: String, place: Place) -> Result<Part, ApiError> {
    let reserved = match name.as_str() {
        "aws.events.rule-arn" => Reserved::RuleArn,
        "aws.events.rule-name" => Reserved::RuleName,
        "aws.events.event.ingestion-time" => Reserved::IngestionTime,
        "aws.events.event.json" if place == Place::Text => {
            return Err(invalid(format!(
                "InputTemplate for target {id} contains placeholder {name} valid only for JSON template."
            )));
        }
        "aws.events.event.json" if place != Place::Member => Reserved::EventJson,
        "aws.events.event.json" | "aws.events.event" => {
            return Err(ApiError::not_known(format_args!(
                "<{name}> in the InputTemplate of target {id}"
            )));
        }
        _ => return Ok(Part::Text(format!("<{name}>"))),
    };
    Ok(Part::Reserved(reserved, place))
}

#[cfg(test)]
mod tests;
