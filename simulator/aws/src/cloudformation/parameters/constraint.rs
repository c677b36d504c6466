//! Why a parameter does not take a value, in CloudFormation's words.

/// Why a parameter does not take a value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConstraintError {
    /// The value is no number.
    #[error("Parameter '{name}' must be a number")]
    NotANumber {
        /// The parameter.
        name: String,
    },
    /// The value is no name of such a thing.
    #[error(
        "Parameter validation failed: parameter value {value} for parameter name {name} does not exist"
    )]
    DoesNotExist {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
    },
    /// The value is none of those that the template lists.
    #[error("Parameter '{name}' must be one of AllowedValues")]
    NotAllowed {
        /// The parameter.
        name: String,
    },
    /// The value does not match the pattern.
    #[error("Parameter '{name}' must match pattern {pattern}")]
    NotMatching {
        /// The parameter.
        name: String,
        /// Its AllowedPattern.
        pattern: String,
    },
    /// The value is too short.
    #[error("Parameter '{name}' must contain at least {least} characters")]
    TooShort {
        /// The parameter.
        name: String,
        /// Its MinLength.
        least: usize,
    },
    /// The value is too long.
    #[error("Parameter '{name}' must contain at most {most} characters")]
    TooLong {
        /// The parameter.
        name: String,
        /// Its MaxLength.
        most: usize,
    },
    /// The number is too small.
    #[error("Parameter '{name}' must be a number not less than {least}")]
    TooSmall {
        /// The parameter.
        name: String,
        /// Its MinValue.
        least: f64,
    },
    /// The number is too large.
    #[error("Parameter '{name}' must be a number not greater than {most}")]
    TooLarge {
        /// The parameter.
        name: String,
        /// Its MaxValue.
        most: f64,
    },
    /// The value fails one of the others, and the template says what it should be.
    #[error("Parameter {name} failed to satisfy constraint: {description}")]
    Described {
        /// The parameter.
        name: String,
        /// Its ConstraintDescription.
        description: String,
    },
}
