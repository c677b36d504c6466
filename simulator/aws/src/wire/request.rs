//! Requests as structs, one for each call. What a struct has no field for is refused by name.
//!
//! A struct has `rename_all` for the case of its service's members. It needs no
//! `deny_unknown_fields`, and must not `flatten`. An enum lists the values that are known here. A
//! field that decides nothing begins with `_`. A member that is `null` is not there.

mod error;
mod member;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::ApiError;
pub use error::lower_first;

use error::{Cause, PathText, RequestError, Step};
use member::Member;

/// How a service reads its requests.
#[derive(Debug, Clone, Copy)]
pub struct Requests {
    invalid: &'static str,
    has_text_numbers: bool,
}

impl Requests {
    /// Those of a service that speaks JSON. `invalid` is its error code for a member that is
    /// missing, or of another type.
    pub const fn json(invalid: &'static str) -> Self {
        Self {
            invalid,
            has_text_numbers: false,
        }
    }

    /// Those of a service that speaks the Query protocol, in which numbers and booleans are text.
    /// Services that call this one leave them as they are in JSON.
    pub const fn query(invalid: &'static str) -> Self {
        Self {
            invalid,
            has_text_numbers: true,
        }
    }

    /// Reads the `input` of `action`, which may be a part of a call too.
    ///
    /// # Errors
    /// `NotImplemented` for a member, or a value of an enum, that is not known here. The service's
    /// own error for a member that is missing, or of another type.
    pub fn read<'a, T>(&self, action: &str, input: &'a Value) -> Result<T, ApiError>
    where
        T: Deserialize<'a>,
    {
        let member = Member::new(input, self.has_text_numbers);
        T::deserialize(member).map_err(|error| self.refusal(action, error))
    }

    fn refusal(&self, action: &str, error: RequestError) -> ApiError {
        let RequestError { mut path, cause } = error;
        path.reverse();
        match cause {
            Cause::UnknownMember(member) => {
                path.push(Step::Member(member));
                ApiError::not_known(format_args!("{} of {action}", PathText(&path)))
            }
            Cause::UnknownValue(value) => {
                ApiError::not_known(format_args!("{} {value} of {action}", PathText(&path)))
            }
            Cause::Missing(member) => {
                path.push(Step::Member(member.to_owned()));
                missing(self.invalid, &error::aws_path(&path))
            }
            Cause::Other(message) => {
                let message = format!("{} of {action}: {message}", PathText(&path));
                ApiError::client(self.invalid, message)
            }
        }
    }
}

/// Reads a text that must not be empty, for `deserialize_with`.
///
/// # Errors
/// The text is empty, or no text.
pub fn non_empty<'de, D: Deserializer<'de>>(text: D) -> Result<&'de str, D::Error> {
    match <&str>::deserialize(text)? {
        "" => Err(serde::de::Error::custom("the text is empty")),
        text => Ok(text),
    }
}

/// AWS's answer to a member that must be there and is not.
pub fn missing(code: &str, path: &str) -> ApiError {
    ApiError::client(
        code,
        format!(
            "1 validation error detected: Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ),
    )
}

#[cfg(test)]
mod tests;
