//! The one place where text from AWS enters: every answer passes here before an SDK reads it. Task groups, tags, reasons and
//! event texts are written by whoever may start a task or tag a resource, and none of it may act on the operator's terminal.
//!
//! Controls, escape sequences, marks that turn the direction of text, characters without width and line breaks are
//! replaced ([`workers::text`]), in AWS's JSON as in its XML, and in JSON within those as deep as it goes. So text and
//! JSON output have the same strings; no name that AWS accepts, and no ARN, has any of these characters.

mod answer;
mod call;
mod replace;
mod slots;

pub use answer::Edge;
pub use call::{Unanswered, chain, endpoint};
pub use slots::Slots;

/// What the AWS CLI wrote of an answer, as if the answer had come here.
pub fn fit_to_show(text: String) -> String {
    replace::in_answer(text.as_bytes()).unwrap_or(text)
}

#[cfg(test)]
mod tests;
