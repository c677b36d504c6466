//! The one place where text from AWS enters: every answer passes here before an SDK reads it. Task
//! groups, tags, reasons and event texts are written by whoever may start a task or tag a resource,
//! and none of it may act on the operator's terminal.
//!
//! Controls, escape sequences, marks that turn the direction of text, characters without width and
//! line breaks are replaced ([`workers::text`]), in AWS's JSON as in its XML, and in JSON within
//! those as deep as it goes. So text and JSON output have the same strings; no name that AWS
//! accepts, and no ARN, has any of these characters.

mod answer;
mod call;
mod replace;
mod slots;

pub use answer::Edge;
pub use call::{Unanswered, chain, endpoint};
pub use slots::Slots;

/// What the AWS CLI wrote of answers, as if the answers had come here. Its lines stay, by which
/// errors name a place: in JSON no text goes over one.
pub fn fit_to_show(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let replaced = replace::in_answer(line.as_bytes());
        replaced.unwrap_or_else(|| line.to_owned()) + end
    });
    lines.collect()
}

#[cfg(test)]
mod tests;
