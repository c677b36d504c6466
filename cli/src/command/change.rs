//! What every verb that changes something has: the question before it, and its result as text or
//! JSON.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::rehearse::Output;
use crate::aws::Access;
use crate::failure::{Exit, Failure};
use crate::view::out::{print, print_values};

/// Flags of every verb that changes something.
#[derive(Debug, Clone, Args)]
pub struct Change {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Text, or one JSON object on stdout; messages and questions then go to stderr
    #[arg(long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    #[command(flatten)]
    pub access: Access,
}

impl Change {
    /// Shows a message: on stdout, or on stderr beside a JSON object.
    pub fn note(&self, text: impl std::fmt::Display) {
        match self.output {
            Output::Text => print_values(&text.to_string(), 0),
            Output::Json => anstream::eprint!("{text}"),
        }
    }

    /// The same for lines of names and values, of which the values stand at column `indent`.
    pub fn note_values(&self, text: &str, indent: usize) {
        match self.output {
            Output::Text => print_values(text, indent),
            Output::Json => anstream::eprint!("{text}"),
        }
    }

    /// The same for text whose lines are broken, and whose colours are in it.
    pub fn note_painted(&self, text: &str) {
        match self.output {
            Output::Text => print(text),
            Output::Json => anstream::eprint!("{text}"),
        }
    }

    /// Asks, unless `--yes` was given.
    ///
    /// # Errors
    /// If stdin is no terminal.
    pub fn confirm(&self, question: &str) -> Result<bool, Failure> {
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            let message = "Cannot ask for confirmation (no terminal). Use --yes.";
            return Err(message.to_owned().into());
        }
        self.note(format_args!("{question} [y/N] "));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|error| Failure::from(format!("stdin: {error}")))?;
        Ok(["y", "yes"].contains(&line.trim().to_lowercase().as_str()))
    }

    /// Ends the verb: `text` for a person, or `result` for a program, which has the text as its
    /// member `message`.
    pub fn end(&self, exit: Exit, text: &str, result: &Value) -> ExitCode {
        match self.output {
            Output::Text => print_values(&format!("{text}\n"), 0),
            Output::Json => {
                let mut result = result.clone();
                result["message"] = text.into();
                print(format_args!("{result}\n"));
            }
        }
        exit.into()
    }

    /// Ends a verb to which you said no.
    pub fn declined(&self, result: &Value) -> ExitCode {
        self.end(Exit::Otherwise, "Nothing was changed.", result)
    }
}
