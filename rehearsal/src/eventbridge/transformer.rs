//! InputTransformer: what a person is told instead of the event.
//!
//! Of the documented forms the text is known: lines, each in double quotes, with `<name>` for what a path finds in the
//! event. The quotes are delivered with the text, what is not there leaves nothing behind (both observed by others on AWS),
//! and what is put in is not escaped (documented). A template that is a JSON object is not known here, nor are
//! escapes, `<aws.events.event>` and `<aws.events.event.json>`, or paths with wildcards.

use serde_json::Value;

use super::asked::invalid;
use crate::wire::{ApiError, only};

/// The most paths, and the longest template and names (documented).
const PATHS_LIMIT: usize = 100;
const TEMPLATE_LIMIT: usize = 8192;
const NAME_LIMIT: usize = 256;

/// What stands in a template for something.
const RESERVED: [&str; 3] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
];

/// A transformer, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformer {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    /// What lies at this path.
    Found(Vec<Step>),
    Reserved(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Item(usize),
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

impl Transformer {
    /// Reads the InputTransformer of the target `id`.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for what is not known here.
    pub fn parse(id: &str, given: &Value) -> Result<Self, ApiError> {
        only(
            "InputTransformer",
            given,
            &["InputPathsMap", "InputTemplate"],
        )?;
        let template = given["InputTemplate"].as_str().ok_or_else(|| {
            invalid(format!(
                "InputTransformer of target {id} needs InputTemplate, a text"
            ))
        })?;
        if !(1..=TEMPLATE_LIMIT).contains(&template.len()) {
            return Err(invalid(format!(
                "InputTemplate for target {id} has {} characters, and may have 1 to {TEMPLATE_LIMIT}",
                template.len()
            )));
        }
        quoted_lines(id, template)?;
        let empty = serde_json::Map::new();
        let paths = given["InputPathsMap"].as_object().unwrap_or(&empty);
        if paths.len() > PATHS_LIMIT {
            return Err(invalid(format!(
                "InputPathsMap of target {id} has more than {PATHS_LIMIT} paths"
            )));
        }
        for name in paths.keys() {
            checked_name(id, name)?;
        }
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('<') {
            parts.push(Part::Text(text.to_owned()));
            let (name, after) = after.split_once('>').ok_or_else(|| {
                invalid(format!(
                    "InputTemplate for target {id} has a < without its >"
                ))
            })?;
            parts.push(placeholder(id, name, paths.get(name))?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }

    /// The text for `event`.
    ///
    /// # Errors
    /// `NotImplemented` if a path leads to a list or an object.
    pub fn text(&self, event: &Value, rule: Rule<'_>) -> Result<String, ApiError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(as_it_is) => text.push_str(as_it_is),
                Part::Reserved(name) => match name.as_str() {
                    "aws.events.rule-name" => text.push_str(rule.name),
                    "aws.events.rule-arn" => text.push_str(rule.arn),
                    _ => text.push_str(&format!("{:.0}", rule.ingested)),
                },
                Part::Found(path) => match found(event, path) {
                    None | Some(Value::Null) => {}
                    Some(Value::String(value)) => text.push_str(value),
                    Some(value @ (Value::Bool(_) | Value::Number(_))) => {
                        text.push_str(&value.to_string());
                    }
                    Some(_) => {
                        return Err(ApiError::not_known(format_args!(
                            "how InputTransformer writes a list or an object into a text: {path:?}"
                        )));
                    }
                },
            }
        }
        Ok(text)
    }
}

/// Each line of a text is in quotes, of which there are no others (documented: "For Strings, quotes are required").
fn quoted_lines(id: &str, template: &str) -> Result<(), ApiError> {
    if template.trim_start().starts_with(['{', '[']) {
        return Err(ApiError::not_known(format_args!(
            "an InputTemplate that is JSON, of target {id}"
        )));
    }
    if template.contains('\\') {
        return Err(ApiError::not_known(format_args!(
            "an escape in the InputTemplate of target {id}"
        )));
    }
    for line in template.lines().filter(|line| !line.trim().is_empty()) {
        let inside = line
            .trim()
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        if inside.is_none_or(|inside| inside.contains('"')) {
            return Err(invalid(format!(
                "Invalid InputTemplate for target {id}: each line of a text must be in double quotes, and this is not: {line}"
            )));
        }
    }
    Ok(())
}

fn checked_name(id: &str, name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let good = (1..=NAME_LIMIT).contains(&name.len()) && name.chars().all(allowed);
    if good && !name.to_lowercase().starts_with("aws") {
        return Ok(());
    }
    Err(invalid(format!(
        "InputPathsMap of target {id}: {name:?} must be letters, digits, hyphens and underscores, 1 to {NAME_LIMIT}, and not begin with AWS"
    )))
}

fn placeholder(id: &str, name: &str, path: Option<&Value>) -> Result<Part, ApiError> {
    match path {
        Some(path) => path_of(id, path).map(Part::Found),
        None if RESERVED.contains(&name) => Ok(Part::Reserved(name.to_owned())),
        None if name.starts_with("aws.events.") => Err(ApiError::not_known(format_args!(
            "<{name}> in the InputTemplate of target {id}"
        ))),
        None => Err(invalid(format!(
            "InputTemplate for target {id} contains invalid placeholder {name}."
        ))),
    }
}

/// `$.detail.status-details.status`, `$.resources[0]`: dots, and numbers in brackets.
fn path_of(id: &str, path: &Value) -> Result<Vec<Step>, ApiError> {
    let wrong = || {
        ApiError::not_known(format_args!(
            "the path {path} in InputPathsMap of target {id}: $ and members after dots, with numbers in brackets, are known"
        ))
    };
    let text = path
        .as_str()
        .and_then(|text| text.strip_prefix("$."))
        .ok_or_else(wrong)?;
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (member, items) = part
            .split_once('[')
            .map_or((part, None), |(member, rest)| (member, Some(rest)));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if member.is_empty() || !member.chars().all(allowed) {
            return Err(wrong());
        }
        steps.push(Step::Member(member.to_owned()));
        for item in items.into_iter().flat_map(|items| items.split('[')) {
            let number = item
                .strip_suffix(']')
                .and_then(|number| number.parse().ok());
            steps.push(Step::Item(number.ok_or_else(wrong)?));
        }
    }
    Ok(steps)
}

fn found<'a>(event: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(event, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Item(number) => value.get(number),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transformed(paths: Value, template: &str, event: &Value) -> Result<String, ApiError> {
        let given = json!({"InputPathsMap": paths, "InputTemplate": template});
        let rule = Rule {
            name: "r",
            arn: "arn:aws:events:eu-west-1:123456789012:rule/r",
            ingested: jiff::Timestamp::UNIX_EPOCH,
        };
        Transformer::parse("t", &given)?.text(event, rule)
    }

    /// The first two rows are what AWS was seen to deliver, by LocalStack's recorded tests.
    #[test]
    fn lines_in_quotes_are_delivered_with_them_and_what_is_missing_leaves_nothing() {
        let event = json!({
            "detail-type": "customerCreated", "resources": ["first", "second"],
            "detail": {"command": "display-message", "n": 7, "nothing": null, "json": "{\"a\": \"b\"}"},
        });
        for (paths, template, text) in [
            (
                json!({"kind": "$.detail-type", "command": "$.detail.command"}),
                "\"Event of <kind> type, info <command>\"",
                "\"Event of customerCreated type, info display-message\"",
            ),
            (
                json!({"command": "$.detail.notinmessage"}),
                "\"info <command>\"",
                "\"info \"",
            ),
            (
                json!({"n": "$.detail.n", "second": "$.resources[1]", "nothing": "$.detail.nothing"}),
                "\"<n> <second><nothing>\"\n\"of <aws.events.rule-name>\"\n",
                "\"7 second\"\n\"of r\"\n",
            ),
            (
                json!({"json": "$.detail.json"}),
                "\"<json>\"",
                "\"{\"a\": \"b\"}\"",
            ),
        ] {
            let got = transformed(paths, template, &event).expect("a text");
            assert_eq!(got, text);
        }
    }

    #[test]
    fn what_is_not_right_or_not_known_is_refused() {
        let event = json!({"detail": {"list": [1]}});
        for (paths, template, says) in [
            (
                json!({}),
                "\"<other>\"",
                "contains invalid placeholder other",
            ),
            (json!({}), "no quotes", "must be in double quotes"),
            (json!({}), "\"one\" two\"", "must be in double quotes"),
            (json!({}), "{\"a\": 1}", "that is JSON"),
            (json!({}), "\"a \\\" b\"", "an escape"),
            (
                json!({}),
                "\"<aws.events.event.json>\"",
                "<aws.events.event.json>",
            ),
            (json!({}), "\"a < b\"", "without its >"),
            (json!({}), "", "may have 1 to 8192"),
            (json!({"AWSx": "$.a"}), "\"x\"", "not begin with AWS"),
            (json!({"a": "$.*"}), "\"<a>\"", "the path \"$.*\""),
            (json!({"a": "detail"}), "\"<a>\"", "the path \"detail\""),
            (json!({"a": "$.detail['x']"}), "\"<a>\"", "the path"),
            (
                json!({"a": "$.detail.list"}),
                "\"<a>\"",
                "a list or an object",
            ),
        ] {
            let refused = transformed(paths, template, &event).expect_err(template);
            assert!(refused.message.contains(says), "{template}: {refused}");
        }
    }
}
