//! Lines of a label and a text, as `status` writes them.

use simulator::narrator::Severity;

use crate::watch::{StatusLine, Tone};

/// The column at which the texts stand.
pub const VALUES: usize = 11;

/// The line as text.
pub fn text_of(line: &StatusLine) -> String {
    let StatusLine { label, text, .. } = line;
    format!("{label:<width$} {text}", width = VALUES - 1)
}

/// How a line of this tone looks.
pub fn severity(tone: Tone) -> Severity {
    match tone {
        Tone::Bad => Severity::Bad,
        Tone::Good => Severity::Good,
        Tone::Plain => Severity::Plain,
    }
}
