//! A template file as a tree in which every node knows where it stands, so that each refusal can
//! say file, line and column.
//!
//! CloudFormation reads YAML 1.1 without aliases, merges and null values; JSON is read as YAML,
//! which it is.

mod reader;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use reader::read;

/// A place in a template file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Path of the file, as it was given.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why a template is refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}; {way_out}")]
pub struct TemplateError {
    /// Where.
    pub at: Position,
    /// What is wrong, naming the thing and its value.
    pub what: String,
    /// What would be right.
    pub way_out: String,
}

impl TemplateError {
    /// A refusal of what stands at `at`.
    pub fn new(at: &Position, what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            what: what.into(),
            way_out: way_out.into(),
        }
    }
}

/// One node of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it starts.
    pub at: Position,
    /// Its short tag without the `!`, such as `Ref`.
    pub tag: Option<String>,
    /// What it is.
    pub content: Content,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A string, number or boolean.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the file's order: key, where the key stands, value.
    Map(Vec<(String, Position, Node)>),
}

impl Node {
    /// The entries of a mapping; `what` names the node in the refusal.
    ///
    /// # Errors
    /// A refusal if this is no mapping.
    pub fn entries(&self, what: &str) -> Result<&[(String, Position, Self)], TemplateError> {
        match &self.content {
            Content::Map(entries) if self.tag.is_none() => Ok(entries),
            _ => Err(TemplateError::new(
                &self.at,
                format!("{what} is not a mapping"),
                "write it as `key: value` lines",
            )),
        }
    }

    /// The text of a scalar; `what` names the node in the refusal.
    ///
    /// # Errors
    /// A refusal if this is no plain scalar.
    pub fn text(&self, what: &str) -> Result<String, TemplateError> {
        match &self.content {
            Content::Scalar(value) if self.tag.is_none() => Ok(scalar_text(value)),
            _ => Err(TemplateError::new(
                &self.at,
                format!("{what} is not a plain value"),
                "write a string or a number; functions are not possible here",
            )),
        }
    }

    /// The member `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|(name, _, _)| name == key)
                .map(|(_, _, node)| node),
            _ => None,
        }
    }

    /// The node as a plain value, without any function.
    ///
    /// # Errors
    /// A refusal of the first tag.
    pub fn plain(&self) -> Result<Value, TemplateError> {
        if let Some(tag) = &self.tag {
            return Err(TemplateError::new(
                &self.at,
                format!("!{tag} is not possible here"),
                "write the value itself",
            ));
        }
        match &self.content {
            Content::Scalar(value) => Ok(value.clone()),
            Content::List(items) => items.iter().map(Self::plain).collect(),
            Content::Map(entries) => entries
                .iter()
                .map(|(key, _, node)| Ok((key.clone(), node.plain()?)))
                .collect::<Result<serde_json::Map<_, _>, _>>()
                .map(Value::Object),
        }
    }
}

/// A scalar as the text that CloudFormation makes of it.
pub fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A whole number, or a text that is one.
pub fn whole_number(value: &Value) -> Option<u64> {
    scalar_text(value).parse().ok()
}
