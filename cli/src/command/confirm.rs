//! The question before something is changed.

use std::io::{BufRead, IsTerminal};

use crate::view::out::say;

/// Whether the user says yes.
///
/// # Errors
/// If nobody can be asked.
pub fn agreed(question: &str) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        return Err(
            "nobody can be asked, since stdin is no terminal; --yes says it beforehand".to_owned(),
        );
    }
    say(format!("{question} [y/N] "));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| format!("stdin: {error}"))?;
    Ok(["y", "yes"].contains(&line.trim().to_lowercase().as_str()))
}
