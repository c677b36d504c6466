//! Reading the members of a call, and paging its answer.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::wire::{ApiError, only, paging};

/// The input of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    action: &'a str,
    members: &'a Value,
}

/// AWS's answer to a member that is missing, of the wrong kind, or out of range.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::client("InvalidParameterException", message)
}

impl<'a> Input<'a> {
    /// The input `members` of `action`, of which just the members in `known` may be there.
    pub(super) fn new(
        action: &'a str,
        members: &'a Value,
        known: &[&str],
    ) -> Result<Self, ApiError> {
        only(action, members, known)?;
        Ok(Self { action, members })
    }

    /// Whether `member` is there.
    pub(super) fn has(&self, member: &str) -> bool {
        !self.members[member].is_null()
    }

    /// `member` as it came.
    pub(super) fn value(&self, member: &str) -> &'a Value {
        &self.members[member]
    }

    fn mutation(&self, member: &str, wanted: &str) -> ApiError {
        invalid(format!(
            "{} of {} must be {wanted}, not {}",
            member, self.action, self.members[member]
        ))
    }

    /// A string, if it is there.
    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, ApiError> {
        match &self.members[member] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(self.mutation(member, "a string")),
        }
    }

    /// A string that must be there, and not be empty.
    pub(super) fn needed(&self, member: &str) -> Result<&'a str, ApiError> {
        match self.text(member)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.mutation(member, "a string that is not empty")),
        }
    }

    /// A whole number, if it is there.
    pub(super) fn number(&self, member: &str) -> Result<Option<i64>, ApiError> {
        match &self.members[member] {
            Value::Null => Ok(None),
            value => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.mutation(member, "a whole number")),
            },
        }
    }

    /// A whole number within `range`, or `default`.
    pub(super) fn within(
        &self,
        member: &str,
        range: RangeInclusive<i64>,
        default: i64,
    ) -> Result<i64, ApiError> {
        match self.number(member)? {
            None => Ok(default),
            Some(number) if range.contains(&number) => Ok(number),
            Some(_) => {
                let (from, to) = range.into_inner();
                Err(self.mutation(member, &format!("from {from} to {to}")))
            }
        }
    }

    /// A yes or no, `false` if it is not there.
    pub(super) fn flag(&self, member: &str) -> Result<bool, ApiError> {
        match &self.members[member] {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            _ => Err(self.mutation(member, "true or false")),
        }
    }

    /// A list of anything, empty if it is not there.
    pub(super) fn list(&self, member: &str) -> Result<&'a [Value], ApiError> {
        match &self.members[member] {
            Value::Null => Ok(&[]),
            Value::Array(list) => Ok(list),
            _ => Err(self.mutation(member, "a list")),
        }
    }

    /// A list of strings, of which there must be from one to `most`.
    pub(super) fn names(&self, member: &str, most: usize) -> Result<Vec<&'a str>, ApiError> {
        let list = self.list(member)?;
        if list.is_empty() {
            return Err(invalid(format!("{member} cannot be empty.")));
        }
        if list.len() > most {
            return Err(invalid(format!(
                "{member} can have at most {most} items, not {}",
                list.len()
            )));
        }
        list.iter()
            .map(|item| {
                item.as_str()
                    .ok_or_else(|| self.mutation(member, "a list of strings"))
            })
            .collect()
    }

    /// `include`, of which just `TAGS` and the words in `known` are known.
    pub(super) fn include(&self, known: &[&str]) -> Result<(), ApiError> {
        for word in self.list("include")? {
            if !known.iter().any(|known| word == known) {
                return Err(ApiError::not_known(format_args!(
                    "{word} in include of {}",
                    self.action
                )));
            }
        }
        Ok(())
    }

    /// One page of `keys`, in order: those after nextToken, at most maxResults, and the next token.
    pub(super) fn page<'k>(
        &self,
        keys: impl Iterator<Item = &'k str>,
        default: i64,
    ) -> Result<(Vec<&'k str>, Option<String>), ApiError> {
        let size = self.within("maxResults", 1..=100, default)? as usize;
        let token = self.text("nextToken")?;
        paging::page(keys.map(|key| (key.to_owned(), key)), token, size)
            .ok_or_else(|| invalid(format!("Invalid token: {}", token.unwrap_or_default())))
    }
}

/// An answer with one page under `member`, and the next token if there is more.
pub(super) fn paged(member: &str, page: Vec<String>, next: Option<String>) -> Value {
    let mut answer = json!({ member: page });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    answer
}

/// An entry of `failures`.
pub(super) fn failure(arn: &str, reason: &str) -> Value {
    json!({"arn": arn, "reason": reason})
}
