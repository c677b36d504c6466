//! Why a request cannot be read, and where.

use std::fmt::{self, Display};

/// What is wrong with a request.
#[derive(Debug)]
pub(super) struct RequestError {
    /// Where in the request, from the innermost step to the outermost.
    pub path: Vec<Step>,
    /// What is wrong there.
    pub cause: Cause,
}

/// A step into a request.
#[derive(Debug)]
pub(super) enum Step {
    /// To the member of this name.
    Member(String),
    /// To the item at this index.
    Item(usize),
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Cause {
    /// The struct has no such field.
    UnknownMember(String),
    /// The enum has no such variant.
    UnknownValue(String),
    /// A field must be there, and is not.
    Missing(&'static str),
    /// A value of another type, or outside its bounds.
    Other(String),
}

impl RequestError {
    /// The same error, of a request whose part at `step` it is about.
    pub fn inside(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl From<Cause> for RequestError {
    fn from(cause: Cause) -> Self {
        Self {
            path: Vec::new(),
            cause,
        }
    }
}

impl Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.cause)
    }
}

impl std::error::Error for RequestError {}

impl serde::de::Error for RequestError {
    fn custom<T: Display>(message: T) -> Self {
        Cause::Other(message.to_string()).into()
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Cause::UnknownValue(variant.to_owned()).into()
    }

    fn missing_field(field: &'static str) -> Self {
        Cause::Missing(field).into()
    }
}

/// A path from the outermost step to the innermost, such as `Targets[0].Arn`.
pub(super) struct PathText<'a>(pub &'a [Step]);

impl Display for PathText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) if nth == 0 => f.write_str(name)?,
                Step::Member(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The same path as AWS's validation errors write it, such as `targets.1.member.arn`.
pub(super) fn aws_path(path: &[Step]) -> String {
    let steps = path.iter().map(|step| match step {
        Step::Member(name) => lower_first(name),
        Step::Item(index) => format!("{}.member", index + 1),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// A name as AWS's validation errors write it, with a small first letter.
pub fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
