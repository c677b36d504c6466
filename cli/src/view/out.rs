//! The one way to stdout.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::exit;

use anstyle::{AnsiColor, Style};
use simulator::narrator::Severity;

use super::wrap::{columns, wrapped};

/// As a shell tells a program that was ended by SIGPIPE. Not 0: nobody has seen how it ends.
const NOBODY_READS: i32 = 141;

/// Writes `text` to stdout, in colours where they are shown. If nobody reads any more (`| head`),
/// the program ends quietly; if stdout cannot be written otherwise, such as on a full disk, it ends
/// with a message and exit code 2.
pub fn print(text: impl Display) {
    let mut out = anstream::stdout();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit(NOBODY_READS),
        Err(error) => {
            anstream::eprintln!("ecs-rollout: stdout: {error}; write to where there is room");
            exit(2);
        }
    }
}

/// Writes lines of names and values, which break at spaces where the terminal is narrow; the values
/// stand at column `indent`.
pub fn print_values(text: &str, indent: usize) {
    print(wrapped(text, columns(), indent));
}

/// Writes one line of a name and a value as [`print_values`] does, in the colour of its severity.
pub fn print_value(severity: Severity, line: &str, indent: usize) {
    let style = style(severity);
    let line = wrapped(line, columns(), indent);
    print(format!("{style}{line}{style:#}\n"));
}

/// How a line of this severity looks, wherever it is shown.
pub fn style(severity: Severity) -> Style {
    match severity {
        Severity::Good => AnsiColor::Green.on_default(),
        Severity::Waiting => Style::new().dimmed(),
        Severity::Bad => AnsiColor::Red.on_default(),
        Severity::Plain => Style::new(),
    }
}
