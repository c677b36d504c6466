//! Reading an object's fields one by one, noting each mistake with the field's path instead of
//! stopping at the first.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::error::Mistake;

/// So much of a value is told: a message is for people, and an execution's history has no room for
/// more.
const TOLD: usize = 200;

/// The beginning of `value`, if all of it would be long.
pub(super) fn shown(value: impl std::fmt::Display) -> String {
    let text = value.to_string();
    match text.char_indices().nth(TOLD) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

/// An object whose fields are read one by one, noting what is wrong with each.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`; if that is no object, it is said once, and each field is missing.
    pub fn of(
        value: &'a Value,
        path: &'a str,
        empty: &'a Map<String, Value>,
        mistakes: &'a mut Vec<Mistake>,
    ) -> Self {
        if !value.is_object() {
            mistakes.push(Mistake {
                field: if path.is_empty() { "input" } else { path }.to_owned(),
                problem: "must be a JSON object".to_owned(),
            });
        }
        Self {
            object: value.as_object().unwrap_or(empty),
            path,
            mistakes,
        }
    }

    /// Notes that something is wrong with the field `key`.
    pub fn refuse(&mut self, key: &str, problem: impl Into<String>) {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.mistakes.push(Mistake {
            field: format!("{}{dot}{key}", self.path),
            problem: problem.into(),
        });
    }

    /// A text that is not empty.
    pub fn text(&mut self, key: &str) -> Option<&'a str> {
        match self.object.get(key) {
            Some(Value::String(text)) if !text.is_empty() => return Some(text),
            Some(Value::String(_)) => self.refuse(key, "is empty"),
            Some(other) => self.refuse(key, format!("must be a text, and is {}", shown(other))),
            None => self.refuse(key, "is missing"),
        }
        None
    }

    /// A text that `good` says yes to; `what` says in words what that is.
    pub fn checked(&mut self, key: &str, what: &str, good: fn(&str) -> bool) -> Option<&'a str> {
        let text = self.text(key)?;
        if good(text) {
            return Some(text);
        }
        self.refuse(key, format!("must be {what}, and is '{}'", shown(text)));
        None
    }

    /// One of the known texts, as what it stands for.
    pub fn one_of<T: Copy>(&mut self, key: &str, known: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        self.refuse(
            key,
            format!("must be {}, and is '{}'", names.join(" or "), shown(text)),
        );
        None
    }

    /// `read`, unless the field is left out. `None` is a mistake, `Some(None)` is left out.
    pub fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
        key: &str,
    ) -> Option<Option<T>> {
        match self.object.get(key) {
            None | Some(Value::Null) => Some(None),
            Some(_) => read(self).map(Some),
        }
    }

    /// A time in RFC 3339.
    pub fn time(&mut self, key: &str) -> Option<Timestamp> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(time) => Some(time),
            Err(error) => {
                self.refuse(
                    key,
                    format!(
                        "must be a time in RFC 3339, and is '{}': {}",
                        shown(text),
                        shown(error)
                    ),
                );
                None
            }
        }
    }

    /// A whole number of seconds in `range`.
    pub fn seconds(&mut self, key: &str, range: &RangeInclusive<i64>) -> Option<SignedDuration> {
        self.whole(key, range).map(SignedDuration::from_secs)
    }

    /// A whole number in `range`.
    pub fn whole(&mut self, key: &str, range: &RangeInclusive<i64>) -> Option<i64> {
        let (from, to) = (range.start(), range.end());
        match self.object.get(key) {
            None => self.refuse(key, "is missing"),
            Some(value) => match value.as_i64() {
                Some(number) if range.contains(&number) => return Some(number),
                _ => self.refuse(
                    key,
                    format!(
                        "must be a whole number from {from} to {to}, and is {}",
                        shown(value)
                    ),
                ),
            },
        }
        None
    }

    /// A yes or no.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        match self.object.get(key) {
            None => self.refuse(key, "is missing"),
            Some(Value::Bool(flag)) => return Some(*flag),
            Some(value) => self.refuse(
                key,
                format!("must be true or false, and is {}", shown(value)),
            ),
        }
        None
    }

    /// The keys that are not among `known`.
    pub fn unknown_keys(&self, known: &[&str]) -> Vec<String> {
        let keys = self.object.keys();
        keys.filter(|key| !known.contains(&key.as_str()))
            .cloned()
            .collect()
    }
}
