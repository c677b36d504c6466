//! Why an expression of the cluster query language cannot be read.

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// More words and signs than an expression may have.
    #[error("it has more than {0} words and signs")]
    TooLong(usize),
    /// More parentheses and negations inside one another than an expression may have.
    #[error("it is nested more than {0} deep")]
    TooDeep(usize),
    /// A quote without its end: the text from it on.
    #[error("the quote of {0} does not end")]
    OpenQuote(String),
    /// A character, word or sign where none may stand.
    #[error("{0} is not expected")]
    Unexpected(String),
    /// Another sign than the one that must follow, or the end.
    #[error("{sign} is expected{}", .found.as_ref().map_or(" at the end".to_owned(), |it| format!(", not {it}")))]
    SignExpected {
        /// The sign.
        sign: &'static str,
        /// What stands there; nothing at the end.
        found: Option<String>,
    },
    /// Something else than a subject.
    #[error("a subject is expected")]
    SubjectExpected,
    /// A word that is no subject.
    #[error("{0} is not a subject")]
    NotASubject(String),
    /// Something else than `exists` or `in` after `!`.
    #[error("exists or in is expected after !")]
    NegationExpected,
    /// Something else than an operator.
    #[error("an operator is expected after the subject")]
    OperatorExpected,
    /// A sign in the place of a value, or the end.
    #[error("a value is expected{}", .0.map_or(" at the end".to_owned(), |it| format!(", not {it}")))]
    ValueExpected(Option<&'static str>),
    /// A text that is no regular expression.
    #[error("{text} is not a pattern: {cause}")]
    NotAPattern {
        /// The text.
        text: String,
        /// The reader's message.
        cause: String,
    },
    /// A text that is no time.
    #[error("{0} is not a date or a time")]
    NotATime(String),
}
