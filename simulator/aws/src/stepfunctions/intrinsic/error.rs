//! Why an intrinsic function has no value.

use serde_json::Value;

/// Why an intrinsic function has no value.
#[derive(Debug, thiserror::Error)]
pub(super) enum FunctionError {
    /// The text of `States.StringToJson` is no JSON.
    #[error("{text} is not JSON ({source})")]
    NotJson {
        text: String,
        source: serde_json::Error,
    },
    /// The template of `States.Format` is no text in quotes.
    #[error("the template of States.Format is not a string in quotes")]
    TemplateNotQuoted,
    /// Arguments of other types, or too many or too few.
    #[error("{values:?} is not what the function takes")]
    OtherArguments { values: Vec<Value> },
    /// An object or a list for a place of a template.
    #[error("{value} is neither text nor number, and cannot be put into text")]
    NotScalar { value: Value },
    /// More places than values.
    #[error("there are more {{}} than values")]
    TooFewValues,
}
