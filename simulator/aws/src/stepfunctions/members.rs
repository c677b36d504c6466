//! Reading the members of an object of a definition so that none is ignored: each is taken, and
//! what is left in the end is refused by name.

use std::cell::RefCell;

use serde_json::{Map, Value};

use crate::wire::ApiError;

/// Fields of Amazon States Language that AWS knows and the account in memory does not.
pub const NOT_OURS: [&str; 16] = [
    "Arguments",
    "Assign",
    "Branches",
    "Condition",
    "Credentials",
    "HeartbeatSecondsPath",
    "ItemProcessor",
    "ItemReader",
    "Iterator",
    "Items",
    "ItemsPath",
    "MaxConcurrency",
    "Output",
    "ResultWriter",
    "TimeoutSecondsPath",
    "ToleratedFailurePercentage",
];

/// An object of a definition, of which each member is to be taken.
#[derive(Debug)]
pub struct Members<'a> {
    /// Where the object is, as AWS writes it, such as `/States/Joined`.
    pub place: String,
    object: &'a Map<String, Value>,
    taken: RefCell<Vec<&'static str>>,
}

/// Why a part of a definition cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// AWS does not read it either: what is wrong.
    Wrong(String),
    /// AWS may well know it, and the account in memory does not: what it is.
    NotOurs(String),
}

impl Unreadable {
    /// The refusal of a definition that has it at `place`: in AWS's name only if AWS refuses it
    /// too.
    pub fn at(self, place: &str) -> ApiError {
        match self {
            Self::Wrong(what) => schema(what, place),
            Self::NotOurs(what) => ApiError::not_known(format_args!("{what}, at {place}")),
        }
    }

    /// What is wrong, or what it is.
    pub fn what(&self) -> &str {
        match self {
            Self::Wrong(what) | Self::NotOurs(what) => what,
        }
    }

    /// The same of a member, `field`, in which it stands.
    pub fn in_field(self, field: &str) -> Self {
        let named = |what: String| format!("the field '{field}': {what}");
        match self {
            Self::Wrong(what) => Self::Wrong(named(what)),
            Self::NotOurs(what) => Self::NotOurs(named(what)),
        }
    }
}

/// The error that AWS answers for a definition it cannot take.
pub fn invalid(code: &str, what: impl std::fmt::Display, place: &str) -> ApiError {
    ApiError::client(
        "InvalidDefinition",
        format!("Invalid State Machine Definition: '{code}: {what} at {place}'"),
    )
}

/// The schema error of AWS.
pub fn schema(what: impl std::fmt::Display, place: &str) -> ApiError {
    invalid("SCHEMA_VALIDATION_FAILED", what, place)
}

impl<'a> Members<'a> {
    /// The object at `place`.
    ///
    /// # Errors
    /// `InvalidDefinition` if it is not an object.
    pub fn of(value: &'a Value, place: impl Into<String>) -> Result<Self, ApiError> {
        let place = place.into();
        match value.as_object() {
            Some(object) => Ok(Self {
                place,
                object,
                taken: RefCell::default(),
            }),
            None => Err(schema("The value is not an object", &place)),
        }
    }

    /// Takes a member.
    pub fn take(&self, name: &'static str) -> Option<&'a Value> {
        self.taken.borrow_mut().push(name);
        self.object.get(name)
    }

    /// The place of a member.
    pub fn place_of(&self, name: &str) -> String {
        format!("{}/{name}", self.place)
    }

    /// Takes a member and reads it.
    ///
    /// # Errors
    /// `InvalidDefinition` if `read` makes nothing of it, with `wanted` saying what it should be.
    pub fn read<T>(
        &self,
        name: &'static str,
        wanted: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(schema(
                format_args!("Value {value} is not {wanted}"),
                &self.place_of(name),
            )),
        }
    }

    /// Takes a string.
    ///
    /// # Errors
    /// `InvalidDefinition` if it is something else.
    pub fn text(&self, name: &'static str) -> Result<Option<&'a str>, ApiError> {
        self.read(name, "a string", Value::as_str)
    }

    /// Takes a string that must be there.
    ///
    /// # Errors
    /// `InvalidDefinition` if it is missing, or something else.
    pub fn required_text(&self, name: &'static str) -> Result<&'a str, ApiError> {
        self.text(name)?.ok_or_else(|| {
            let root = self.place.is_empty();
            schema(
                format_args!("These fields are required: [{name}]"),
                if root { "/" } else { &self.place },
            )
        })
    }

    /// Takes a whole number of at least `least` and at most 99,999,999, the highest that AWS takes.
    ///
    /// # Errors
    /// `InvalidDefinition` if it is something else.
    pub fn whole(&self, name: &'static str, least: u64) -> Result<Option<u64>, ApiError> {
        self.read(
            name,
            &format!("a whole number from {least} to 99999999"),
            |value| {
                value
                    .as_u64()
                    .filter(|number| (least..=99_999_999).contains(number))
            },
        )
    }

    /// Refuses what has not been taken.
    ///
    /// # Errors
    /// `NotImplemented` for a field that AWS knows and we do not, `InvalidDefinition` for any
    /// other.
    pub fn finish(self) -> Result<(), ApiError> {
        let taken = self.taken.into_inner();
        match self
            .object
            .keys()
            .find(|key| !taken.contains(&key.as_str()))
        {
            None => Ok(()),
            Some(key) if NOT_OURS.contains(&key.as_str()) => Err(ApiError::not_known(
                format_args!("the field {key} of the definition at {}", self.place),
            )),
            Some(key) => Err(schema(
                format_args!("Field \"{key}\" is not supported"),
                &self.place,
            )),
        }
    }
}
